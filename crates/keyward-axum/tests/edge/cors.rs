//! Whose pages may call what programs call from a browser.

use http::StatusCode;
use keyward_axum::{EdgeSettings, Limits};
use keyward_core::settings::Strategy;

use crate::support::{Answer, JSON, World, request};

const OURS: (&str, &str) = ("origin", "https://spa.test");
const POST: (&str, &str) = ("access-control-request-method", "POST");
const CALLS: [&str; 9] =
    ["sign-up", "sign-in", "factor", "refresh", "sign-out", "exchange", "me", "jwks", "openapi.json"];

fn path(call: &str) -> String {
    format!("/api/auth/-/v1/{call}")
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn f1_pages_of_a_configured_origin_may_call_what_programs_call() {
    let world = World::new();
    for call in CALLS {
        let asked = world.send(request("OPTIONS", &path(call), &[OURS, POST], "")).await;
        assert_eq!(
            (asked.status, allowed(&asked)),
            (StatusCode::NO_CONTENT, Some("https://spa.test")),
            "{call}"
        );
        assert_eq!(asked.header("access-control-allow-methods"), Some("GET, HEAD, POST"));
        assert_eq!(asked.header("access-control-allow-headers"), Some("authorization, content-type"));
        assert_eq!(asked.header("access-control-allow-credentials"), None, "no cookie is ever read");
        assert_eq!(asked.header("vary"), Some("origin"));
        for method in ["GET", "POST"] {
            let answer = world.send(request(method, &path(call), &[OURS, JSON], "{}")).await;
            assert_eq!(allowed(&answer), Some("https://spa.test"), "{method} {call}: refusals too");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert_eq!(answer.header("vary"), Some("origin"), "{method} {call}");
        }
    }
    let signed_in = world
        .send(request("POST", &path("sign-in"), &[OURS, JSON], r#"{"name":"Ada","password":"right"}"#))
        .await;
    assert_eq!((signed_in.status, allowed(&signed_in)), (StatusCode::OK, Some("https://spa.test")));
    assert_eq!(signed_in.header("set-cookie"), None);
}

#[tokio::test]
async fn f1_nobody_elses_pages_may_and_every_answer_says_that_it_depends_on_the_origin() {
    let world = World::new();
    for origin in [
        "null",
        "https://evil.test",
        "https://spa.test.evil.test",
        "https://spa.test:8443",
        "http://spa.test",
        "https://SPA.test",
        "https://spa.test/",
        "https://spa.tes",
        "https://sub.spa.test",
        "https://app.test",
        "",
        "*",
    ] {
        let from = ("origin", origin);
        for call in CALLS {
            let asked = world.send(request("OPTIONS", &path(call), &[from, POST], "")).await;
            assert!(asked.status.is_client_error(), "{origin} {call}: {asked:?}");
            assert_eq!((allowed(&asked), asked.header("vary")), (None, Some("origin")), "{origin} {call}");
            let answer = world.send(request("POST", &path(call), &[from, JSON], "{}")).await;
            assert_eq!((allowed(&answer), answer.header("vary")), (None, Some("origin")), "{origin} {call}");
            assert_eq!(answer.header("access-control-allow-methods"), None);
        }
    }
    let twice = [OURS, ("origin", "https://evil.test"), JSON];
    assert_eq!(allowed(&world.send(request("POST", &path("refresh"), &twice, "{}")).await), None);
    let none = world.send(request("POST", &path("refresh"), &[JSON], "{}")).await;
    assert_eq!((allowed(&none), none.header("vary")), (None, Some("origin")));
}

#[tokio::test]
async fn f1_what_reads_a_cookie_or_a_clients_secret_is_for_no_page_of_another_origin() {
    let world = World::new();
    for call in ["token", "accounts", "accounts/unlink", "sessions", "nowhere", "sign-in/x"] {
        for method in ["OPTIONS", "GET", "POST"] {
            let answer = world.send(request(method, &path(call), &[OURS, POST, JSON], "{}")).await;
            assert_eq!(allowed(&answer), None, "{method} {call}");
            assert_ne!(answer.status, StatusCode::NO_CONTENT, "{method} {call}");
        }
    }
    for page in ["/api/auth/session", "/api/auth/csrf", "/api/auth/callback/login", "/healthz"] {
        let answer = world.send(request("OPTIONS", page, &[OURS, POST], "")).await;
        assert_eq!(allowed(&answer), None, "{page}");
    }
}

#[tokio::test]
async fn f1_a_refusal_by_a_limit_can_be_read_by_the_page_too() {
    let limits = Limits { in_flight: 0, ..Limits::default() };
    let world = World::with(EdgeSettings { limits, ..EdgeSettings::default() }, Strategy::Sealed);
    let answer = world.send(request("POST", &path("refresh"), &[OURS, JSON], "{}")).await;
    answer.is_refused(503, "overloaded");
    assert_eq!((allowed(&answer), answer.header("vary")), (Some("https://spa.test"), Some("origin")));
    let large = "x".repeat(17 * 1024);
    let world = World::new();
    let answer = world.send(request("POST", &path("refresh"), &[OURS, JSON], &large)).await;
    answer.is_refused(413, "body_too_large");
    assert_eq!(allowed(&answer), Some("https://spa.test"));
}

#[tokio::test]
async fn f2_the_key_set_lies_where_others_look_for_it() {
    let world = World::new();
    let (own, known) = (world.get(&path("jwks")).await, world.get("/.well-known/jwks.json").await);
    assert_eq!((own.status, &own.text), (StatusCode::OK, &known.text));
    let page = world.send(request("GET", "/.well-known/jwks.json", &[OURS], "")).await;
    assert_eq!((allowed(&page), page.header("vary")), (Some("https://spa.test"), Some("origin")));
    let posted = world.send(request("POST", "/.well-known/jwks.json", &[], "")).await;
    posted.is_refused(405, "method_not_allowed");
}

//! The route table and what each route answers to a caller whom nobody knows.

use std::{collections::BTreeSet, sync::Arc};

use http::{StatusCode, header};
use keyward_axum::{Cache, EdgeSettings, Gate, Limits, ROUTES, RouteSpec, Scope};
use keyward_core::{
    dialect::Dialect,
    mail::{Mail, Mailbox, Mailer},
    settings::Strategy,
    surface::call::CALLS,
};
use keyward_pages::{Colour, STYLE_FILE, Theme};
use keyward_testkit::{FakeClock, Operation};

use crate::support::{Answer, BASE, FORM, HTML, JSON, World, request};

/// Statuses with which a route may answer an anonymous caller.
const CALM: std::ops::Range<u16> = 200..500;

#[tokio::test]
async fn every_route_in_the_table_answers_an_anonymous_caller_by_its_rules() {
    for dialect in [Dialect::NextAuth3, Dialect::NextAuth4, Dialect::AuthJs5] {
        for strategy in [Strategy::Sealed, Strategy::Stored] {
            let world = World::speaking(dialect, EdgeSettings::default(), strategy);
            for spec in ROUTES {
                let path = path_of(spec);
                let answer = match spec.method {
                    "GET" => world.get(&path).await,
                    // Their password is the proof.
                    method if spec.gate == Gate::Proof => {
                        world.send(request(method, &path, &[FORM], "name=Ada&password=wrong")).await
                    }
                    method => world.send(request(method, &path, &[FORM], "name=Ada&password=right")).await,
                };
                let told = format!("{dialect:?} {} {path}: {answer:?}", spec.method);
                assert!(CALM.contains(&answer.status.as_u16()), "{told}");
                let is_there = spec.gate != Gate::Developer;
                assert_eq!(answer.status != StatusCode::NOT_FOUND, is_there, "{told}");
                assert!(!answer.opens_a_session(), "{told}");
                let cache = answer.header("cache-control").unwrap_or_default();
                match spec.cache {
                    Cache::NoStore => assert!(cache.contains("no-store"), "{told}"),
                    Cache::Immutable => assert!(cache.contains("immutable"), "{told}"),
                    Cache::Minutes => {
                        assert_eq!(cache, "public, max-age=300", "{told}");
                        assert_eq!(answer.header("set-cookie"), None, "{told}");
                    }
                }
                if matches!(spec.gate, Gate::Csrf | Gate::Attempt) {
                    assert!(is_kept_out(spec, &answer), "{told}");
                }
                match spec.gate {
                    Gate::Admin => answer.is_refused(401, "admin_key_required"),
                    Gate::Client => answer.is_refused(401, "invalid_client"),
                    Gate::Bearer => answer.is_refused(401, "invalid_token"),
                    Gate::Proof => assert!([400, 401].contains(&answer.status.as_u16()), "{told}"),
                    _ => {}
                }
                if spec.gate == Gate::Session {
                    let changes = spec.method != "GET";
                    let (status, code) =
                        if changes { (403, "MissingCSRF") } else { (401, "SessionRequired") };
                    answer.is_refused(status, code);
                }
            }
            assert_eq!(world.store.calls(Operation::Admit), 0, "nobody was let in");
        }
    }
}

/// What a gate of kind `Csrf` says: a form to send again, or an update refused.
fn is_kept_out(spec: &RouteSpec, answer: &Answer) -> bool {
    let location = answer.header("location").unwrap_or_default();
    let is_told = ["MissingCSRF", "The form had expired"].iter().any(|told| answer.text.contains(told));
    (spec.path == "session" && answer.status == StatusCode::BAD_REQUEST)
        || (answer.status == StatusCode::FORBIDDEN && is_told)
        || location.ends_with("csrf=true")
        || location.contains("error=MissingCSRF")
}

fn path_of(spec: &RouteSpec) -> String {
    let path = spec.path.replace("{provider}", "login").replace("{code}", "AccessDenied");
    let path = path.replace("{file}", STYLE_FILE).replace("{number}", "1");
    match spec.scope {
        Scope::Base => format!("/api/auth/{path}"),
        Scope::Root => format!("/{path}"),
    }
}

#[test]
fn f1_the_table_has_exactly_the_calls_that_the_core_knows_and_describes() {
    let routed: BTreeSet<_> =
        ROUTES.iter().filter_map(|spec| Some((spec.path.strip_prefix("-/v1/")?, spec.method))).collect();
    let known: BTreeSet<_> = CALLS
        .iter()
        .flat_map(|call| call.allow.split(", ").map(|method| (call.path, method)))
        .filter(|(_, method)| *method != "HEAD")
        .collect();
    assert_eq!(routed, known);
}

#[tokio::test]
async fn c1_the_mailbox_is_there_in_development_and_for_nobody_from_outside() {
    let clock = Arc::new(FakeClock::default());
    let mailbox = Arc::new(Mailbox::new(clock, "http://app.test/api/auth/-/mailbox".to_owned()));
    for number in 0..60 {
        let subject = format!("mail {number} <b>");
        let (text, html) =
            (format!("https://app.test/{number}"), format!("<p style=\"color:red\">{number}</p>"));
        mailbox.send(Mail { to: "ada@example.com".to_owned(), subject, text, html }).await.expect("kept");
    }
    let settings = EdgeSettings { mailbox: Some(mailbox), ..EdgeSettings::default() };
    let from_outside = World::with(settings.clone(), Strategy::Sealed);
    let world = World::with(settings, Strategy::Sealed).reached_by([127, 0, 0, 1]);
    let answer = world.get("/api/auth/-/mailbox").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.header("cache-control").is_some_and(|rule| rule.contains("no-store")));
    assert_eq!(answer.text.matches("ada@example.com").count(), 50, "the oldest gave way");
    assert!(
        answer.text.contains("href=\"https://app.test/59\"") && answer.text.contains("mail 59 &#60;b&#62;")
    );
    assert!(!answer.text.contains("https://app.test/9\""), "the newest are kept");
    assert!(answer.text.contains("href=\"https://app.test/api/auth/-/mailbox/60\""), "{}", answer.text);
    let part = world.get("/api/auth/-/mailbox/60").await;
    assert_eq!((part.status, &*part.text), (StatusCode::OK, "<p style=\"color:red\">59</p>"));
    let policy = part.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert!(!policy.contains("allow-scripts") && !policy.contains("allow-same-origin"), "{policy}");
    for gone in ["1", "61", "x", "60/1"] {
        let answer = world.get(&format!("/api/auth/-/mailbox/{gone}")).await;
        assert!(answer.status.is_client_error(), "{gone}: {answer:?}");
    }
    let posted = world.send(request("POST", "/api/auth/-/mailbox", &[FORM], "")).await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
    let sent = world.get("/api/auth/verify-request").await;
    assert!(sent.text.contains("href=\"https://app.test/api/auth/-/mailbox\""), "{}", sent.text);

    assert_eq!(from_outside.get("/api/auth/-/mailbox/60").await.status, StatusCode::NOT_FOUND);
    let outside = from_outside.get("/api/auth/-/mailbox").await;
    assert_eq!(outside.status, StatusCode::NOT_FOUND);
    assert!(!outside.text.contains("ada@example.com"));
    let production = World::new().reached_by([127, 0, 0, 1]);
    assert_eq!(production.get("/api/auth/-/mailbox").await.status, StatusCode::NOT_FOUND);
    let sent = production.get("/api/auth/verify-request").await;
    assert!(!sent.text.contains("mailbox"), "{}", sent.text);
}

#[tokio::test]
async fn lesson_13_what_comes_over_a_tunnel_or_a_foreign_name_is_not_from_this_machine() {
    let clock = Arc::new(FakeClock::default());
    let mailbox = Arc::new(Mailbox::new(clock, "http://app.test/api/auth/-/mailbox".to_owned()));
    let settings =
        EdgeSettings { mailbox: Some(mailbox), development_origin: true, ..EdgeSettings::default() };
    let world = World::with(settings, Strategy::Sealed).reached_by([127, 0, 0, 1]);
    for (headers, seen) in [
        (vec![("host", "localhost:4000")], true),
        (vec![("host", "app.localhost:4000")], true),
        (vec![("host", "127.0.0.1:4000")], true),
        (vec![("host", "[::1]:4000")], true),
        // The configured one.
        (vec![("host", "app.test")], true),
        (
            vec![
                ("host", "127.0.0.1:4000"),
                ("x-forwarded-host", "localhost:3000"),
                ("x-forwarded-for", "::1"),
            ],
            true,
        ),
        // A name that somebody turned to this machine, a tunnel, a development server for the whole network.
        (vec![("host", "evil.example:4000")], false),
        (vec![("host", "localhost.evil.example")], false),
        (vec![("host", "localhost:4000"), ("x-forwarded-for", "203.0.113.7")], false),
        (vec![("host", "localhost:4000"), ("x-forwarded-for", "203.0.113.7, 127.0.0.1")], false),
        (vec![("host", "localhost:4000"), ("x-forwarded-for", "unknown")], false),
        (vec![("host", "localhost:4000"), ("x-forwarded-host", "abc.tunnel.example")], false),
        (vec![("host", "192.168.0.5:5173")], false),
    ] {
        let answer = world.send(request("GET", "/api/auth/-/mailbox", &headers, "")).await;
        let expected = if seen { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(answer.status, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn no_other_method_of_any_route_is_a_way_in() {
    let world = World::new();
    for spec in ROUTES {
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"] {
            let answer =
                world.send(request(method, &path_of(spec), &[FORM], "name=Ada&password=right")).await;
            assert!((400..500).contains(&answer.status.as_u16()), "{method} {}: {answer:?}", spec.path);
            assert!(!answer.opens_a_session());
        }
    }
}

#[tokio::test]
async fn a_head_request_gets_the_headers_of_get_and_no_body() {
    let world = World::new();
    for path in ["/api/auth/providers", "/api/auth/error", "/api/auth/nowhere", "/healthz"] {
        let get = world.get(path).await;
        let head = world.send(request("HEAD", path, &[], "")).await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        if let Some(length) = head.header("content-length") {
            assert_eq!(length, get.text.len().to_string(), "{path}");
        }
    }
}

#[tokio::test]
async fn lesson_59_whatever_sets_or_reads_identity_is_never_stored() {
    for strategy in [Strategy::Sealed, Strategy::Stored] {
        let world = World::with(EdgeSettings::default(), strategy);
        let cookie = world.sign_in().await;
        let session = [(header::COOKIE.as_str(), &*cookie)];
        for path in ["session", "csrf", "providers", "signin", "signout", "error", "-/signup", "nowhere", ""]
        {
            let answer = world.send(request("GET", &format!("/api/auth/{path}"), &session, "")).await;
            assert!(
                answer.header("cache-control").is_some_and(|c| c.contains("no-store")),
                "{path}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn c7_pages_come_with_their_policy_and_cannot_be_framed() {
    let world = World::new();
    for path in ["signin", "signout", "error?error=AccessDenied", "verify-request", "-/signup"] {
        let answer = world.get(&format!("/api/auth/{path}")).await;
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert!(answer.text.starts_with("<!"), "{path}");
    }
    assert_eq!(world.get("/api/auth/csrf").await.header("content-type"), Some("application/json"));

    let own = world.auth.page("<!doctype html>".to_owned());
    for name in ["content-type", "content-security-policy", "x-frame-options", "cache-control"] {
        assert!(own.headers().contains_key(name), "an application's own page has {name} too");
    }
}

#[tokio::test]
async fn the_sign_in_page_has_the_form_that_the_core_declares() {
    let page = World::new().get("/api/auth/signin").await.text;
    for needed in [
        "action=\"https://app.test/api/auth/callback/login\"",
        "name=\"csrfToken\"",
        "input-name-for-login-provider",
        "input-password-for-login-provider",
        "type=\"password\"",
    ] {
        assert!(page.contains(needed), "{needed}: {page}");
    }
}

#[tokio::test]
async fn an_error_page_shows_words_for_codes_and_the_request_id() {
    let world = World::new();
    let answer = world.get("/api/auth/error?error=AccessDenied").await;
    let id = answer.header("x-request-id").expect("an id").to_owned();
    assert!(answer.text.contains(&id), "{}", answer.text);
    // B1: a back end's sentence reaches the person, as text; a lone unknown word does not.
    let said = world.get("/api/auth/error?error=Account+locked+%3Cb%3E").await.text;
    assert!(said.contains("Account locked &") && !said.contains("<b>"), "{said}");
    let word = world.get("/api/auth/error?error=gibberish").await.text;
    assert!(word.contains("Something went wrong"), "{word}");
    // In whatever script it is written, and with blanks or without.
    for (written, shown) in [
        (
            "%E3%82%A2%E3%82%AB%E3%82%A6%E3%83%B3%E3%83%88%E3%81%AF%E7%84%A1%E5%8A%B9%E3%81%A7%E3%81%99",
            "アカウントは無効です",
        ),
        ("%E8%B4%A6%E6%88%B7%E5%B7%B2%E9%94%81%E5%AE%9A%E3%80%82", "账户已锁定。"),
        ("Gesperrt!", "Gesperrt!"),
        ("%E3%82%A2%3Cimg%3E", "ア&"),
    ] {
        let said = world.get(&format!("/api/auth/error?error={written}")).await.text;
        assert!(said.contains(shown) && !said.contains("<img"), "{shown}: {said}");
    }
    for code in ["user.locked", "no_seat", "E-1007", "urn:acme:closed", "+"] {
        let page = world.get(&format!("/api/auth/error?error={code}")).await.text;
        assert!(page.contains("Something went wrong"), "{code}: {page}");
    }
    // Generation 5 carries no sentences.
    let five = World::speaking(Dialect::AuthJs5, EdgeSettings::default(), Strategy::Sealed);
    assert!(!five.get("/api/auth/error?error=Account+locked").await.text.contains("Account locked"));
}

#[tokio::test]
async fn style_sheets_are_kept_for_good_and_checked_by_tag() {
    let theme = Theme { brand_color: Some(Colour::parse("#123456").expect("a colour")), ..Theme::default() };
    let world = World::with(EdgeSettings { theme, ..EdgeSettings::default() }, Strategy::Sealed);
    for (file, content) in [(STYLE_FILE, "--surface"), ("theme.css?v=1", "--brand-color:#123456")] {
        let path = format!("/api/auth/-/assets/{file}");
        let answer = world.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/css; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(answer.header("set-cookie"), None);
        assert!(answer.text.contains(content));
        let tag = answer.header("etag").expect("a tag").to_owned();
        let weak = format!("\"other\", W/{tag}");
        for known in [&tag, &weak] {
            let again = world.send(request("GET", &path, &[("if-none-match", known)], "")).await;
            assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
        }
        let other = world.send(request("GET", &path, &[("if-none-match", "\"other\"")], "")).await;
        assert_eq!(other.status, StatusCode::OK);
    }
    world.get("/api/auth/-/assets/other.css").await.is_refused(404, "not_found");
    let posted = world.post(&format!("/api/auth/-/assets/{STYLE_FILE}"), &[], "").await;
    posted.is_refused(405, "method_not_allowed");
    assert_eq!(posted.header("allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn readiness_follows_the_store_and_the_drain_and_health_does_not() {
    let world = World::new();
    let both =
        async || (world.get("/healthz").await.status.as_u16(), world.get("/readyz").await.status.as_u16());
    assert_eq!(both().await, (200, 200));
    world.store.fail_all([Operation::Ready]);
    assert_eq!(both().await, (200, 503));
    world.store.heal();
    assert_eq!(both().await, (200, 200));
    world.auth.drain();
    assert_eq!(both().await, (200, 503));
    assert_eq!(world.get("/api/auth/providers").await.status, StatusCode::OK, "still answered");
    assert_eq!(world.get("/healthz").await.text.trim(), "ok");
}

#[tokio::test]
async fn overload_is_said_in_the_shape_that_each_client_expects() {
    let limits = Limits { in_flight: 0, ..Limits::default() };
    let world = World::with(EdgeSettings { limits, ..EdgeSettings::default() }, Strategy::Sealed);
    let posted = world.post("/api/auth/callback/login", &[FORM], "json=true").await;
    posted.is_refused(503, "overloaded");
    assert_eq!(posted.header("retry-after"), Some("1"));
    let five = [FORM, HTML, ("x-auth-return-redirect", "1")];
    world.post("/api/auth/callback/login", &five, "").await.is_refused(503, "overloaded");
    let page = world.post("/api/auth/callback/login", &[FORM, HTML], "").await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, Some("1")));
    assert!(page.text.contains("busy"), "{}", page.text);
    assert_eq!(world.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn lesson_12_in_production_no_header_moves_the_public_address() {
    let trusted_proxies =
        vec!["192.0.2.0/24".parse().expect("a network"), "127.0.0.0/8".parse().expect("one")];
    let edge = EdgeSettings { trusted_proxies, ..EdgeSettings::default() };
    let headers =
        [("host", "evil.test"), ("x-forwarded-host", "evil.test"), ("x-forwarded-proto", "http"), JSON];
    for peer in [[192, 0, 2, 1], [127, 0, 0, 1]] {
        let world = World::with(edge.clone(), Strategy::Sealed).reached_by(peer);
        let providers = world.send(request("GET", "/api/auth/providers", &headers, "")).await;
        assert_eq!(providers.json()["login"]["signinUrl"], format!("{BASE}/signin/login"));
    }
}

#[tokio::test]
async fn in_development_only_this_machine_names_the_public_address() {
    let edge = EdgeSettings { development_origin: true, ..EdgeSettings::default() };
    let headers = [("host", "127.0.0.1:4000"), ("x-forwarded-host", "localhost:3000")];
    let callback = async |peer| {
        let world = World::with(edge.clone(), Strategy::Sealed).reached_by(peer);
        let providers = world.send(request("GET", "/api/auth/providers", &headers, "")).await;
        providers.json()["login"]["callbackUrl"].as_str().expect("an address").to_owned()
    };
    assert_eq!(callback([127, 0, 0, 1]).await, "http://localhost:3000/api/auth/callback/login");
    assert_eq!(callback([192, 0, 2, 1]).await, format!("{BASE}/callback/login"));
}

#[tokio::test]
async fn every_request_has_an_id_of_its_own() {
    let world = World::new();
    let first = world.get("/api/auth/csrf").await;
    let second = world.get("/api/auth/csrf").await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert!(first.header("x-request-id").is_some());
}

//! Bad input: a 4xx with a stable code, never a 5xx, never a session (issue section 7).

use http::{HeaderValue, StatusCode, header};
use proptest::prelude::{any, prop};
use proptest::test_runner::{Config, TestRunner};

use crate::support::{Answer, FORM, HTML, JSON, World, request};

#[tokio::test]
async fn lesson_6_a_callback_address_that_is_none_is_always_answered_and_never_with_5xx() {
    let world = World::new();
    let addresses = [
        "",
        "%",
        "%zz",
        "%ff",
        "http%3A%2F%2F",
        "javascript%3Aalert(1)",
        "%00",
        "%2F%2Fevil.test",
        "http%3A%2F%2F%5B",
        "https%3A%2F%2Fevil.test%40app.test",
        "%5C%5Cevil.test",
        "data%3A%2C",
        "%F0%9F%92%A9",
        "http%3A%2F%2Fapp.test%3A99999999",
        "%0d%0aSet-Cookie%3A%20x%3D1",
        "a&callbackUrl=b",
        "%252f%252fevil",
    ];
    for address in addresses {
        for path in
            ["session", "csrf", "signin", "signout", "error", "providers", "-/signup", "callback/login"]
        {
            let answer = world.get(&format!("/api/auth/{path}?callbackUrl={address}")).await;
            assert_calm(&answer, address);
        }
        for path in ["signin/login", "callback/login", "signout", "session", "_log"] {
            let body = format!("callbackUrl={address}&json=true");
            let answer = world.post(&format!("/api/auth/{path}"), &[FORM], &body).await;
            assert_calm(&answer, address);
        }
        let cookie = format!("__Secure-next-auth.callback-url={address}");
        assert_calm(
            &world.send(request("GET", "/api/auth/session", &[("cookie", &cookie)], "")).await,
            address,
        );
    }
}

#[tokio::test]
async fn lesson_9_only_one_spelling_of_a_path_reaches_an_action() {
    let world = World::new();
    for path in [
        "/api/auth/",
        "/api/auth//session",
        "/api/auth/session/",
        "/api/auth/./session",
        "/api/auth/-/../session",
        "/api/auth/%2e%2e/session",
        "/api/auth/signin%2Flogin",
        "/api/auth/%ff",
        "/api/auth/%",
        "/api/auth/%00",
        "/api/auth/-/assets/",
    ] {
        world.get(path).await.is_refused(400, "bad_request");
    }
    for path in [
        "//api/auth/session",
        "/api//auth/session",
        "/API/auth/session",
        "/api/authsession",
        "/%61pi/auth/csrf",
    ] {
        assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_with_its_own_code() {
    let world = World::new();
    let callback = "/api/auth/callback/login";
    let most = 1024 * 1024;
    world.post(callback, &[FORM], &"a".repeat(most + 1)).await.is_refused(413, "body_too_large");
    world.post("/api/auth/_log", &[FORM], &"a".repeat(64 * 1024 + 1)).await.is_refused(413, "body_too_large");
    let lying = [FORM, ("content-length", "10485760")];
    world.post(callback, &lying, "a=1").await.is_refused(413, "body_too_large");
    assert_calm(&world.post(callback, &[FORM], &"a".repeat(most)).await, "the most");

    world
        .get(&format!("/api/auth/session?{}", "a=1&".repeat(201)))
        .await
        .is_refused(400, "too_many_parameters");
    world.post(callback, &[FORM], &"a=1&".repeat(201)).await.is_refused(400, "too_many_parameters");
    world.get(&format!("/api/auth/session?{}", "a".repeat(17_000))).await.is_refused(414, "uri_too_long");

    let value = "x".repeat(70_000);
    world
        .send(request("GET", "/api/auth/session", &[("x-a", &value)], ""))
        .await
        .is_refused(431, "headers_too_large");
    let names: Vec<String> = (0..90).map(|i| format!("x-{i}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    world.send(request("GET", "/api/auth/session", &many, "")).await.is_refused(431, "headers_too_large");
}

#[tokio::test]
async fn who_navigates_gets_a_page_for_the_same_refusals() {
    let world = World::new();
    let answer = world.send(request("GET", "/api/auth//x", &[HTML], "")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(answer.header("content-security-policy").is_some());
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_and_another_type_is_no_body() {
    let world = World::new();
    let callback = "/api/auth/callback/login";
    for body in ["{", "{\"a\":\"\\u0000\"}", "\u{1}", &"[".repeat(500), "{\"a\":\"\\ud800\"}"] {
        world.post(callback, &[JSON], body).await.is_refused(400, "bad_request");
    }
    world.post(callback, &[FORM], "password=%00").await.is_refused(400, "bad_request");
    for body in ["", "[]", "null", "\"x\"", "{\"csrfToken\":[],\"json\":{},\"callbackUrl\":7}"] {
        assert_calm(&world.post(callback, &[JSON], body).await, body);
    }
    for kind in ["text/plain", "multipart/form-data", "application/xml", "", "application/jso", "é"] {
        let answer = world.post(callback, &[("content-type", kind)], "name=Ada&password=right").await;
        assert_calm(&answer, kind);
    }
}

#[tokio::test]
async fn lesson_82_no_bytes_in_a_header_break_a_request() {
    let world = World::new();
    for name in ["cookie", "authorization", "accept", "content-type", "user-agent", "x-forwarded-for", "host"]
    {
        for value in [&b"\xff\xfe"[..], b"%", b"%zz=%zz", b"=;=;;=", b"\"", b"Bearer %ff", b"a=%ff; b=%"] {
            for method in ["GET", "POST"] {
                let mut bad = request(method, "/api/auth/session", &[], "");
                bad.headers_mut().insert(name, HeaderValue::from_bytes(value).expect("bytes"));
                let answer = world.send(bad).await;
                assert_calm(&answer, name);
                assert!(method != "GET" || answer.status == StatusCode::OK, "{name}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn lesson_82_a_bad_session_cookie_is_answered_as_the_original_does() {
    let world = World::new();
    for value in ["x", "%", "a.b.c", "a.b.c.d.e", "%00", "....", &"e".repeat(9000)] {
        let cookie = format!("__Secure-next-auth.session-token={value}");
        let answer = world.send(request("GET", "/api/auth/session", &[("cookie", &cookie)], "")).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "{}"), "{value}");
        let cleared = answer.headers.get_all(header::SET_COOKIE).iter();
        assert!(
            cleared.into_iter().any(|c| c.as_bytes().starts_with(b"__Secure-next-auth.session-token=;")),
            "{value}"
        );
    }
}

#[test]
fn lesson_83_no_request_at_all_gets_a_5xx_or_a_session() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let world = World::new();
    let bytes = || prop::collection::vec(any::<u8>(), 0..60);
    let action = prop::sample::select(vec![
        "session",
        "csrf",
        "signin/login",
        "callback/login",
        "signout",
        "error",
        "_log",
        "-/signup",
        "",
    ]);
    let kind = prop::sample::select(vec![FORM.1, JSON.1, "text/plain"]);
    let method = prop::sample::select(vec!["GET", "POST", "PUT"]);
    let requests = (action, "[ -~]{0,40}", "[ -~]{0,60}", bytes(), bytes(), kind, method);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(400) });
    let result = runner.run(&requests, |(action, path, query, cookie, body, kind, method)| {
        let target = format!("/api/auth/{action}{path}?{query}");
        let built = http::Request::builder().method(method).uri(target).header("content-type", kind);
        let built = match HeaderValue::from_bytes(&cookie) {
            Ok(cookie) => built.header("cookie", cookie),
            Err(_) => built,
        };
        // What is no request for the `http` crate does not get past the server's parser.
        if let Ok(request) = built.body(axum::body::Body::from(body)) {
            let answer = runtime.block_on(world.send(request));
            assert!(answer.status.as_u16() < 500 && !answer.opens_a_session(), "{answer:?}");
        }
        Ok(())
    });
    result.expect("no request breaks it");
}

#[track_caller]
fn assert_calm(answer: &Answer, about: &str) {
    assert!(answer.status.as_u16() < 500, "{about}: {answer:?}");
    assert!(!answer.opens_a_session(), "{about}: {answer:?}");
    assert!(!answer.headers.contains_key("x"), "{about}: a header was smuggled in: {answer:?}");
}

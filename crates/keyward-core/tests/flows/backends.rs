//! Credentials against an existing back end (B1, B2).

use std::time::Duration;

use crate::support::{ALL, Options, build, error_of, path, world};
use keyward_core::{
    dialect::Dialect,
    port::{HttpAnswer, HttpFault, Ledger},
    session::hash_of,
    settings::Strategy,
};
use serde_json::json;

const FIELDS: [(&str, &str); 2] = [("email", "ada@example.com"), ("password", "pw")];

#[tokio::test]
async fn b1_the_fields_go_out_without_nextauths_own_and_the_answer_becomes_the_user() {
    for dialect in ALL {
        let mut options = Options::new(dialect, Strategy::Sealed);
        options.session.show =
            vec![(path("user.role"), "role".to_owned()), (path("accessToken"), "accessToken".to_owned())];
        let world = build(options);
        world.http.json(200, &json!({"id": 7, "name": "Ada", "email": "ada@example.com", "role": "admin", "accessToken": "T", "hash": "no"}));
        let mut browser = world.browser();
        let reply = browser
            .post("callback/login", &[FIELDS[0], FIELDS[1], ("callbackUrl", "/dash"), ("redirect", "false")])
            .await;
        assert_eq!(
            (reply.status, crate::support::json(&reply)),
            (200, json!({"url": "http://app.test/dash"}))
        );
        let call = &world.http.calls()[0];
        assert_eq!(call.url.as_str(), "http://127.0.0.1:5000/api/login");
        assert_eq!(call.body.expose(), r#"{"email":"ada@example.com","password":"pw"}"#);
        let mut session = browser.session().await;
        session.as_object_mut().expect("object").remove("expires");
        let mut expected =
            json!({"user": {"name": "Ada", "email": "ada@example.com", "role": "admin"}, "accessToken": "T"});
        if dialect == Dialect::NextAuth3 {
            expected["user"]["image"] = serde_json::Value::Null;
        }
        assert_eq!(session, expected);
    }
}

#[tokio::test]
async fn b2_every_refusal_and_fault_of_a_back_end_has_its_answer_in_each_dialect() {
    let body = |status: u16, text: &str| Ok(HttpAnswer { status, body: text.as_bytes().to_vec() });
    // What the back end did; `error` and status in generation 4; `code` in generation 5.
    let table = [
        (body(401, ""), "CredentialsSignin", "credentials"),
        (body(401, r#"{"message":"No"}"#), "CredentialsSignin", "credentials"),
        (body(422, r#"{"message":"Locked\nout","code":"locked"}"#), "Locked out", "locked"),
        (body(422, "{}"), "backend_refused", "backend_refused"),
        (body(500, r#"{"message":"Try later"}"#), "Try later", "backend_refused"),
        (body(500, "<html>trace</html>"), "backend_failed", "backend_failed"),
        (body(302, ""), "backend_failed", "backend_failed"),
        (body(200, "<html>"), "backend_answer_not_json", "backend_answer_not_json"),
        (body(200, ""), "backend_answer_not_json", "backend_answer_not_json"),
        (body(200, "[1]"), "backend_answer_wrong_shape", "backend_answer_wrong_shape"),
        (body(200, r#"{"name":"no id"}"#), "backend_answer_wrong_shape", "backend_answer_wrong_shape"),
        (body(200, "null"), "CredentialsSignin", "credentials"),
        (Err(HttpFault::Timeout(Duration::from_secs(5))), "backend_timeout", "backend_timeout"),
        (Err(HttpFault::Unreachable("refused".into())), "backend_unreachable", "backend_unreachable"),
        (Err(HttpFault::TooLarge(10)), "backend_answer_too_large", "backend_answer_too_large"),
    ];
    for (answer, error, code) in table {
        for dialect in ALL {
            let world = world(dialect, Strategy::Sealed);
            world.http.answer(answer.clone());
            let mut browser = world.browser();
            let reply = browser.post("callback/login", &FIELDS).await;
            let (status, expected) = match dialect {
                Dialect::NextAuth3 if error != "CredentialsSignin" => (200, (Some(error), None)),
                Dialect::NextAuth3 | Dialect::NextAuth4 => (401, (Some(error), None)),
                Dialect::AuthJs5 => (200, (Some("CredentialsSignin"), Some(code))),
            };
            let (got_error, got_code) = error_of(&reply);
            assert_eq!(
                (reply.status, (got_error.as_deref(), got_code.as_deref())),
                (status, expected),
                "{dialect:?} {answer:?}"
            );
            assert!(!browser.is_signed_in().await);
            assert!(
                !format!("{:?}{:?}", reply.headers, reply.body).contains("trace"),
                "bodies stay in the log"
            );
        }
    }
}

#[tokio::test]
async fn b1_a_users_place_in_the_answer_is_declared() {
    let mut endpoint = crate::support::endpoint();
    endpoint.user = path("data.user");
    endpoint.fields.name = path("profile.full");
    let check = keyward_core::method::backend::BackendCheck {
        endpoint,
        http: std::sync::Arc::new({
            let http = keyward_testkit::ScriptedHttp::default();
            http.json(200, &json!({"data": {"user": {"id": "u", "profile": {"full": "Ada"}}}}));
            http
        }),
        random: std::sync::Arc::new(keyward_testkit::SeededRandom::new(1)),
        clock: std::sync::Arc::new(keyward_testkit::FakeClock::default()),
    };
    let submitted =
        keyward_core::method::Submitted { fields: serde_json::Map::new(), client: [127, 0, 0, 1].into() };
    let proof = keyward_core::method::CredentialsCheck::check(&check, &submitted).await.expect("a user");
    assert_eq!(proof.sub, "u");
    assert_eq!(proof.profile.name, Some(Some("Ada".to_owned())));
}

#[tokio::test]
async fn b2_a_401_is_a_wrong_guess_also_with_the_back_ends_own_word_and_nothing_else_is() {
    for (status, body, own_word, wrong) in [
        (401, json!({"message": "No."}), false, true),
        (401, json!({"message": "No."}), true, true),
        (401, json!({}), true, true),
        (200, json!(null), true, true),
        (422, json!({"message": "Locked."}), true, false),
        (429, json!({}), true, false),
        (500, json!({"message": "Later."}), true, false),
    ] {
        let http = std::sync::Arc::new(keyward_testkit::ScriptedHttp::default());
        http.json(status, &body);
        let endpoint = keyward_core::method::backend::Endpoint {
            own_word_on_401: own_word,
            ..crate::support::endpoint()
        };
        let check = keyward_core::method::backend::BackendCheck {
            endpoint,
            http,
            random: std::sync::Arc::new(keyward_testkit::SeededRandom::new(1)),
            clock: std::sync::Arc::new(keyward_testkit::FakeClock::default()),
        };
        let submitted =
            keyward_core::method::Submitted { fields: serde_json::Map::new(), client: [127, 0, 0, 1].into() };
        let refusal =
            keyward_core::method::CredentialsCheck::check(&check, &submitted).await.expect_err("nobody");
        assert_eq!(refusal.is_wrong_guess(), wrong, "{status} {body} {own_word}");
    }
}

#[tokio::test]
async fn b1_two_providers_on_one_source_are_one_person() {
    let world = world(Dialect::NextAuth4, Strategy::Stored);
    let mut users = Vec::new();
    for provider in ["join", "login"] {
        world.http.json(200, &json!({"id": "u7", "name": "Ada"}));
        let mut browser = world.browser();
        assert_eq!(browser.post(&format!("callback/{provider}"), &FIELDS).await.status, 200);
        let token = hash_of(browser.session_cookie().expect("a session"));
        users.push(world.store.session(&token).await.expect("a store").expect("a row").user);
    }
    assert_eq!(users[0], users[1]);
}

#[tokio::test]
async fn what_a_failing_back_end_quotes_of_the_fields_does_not_reach_the_log() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let password = "a \"quoted\" pass";
    let body = r#"oops at {"email":"ada@example.com","password":"a \"quoted\" pass"} / a "quoted" pass"#;
    world.http.answer(Ok(HttpAnswer { status: 500, body: body.as_bytes().to_vec() }));
    let reply =
        world.browser().post("callback/login", &[("email", "ada@example.com"), ("password", password)]).await;
    let (code, detail) = reply.refused.expect("refused");
    assert_eq!(code, "backend_failed");
    let detail = detail.expect("a detail");
    assert!(detail.contains("500") && detail.contains("oops at"), "{detail}");
    assert!(!detail.contains("quoted") && !detail.contains("ada@"), "{detail}");
}

#[tokio::test]
async fn b2_an_account_at_a_back_end_is_listed_and_is_the_last_way_in() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.http.json(200, &json!({"id": "u7", "name": "Ada", "email": "ada@example.com"}));
        let mut browser = world.browser();
        browser.post("callback/login", &FIELDS).await;
        let answer = crate::support::json(&browser.get("-/v1/accounts").await);
        let linked_at = answer["accounts"][0]["linkedAt"].clone();
        let account = json!({
            "provider": "shop",
            "type": "credentials",
            "providerAccountId": "u7",
            "name": "Ada",
            "email": "ada@example.com",
            "linkedAt": linked_at,
        });
        // What a back end says is nobody's address by proof.
        assert_eq!(answer, json!({"accounts": [account], "password": false, "email": null}), "{dialect:?}");
        let ids = [("provider", "shop"), ("providerAccountId", "u7")];
        let reply = browser.post("-/v1/accounts/unlink", &ids).await;
        assert_eq!((reply.status, error_of(&reply).0.as_deref()), (409, Some("last_way_in")));
        assert!(browser.is_signed_in().await, "{dialect:?}");
    }
}

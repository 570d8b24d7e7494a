//! What programs call: tokens in place of a cookie (F1, F2).

mod from_outside;
mod keys;
mod refresh;

use std::time::Duration;

use keyward_core::{
    dialect::Dialect,
    port::{Clock as _, Directory as _},
    request::Pairs,
    settings::Strategy,
    tokens::TokenSettings,
};
use keyward_jose::{jwk::Jwks, jws};
use serde_json::{Value, json};

use crate::support::{ALL, API, BOTH, Options, PASSWORD, World, build, refresh_token, text};

pub(super) fn world() -> World {
    build(Options::for_programs(Dialect::NextAuth4, Strategy::Sealed))
}

pub(super) fn refused(answer: &(u16, Value), status: u16, code: &str) {
    assert_eq!((answer.0, text(&answer.1, "error")), (status, code), "{}", answer.1);
    assert!(text(&answer.1, "url").ends_with(&format!("error?error={code}")), "{}", answer.1);
}

/// What an access token says, by the published keys.
pub(super) async fn claims(world: &World, answer: &Value) -> Value {
    let (status, keys) = world.program().get("jwks").await;
    assert_eq!(status, 200);
    let keys = Jwks::parse(keys.to_string().as_bytes()).expect("a key set");
    let token = text(answer, "accessToken");
    let allowed = TokenSettings::ALGORITHMS;
    let (_, payload) = keys.verify(token, &allowed).expect("signed by a published key");
    let header = jws::peek(token).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    serde_json::from_slice(&payload).expect("claims")
}

pub(super) async fn sign_in(world: &World, email: &str) -> Value {
    let (status, answer) =
        world.program().post("sign-in", json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn f1_a_program_signs_up_and_in_and_gets_tokens_in_every_dialect_and_strategy() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = build(Options::for_programs(dialect, strategy));
            let up = world.program().begins(json!({})).await;
            let (status, within) = world
                .program()
                .post("sign-in", json!({ "email": "ADA@example.com", "password": PASSWORD, "scope": "read" }))
                .await;
            assert_eq!(status, 200, "{within}");
            let (first, second) = (claims(&world, &up).await, claims(&world, &within).await);
            let user = world.store.user_by_email("ada@example.com").await.expect("answers").expect("made");
            let now = world.clock.now().secs();
            let expected = json!({
                "iss": "http://app.test/api/auth", "sub": user.id.0, "aud": API, "client_id": "public",
                "iat": now, "exp": now + 300, "jti": second["jti"], "sid": second["sid"], "auth_time": now,
                "scope": "read",
            });
            assert_eq!(second, expected);
            assert_eq!(first["scope"], "read write");
            assert_ne!(first["sid"], second["sid"]);
            assert_ne!(first["jti"], second["jti"]);
            assert_eq!(within["user"]["email"], "ada@example.com");
            assert_eq!((&within["expiresIn"], &within["tokenType"]), (&json!(300), &json!("Bearer")));
            assert_eq!(within["accessTokenExpires"], world.clock.now().millis() + 300_000);
        }
    }
}

#[tokio::test]
async fn f1_what_proves_nobody_gets_no_tokens_and_the_same_answer_for_all() {
    let world = world();
    world.program().begins(json!({})).await;
    let wrong = json!({ "email": "ada@example.com", "password": "wrong" });
    let unknown = json!({ "email": "eve@example.com", "password": "wrong" });
    let (wrong, unknown) =
        (world.program().post("sign-in", wrong).await, world.program().post("sign-in", unknown).await);
    refused(&wrong, 401, "CredentialsSignin");
    assert_eq!(wrong, unknown);
    let again = json!({ "email": "ada@example.com", "password": PASSWORD });
    refused(&world.program().post("sign-up", again).await, 409, "email_taken");
    let other = json!({ "provider": "signup", "email": "ada@example.com", "password": PASSWORD });
    refused(&world.program().post("sign-in", other).await, 400, "unknown_provider");
    refused(&world.program().post("sign-in", json!({})).await, 400, "missing_field");
}

#[tokio::test]
async fn f1_a_sign_up_that_reveals_nothing_sends_everybody_to_the_sign_in() {
    let world = build(Options {
        reveals_existing: false,
        ..Options::for_programs(Dialect::NextAuth4, Strategy::Sealed)
    });
    let members = json!({ "email": "ada@example.com", "password": PASSWORD });
    for _ in 0..2 {
        let answer = world.program().post("sign-up", members.clone()).await;
        assert_eq!(answer, (202, json!({ "signIn": true })));
    }
}

#[tokio::test]
async fn without_tokens_for_programs_their_calls_are_not_there() {
    let world =
        build(Options { tokens: None, ..Options::for_programs(Dialect::NextAuth4, Strategy::Sealed) });
    for call in ["sign-up", "sign-in", "refresh", "sign-out", "exchange"] {
        refused(&world.program().post(call, json!({})).await, 404, "not_found");
    }
    for call in ["me", "jwks"] {
        refused(&world.program().get(call).await, 404, "not_found");
    }
}

#[tokio::test]
async fn f1_the_description_names_the_calls_that_the_deployment_has() {
    let described = async |options: Options| {
        let world = build(options);
        let (status, document) = world.program().get("openapi.json").await;
        assert_eq!(status, 200, "{document}");
        let settings = world.engine.settings();
        let names = settings.dialect.cookie_names(settings.public.is_secure());
        let schemes = &document["components"]["securitySchemes"];
        assert_eq!(
            (&schemes["session"]["name"], &schemes["csrf"]["name"]),
            (&json!(names.session), &json!(names.csrf))
        );
        assert_eq!(document["servers"][0]["url"], settings.public.route("-/v1"));
        assert!(!document.to_string().contains("{base}"), "{document}");
        document
    };
    let has = |document: &Value, path: &str| document["paths"].get(path).is_some();
    let sealed = |dialect| Options::for_programs(dialect, Strategy::Sealed);
    let all = described(sealed(Dialect::NextAuth4)).await;
    let less = described(Options { tokens: None, ..sealed(Dialect::AuthJs5) }).await;
    for (path, always) in [("/sign-in", false), ("/me", false), ("/sessions", true), ("/token", true)] {
        assert!(has(&all, path), "{path}");
        assert_eq!(has(&less, path), always, "{path}");
    }
}

#[tokio::test]
async fn lesson_34_a_changed_or_cut_access_token_is_none() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let token = text(&first, "accessToken");
    for at in 0..token.len() {
        let cut = world.bearer(&token[..at]).get("me").await;
        refused(&cut, 401, "invalid_token");
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        refused(&world.bearer(&changed).get("me").await, 401, "invalid_token");
    }
    assert_eq!(world.bearer(token).get("me").await.0, 200);
}

#[tokio::test]
async fn lesson_54_no_token_passes_for_another() {
    for strategy in BOTH {
        let world = build(Options::for_programs(Dialect::NextAuth4, strategy));
        let first = world.program().begins(json!({})).await;
        let mut browser = world.browser();
        browser.sign_in("ada@example.com", PASSWORD).await;
        let cookie = browser.session_cookie().expect("signed in").to_owned();
        let (access, refresh) = (text(&first, "accessToken"), refresh_token(&first));
        for (as_refresh, as_access) in [(access, refresh), (&cookie, &*cookie)] {
            refused(&world.program().refresh(as_refresh).await, 401, "invalid_grant");
            refused(&world.bearer(as_access).get("me").await, 401, "invalid_token");
        }
        let name = world.engine.settings().dialect.cookie_names(false).session;
        for token in [access, refresh] {
            let cookies = Pairs(vec![(name.to_owned(), token.to_owned())]);
            assert!(world.engine.session(&cookies, false, None).await.expect("answers").is_none());
            let bearer = world.engine.session(&Pairs::default(), false, Some(token)).await;
            assert!(bearer.expect("answers").is_none(), "an access token is no session");
        }
    }
}

#[tokio::test]
async fn lesson_39_an_expired_access_token_is_none() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let me = world.bearer(text(&first, "accessToken"));
    let (status, answer) = me.get("me").await;
    assert_eq!(status, 200);
    assert_eq!(answer["user"]["name"], "Ada");
    assert_eq!((&answer["audience"], &answer["clientId"]), (&json!(API), &json!("public")));
    world.clock.advance(Duration::from_secs(300));
    refused(&me.get("me").await, 401, "invalid_token");
    refused(&world.program().get("me").await, 401, "invalid_token");
}

#[tokio::test]
async fn e4_an_application_gets_an_access_token_for_the_session_that_it_brings_along() {
    for strategy in BOTH {
        let world = build(Options::for_programs(Dialect::NextAuth4, strategy));
        let mut browser = world.browser();
        browser.sign_up("ada@example.com").await;
        let cookies = Pairs(browser.cookies.clone());
        let asks = json!({ "audience": "https://ledger.test" });
        let (status, answer) = world.client("shop").bringing(&cookies).post("token", asks.clone()).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer.get("refreshToken"), None);
        let said = claims(&world, &answer).await;
        let user = world.store.user_by_email("ada@example.com").await.expect("answers").expect("made");
        assert_eq!((text(&said, "sub"), text(&said, "client_id")), (&*user.id.0, "shop"));
        assert_eq!((text(&said, "aud"), text(&said, "scope")), ("https://ledger.test", "audit"));
        assert_eq!(said["auth_time"], world.clock.now().secs());

        refused(&world.program().bringing(&cookies).post("token", asks.clone()).await, 401, "invalid_client");
        refused(
            &world.client("nobody").bringing(&cookies).post("token", asks.clone()).await,
            401,
            "invalid_client",
        );
        refused(&world.client("shop").post("token", asks.clone()).await, 401, "SessionRequired");
        refused(
            &world.client("blog").bringing(&cookies).post("token", asks.clone()).await,
            400,
            "invalid_target",
        );
        let bearer = world.bearer(text(&answer, "accessToken"));
        refused(&bearer.bringing(&cookies).post("token", asks.clone()).await, 401, "invalid_client");
        browser.post("signout", &[]).await;
        refused(&world.client("shop").bringing(&cookies).post("token", asks).await, 401, "SessionRequired");
    }
}

#[tokio::test]
async fn f1_the_limits_of_the_pages_hold_for_programs_too() {
    let world = world();
    world.program().begins(json!({})).await;
    sign_in(&world, "ada@example.com").await;
    let taken = world.limits.taken();
    assert!(
        taken.iter().any(|(limit, _)| *limit == keyward_core::port::Limit::SignInPerAddress),
        "{taken:?}"
    );
    assert!(taken.iter().any(|(limit, key)| {
        *limit == keyward_core::port::Limit::SignInPerAccount && key == "ada@example.com"
    }));
}

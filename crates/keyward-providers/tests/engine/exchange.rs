//! A front end's own sign-in at a provider becomes a user and tokens of ours (A1, F1).

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use keyward_core::{
    dialect::Dialect,
    port::{Clock as _, Directory as _},
    reply::Reply,
    request::{Body, Method, Pairs, Request},
    settings::Strategy,
};
use keyward_jose::jws::{Algorithm, SigningKey};
use keyward_testkit::Operation;
use serde_json::{Value, json};

use crate::{
    support::{CLIENT_SECRET, World, json as body_of, world},
    upstream::{ADA, Person, Wrong},
};

async fn exchange(world: &World, client: Option<&str>, members: Value) -> (u16, Value) {
    let header = |id| format!("Basic {}", STANDARD.encode(format!("{id}:{CLIENT_SECRET}"))).into();
    let Value::Object(members) = members else { unreachable!("an object") };
    let reply: Reply = world
        .engine
        .answer(Request {
            method: Method::Post,
            path: ["-", "v1", "exchange"].map(str::to_owned).to_vec(),
            query: Pairs::default(),
            body: Body::Json(members),
            cookies: Pairs::default(),
            json_header: false,
            public: world.engine.settings().public.clone(),
            client: [192, 0, 2, 1].into(),
            user_agent: None,
            authorization: client.map(header),
        })
        .await;
    assert!(reply.cookies.is_empty());
    (reply.status, body_of(&reply))
}

fn by_token(token: &str) -> Value {
    json!({ "provider": "op", "idToken": token })
}

fn refused(answer: &(u16, Value), status: u16, code: &str) {
    assert_eq!((answer.0, answer.1["error"].as_str()), (status, Some(code)), "{}", answer.1);
}

fn one() -> World {
    world(Dialect::NextAuth4, Strategy::Sealed)
}

#[tokio::test]
async fn f1_an_id_token_for_our_client_id_becomes_a_user_and_tokens() {
    let world = one();
    let token = world.upstream.id_token(&ADA, &json!({}));
    let (status, first) = exchange(&world, None, by_token(&token)).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!((&first["user"]["name"], &first["user"]["emailVerified"]), (&json!("Ada"), &json!(true)));
    assert!(first["accessToken"].is_string() && first["refreshToken"].is_string());
    let user = world.store.user_by_email("ada@example.com").await.expect("answers").expect("made");
    assert_eq!(first["user"]["id"], user.id.0);
    let fresh = world.upstream.id_token(&ADA, &json!({ "jti": "second" }));
    let (_, again) = exchange(&world, Some("blog"), by_token(&fresh)).await;
    assert_eq!(again["user"]["id"], user.id.0, "the same person");
    // The browser's own sign-in there is the same person's too.
    let mut browser = world.browser();
    browser.sign_in("op", &ADA).await;
    assert!(browser.is_signed_in().await);
    assert_eq!(world.store.accounts_of(&user.id).await.expect("answers").len(), 1);
}

#[tokio::test]
async fn lesson_37_an_id_token_is_good_once_for_every_process_on_the_store() {
    let world = one();
    let other = world.another_process();
    let token = world.upstream.id_token(&ADA, &json!({}));
    assert_eq!(exchange(&world, None, by_token(&token)).await.0, 200);
    for process in [&world, &other] {
        refused(&exchange(process, None, by_token(&token)).await, 401, "provider_id_token");
    }
    let fresh = world.upstream.id_token(&ADA, &json!({ "jti": "second" }));
    assert_eq!(exchange(&other, None, by_token(&fresh)).await.0, 200);
}

/// ES256 has two signatures for whoever knows one: they are one token.
#[tokio::test]
async fn lesson_37_an_id_token_whose_signature_was_written_the_other_way_is_the_same_token() {
    let world = one();
    let token = world.upstream.id_token(&ADA, &json!({}));
    let other = the_other_signature(&token);
    assert_ne!(other, token);
    assert_eq!(exchange(&world, None, by_token(&other)).await.0, 200, "it is a good signature");
    refused(&exchange(&world, None, by_token(&token)).await, 401, "provider_id_token");
}

/// `(r, n - s)` for `(r, s)`.
fn the_other_signature(token: &str) -> String {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let mut borrow = 0;
    for (digit, of_n) in signature[32..].iter_mut().zip(N).rev() {
        let difference = i16::from(of_n) - i16::from(*digit) - borrow;
        borrow = i16::from(difference < 0);
        *digit = u8::try_from(difference.rem_euclid(256)).expect("a byte");
    }
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn an_id_token_that_let_nobody_in_is_not_used_up() {
    let world = one();
    let token = world.upstream.id_token(&ADA, &json!({}));
    world.store.fail_next(Operation::Admit);
    assert_eq!(exchange(&world, None, by_token(&token)).await.0, 503);
    assert_eq!(exchange(&world, None, by_token(&token)).await.0, 200);
}

#[tokio::test]
async fn f1_a_nonce_that_was_asked_for_has_to_be_there_and_no_other() {
    let world = one();
    let with = |nonce: Value| world.upstream.id_token(&ADA, &json!({ "nonce": nonce }));
    for (token, nonce, good) in [
        (with(json!("n1")), json!("n1"), true),
        (with(json!(null)), json!(null), true),
        (with(json!("n1")), json!("n2"), false),
        (with(json!("n1")), json!(null), false),
        (with(json!(null)), json!("n1"), false),
    ] {
        let mut members = by_token(&token);
        members["nonce"] = nonce.clone();
        let answer = exchange(&world, None, members).await;
        if good {
            assert_eq!(answer.0, 200, "{}", answer.1);
        } else {
            refused(&answer, 401, "provider_id_token");
        }
    }
}

#[tokio::test]
async fn lesson_38_lesson_39_no_id_token_but_a_good_one_for_our_client_id_is_believed() {
    let world = one();
    let now = world.clock.now().secs();
    for changed in [
        json!({ "aud": "another" }),
        json!({ "aud": ["client", "another"] }),
        json!({ "aud": null }),
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": null }),
        json!({ "exp": now - 60 }),
        json!({ "exp": null }),
        json!({ "iat": null }),
        json!({ "iat": now - 3600 }),
        json!({ "sub": null, "id": null }),
    ] {
        let answer = exchange(&world, None, by_token(&world.upstream.id_token(&ADA, &changed))).await;
        refused(&answer, 401, "provider_id_token");
    }
    let good = world.upstream.id_token(&ADA, &json!({}));
    let (signed, _) = good.rsplit_once('.').expect("three parts");
    let payload = signed.split_once('.').expect("two parts").1;
    let stranger = SigningKey::generate(Algorithm::Es256).expect("a key").with_kid("k1");
    let claims =
        json!({ "iss": "https://op.example", "aud": "client", "sub": "ada-1", "iat": now, "exp": now + 300 });
    for token in [
        format!("{signed}."),
        format!("eyJhbGciOiJub25lIn0.{payload}."),
        stranger.sign(None, claims.to_string().as_bytes()).expect("signed"),
        good[..good.len() - 1].to_owned(),
        String::new(),
        "not a token".to_owned(),
    ] {
        refused(&exchange(&world, None, by_token(&token)).await, 401, "provider_id_token");
    }
    assert_eq!(world.store.calls(Operation::Admit), 0, "nobody was let in");
}

#[tokio::test]
async fn a1_a_profile_is_believed_of_an_application_that_is_trusted_with_it_and_of_nobody_else() {
    let world = one();
    let profile = json!({ "id": 7, "login": "ada", "name": "Ada", "email": "ada@example.com" });
    let by_profile = |provider: &str| json!({ "provider": provider, "profile": profile });
    refused(&exchange(&world, None, by_profile("hub")).await, 401, "invalid_client");
    refused(&exchange(&world, Some("nobody"), by_profile("hub")).await, 401, "invalid_client");
    refused(&exchange(&world, Some("blog"), by_profile("hub")).await, 403, "AccessDenied");
    refused(&exchange(&world, Some("shop"), by_profile("op")).await, 403, "AccessDenied");
    refused(
        &exchange(&world, Some("shop"), json!({ "provider": "hub", "profile": {} })).await,
        401,
        "provider_profile",
    );
    assert_eq!(world.store.calls(Operation::Admit), 0, "nobody was let in");

    let (status, answer) = exchange(&world, Some("shop"), by_profile("hub")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["user"]["emailVerified"], false, "the profile does not say so");
    let (_, again) = exchange(&world, Some("shop"), by_profile("hub")).await;
    assert_eq!(again["user"]["id"], answer["user"]["id"]);
}

#[tokio::test]
async fn f1_what_says_nobody_or_two_is_refused() {
    let world = one();
    let token = world.upstream.id_token(&ADA, &json!({}));
    for (members, status, code) in [
        (json!({}), 400, "unknown_provider"),
        (json!({ "provider": "nobody", "idToken": token }), 400, "unknown_provider"),
        (json!({ "provider": "credentials", "idToken": token }), 400, "unknown_provider"),
        (json!({ "provider": "op" }), 400, "missing_field"),
        (json!({ "provider": "op", "idToken": token, "profile": {} }), 400, "missing_field"),
        (json!({ "provider": "op", "idToken": 7 }), 400, "missing_field"),
        (json!({ "provider": "op", "profile": "ada" }), 400, "missing_field"),
        (json!({ "provider": "hub", "idToken": token }), 401, "provider_parameter"),
        (
            json!({ "provider": "op", "idToken": token, "audience": "https://evil.test" }),
            400,
            "invalid_target",
        ),
    ] {
        refused(&exchange(&world, None, members).await, status, code);
    }
    assert_eq!(world.store.calls(Operation::Admit), 0, "nobody was let in");
}

#[tokio::test]
async fn lesson_43_an_address_that_is_somebody_elses_is_not_taken_over_by_an_exchange() {
    let world = one();
    let mut owner = world.browser();
    owner.sign_up("ada@example.com").await;
    let unverified = Person { email_verified: false, ..ADA };
    let token = world.upstream.id_token(&unverified, &json!({}));
    refused(&exchange(&world, None, by_token(&token)).await, 409, "OAuthAccountNotLinked");
    assert!(owner.is_signed_in().await);
}

#[tokio::test]
async fn a_provider_whose_keys_cannot_be_had_is_no_reason_to_believe_anybody() {
    let world = one();
    world.upstream.does("/keys", Wrong::Status(500, "no"));
    let token = world.upstream.id_token(&ADA, &json!({}));
    refused(&exchange(&world, None, by_token(&token)).await, 401, "provider_discovery");
    assert_eq!(world.store.calls(Operation::Admit), 0);
}

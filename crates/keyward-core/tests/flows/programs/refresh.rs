//! Refreshing: one use, a grace, families, what is bound to what (F2).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use keyward_core::port::{
    Administration as _, AuditTrail as _, Clock as _, Directory as _, Ledger as _, SessionId, Sessions as _,
    UserChange, Which,
};
use keyward_testkit::Operation;
use serde_json::{Value, json};

use super::{claims, refused, sign_in, world};
use crate::support::{API, Asking, PASSWORD, refresh_token, text};

#[tokio::test]
async fn f2_a_refresh_token_is_good_once_and_within_the_grace_has_one_successor() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let (status, second) = world.program().refresh(refresh_token(&first)).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(refresh_token(&first), refresh_token(&second));
    assert_eq!(claims(&world, &second).await["sid"], claims(&world, &first).await["sid"]);
    world.clock.advance(Duration::from_secs(9));
    for _ in 0..3 {
        let (status, again) = world.program().refresh(refresh_token(&first)).await;
        assert_eq!((status, refresh_token(&again)), (200, refresh_token(&second)));
    }
    let (status, third) = world.program().refresh(refresh_token(&second)).await;
    assert_eq!(status, 200, "{third}");
    let (_, late) = world.program().refresh(refresh_token(&first)).await;
    assert_eq!(
        refresh_token(&late),
        refresh_token(&second),
        "who was late hears of the first successor still"
    );
}

#[tokio::test]
async fn lesson_22_after_the_grace_a_second_use_ends_the_session_for_everybody() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let (_, second) = world.program().refresh(refresh_token(&first)).await;
    world.clock.advance(Duration::from_secs(11));
    refused(&world.program().refresh(refresh_token(&first)).await, 401, "invalid_grant");
    refused(&world.program().refresh(refresh_token(&second)).await, 401, "invalid_grant");
    refused(&world.bearer(text(&second, "accessToken")).get("me").await, 401, "invalid_token");
    let trail = world.store.audit(&Default::default(), 10).await.expect("answers");
    let reuse = trail.iter().filter(|record| record.kind == "token_reused").count();
    assert_eq!(reuse, 1, "{trail:?}");
}

#[tokio::test]
async fn lesson_48_a_refresh_token_that_lay_too_long_is_none_while_no_sweep_has_been() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    world.clock.advance(Duration::from_secs(30 * 24 * 60 * 60));
    refused(&world.program().refresh(refresh_token(&first)).await, 401, "invalid_grant");
}

#[tokio::test]
async fn lesson_34_a_changed_or_cut_refresh_token_is_none_and_ends_nothing() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let token = refresh_token(&first);
    let before = world.store.all_calls();
    for at in 0..token.len() {
        refused(&world.program().refresh(&token[..at]).await, 401, "invalid_grant");
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        refused(&world.program().refresh(&changed).await, 401, "invalid_grant");
        refused(
            &world.program().post("sign-out", json!({ "refreshToken": changed })).await,
            401,
            "invalid_grant",
        );
    }
    assert_eq!(world.store.all_calls(), before, "a guess costs no round trip");
    assert_eq!(world.program().refresh(token).await.0, 200);
}

#[tokio::test]
async fn lesson_58_signing_out_ends_the_family_and_is_told_once() {
    let world = world();
    let (one, other) = (world.program().begins(json!({})).await, sign_in(&world, "ada@example.com").await);
    let out = json!({ "refreshToken": refresh_token(&one) });
    for _ in 0..2 {
        let answer = world.program().post("sign-out", out.clone()).await;
        assert_eq!(answer, (200, json!({ "signedOut": true })));
    }
    refused(&world.program().refresh(refresh_token(&one)).await, 401, "invalid_grant");
    refused(&world.bearer(text(&one, "accessToken")).get("me").await, 401, "invalid_token");
    assert_eq!(world.program().refresh(refresh_token(&other)).await.0, 200, "the other session lives on");
}

#[tokio::test]
async fn lesson_30_a_sign_out_that_could_not_be_written_is_no_success() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let out = json!({ "refreshToken": refresh_token(&first) });
    world.store.fail_next(Operation::EndSession);
    refused(&world.program().post("sign-out", out.clone()).await, 503, "store_unavailable");
    assert_eq!(world.program().refresh(refresh_token(&first)).await.0, 200, "nothing happened");
    world.store.fail_after(Operation::EndSession);
    refused(&world.program().post("sign-out", out.clone()).await, 503, "store_unavailable");
    assert_eq!(world.program().post("sign-out", out).await.0, 200, "asked again, it is done");
}

#[tokio::test]
async fn lesson_30_a_refresh_whose_answer_was_lost_is_made_up_for_by_asking_again() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    for after in [false, true] {
        if after {
            world.store.fail_after(Operation::RotateGrant);
        } else {
            world.store.fail_next(Operation::RotateGrant);
        }
        refused(&world.program().refresh(refresh_token(&first)).await, 503, "store_unavailable");
    }
    let (status, second) = world.program().refresh(refresh_token(&first)).await;
    assert_eq!(status, 200, "{second}");
    assert_eq!(world.program().refresh(refresh_token(&second)).await.0, 200);
}

#[tokio::test]
async fn lesson_30_a_sign_in_half_of_which_failed_hands_out_nothing() {
    for operation in [Operation::Admit, Operation::SessionRecord, Operation::User] {
        for after in [false, true] {
            let world = world();
            world.program().begins(json!({})).await;
            if after {
                world.store.fail_after(operation);
            } else {
                world.store.fail_next(operation);
            }
            let members = json!({ "email": "ada@example.com", "password": PASSWORD });
            let answer = world.program().post("sign-in", members).await;
            refused(&answer, 503, "store_unavailable");
            assert_eq!(answer.1.get("accessToken"), None, "{operation:?}");
        }
    }
}

#[tokio::test]
async fn lesson_23_lesson_24_tokens_of_an_application_are_refreshed_by_it_alone() {
    let world = world();
    let first = world.client("shop").begins(json!({})).await;
    assert_eq!(claims(&world, &first).await["client_id"], "shop");
    for other in [world.program(), world.client("blog")] {
        refused(&other.refresh(refresh_token(&first)).await, 401, "invalid_grant");
    }
    let wrong = Asking { authorization: Some("Basic c2hvcDp3cm9uZw==".into()), ..world.program() };
    refused(&wrong.refresh(refresh_token(&first)).await, 401, "invalid_client");
    let (status, second) = world.client("shop").refresh(refresh_token(&first)).await;
    assert_eq!(status, 200, "{second}");
    world.clock.advance(Duration::from_secs(60));
    refused(&world.program().refresh(refresh_token(&first)).await, 401, "invalid_grant");
    let alive = world.client("shop").refresh(refresh_token(&second)).await;
    assert_eq!(alive.0, 200, "who lacks the application's secret can't end the family either");
    let public = sign_in(&world, "ada@example.com").await;
    refused(&world.client("shop").refresh(refresh_token(&public)).await, 401, "invalid_grant");
}

#[tokio::test]
async fn lesson_33_what_was_granted_is_narrowed_and_never_widened() {
    let world = world();
    let first = world.program().begins(json!({ "scope": "read" })).await;
    for (wanted, code) in [
        (json!({ "audience": "https://blog.test" }), "invalid_target"),
        (json!({ "audience": "https://ledger.test" }), "invalid_target"),
        (json!({ "audience": [API, "https://blog.test"] }), "invalid_target"),
        (json!({ "audience": 7 }), "invalid_target"),
        (json!({ "scope": "read write" }), "invalid_scope"),
        (json!({ "scope": ["read"] }), "invalid_scope"),
    ] {
        let mut members = wanted.clone();
        members["refreshToken"] = refresh_token(&first).into();
        refused(&world.program().post("refresh", members).await, 400, code);
        let (email, password) = ("ada@example.com", PASSWORD);
        if wanted["audience"].as_str() == Some("https://ledger.test") {
            let members = json!({ "email": email, "password": password, "audience": wanted["audience"] });
            refused(&world.program().post("sign-in", members).await, 400, code);
        }
    }
    world.clock.advance(Duration::from_secs(60));
    let (status, second) = world.program().refresh(refresh_token(&first)).await;
    assert_eq!(status, 200, "what was refused used nothing up: {second}");
    assert_eq!(claims(&world, &second).await["scope"], "read");
    let none = json!({ "refreshToken": refresh_token(&second), "scope": "" });
    let (_, third) = world.program().post("refresh", none).await;
    assert_eq!(claims(&world, &third).await.get("scope"), None);
}

#[tokio::test]
async fn lesson_80_lesson_84_a_huge_scope_and_odd_values_cost_nothing() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let huge = "read ".repeat(3_000);
    let began = std::time::Instant::now();
    let many: Vec<_> = (0..3_000).map(|n| format!("https://{n}.test")).collect();
    for wanted in [
        json!({ "scope": huge }),
        json!({ "scope": "x ".repeat(3_000) }),
        json!({ "audience": many }),
        json!({ "audience": [] , "scope": null }),
        json!({ "audience": [API, API] }),
        json!({ "audience": "" }),
        json!({ "audience": [0, -1, 1e308] }),
    ] {
        let mut members = wanted;
        members["email"] = "ada@example.com".into();
        members["password"] = PASSWORD.into();
        let (status, answer) = world.program().post("sign-in", members).await;
        assert!(status == 200 || status == 400, "{status} {answer}");
        assert!(text_or_empty(&answer, "accessToken").len() < 2_000);
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    for odd in [json!(0), json!(-1), json!([]), json!({}), json!(true), json!("x".repeat(15_000))] {
        let (status, _) = world.program().post("refresh", json!({ "refreshToken": odd })).await;
        assert!((400..=401).contains(&status), "{status}");
    }
    assert_eq!(world.program().refresh(refresh_token(&first)).await.0, 200);
}

#[tokio::test]
async fn lesson_56_tokens_of_a_deleted_user_are_none() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let until = world.clock.now();
    world.store.delete_user("ada@example.com", until).await.expect("answers");
    refused(&world.program().refresh(refresh_token(&first)).await, 401, "invalid_grant");
    refused(&world.bearer(text(&first, "accessToken")).get("me").await, 401, "invalid_token");
}

#[tokio::test]
async fn lesson_57_a_disabled_user_gets_no_tokens_by_any_call_and_loses_those_they_have() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let user = world.store.user_by_email("ada@example.com").await.expect("answers").expect("made").id;
    let now = world.clock.now();
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    world.store.change_user(&user, &change, now, now, &[]).await.expect("answers");
    refused(&world.program().refresh(refresh_token(&first)).await, 401, "invalid_grant");
    refused(&world.bearer(text(&first, "accessToken")).get("me").await, 401, "invalid_token");
    let members = json!({ "email": "ada@example.com", "password": PASSWORD });
    refused(&world.program().post("sign-in", members).await, 403, "account_disabled");
}

#[tokio::test]
async fn f2_a_programs_session_stands_in_its_persons_list_and_ends_from_there() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let user = world.store.user_by_email("ada@example.com").await.expect("answers").expect("made").id;
    let mut browser = world.browser();
    browser.sign_in("ada@example.com", PASSWORD).await;
    let listed = world.store.sessions_of(&user, world.clock.now()).await.expect("answers");
    let sid = claims_unchecked(&first)["sid"].clone();
    let own = listed.iter().find(|entry| sid == *entry.id.0).expect("listed");
    assert_eq!((listed.len(), own.user_agent.as_deref()), (2, Some("a program")));
    let which = Which::One(own.id.clone());
    world.store.end_sessions(&user, &which, None, world.clock.now(), &[]).await.expect("answers");
    refused(&world.program().refresh(refresh_token(&first)).await, 401, "invalid_grant");
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn f2_a_refresh_is_one_round_trip_and_moves_the_sessions_end() {
    let world = world();
    let first = world.program().begins(json!({})).await;
    let before = world.store.all_calls();
    let (_, second) = world.program().refresh(refresh_token(&first)).await;
    assert_eq!(world.store.all_calls() - before, 1);
    world.clock.advance(Duration::from_secs(29 * 24 * 60 * 60));
    let sid = SessionId(text(&claims_unchecked(&second), "sid").to_owned());
    let record = world.store.session_record(&sid).await.expect("answers").expect("there");
    assert!(record.expires > world.clock.now());
}

fn text_or_empty<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_default()
}

fn claims_unchecked(answer: &Value) -> Value {
    let payload = text(answer, "accessToken").split('.').nth(1).expect("three parts").to_owned();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("claims")
}

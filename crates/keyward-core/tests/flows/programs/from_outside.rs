//! A program's session is a session like any other: listed, ended, changed, disabled and deleted from outside.

use keyward_core::{
    port::{Directory as _, UserChange, Which},
    user::UserId,
};
use serde_json::json;

use super::{refused, sign_in, world};
use crate::support::{PASSWORD, World, refresh_token, text};

async fn ada(world: &World) -> UserId {
    world.store.user_by_email("ada@example.com").await.expect("answers").expect("made").id
}

async fn disable(world: &World, disabled: bool) {
    let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
    world.engine.people().change(&ada(world).await, &change, &[]).await.expect("changed");
}

#[tokio::test]
async fn lesson_57_a_disabled_person_s_programs_refresh_nothing_and_sign_in_no_more() {
    let world = world();
    let tokens = world.program().begins(json!({})).await;
    disable(&world, true).await;
    refused(&world.program().refresh(refresh_token(&tokens)).await, 401, "invalid_grant");
    refused(&world.bearer(text(&tokens, "accessToken")).get("me").await, 401, "invalid_token");
    let again = json!({ "email": "ada@example.com", "password": PASSWORD });
    let (status, answer) = world.program().post("sign-in", again).await;
    assert_eq!((status, text(&answer, "error")), (403, "account_disabled"), "{answer}");
    let wrong = json!({ "email": "ada@example.com", "password": "not the password 1" });
    let (_, answer) = world.program().post("sign-in", wrong).await;
    assert_ne!(text(&answer, "error"), "account_disabled", "without the proof nobody learns of it");
    disable(&world, false).await;
    refused(&world.program().refresh(refresh_token(&tokens)).await, 401, "invalid_grant");
    sign_in(&world, "ada@example.com").await;
}

#[tokio::test]
async fn lesson_56_a_deleted_person_s_programs_refresh_nothing() {
    let world = world();
    let tokens = world.program().begins(json!({})).await;
    world.engine.people().delete(&ada(&world).await, &[]).await.expect("deleted");
    refused(&world.program().refresh(refresh_token(&tokens)).await, 401, "invalid_grant");
    refused(&world.bearer(text(&tokens, "accessToken")).get("me").await, 401, "invalid_token");
}

#[tokio::test]
async fn demand_3_a_program_s_session_is_listed_and_ended_with_the_others() {
    let world = world();
    let (first, second) = (world.program().begins(json!({})).await, sign_in(&world, "ada@example.com").await);
    let mut browser = world.browser();
    browser.sign_in("ada@example.com", PASSWORD).await;
    let people = world.engine.people();
    let user = ada(&world).await;
    let sessions = people.sessions(&user).await.expect("a store");
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|one| one.user_agent.as_deref() == Some("a program")).count(), 2);
    let of_first = super::claims(&world, &first).await["sid"].as_str().expect("an id").to_owned();
    let which = Which::One(keyward_core::port::SessionId(of_first));
    assert_eq!(people.end_sessions(&user, &which, &[]).await.expect("ended"), 1);
    refused(&world.program().refresh(refresh_token(&first)).await, 401, "invalid_grant");
    let (status, _) = world.program().refresh(refresh_token(&second)).await;
    assert_eq!(status, 200, "the others stay");
    assert!(browser.is_signed_in().await);
    let csrf = browser.csrf().await;
    let body = json!({ "csrfToken": csrf, "others": true }).as_object().cloned().expect("an object");
    let body = keyward_core::request::Body::Json(body);
    let reply = browser.send(keyward_core::request::Method::Post, "-/v1/sessions/end", body).await;
    assert_eq!((reply.status, crate::support::json(&reply)), (200, json!({ "ended": 1 })));
    refused(&world.program().refresh(refresh_token(&second)).await, 401, "invalid_grant");
}

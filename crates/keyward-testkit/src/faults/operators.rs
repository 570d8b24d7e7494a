//! People and sessions changed by operators.

use keyward_core::{
    port::Clock as _,
    request::{Body, Method},
};
use serde_json::{Value, json};

use super::{ADA, Stage, Told, ada};
use crate::driver::{Browser, json as body_of};

async fn call(browser: &Browser<'_>, method: Method, target: &str, body: Value) -> (u16, Value) {
    let body = body.as_object().cloned().map_or(Body::None, Body::Json);
    let reply = browser.world.operator().send(method, target, body).await;
    (reply.status, body_of(&reply))
}

/// Where her record is.
async fn record(browser: &mut Browser<'_>) -> String {
    ada(browser).await;
    format!("-/v1/admin/users/{}", browser.world.user(ADA).await.expect("there").id.0)
}

/// Where her session is.
async fn session(browser: &mut Browser<'_>) -> String {
    let user = record(browser).await;
    let (_, listed) = call(browser, Method::Get, &format!("{user}/sessions"), Value::Null).await;
    format!("-/v1/admin/sessions/{}", listed["sessions"][0]["id"].as_str().expect("an id"))
}

async fn sessions(browser: &Browser<'_>) -> usize {
    let world = browser.world;
    let Some(user) = world.user(ADA).await else { return 0 };
    world.store.inner().sessions_of(&user.id, world.clock.now()).await.expect("answers").len()
}

/// She is out, in this process too, as soon as it hears of it.
async fn is_out(browser: &mut Browser<'_>) -> bool {
    browser.world.engine.follow_changes().await.expect("answers");
    sessions(browser).await == 0 && !browser.is_signed_in().await
}

/// By address, by id, and where she is signed in.
pub async fn an_operator_who_looks_somebody_up(stage: &Stage) {
    stage
        .plays(
            record,
            async |browser, user| {
                let found =
                    call(browser, Method::Get, &format!("-/v1/admin/users?email={ADA}"), Value::Null).await;
                let shown = call(browser, Method::Get, user, Value::Null).await;
                let listed = call(browser, Method::Get, &format!("{user}/sessions"), Value::Null).await;
                [&found, &shown].into_iter().find(|told| !told.is_success()).unwrap_or(&listed).clone()
            },
            async |browser, _| browser.is_signed_in().await,
        )
        .await;
}

/// With an entry in the trail, in every session of hers.
pub async fn an_operator_who_changes_somebody(stage: &Stage) {
    stage
        .plays(
            record,
            async |browser, user| {
                let change = json!({"name": "Countess", "claims": {"role": "admin"}});
                call(browser, Method::Patch, user, change).await
            },
            async |browser, _| {
                browser.world.engine.follow_changes().await.expect("answers");
                let user = browser.world.user(ADA).await.expect("there");
                user.claims.get("role") == Some(&json!("admin"))
                    && browser.session().await["user"]["name"] == "Countess"
            },
        )
        .await;
}

/// With every session of hers.
pub async fn an_operator_who_disables_somebody(stage: &Stage) {
    stage
        .plays(
            record,
            async |browser, user| call(browser, Method::Patch, user, json!({"disabled": true})).await,
            async |browser, _| {
                let user = browser.world.user(ADA).await.expect("there");
                user.disabled.is_some() && is_out(browser).await
            },
        )
        .await;
}

/// Whoever asks again hears that there is nobody.
pub async fn an_operator_who_removes_somebody(stage: &Stage) {
    stage
        .plays(
            record,
            async |browser, user| call(browser, Method::Delete, user, Value::Null).await,
            async |browser, _| browser.world.user(ADA).await.is_none() && is_out(browser).await,
        )
        .await;
}

/// All of a person's, or one.
pub async fn an_operator_who_ends_sessions(stage: &Stage) {
    stage
        .plays(
            record,
            async |browser, user| {
                call(browser, Method::Delete, &format!("{user}/sessions"), Value::Null).await
            },
            async |browser, _| is_out(browser).await,
        )
        .await;
    stage
        .plays(
            session,
            async |browser, one| call(browser, Method::Delete, one, Value::Null).await,
            async |browser, _| is_out(browser).await,
        )
        .await;
}

/// It alone.
pub async fn an_operator_who_changes_a_session(stage: &Stage) {
    stage
        .plays(
            session,
            async |browser, one| {
                call(browser, Method::Patch, one, json!({"claims": {"role": "guest"}})).await
            },
            async |browser, _| {
                browser.world.engine.follow_changes().await.expect("answers");
                browser.session().await["user"]["role"] == "guest"
            },
        )
        .await;
}

/// All that was asked for, or nothing.
pub async fn an_operator_who_reads_the_trail(stage: &Stage) {
    stage
        .plays(
            record,
            async |browser, _| call(browser, Method::Get, "-/v1/admin/activity", Value::Null).await,
            async |browser, _| browser.is_signed_in().await,
        )
        .await;
}

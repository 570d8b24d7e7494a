//! Sessions: read, renewed, changed, listed, ended.

use std::time::Duration;

use keyward_core::{
    dialect::token::TokenKeys,
    port::Clock as _,
    request::{Body, Method},
    settings::Strategy,
};
use serde_json::{Value, json};

use super::{ADA, Stage, ada, signed_in};
use crate::{
    SeededRandom,
    driver::{Browser, PASSWORD},
};

const LONG: Duration = Duration::from_secs(25 * 60 * 60);

async fn call(browser: &mut Browser<'_>, target: &str, mut body: Value) -> keyward_core::reply::Reply {
    body["csrfToken"] = browser.csrf().await.into();
    let Value::Object(body) = body else { unreachable!("an object") };
    browser.send(Method::Post, target, Body::Json(body)).await
}

/// Without a renewal.
pub async fn a_session_that_is_read(stage: &Stage) {
    stage.plays(ada, async |browser, ()| browser.get("session").await, signed_in).await;
}

/// Sealed by NextAuth, before any of ours was: it is read on, and can be ended from then on.
pub async fn a_session_that_nextauth_began(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                let settings = browser.world.engine.settings();
                let name = settings.dialect.cookie_names(false).session;
                let keys = TokenKeys::derive(settings.dialect, &settings.secrets, name);
                let claims = json!({"name": "Bea", "email": "bea@example.com", "sub": "7"});
                let mut claims = claims.as_object().expect("an object").clone().into_iter().collect();
                let sealed = browser.world.clock.now().minus(Duration::from_secs(60 * 60));
                let sealed = keys.seal(&mut claims, sealed, 30 * LONG, &SeededRandom::new(1));
                browser.cookies.push((name.to_owned(), sealed.expect("short")));
            },
            async |browser, ()| browser.get("session").await,
            async |browser, ()| {
                let is_sealed = browser.world.engine.settings().session.strategy == Strategy::Sealed;
                browser.is_signed_in().await == is_sealed
            },
        )
        .await;
}

/// It is renewed when it is read.
pub async fn a_session_that_lives_on(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                browser.world.clock.advance(LONG);
            },
            async |browser, ()| browser.get("session").await,
            signed_in,
        )
        .await;
}

/// What changed is read, once.
pub async fn a_session_that_was_changed_from_outside(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                let user = browser.world.user(ADA).await.expect("there").id.0;
                let body = json!({"name": "Countess"}).as_object().cloned().map_or(Body::None, Body::Json);
                let target = format!("-/v1/admin/users/{user}");
                let reply = browser.world.operator().send(Method::Patch, &target, body).await;
                assert_eq!(reply.status, 200, "{reply:?}");
            },
            async |browser, ()| browser.get("session").await,
            async |browser, ()| browser.session().await["user"]["name"] == "Countess",
        )
        .await;
}

/// By its application.
pub async fn a_session_that_is_updated(stage: &Stage) {
    stage
        .plays(
            ada,
            async |browser, ()| call(browser, "session", json!({"data": {"name": "Countess"}})).await,
            async |browser, ()| browser.session().await["user"]["name"] == "Countess",
        )
        .await;
}

/// Here and elsewhere.
pub async fn sessions_that_are_listed(stage: &Stage) {
    stage.plays(ada, async |browser, ()| browser.get("-/v1/sessions").await, signed_in).await;
}

/// All but this one.
pub async fn sessions_that_are_ended(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                let mut other = browser.world.browser();
                other.sign_in(ADA, PASSWORD).await;
                other.cookies
            },
            async |browser, _| call(browser, "-/v1/sessions/end", json!({"others": true})).await,
            async |browser, cookies| {
                browser.world.engine.follow_changes().await.expect("answers");
                let mut other = Browser { cookies: cookies.clone(), ..browser.world.browser() };
                browser.is_signed_in().await && !other.is_signed_in().await
            },
        )
        .await;
}

//! Programs, which get tokens in place of a cookie.

use serde_json::{Value, json};

use super::{ADA, Stage, Told, ada};
use crate::driver::{App, Asking, Browser, PASSWORD, refresh_token};

fn program<'w>(browser: &Browser<'w>) -> Asking<'w> {
    browser.world.client("shop")
}

fn who() -> Value {
    json!({ "email": ADA, "password": PASSWORD })
}

/// How many sessions she has.
async fn sessions(browser: &Browser<'_>) -> usize {
    let world = browser.world;
    let Some(user) = world.user(ADA).await else { return 0 };
    let now = keyward_core::port::Clock::now(&*world.clock);
    world.store.inner().sessions_of(&user.id, now).await.expect("answers").len()
}

async fn begun<T>(browser: &mut Browser<'_>, _: &T) -> bool {
    sessions(browser).await > 0
}

/// Whoever asks again is there already, and signs in.
pub async fn a_program_that_signs_up(stage: &Stage) {
    stage
        .plays_and(
            async |browser| browser.world.engine.maintain_keys().await.expect("answers"),
            async |browser, ()| program(browser).post("sign-up", who()).await,
            async |browser, ()| {
                let told = program(browser).post("sign-up", who()).await;
                if told.is_success() { told } else { program(browser).post("sign-in", who()).await }
            },
            begun,
        )
        .await;
}

/// With keys that are there already.
pub async fn a_program_that_signs_in(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                browser.world.engine.maintain_keys().await.expect("answers");
                ada(browser).await;
                browser.post("signout", &[]).await;
            },
            async |browser, ()| program(browser).post("sign-in", who()).await,
            begun,
        )
        .await;
}

/// Tokens come with the second factor, and with nothing before it.
pub async fn a_program_that_shows_a_second_factor(stage: &Stage) {
    let enter = async |browser: &mut Browser<'_>, app: &App| {
        browser.world.clock.advance(std::time::Duration::from_secs(30));
        let half = program(browser).post("sign-in", who()).await;
        assert!(half.1.get("refreshToken").is_none(), "{half:?}");
        if half.is_unavailable() {
            return half;
        }
        let shown = json!({ "pending": half.1["pending"], "code": app.code(browser.world, 0) });
        program(browser).post("factor", shown).await
    };
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                let (app, _) = browser.set_up().await;
                browser.post("signout", &[]).await;
                app
            },
            enter,
            begun,
        )
        .await;
}

/// Whoever asks again with the same token gets its successor, within the grace.
pub async fn a_program_that_refreshes(stage: &Stage) {
    stage
        .plays(
            async |browser| program(browser).begins(json!({})).await,
            async |browser, first| {
                let shown = json!({ "refreshToken": refresh_token(first), "scope": "read" });
                program(browser).post("refresh", shown).await
            },
            async |browser, first| {
                let (status, next) = program(browser).refresh(refresh_token(first)).await;
                status == 200 && program(browser).refresh(refresh_token(&next)).await.0 == 200
            },
        )
        .await;
}

/// The family is over.
pub async fn a_program_that_signs_out(stage: &Stage) {
    stage
        .plays(
            async |browser| program(browser).begins(json!({})).await,
            async |browser, first| {
                program(browser).post("sign-out", json!({ "refreshToken": refresh_token(first) })).await
            },
            async |browser, first| {
                sessions(browser).await == 0 && program(browser).refresh(refresh_token(first)).await.0 == 401
            },
        )
        .await;
}

/// The first, and its successor ahead of time.
pub async fn keys_that_are_made(stage: &Stage) {
    stage
        .plays(
            async |_| (),
            async |browser, ()| browser.world.engine.maintain_keys().await,
            async |browser, ()| {
                !browser.world.store.inner().signing_keys().await.expect("answers").is_empty()
            },
        )
        .await;
}

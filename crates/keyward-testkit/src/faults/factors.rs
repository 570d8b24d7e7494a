//! Authenticator apps: set up, shown at a sign-in, shown again.

use std::time::Duration;

use keyward_core::reply::Reply;

use super::{ADA, Arriving, Refused, Stage, Told, ada, entering::PERSON, signed_in};
use crate::driver::{App, Browser, PASSWORD};

const HOUR: Duration = Duration::from_secs(60 * 60);
const STEP: Duration = Duration::from_secs(30);

async fn with_an_app(browser: &mut Browser<'_>) -> (App, Vec<String>) {
    ada(browser).await;
    browser.set_up().await
}

/// Somebody with an app, whom nobody has signed in.
async fn protected(browser: &mut Browser<'_>) -> (App, Vec<String>) {
    let app = with_an_app(browser).await;
    browser.cookies.clear();
    app
}

/// Somebody with an app who has just shown it.
async fn by_app(browser: &mut Browser<'_>) {
    let (app, _) = protected(browser).await;
    let code = app.code(browser.world, 0);
    assert!(by_both(browser, &code).await.is_success());
    browser.world.clock.advance(STEP);
}

/// Confirms, or signs in where the session from before is over and the new one never came.
async fn confirm(browser: &mut Browser<'_>, field: (&str, &str)) -> Reply {
    let reply = browser.post("-/confirm", &[field]).await;
    if is_recent(browser, &()).await {
        return reply;
    }
    // Within a second this process hears of it, too.
    browser.world.engine.follow_changes().await.expect("answers");
    let half = browser.sign_in(ADA, PASSWORD).await;
    if field.0 == "code" { then(browser, half, field.1).await } else { half }
}

/// Somebody with an app, whose sign-in is long ago.
async fn long_ago(browser: &mut Browser<'_>) -> App {
    let (app, _) = with_an_app(browser).await;
    browser.world.clock.advance(HOUR);
    app
}

async fn has_app(browser: &Browser<'_>) -> bool {
    let (store, user) = (browser.world.store.inner(), browser.world.user(ADA).await.expect("there"));
    let factors = store.factors(&user.id).await.expect("answers");
    assert_eq!(factors.app.is_some(), factors.recovery_codes > 0, "codes come and go with the app");
    factors.app.is_some()
}

/// A code, for the first factor that was right.
async fn then(browser: &mut Browser<'_>, half: Reply, code: &str) -> Reply {
    assert!(!browser.is_signed_in().await, "by one factor: {half:?}");
    if half.is_unavailable() { half } else { browser.post("-/factor", &[("code", code)]).await }
}

async fn by_both(browser: &mut Browser<'_>, code: &str) -> Reply {
    let half = browser.sign_in(ADA, PASSWORD).await;
    then(browser, half, code).await
}

/// Whether nobody asks them to sign in again before anything that matters.
pub(super) async fn is_recent<T>(browser: &mut Browser<'_>, _: &T) -> bool {
    browser.get("-/account/passkeys").await.status == 200
}

/// With its recovery codes.
pub async fn an_app_that_is_added(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                browser.begin_set_up().await
            },
            async |browser, (app, set_up)| {
                let code = app.code(browser.world, 0);
                browser.post("-/account/totp", &[("setUp", set_up), ("code", &code)]).await
            },
            async |browser, _| has_app(browser).await,
        )
        .await;
}

/// With its recovery codes.
pub async fn an_app_that_is_removed(stage: &Stage) {
    stage
        .plays(
            by_app,
            async |browser, _| browser.post("-/account/totp/remove", &[]).await,
            async |browser, _| !has_app(browser).await,
        )
        .await;
}

/// All ten of them.
pub async fn codes_that_are_replaced(stage: &Stage) {
    stage
        .plays(
            by_app,
            async |browser, ()| browser.post("-/account/totp/codes", &[]).await,
            async |browser, ()| has_app(browser).await,
        )
        .await;
}

/// A code is used up by what it admits to; the next one is good.
pub async fn a_second_factor_by_an_app(stage: &Stage) {
    stage
        .plays_and(
            protected,
            async |browser, (app, _)| {
                let code = app.code(browser.world, 0);
                by_both(browser, &code).await
            },
            async |browser, (app, _)| {
                browser.world.clock.advance(STEP);
                let code = app.code(browser.world, 0);
                by_both(browser, &code).await
            },
            signed_in,
        )
        .await;
}

/// After the last of them the sign-in is over, whatever is shown then.
pub async fn a_wrong_code_too_many(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                let app = protected(browser).await;
                browser.sign_in(ADA, PASSWORD).await;
                for _ in 0..4 {
                    browser.post("-/factor", &[("code", "000000")]).await;
                }
                app
            },
            async |browser, _| {
                Refused(browser.post("-/factor", &[("code", "000000")]).await, "second_factor_expired")
            },
            async |browser, (app, _)| {
                let code = app.code(browser.world, 0);
                browser.post("-/factor", &[("code", &code)]).await;
                !browser.is_signed_in().await
            },
        )
        .await;
}

/// It is used up by what it admits to; another one is good.
pub async fn a_second_factor_by_a_recovery_code(stage: &Stage) {
    stage
        .plays_and(
            protected,
            async |browser, (_, codes)| by_both(browser, &codes[0]).await,
            async |browser, (_, codes)| by_both(browser, &codes[1]).await,
            signed_in,
        )
        .await;
}

/// Who comes from a provider shows it too.
pub async fn a_second_factor_after_another_site(stage: &Stage) {
    let enter = async |browser: &mut Browser<'_>, (app, _): &(App, Vec<String>)| {
        browser.world.clock.advance(STEP);
        let half = Arriving(browser.sign_in_at("hub", &PERSON).await);
        let code = app.code(browser.world, 0);
        if half.is_unavailable() { half } else { Arriving(then(browser, half.0, &code).await) }
    };
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                browser.sign_in_at("hub", &PERSON).await;
                let app = browser.set_up().await;
                browser.cookies.clear();
                app
            },
            enter,
            signed_in,
        )
        .await;
}

/// For who has nothing else.
pub async fn a_recent_sign_in_by_a_password(stage: &Stage) {
    stage
        .plays_and(
            async |browser| {
                ada(browser).await;
                browser.world.clock.advance(HOUR);
            },
            async |browser, ()| browser.post("-/confirm", &[("password", PASSWORD)]).await,
            async |browser, ()| confirm(browser, ("password", PASSWORD)).await,
            is_recent,
        )
        .await;
}

/// For who has an app.
pub async fn a_recent_sign_in_by_an_app(stage: &Stage) {
    stage
        .plays_and(
            long_ago,
            async |browser, app| {
                let code = app.code(browser.world, 0);
                browser.post("-/confirm", &[("code", &code)]).await
            },
            async |browser, app| {
                browser.world.clock.advance(STEP);
                let code = app.code(browser.world, 0);
                confirm(browser, ("code", &code)).await
            },
            is_recent,
        )
        .await;
}

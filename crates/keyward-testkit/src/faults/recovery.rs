//! What people do about their own accounts.

use serde_json::json;

use super::{ADA, NEW_ADDRESS, NEW_PASSWORD, Stage, ada, signed_in};
use crate::driver::{Browser, PASSWORD, parts};

/// Asks for a mail by a call, and takes what its link says.
async fn link(browser: &mut Browser<'_>, call: &str, email: &str) -> (String, String) {
    browser.call(call, json!({ "email": email })).await;
    parts(&browser.world.letter().await.text)
}

async fn has_new_password(browser: &Browser<'_>) -> bool {
    browser.world.hash(ADA).await.is_some_and(|hash| hash.ends_with(NEW_PASSWORD))
}

/// A mail waits, and its ticket with it.
async fn mail_waits<T>(browser: &mut Browser<'_>, _: &T) -> bool {
    !browser.world.post().await.is_empty()
}

/// The ticket goes with its mail.
pub async fn a_reset_that_is_asked_for(stage: &Stage) {
    stage
        .plays(ada, async |browser, ()| browser.call("reset", json!({ "email": ADA })).await, mail_waits)
        .await;
}

/// The link is used up by it, and every session is over.
pub async fn a_password_that_is_reset(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                link(browser, "reset", ADA).await
            },
            async |browser, (token, subject)| {
                let body = json!({ "token": token, "for": subject, "newPassword": NEW_PASSWORD });
                browser.call("reset", body).await
            },
            async |browser, _| {
                browser.world.engine.follow_changes().await.expect("answers");
                has_new_password(browser).await && !browser.is_signed_in().await
            },
        )
        .await;
}

/// By the old one.
pub async fn a_password_that_is_changed(stage: &Stage) {
    stage
        .plays(
            ada,
            async |browser, ()| {
                let body = json!({ "password": PASSWORD, "newPassword": NEW_PASSWORD });
                browser.call("password", body).await
            },
            async |browser, ()| has_new_password(browser).await,
        )
        .await;
}

/// As a reset that is asked for.
pub async fn a_verification_that_is_asked_for(stage: &Stage) {
    stage
        .plays(
            ada,
            async |browser, ()| browser.call("verify-email", json!({ "email": ADA })).await,
            mail_waits,
        )
        .await;
}

/// By who is signed in.
pub async fn an_address_that_is_proven(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                link(browser, "verify-email", ADA).await
            },
            async |browser, (token, subject)| {
                browser.call("verify-email", json!({ "token": token, "for": subject })).await
            },
            async |browser, _| {
                let user = browser.world.user(ADA).await.expect("there");
                user.email_verified.is_some() && browser.is_signed_in().await
            },
        )
        .await;
}

/// As a reset that is asked for.
pub async fn a_change_of_address_that_is_asked_for(stage: &Stage) {
    stage
        .plays(
            ada,
            async |browser, ()| browser.call("email", json!({ "email": NEW_ADDRESS })).await,
            mail_waits,
        )
        .await;
}

/// With the notice to the old one.
pub async fn an_address_that_is_changed(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                link(browser, "email", NEW_ADDRESS).await
            },
            async |browser, (token, subject)| {
                browser.call("email/confirm", json!({ "token": token, "for": subject })).await
            },
            async |browser, _| {
                let world = browser.world;
                world.user(NEW_ADDRESS).await.is_some() && world.user(ADA).await.is_none()
            },
        )
        .await;
}

/// By who had it: whoever changed it is out, and has no password any more.
pub async fn an_address_that_is_taken_back(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                let (token, subject) = link(browser, "verify-email", ADA).await;
                browser.call("verify-email", json!({ "token": token, "for": subject })).await;
                browser.world.post().await;
                let (token, subject) = link(browser, "email", NEW_ADDRESS).await;
                browser.call("email/confirm", json!({ "token": token, "for": subject })).await;
                browser.world.letter().await.text
            },
            async |browser, link| browser.press(link, &[]).await,
            async |browser, _| {
                let world = browser.world;
                world.engine.follow_changes().await.expect("answers");
                world.user(ADA).await.is_some()
                    && world.user(NEW_ADDRESS).await.is_none()
                    && world.hash(ADA).await.is_none()
                    && !browser.is_signed_in().await
            },
        )
        .await;
}

/// All of them or none.
pub async fn data_that_are_exported(stage: &Stage) {
    stage.plays(ada, async |browser, ()| browser.call("export", json!({})).await, signed_in).await;
}

/// With everything that is theirs.
pub async fn a_person_who_leaves(stage: &Stage) {
    stage
        .plays(
            ada,
            async |browser, ()| browser.call("delete", json!({})).await,
            async |browser, ()| {
                browser.world.engine.follow_changes().await.expect("answers");
                browser.world.user(ADA).await.is_none() && !browser.is_signed_in().await
            },
        )
        .await;
}

//! Accounts elsewhere, and one's own.

use super::{ADA, Arriving, Stage, ada, entering::PERSON};
use crate::driver::{Browser, json};

async fn with_an_account(browser: &mut Browser<'_>) {
    ada(browser).await;
    browser.sign_in_at("hub", &PERSON).await;
}

async fn accounts(browser: &Browser<'_>) -> usize {
    let (store, user) = (browser.world.store.inner(), browser.world.user(ADA).await.expect("there"));
    store.accounts_of(&user.id).await.expect("answers").len()
}

/// To who is signed in, with a session of its own.
pub async fn an_account_that_is_added(stage: &Stage) {
    stage
        .plays(
            ada,
            async |browser, ()| Arriving(browser.sign_in_at("hub", &PERSON).await),
            async |browser, ()| accounts(browser).await == 1 && browser.is_signed_in().await,
        )
        .await;
}

/// Whoever asks again hears that there is none.
pub async fn an_account_that_is_unlinked(stage: &Stage) {
    stage
        .plays(
            with_an_account,
            async |browser, ()| {
                let fields = [("provider", "hub"), ("providerAccountId", PERSON.id)];
                browser.post("-/v1/accounts/unlink", &fields).await
            },
            async |browser, ()| accounts(browser).await == 0 && browser.is_signed_in().await,
        )
        .await;
}

/// All of them or none.
pub async fn accounts_that_are_listed(stage: &Stage) {
    stage
        .plays(
            with_an_account,
            async |browser, ()| browser.get("-/v1/accounts").await,
            async |browser, ()| {
                json(&browser.get("-/v1/accounts").await)["accounts"]
                    .as_array()
                    .is_some_and(|all| all.len() == 1)
            },
        )
        .await;
}

/// In the profile, with its entry in the trail.
pub async fn a_name_that_is_changed(stage: &Stage) {
    stage
        .plays(
            ada,
            async |browser, ()| browser.form("-/account", &[("name", "Grace")]).await,
            async |browser, ()| {
                browser.world.engine.follow_changes().await.expect("answers");
                let user = browser.world.user(ADA).await.expect("there");
                user.name.as_deref() == Some("Grace") && browser.session().await["user"]["name"] == "Grace"
            },
        )
        .await;
}

/// Each of its pages.
pub async fn an_account_that_is_looked_at(stage: &Stage) {
    for page in ["", "/sign-in", "/sessions", "/activity", "/totp", "/passkeys", "/email", "/password"] {
        stage
            .plays(
                with_an_account,
                async |browser, ()| browser.get(&format!("-/account{page}")).await,
                async |browser, ()| browser.is_signed_in().await,
            )
            .await;
    }
}

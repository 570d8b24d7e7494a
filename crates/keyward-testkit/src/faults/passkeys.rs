//! Passkeys: added, removed, and what they open.

use std::time::Duration;

use keyward_core::reply::Reply;

use super::{ADA, GRACE, Stage, Told, ada, factors::is_recent, signed_in};
use crate::{
    Said, SoftPasskey,
    driver::{Browser, ORIGIN, PASSWORD, json},
};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The challenge that is put, or what is answered in its place.
async fn challenge(browser: &mut Browser<'_>, asked: &str) -> Result<String, Box<Reply>> {
    let reply = browser.get(&format!("webauthn-options/passkey?{asked}")).await;
    if !reply.is_success() {
        return Err(Box::new(reply));
    }
    Ok(json(&reply)["options"]["challenge"].as_str().expect("a challenge").to_owned())
}

/// Has a challenge put, and posts what the passkey answers to it.
async fn answer(
    browser: &mut Browser<'_>,
    asked: &str,
    target: &str,
    fields: &[(&str, &str)],
    passkey: &SoftPasskey,
) -> Reply {
    let said = match challenge(browser, asked).await {
        Ok(challenge) => Said::on(ORIGIN, &challenge),
        Err(reply) => return *reply,
    };
    let data =
        if asked.contains("register") { passkey.register(&said) } else { passkey.authenticate(&said, None) };
    let fields: Vec<_> = fields.iter().copied().chain([("data", data.as_str())]).collect();
    browser.post(target, &fields).await
}

async fn enter(browser: &mut Browser<'_>, passkey: &SoftPasskey) -> Reply {
    answer(browser, "action=authenticate", "callback/passkey", &[("action", "authenticate")], passkey).await
}

async fn add(browser: &mut Browser<'_>, passkey: &SoftPasskey) -> Reply {
    answer(browser, "action=register", "-/account/passkeys", &[("name", "Phone")], passkey).await
}

async fn with_a_passkey(browser: &mut Browser<'_>) -> SoftPasskey {
    ada(browser).await;
    let passkey = SoftPasskey::new("adas passkey");
    let reply = add(browser, &passkey).await;
    assert!(reply.is_success(), "{reply:?}");
    passkey
}

async fn passkeys(browser: &Browser<'_>, email: &str) -> Vec<String> {
    let Some(user) = browser.world.user(email).await else { return Vec::new() };
    let factors = browser.world.store.inner().factors(&user.id).await.expect("answers");
    factors.passkeys.into_iter().map(|passkey| passkey.id).collect()
}

/// Once, however often it is answered.
pub async fn a_passkey_that_is_added(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                SoftPasskey::new("adas passkey")
            },
            async |browser, passkey| add(browser, passkey).await,
            async |browser, _| passkeys(browser, ADA).await.len() == 1,
        )
        .await;
}

/// Whoever asks again hears that there is none.
pub async fn a_passkey_that_is_removed(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                with_a_passkey(browser).await;
                passkeys(browser, ADA).await.remove(0)
            },
            async |browser, id| browser.post("-/account/passkeys/remove", &[("id", id)]).await,
            async |browser, _| passkeys(browser, ADA).await.is_empty(),
        )
        .await;
}

/// Without a name; the challenge is used up, the passkey is not.
pub async fn a_sign_in_with_a_passkey(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                let passkey = with_a_passkey(browser).await;
                browser.cookies.clear();
                passkey
            },
            async |browser, passkey| enter(browser, passkey).await,
            signed_in,
        )
        .await;
}

/// A user, a passkey and a session, or none of them.
pub async fn a_sign_up_with_a_passkey(stage: &Stage) {
    let sign_up = async |browser: &mut Browser<'_>, passkey: &SoftPasskey| {
        let asked = format!("action=register&email={GRACE}");
        answer(browser, &asked, "callback/passkey", &[("action", "register")], passkey).await
    };
    stage
        .plays_and(
            async |_| SoftPasskey::new("graces passkey"),
            sign_up,
            async |browser, passkey| {
                // Who is there already comes in with it.
                if passkeys(browser, GRACE).await.is_empty() {
                    sign_up(browser, passkey).await
                } else {
                    enter(browser, passkey).await
                }
            },
            async |browser, _| passkeys(browser, GRACE).await.len() == 1 && browser.is_signed_in().await,
        )
        .await;
}

/// After a password.
pub async fn a_second_factor_by_a_passkey(stage: &Stage) {
    stage
        .plays(
            async |browser| {
                ada(browser).await;
                browser.set_up().await;
                let passkey = SoftPasskey::new("adas passkey");
                assert!(add(browser, &passkey).await.is_success());
                browser.cookies.clear();
                passkey
            },
            async |browser, passkey| {
                let half = browser.sign_in(ADA, PASSWORD).await;
                assert!(!browser.is_signed_in().await, "by one factor: {half:?}");
                if half.is_unavailable() {
                    return half;
                }
                answer(browser, "action=authenticate", "-/factor", &[], passkey).await
            },
            signed_in,
        )
        .await;
}

/// For who has one.
pub async fn a_recent_sign_in_by_a_passkey(stage: &Stage) {
    let confirm = async |browser: &mut Browser<'_>, passkey: &SoftPasskey| {
        answer(browser, "action=authenticate", "-/confirm", &[], passkey).await
    };
    stage
        .plays_and(
            async |browser| {
                let passkey = with_a_passkey(browser).await;
                browser.world.clock.advance(HOUR);
                passkey
            },
            confirm,
            async |browser, passkey| {
                let reply = confirm(browser, passkey).await;
                // Or the session from before is over, and the new one never came.
                if is_recent(browser, &()).await { reply } else { enter(browser, passkey).await }
            },
            is_recent,
        )
        .await;
}

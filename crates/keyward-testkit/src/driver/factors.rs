//! Authenticator apps and passkeys.

use std::time::Duration;

use keyward_core::{
    dialect::Dialect,
    method::totp::TotpSecret,
    port::Clock as _,
    reply::{FactorPage, Page, Reply, ReplyBody},
};
use serde_json::Value;

use super::{Browser, PASSWORD, World, json, url};
use crate::{Said, SoftPasskey};

/// Where passkeys are asked for.
pub const ORIGIN: &str = "http://app.test";

/// An authenticator app.
pub struct App(TotpSecret);

impl App {
    /// The code of the period that is so many away.
    #[must_use]
    pub fn code(&self, world: &World, away: i64) -> String {
        self.0.code(world.clock.now().secs().div_euclid(30) + away)
    }
}

/// The page about factors of an answer.
#[must_use]
pub fn factor_page(reply: &Reply) -> &FactorPage {
    match &reply.body {
        ReplyBody::Page(Page::Factor(page)) => page,
        other => unreachable!("no page of ours: {other:?}, status {}", reply.status),
    }
}

/// Holds that it is no session, and that the client of this dialect reads why.
pub fn assert_needs_factor(dialect: Dialect, reply: &Reply) {
    let url = url(reply);
    assert_eq!(reply.status, 401, "{url}");
    assert!(url.starts_with("http://app.test/api/auth/-/factor?error=SecondFactorRequired"), "{url}");
    assert_eq!(url.contains("code=SecondFactorRequired"), dialect == Dialect::AuthJs5, "{url}");
}

/// Somebody with an app, and nobody signed in.
pub async fn protected(world: &World, email: &str) -> (App, Vec<String>) {
    let mut browser = world.browser();
    browser.sign_up(email).await;
    browser.set_up().await
}

impl Browser<'_> {
    /// Sets an app up for who is signed in. Gives it and the recovery codes.
    pub async fn set_up(&mut self) -> (App, Vec<String>) {
        let (app, set_up) = self.begin_set_up().await;
        let code = app.code(self.world, 0);
        let done = self.post("-/account/totp", &[("setUp", &set_up), ("code", &code)]).await;
        let FactorPage::Codes { codes, .. } = factor_page(&done) else { unreachable!("{done:?}") };
        self.world.clock.advance(Duration::from_secs(30));
        (app, codes.iter().map(|code| code.expose().to_owned()).collect())
    }

    /// An app that shows codes already, and what its form carries.
    pub async fn begin_set_up(&mut self) -> (App, String) {
        let shown = self.get("-/account/totp").await;
        let FactorPage::SetUpApp { secret, set_up, .. } = factor_page(&shown) else {
            unreachable!("{shown:?}")
        };
        (App(TotpSecret::read(secret.expose()).expect("a secret")), set_up.clone())
    }

    /// What a passkey is asked: to `register` or to `authenticate`.
    pub async fn asked(&mut self, action: &str) -> Value {
        json(&self.get(&format!("webauthn-options/passkey?action={action}")).await)["options"].clone()
    }

    /// Adds a passkey to who is signed in.
    pub async fn add_passkey(&mut self, passkey: &SoftPasskey) -> Reply {
        let asked = self.asked("register").await;
        let said = Said::on(ORIGIN, asked["challenge"].as_str().expect("a challenge"));
        self.post("-/account/passkeys", &[("data", &passkey.register(&said)), ("name", "Phone")]).await
    }

    /// What a passkey answers to a challenge of its own.
    pub async fn answer_with(&mut self, passkey: &SoftPasskey) -> String {
        let asked = self.asked("authenticate").await;
        passkey.authenticate(&Said::on(ORIGIN, asked["challenge"].as_str().expect("a challenge")), None)
    }

    /// Signs in with nothing but a passkey.
    pub async fn sign_in_with(&mut self, passkey: &SoftPasskey) -> Reply {
        let answer = self.answer_with(passkey).await;
        let fields = [("action", "authenticate"), ("data", answer.as_str()), ("callbackUrl", "/dash")];
        self.post("callback/passkey", &fields).await
    }

    /// Signs in with [`PASSWORD`] and shows a code.
    pub async fn sign_in_by_both(&mut self, email: &str, code: &str) -> Reply {
        self.sign_in(email, PASSWORD).await;
        self.post("-/factor", &[("code", code)]).await
    }
}

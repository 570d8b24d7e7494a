//! Rules that fail after they let somebody in: about the token, the session or the landing place (A2, A3, C6;
//! protocol notes §8).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use keyward_core::{
    claims::Claims,
    dialect::Dialect,
    error::{Code, Refusal},
    event::EventKind,
    method::passkey::PasskeySettings,
    reply::Reply,
    request::{Body, Method},
    rules::{Candidate, Rules, Trigger},
    settings::Strategy,
};
use keyward_testkit::{Operation, SoftPasskey};
use serde_json::{Map, Value, json};

use crate::support::{
    ADA, ALL, BOTH, Browser, FakeProvider, Options, PASSWORD, Person, World, build, json as parsed,
};

/// The rules that are asked after `sign_in`.
const LATER: [&str; 3] = ["jwt", "session", "redirect"];

/// Ways in. Nobody is known beforehand, but who comes with a password or a passkey.
const WAYS: [&str; 6] = ["sign-up", "password", "back end", "link", "provider", "passkey"];

/// Fails where it is named, while it is broken.
struct Failing {
    at: &'static str,
    is_broken: AtomicBool,
}

impl Failing {
    fn answer<T>(&self, asked: &str, well: T) -> Result<T, Refusal> {
        let fails = self.at == asked && self.is_broken.load(Ordering::SeqCst);
        if fails { Err(Refusal::new(Code::HookUnavailable).because("down")) } else { Ok(well) }
    }
}

#[async_trait]
impl Rules for Failing {
    async fn token(
        &self,
        _: &Claims,
        _: Trigger,
        _: Option<&Candidate>,
        _: Option<&Value>,
    ) -> Result<Map<String, Value>, Refusal> {
        self.answer("jwt", Map::new())
    }

    async fn session(&self, _: &Value, _: &Claims) -> Result<Map<String, Value>, Refusal> {
        self.answer("session", Map::new())
    }

    async fn redirect(&self, _: &str, _: &str) -> Result<Option<String>, Refusal> {
        self.answer("redirect", None)
    }
}

fn world(at: &'static str, dialect: Dialect, strategy: Strategy) -> (World, Arc<Failing>) {
    let rule = Arc::new(Failing { at, is_broken: AtomicBool::new(false) });
    let mut options = Options {
        rules: vec![Arc::clone(&rule) as _],
        events: EventKind::DEFAULT.to_vec(),
        passkeys: Some(PasskeySettings::default()),
        redirects: vec![FakeProvider::listed("hub")],
        ..Options::new(dialect, strategy)
    };
    options.session.update = vec!["name".to_owned()];
    (build(options), rule)
}

/// What somebody has before they come.
struct Prepared {
    passkey: SoftPasskey,
    link: String,
}

async fn prepared(world: &World, way: &str) -> Prepared {
    let passkey = SoftPasskey::new("adas passkey");
    let mut browser = world.browser();
    let link = if way == "link" { browser.link("email", ADA).await } else { String::new() };
    if way == "password" || way == "passkey" {
        browser.sign_up(ADA).await;
    }
    if way == "passkey" {
        browser.add_passkey(&passkey).await;
    }
    Prepared { passkey, link }
}

async fn come(browser: &mut Browser<'_>, way: &str, prepared: &Prepared) -> Reply {
    match way {
        "sign-up" => browser.sign_up(ADA).await,
        "password" => browser.sign_in(ADA, PASSWORD).await,
        "back end" => {
            browser.world.http.json(200, &json!({"id": "u7", "email": ADA}));
            browser.post("callback/login", &[("email", ADA), ("password", "pw")]).await
        }
        "link" => browser.get(&prepared.link).await,
        "provider" => browser.sign_in_at("hub", &Person { id: "7", email: ADA }).await,
        _ => browser.sign_in_with(&prepared.passkey).await,
    }
}

#[tokio::test]
async fn a_rule_that_fails_about_token_session_or_landing_lets_nobody_in_and_leaves_nothing_half_made() {
    for dialect in ALL {
        for strategy in BOTH {
            for (at, way) in LATER.into_iter().flat_map(|at| WAYS.map(|way| (at, way))) {
                let told = format!("{dialect:?} {strategy:?} {way}, {at}");
                let (world, rule) = world(at, dialect, strategy);
                let prepared = prepared(&world, way).await;
                let before = (world.store.writes().len(), world.user(ADA).await);
                world.told().await;

                rule.is_broken.store(true, Ordering::SeqCst);
                let mut browser = world.browser();
                let reply = come(&mut browser, way, &prepared).await;
                let (code, detail) = reply.refused.clone().expect(&told);
                assert_eq!((code, detail.as_deref()), ("hook_unavailable", Some("down")), "{told}");
                assert_eq!(browser.session_cookie(), None, "{told}");
                assert!(!browser.is_signed_in().await, "{told}");
                // But for the audit trail, the attempt alone: what a provider answered is not taken a second time.
                let spent = if way == "provider" { vec![Operation::IssueTicket] } else { vec![] };
                let mut made = world.store.writes().split_off(before.0);
                made.retain(|written| *written != Operation::WriteEvents);
                assert_eq!(made, spent, "{told}");
                assert_eq!(world.user(ADA).await, before.1, "{told}");
                assert_eq!(world.told().await, [], "{told}");

                // Nothing is in the way of the next try: the address is free, the link still good.
                rule.is_broken.store(false, Ordering::SeqCst);
                let reply = come(&mut browser, way, &prepared).await;
                assert_eq!(reply.refused, None, "{told}");
                assert!(browser.is_signed_in().await, "{told}");
            }
        }
    }
}

#[tokio::test]
async fn b3_an_update_at_which_a_rule_fails_changes_nothing_and_ends_nothing() {
    for dialect in [Dialect::NextAuth4, Dialect::AuthJs5] {
        for strategy in BOTH {
            for at in ["jwt", "session"] {
                let told = format!("{dialect:?} {strategy:?} {at}");
                let (world, rule) = world(at, dialect, strategy);
                let mut browser = world.browser();
                browser.sign_up(ADA).await;
                let (cookie, writes) = (browser.session_cookie().map(str::to_owned), world.store.writes());
                rule.is_broken.store(true, Ordering::SeqCst);
                let body = json!({"csrfToken": browser.csrf().await, "data": {"name": "Countess"}});
                let body = Body::Json(body.as_object().cloned().expect("an object"));
                let reply = browser.send(Method::Post, "session", body.clone()).await;
                assert_eq!(reply.status, 503, "{told}");
                assert_eq!(reply.refused.expect(&told).0, "hook_unavailable", "{told}");
                assert_eq!(browser.session_cookie(), cookie.as_deref(), "{told}: the cookie is kept");
                assert_eq!(world.store.writes(), writes, "{told}");
                // A read asks nobody.
                assert_eq!(browser.session().await["user"]["name"], "Ada", "{told}");

                rule.is_broken.store(false, Ordering::SeqCst);
                let updated = parsed(&browser.send(Method::Post, "session", body).await);
                assert_eq!(updated["user"]["name"], "Countess", "{told}");
            }
        }
    }
}

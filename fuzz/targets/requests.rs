//! Whole requests from strangers, through the routes to the engine and back.
//!
//! The input's first line is a method and a target, the second a `Cookie`, the third a `Content-Type`, the rest a
//! body. Whatever it says: an answer below 500, and no session.
#![no_main]

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{Router, body::Body};
use http::{Request, header};
use keyward_axum::{Auth, EdgeSettings, routes};
use keyward_core::{
    address::PublicUrl,
    dialect::Dialect,
    engine::{Engine, Ports},
    method::{
        email::EmailProvider,
        password::{PasswordSignIn, PasswordSignUp, Strength},
    },
    secret::Secret,
    settings::{Provider, Settings},
};
use keyward_testkit::{CountingHasher, FakeClock, MemoryStore, NoLimits, Outbox, SeededRandom};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

static ROUTERS: LazyLock<[Router; 3]> =
    LazyLock::new(|| [Dialect::NextAuth3, Dialect::NextAuth4, Dialect::AuthJs5].map(router));

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (target, cookie, content_type, body) = (line(), line(), line(), line());
    let space = target.iter().position(|byte| *byte == b' ').unwrap_or(0);
    let (method, target) = target.split_at(space);
    let target = std::str::from_utf8(target).unwrap_or_default().trim();
    for router in ROUTERS.iter() {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/auth/{target}"))
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body.to_vec()));
        // What is no request never arrives.
        let Ok(request) = request else { return };
        let answer = RUNTIME.block_on(router.clone().oneshot(request)).expect("routes always answer");
        // The page for `error=Configuration` has this status in every generation.
        assert!(answer.status().as_u16() <= 500, "{}", answer.status());
        assert!(answer.status().as_u16() < 500 || target.to_lowercase().contains("configuration"));
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("cookies are ASCII");
            let (name, rest) = line.split_once('=').expect("name=value");
            assert!(!name.contains("session-token") || rest.contains("Max-Age=0"), "{line}");
        }
    }
});

fn router(dialect: Dialect) -> Router {
    let (store, hasher) = (Arc::new(MemoryStore::default()), Arc::new(CountingHasher::default()));
    let random = Arc::new(SeededRandom::new(1));
    let sign_up = PasswordSignUp {
        hasher: hasher.clone(),
        random: random.clone(),
        strength: Strength(4),
        reveals_existing: false,
    };
    let sign_in = PasswordSignIn { store: store.clone(), hasher };
    let provider = |id: &str, check| Provider {
        id: id.to_owned(),
        name: id.to_owned(),
        fields: Vec::new(),
        check,
        on_sign_in_page: true,
    };
    let public = PublicUrl::new("https://app.test", "/api/auth").expect("a public address");
    let secrets = vec![Secret::from("a secret that no input of this target knows, at all")];
    let settings = Settings {
        providers: vec![provider("credentials", Arc::new(sign_in)), provider("signup", Arc::new(sign_up))],
        emails: vec![links()],
        sign_up_provider: Some("signup".to_owned()),
        ..Settings::new(dialect, public, secrets)
    };
    let ports = Ports {
        store,
        limiter: Arc::new(NoLimits),
        clock: Arc::new(FakeClock::default()),
        random,
        session_fields: None,
        rules: Vec::new(),
    };
    routes(&Auth::new(Arc::new(Engine::new(settings, ports)), EdgeSettings::default()))
}

/// Links in mails, whose page with a button shows what a stranger wrote into the address.
fn links() -> EmailProvider {
    let mail = Arc::new(Outbox::default());
    EmailProvider {
        id: "email".to_owned(),
        name: "Email".to_owned(),
        max_age: Duration::from_secs(60 * 60),
        confirm_page: true,
        sign_up: true,
        on_sign_in_page: true,
        mailer: Arc::clone(&mail) as _,
        letters: mail,
    }
}

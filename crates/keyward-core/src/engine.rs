//! The engine: settings and ports, and the one way through.

use std::sync::Arc;

use crate::{
    dialect::{decode, render, token::TokenKeys},
    error::Refusal,
    flow::{self, Exchange},
    port::{Clock, Limiter, Random, Store, StoreError},
    reply::Reply,
    request::{Pairs, Request},
    session::{self, EndedSessions, SessionFields, View},
    settings::Settings,
    time::Timestamp,
};

/// The world as the engine sees it.
#[derive(Clone)]
pub struct Ports {
    /// Users and sessions.
    pub store: Arc<dyn Store>,
    /// Rate limits.
    pub limiter: Arc<dyn Limiter>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The embedder's own session fields.
    pub session_fields: Option<Arc<dyn SessionFields>>,
}

/// Answers requests under the base path. One per process, shared by reference.
pub struct Engine {
    settings: Settings,
    ports: Ports,
    plain_keys: TokenKeys,
    secure_keys: TokenKeys,
    ended: EndedSessions,
}

impl Engine {
    /// Derives the keys. The settings have been checked by whoever built them.
    #[must_use]
    pub fn new(settings: Settings, ports: Ports) -> Self {
        let keys = |secure| {
            let name = settings.dialect.cookie_names(secure).session;
            TokenKeys::derive(settings.dialect, &settings.secrets, name)
        };
        let (plain_keys, secure_keys) = (keys(false), keys(true));
        Self { settings, ports, plain_keys, secure_keys, ended: EndedSessions::default() }
    }

    /// Answers one request: decode, carry out, render.
    pub async fn answer(&self, request: Request) -> Reply {
        let action = decode::decode(&self.settings, &request);
        let (mut exchange, sound) = Exchange::begin(self, &request);
        match action.and_then(|action| sound.map(|()| action)) {
            Ok(action) => {
                let outcome = flow::carry_out(self, action, &mut exchange).await;
                render::outcome(&self.settings, &exchange, outcome)
            }
            Err(why) => render::misdirected(&self.settings, &exchange, why),
        }
    }

    /// The session that a request to the application carries, as a cookie or as a bearer token (C4). Reads
    /// only: nothing is renewed.
    pub async fn session(
        &self,
        cookies: &Pairs,
        secure: bool,
        bearer: Option<&str>,
    ) -> Result<Option<View>, Refusal> {
        let names = self.settings.dialect.cookie_names(secure);
        let token = self.settings.dialect.session_token(cookies, &names);
        let Some(token) = token.or_else(|| bearer.map(str::to_owned)) else { return Ok(None) };
        let live = session::open(self, &token, secure, self.now()).await?;
        Ok(live
            .map(|live| View { body: session::body(self, &live.claims, live.expires), claims: live.claims }))
    }

    /// Takes over what other processes ended. Called about once a second.
    pub async fn follow_endings(&self) -> Result<(), StoreError> {
        self.ended.follow(self.ports.store.as_ref(), self.now()).await
    }

    /// Deletes what expired. Says how many rows went.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        self.ports.store.sweep(self.now()).await
    }

    /// Whether requests can be answered.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.ports.store.ready().await
    }

    /// The deployment's settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Draws random bytes from the engine's source.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        self.ports.random.as_ref()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.ports.store.as_ref()
    }

    pub(crate) fn limiter(&self) -> &dyn Limiter {
        self.ports.limiter.as_ref()
    }

    pub(crate) fn session_fields(&self) -> Option<&dyn SessionFields> {
        self.ports.session_fields.as_deref()
    }

    pub(crate) fn token_keys(&self, secure: bool) -> &TokenKeys {
        if secure { &self.secure_keys } else { &self.plain_keys }
    }

    pub(crate) fn ended(&self) -> &EndedSessions {
        &self.ended
    }
}

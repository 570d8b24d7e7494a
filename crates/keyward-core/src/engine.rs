//! The engine: the one way through, from request to reply.

use std::borrow::Cow;

pub use crate::deployment::Ports;
use crate::{
    deployment::Deployment,
    error::Refusal,
    exchange::Exchange,
    flow,
    mail::Mail,
    people::People,
    port::{Random, SessionId, StoreError},
    reply::Reply,
    request::{Pairs, Request},
    session::{self, View},
    settings::Settings,
    surface::{decode, render},
    time::Timestamp,
};

/// Clients and accounts whose failures are remembered: some 20 MB. An attack from everywhere is forgotten sooner.
const MOST_FAILURES: u64 = 200_000;

/// Answers requests under the base path. One per process, shared by reference.
pub struct Engine {
    deployment: Deployment,
}

impl Engine {
    /// Derives the keys. The settings have been checked by whoever built them.
    #[must_use]
    pub fn new(settings: Settings, ports: Ports) -> Self {
        Self { deployment: Deployment::new(settings, ports) }
    }

    /// Answers one request: decode, carry out, render.
    pub async fn answer(&self, request: Request) -> Reply {
        let settings = self.settings();
        let action = decode::decode(settings, &request);
        let (mut exchange, sound) = Exchange::begin(&self.deployment, &request);
        match action.and_then(|action| sound.map(|()| action)) {
            Ok(action) => {
                let outcome = flow::carry_out(&self.deployment, action, &mut exchange).await;
                render::outcome(settings, &exchange, outcome)
            }
            Err(why) => render::misdirected(settings, &exchange, why),
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
        let dialect = self.settings().dialect;
        let token = dialect.session_token(cookies, &dialect.cookie_names(secure));
        let Some(token) = token.or_else(|| bearer.map(Cow::Borrowed)) else { return Ok(None) };
        session::view(&self.deployment, &token, secure).await
    }

    /// People and their sessions, for who runs the deployment.
    #[must_use]
    pub const fn people(&self) -> People<'_> {
        People::of(&self.deployment)
    }

    /// From now on `listener` hears of each session that was ended or changed, by whichever process. There is one.
    pub fn on_session_change(&self, listener: Box<dyn Fn(&SessionId) + Send + Sync>) {
        self.deployment.changes().listen(listener);
    }

    /// True if a session was ended before its time.
    #[must_use]
    pub fn has_ended(&self, session: &SessionId) -> bool {
        self.deployment.changes().has_ended(&session.0)
    }

    /// Takes over what other processes ended and changed. Called at least once a second.
    pub async fn follow_changes(&self) -> Result<(), StoreError> {
        let deployment = &self.deployment;
        deployment.changes().follow(deployment.store(), deployment.now()).await
    }

    /// Deletes what expired. Says how many rows went.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        let (store, now, audit) = (self.deployment.store(), self.deployment.now(), &self.settings().audit);
        let rows = store.sweep(now).await?;
        let trimmed = store.trim_audit(now.minus(audit.keep), audit.refusals).await?;
        Ok(rows + trimmed + store.cap_failures(MOST_FAILURES).await?)
    }

    /// Follows the keys that sign access tokens and adds the next one when it is time; nothing where there are no tokens
    /// for programs. Called at the start, and from then on at least every minute.
    pub async fn maintain_keys(&self) -> Result<(), StoreError> {
        let deployment = &self.deployment;
        let Some(tokens) = &self.settings().tokens else { return Ok(()) };
        let (ring, random) = (deployment.key_ring(), deployment.random());
        ring.maintain(tokens, deployment.store(), random, deployment.now()).await
    }

    /// A mail that waited, as it is to be sent. `None`: it was sealed with a key that is gone.
    #[must_use]
    pub fn open_mail(&self, sealed: &str) -> Option<Mail> {
        self.deployment.mail_seal().open(sealed)
    }

    /// Whether requests can be answered.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.deployment.store().ready().await
    }

    /// The deployment's settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.deployment.settings()
    }

    /// Now, by the engine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.deployment.now()
    }

    /// Draws random bytes from the engine's source.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        self.deployment.random()
    }
}

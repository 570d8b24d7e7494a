//! Sessions: opened at sign-in, read and renewed, ended. Sealed in the cookie or stored in the ledger (C3).

mod ended;
mod view;

use std::time::Duration;

use keyward_jose::digest::sha256;
use serde_json::Value;

pub use self::{
    ended::EndedSessions,
    view::{SessionFields, View, body},
};
use crate::{
    claims::Claims,
    dialect::cookies::SessionCookie,
    engine::Engine,
    error::{Code, Refusal},
    flow::Exchange,
    port::{Ending, NewSession, Random, SessionId, StoreError, TokenHash},
    settings::Strategy,
    time::Timestamp,
};

/// An ended session is remembered a little longer than any token of it may live.
const MARGIN: Duration = Duration::from_secs(60);

/// Longest `User-Agent` that is kept, in characters.
const MAX_USER_AGENT: usize = 256;

/// A session that is alive.
#[derive(Clone, Debug)]
pub struct Live {
    /// What it says.
    pub claims: Claims,
    /// When it ends unless renewed.
    pub expires: Timestamp,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    Sealed,
    Stored(TokenHash),
}

/// A session about to be opened: its record for the store and the secret for the cookie.
pub struct Opening {
    /// What the ledger keeps.
    pub record: NewSession,
    claims: Claims,
    token: Option<String>,
}

impl Opening {
    /// Draws ids for a new session that says `claims`.
    #[must_use]
    pub fn prepare(engine: &Engine, exchange: &Exchange<'_>, mut claims: Claims) -> Self {
        let settings = &engine.settings().session;
        let id = uuid(engine.random());
        claims.set("sid", id.clone());
        let token = match settings.strategy {
            Strategy::Sealed => None,
            Strategy::Stored => {
                let mut bytes = [0; 32];
                engine.random().fill(&mut bytes);
                Some(hex::encode(bytes))
            }
        };
        let user_agent = exchange.request.user_agent.as_deref();
        let record = NewSession {
            id: SessionId(id),
            token: token.as_deref().map(hash_of),
            claims: if token.is_some() { claims.clone() } else { Claims::default() },
            created: exchange.now,
            expires: exchange.now.plus(settings.max_age),
            user_agent: user_agent.map(|text| text.chars().take(MAX_USER_AGENT).collect()),
        };
        Self { record, claims, token }
    }

    /// The cookie of the session, once its record stands.
    pub fn cookie(mut self, engine: &Engine, exchange: &Exchange<'_>) -> Result<SessionCookie, Refusal> {
        match self.token {
            Some(token) => Ok(SessionCookie::Set { token, expires: self.record.expires }),
            None => seal(engine, &mut self.claims, exchange),
        }
    }
}

/// The live session behind a token; `None` if there is none.
pub async fn open(
    engine: &Engine,
    token: &str,
    secure: bool,
    now: Timestamp,
) -> Result<Option<Live>, StoreError> {
    match engine.settings().session.strategy {
        Strategy::Sealed => Ok(open_sealed(engine, token, secure, now)),
        Strategy::Stored => open_stored(engine, token, now).await,
    }
}

/// Costs no store round trip (invariant 11).
fn open_sealed(engine: &Engine, token: &str, secure: bool, now: Timestamp) -> Option<Live> {
    let claims = engine.token_keys(secure).open(token, now)?;
    let ended = claims.text("sid").is_some_and(|id| engine.ended().contains(id));
    let expires = now.plus(engine.settings().session.max_age);
    (!ended).then_some(Live { claims, expires, kept: Kept::Sealed })
}

/// Costs one: the row by its key.
async fn open_stored(engine: &Engine, token: &str, now: Timestamp) -> Result<Option<Live>, StoreError> {
    let hash = hash_of(token);
    let Some(row) = engine.store().session(&hash).await? else { return Ok(None) };
    if row.expires <= now {
        // The clean-up job would get to it; nobody has to wait for that (lesson 48).
        engine.store().end_session(&Ending::Token(hash), now).await?;
        return Ok(None);
    }
    Ok(Some(Live { claims: row.claims, expires: row.expires, kept: Kept::Stored(hash) }))
}

/// Prolongs a session and says what its client sees. `None`: it was ended in the meantime (invariant 8).
pub async fn renew(
    engine: &Engine,
    mut live: Live,
    changed: bool,
    exchange: &Exchange<'_>,
) -> Result<Option<(Value, SessionCookie)>, Refusal> {
    let body = view::body(engine, &live.claims, live.expires);
    let hash = match live.kept {
        Kept::Sealed => return seal(engine, &mut live.claims, exchange).map(|cookie| Some((body, cookie))),
        Kept::Stored(hash) => hash,
    };
    let settings = &engine.settings().session;
    let expires = exchange.now.plus(settings.max_age);
    let due = live.expires.minus(settings.max_age).plus(settings.update_age) <= exchange.now;
    if due || changed {
        let claims = changed.then_some(&live.claims);
        if !engine.store().renew_session(&hash, claims, expires).await? {
            return Ok(None);
        }
    }
    let token = exchange.session_token(engine).unwrap_or_default();
    Ok(Some((body, SessionCookie::Set { token, expires })))
}

fn seal(engine: &Engine, claims: &mut Claims, exchange: &Exchange<'_>) -> Result<SessionCookie, Refusal> {
    let max_age = engine.settings().session.max_age;
    let keys = engine.token_keys(exchange.request.public.is_secure());
    let token = keys
        .seal(claims, exchange.now, max_age, engine.random())
        .map_err(|error| Refusal::new(Code::Configuration).because(error.to_string()))?;
    Ok(SessionCookie::Set { token, expires: exchange.now.plus(max_age) })
}

/// Ends the session behind a token. Tokens that are none are as good as ended.
pub async fn end(engine: &Engine, token: &str, exchange: &Exchange<'_>) -> Result<(), StoreError> {
    let until = exchange.now.plus(engine.settings().session.max_age).plus(MARGIN);
    match engine.settings().session.strategy {
        Strategy::Stored => engine.store().end_session(&Ending::Token(hash_of(token)), until).await,
        Strategy::Sealed => {
            let claims = engine.token_keys(exchange.request.public.is_secure()).open(token, exchange.now);
            // Sealed by the original, or by an application: it has no record here and lives until its `exp`.
            let Some(id) = claims.as_ref().and_then(|claims| claims.text("sid")) else { return Ok(()) };
            let id = SessionId(id.to_owned());
            engine.store().end_session(&Ending::Id(id.clone()), until).await?;
            engine.ended().insert(id, until);
            Ok(())
        }
    }
}

/// Ends the session that a new sign-in replaces. The new one has ids of its own, so a store that fails now
/// costs no safety: it is logged.
pub async fn end_replaced(engine: &Engine, token: &str, exchange: &Exchange<'_>) {
    if let Err(error) = end(engine, token, exchange).await {
        tracing::warn!(%error, "the replaced session could not be ended; it lives until it expires");
    }
}

/// The hash under which the ledger knows a token.
#[must_use]
pub fn hash_of(token: &str) -> TokenHash {
    TokenHash(sha256(&[token.as_bytes()]))
}

/// A random UUID (version 4).
#[must_use]
pub fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

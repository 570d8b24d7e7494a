//! Sessions: opened at sign-in, read and renewed, ended. Sealed in the cookie or stored in the ledger (C3).

mod view;

use std::time::Duration;

use keyward_jose::digest::sha256;
use serde_json::Value;

pub use self::view::View;
pub use crate::port::SessionFields;
use crate::{
    claims::Claims,
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::{Code, Refusal},
    event::NewEvent,
    exchange::Exchange,
    policy::recent::AUTH_TIME,
    port::{Ending, NewSession, SessionId, StoreError, TokenHash, uuid},
    settings::Strategy,
    time::Timestamp,
};

/// An ended session is remembered a little longer than any token of it may live: clocks differ, and a process
/// may renew it for a second more before it hears of the ending.
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
    pub fn prepare(deployment: &Deployment, exchange: &Exchange<'_>, mut claims: Claims) -> Self {
        let settings = &deployment.settings().session;
        let id = uuid(deployment.random());
        claims.set("sid", id.clone());
        // Who adds an account has proven nothing anew; their flow says so.
        if claims.get(AUTH_TIME).is_none() {
            claims.set(AUTH_TIME, exchange.now.secs());
        }
        let token = match settings.strategy {
            Strategy::Sealed => {
                claims.set("seen", exchange.now.secs());
                None
            }
            Strategy::Stored => {
                let mut bytes = [0; 32];
                deployment.random().fill(&mut bytes);
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
            via: None,
        };
        Self { record, claims, token }
    }

    /// The cookie of the session, once its record stands.
    pub fn cookie(
        mut self,
        deployment: &Deployment,
        exchange: &Exchange<'_>,
    ) -> Result<SessionCookie, Refusal> {
        match self.token {
            Some(token) => Ok(SessionCookie::Set { token, expires: self.record.expires }),
            None => seal(deployment, &mut self.claims, exchange),
        }
    }
}

/// The live session behind a token; `None` if there is none.
pub async fn open(
    deployment: &Deployment,
    token: &str,
    secure: bool,
    now: Timestamp,
) -> Result<Option<Live>, StoreError> {
    match deployment.settings().session.strategy {
        Strategy::Sealed => Ok(open_sealed(deployment, token, secure, now)),
        Strategy::Stored => open_stored(deployment, token, now).await,
    }
}

/// The live session behind a token, as an application on the same host reads it. Nothing is renewed.
pub async fn view(deployment: &Deployment, token: &str, secure: bool) -> Result<Option<View>, StoreError> {
    let live = open(deployment, token, secure, deployment.now()).await?;
    Ok(live
        .map(|live| View { body: view::body(deployment, &live.claims, live.expires), claims: live.claims }))
}

/// What a session that holds `claims` would show now: what a rule is asked about.
#[must_use]
pub fn shown(deployment: &Deployment, claims: &Claims, now: Timestamp) -> Value {
    view::body(deployment, claims, now.plus(deployment.settings().session.max_age))
}

/// Costs no store round trip (invariant 11).
fn open_sealed(deployment: &Deployment, token: &str, secure: bool, now: Timestamp) -> Option<Live> {
    let claims = deployment.token_keys(secure).open(token, now)?;
    let ended = claims.text("sid").is_some_and(|id| deployment.ended().contains(id));
    let max_age = deployment.settings().session.max_age;
    // Its record is over, and by the record it would have been ended: a token that was renewed since the record
    // was last kept must not outlive it (lesson 56).
    let outlives_record = claims.time("seen").is_some_and(|seen| seen.plus(max_age) <= now);
    let expires = now.plus(max_age);
    (!ended && !outlives_record).then_some(Live { claims, expires, kept: Kept::Sealed })
}

/// Costs one: the row by its key.
async fn open_stored(
    deployment: &Deployment,
    token: &str,
    now: Timestamp,
) -> Result<Option<Live>, StoreError> {
    let hash = hash_of(token);
    let Some(row) = deployment.store().session(&hash).await? else { return Ok(None) };
    if row.expires <= now {
        // The clean-up job would get to it; nobody has to wait for that (lesson 48).
        deployment.store().end_session(&Ending::Token(hash), now, &[]).await?;
        return Ok(None);
    }
    Ok(Some(Live { claims: row.claims, expires: row.expires, kept: Kept::Stored(hash) }))
}

/// Prolongs a session and says what its client sees. `None`: it was ended in the meantime (invariant 8).
pub async fn renew(
    deployment: &Deployment,
    mut live: Live,
    changed: bool,
    exchange: &Exchange<'_>,
) -> Result<Option<(String, SessionCookie)>, Refusal> {
    let body = view::text(deployment, &live.claims, live.expires);
    let hash = match live.kept {
        Kept::Stored(hash) => hash,
        Kept::Sealed if keep_record(deployment, &mut live.claims, exchange.now).await => {
            return seal(deployment, &mut live.claims, exchange).map(|cookie| Some((body, cookie)));
        }
        Kept::Sealed => return Ok(None),
    };
    let settings = &deployment.settings().session;
    let expires = exchange.now.plus(settings.max_age);
    let due = live.expires.minus(settings.max_age).plus(settings.update_age) <= exchange.now;
    if due || changed {
        let claims = changed.then_some(&live.claims);
        if !deployment.store().renew_session(&hash, claims, expires).await? {
            return Ok(None);
        }
    }
    let token = exchange.session_token(deployment).unwrap_or_default().into_owned();
    Ok(Some((body, SessionCookie::Set { token, expires })))
}

/// Lets the record of a sealed session live as long as its tokens: by it the session is found when its person is
/// deleted (lesson 56). One write per update age; every other read asks nobody. False if the session is over.
async fn keep_record(deployment: &Deployment, claims: &mut Claims, now: Timestamp) -> bool {
    let settings = &deployment.settings().session;
    let every = settings.update_age.min(settings.max_age / 2);
    let due = claims.time("seen").is_none_or(|seen| seen.plus(every) <= now);
    // Without an id it was sealed by the original and has no record.
    let Some(id) = claims.text("sid").filter(|_| due).map(|id| SessionId(id.to_owned())) else { return true };
    match deployment.store().touch_session(&id, now.plus(settings.max_age)).await {
        Ok(true) => claims.set("seen", now.secs()),
        Ok(false) => return false,
        // The next read tries again.
        Err(error) => tracing::warn!(%error, "the record of a sealed session could not be kept"),
    }
    true
}

fn seal(
    deployment: &Deployment,
    claims: &mut Claims,
    exchange: &Exchange<'_>,
) -> Result<SessionCookie, Refusal> {
    let max_age = deployment.settings().session.max_age;
    let keys = deployment.token_keys(exchange.request.public.is_secure());
    let token = keys
        .seal(claims, exchange.now, max_age, deployment.random())
        .map_err(|error| Refusal::new(Code::SessionTooLarge).because(error.to_string()))?;
    Ok(SessionCookie::Set { token, expires: exchange.now.plus(max_age) })
}

/// Until when a session that is ended now has to be remembered: until no token of it can be alive.
#[must_use]
pub fn remembered_until(now: Timestamp, max_age: Duration) -> Timestamp {
    now.plus(max_age).plus(MARGIN)
}

/// Ends the session behind a token, and tells it by `events`. Tokens that are none are as good as ended.
pub async fn end(
    deployment: &Deployment,
    token: &str,
    exchange: &Exchange<'_>,
    events: &[NewEvent],
) -> Result<(), StoreError> {
    let until = remembered_until(exchange.now, deployment.settings().session.max_age);
    match deployment.settings().session.strategy {
        Strategy::Stored => {
            deployment.store().end_session(&Ending::Token(hash_of(token)), until, events).await
        }
        Strategy::Sealed => {
            let claims = deployment.token_keys(exchange.request.public.is_secure()).open(token, exchange.now);
            // Sealed by the original, or by an application: it has no record here and lives until its `exp`.
            let Some(id) = claims.as_ref().and_then(|claims| claims.text("sid")) else { return Ok(()) };
            end_by_id(deployment, &SessionId(id.to_owned()), until, events).await
        }
    }
}

async fn end_by_id(
    deployment: &Deployment,
    id: &SessionId,
    until: Timestamp,
    events: &[NewEvent],
) -> Result<(), StoreError> {
    deployment.store().end_session(&Ending::Id(id.clone()), until, events).await?;
    deployment.ended().insert(id.clone(), until);
    Ok(())
}

/// Ends the session that a new sign-in replaces. The new one has ids of its own, so a store that fails now
/// costs no safety: it is logged.
pub async fn end_replaced(deployment: &Deployment, token: &str, exchange: &Exchange<'_>) {
    note_unended(end(deployment, token, exchange, &[]).await);
}

/// As [`end_replaced`], for a session whose cookie did not come along.
pub async fn end_replaced_by_id(deployment: &Deployment, id: &SessionId, exchange: &Exchange<'_>) {
    let until = remembered_until(exchange.now, deployment.settings().session.max_age);
    note_unended(end_by_id(deployment, id, until, &[]).await);
}

/// Takes over what an admission ended: here too, and not a second later.
pub async fn follow_endings(deployment: &Deployment, exchange: &Exchange<'_>) {
    if let Err(error) = deployment.ended().follow(deployment.store(), exchange.now).await {
        tracing::warn!(%error, "ended sessions could not be read; they are within a second");
    }
}

fn note_unended(ended: Result<(), StoreError>) {
    if let Err(error) = ended {
        tracing::warn!(%error, "the replaced session could not be ended; it lives until it expires");
    }
}

/// The hash under which the ledger knows a token.
#[must_use]
pub fn hash_of(token: &str) -> TokenHash {
    TokenHash(sha256(&[token.as_bytes()]))
}

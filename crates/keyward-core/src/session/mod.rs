//! Sessions: opened at sign-in, read and renewed, ended. Sealed in the cookie or stored in the ledger (C3).

mod adopt;
mod end;
pub mod foreign;
mod members;
mod view;

use std::sync::Arc;

use keyward_jose::digest::sha256;
use serde_json::Value;

pub use self::{
    end::{end, end_of_program, follow_changes, remembered_until, replacing, take_over_changes},
    view::View,
};
pub use crate::port::SessionFields;
use crate::{
    changes::Standing,
    claims::Claims,
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::{Code, Refusal},
    exchange::Exchange,
    overlay::Overlay,
    policy::{assurance, recent::AUTH_TIME},
    port::{
        Ending, NewClaims, NewGrant, NewSession, Renewed, Replaced, SessionId, StoreError, TokenHash,
        network, uuid_of,
    },
    request::Request,
    settings::Strategy,
    time::Timestamp,
    tokens::refresh::RefreshToken,
    user::Extra,
    vault::Trouble,
};

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
    trouble: Option<Trouble>,
}

#[derive(Clone, Debug)]
enum Kept {
    Sealed,
    Stored {
        token: TokenHash,
        /// The version that was read.
        version: u64,
    },
}

/// A session about to be opened: its record for the store and the secret for the cookie.
pub struct Opening {
    /// What the ledger keeps.
    pub record: NewSession,
    claims: Claims,
    token: Option<String>,
    /// Where it is opened for a program.
    refresh: Option<RefreshToken>,
}

impl Opening {
    /// Draws ids for a new session that says `claims`.
    #[must_use]
    pub fn prepare(deployment: &Deployment, exchange: &Exchange<'_>, mut claims: Claims) -> Self {
        let settings = &deployment.settings().session;
        let id = uuid_of(exchange.now, deployment.random());
        claims.set("sid", id.clone());
        claims.remove(VERSION);
        // Who adds an account has proven nothing anew; their flow says so.
        if claims.get(AUTH_TIME).is_none() {
            claims.set(AUTH_TIME, exchange.now.secs());
        }
        let program = exchange.program.as_ref();
        let session = SessionId(id);
        let refresh = program.and_then(|_| deployment.refresh_keys().first(&session, deployment.random()));
        let token = match settings.strategy {
            _ if program.is_some() => None,
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
        let lives = program.map_or(settings.max_age, |program| program.lives);
        let grant = program.zip(refresh.as_ref()).map(|(program, refresh)| NewGrant {
            client: program.client.clone(),
            terms: program.terms.clone(),
            token: refresh.hash(),
        });
        let (user_agent, address) = device(exchange.request);
        let record = NewSession {
            token: token.as_deref().map(hash_of),
            claims: if token.is_some() { foreign::without_tokens(&claims) } else { Claims::default() },
            user_agent,
            address: Some(address),
            grant,
            is_complete: assurance::has_two(&claims),
            // What a browser holds is not the program's that calls.
            replaces: if program.is_none() { end::replaced(deployment, exchange) } else { None },
            ..NewSession::new(session, exchange.now, exchange.now.plus(lives))
        };
        Self { record, claims, token, refresh }
    }

    /// What the session will say.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The cookie of the session. Asked for before anything is written, so that what does not fit into a cookie leaves
    /// nothing behind.
    pub fn cookie(
        &mut self,
        deployment: &Deployment,
        exchange: &Exchange<'_>,
    ) -> Result<SessionCookie, Refusal> {
        if let Some(refresh) = &self.refresh {
            return Ok(SessionCookie::Program(refresh.text().clone()));
        }
        match &self.token {
            Some(token) => Ok(SessionCookie::Set { token: token.clone(), expires: self.record.expires }),
            None => seal(deployment, &mut self.claims, exchange),
        }
    }

    /// The cookie once the session's record stands and it is known what the user says of their own: `cookie`, unless
    /// that has to be sealed in.
    pub async fn opened(
        mut self,
        deployment: &Deployment,
        exchange: &Exchange<'_>,
        cookie: SessionCookie,
        own: &Extra,
    ) -> Result<SessionCookie, Refusal> {
        if let Some(Replaced { which: Ending::Id(id), until }) = self.record.replaces {
            deployment.changes().end(&id, until);
        }
        if own.is_empty() || self.token.is_some() || self.refresh.is_some() {
            return Ok(cookie);
        }
        self.claims.change(own);
        let sealed = seal(deployment, &mut self.claims, exchange);
        if sealed.is_err() {
            // Nobody will ever come with it.
            end::end_unused(deployment, &self.record.id, exchange).await;
        }
        sealed
    }
}

/// The browser as it names itself, and the network that it comes from: by them a person knows a session again.
fn device(request: &Request) -> (Option<String>, String) {
    let user_agent = request.user_agent.as_deref();
    let user_agent = user_agent.map(|text| text.chars().take(MAX_USER_AGENT).collect());
    (user_agent, network(request.client))
}

/// The claim that says which version of its session a sealed token knows. Absent: none but the first.
const VERSION: &str = "ver";

/// A session is read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Whether the cookie is one of https.
    pub secure: bool,
    /// When.
    pub now: Timestamp,
    /// What its person sent with it, where that is known.
    pub request: Option<&'a Request>,
}

impl<'a> Reading<'a> {
    /// With a request of its person's.
    #[must_use]
    pub fn of(exchange: &Exchange<'a>) -> Self {
        let request = exchange.request;
        Self { secure: request.public.is_secure(), now: exchange.now, request: Some(request) }
    }
}

/// The live session behind a token; `None` if there is none.
pub async fn open(
    deployment: &Deployment,
    token: &str,
    reading: Reading<'_>,
) -> Result<Option<Live>, StoreError> {
    match deployment.settings().session.strategy {
        Strategy::Sealed => open_sealed(deployment, token, reading).await,
        Strategy::Stored => open_stored(deployment, token, reading.now).await,
    }
}

/// As [`open`], with the session's foreign tokens refreshed if they are due (D2).
pub async fn open_fresh(
    deployment: &Deployment,
    token: &str,
    reading: Reading<'_>,
) -> Result<Option<Live>, Refusal> {
    let Some(mut live) = open(deployment, token, reading).await? else { return Ok(None) };
    // In a box: it is rare, and large.
    let is_over = foreign::is_due(&live.claims, reading.now)
        && !Box::pin(foreign::bring_up_to_date(deployment, &mut live)).await?;
    Ok((!is_over).then_some(live))
}

/// The live session behind a token, as an application on the same host reads it. Nothing is renewed.
pub async fn view(deployment: &Deployment, token: &str, secure: bool) -> Result<Option<View>, Refusal> {
    let reading = Reading { secure, now: deployment.now(), request: None };
    let live = open_fresh(deployment, token, reading).await?;
    Ok(live
        .map(|live| View { body: view::body(deployment, &live.claims, live.expires), claims: live.claims }))
}

/// What a session that holds `claims` would show now: what a rule is asked about.
#[must_use]
pub fn shown(deployment: &Deployment, claims: &Claims, now: Timestamp) -> Value {
    view::body(deployment, claims, now.plus(deployment.settings().session.max_age))
}

/// Costs no store round trip (invariant 11), but for one when somebody changed the session, or another implementation
/// sealed it.
async fn open_sealed(
    deployment: &Deployment,
    token: &str,
    reading: Reading<'_>,
) -> Result<Option<Live>, StoreError> {
    let Reading { secure, now, .. } = reading;
    let Some(mut claims) = deployment.token_keys(secure).open(token, now) else { return Ok(None) };
    let seen = match adopt::seen(&claims) {
        Some(seen) => Some(seen),
        // In a box: it is rare.
        None => Box::pin(adopt::adopt(deployment, &mut claims, reading)).await?,
    };
    let max_age = deployment.settings().session.max_age;
    // Its record is over, and by the record it would have been ended: a token that was renewed since the record
    // was last kept must not outlive it (lesson 56).
    if seen.is_none_or(|seen| seen.plus(max_age) <= now) {
        return Ok(None);
    }
    match deployment.changes().standing(claims.text("sid").unwrap_or_default()) {
        Standing::Untouched => {}
        Standing::Ended => return Ok(None),
        Standing::At(version, _) if version <= version_of(&claims) => {}
        Standing::At(version, overlay) => {
            let caught_up = Box::pin(catch_up(deployment, &mut claims, version, overlay)).await?;
            if !caught_up {
                return Ok(None);
            }
        }
    }
    Ok(Some(Live { claims, expires: now.plus(max_age), kept: Kept::Sealed, trouble: None }))
}

/// Lays over a token what was changed since it was sealed. False if its session is over.
async fn catch_up(
    deployment: &Deployment,
    claims: &mut Claims,
    version: u64,
    overlay: Option<Arc<Overlay>>,
) -> Result<bool, StoreError> {
    let id = SessionId(claims.text("sid").unwrap_or_default().to_owned());
    let (version, overlay) = match overlay {
        Some(overlay) => (version, overlay),
        None => {
            let Some((version, overlay)) = deployment.store().overlay(&id).await? else { return Ok(false) };
            let overlay = Arc::new(overlay);
            deployment.changes().keep(&id.0, version, &overlay);
            (version, overlay)
        }
    };
    overlay.lay_over(claims, version_of(claims));
    claims.set(VERSION, version);
    Ok(true)
}

fn version_of(claims: &Claims) -> u64 {
    claims.get(VERSION).and_then(Value::as_u64).unwrap_or_default()
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
    let kept = Kept::Stored { token: hash, version: row.version };
    let mut live = Live { claims: row.claims, expires: row.expires, kept, trouble: None };
    if let Some(entry) = &row.tokens {
        foreign::lay_over(deployment, &mut live.claims, entry);
    }
    Ok(Some(live))
}

/// What came of prolonging a session.
pub enum Prolonged {
    /// What its client sees, and its cookie.
    Done(String, SessionCookie),
    /// It says something else by now: open it again.
    Changed,
    /// It was ended in the meantime (invariant 8).
    Gone,
}

/// Prolongs a session and says what its client sees.
pub async fn renew(
    deployment: &Deployment,
    mut live: Live,
    changed: bool,
    exchange: &Exchange<'_>,
) -> Result<Prolonged, Refusal> {
    let body = view::text(deployment, &live.claims, live.expires);
    let (hash, read_at) = match live.kept {
        Kept::Stored { token, version } => (token, version),
        Kept::Sealed if keep_record(deployment, &mut live.claims, exchange.now).await => {
            return seal(deployment, &mut live.claims, exchange).map(|cookie| Prolonged::Done(body, cookie));
        }
        Kept::Sealed => return Ok(Prolonged::Gone),
    };
    let settings = &deployment.settings().session;
    let expires = exchange.now.plus(settings.max_age);
    let due = live.expires.minus(settings.max_age).plus(settings.update_age) <= exchange.now;
    if due || changed {
        let says = changed.then(|| foreign::without_tokens(&live.claims));
        let claims = says.as_ref().map(|claims| NewClaims { claims, read_at });
        match deployment.store().renew_session(&hash, claims, exchange.now, expires).await? {
            Renewed::Done => {}
            Renewed::Changed => return Ok(Prolonged::Changed),
            Renewed::Gone => return Ok(Prolonged::Gone),
        }
    }
    let token = exchange.session_token(deployment).unwrap_or_default().into_owned();
    Ok(Prolonged::Done(body, SessionCookie::Set { token, expires }))
}

/// Lets the record of a sealed session live as long as its tokens: by it the session is found when its person is
/// deleted (lesson 56). One write per update age; every other read asks nobody. False if the session is over.
async fn keep_record(deployment: &Deployment, claims: &mut Claims, now: Timestamp) -> bool {
    let settings = &deployment.settings().session;
    let every = settings.update_age.min(settings.max_age / 2);
    let due = claims.time("seen").is_none_or(|seen| seen.plus(every) <= now);
    let Some(id) = claims.text("sid").filter(|_| due).map(|id| SessionId(id.to_owned())) else { return true };
    match deployment.store().touch_session(&id, now, now.plus(settings.max_age)).await {
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

/// The hash under which the ledger knows a token.
#[must_use]
pub fn hash_of(token: &str) -> TokenHash {
    TokenHash(sha256(&[token.as_bytes()]))
}

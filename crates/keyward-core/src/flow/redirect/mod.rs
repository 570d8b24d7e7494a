//! Signing in at another site: there, and back (protocol notes §5).

mod arrive;
mod attempt;
mod depart;
mod parked;

pub(super) use self::arrive::enter;
pub use self::{arrive::arrive, depart::depart};

use crate::{
    action::{Asked, Outcome},
    claims::Claims,
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    port::SessionId,
    session::{self, Reading},
    settings::RedirectProvider,
    user::{AccountKey, UserId},
};

/// Asks a person who proved themselves whether to add the provider that they tried before; the others sign in first.
pub async fn offer(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    provider: String,
    error: Option<String>,
) -> Outcome {
    match signed_in(deployment, exchange).await {
        Ok(Some(_)) => Outcome::Page(Asked::AddAccount { provider }),
        Ok(None) => Outcome::Page(Asked::SignIn { error }),
        Err(refusal) => Outcome::Refused { refusal, provider: None },
    }
}

/// Who is signed in in this browser.
pub(super) struct SignedIn {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    /// The account by which they came.
    pub(super) via: Option<AccountKey>,
    pub(super) claims: Claims,
}

/// Who is signed in, by the session that came along. What another implementation sealed names nobody whom the directory
/// knows: where an application took people's word for who they are, nothing of ours opens by it.
pub(super) async fn signed_in(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
) -> Result<Option<SignedIn>, Refusal> {
    let Some(token) = exchange.session_token(deployment) else { return Ok(None) };
    let Some(live) = session::open(deployment, &token, Reading::of(exchange)).await? else { return Ok(None) };
    let Some(session) = live.claims.text("sid").map(|id| SessionId(id.to_owned())) else { return Ok(None) };
    let owner = owner_of(deployment, exchange, &session).await?;
    Ok(owner.map(|(user, via)| SignedIn { user, session, via, claims: live.claims }))
}

/// Whose a session is, while it is alive, and the account by which they came.
async fn owner_of(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    session: &SessionId,
) -> Result<Option<(UserId, Option<AccountKey>)>, Refusal> {
    if deployment.changes().has_ended(&session.0) {
        return Ok(None);
    }
    let record = deployment.store().session_record(session).await?;
    let alive = record.filter(|record| record.expires > exchange.now);
    Ok(alive.and_then(|record| Some((record.user?, record.via))))
}

fn configured<'d>(deployment: &'d Deployment, id: &str) -> Result<&'d RedirectProvider, Refusal> {
    let provider = deployment.settings().redirect(id);
    provider.ok_or_else(|| Refusal::new(Code::Configuration).because("the provider is gone"))
}

//! What the session of who adds an account says, over the way of a provider that answers by a form post: with that post
//! from another site the browser sends no session, and whoever was signed in keeps what theirs said.

use std::time::Duration;

use keyward_jose::digest::sha256_hex;

use crate::{
    claims::Claims,
    deployment::Deployment,
    dialect::attempts,
    error::{Code, Refusal},
    exchange::Exchange,
    port::SessionId,
    sealer::Sealed,
    ticket::{Purpose, Ticket, TicketKey},
};

/// Keeps it for the attempt that `state` names. Only this server reads it.
///
/// # Errors
/// [`Code::SessionTooLarge`]; that of the store.
pub(super) async fn keep(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    session: &SessionId,
    claims: &Claims,
    state: &str,
) -> Result<(), Refusal> {
    let key = key(session, state);
    let text = serde_json::to_string(claims).expect("claims are JSON");
    let data = deployment.sealer().seal(Sealed::Linking, &key.hash, &text, None, deployment.random());
    let data = data.ok_or_else(|| Refusal::new(Code::SessionTooLarge))?;
    let expires = exchange.now.plus(Duration::from_secs(attempts::MAX_AGE.into()));
    let ticket = Ticket { key, data, created: exchange.now, expires };
    Ok(deployment.store().issue_ticket(&ticket).await?)
}

/// Takes it, for the attempt that came back.
pub(super) async fn take(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    session: &SessionId,
    state: &str,
) -> Result<Option<Claims>, Refusal> {
    let key = key(session, state);
    let Some(ticket) = deployment.store().consume_ticket(&key, exchange.now).await? else { return Ok(None) };
    let text = deployment.sealer().open(Sealed::Linking, &key.hash, &ticket.data, exchange.now);
    Ok(text.and_then(|text| serde_json::from_str(text.expose()).ok()))
}

fn key(session: &SessionId, state: &str) -> TicketKey {
    let hash = sha256_hex(&[b"linking ", state.as_bytes()]);
    TicketKey { purpose: Purpose::LINKING, subject: session.0.clone(), hash }
}

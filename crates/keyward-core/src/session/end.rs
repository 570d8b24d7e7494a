//! Endings: of the session behind a token, of one that a new sign-in replaces.

use std::time::Duration;

use super::{adopt, hash_of};
use crate::{
    deployment::Deployment,
    event::NewEvent,
    exchange::Exchange,
    port::{Ending, Replaced, SessionId, StoreError},
    settings::Strategy,
    time::Timestamp,
};

/// An ended session is remembered a little longer than any token of it may live: clocks differ, and a process
/// may renew it for a second more before it hears of the ending.
pub(super) const MARGIN: Duration = Duration::from_secs(60);

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
    match behind(deployment, token, exchange) {
        None => Ok(()),
        Some(Ending::Id(id)) => end_by_id(deployment, &id, until, events).await,
        Some(which) => deployment.store().end_session(&which, until, events).await,
    }
}

/// The session behind a token.
fn behind(deployment: &Deployment, token: &str, exchange: &Exchange<'_>) -> Option<Ending> {
    match deployment.settings().session.strategy {
        Strategy::Stored => Some(Ending::Token(hash_of(token))),
        Strategy::Sealed => {
            let claims =
                deployment.token_keys(exchange.request.public.is_secure()).open(token, exchange.now)?;
            Some(Ending::Id(adopt::id_of(&claims)))
        }
    }
}

/// What a new session of this browser takes the place of.
pub(super) fn replaced(deployment: &Deployment, exchange: &Exchange<'_>) -> Option<Replaced> {
    let which = behind(deployment, &exchange.session_token(deployment)?, exchange)?;
    Some(replacing(deployment, which, exchange))
}

/// What a new session takes the place of where the cookie of the one before did not come along.
#[must_use]
pub fn replacing(deployment: &Deployment, which: Ending, exchange: &Exchange<'_>) -> Replaced {
    Replaced { which, until: remembered_until(exchange.now, deployment.settings().session.max_age) }
}

/// Ends the session of a program, and tells it by `events` if it was there.
pub async fn end_of_program(
    deployment: &Deployment,
    id: &SessionId,
    exchange: &Exchange<'_>,
    events: &[NewEvent],
) -> Result<(), StoreError> {
    let until = remembered_until(exchange.now, deployment.settings().session.max_age);
    end_by_id(deployment, id, until, events).await
}

async fn end_by_id(
    deployment: &Deployment,
    id: &SessionId,
    until: Timestamp,
    events: &[NewEvent],
) -> Result<(), StoreError> {
    deployment.store().end_session(&Ending::Id(id.clone()), until, events).await?;
    deployment.changes().end(id, until);
    Ok(())
}

/// Ends a session that was opened and reached nobody. A store that fails now costs no safety: it is logged.
pub(super) async fn end_unused(deployment: &Deployment, id: &SessionId, exchange: &Exchange<'_>) {
    let until = remembered_until(exchange.now, deployment.settings().session.max_age);
    if let Err(error) = end_by_id(deployment, id, until, &[]).await {
        tracing::warn!(%error, "a session that nobody holds could not be ended; it lives until it expires");
    }
}

/// Takes over what a transition of this process ended or changed: here too, and not a moment later.
pub async fn follow_changes(deployment: &Deployment, exchange: &Exchange<'_>) {
    take_over_changes(deployment, exchange.now).await;
}

/// As [`follow_changes`], outside of an exchange.
pub async fn take_over_changes(deployment: &Deployment, now: Timestamp) {
    if let Err(error) = deployment.changes().follow(deployment.store(), now).await {
        tracing::warn!(%error, "changes of sessions could not be read; they are within a second");
    }
}

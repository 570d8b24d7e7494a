//! What flows write into the audit trail.

use crate::{
    audit::{AuditEntry, AuditKind},
    deployment::Deployment,
    error::{Code, Refusal},
    event::{About, NewEvent},
    exchange::Exchange,
    policy::email,
    port::{Limit, address_bucket},
};

/// An entry about this exchange: when, from which network, with which browser.
pub(super) fn entry(exchange: &Exchange<'_>, kind: AuditKind) -> AuditEntry {
    let agent = exchange.request.user_agent.as_deref();
    AuditEntry {
        network: Some(address_bucket(exchange.request.client)),
        user_agent: agent.map(str::to_owned),
        ..AuditEntry::new(kind, exchange.now)
    }
}

/// The entry as an event of a transition. Nothing where no trail is kept.
pub(super) fn event(deployment: &Deployment, about: About, entry: AuditEntry) -> Option<NewEvent> {
    deployment.settings().audit.is_kept().then(|| NewEvent::audit(entry, about))
}

/// As [`event`], for a transition that has no other, about whoever it is.
pub(super) fn events(deployment: &Deployment, entry: AuditEntry) -> Vec<NewEvent> {
    event(deployment, About::Anybody, entry).into_iter().collect()
}

/// The entry of a refusal as events, if the process has not written too many.
pub(super) fn refusal_events(deployment: &Deployment, entry: AuditEntry) -> Vec<NewEvent> {
    if !deployment.settings().audit.is_kept() {
        return Vec::new();
    }
    let Some(dropped) = deployment.refusals().pass(entry.at) else { return Vec::new() };
    let untold = (dropped > 0)
        .then(|| AuditEntry { count: dropped, ..AuditEntry::new(AuditKind::RefusalsDropped, entry.at) });
    untold.into_iter().chain([entry]).map(|entry| NewEvent::audit(entry, About::Anybody)).collect()
}

/// Writes the entry of a refusal. The refusal stands whether or not that can be written.
pub(super) async fn refused(deployment: &Deployment, entry: AuditEntry) {
    let events = refusal_events(deployment, entry);
    if !events.is_empty()
        && let Err(error) = deployment.store().write_events(&events).await
    {
        tracing::warn!(%error, "a refusal could not be written into the audit trail");
    }
}

/// An entry about a refused sign-in by this method, if it says anything about anybody's safety.
pub(super) fn of_refusal(exchange: &Exchange<'_>, refusal: &Refusal, method: &str) -> Option<AuditEntry> {
    let kind = match refusal.code {
        // What somebody mistyped, or what is wrong with us.
        Code::MissingField
        | Code::InvalidEmail
        | Code::WeakPassword
        | Code::BreachedPassword
        | Code::PasswordTooLong
        | Code::MissingCsrf
        | Code::Configuration
        | Code::Overloaded
        | Code::StoreUnavailable
        // Written where it is known which allowance it was.
        | Code::RateLimited => return None,
        _ => AuditKind::SignInRefused,
    };
    Some(entry(exchange, kind).saying("code", refusal.code.as_str()).saying("method", method))
}

/// Says about whom an entry is, by the name that was submitted: the user who has it, or a keyed hash. The name itself may
/// be a password that was typed into the wrong field.
pub(super) async fn about(deployment: &Deployment, entry: AuditEntry, submitted: &str) -> AuditEntry {
    let subject = || Some(deployment.keyed(&["subject", submitted]));
    let Some(address) = email::normalise(submitted) else {
        return AuditEntry { subject: subject(), ..entry };
    };
    match deployment.store().user_by_email(&address).await {
        Ok(Some(user)) => entry.of(&user.id),
        Ok(None) | Err(_) => AuditEntry { subject: subject(), ..entry },
    }
}

/// An allowance that was used up.
pub(super) fn limit_reached(exchange: &Exchange<'_>, limit: Limit) -> AuditEntry {
    entry(exchange, AuditKind::LimitReached).saying("limit", limit.as_str())
}

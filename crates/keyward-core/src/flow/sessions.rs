//! A person's own sessions: listed, and ended.

use super::{
    audit,
    redirect::{SignedIn, signed_in},
};
use crate::{
    action::{Answer, EndWhich, SessionAnswer, SessionCall},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    port::Which,
    session,
};

/// Carries out what a person asks about their sessions.
pub async fn carry_out(deployment: &Deployment, exchange: &Exchange<'_>, call: SessionCall) -> Answer {
    let done = match call {
        SessionCall::List => list(deployment, exchange).await,
        SessionCall::End(which) => end(deployment, exchange, which).await,
    };
    done.map_or_else(Answer::Refused, Answer::Sessions)
}

async fn list(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<SessionAnswer, Refusal> {
    let caller = caller(deployment, exchange).await?;
    let sessions = deployment.store().sessions_of(&caller.user, exchange.now).await?;
    Ok(SessionAnswer::List { sessions, current: Some(caller.session) })
}

/// The caller's own and no others (lesson 50): another person's is answered like one that is nobody's.
async fn end(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    which: Option<EndWhich>,
) -> Result<SessionAnswer, Refusal> {
    if !exchange.csrf.verified {
        return Err(Refusal::new(Code::MissingCsrf));
    }
    let SignedIn { user, session, .. } = caller(deployment, exchange).await?;
    let which = match which {
        None => return Err(Refusal::new(Code::InvalidField)),
        Some(EndWhich::One(id)) => Which::One(id),
        Some(EndWhich::Others) => Which::Others(session.clone()),
        Some(EndWhich::All) => Which::All,
    };
    let (word, about) = match &which {
        Which::One(one) => ("one", one),
        Which::Others(_) => ("others", &session),
        Which::All => ("all", &session),
    };
    let entry = audit::entry(exchange, AuditKind::SessionEnded).of(&user).in_session(about);
    let events = audit::events(deployment, entry.saying("which", word));
    let until = session::remembered_until(exchange.now, deployment.settings().session.max_age);
    let ended = deployment.store().end_sessions(&user, &which, Some(&session), until, &events).await?;
    session::follow_changes(deployment, exchange).await;
    match (ended, which) {
        (None, _) => Err(nobody()),
        (Some(0), Which::One(_)) => Err(Refusal::new(Code::SessionUnknown)),
        (Some(ended), _) => Ok(SessionAnswer::Ended(ended)),
    }
}

async fn caller(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<SignedIn, Refusal> {
    signed_in(deployment, exchange).await?.ok_or_else(nobody)
}

fn nobody() -> Refusal {
    Refusal::new(Code::SessionRequired)
}

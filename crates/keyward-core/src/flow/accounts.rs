//! A person's own accounts: listed, and taken away. Adding one is signing in with it while signed in.

use super::{
    audit,
    redirect::{SignedIn, signed_in},
};
use crate::{
    action::{Accounts, Answer},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    port::{Unlinked, Unlinking},
    session,
    user::AccountKey,
};

/// By what the caller may come back.
pub async fn list(deployment: &Deployment, exchange: &Exchange<'_>) -> Answer {
    match listed(deployment, exchange).await {
        Ok(accounts) => Answer::Accounts(Box::new(accounts)),
        Err(refusal) => Answer::Refused(refusal),
    }
}

async fn listed(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<Accounts, Refusal> {
    let caller = caller(deployment, exchange).await?;
    let store = deployment.store();
    // Deleted since their session was found.
    let Some(user) = store.user(&caller.user).await? else { return Err(nobody()) };
    let accounts = store.accounts_of(&user.id).await?;
    let password = match &user.email {
        Some(email) => store.password_by_email(email).await?.filter(|password| password.user.id == user.id),
        None => None,
    };
    Ok(Accounts { accounts, has_password: password.is_some(), user })
}

/// Takes one of the caller's own accounts away, by the ids in the body and no others (lesson 50). Another person's is
/// answered like one that is nobody's.
pub async fn unlink(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    provider: Option<String>,
    id: Option<String>,
) -> Answer {
    match unlinked(deployment, exchange, provider, id).await {
        Ok(()) => Answer::Unlinked,
        Err(refusal) => Answer::Refused(refusal),
    }
}

async fn unlinked(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    provider: Option<String>,
    id: Option<String>,
) -> Result<(), Refusal> {
    if !exchange.csrf.verified {
        return Err(Refusal::new(Code::MissingCsrf));
    }
    let caller = caller(deployment, exchange).await?;
    let (Some(source), Some(id)) = (provider, id) else {
        return Err(
            Refusal::new(Code::MissingField).because("provider and providerAccountId are both needed")
        );
    };
    let settings = deployment.settings();
    let entry = audit::entry(exchange, AuditKind::AccountUnlinked)
        .of(&caller.user)
        .in_session(&caller.session)
        .saying("method", &source);
    let what = Unlinking {
        events: audit::events(deployment, entry),
        user: caller.user,
        key: AccountKey { source, id },
        session: caller.session,
        ways: settings.ways_in(),
        until: session::remembered_until(exchange.now, settings.session.max_age),
    };
    match deployment.store().unlink_account(&what).await? {
        Unlinked::Done => {
            session::follow_changes(deployment, exchange).await;
            Ok(())
        }
        Unlinked::NotFound => Err(Refusal::new(Code::AccountUnknown)),
        Unlinked::LastWay => Err(Refusal::new(Code::LastWayIn)),
        Unlinked::SignedOut => Err(nobody()),
    }
}

async fn caller(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<SignedIn, Refusal> {
    signed_in(deployment, exchange).await?.ok_or_else(nobody)
}

fn nobody() -> Refusal {
    Refusal::new(Code::SessionRequired)
}

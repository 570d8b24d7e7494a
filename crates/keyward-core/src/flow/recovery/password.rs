//! Passwords: the one that stands, and the one that is to be.

use super::{Went, caller, demand_recent, post};
use crate::{
    action::{Filled, Step},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    event::{About, NewEvent},
    exchange::Exchange,
    flow::{audit, events, guessing::Guess},
    mail::AccountLetterKind,
    method::password::{MAX_PASSWORD, judge_new},
    port::{PasswordChange, StoredPassword, Verdict},
    secret::Secret,
    session,
    settings::Passwords,
    user::User,
};

/// Changes the caller's password, ends their other sessions, and tells them by mail. Who has a password gives it; who has
/// none yet signed in a moment ago.
pub(super) async fn change(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    filled: &Filled,
) -> Result<Went, Refusal> {
    let caller = caller(deployment, exchange).await?;
    let user = deployment.store().user(&caller.user).await?;
    let user = user.ok_or_else(|| Refusal::new(Code::SessionRequired))?;
    let from = match of_user(deployment, &user).await? {
        None => {
            demand_recent(deployment, exchange, &caller)?;
            None
        }
        stored => {
            let password = filled.password.as_deref().filter(|password| !password.is_empty());
            let password = password.ok_or_else(|| Refusal::new(Code::MissingField))?;
            Some(given(deployment, exchange, &user, stored, password).await?)
        }
    };
    let to = chosen(deployment, &user, filled.new_password.as_deref()).await?;
    let until = session::remembered_until(exchange.now, deployment.settings().session.max_age);
    let what = PasswordChange { user: user.id.clone(), from, to, session: caller.session, until };
    let mut told = post::noted(deployment, exchange, AuditKind::PasswordChanged, &user.id);
    told.extend(notice(deployment, exchange, &user));
    let changed = deployment.store().change_password(&what, &told).await?;
    super::settled(changed, Code::WrongPassword)?;
    events::are_written(deployment, &told);
    post::are_written(deployment);
    session::follow_changes(deployment, exchange).await;
    Ok(Went::Done)
}

/// Whether the caller has a password: their form asks for it.
pub(super) async fn has_one(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<bool, Refusal> {
    let caller = caller(deployment, exchange).await?;
    let user = deployment.store().user(&caller.user).await?;
    let user = user.ok_or_else(|| Refusal::new(Code::SessionRequired))?;
    Ok(of_user(deployment, &user).await?.is_some())
}

/// The hash that stands, if there is one.
pub(super) async fn of_user(deployment: &Deployment, user: &User) -> Result<Option<String>, Refusal> {
    let Some(address) = &user.email else { return Err(Refusal::new(Code::AddressMissing)) };
    let stored = deployment.store().password_by_email(address).await?;
    Ok(stored.filter(|stored| stored.user.id == user.id).map(|stored| stored.hash))
}

/// The hash that stands, if this is the password behind it. Exactly one hash is computed, and it counts as a guess at a
/// sign-in: who found a session is not to find the password by it.
pub(super) async fn given(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    user: &User,
    stored: Option<String>,
    password: &str,
) -> Result<String, Refusal> {
    let guess = Guess::at(deployment, exchange, user.email.as_deref().unwrap_or(&user.id.0));
    guess.permit(deployment, exchange).await?;
    if password.len() > MAX_PASSWORD {
        return Err(Refusal::new(Code::PasswordTooLong));
    }
    let hasher = &settings(deployment)?.hasher;
    let verdict = hasher.verify(&Secret::from(password), stored.as_deref()).await?;
    if let (Some(stored), Verdict::Match | Verdict::MatchOutdated) = (stored, verdict) {
        return Ok(stored);
    }
    let refusal = Refusal::new(Code::WrongPassword);
    guess.failed(deployment, exchange, &refusal, "password").await?;
    Err(refusal)
}

/// The hash of a new password, if it may be one.
pub(super) async fn chosen(
    deployment: &Deployment,
    user: &User,
    new: Option<&str>,
) -> Result<String, Refusal> {
    let Passwords { hasher, strength } = settings(deployment)?;
    let new = new.filter(|new| !new.is_empty()).ok_or_else(|| Refusal::new(Code::MissingField))?;
    let new = Secret::from(new);
    let address = user.email.as_deref().unwrap_or_default();
    let local = address.split('@').next().unwrap_or_default();
    let about = [address, local, user.name.as_deref().unwrap_or_default()];
    judge_new(hasher.as_ref(), *strength, &new, &about).await?;
    Ok(hasher.hash(&new).await?)
}

/// Tells of a new password by mail.
pub(super) fn notice(deployment: &Deployment, exchange: &Exchange<'_>, user: &User) -> Option<NewEvent> {
    let reset = exchange.request.public.route(Step::Reset.page());
    let kind = AccountLetterKind::Password;
    post::notice(deployment, exchange, kind, user.email.as_deref(), Some(&reset))
}

/// What is told where this is the first proof of a user's address: a password that was set without one ends with it. It may
/// have been theirs, and nobody loses one without a word.
pub(in crate::flow) async fn ended_by_first_proof(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    address: &str,
) -> Result<Vec<NewEvent>, Refusal> {
    let Some(StoredPassword { user, .. }) = deployment.store().password_by_email(address).await? else {
        return Ok(Vec::new());
    };
    let reset = exchange.request.public.route(Step::Reset.page());
    let mail = post::notice(deployment, exchange, AccountLetterKind::Ended, Some(address), Some(&reset));
    let entry = audit::entry(exchange, AuditKind::PasswordEnded).of(&user.id);
    Ok(audit::event(deployment, About::Known, entry).into_iter().chain(mail).collect())
}

fn settings(deployment: &Deployment) -> Result<&Passwords, Refusal> {
    let passwords = deployment.settings().recovery.passwords.as_ref();
    passwords.ok_or_else(|| Refusal::new(Code::Configuration).because("there are no passwords of our own"))
}

//! Proving the address with which one signed up.

use serde::{Deserialize, Serialize};

use super::{
    Went,
    password::{given, of_user},
    post::{self, behind},
};
use crate::{
    action::{Link, State, Step},
    audit::AuditKind,
    deployment::Deployment,
    dialect::asker::Asker,
    error::{Code, Refusal},
    event::{About, NewEvent},
    exchange::Exchange,
    flow::{events, guessing, redirect::signed_in},
    mail::AccountLetterKind,
    port::{Proving, SetUpBy},
    settings::Verification,
    ticket::{Purpose, TicketKey},
    user::{Admission, NewUser, User, UserId},
};

/// What the ticket keeps.
#[derive(Serialize, Deserialize)]
struct Asked {
    /// Whose address it is; nobody's for who asked in vain.
    user: Option<String>,
    /// The browser in which the account was made, hashed.
    browser: Option<String>,
}

/// Sends the link again. Answer and work are the same whoever has the address.
pub(super) async fn ask(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    submitted: Option<&str>,
) -> Result<Went, Refusal> {
    let age = post::mails(deployment)?.verify_age;
    let address = post::addressee(deployment, exchange, submitted).await?;
    let known = deployment.store().user_by_email(&address).await?;
    let unproven = known.filter(|user| user.email_verified.is_none());
    let asked = Asked { user: unproven.map(|user| user.id.0), browser: None };
    let (ticket, link) = post::ticket(deployment, exchange, Purpose::EMAIL_VERIFY, &address, &asked, age);
    let url = post::address(exchange, Step::VerifyEmail, &link);
    let url = asked.user.is_some().then_some(url.as_str());
    let mail = post::mail(deployment, exchange, AccountLetterKind::Verify, &address, url, age)?;
    deployment.store().issue_by_mail(&ticket, &[mail]).await?;
    post::are_written(deployment);
    Ok(Went::Sent)
}

/// How far who opened the link is: whether they have to show that it was they who set the account up.
pub(super) async fn look(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<State, Refusal> {
    let (_, user, asked) = whose(deployment, exchange, link).await?;
    Ok(match known_here(deployment, exchange, &user, &asked).await? {
        Some(_) => State::Open,
        None => State::WithPassword,
    })
}

/// Proves the address, for who set the account up: they are signed in, came with the browser in which they signed up, or
/// give its password. Anybody else who has the mailbox resets the password: that is a first proof too, and ends what was
/// set up without one (lesson 43).
pub(super) async fn confirm(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
    password: Option<&str>,
) -> Result<Went, Refusal> {
    let (ticket, user, asked) = whose(deployment, exchange, link).await?;
    let by = match known_here(deployment, exchange, &user, &asked).await? {
        Some(by) => by,
        None => {
            let password = password.filter(|password| !password.is_empty());
            let password = password.ok_or_else(|| Refusal::new(Code::MissingField))?;
            let stored = of_user(deployment, &user).await?;
            SetUpBy::Password(given(deployment, exchange, &user, stored, password).await?)
        }
    };
    let what = Proving { ticket, user: user.id.clone(), by };
    let mut told = post::noted(deployment, exchange, AuditKind::EmailVerified, &user.id);
    if user.email_verified.is_none() {
        told.extend(events::updated(deployment, exchange, &user));
    }
    let proven = deployment.store().prove_address(&what, exchange.now, &told).await?;
    super::settled(proven, Code::LinkNotValid)?;
    events::are_written(deployment, &told);
    Ok(Went::Done)
}

/// Whether who signs up has to prove their address before they are in.
pub(in crate::flow) fn asks_to_verify(deployment: &Deployment) -> bool {
    let recovery = &deployment.settings().recovery;
    recovery.verification == Verification::Required && recovery.mail.is_some()
}

/// The mail for somebody who is being made; its ticket stands before they do. Where they are not made nobody hears of it.
///
/// # Errors
/// Those of the store.
pub(in crate::flow) async fn for_new_user(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    admission: &Admission,
) -> Result<Option<NewEvent>, Refusal> {
    let (Admission::NewUser { user: NewUser { id, email: Some(address), .. }, .. }, Some(mails)) =
        (admission, deployment.settings().recovery.mail.as_ref())
    else {
        return Ok(None);
    };
    if deployment.settings().recovery.verification == Verification::Off {
        return Ok(None);
    }
    let request = exchange.request;
    let asker = Asker::of(&request.cookies, request.public.is_secure(), deployment.random());
    let asked = Asked { user: Some(id.0.clone()), browser: Some(asker.hash()) };
    let age = mails.verify_age;
    if exchange.program.is_none() {
        exchange.changes.asker = Some((asker, u32::try_from(age.as_secs()).unwrap_or(u32::MAX)));
    }
    let (ticket, link) = post::ticket(deployment, exchange, Purpose::EMAIL_VERIFY, address, &asked, age);
    deployment.store().issue_ticket(&ticket).await?;
    let url = post::address(exchange, Step::VerifyEmail, &link);
    let mail = post::mail(deployment, exchange, AccountLetterKind::Verify, address, Some(&url), age)?;
    Ok(Some(NewEvent { about: About::New, ..mail }))
}

/// To who signed up with an address that has an account already, where sign-up itself does not say so.
pub(in crate::flow) async fn tell_of_account(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    admission: &Admission,
) -> Result<(), Refusal> {
    let (Admission::NewUser { user: NewUser { email: Some(address), .. }, .. }, Some(_)) =
        (admission, deployment.settings().recovery.mail.as_ref())
    else {
        return Ok(());
    };
    // Nobody fills another's mailbox by signing up again and again.
    if guessing::draw_on_mail(deployment, exchange, address).await.is_ok() {
        let reset = exchange.request.public.route(Step::Reset.page());
        let kind = AccountLetterKind::Existing;
        let mail = post::notice(deployment, exchange, kind, Some(address), Some(&reset));
        deployment.store().write_events(mail.as_slice()).await?;
        post::are_written(deployment);
    }
    Ok(())
}

/// Keeps who has not proven their address from signing in with its password, where the deployment wants that. Only after
/// the right password: nobody else hears of it.
///
/// # Errors
/// [`Code::EmailNotVerified`].
pub(in crate::flow) async fn demand(deployment: &Deployment, admission: &Admission) -> Result<(), Refusal> {
    if !asks_to_verify(deployment) {
        return Ok(());
    }
    let Admission::Password { user, .. } = admission else { return Ok(()) };
    let user = deployment.store().user(user).await?;
    match user {
        Some(user) if user.email_verified.is_none() => Err(Refusal::new(Code::EmailNotVerified)),
        _ => Ok(()),
    }
}

/// The ticket behind a link, and who has the address still.
async fn whose(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<(TicketKey, User, Asked), Refusal> {
    let (ticket, asked): (_, Asked) = behind(deployment, exchange, Purpose::EMAIL_VERIFY, link).await?;
    let user = post::holder(deployment, link, asked.user.as_ref()).await?;
    Ok((ticket, user, asked))
}

/// What shows without a further question that it is they who set the account up.
async fn known_here(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    user: &User,
    asked: &Asked,
) -> Result<Option<SetUpBy>, Refusal> {
    let is_them = |other: &UserId| *other == user.id;
    if let Some(caller) = signed_in(deployment, exchange).await?.filter(|caller| is_them(&caller.user)) {
        return Ok(Some(SetUpBy::Session(caller.session)));
    }
    let request = exchange.request;
    let is_asker = |kept: &String| Asker::is(&request.cookies, request.public.is_secure(), kept);
    Ok(asked.browser.as_ref().filter(|kept| is_asker(kept)).map(|_| SetUpBy::Browser))
}

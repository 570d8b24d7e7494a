//! Tickets and the mails that carry them.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    action::{Link, Step},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    event::NewEvent,
    exchange::Exchange,
    flow::{audit, guessing},
    mail::{AccountLetter, AccountLetterKind, Letter, Mail},
    method::email::{draw_token, stored_form},
    policy::email,
    settings::AccountMails,
    ticket::{Purpose, Ticket, TicketKey},
    user::{User, UserId},
};

/// For how long a notice without a link is tried.
const NOTICE: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings of mails. Without them none of this is there.
pub(super) fn mails(deployment: &Deployment) -> Result<&AccountMails, Refusal> {
    let mails = deployment.settings().recovery.mail.as_ref();
    mails.ok_or_else(|| Refusal::new(Code::Configuration).because("no mail can be sent"))
}

/// A new ticket that says `data`, and the link behind which it is.
pub(super) fn ticket(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    purpose: Purpose,
    subject: &str,
    data: &impl Serialize,
    age: Duration,
) -> (Ticket, Link) {
    let token = draw_token(deployment.random()).expose().to_owned();
    let link = Link { token, subject: subject.to_owned() };
    let ticket = Ticket {
        key: key(deployment, purpose, &link),
        data: serde_json::to_string(data).expect("texts and numbers are JSON"),
        created: exchange.now,
        expires: exchange.now.plus(age),
    };
    (ticket, link)
}

/// Where a mail that was asked for goes, within its allowance.
pub(super) async fn addressee(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    submitted: Option<&str>,
) -> Result<String, Refusal> {
    let submitted = submitted.ok_or_else(|| Refusal::new(Code::MissingField))?;
    let address = email::normalise(submitted).ok_or_else(|| Refusal::new(Code::InvalidEmail))?;
    guessing::draw_on_mail(deployment, exchange, &address).await?;
    Ok(address)
}

/// Who asked for a link, if the address that it was sent to still is theirs.
pub(super) async fn holder(
    deployment: &Deployment,
    link: &Link,
    asked: Option<&String>,
) -> Result<User, Refusal> {
    let user = deployment.store().user_by_email(&link.subject).await?;
    user.filter(|user| asked == Some(&user.id.0)).ok_or_else(no_such_link)
}

/// The ticket behind a link, if it is good, and what it says.
pub(super) async fn behind<T: DeserializeOwned>(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    purpose: Purpose,
    link: &Link,
) -> Result<(TicketKey, T), Refusal> {
    let key = key(deployment, purpose, link);
    let ticket = deployment.store().ticket(&key, exchange.now).await?.ok_or_else(no_such_link)?;
    let data =
        serde_json::from_str(&ticket.data).map_err(|error| no_such_link().because(error.to_string()))?;
    Ok((ticket.key, data))
}

pub(super) fn no_such_link() -> Refusal {
    Refusal::new(Code::LinkNotValid).because("the link was used, has expired, or never was one")
}

fn key(deployment: &Deployment, purpose: Purpose, link: &Link) -> TicketKey {
    let hash = stored_form(&link.token, &deployment.settings().secrets);
    TicketKey { purpose, subject: link.subject.clone(), hash }
}

/// The address of a link.
pub(super) fn address(exchange: &Exchange<'_>, step: Step, link: &Link) -> String {
    exchange.request.public.route(&link.path(step))
}

/// A mail, sealed. With `age` zero its link, if it has one, is none that ends.
pub(super) fn mail(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    kind: AccountLetterKind,
    to: &str,
    url: Option<&str>,
    age: Duration,
) -> Result<NewEvent, Refusal> {
    let host = exchange.request.public.host();
    let letter = AccountLetter { kind, email: to, host, url, lifetime: age };
    let Letter { subject, text, html } = mails(deployment)?.letters.account(&letter);
    let mail = Mail { to: to.to_owned(), subject, text, html };
    let sealed = deployment.mail_seal().seal(mail, deployment.random());
    let worth = if age.is_zero() { NOTICE } else { age };
    Ok(NewEvent::mail(sealed, exchange.now, exchange.now.plus(worth)))
}

/// A notice of what was done, where mails can be sent and there is an address.
pub(super) fn notice(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    kind: AccountLetterKind,
    to: Option<&str>,
    url: Option<&str>,
) -> Option<NewEvent> {
    mail(deployment, exchange, kind, to?, url, Duration::ZERO).ok()
}

/// Wakes who sends, once mails stand in the store.
pub(in crate::flow) fn are_written(deployment: &Deployment) {
    if let Some(on_written) = deployment.settings().recovery.mail.as_ref().and_then(|m| m.on_written.as_ref())
    {
        on_written();
    }
}

/// An entry of the audit trail, where one is kept.
pub(super) fn noted(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    kind: AuditKind,
    user: &UserId,
) -> Vec<NewEvent> {
    audit::events(deployment, audit::entry(exchange, kind).of(user))
}

//! Another address: a link goes to the new one, a notice with a way back to the old one.

use serde::{Deserialize, Serialize};

use super::{
    Went, caller,
    post::{self, behind, no_such_link},
    recently, reset,
};
use crate::{
    action::{Link, Step},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    flow::events,
    mail::AccountLetterKind,
    port::{AddressChange, AddressReturn, SessionId},
    session,
    ticket::{Purpose, TicketKey},
    time::Timestamp,
    user::{Address, User, UserId},
};

/// What the ticket of a change keeps.
#[derive(Serialize, Deserialize)]
struct Asked {
    user: String,
    /// In which session it was asked for.
    session: String,
    /// The address until then.
    from: Option<String>,
}

/// What the ticket of a way back keeps.
#[derive(Serialize, Deserialize)]
struct Left {
    address: String,
    /// When it was changed, in milliseconds.
    since: i64,
}

/// Sends a link to the new address. The same for one that somebody has: they alone hear of it, who have the mailbox.
pub(super) async fn ask(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    submitted: Option<&str>,
) -> Result<Went, Refusal> {
    let age = post::mails(deployment)?.change_age;
    let caller = recently(deployment, exchange).await?;
    let address = post::addressee(deployment, exchange, submitted).await?;
    let user = known(deployment, &caller.user).await?;
    let asked = Asked { user: user.id.0.clone(), session: caller.session.0, from: user.email };
    let (ticket, link) = post::ticket(deployment, exchange, Purpose::EMAIL_CHANGE, &address, &asked, age);
    let url = post::address(exchange, Step::ChangeEmail, &link);
    let mail = post::mail(deployment, exchange, AccountLetterKind::Change, &address, Some(&url), age)?;
    let mut told = post::noted(deployment, exchange, AuditKind::EmailChangeAsked, &user.id);
    told.push(mail);
    deployment.store().issue_by_mail(&ticket, &told).await?;
    post::are_written(deployment);
    Ok(Went::Sent)
}

/// Whether the link is good, and the caller's. Somebody else whose mailbox it reached gets nowhere with it, and gives
/// nobody their address.
pub(super) async fn look(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<(), Refusal> {
    own(deployment, exchange, link).await.map(drop)
}

/// Makes the address of the link the caller's.
pub(super) async fn confirm(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<Went, Refusal> {
    let age = post::mails(deployment)?.return_age;
    let (ticket, asked) = own(deployment, exchange, link).await?;
    let user = known(deployment, &UserId(asked.user)).await?;
    if user.email != asked.from {
        return Err(no_such_link());
    }
    let from = user.email.clone().map(|address| Address { address, verified: user.email_verified.is_some() });
    let mut told = post::noted(deployment, exchange, AuditKind::EmailChanged, &user.id);
    let mut way_back = None;
    if let Some(from) = &from {
        let mut url = None;
        // An address that nobody proved may be somebody else's: they hear of it, and can do nothing.
        if from.verified {
            let left = Left { address: from.address.clone(), since: exchange.now.millis() };
            let (issued, link) =
                post::ticket(deployment, exchange, Purpose::EMAIL_RETURN, &user.id.0, &left, age);
            url = Some(post::address(exchange, Step::ReturnEmail, &link));
            way_back = Some(issued);
        }
        let kind = AccountLetterKind::Changed;
        told.push(post::mail(deployment, exchange, kind, &from.address, url.as_deref(), age)?);
    }
    let changed = User { email: Some(link.subject.clone()), ..user.clone() };
    told.extend(events::updated(deployment, exchange, &changed));
    let until = session::remembered_until(exchange.now, deployment.settings().session.max_age);
    let session = SessionId(asked.session);
    let what = AddressChange { ticket, user: user.id, from, session, way_back, until };
    let done = deployment.store().change_address(&what, exchange.now, &told).await?;
    super::settled(done, Code::LinkNotValid)?;
    events::are_written(deployment, &told);
    post::are_written(deployment);
    session::follow_changes(deployment, exchange).await;
    Ok(Went::Done)
}

/// Whether the way back is good, and to which address it leads.
pub(super) async fn look_back(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<String, Refusal> {
    let (_, left): (_, Left) = behind(deployment, exchange, Purpose::EMAIL_RETURN, link).await?;
    Ok(left.address)
}

/// Takes the change back, and lets who has the old mailbox choose a new password.
pub(super) async fn turn_back(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<Went, Refusal> {
    let age = post::mails(deployment)?.reset_age;
    let (ticket, left): (_, Left) = behind(deployment, exchange, Purpose::EMAIL_RETURN, link).await?;
    let user = UserId(link.subject.clone());
    let asked = reset::Asked { user: Some(user.0.clone()) };
    let (reset, next) =
        post::ticket(deployment, exchange, Purpose::PASSWORD_RESET, &left.address, &asked, age);
    let until = session::remembered_until(exchange.now, deployment.settings().session.max_age);
    let told = post::noted(deployment, exchange, AuditKind::EmailChangeReverted, &user);
    let since = Timestamp::from_millis(left.since);
    let what = AddressReturn { ticket, user, address: left.address, since, reset, until };
    let done = deployment.store().return_address(&what, exchange.now, &told).await?;
    super::settled(done, Code::LinkNotValid)?;
    session::follow_changes(deployment, exchange).await;
    let has_passwords = deployment.settings().recovery.passwords.is_some();
    Ok(if has_passwords { Went::On(Step::Reset, next) } else { Went::Done })
}

/// The ticket of a change, if the caller asked for it.
async fn own(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<(TicketKey, Asked), Refusal> {
    let (ticket, asked): (_, Asked) = behind(deployment, exchange, Purpose::EMAIL_CHANGE, link).await?;
    let caller = caller(deployment, exchange).await?;
    if caller.user.0 != asked.user {
        return Err(no_such_link());
    }
    Ok((ticket, asked))
}

async fn known(deployment: &Deployment, user: &UserId) -> Result<User, Refusal> {
    deployment.store().user(user).await?.ok_or_else(|| Refusal::new(Code::SessionRequired))
}

//! A new password for who forgot theirs, by a link in a mail.

use serde::{Deserialize, Serialize};

use super::{
    Went, password,
    post::{self, behind},
};
use crate::{
    action::{Link, Step},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    flow::events,
    mail::AccountLetterKind,
    port::Reset,
    session,
    ticket::{Purpose, TicketKey},
    user::User,
};

/// What the ticket keeps.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    /// Whose password it is; nobody's for who asked in vain.
    pub(super) user: Option<String>,
}

/// Sends a link to the submitted address. Answer and work are the same whoever has it: who has none is told so by mail.
pub(super) async fn ask(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    submitted: Option<&str>,
) -> Result<Went, Refusal> {
    let age = post::mails(deployment)?.reset_age;
    let address = post::addressee(deployment, exchange, submitted).await?;
    let known = deployment.store().user_by_email(&address).await?;
    let noted = known.as_ref().map(|user| post::noted(deployment, exchange, AuditKind::ResetAsked, &user.id));
    let asked = Asked { user: known.map(|user| user.id.0) };
    let (ticket, link) = post::ticket(deployment, exchange, Purpose::PASSWORD_RESET, &address, &asked, age);
    let url = post::address(exchange, Step::Reset, &link);
    let url = asked.user.is_some().then_some(url.as_str());
    let mail = post::mail(deployment, exchange, AccountLetterKind::Reset, &address, url, age)?;
    let told: Vec<_> = [mail].into_iter().chain(noted.into_iter().flatten()).collect();
    deployment.store().issue_by_mail(&ticket, &told).await?;
    post::are_written(deployment);
    Ok(Went::Sent)
}

/// Whether the link is good.
pub(super) async fn look(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<(), Refusal> {
    whose(deployment, exchange, link).await.map(drop)
}

/// Sets the password and ends every session, in the transition that uses the link up. No session is opened: whoever comes
/// next gives the new password, and the second factor where there is one (lesson 63).
pub(super) async fn confirm(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
    new: Option<&str>,
) -> Result<Went, Refusal> {
    let (ticket, user) = whose(deployment, exchange, link).await?;
    // A link that opens nothing costs no hash.
    let hash = password::chosen(deployment, &user, new).await?;
    let until = session::remembered_until(exchange.now, deployment.settings().session.max_age);
    let what = Reset { ticket, user: user.id.clone(), hash, until };
    let mut told = post::noted(deployment, exchange, AuditKind::PasswordReset, &user.id);
    told.extend(password::notice(deployment, exchange, &user));
    if user.email_verified.is_none() {
        told.extend(events::updated(deployment, exchange, &user.clone().anew()));
    }
    let set = deployment.store().reset_password(&what, exchange.now, &told).await?;
    super::settled(set, Code::LinkNotValid)?;
    events::are_written(deployment, &told);
    post::are_written(deployment);
    session::follow_changes(deployment, exchange).await;
    Ok(Went::Done)
}

/// The ticket behind a link, and who has the address still.
async fn whose(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    link: &Link,
) -> Result<(TicketKey, User), Refusal> {
    let (ticket, asked): (_, Asked) = behind(deployment, exchange, Purpose::PASSWORD_RESET, link).await?;
    let user = post::holder(deployment, link, asked.user.as_ref()).await?;
    Ok((ticket, user))
}

//! The pages about one's own account: what the calls do, for people without a script.

use url::Url;

use super::{
    accounts, audit, events,
    redirect::{SignedIn, signed_in},
    sessions,
};
use crate::{
    action::{AccountAction, AccountOutcome, Answer, Content, OwnAccount, SessionCall, Tab},
    audit::{AuditFilter, AuditKind, AuditRecord},
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    people::People,
    port::UserChange,
    user::UserId,
};

/// Entries of the audit trail on a page, and in an answer.
pub const PAGE: usize = 25;

/// Longest display name, in characters.
const MAX_NAME: usize = 200;

/// Longest address of a picture, in bytes: sessions carry it in their cookie.
const MAX_IMAGE: usize = 1024;

/// Carries out what somebody does on a page about their own account.
pub async fn carry_out(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    action: AccountAction,
) -> AccountOutcome {
    let tab = action.tab();
    let shown = match action {
        AccountAction::Look { .. } if deployment.settings().pages.account.is_some() => {
            return AccountOutcome::Elsewhere;
        }
        AccountAction::Look { done, before, .. } => page(deployment, exchange, tab, before, done, None).await,
        doing => match act(deployment, exchange, doing).await {
            Ok(done) => return AccountOutcome::Done(tab, done),
            Err(refusal) if refusal.code == Code::SessionRequired => Err(refusal),
            Err(refusal) => match page(deployment, exchange, tab, None, None, Some(refusal.clone())).await {
                // Nobody's form.
                Err(_) if refusal.code == Code::MissingCsrf => return AccountOutcome::Refused(refusal),
                shown => shown,
            },
        },
    };
    match shown {
        Ok(page) => AccountOutcome::Page(Box::new(page)),
        Err(refusal) if refusal.code == Code::SessionRequired => AccountOutcome::SignIn(tab),
        Err(refusal) => AccountOutcome::Refused(refusal),
    }
}

/// `GET -/v1/activity`: what happened to the caller's account, and to nobody else's.
pub async fn activity(deployment: &Deployment, exchange: &Exchange<'_>, before: Option<u64>) -> Answer {
    let found = async {
        let caller = caller(deployment, exchange).await?;
        of(deployment, &caller.user, before).await
    };
    match found.await {
        Ok((records, older)) => Answer::Activity { records, older },
        Err(refusal) => Answer::Refused(refusal),
    }
}

/// Says by a word what was done.
async fn act(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    action: AccountAction,
) -> Result<&'static str, Refusal> {
    if !exchange.csrf.verified {
        return Err(Refusal::new(Code::MissingCsrf));
    }
    let answer = match action {
        AccountAction::Profile { name, image } => {
            return change_profile(deployment, exchange, name, image).await;
        }
        AccountAction::Unlink { provider, id } => accounts::unlink(deployment, exchange, provider, id).await,
        AccountAction::End(which) => sessions::carry_out(deployment, exchange, SessionCall::End(which)).await,
        AccountAction::Look { .. } => return Ok("nothing"),
    };
    match answer {
        Answer::Refused(refusal) => Err(refusal),
        Answer::Unlinked => Ok("unlinked"),
        _ => Ok("ended"),
    }
}

/// Name and picture alone (lesson 45). All sessions of theirs say it from then on.
async fn change_profile(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    name: Option<String>,
    image: Option<String>,
) -> Result<&'static str, Refusal> {
    let caller = caller(deployment, exchange).await?;
    let name: String = name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    let image = image.map(|image| image.trim().to_owned()).filter(|image| !image.is_empty());
    if image.as_deref().is_some_and(|image| !is_picture(image)) {
        return Err(Refusal::new(Code::InvalidPicture));
    }
    let change = UserChange { name: Some(name), image: Some(image), ..UserChange::default() };
    let entry =
        audit::entry(exchange, AuditKind::ProfileChanged).of(&caller.user).in_session(&caller.session);
    let mut written = audit::events(deployment, entry);
    if events::tells_changes(deployment)
        && let Some(before) = deployment.store().user(&caller.user).await?
    {
        written.extend(events::changed(deployment, exchange, &before, &change));
    }
    match People::of(deployment).change(&caller.user, &change, &written).await {
        Ok(_) => {
            events::are_written(deployment, &written);
            Ok("saved")
        }
        // Deleted since their session was found.
        Err(refusal) if refusal.code == Code::UserUnknown => Err(Refusal::new(Code::SessionRequired)),
        Err(refusal) => Err(refusal),
    }
}

/// An https address that names a host and no one's password.
fn is_picture(text: &str) -> bool {
    text.len() <= MAX_IMAGE
        && Url::parse(text).is_ok_and(|url| {
            url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
        })
}

async fn page(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    tab: Tab,
    before: Option<u64>,
    done: Option<String>,
    refusal: Option<Refusal>,
) -> Result<OwnAccount, Refusal> {
    let caller = caller(deployment, exchange).await?;
    let user = deployment.store().user(&caller.user).await?;
    let user = user.ok_or_else(|| Refusal::new(Code::SessionRequired))?;
    let content = match tab {
        Tab::Profile => Content::Profile,
        Tab::Ways => match accounts::list(deployment, exchange).await {
            Answer::Accounts(accounts) => Content::Ways(accounts),
            Answer::Refused(refusal) => return Err(refusal),
            _ => return Err(Refusal::new(Code::Configuration)),
        },
        Tab::Sessions => {
            let sessions = deployment.store().sessions_of(&caller.user, exchange.now).await?;
            Content::Sessions { sessions, current: caller.session }
        }
        Tab::Activity => {
            let (records, older) = of(deployment, &caller.user, before).await?;
            Content::Activity { records, older }
        }
    };
    Ok(OwnAccount { tab, user, content, done, refusal })
}

/// A page of somebody's entries, and where the next one begins.
async fn of(
    deployment: &Deployment,
    user: &UserId,
    before: Option<u64>,
) -> Result<(Vec<AuditRecord>, Option<u64>), Refusal> {
    page_of(deployment, &AuditFilter { user: Some(user.clone()), before, ..AuditFilter::default() }).await
}

/// A page of the trail, and where the next one begins.
pub(super) async fn page_of(
    deployment: &Deployment,
    filter: &AuditFilter,
) -> Result<(Vec<AuditRecord>, Option<u64>), Refusal> {
    let mut records = deployment.store().audit(filter, PAGE + 1).await?;
    let more = records.len() > PAGE;
    records.truncate(PAGE);
    let older = records.last().map(|record| record.place).filter(|_| more);
    Ok((records, older))
}

async fn caller(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<SignedIn, Refusal> {
    signed_in(deployment, exchange).await?.ok_or_else(|| Refusal::new(Code::SessionRequired))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_at_an_https_address() {
        for good in ["https://img.example/a.png", "https://img.example/a?s=1"] {
            assert!(is_picture(good), "{good}");
        }
        let long = format!("https://img.example/{}", "a".repeat(MAX_IMAGE));
        for bad in [
            "http://img.example/a",
            "javascript:alert(1)",
            "data:image/svg+xml,x",
            "//img.example",
            &long,
            "https://a:b@c/",
        ] {
            assert!(!is_picture(bad), "{bad}");
        }
    }
}

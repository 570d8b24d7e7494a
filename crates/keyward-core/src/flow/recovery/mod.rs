//! What people do about their own accounts: prove and change an address, reset and change a password, have their data,
//! leave. One flow behind the pages and the calls alike.

mod address;
mod data;
mod password;
mod post;
mod reset;
mod verify;

pub(super) use self::{
    password::ended_by_first_proof,
    post::are_written,
    verify::{asks_to_verify, demand, for_new_user, tell_of_account},
};

use super::redirect::{SignedIn, signed_in};
use crate::{
    action::{Answer, Filled, Link, Outcome, Recovering, Recovery, Shown, State, Step},
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    policy::recent,
    port::Recovered,
};

/// What came of something that was sent.
pub(super) enum Went {
    /// A mail is on its way.
    Sent,
    /// It was done.
    Done,
    /// The next step, and the link to it.
    On(Step, Link),
    /// Everything about somebody, in JSON.
    Everything(String),
}

/// As a page.
pub async fn page(deployment: &Deployment, exchange: &mut Exchange<'_>, what: Recovery) -> Outcome {
    let (step, link, has_password) = match &what {
        Recovery::Page { step, .. } => (*step, None, false),
        Recovery::Look { step, link } => (*step, Some(link.clone()), false),
        Recovery::Send { step, link, filled } => (*step, link.clone(), filled.password.is_some()),
    };
    let went = match what {
        Recovery::Page { step, state: State::Open } => open(deployment, exchange, step).await,
        Recovery::Page { step, state } => Ok(shown(step, state, None)),
        Recovery::Look { step, link } => look(deployment, exchange, step, link).await,
        Recovery::Send { step, link, filled } => match sent(deployment, exchange, step, link, filled).await {
            Ok(Went::Sent) => Ok(Recovering::Done(step, State::Sent)),
            Ok(Went::Done) => Ok(Recovering::Done(step, State::Done)),
            Ok(Went::On(step, link)) => Ok(Recovering::Next(step, link)),
            Ok(Went::Everything(data)) => Ok(Recovering::Everything(data)),
            Err(refusal) => Err(refusal),
        },
    };
    Outcome::Recovery(went.unwrap_or_else(|refusal| refused(step, link, has_password, refusal)))
}

/// As a call.
pub async fn call(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    step: Step,
    link: Option<Link>,
    filled: Filled,
) -> Answer {
    match sent(deployment, exchange, step, link, filled).await {
        Ok(Went::Sent) => Answer::Recovered { step, state: State::Sent, next: None },
        Ok(Went::Done) => Answer::Recovered { step, state: State::Done, next: None },
        Ok(Went::On(_, next)) => Answer::Recovered { step, state: State::Done, next: Some(next) },
        Ok(Went::Everything(data)) => Answer::Everything(data),
        Err(refusal) => Answer::Refused(refusal),
    }
}

/// A form or a call. Those for who is not signed in prove themselves by the double-submitted token alone.
async fn sent(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    step: Step,
    link: Option<Link>,
    filled: Filled,
) -> Result<Went, Refusal> {
    if !exchange.csrf.verified {
        return Err(Refusal::new(Code::MissingCsrf));
    }
    let email = filled.email.as_deref();
    match (step, link) {
        (Step::VerifyEmail, None) => verify::ask(deployment, exchange, email).await,
        (Step::VerifyEmail, Some(link)) => {
            verify::confirm(deployment, exchange, &link, filled.password.as_deref()).await
        }
        (Step::Reset, None) => reset::ask(deployment, exchange, email).await,
        (Step::Reset, Some(link)) => {
            reset::confirm(deployment, exchange, &link, filled.new_password.as_deref()).await
        }
        (Step::ChangeEmail, Some(link)) => address::confirm(deployment, exchange, &link).await,
        (Step::ReturnEmail, Some(link)) => address::turn_back(deployment, exchange, &link).await,
        (Step::ChangeEmail | Step::ReturnEmail, None) => Err(post::no_such_link()),
        (Step::Password, _) => password::change(deployment, exchange, &filled).await,
        (Step::Email, _) => address::ask(deployment, exchange, email).await,
        (Step::Delete, _) => data::delete(deployment, exchange).await,
        (Step::Export, _) => data::export(deployment, exchange).await,
    }
}

/// The page before anything is sent.
async fn open(deployment: &Deployment, exchange: &Exchange<'_>, step: Step) -> Result<Recovering, Refusal> {
    let state = match step {
        Step::VerifyEmail | Step::Reset => State::Open,
        Step::ChangeEmail | Step::ReturnEmail => State::Dead,
        Step::Password if password::has_one(deployment, exchange).await? => State::WithPassword,
        Step::Password | Step::Email | Step::Delete | Step::Export => {
            // Here and not after they have filled everything in.
            recently(deployment, exchange).await?;
            State::Open
        }
    };
    Ok(shown(step, state, None))
}

/// What the link of a mail opens.
async fn look(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    step: Step,
    link: Link,
) -> Result<Recovering, Refusal> {
    let (mut state, mut email) = (State::Open, Some(link.subject.clone()));
    match step {
        Step::VerifyEmail => state = verify::look(deployment, exchange, &link).await?,
        Step::Reset => reset::look(deployment, exchange, &link).await?,
        Step::ChangeEmail => address::look(deployment, exchange, &link).await?,
        Step::ReturnEmail => email = Some(address::look_back(deployment, exchange, &link).await?),
        Step::Password | Step::Email | Step::Delete | Step::Export => return Err(post::no_such_link()),
    }
    Ok(Recovering::Page(Box::new(Shown { step, state, email, link: Some(link), refusal: None })))
}

fn shown(step: Step, state: State, refusal: Option<Refusal>) -> Recovering {
    Recovering::Page(Box::new(Shown { step, state, email: None, link: None, refusal }))
}

/// Where who was refused on a page can go on.
fn refused(step: Step, link: Option<Link>, has_password: bool, refusal: Refusal) -> Recovering {
    let back = || link.as_ref().map_or_else(|| step.page().to_owned(), |link| link.path(step));
    match (refusal.code, step) {
        (Code::SessionRequired, _) => Recovering::SignIn { back: back(), again: false },
        (Code::RecentSignInRequired, _) => Recovering::SignIn { back: back(), again: true },
        (Code::LinkNotValid, Step::VerifyEmail | Step::Reset) => shown(step, State::Open, Some(refusal)),
        (Code::LinkNotValid | Code::EmailTaken, _) => shown(step, State::Dead, Some(refusal)),
        _ => {
            let lacks_password = refusal.code == Code::MissingField && step == Step::VerifyEmail;
            let with_password = has_password || lacks_password && link.is_some();
            let state = if with_password { State::WithPassword } else { State::Open };
            let email = link.as_ref().filter(|_| step != Step::ReturnEmail).map(|link| link.subject.clone());
            Recovering::Page(Box::new(Shown { step, state, email, link, refusal: Some(refusal) }))
        }
    }
}

/// A transition that was not done, as a refusal; `changed` where what it stood on is no longer so.
fn settled(recovered: Recovered, changed: Code) -> Result<(), Refusal> {
    Err(match recovered {
        Recovered::Done => return Ok(()),
        Recovered::Gone => post::no_such_link(),
        Recovered::SignedOut => Refusal::new(Code::SessionRequired),
        Recovered::Taken => Refusal::new(Code::EmailTaken),
        Recovered::Disabled => Refusal::new(Code::AccountDisabled),
        Recovered::Changed => Refusal::new(changed).because("the account changed meanwhile"),
    })
}

/// Who is signed in.
async fn caller(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<SignedIn, Refusal> {
    signed_in(deployment, exchange).await?.ok_or_else(|| Refusal::new(Code::SessionRequired))
}

/// Who signed in a moment ago: what they ask for cannot be taken back.
async fn recently(deployment: &Deployment, exchange: &Exchange<'_>) -> Result<SignedIn, Refusal> {
    let caller = caller(deployment, exchange).await?;
    demand_recent(deployment, exchange, &caller)?;
    Ok(caller)
}

fn demand_recent(deployment: &Deployment, exchange: &Exchange<'_>, caller: &SignedIn) -> Result<(), Refusal> {
    let within = deployment.settings().session.recent;
    let is_recent = recent::is_recent(&caller.claims, exchange.now, within);
    if is_recent { Ok(()) } else { Err(Refusal::new(Code::RecentSignInRequired)) }
}

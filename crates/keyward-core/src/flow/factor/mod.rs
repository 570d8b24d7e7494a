//! Second factors and passkeys: shown at a sign-in, confirmed later, set up and taken away.

mod app;
mod confirm;
mod passkey;
mod passkeys;
mod pending;
mod prove;
mod show;

pub(super) use self::{
    pending::{Half, ask},
    show::complete,
};
use super::{
    audit,
    redirect::{SignedIn, signed_in},
};
use crate::{
    action::{FactorAction, FactorOutcome, Outcome, OwnPage},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    policy::{
        assurance::{self, Demand},
        ways::WaysIn,
    },
    port::{FactorChange, FactorChanged, FactorEdit},
    reply::PasskeyForm,
    user::UserId,
};

/// Carries out what is asked for about second factors and passkeys.
pub async fn carry_out(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    action: FactorAction,
) -> Outcome {
    use FactorAction as Asked;
    match action {
        Asked::Page { page: OwnPage::Factor, error } => show::page(deployment, exchange, error).await,
        Asked::Page { page: OwnPage::Confirm, error } => confirm::page(deployment, exchange, error).await,
        Asked::Page { page: OwnPage::App, error } => app::page(deployment, exchange, error).await,
        Asked::Page { page: OwnPage::Passkeys, error } => passkeys::page(deployment, exchange, error).await,
        Asked::Show(answer) => show::show(deployment, exchange, &answer).await,
        Asked::Confirm { password, answer } => {
            confirm::confirm(deployment, exchange, password.as_deref(), &answer).await
        }
        Asked::AddApp { set_up, code } => app::add(deployment, exchange, set_up, code).await,
        Asked::RemoveApp => app::change(deployment, exchange, app::Change::Remove).await,
        Asked::ReplaceCodes => app::change(deployment, exchange, app::Change::ReplaceCodes).await,
        Asked::AddPasskey { answer, name } => passkeys::add(deployment, exchange, answer, name).await,
        Asked::RemovePasskey { id } => passkeys::remove(deployment, exchange, id).await,
        Asked::Options { action, email } => {
            passkey::options(deployment, exchange, action.as_deref(), email.as_deref()).await
        }
        Asked::Passkey { action, answer } => {
            passkey::answered(deployment, exchange, action.as_deref(), answer.as_deref()).await
        }
    }
}

/// Who asks on a page of ours, or where they have to go first.
enum Caller {
    Here(SignedIn),
    First(Outcome),
}

/// Who is signed in, and meets what a page asks of them; the others go and prove themselves, and come back to it.
async fn caller(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    page: OwnPage,
    demand: Demand,
) -> Result<Caller, Refusal> {
    let Some(caller) = signed_in(deployment, exchange).await? else {
        return Ok(Caller::First(Outcome::Factor(FactorOutcome::SignIn { then: page })));
    };
    if !assurance::meets(&caller.claims, exchange.now, demand) {
        return Ok(Caller::First(Outcome::Factor(FactorOutcome::Go {
            page: OwnPage::Confirm,
            then: Some(page),
        })));
    }
    Ok(Caller::Here(caller))
}

/// What is asked of who changes their factors: that they are there now, and by two factors where they have two.
async fn demand_of(deployment: &Deployment, user: Option<&UserId>) -> Result<Demand, Refusal> {
    let two_factors = match user {
        Some(user) => deployment.store().factors(user).await?.app.is_some(),
        None => false,
    };
    Ok(Demand { within: Some(deployment.settings().session.recent), two_factors })
}

/// A change by who is signed in.
async fn change(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    caller: &SignedIn,
    edit: FactorEdit,
    kind: AuditKind,
) -> Result<(), Refusal> {
    let ways: WaysIn = deployment.settings().ways_in();
    let (user, session) = (caller.user.clone(), Some(caller.session.clone()));
    let change = FactorChange { user, session, ways, edit };
    let entry = audit::entry(exchange, kind).of(&caller.user).in_session(&caller.session);
    let told = audit::events(deployment, entry);
    let refuse = |code| Err(Refusal::new(code));
    match deployment.store().change_factors(&change, exchange.now, &told).await? {
        FactorChanged::Done => Ok(()),
        FactorChanged::SignedOut => refuse(Code::SessionRequired),
        FactorChanged::NotFound => refuse(Code::FactorUnknown),
        FactorChanged::Taken => refuse(Code::FactorTaken),
        FactorChanged::TooMany => refuse(Code::TooManyPasskeys),
        FactorChanged::LastWay => refuse(Code::LastWayIn),
    }
}

/// The button by which a passkey is shown at `action`, where there are passkeys.
fn passkey_form(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    action: &str,
    asks: &str,
) -> Option<PasskeyForm> {
    let settings = deployment.settings().passkeys.as_ref()?;
    let public = &exchange.request.public;
    Some(PasskeyForm {
        action: public.route(action),
        options: public.route(&format!("webauthn-options/{}?action={asks}", settings.id)),
    })
}

fn missing_csrf(exchange: &Exchange<'_>) -> Result<(), Refusal> {
    if exchange.csrf.verified { Ok(()) } else { Err(Refusal::new(Code::MissingCsrf)) }
}

/// What a page of ours says of a refusal.
fn back(page: OwnPage, refusal: Refusal) -> Outcome {
    Outcome::Factor(FactorOutcome::Back { page, refusal })
}

//! Somebody's own passkeys: listed, added, taken away.

use super::{Caller, back, caller, change, demand_of, missing_csrf, passkey_form, prove};
use crate::{
    action::{FactorOutcome, Outcome, OwnPage},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal, cleaned},
    exchange::Exchange,
    flow::redirect::signed_in,
    method::passkey::Passkey,
    port::FactorEdit,
    reply::{FactorPage, ShownPasskey},
};

/// Longest name of a passkey, in characters.
const MAX_NAME: usize = 60;

/// What there is, and the button that adds one. Only for who is there now.
pub(super) async fn page(deployment: &Deployment, exchange: &Exchange<'_>, error: Option<String>) -> Outcome {
    match shown(deployment, exchange, error).await {
        Ok(outcome) => outcome,
        Err(refusal) => Outcome::Refused { refusal, provider: None },
    }
}

async fn shown(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    error: Option<String>,
) -> Result<Outcome, Refusal> {
    let demand = demand_of(deployment, None).await?;
    let caller = match caller(deployment, exchange, OwnPage::Passkeys, demand).await? {
        Caller::Here(caller) => caller,
        Caller::First(outcome) => return Ok(outcome),
    };
    let page = OwnPage::Passkeys.path();
    let add = passkey_form(deployment, exchange, page, "register");
    let passkeys = deployment.store().factors(&caller.user).await?.passkeys;
    let shown = |passkey: Passkey| ShownPasskey {
        id: passkey.id,
        name: passkey.name,
        created: passkey.created,
        used: passkey.used,
        backed_up: passkey.backed_up,
    };
    Ok(Outcome::Factor(FactorOutcome::Page(Box::new(FactorPage::Passkeys {
        csrf_token: exchange.csrf.token.clone(),
        error,
        add: add.ok_or_else(|| prove::refused("there are no passkeys here"))?,
        remove: exchange.request.public.route("-/account/passkeys/remove"),
        passkeys: passkeys.into_iter().map(shown).collect(),
    }))))
}

/// The steps: who is there, the challenge and its answer, and then the passkey.
pub(super) async fn add(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    answer: Option<String>,
    name: Option<String>,
) -> Outcome {
    match added(deployment, exchange, answer.as_deref(), name).await {
        Ok(None) => Outcome::Factor(FactorOutcome::Go { page: OwnPage::Passkeys, then: None }),
        Ok(Some(outcome)) => outcome,
        Err(refusal) => back(OwnPage::Passkeys, refusal),
    }
}

/// Adds what a browser made to who is signed in. `Some`: they have to go somewhere first.
pub(super) async fn added(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    answer: Option<&str>,
    name: Option<String>,
) -> Result<Option<Outcome>, Refusal> {
    missing_csrf(exchange)?;
    let demand = demand_of(deployment, None).await?;
    let caller = match caller(deployment, exchange, OwnPage::Passkeys, demand).await? {
        Caller::Here(caller) => caller,
        Caller::First(outcome) => return Ok(Some(outcome)),
    };
    let answer = answer.filter(|answer| !answer.is_empty());
    let answer = answer.ok_or_else(|| Refusal::new(Code::MissingField).because("no passkey was made"))?;
    let (made, _, spent) = prove::new_passkey(deployment, exchange, answer)?;
    if made.user != caller.user {
        return Err(prove::refused("the passkey was asked for by somebody else"));
    }
    let name = name.and_then(|name| cleaned(&name, MAX_NAME)).unwrap_or_default();
    let edit = FactorEdit::AddPasskey { passkey: Passkey { name, ..made }, spent };
    change(deployment, exchange, &caller, edit, AuditKind::FactorAdded).await?;
    Ok(None)
}

/// Takes one of the caller's own away, and nobody else's (lesson 50).
pub(super) async fn remove(deployment: &Deployment, exchange: &Exchange<'_>, id: Option<String>) -> Outcome {
    match removed(deployment, exchange, id).await {
        Ok(outcome) => outcome,
        Err(refusal) => back(OwnPage::Passkeys, refusal),
    }
}

async fn removed(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    id: Option<String>,
) -> Result<Outcome, Refusal> {
    missing_csrf(exchange)?;
    let user = signed_in(deployment, exchange).await?.map(|caller| caller.user);
    let demand = demand_of(deployment, user.as_ref()).await?;
    let caller = match caller(deployment, exchange, OwnPage::Passkeys, demand).await? {
        Caller::Here(caller) => caller,
        Caller::First(outcome) => return Ok(outcome),
    };
    let id = id.filter(|id| !id.is_empty()).ok_or_else(|| Refusal::new(Code::MissingField))?;
    change(deployment, exchange, &caller, FactorEdit::RemovePasskey(id), AuditKind::FactorRemoved).await?;
    Ok(Outcome::Factor(FactorOutcome::Go { page: OwnPage::Passkeys, then: None }))
}

//! Setting an authenticator app up, taking it away, and its recovery codes.

use std::time::Duration;

use super::{Caller, back, caller, change as change_factors, demand_of, missing_csrf};
use crate::{
    action::{FactorOutcome, Outcome, OwnPage},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    exchange::Exchange,
    flow::redirect::{SignedIn, signed_in},
    method::{recovery_codes, totp::TotpSecret},
    policy::assurance::Demand,
    port::{FactorEdit, KeptApp},
    reply::FactorPage,
    sealer::Sealed,
    secret::Secret,
};

/// How long somebody may take to set an app up.
const SET_UP: Duration = Duration::from_secs(30 * 60);

/// What may be changed about an app that there is.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Remove,
    ReplaceCodes,
}

/// What there is, or a new secret to scan.
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
    let caller = match caller(deployment, exchange, OwnPage::App, Demand::default()).await? {
        Caller::Here(caller) => caller,
        Caller::First(outcome) => return Ok(outcome),
    };
    let factors = deployment.store().factors(&caller.user).await?;
    if factors.app.is_some() {
        let public = &exchange.request.public;
        return Ok(page_of(FactorPage::App {
            csrf_token: exchange.csrf.token.clone(),
            error,
            remove: public.route("-/account/totp/remove"),
            codes: public.route("-/account/totp/codes"),
            codes_left: factors.recovery_codes,
        }));
    }
    // Only who is there now: whoever got hold of a session would keep its owner out for good.
    match super::caller(deployment, exchange, OwnPage::App, demand_of(deployment, None).await?).await? {
        Caller::Here(caller) => {
            set_up_page(deployment, exchange, &caller, TotpSecret::draw(deployment.random()), error).await
        }
        Caller::First(outcome) => Ok(outcome),
    }
}

async fn set_up_page(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    caller: &SignedIn,
    secret: TotpSecret,
    error: Option<String>,
) -> Result<Outcome, Refusal> {
    let user = deployment.store().user(&caller.user).await?;
    let user = user.ok_or_else(|| Refusal::new(Code::SessionRequired))?;
    let account = user.email.or(user.name).unwrap_or(user.id.0);
    let public = &exchange.request.public;
    let issuer = Some(&deployment.settings().factors.issuer).filter(|issuer| !issuer.is_empty());
    let (until, of) = (exchange.now.plus(SET_UP), &caller.session.0);
    let text = secret.base32();
    let set_up = deployment.sealer().seal(Sealed::SetUp, of, text.expose(), Some(until), deployment.random());
    Ok(page_of(FactorPage::SetUpApp {
        csrf_token: exchange.csrf.token.clone(),
        action: public.route(OwnPage::App.path()),
        error,
        uri: secret.uri(issuer.map_or(public.host(), String::as_str), &account),
        secret: text,
        set_up: set_up
            .ok_or_else(|| Refusal::new(Code::Configuration).because("a secret cannot be sealed"))?,
    }))
}

/// The steps: who is there, the secret that they were shown, its first code, and then the app with recovery codes.
pub(super) async fn add(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    set_up: Option<String>,
    code: Option<String>,
) -> Outcome {
    match added(deployment, exchange, set_up.as_deref().unwrap_or_default(), code).await {
        Ok(outcome) => outcome,
        Err(refusal) => back(OwnPage::App, refusal),
    }
}

async fn added(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    set_up: &str,
    code: Option<String>,
) -> Result<Outcome, Refusal> {
    missing_csrf(exchange)?;
    let demand = demand_of(deployment, None).await?;
    let caller = match caller(deployment, exchange, OwnPage::App, demand).await? {
        Caller::Here(caller) => caller,
        Caller::First(outcome) => return Ok(outcome),
    };
    let text = deployment.sealer().open(Sealed::SetUp, &caller.session.0, set_up, exchange.now);
    let secret = text.as_ref().and_then(|text| TotpSecret::read(text.expose()));
    let (Some(text), Some(secret)) = (&text, secret) else {
        return Err(Refusal::new(Code::SecondFactorExpired)
            .because("the secret was shown too long ago, or elsewhere"));
    };
    let Some(step) = secret.step_of(code.as_deref().unwrap_or_default(), exchange.now, -1) else {
        // The same secret again: it is in their app already.
        let error = Some(Code::WrongCode.as_str().to_owned());
        return set_up_page(deployment, exchange, &caller, secret, error).await;
    };
    let sealed =
        deployment.sealer().seal(Sealed::App, &caller.user.0, text.expose(), None, deployment.random());
    let sealed =
        sealed.ok_or_else(|| Refusal::new(Code::Configuration).because("a secret cannot be sealed"))?;
    let codes = recovery_codes::draw(deployment.random());
    let app = KeptApp { secret: sealed.into_bytes(), step };
    let edit = FactorEdit::AddApp { app, codes: hashes(&caller, &codes) };
    change_factors(deployment, exchange, &caller, edit, AuditKind::FactorAdded).await?;
    Ok(codes_page(exchange, codes))
}

/// The steps: who is there, by two factors; then the change.
pub(super) async fn change(deployment: &Deployment, exchange: &Exchange<'_>, what: Change) -> Outcome {
    match changed(deployment, exchange, what).await {
        Ok(outcome) => outcome,
        Err(refusal) => back(OwnPage::App, refusal),
    }
}

async fn changed(deployment: &Deployment, exchange: &Exchange<'_>, what: Change) -> Result<Outcome, Refusal> {
    missing_csrf(exchange)?;
    let user = signed_in(deployment, exchange).await?.map(|caller| caller.user);
    let demand = demand_of(deployment, user.as_ref()).await?;
    let caller = match caller(deployment, exchange, OwnPage::App, demand).await? {
        Caller::Here(caller) => caller,
        Caller::First(outcome) => return Ok(outcome),
    };
    match what {
        Change::Remove => {
            let kind = AuditKind::FactorRemoved;
            change_factors(deployment, exchange, &caller, FactorEdit::RemoveApp, kind).await?;
            Ok(Outcome::Factor(FactorOutcome::Go { page: OwnPage::App, then: None }))
        }
        Change::ReplaceCodes => {
            let codes = recovery_codes::draw(deployment.random());
            let edit = FactorEdit::ReplaceCodes(hashes(&caller, &codes));
            change_factors(deployment, exchange, &caller, edit, AuditKind::RecoveryCodesMade).await?;
            Ok(codes_page(exchange, codes))
        }
    }
}

fn hashes(caller: &SignedIn, codes: &[Secret]) -> Vec<String> {
    let hash = |code: &Secret| recovery_codes::hash_of(&caller.user, code.expose());
    codes.iter().map(|code| hash(code).expect("what was drawn is a code")).collect()
}

fn codes_page(exchange: &Exchange<'_>, codes: Vec<Secret>) -> Outcome {
    page_of(FactorPage::Codes { codes, next: exchange.request.public.route(OwnPage::App.path()) })
}

fn page_of(page: FactorPage) -> Outcome {
    Outcome::Factor(FactorOutcome::Page(Box::new(page)))
}

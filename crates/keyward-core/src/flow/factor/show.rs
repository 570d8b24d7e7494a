//! The second factor of a sign-in.

use super::{
    super::{audit, events},
    back, missing_csrf, passkey_form,
    pending::{self, Waiting},
    prove,
};
use crate::{
    action::{FactorAnswer as Answer, FactorOutcome, Outcome, OwnPage},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    event::About,
    exchange::Exchange,
    policy::{
        assurance::{self, Way},
        recent::AUTH_TIME,
        redirect::{self, Landing},
    },
    port::Admitted,
    reply::{Ask, AskedField, FactorPage},
    session::Opening,
    user::Admission,
};

/// The page that asks for it.
pub(super) async fn page(deployment: &Deployment, exchange: &Exchange<'_>, error: Option<String>) -> Outcome {
    let waiting = match pending::waiting(deployment, exchange, None).await {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return Outcome::Refused { refusal: prove::expired(), provider: None },
        Err(refusal) => return Outcome::Refused { refusal, provider: None },
    };
    let has_passkey = match deployment.store().factors(&waiting.kept.user()).await {
        Ok(factors) => !factors.passkeys.is_empty(),
        Err(error) => return Outcome::Refused { refusal: error.into(), provider: None },
    };
    let public = &exchange.request.public;
    let passkey = passkey_form(deployment, exchange, OwnPage::Factor.path(), "authenticate");
    Outcome::Factor(FactorOutcome::Page(Box::new(FactorPage::Factor(Ask {
        csrf_token: exchange.csrf.token.clone(),
        action: public.route(OwnPage::Factor.path()),
        // What brought them here is no mistake of theirs.
        error: error.filter(|error| error != Code::SecondFactorRequired.as_str()),
        callback_url: None,
        field: AskedField::Code,
        passkey: passkey.filter(|_| has_passkey),
        sign_in: public.route("signin"),
    }))))
}

/// The steps: ticket, factor, session, admission (which uses both up), session cookie, landing.
pub(super) async fn show(deployment: &Deployment, exchange: &mut Exchange<'_>, answer: &Answer) -> Outcome {
    match complete(deployment, exchange, answer).await {
        Ok(landing) => Outcome::Land(landing),
        Err(refusal) if refusal.code == Code::SecondFactorExpired => {
            pending::forget(exchange);
            Outcome::Refused { refusal, provider: None }
        }
        Err(refusal) => back(OwnPage::Factor, refusal),
    }
}

pub(in crate::flow) async fn complete(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    answer: &Answer,
) -> Result<Landing, Refusal> {
    // A program has no cookie that another site could make it send.
    if exchange.program.is_none() {
        missing_csrf(exchange)?;
    }
    let waiting = pending::waiting(deployment, exchange, answer.pending.as_deref()).await?;
    let Waiting { key, kept } = waiting.ok_or_else(prove::expired)?;
    let user = kept.user();
    let proven = prove::factor(deployment, exchange, &user, Some(&key), answer).await?;
    let mut claims = kept.claims.clone();
    assurance::second(&mut claims, proven.way);
    claims.set(AUTH_TIME, exchange.now.secs());
    let mut opening = Opening::prepare(deployment, exchange, claims);
    opening.record.via = kept.via();
    opening.record.vault = kept.vault();
    let record = opening.record.clone();
    // Before anything is written: what does not fit into a cookie uses nothing up.
    let cookie = opening.cookie(deployment, exchange)?;
    let mut events = kept.events(exchange);
    let mut note = |kind| {
        let entry = audit::entry(exchange, kind).saying("method", proven.way.as_str());
        events.extend(audit::event(deployment, About::Anybody, entry));
    };
    note(AuditKind::SignedIn);
    if proven.way == Way::RecoveryCode {
        note(AuditKind::RecoveryCodeUsed);
    }
    let who =
        Admission::Factor { user: user.clone(), ticket: Some(key.clone()), shown: proven.shown.clone() };
    let own = match deployment.store().admit(&who, Some(&record), exchange.now, &events).await? {
        Admitted::As { claims, .. } => claims,
        Admitted::Disabled => return Err(Refusal::new(Code::AccountDisabled)),
        Admitted::Changed | Admitted::NeedsFactor { .. } | Admitted::EmailTaken => {
            return Err(proven.was_wrong(deployment, exchange, &user, Some(&key)).await);
        }
        Admitted::Gone => return Err(prove::expired()),
    };
    events::are_written(deployment, &events);
    exchange.changes.session = opening.opened(deployment, exchange, cookie, &own).await?;
    pending::forget(exchange);
    let allowed = &deployment.settings().allowed_origins;
    let landing = redirect::landing(&exchange.request.public, allowed, Some(&kept.landing), None);
    Ok(landing.unwrap_or_else(|_| exchange.landing.clone()))
}

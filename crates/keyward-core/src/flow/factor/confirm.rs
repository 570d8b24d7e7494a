//! Somebody who is signed in proves themselves anew: step-up.

use serde_json::{Map, Value};

use super::{
    super::{
        audit,
        guessing::{self, Guess},
        redirect::{SignedIn, signed_in},
    },
    back, missing_csrf, passkey_form, prove,
};
use crate::{
    action::{FactorAnswer as Answer, FactorOutcome, Outcome, OwnPage},
    audit::AuditKind,
    claims::Claims,
    deployment::Deployment,
    error::{Code, Refusal},
    event::About,
    exchange::Exchange,
    method::{OpensTo, Submitted},
    policy::{
        assurance::{self, Way},
        recent::AUTH_TIME,
    },
    port::{Admitted, Limit},
    reply::{Ask, AskedField, FactorPage},
    session::{Opening, foreign},
    settings::Provider,
    user::{Admission, User},
};

/// The page that asks them to.
pub(super) async fn page(deployment: &Deployment, exchange: &Exchange<'_>, error: Option<String>) -> Outcome {
    match asked(deployment, exchange, error).await {
        Ok(outcome) => outcome,
        Err(refusal) => Outcome::Refused { refusal, provider: None },
    }
}

async fn asked(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    error: Option<String>,
) -> Result<Outcome, Refusal> {
    let Some(caller) = signed_in(deployment, exchange).await? else {
        return Ok(Outcome::Factor(FactorOutcome::SignIn { then: OwnPage::Confirm }));
    };
    let factors = deployment.store().factors(&caller.user).await?;
    let public = &exchange.request.public;
    let field = if factors.app.is_some() {
        AskedField::Code
    } else if exchange.request.query.get("factors") == Some("2") && factors.passkeys.is_empty() {
        AskedField::NoFactor
    } else if password_of(deployment, &caller).await?.is_some() {
        AskedField::Password
    } else {
        AskedField::Nothing
    };
    let passkey = passkey_form(deployment, exchange, OwnPage::Confirm.path(), "authenticate");
    Ok(Outcome::Factor(FactorOutcome::Page(Box::new(FactorPage::Confirm(Ask {
        csrf_token: exchange.csrf.token.clone(),
        action: public.route(OwnPage::Confirm.path()),
        error,
        callback_url: Some(exchange.landing.as_str().to_owned()),
        field,
        passkey: passkey.filter(|_| !factors.passkeys.is_empty()),
        sign_in: match field {
            AskedField::NoFactor => public.route(OwnPage::App.path()),
            _ => public.route("signin"),
        },
    })))))
}

/// The provider that checks passwords kept here, and the user, if they have one.
async fn password_of<'d>(
    deployment: &'d Deployment,
    caller: &SignedIn,
) -> Result<Option<(&'d Provider, User)>, Refusal> {
    let mut providers = deployment.settings().providers.iter();
    let Some(provider) = providers.find(|one| one.check.opens_to() == OpensTo::Password) else {
        return Ok(None);
    };
    let Some(user) = deployment.store().user(&caller.user).await? else { return Ok(None) };
    let Some(email) = &user.email else { return Ok(None) };
    let kept = deployment.store().password_by_email(email).await?;
    Ok(kept.filter(|kept| kept.user.id == caller.user).map(|_| (provider, user)))
}

/// The steps: who is signed in, what they show, a new session in place of the old one.
pub(super) async fn confirm(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    password: Option<&str>,
    answer: &Answer,
) -> Outcome {
    match confirmed(deployment, exchange, password.filter(|password| !password.is_empty()), answer).await {
        Ok(outcome) => outcome,
        Err(refusal) => back(OwnPage::Confirm, refusal),
    }
}

async fn confirmed(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    password: Option<&str>,
    answer: &Answer,
) -> Result<Outcome, Refusal> {
    missing_csrf(exchange)?;
    let Some(caller) = signed_in(deployment, exchange).await? else {
        return Ok(Outcome::Factor(FactorOutcome::SignIn { then: OwnPage::Confirm }));
    };
    let mut claims = caller.claims.clone();
    let (who, way, guess) = match password {
        Some(password) => {
            let (who, guess) = by_password(deployment, exchange, &caller, password).await?;
            assurance::first(&mut claims, Way::Password);
            (who, Way::Password, Some(guess))
        }
        None => {
            guessing::draw_on_network(deployment, exchange, Limit::SignInPerAddress).await?;
            guessing::take(deployment, exchange, Limit::SignInPerAccount, &caller.user.0).await?;
            let proven = prove::factor(deployment, exchange, &caller.user, None, answer).await?;
            match proven.way {
                Way::Passkey => assurance::first(&mut claims, Way::Passkey),
                way => assurance::second(&mut claims, way),
            }
            let who = Admission::Factor { user: caller.user.clone(), ticket: None, shown: proven.shown };
            (who, proven.way, None)
        }
    };
    claims.set(AUTH_TIME, exchange.now.secs());
    replace(deployment, exchange, &caller, claims, &who, way).await?;
    if let Some(guess) = guess {
        guess.succeeded(deployment, exchange).await;
    }
    Ok(Outcome::Land(exchange.landing.clone()))
}

/// For who has no second factor: one is not confirmed by the other. It counts as a guess at a sign-in: who found a session
/// is not to find the password by it.
async fn by_password(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    caller: &SignedIn,
    password: &str,
) -> Result<(Admission, Guess), Refusal> {
    let wrong = || Refusal::new(Code::CredentialsSignin);
    let Some((provider, user)) = password_of(deployment, caller).await? else {
        guessing::draw_on_network(deployment, exchange, Limit::SignInPerAddress).await?;
        return Err(wrong());
    };
    let email = user.email.unwrap_or_default();
    let guess = Guess::at(deployment, exchange, &email);
    guess.permit(deployment, exchange).await?;
    if deployment.store().factors(&caller.user).await?.app.is_some() {
        return Err(Refusal::new(Code::SecondFactorRequired));
    }
    let fields = [("email", email), ("password", password.to_owned())];
    let fields: Map<_, _> =
        fields.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
    let submitted = Submitted { fields, client: exchange.request.client };
    let refusal = match provider.check.check(&submitted).await.map(|proof| proof.admission) {
        Ok(Admission::Password { user, hash }) if user == caller.user => {
            return Ok((Admission::Password { user, hash }, guess));
        }
        Ok(_) => wrong(),
        Err(refusal) => refusal,
    };
    Err(guessing::note(deployment, exchange, &provider.id, Some(&guess), refusal).await?)
}

/// A session of its own for what they may do now (lesson 55); the old one ends.
async fn replace(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    caller: &SignedIn,
    claims: Claims,
    who: &Admission,
    way: Way,
) -> Result<(), Refusal> {
    let tokens = foreign::moved(&claims);
    let mut opening = Opening::prepare(deployment, exchange, claims);
    opening.record.vault = tokens;
    let record = deployment.store().session_record(&caller.session).await?;
    opening.record.via = record.and_then(|record| record.via);
    let record = opening.record.clone();
    let cookie = opening.cookie(deployment, exchange)?;
    let used_up = (way == Way::RecoveryCode).then_some(AuditKind::RecoveryCodeUsed);
    let note = |kind| {
        let entry = audit::entry(exchange, kind).saying("method", way.as_str());
        audit::event(deployment, About::Anybody, entry)
    };
    let told: Vec<_> = [AuditKind::SignInConfirmed].into_iter().chain(used_up).filter_map(note).collect();
    let own = match deployment.store().admit(who, Some(&record), exchange.now, &told).await? {
        Admitted::As { claims, .. } => claims,
        Admitted::Disabled => return Err(Refusal::new(Code::AccountDisabled)),
        Admitted::NeedsFactor { .. } => return Err(Refusal::new(Code::SecondFactorRequired)),
        Admitted::Changed => {
            let code = match who {
                Admission::Factor { shown: crate::port::Shown::Passkey { .. }, .. } => Code::PasskeyRefused,
                _ => Code::WrongCode,
            };
            return Err(Refusal::new(code).because("it was used meanwhile, or never was one"));
        }
        Admitted::Gone | Admitted::EmailTaken => return Err(Refusal::new(Code::SessionRequired)),
    };
    exchange.changes.session = opening.opened(deployment, exchange, cookie, &own).await?;
    Ok(())
}

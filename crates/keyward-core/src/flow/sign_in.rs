//! Signing in with submitted fields (B1, F1; protocol notes §7).

use serde_json::{Map, Value};

use crate::{
    action::Outcome,
    claims::Claims,
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::{Code, Refusal},
    exchange::Exchange,
    method::{Proof, Submitted},
    policy::email,
    port::{Admitted, Limit, address_bucket, site_bucket},
    session,
    settings::{Field, Provider},
    user::Admission,
};

/// The steps: limits, check, admit, session cookie, landing.
pub async fn with_credentials(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: String,
    fields: Map<String, Value>,
) -> Outcome {
    match attempt(deployment, exchange, &provider, fields).await {
        Ok(outcome) => outcome,
        Err(refusal) => Outcome::Refused { refusal, provider: Some(provider) },
    }
}

async fn attempt(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &str,
    fields: Map<String, Value>,
) -> Result<Outcome, Refusal> {
    let provider = deployment
        .settings()
        .provider(provider)
        .ok_or_else(|| Refusal::new(Code::Configuration).because("the provider is gone"))?;
    let submitted = Submitted { fields, client: exchange.request.client };
    draw_on_limits(deployment, provider, &submitted)?;
    let proof = provider.check.check(&submitted).await?;
    let previous = exchange.session_token(deployment);
    let outcome = admit(deployment, exchange, proof).await?;
    // A sign-up that leaves the signing in to the person changes nobody.
    let replaced = matches!(exchange.changes.session, SessionCookie::Set { .. });
    if let Some(previous) = previous.filter(|_| replaced) {
        // Nobody keeps, or hands to another, the session from before a change of person (lesson 55).
        session::end_replaced(deployment, &previous, exchange).await;
    }
    Ok(outcome)
}

/// Taken before anything costly happens, also for accounts that do not exist.
fn draw_on_limits(
    deployment: &Deployment,
    provider: &Provider,
    submitted: &Submitted,
) -> Result<(), Refusal> {
    let limited = |retry_after| Refusal::new(Code::RateLimited).retry_after(retry_after);
    let limiter = deployment.limiter();
    let limit = provider.check.limit();
    // The widest first: a site that has used up its own leaves no trace of each of its addresses.
    if let (Some(of_site), Some(site)) = (limit.of_site(), site_bucket(submitted.client)) {
        limiter.take(of_site, &site).map_err(limited)?;
    }
    limiter.take(limit, &address_bucket(submitted.client)).map_err(limited)?;
    // Signing up is no attempt at an account.
    if limit == Limit::SignInPerAddress
        && let Some(account) = account_of(provider, submitted)
    {
        limiter.take(Limit::SignInPerAccount, &account).map_err(limited)?;
    }
    Ok(())
}

/// Whom an attempt is at, in one spelling: otherwise each way to write an address had an allowance of its own.
fn account_of(provider: &Provider, submitted: &Submitted) -> Option<String> {
    let names_account =
        |field: &&Field| field.kind == "email" || field.autocomplete.as_deref() == Some("username");
    let field = provider.fields.iter().find(names_account);
    let field = field.or_else(|| provider.fields.iter().find(|field| field.kind != "password"))?;
    let account = match submitted.fields.get(&field.name)? {
        Value::String(text) => text.clone(),
        // Back ends may take 7 for "7".
        other => other.to_string(),
    };
    Some(email::normalise(&account).unwrap_or_else(|| account.trim().to_lowercase()))
}

async fn admit(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    proof: Proof,
) -> Result<Outcome, Refusal> {
    let by_registration = matches!(proof.admission, Admission::NewUser { .. });
    let claims = Claims::of(&proof.profile, &proof.sub, proof.extra);
    let opening = proof.opens_session.then(|| session::Opening::prepare(deployment, exchange, claims));
    let record = opening.as_ref().map(|opening| &opening.record);
    let admitted = deployment.store().admit(&proof.admission, record, exchange.now).await?;
    let is_new = match admitted {
        Admitted::As { is_new, .. } => is_new,
        // Where sign-up reveals nothing, a known address is answered like a new one.
        Admitted::EmailTaken if opening.is_none() => true,
        Admitted::EmailTaken => return Err(Refusal::new(Code::EmailTaken)),
        Admitted::Gone | Admitted::Changed => {
            return Err(Refusal::new(Code::CredentialsSignin).because("the user was deleted meanwhile"));
        }
    };
    let Some(opening) = opening else { return Ok(Outcome::ChooseSignIn) };
    exchange.changes.session = opening.cookie(deployment, exchange)?;
    let landing = exchange.landing.clone();
    Ok(if is_new && by_registration { Outcome::Welcome(landing) } else { Outcome::Land(landing) })
}

//! Signing in with submitted fields (B1, F1; protocol notes §7).

use serde_json::{Map, Value, json};

use super::{
    events::{self, Telling},
    factor::{self, Half},
    guessing::{self, Guess},
    recovery,
    rules::{self, Passed},
    typed,
};
use crate::{
    action::Outcome,
    claims::Claims,
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::{Code, Refusal},
    event::About,
    exchange::Exchange,
    method::{OpensTo, Proof, Submitted},
    policy::{
        assurance::{self, Way},
        email,
    },
    port::{Admitted, Limit},
    rules::{Candidate, Trigger},
    session::{self, foreign},
    settings::{Field, Provider},
    user::{Address, Admission, Extra},
};

/// The steps: limits, check, the deployment's rules, admit, session cookie, landing.
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
    let is_sign_up = provider.check.limit() != Limit::SignInPerAddress;
    if is_sign_up {
        // Until it is known that nobody has to type it again.
        typed::keep(deployment, exchange, provider, &submitted);
    }
    let guess = permit(deployment, exchange, provider, &submitted).await?;
    let proof = match provider.check.check(&submitted).await {
        Ok(proof) => proof,
        Err(refusal) => {
            return Err(guessing::note(deployment, exchange, &provider.id, guess.as_ref(), refusal).await?);
        }
    };
    if is_sign_up {
        // Not before: who has to choose another password, or mistyped the address, loses no sign-up by it.
        guessing::draw_on_network(deployment, exchange, provider.check.limit()).await?;
    }
    let outcome = match let_in(deployment, exchange, provider, &submitted, proof).await {
        Ok(outcome) => outcome,
        // What they submitted was right: no guess.
        Err(refusal) => return Err(guessing::note(deployment, exchange, &provider.id, None, refusal).await?),
    };
    if !matches!(exchange.changes.session, SessionCookie::Keep) {
        match guess {
            Some(guess) => guess.succeeded(deployment, exchange).await,
            // With a password that was chosen just now.
            None if is_sign_up => {
                if let Some(account) = account_of(provider, &submitted) {
                    guessing::remember_device(deployment, exchange, &account);
                }
            }
            None => {}
        }
    }
    Ok(outcome)
}

/// Somebody who proved who they are: what else is asked of them, the deployment's rules, admission.
async fn let_in(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: &Provider,
    submitted: &Submitted,
    mut proof: Proof,
) -> Result<Outcome, Refusal> {
    recovery::demand(deployment, &proof.admission).await?;
    let mut candidate = candidate(provider, submitted, &proof);
    match rules::pass(deployment, exchange, &mut candidate).await? {
        Passed::In(added) => rules::merge(added, &mut proof.profile, &mut proof.extra),
        Passed::Elsewhere(landing) => return Ok(Outcome::Land(landing)),
    }
    let outcome = admit(deployment, exchange, proof, &candidate).await?;
    typed::forget(exchange);
    Ok(outcome)
}

/// Draws on the allowances before anything costly happens, also for accounts that do not exist. What is tried at an account,
/// here or at a back end, is a guess at its password.
async fn permit(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    provider: &Provider,
    submitted: &Submitted,
) -> Result<Option<Guess>, Refusal> {
    let is_sign_in = provider.check.limit() == Limit::SignInPerAddress;
    let account = account_of(provider, submitted).filter(|_| is_sign_in);
    let Some(account) = account else {
        guessing::draw_on_network(deployment, exchange, Limit::SignInPerAddress).await?;
        return Ok(None);
    };
    let guess = match provider.check.opens_to() {
        OpensTo::Password => Guess::at(deployment, exchange, &account),
        OpensTo::Account(source) => Guess::elsewhere(source, &account),
        OpensTo::Others => Guess::elsewhere(&provider.id, &account),
    };
    guess.permit(deployment, exchange).await?;
    Ok(Some(guess))
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

/// The person as the rules see them. No password goes along, and nothing that the form did not ask for.
fn candidate(provider: &Provider, submitted: &Submitted, proof: &Proof) -> Candidate {
    let mut user = proof.extra.clone();
    user.insert("id".to_owned(), json!(proof.sub));
    let profile = &proof.profile;
    for (name, value) in [("name", &profile.name), ("email", &profile.email), ("image", &profile.image)] {
        if let Some(value) = value {
            user.insert(name.to_owned(), json!(value));
        }
    }
    let open = provider.fields.iter().filter(|field| field.kind != "password");
    let credentials =
        open.filter_map(|field| Some((field.name.clone(), submitted.fields.get(&field.name)?.clone())));
    let address = profile.email.clone().flatten().and_then(|address| email::normalise(&address));
    Candidate {
        user,
        account: rules::account(&provider.id, "credentials", &proof.sub),
        profile: None,
        credentials: Some(credentials.collect()),
        verification_request: false,
        address: address.map(|address| Address { address, verified: false }),
    }
}

async fn admit(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    proof: Proof,
    candidate: &Candidate,
) -> Result<Outcome, Refusal> {
    let by_registration = matches!(proof.admission, Admission::NewUser { .. });
    let mut claims = Claims::of(&proof.profile, &proof.sub, proof.extra);
    let vault = match &proof.tokens {
        Some(tokens) => foreign::keep(deployment, candidate.provider(), tokens, &mut claims)?,
        None => None,
    };
    let by_password = matches!(proof.admission, Admission::Password { .. } | Admission::NewUser { .. });
    assurance::first(&mut claims, if by_password { Way::Password } else { Way::Backend });
    let trigger = if by_registration { Trigger::SignUp } else { Trigger::SignIn };
    rules::complete(deployment, exchange, &mut claims, trigger, Some(candidate), None).await?;
    exchange.landing = rules::landing(deployment, exchange).await?;
    let asks_to_verify = by_registration && recovery::asks_to_verify(deployment);
    let opens_session = proof.opens_session && !asks_to_verify;
    let mut opening = opens_session.then(|| session::Opening::prepare(deployment, exchange, claims));
    if let Some(opening) = &mut opening {
        opening.record.vault = vault;
        if let Admission::Account { key, .. } = &proof.admission {
            opening.record.via = Some(key.clone());
        }
    }
    let record = opening.as_ref().map(|opening| opening.record.clone());
    // Before anything is written: what does not fit into a cookie leaves nothing behind, and tells nothing.
    let cookie = opening.as_mut().map(|opening| opening.cookie(deployment, exchange)).transpose()?;
    let mut telling = Telling::of(deployment, exchange, candidate, || events::of_candidate(candidate));
    telling.created(false);
    if matches!(proof.admission, Admission::Account { .. }) {
        telling.linked(About::New);
    }
    if cookie.is_some() {
        telling.signed_in();
    }
    let mut events = telling.done();
    events.extend(recovery::for_new_user(deployment, exchange, &proof.admission).await?);
    let admitted = deployment.store().admit(&proof.admission, record.as_ref(), exchange.now, &events).await?;
    let (is_new, own) = match admitted {
        Admitted::As { is_new, claims, .. } => (is_new, claims),
        // Where sign-up reveals nothing, a known address is answered like a new one.
        Admitted::EmailTaken if !proof.opens_session => {
            recovery::tell_of_account(deployment, exchange, &proof.admission).await?;
            (true, Extra::new())
        }
        Admitted::EmailTaken => return Err(Refusal::new(Code::EmailTaken)),
        Admitted::Disabled => return Err(Refusal::new(Code::AccountDisabled)),
        Admitted::NeedsFactor { user } => {
            let opening = opening.as_ref().expect("only a session that was to be opened needs a factor");
            let landing = exchange.landing.clone();
            let (claims, record) = (opening.claims(), &opening.record);
            let half = Half { user, claims, record, events: &events, landing: &landing };
            return factor::ask(deployment, exchange, half).await;
        }
        Admitted::Gone | Admitted::Changed => {
            return Err(Refusal::new(Code::CredentialsSignin).because("the user was deleted meanwhile"));
        }
    };
    events::are_written(deployment, &events);
    recovery::are_written(deployment);
    let (Some(opening), Some(cookie)) = (opening, cookie) else {
        let by_page = exchange.program.is_none();
        return Ok(if asks_to_verify && by_page { Outcome::VerifyFirst } else { Outcome::ChooseSignIn });
    };
    exchange.changes.session = opening.opened(deployment, exchange, cookie, &own).await?;
    let landing = exchange.landing.clone();
    Ok(if is_new && by_registration { Outcome::Welcome(landing) } else { Outcome::Land(landing) })
}

//! Coming in: signing up, signing in, or with a provider's word for who one is.

use serde_json::{Map, Value};

use super::{
    super::{factor, redirect, sign_in::with_credentials},
    issue,
};
use crate::{
    action::{FactorAnswer, FactorOutcome, Outcome, ProgramAnswer, Vouching},
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::{Code, Refusal},
    exchange::{Exchange, Program},
    method::redirect::Word,
    settings::Settings,
    tokens::{
        self,
        terms::{self, Terms, Wanted},
    },
};

/// Makes an account and signs in, unless the deployment's sign-up reveals nothing.
pub(super) async fn sign_up(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    fields: Map<String, Value>,
    wanted: Wanted,
) -> Result<ProgramAnswer, Refusal> {
    let provider = deployment.settings().sign_up_provider.clone();
    with_fields(deployment, exchange, provider, fields, &wanted).await
}

/// Signs in with fields. Without a provider it is the first that takes fields.
pub(super) async fn sign_in(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: Option<String>,
    fields: Map<String, Value>,
    wanted: Wanted,
) -> Result<ProgramAnswer, Refusal> {
    let provider = sign_in_provider(deployment.settings(), provider.as_deref());
    with_fields(deployment, exchange, provider, fields, &wanted).await
}

fn sign_in_provider(settings: &Settings, id: Option<&str>) -> Option<String> {
    let sign_up = settings.sign_up_provider.as_ref();
    let mut ways = settings.providers.iter().filter(|provider| Some(&provider.id) != sign_up);
    let way = match id {
        Some(id) => ways.find(|provider| provider.id == id),
        None => ways.next(),
    };
    way.map(|provider| provider.id.clone())
}

async fn with_fields(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    provider: Option<String>,
    fields: Map<String, Value>,
    wanted: &Wanted,
) -> Result<ProgramAnswer, Refusal> {
    let provider = provider.ok_or_else(|| Refusal::new(Code::UnknownProvider))?;
    let terms = begin(deployment, exchange, wanted).await?;
    let outcome = with_credentials(deployment, exchange, provider, fields).await;
    settle(deployment, exchange, outcome, &terms).await
}

/// A front end's sign-in at a provider becomes a user and tokens of ours (A1, F1).
pub(super) async fn with_word(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    vouching: Vouching,
    wanted: Wanted,
) -> Result<ProgramAnswer, Refusal> {
    let provider = vouching.provider.as_deref().and_then(|id| deployment.settings().redirect(id));
    let provider = provider.ok_or_else(|| Refusal::new(Code::UnknownProvider))?;
    let word = match (vouching.id_token, vouching.profile) {
        (Some(token), None) => Word::IdToken { token: token.into(), nonce: vouching.nonce },
        (None, Some(profile)) => {
            // Nobody but an application that the deployment trusts with it may say who somebody is.
            let client = tokens::caller(&deployment.settings().clients, exchange.request)?;
            if !client.vouches_for.contains(&provider.id) {
                return Err(Refusal::new(Code::AccessDenied)
                    .because("the client does not vouch for people of this provider"));
            }
            Word::Profile(profile)
        }
        _ => return Err(Refusal::new(Code::MissingField)),
    };
    let terms = begin(deployment, exchange, &wanted).await?;
    let arrived = provider.way.take_word(word).await?;
    let outcome = redirect::enter(deployment, exchange, provider, arrived).await?;
    settle(deployment, exchange, outcome, &terms).await
}

/// The second factor of a sign-in that one of these calls began.
pub(super) async fn with_factor(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    answer: &FactorAnswer,
    wanted: Wanted,
) -> Result<ProgramAnswer, Refusal> {
    let terms = begin(deployment, exchange, &wanted).await?;
    let landing = factor::complete(deployment, exchange, answer).await?;
    settle(deployment, exchange, Outcome::Land(landing), &terms).await
}

/// Everything that can be refused without knowing who comes. A key that signs is there from here on.
async fn begin(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    wanted: &Wanted,
) -> Result<Terms, Refusal> {
    let settings = deployment.tokens()?;
    let client = tokens::caller_if_any(&deployment.settings().clients, exchange.request)?;
    let terms =
        Terms { access: terms::granted(settings, client, wanted)?, auth_time: Some(exchange.now.secs()) };
    issue::signer(deployment, exchange.now).await?;
    let client = client.map(|client| client.id.clone());
    exchange.program = Some(Program {
        client,
        terms: serde_json::to_string(&terms).expect("texts and numbers are JSON"),
        lives: settings.refresh_lifetime,
    });
    Ok(terms)
}

/// What came of it, for a program.
async fn settle(
    deployment: &Deployment,
    exchange: &mut Exchange<'_>,
    outcome: Outcome,
    terms: &Terms,
) -> Result<ProgramAnswer, Refusal> {
    let opened = std::mem::take(&mut exchange.changes.session);
    match (outcome, opened) {
        (_, SessionCookie::Program(refresh)) => {
            let refresh = deployment.refresh_keys().known(refresh.expose());
            let refresh = refresh.ok_or_else(|| Refusal::new(Code::Configuration))?;
            let client = exchange.program.as_ref().and_then(|program| program.client.clone());
            issue::first(deployment, exchange.now, refresh, client.as_deref(), terms).await
        }
        (Outcome::Factor(FactorOutcome::Required { pending }), _) => Ok(ProgramAnswer::SecondFactor(pending)),
        // Sign-up reveals nothing: whoever it was may sign in.
        (Outcome::ChooseSignIn, _) => Ok(ProgramAnswer::SignInNext),
        (Outcome::Refused { refusal, .. }, _) => Err(refusal),
        (Outcome::NotLinked { .. }, _) => Err(Refusal::new(Code::OAuthAccountNotLinked)),
        _ => Err(Refusal::new(Code::AccessDenied).because("a rule sends this person elsewhere first")),
    }
}

//! A refresh token becomes the next one, and an access token (F2).

use super::{super::audit, issue};
use crate::{
    action::{ProgramAnswer, Tokens},
    audit::AuditKind,
    deployment::Deployment,
    error::{Code, Refusal},
    event::NewEvent,
    exchange::Exchange,
    port::{Grant, Rotated, Rotation},
    session,
    tokens::{
        self,
        access::Bearer,
        refresh::RefreshToken,
        terms::{self, Terms, Wanted},
    },
};

/// The steps: application, token, what is asked for, and only then the store.
pub(super) async fn refresh(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    token: Option<&str>,
    wanted: &Wanted,
) -> Result<ProgramAnswer, Refusal> {
    let settings = deployment.tokens()?;
    let client = tokens::caller_if_any(&deployment.settings().clients, exchange.request)?
        .map(|client| client.id.as_str());
    let token = token.ok_or_else(|| Refusal::new(Code::MissingField))?;
    // Without the store: a guess costs nothing and ends nothing (lesson 34).
    let given = deployment.refresh_keys().known(token).ok_or_else(|| invalid("it was not made here"))?;
    // What is refused from here on must not have used the token up.
    let signer = issue::signer(deployment, exchange.now).await?;
    if *wanted != Wanted::default()
        && let Some(grant) = deployment.store().grant(&given.session).await?
    {
        terms::narrowed(settings, &terms_of(&grant)?.access, wanted)?;
    }
    let (grant, next) = rotated(deployment, exchange, &given, client).await?;
    let terms = terms_of(&grant)?;
    let access = terms::narrowed(settings, &terms.access, wanted)?;
    let bearer = Bearer { user: &grant.user, session: &given.session, client, auth_time: terms.auth_time };
    let access = issue::signed(deployment, &signer, &bearer, &access, exchange.now)?;
    Ok(ProgramAnswer::Tokens(Box::new(Tokens { access, refresh: next, user: None })))
}

async fn rotated(
    deployment: &Deployment,
    exchange: &Exchange<'_>,
    given: &RefreshToken,
    client: Option<&str>,
) -> Result<(Grant, RefreshToken), Refusal> {
    let (settings, keys) = (deployment.tokens()?, deployment.refresh_keys());
    let mut salt = [0; 32];
    deployment.random().fill(&mut salt);
    let next = keys.successor(given, &salt).ok_or_else(|| invalid("its session has no such id"))?;
    let rotation = Rotation {
        session: given.session.clone(),
        client: client.map(str::to_owned),
        given: given.hash(),
        next: next.hash(),
        salt,
        now: exchange.now,
        grace: settings.refresh_grace,
        expires: exchange.now.plus(settings.refresh_lifetime),
        until: session::remembered_until(exchange.now, deployment.settings().session.max_age),
        events: reuse(deployment, exchange, given),
    };
    match deployment.store().rotate_grant(&rotation).await? {
        Rotated::Done(grant) => Ok((grant, next)),
        Rotated::Already { grant, salt, next } => {
            let made = keys.successor_known_as(next, given, &salt);
            let made =
                made.ok_or_else(|| invalid("its successor was made with a secret that is not here"))?;
            Ok((grant, made))
        }
        Rotated::Reused(user) => {
            tracing::warn!(user = user.0, session = given.session.0, "a refresh token came a second time");
            session::follow_changes(deployment, exchange).await;
            Err(invalid("it came a second time, and its session was ended"))
        }
        Rotated::OtherClient => Err(invalid("it belongs to another application")),
        Rotated::Gone => Err(invalid("its session is over")),
    }
}

/// What is told should this be a reuse.
fn reuse(deployment: &Deployment, exchange: &Exchange<'_>, given: &RefreshToken) -> Vec<NewEvent> {
    audit::events(deployment, audit::entry(exchange, AuditKind::TokenReused).in_session(&given.session))
}

fn terms_of(grant: &Grant) -> Result<Terms, Refusal> {
    serde_json::from_str(&grant.terms).map_err(|_| invalid("what it allows cannot be read"))
}

fn invalid(detail: &str) -> Refusal {
    Refusal::new(Code::InvalidGrant).because(detail)
}

//! Signing out (protocol notes §1.3), here and where the person came from.

use url::Url;

use super::{events, rules};
use crate::{
    action::Outcome,
    deployment::Deployment,
    dialect::cookies::SessionCookie,
    error::Refusal,
    exchange::Exchange,
    port::{SessionId, StoreError},
    secret::Secret,
    session::{self, Reading},
    settings::{RedirectProvider, SignOutScope},
};

/// Ends the session that came, if one did, and removes its cookie. A store that fails is a refusal: the person
/// is not told that they are signed out when they are not (lesson 30).
pub async fn sign_out(deployment: &Deployment, exchange: &mut Exchange<'_>) -> Outcome {
    let was_signed_in = !deployment.rules().is_empty() && is_signed_in(deployment, exchange).await;
    match end(deployment, exchange).await {
        Ok(Some(elsewhere)) => Outcome::Depart(elsewhere),
        Ok(None) => Outcome::Land(rules::landing_signed_out(deployment, exchange, was_signed_in).await),
        Err(error) => Outcome::Refused { refusal: Refusal::from(error), provider: None },
    }
}

async fn is_signed_in(deployment: &Deployment, exchange: &Exchange<'_>) -> bool {
    let Some(token) = exchange.session_token(deployment) else { return false };
    session::open(deployment, &token, Reading::of(exchange)).await.is_ok_and(|live| live.is_some())
}

/// Where the person goes to be signed out there too.
async fn end(deployment: &Deployment, exchange: &mut Exchange<'_>) -> Result<Option<Url>, StoreError> {
    let Some(token) = exchange.session_token(deployment) else { return Ok(None) };
    let upstream = upstream(deployment, exchange, &token).await?;
    let back_to = exchange.request.public.route("-/signed-out");
    if let Some(upstream) = upstream.as_ref().filter(|upstream| upstream.scope() == SignOutScope::Upstream)
        && let Some(url) = upstream.url(&back_to).await
    {
        return Ok(Some(url));
    }
    // Before anybody else is asked, so that nothing that fails there keeps the session alive.
    let events = events::of_sign_out(deployment, exchange, &token).await?;
    session::end(deployment, &token, exchange, &events).await?;
    events::are_written(deployment, &events);
    exchange.changes.session = SessionCookie::Clear;
    match upstream.filter(|upstream| upstream.scope() == SignOutScope::Both) {
        Some(upstream) => Ok(upstream.url(&back_to).await),
        None => Ok(None),
    }
}

/// The provider through which a person came, and what it knows their session by.
struct Upstream<'d> {
    provider: &'d RedirectProvider,
    id_token: Option<Secret>,
}

impl Upstream<'_> {
    fn scope(&self) -> SignOutScope {
        self.provider.sign_out
    }

    async fn url(&self, back_to: &str) -> Option<Url> {
        self.provider.way.end_session_url(self.id_token.as_ref(), back_to).await
    }
}

async fn upstream<'d>(
    deployment: &'d Deployment,
    exchange: &Exchange<'_>,
    token: &str,
) -> Result<Option<Upstream<'d>>, StoreError> {
    let settings = deployment.settings();
    if settings.redirects.iter().all(|provider| provider.sign_out == SignOutScope::Local) {
        return Ok(None);
    }
    let live = session::open(deployment, token, Reading::of(exchange)).await?;
    let id = live.as_ref().and_then(|live| live.claims.text("sid"));
    let Some(id) = id.map(|id| SessionId(id.to_owned())) else { return Ok(None) };
    let record = deployment.store().session_record(&id).await?;
    let Some(key) = record.and_then(|record| record.via) else { return Ok(None) };
    let provider = settings.redirect(&key.source).filter(|one| one.sign_out != SignOutScope::Local);
    let Some(provider) = provider else { return Ok(None) };
    let sealed = deployment.store().account_tokens(&key).await?;
    let tokens = sealed.and_then(|sealed| deployment.vault().open(&key, &sealed));
    let id_token = tokens.as_ref().and_then(|tokens| tokens.get("id_token")?.as_str()).map(Secret::from);
    Ok(Some(Upstream { provider, id_token }))
}

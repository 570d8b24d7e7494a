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
    session::{self, Live, Reading},
    settings::{RedirectProvider, SignOutScope},
};

/// Ends the session that came, if one did, and removes its cookie. A store that fails is a refusal: the person
/// is not told that they are signed out when they are not (lesson 30).
pub async fn sign_out(deployment: &Deployment, exchange: &mut Exchange<'_>) -> Outcome {
    match end(deployment, exchange).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Refused { refusal: Refusal::from(error), provider: None },
    }
}

/// The steps: who signs out (where anybody wants to know), the provider, session, landing.
async fn end(deployment: &Deployment, exchange: &mut Exchange<'_>) -> Result<Outcome, StoreError> {
    let Some(token) = exchange.session_token(deployment) else {
        return Ok(Outcome::Land(rules::landing_signed_out(deployment, exchange, false).await));
    };
    let has_upstreams = deployment.settings().redirects.iter().any(|one| one.sign_out != SignOutScope::Local);
    let is_known = has_upstreams || !deployment.rules().is_empty() || events::tells_sign_out(deployment);
    let live = match is_known {
        true => session::open(deployment, &token, Reading::of(exchange)).await?,
        false => None,
    };
    let upstream = match &live {
        Some(live) if has_upstreams => upstream(deployment, live).await?,
        _ => None,
    };
    let back_to = exchange.request.public.route("-/signed-out");
    if let Some(upstream) = upstream.as_ref().filter(|upstream| upstream.scope() == SignOutScope::Upstream)
        && let Some(url) = upstream.url(&back_to).await
    {
        return Ok(Outcome::Depart(url));
    }
    // Before anybody else is asked, so that nothing that fails there keeps the session alive.
    let events = events::of_sign_out(deployment, exchange, live.as_ref());
    session::end(deployment, &token, exchange, &events).await?;
    events::are_written(deployment, &events);
    exchange.changes.session = SessionCookie::Clear;
    if let Some(upstream) = upstream.filter(|upstream| upstream.scope() == SignOutScope::Both)
        && let Some(url) = upstream.url(&back_to).await
    {
        return Ok(Outcome::Depart(url));
    }
    Ok(Outcome::Land(rules::landing_signed_out(deployment, exchange, live.is_some()).await))
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

async fn upstream<'d>(deployment: &'d Deployment, live: &Live) -> Result<Option<Upstream<'d>>, StoreError> {
    let Some(id) = live.claims.text("sid").map(|id| SessionId(id.to_owned())) else { return Ok(None) };
    let record = deployment.store().session_record(&id).await?;
    let Some(key) = record.and_then(|record| record.via) else { return Ok(None) };
    let provider = deployment.settings().redirect(&key.source);
    let Some(provider) = provider.filter(|one| one.sign_out != SignOutScope::Local) else { return Ok(None) };
    let sealed = deployment.store().account_tokens(&key).await?;
    let tokens = sealed.and_then(|sealed| deployment.vault().open(&key, &sealed));
    let id_token = tokens.as_ref().and_then(|tokens| tokens.get("id_token")?.as_str()).map(Secret::from);
    Ok(Some(Upstream { provider, id_token }))
}

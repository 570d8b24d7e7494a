//! A sign-in through a provider, in its two halves.

use keyward_core::{method::redirect::Departure, request::Pairs, secret::Secret};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    attempt::{Attempt, LIFETIME},
    authorization::authorization_url,
    cache::GOOD_FOR,
    callback::authorization_code,
    catalogue::{Kind, ProfileFrom},
    checks::Checks,
    discovery::Metadata,
    fault::{Code, Fault},
    http::{self, Outgoing},
    id_token,
    mapping::Source,
    profile::Profile,
    provider::Provider,
    quirk::{Quirk, apple_user},
    token::{self, Tokens},
    userinfo,
    world::World,
};

/// A sign-in that has begun.
#[derive(Clone, Debug)]
pub struct Start {
    /// Where the browser goes.
    pub url: Url,
    /// What the callback needs: sealed into a cookie by [`crate::attempt::Sealer`].
    pub attempt: Attempt,
}

/// A person whom a provider vouches for.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The provider's id in this deployment: half of the account's key.
    pub provider: String,
    /// NextAuth's `account.type`.
    pub kind: Kind,
    /// Who, by the provider's own id: the other half is [`Profile::id`].
    pub profile: Profile,
    /// What the provider handed out.
    pub tokens: Tokens,
    /// The profile as the provider wrote it.
    pub raw: Value,
}

impl Identity {
    /// The account as NextAuth's callbacks see it: the token response with `expires_at`, and the account's key.
    #[must_use]
    pub fn account(&self) -> Map<String, Value> {
        let mut account = self.tokens.raw.clone();
        if let Some(expires_at) = self.tokens.expires_at {
            account.insert("expires_at".to_owned(), Value::from(expires_at));
        }
        for (name, value) in [
            ("provider", self.provider.as_str()),
            ("type", self.kind.as_str()),
            ("providerAccountId", self.profile.id.as_str()),
        ] {
            account.insert(name.to_owned(), Value::from(value));
        }
        account
    }
}

/// Begins a sign-in.
///
/// # Errors
/// [`Code::BadRequest`] for what [`Departure::asked`] must not say; [`Code::Discovery`], [`Code::BadIssuer`] and
/// [`Code::Unreachable`] for the provider's metadata.
pub async fn begin(provider: &Provider, departure: Departure<'_>, world: &World<'_>) -> Result<Start, Fault> {
    let Departure { purpose, redirect_uri, landing, asked } = departure;
    // Also where the endpoint is configured: without the rest of the metadata nobody could come back.
    let endpoint = metadata(provider, world).await?.authorization;
    let endpoint = endpoint.ok_or_else(|| Code::Discovery.because("there is no authorization endpoint"))?;
    let checks = Checks::draw(provider, world.random);
    let url = authorization_url(provider, &endpoint.url, &redirect_uri, &checks, asked)?;
    let attempt = Attempt {
        provider: provider.id.clone(),
        purpose,
        redirect_uri,
        landing,
        checks,
        expires: world.clock.now().plus(LIFETIME).secs(),
    };
    Ok(Start { url, attempt })
}

/// Ends a sign-in: `response` is the callback's query, or its form where the provider posts.
///
/// # Errors
/// [`Fault`] of the step that failed. Nobody is signed in by half.
pub async fn complete(
    provider: &Provider,
    response: &Pairs,
    attempt: &Attempt,
    world: &World<'_>,
) -> Result<Identity, Fault> {
    attempt.must_be_of(&provider.id, world.clock.now())?;
    let metadata = metadata(provider, world).await?;
    let code = authorization_code(provider, &metadata, response, attempt)?;

    let endpoint =
        metadata.token.as_ref().ok_or_else(|| Code::Discovery.because("there is no token endpoint"))?;
    let now = world.clock.now();
    let request = token::token_request(provider, endpoint, &code, attempt, world.random, now)?;
    let answer = http::send(world.http, request, "token").await?;
    let tokens = token::tokens(&answer, world.clock.now())?;

    let raw = match provider.kind {
        Kind::Oauth => userinfo::of_oauth(provider, &tokens, world).await?,
        Kind::Oidc => openid_profile(provider, &metadata, response, attempt, &tokens, world).await?,
    };

    let issuer = provider.issuer.as_deref().unwrap_or_default().trim_end_matches('/');
    let mut profile = provider.profile.apply(Source { profile: &raw, tokens: &tokens.raw, issuer })?;
    if provider.quirk == Some(Quirk::EntraTenants) && profile.image.is_none() {
        profile.image = userinfo::entra_portrait(provider, &tokens, world).await;
    }
    Ok(Identity { provider: provider.id.clone(), kind: provider.kind, profile, tokens, raw })
}

/// Where the browser goes to end the session at the provider (OpenID Connect RP-Initiated Logout 1.0 §2).
///
/// # Errors
/// [`Code::Discovery`] where the provider names no such place; those of its metadata.
pub async fn end_session(
    provider: &Provider,
    id_token: Option<&Secret>,
    back_to: &str,
    world: &World<'_>,
) -> Result<Url, Fault> {
    let end = metadata(provider, world).await?.end_session;
    let end = end.ok_or_else(|| Code::Discovery.because("the metadata names no end_session_endpoint"))?;
    let mut url = end.url;
    let mut query = url.query_pairs_mut();
    if let Some(id_token) = id_token {
        query.append_pair("id_token_hint", id_token.expose());
    }
    query.append_pair("client_id", &provider.client_id).append_pair("post_logout_redirect_uri", back_to);
    drop(query);
    Ok(url)
}

async fn openid_profile(
    provider: &Provider,
    metadata: &Metadata,
    response: &Pairs,
    attempt: &Attempt,
    tokens: &Tokens,
    world: &World<'_>,
) -> Result<Value, Fault> {
    let mut claims = id_token::claims(provider, metadata, tokens, attempt, world).await?;
    let user = response.get("user").filter(|_| provider.quirk == Some(Quirk::AppleUser)).and_then(apple_user);
    if let Some(user) = user {
        claims.insert("user".to_owned(), user);
    }
    match provider.profile_from {
        ProfileFrom::IdToken => Ok(Value::Object(claims)),
        ProfileFrom::Userinfo => {
            let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
            userinfo::of_openid(provider, metadata, tokens, subject, world).await
        }
    }
}

/// The provider's metadata: configured, or from its document, fetched at most once an hour.
pub(crate) async fn metadata(provider: &Provider, world: &World<'_>) -> Result<Metadata, Fault> {
    let Some(address) = &provider.discovery else { return Ok(Metadata::configured(provider)) };
    let now = world.clock.now();
    if let Some(kept) = world.cache.metadata.get(&provider.id, GOOD_FOR, now) {
        return Ok(Metadata::clone(&kept));
    }
    let answer = http::send(world.http, Outgoing::get(address.clone(), false), "metadata").await?;
    if !answer.is_ok() {
        return Err(Code::Discovery.because(format!("the metadata's address answered {}", answer.status)));
    }
    let document = answer.json().ok_or_else(|| Code::Discovery.because("the metadata is no JSON"))?;
    // Only what can be used is kept: a broken document is asked for again.
    let metadata = Metadata::read(provider, &document)?;
    Ok(Metadata::clone(&world.cache.metadata.put(&provider.id, metadata, now)))
}

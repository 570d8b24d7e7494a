//! ID tokens and other signed answers: verified by the provider's keys, then held to the rules of OpenID Connect
//! Core §3.1.3.7.

use std::{sync::Arc, time::Duration};

use keyward_core::time::Timestamp;
use keyward_jose::{
    TokenError,
    digest::Hash,
    jwk::Jwks,
    jws::{self, Algorithm, MacAlgorithm, MacKey},
    jwt::{self, IdTokenRules},
};
use serde_json::{Map, Value};

use crate::{
    attempt::Attempt,
    cache::{self, KEYS_AT_LEAST},
    discovery::{Endpoint, Metadata},
    fault::{Code, Fault},
    http::{self, Outgoing},
    provider::Provider,
    token::Tokens,
    world::World,
};

/// How long ago an ID token may have been issued. It comes straight from the token endpoint.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// How far a provider's clock may be off.
const TOLERANCE: Duration = Duration::from_secs(30);

/// For how long at most a token that is good now goes on to be.
pub(crate) const GOOD_FOR: Duration = MAX_AGE.saturating_add(TOLERANCE.saturating_mul(2));

/// The claims of the ID token that came with the tokens.
///
/// # Errors
/// [`Code::IdToken`] for none, a signature that no key of the provider made, or a broken rule; [`Code::Discovery`]
/// and [`Code::Unreachable`] for its keys.
pub(crate) async fn claims(
    provider: &Provider,
    metadata: &Metadata,
    tokens: &Tokens,
    attempt: &Attempt,
    world: &World<'_>,
) -> Result<Map<String, Value>, Fault> {
    let token = tokens.id_token.as_ref().ok_or_else(|| Code::IdToken.because("there is no ID token"))?;
    let (claims, hash) = verified(provider, metadata, token.expose(), world).await?;
    let access_token = Some((tokens.access_token.expose(), hash));
    must_hold(provider, metadata, &claims, attempt.checks.nonce.as_deref(), access_token, world)?;
    Ok(claims)
}

/// Holds verified claims to the rules: for our client id, by the issuer, fresh, with this nonce.
///
/// # Errors
/// [`Code::IdToken`].
pub(crate) fn must_hold(
    provider: &Provider,
    metadata: &Metadata,
    claims: &Map<String, Value>,
    nonce: Option<&str>,
    access_token: Option<(&str, Hash)>,
    world: &World<'_>,
) -> Result<(), Fault> {
    let tenant = claims.get("tid").and_then(Value::as_str);
    let issuer = metadata.issuer_of_tenant(tenant).ok_or_else(|| Code::IdToken.because("unknown tenant"))?;
    let rules = IdTokenRules {
        issuer: &issuer,
        client_id: &provider.client_id,
        nonce,
        access_token,
        max_age: Some(MAX_AGE),
        tolerance: TOLERANCE,
    };
    jwt::check_id_token(claims, &rules, world.clock.now().secs())
        .map_err(|fault| Code::IdToken.because(format!("{}: {fault}", fault.name())))
}

/// The claims of a token that the provider signed, and the hash inside its algorithm. The algorithm is that of the
/// key: a header can only name one that a key of the provider has.
pub(crate) async fn verified(
    provider: &Provider,
    metadata: &Metadata,
    token: &str,
    world: &World<'_>,
) -> Result<(Map<String, Value>, Hash), Fault> {
    let (payload, hash) = if provider.signs_with_secret() {
        let key = secret_key(provider)?;
        (jws::verify(&key, token).map_err(unverified)?, Hash::Sha256)
    } else {
        by_public_key(metadata, token, world).await?
    };
    let claims = jwt::parse_claims(&payload).map_err(unverified)?;
    Ok((claims, hash))
}

fn secret_key(provider: &Provider) -> Result<MacKey, Fault> {
    let secret = provider.client_secret.as_ref().map(|secret| secret.expose().as_bytes()).unwrap_or_default();
    MacKey::new(MacAlgorithm::Hs256, secret)
        .map_err(|why| Code::IdToken.because(format!("client_secret: {why}")))
}

async fn by_public_key(
    metadata: &Metadata,
    token: &str,
    world: &World<'_>,
) -> Result<(Vec<u8>, Hash), Fault> {
    let from =
        metadata.jwks.as_ref().ok_or_else(|| Code::Discovery.because("the metadata names no jwks_uri"))?;
    let verify = |keys: &Jwks| {
        keys.verify(token, &Algorithm::ALL).map(|(key, payload)| (payload, key.algorithm().hash()))
    };
    let now = world.clock.now();
    let Some(kept) = world.cache.keys.get(from.url.as_str(), cache::GOOD_FOR, now) else {
        return verify(&*fetch_keys(from, world, now).await?).map_err(unverified);
    };
    match verify(&kept) {
        // The provider may have rotated its keys since.
        Err(TokenError::UnknownKey | TokenError::NotAuthentic)
            if world.cache.keys.get(from.url.as_str(), KEYS_AT_LEAST, now).is_none() =>
        {
            verify(&*fetch_keys(from, world, now).await?).map_err(unverified)
        }
        other => other.map_err(unverified),
    }
}

async fn fetch_keys(from: &Endpoint, world: &World<'_>, now: Timestamp) -> Result<Arc<Jwks>, Fault> {
    let request = Outgoing::get(from.url.clone(), from.learned);
    let answer = http::send(world.http, request, "keys").await?;
    if !answer.is_ok() {
        return Err(Code::Discovery.because(format!("the keys' address answered {}", answer.status)));
    }
    let keys = Jwks::parse(&answer.body).map_err(|why| Code::Discovery.because(format!("keys: {why}")))?;
    Ok(world.cache.keys.put(from.url.as_str(), keys, now))
}

fn unverified(why: TokenError) -> Fault {
    Code::IdToken.because(why.to_string())
}

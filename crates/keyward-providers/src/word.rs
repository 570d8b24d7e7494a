//! The provider's word that a front end brings which signed somebody in itself.

use keyward_core::{method::redirect::Word, secret::Secret, ticket::Once};
use serde_json::{Map, Value};

use crate::{
    catalogue::Kind,
    fault::{Code, Fault},
    flow, id_token,
    mapping::Source,
    profile::Profile,
    provider::Provider,
    world::World,
};

/// Who it is, the profile as the provider wrote it, and what of it is good once.
///
/// # Errors
/// [`Code::IdToken`] for an ID token that is not the provider's for our client id, or not fresh; [`Code::BadRequest`]
/// where the provider makes none; [`Code::Profile`] for a profile that says nobody; those of metadata and keys.
pub(crate) async fn take(
    provider: &Provider,
    word: Word,
    world: &World<'_>,
) -> Result<(Profile, Value, Option<Once>), Fault> {
    let (raw, once) = match word {
        Word::IdToken { token, nonce } => {
            let claims = of_id_token(provider, &token, nonce.as_deref(), world).await?;
            (claims, Some(once(&token, world)))
        }
        Word::Profile(profile) => (profile, None),
    };
    let raw = Value::Object(raw);
    let issuer = provider.issuer.as_deref().unwrap_or_default().trim_end_matches('/');
    let profile = provider.profile.apply(Source { profile: &raw, tokens: &Map::new(), issuer })?;
    Ok((profile, raw, once))
}

/// By the same rules as one from the token endpoint.
async fn of_id_token(
    provider: &Provider,
    token: &Secret,
    nonce: Option<&str>,
    world: &World<'_>,
) -> Result<Map<String, Value>, Fault> {
    if provider.kind != Kind::Oidc {
        return Err(Code::BadRequest.because("this provider makes no ID tokens"));
    }
    let metadata = flow::metadata(provider, world).await?;
    let (claims, _) = id_token::verified(provider, &metadata, token.expose(), world).await?;
    id_token::must_hold(provider, &metadata, &claims, nonce, None, world)?;
    Ok(claims)
}

/// A token is what was signed of it: whoever knows one signature may know how to write another (ECDSA).
fn once(token: &Secret, world: &World<'_>) -> Once {
    let token = token.expose();
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    Once { what: signed.into(), until: world.clock.now().plus(id_token::GOOD_FOR) }
}

//! Access tokens: short-lived, signed, for one audience (RFC 9068).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    keys::{KeyRing, Signer},
    settings::TokenSettings,
    terms::Access,
};
use crate::{
    address::PublicUrl,
    error::{Code, Refusal},
    port::{Random, SessionId, Store, StoreError, uuid},
    time::Timestamp,
    user::UserId,
};

/// The header's `typ` (RFC 9068 §2.1): no other token of ours has it, so none passes for one (lesson 54).
pub const TYP: &str = "at+jwt";

/// `client_id` of programs without a credential. No application may be called so.
pub const PUBLIC_CLIENT: &str = "public";

/// Whom an access token is for.
#[derive(Clone, Debug)]
pub struct Bearer<'a> {
    /// Who.
    pub user: &'a UserId,
    /// In which session.
    pub session: &'a SessionId,
    /// The application, if it has a credential.
    pub client: Option<&'a str>,
    /// When they proved who they are, in seconds since the epoch.
    pub auth_time: Option<i64>,
}

/// A signed token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token.
    pub token: crate::secret::Secret,
    /// When it expires.
    pub expires: Timestamp,
    /// Its lifetime.
    pub lives: Duration,
    /// What it says of scopes.
    pub scope: String,
}

/// The claims of an access token, in the order in which they are written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer: public address and base path.
    pub iss: String,
    /// The user's id.
    pub sub: String,
    /// Audience.
    pub aud: String,
    /// The application.
    pub client_id: String,
    /// When it was signed.
    pub iat: i64,
    /// When it expires.
    pub exp: i64,
    /// Its own id.
    pub jti: String,
    /// The session's id.
    pub sid: String,
    /// When the person proved who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Scopes with blanks between them.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub scope: String,
}

/// The issuer of a deployment's tokens.
#[must_use]
pub fn issuer(public: &PublicUrl) -> String {
    format!("{}{}", public.origin(), public.base_path())
}

/// Signs a token.
///
/// # Errors
/// [`Code::InvalidTarget`] where the audience is gone; [`Code::Overloaded`] where the system gives no memory.
pub fn issue(
    settings: &TokenSettings,
    public: &PublicUrl,
    signer: &Signer,
    bearer: &Bearer<'_>,
    access: &Access,
    random: &dyn Random,
    now: Timestamp,
) -> Result<AccessToken, Refusal> {
    let audience = settings.audience(&access.audience).ok_or_else(|| Refusal::new(Code::InvalidTarget))?;
    let lives = settings.lifetime(audience);
    let expires = now.plus(lives);
    let claims = AccessClaims {
        iss: issuer(public),
        sub: bearer.user.0.clone(),
        aud: access.audience.clone(),
        client_id: bearer.client.unwrap_or(PUBLIC_CLIENT).to_owned(),
        iat: now.secs(),
        exp: expires.secs(),
        jti: uuid(random),
        sid: bearer.session.0.clone(),
        auth_time: bearer.auth_time,
        scope: access.scope(),
    };
    let payload = serde_json::to_vec(&claims).expect("texts and numbers are JSON");
    let token = signer.key().sign(Some(TYP), &payload);
    let token = token.map_err(|fault| Refusal::new(Code::Overloaded).because(fault.to_string()))?;
    Ok(AccessToken { token: token.into(), expires, lives, scope: claims.scope })
}

/// What one of our own access tokens says, if it is one and has not expired. Whether its session still is open is another
/// question.
///
/// # Errors
/// [`StoreError`] where the key had to be looked up.
pub async fn opened(
    ring: &KeyRing,
    store: &dyn Store,
    public: &PublicUrl,
    token: &str,
    now: Timestamp,
) -> Result<Option<AccessClaims>, StoreError> {
    let Some(payload) = ring.verified(store, token, TYP, now).await? else { return Ok(None) };
    let claims = serde_json::from_slice::<AccessClaims>(&payload).ok();
    let issuer = issuer(public);
    Ok(claims.filter(|claims| claims.iss == issuer && now.secs() < claims.exp))
}

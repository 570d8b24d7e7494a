//! Claims (RFC 7519), and the rules for those of an ID token (OpenID Connect Core section 3.1.3.7).
//!
//! Verify the token first: what is checked here is only worth something under a good signature.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::digest::{Hash, constant_time_eq, half_hash};
use crate::{TokenError, json};

/// The longest subject, in characters (OpenID Connect Core section 2).
pub const MAX_SUB_LEN: usize = 255;

/// Reads a verified token's payload as claims.
///
/// # Errors
/// [`TokenError::Malformed`] for anything but one JSON object without doubled members.
pub fn parse_claims(payload: &[u8]) -> Result<Map<String, Value>, TokenError> {
    json::object(payload).ok_or(TokenError::Malformed)
}

/// What an ID token must say to be the answer to this sign-in.
#[derive(Debug, Clone, Copy)]
pub struct IdTokenRules<'a> {
    /// The provider's issuer, to the character.
    pub issuer: &'a str,
    /// Our client id at the provider.
    pub client_id: &'a str,
    /// The nonce of the authorization request; `None` where it had none, and then the token must have none.
    pub nonce: Option<&'a str>,
    /// The access token that came with it, and the hash inside the algorithm of the ID token. `at_hash` is compared
    /// with it where the token has one; without an access token it says nothing.
    pub access_token: Option<(&'a str, Hash)>,
    /// How long ago the token may have been issued; `None` for any time.
    pub max_age: Option<Duration>,
    /// How far the provider's clock may be off, in whole seconds.
    pub tolerance: Duration,
}

/// The rule that an ID token's claims break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ClaimFault {
    /// `iss` is missing or no text.
    #[error("the ID token names no issuer")]
    IssMissing,
    /// `iss` is another issuer.
    #[error("the ID token is another issuer's")]
    IssMismatch,
    /// `sub` is missing, empty or no text.
    #[error("the ID token names no subject")]
    SubMissing,
    /// `sub` has more than [`MAX_SUB_LEN`] characters.
    #[error("the ID token's subject is too long")]
    SubTooLong,
    /// `aud` is missing, empty, or neither a text nor a list of texts.
    #[error("the ID token names no audience")]
    AudMissing,
    /// `aud` does not have the client.
    #[error("the ID token is for another client")]
    AudMismatch,
    /// There are several audiences and no `azp`.
    #[error("the ID token has several audiences and does not say which one asked for it")]
    AzpMissing,
    /// `azp` is not the client.
    #[error("another client asked for the ID token")]
    AzpMismatch,
    /// `exp` is missing or no moment.
    #[error("the ID token does not say when it expires")]
    ExpMissing,
    /// `exp` is past.
    #[error("the ID token has expired")]
    Expired,
    /// `iat` is missing or no moment.
    #[error("the ID token does not say when it was issued")]
    IatMissing,
    /// `iat` is to come.
    #[error("the ID token was issued in the future")]
    IatInFuture,
    /// `iat` is longer ago than allowed.
    #[error("the ID token was issued too long ago")]
    IatTooOld,
    /// `nbf` is to come, or no moment.
    #[error("the ID token is not valid yet")]
    NotYetValid,
    /// `nonce` is missing.
    #[error("the ID token has no nonce")]
    NonceMissing,
    /// `nonce` is another one, or no text.
    #[error("the ID token answers another sign-in")]
    NonceMismatch,
    /// There is a `nonce`, and none was sent.
    #[error("the ID token has a nonce that was not asked for")]
    NonceUnexpected,
    /// `at_hash` is not of the access token, or no text.
    #[error("the ID token belongs to another access token")]
    AtHashMismatch,
}

impl ClaimFault {
    /// A name that stays, for logs and tests: the claim, then what is wrong with it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IssMissing => "iss_missing",
            Self::IssMismatch => "iss_mismatch",
            Self::SubMissing => "sub_missing",
            Self::SubTooLong => "sub_too_long",
            Self::AudMissing => "aud_missing",
            Self::AudMismatch => "aud_mismatch",
            Self::AzpMissing => "azp_missing",
            Self::AzpMismatch => "azp_mismatch",
            Self::ExpMissing => "exp_missing",
            Self::Expired => "exp_past",
            Self::IatMissing => "iat_missing",
            Self::IatInFuture => "iat_future",
            Self::IatTooOld => "iat_too_old",
            Self::NotYetValid => "nbf_future",
            Self::NonceMissing => "nonce_missing",
            Self::NonceMismatch => "nonce_mismatch",
            Self::NonceUnexpected => "nonce_unexpected",
            Self::AtHashMismatch => "at_hash_mismatch",
        }
    }
}

/// Whether the claims of a verified ID token are the answer to this sign-in. `now` is in seconds since the epoch.
///
/// # Errors
/// The first rule that is broken, in the order of OpenID Connect Core section 3.1.3.7. A claim of the wrong type is as
/// good as none, and `null` is a wrong type.
pub fn check_id_token(
    claims: &Map<String, Value>,
    rules: &IdTokenRules<'_>,
    now: i64,
) -> Result<(), ClaimFault> {
    let issuer = text(claims, "iss").ok_or(ClaimFault::IssMissing)?;
    ensure(issuer == rules.issuer, ClaimFault::IssMismatch)?;
    check_subject(claims)?;
    check_audience(claims, rules.client_id)?;
    check_times(claims, rules, now)?;
    check_nonce(claims, rules.nonce)?;
    match (claims.get("at_hash"), rules.access_token) {
        (Some(given), Some((access_token, hash))) => {
            ensure(is_secret(given, &half_hash(hash, access_token)), ClaimFault::AtHashMismatch)
        }
        _ => Ok(()),
    }
}

fn check_subject(claims: &Map<String, Value>) -> Result<(), ClaimFault> {
    let subject = text(claims, "sub").filter(|sub| !sub.is_empty()).ok_or(ClaimFault::SubMissing)?;
    ensure(subject.chars().count() <= MAX_SUB_LEN, ClaimFault::SubTooLong)
}

fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), ClaimFault> {
    let audiences = match claims.get("aud") {
        Some(Value::Array(audiences)) => audiences.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    ensure(!audiences.is_empty() && audiences.iter().all(Value::is_string), ClaimFault::AudMissing)?;
    ensure(audiences.iter().any(|audience| audience == client_id), ClaimFault::AudMismatch)?;
    match claims.get("azp") {
        Some(party) => ensure(party == client_id, ClaimFault::AzpMismatch),
        None => ensure(audiences.len() == 1, ClaimFault::AzpMissing),
    }
}

fn check_times(claims: &Map<String, Value>, rules: &IdTokenRules<'_>, now: i64) -> Result<(), ClaimFault> {
    let tolerance = rules.tolerance.as_secs();
    let latest = now.saturating_add_unsigned(tolerance);
    let earliest = now.saturating_sub_unsigned(tolerance);

    let expires = claims.get("exp").and_then(seconds).ok_or(ClaimFault::ExpMissing)?;
    ensure(expires > earliest, ClaimFault::Expired)?;
    let issued = claims.get("iat").and_then(seconds).ok_or(ClaimFault::IatMissing)?;
    ensure(issued <= latest, ClaimFault::IatInFuture)?;
    if let Some(max_age) = rules.max_age {
        ensure(issued >= earliest.saturating_sub_unsigned(max_age.as_secs()), ClaimFault::IatTooOld)?;
    }
    match claims.get("nbf") {
        Some(begins) => {
            ensure(seconds(begins).is_some_and(|begins| begins <= latest), ClaimFault::NotYetValid)
        }
        None => Ok(()),
    }
}

fn check_nonce(claims: &Map<String, Value>, expected: Option<&str>) -> Result<(), ClaimFault> {
    match (claims.get("nonce"), expected) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(ClaimFault::NonceMissing),
        (Some(_), None) => Err(ClaimFault::NonceUnexpected),
        (Some(given), Some(expected)) => ensure(is_secret(given, expected), ClaimFault::NonceMismatch),
    }
}

fn ensure(holds: bool, fault: ClaimFault) -> Result<(), ClaimFault> {
    if holds { Ok(()) } else { Err(fault) }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Compares in constant time.
fn is_secret(given: &Value, expected: &str) -> bool {
    given.as_str().is_some_and(|given| constant_time_eq(given.as_bytes(), expected.as_bytes()))
}

/// A moment, which may have a fraction (RFC 7519 section 2); that is cut off.
fn seconds(moment: &Value) -> Option<i64> {
    moment.as_i64().or_else(|| {
        let moment = Duration::try_from_secs_f64(moment.as_f64()?).ok()?;
        i64::try_from(moment.as_secs()).ok()
    })
}

#[cfg(test)]
mod tests;

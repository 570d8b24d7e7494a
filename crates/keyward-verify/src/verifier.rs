//! The check itself.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use keyward_jose::jwk::Jwks;
use keyward_jose::jws::{self, Algorithm};
use keyward_jose::{TokenError, jwt};
use serde_json::{Map, Value};

use crate::caller::Caller;
use crate::fault::Fault;
use crate::keys::{ALGORITHMS, Keys};
use crate::refusal::{Realm, Reason, Refusal};
use crate::setup::SetupError;
use crate::source::KeySource;
use crate::{bearer, claims};

/// Checks the access tokens of one issuer for one audience. One for the whole application: it keeps the issuer's
/// keys. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    issuer: String,
    realm: Realm,
    keys: Arc<Keys>,
}

impl Verifier {
    /// Takes the issuer's keys from where Keyward serves them, `{issuer}/-/v1/jwks`. They are fetched when the first
    /// token comes.
    ///
    /// The issuer is Keyward's public address with its base path (`https://shop.example/api/auth`), the audience the
    /// name that Keyward's configuration has for this application.
    ///
    /// # Errors
    /// [`SetupError`]: see its variants.
    #[cfg(feature = "reqwest")]
    pub fn new(issuer: &str, audience: &str) -> Result<Self, SetupError> {
        let keys = crate::HttpKeys::new(&format!("{issuer}/-/v1/jwks"))
            .map_err(|_| SetupError::Address(issuer.to_owned()))?;
        Self::with_keys(issuer, audience, keys)
    }

    /// Takes the issuer's keys from elsewhere: another address (`HttpKeys`), an HTTP client of one's own, or a
    /// document in a `String`, for tests.
    ///
    /// # Errors
    /// [`SetupError`]: see its variants.
    pub fn with_keys(issuer: &str, audience: &str, keys: impl KeySource) -> Result<Self, SetupError> {
        if issuer.ends_with('/') {
            return Err(SetupError::Slash(issuer.to_owned()));
        }
        let realm = Realm::new(audience).ok_or_else(|| SetupError::Audience(audience.to_owned()))?;
        Ok(Self(Arc::new(Inner { issuer: issuer.to_owned(), realm, keys: Keys::new(keys) })))
    }

    /// Checks a request by its headers: what the extractor and the layer do.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub async fn check(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let token = bearer::token(headers).map_err(|reason| self.refuse(reason))?;
        self.verify(token).await
    }

    /// Checks a token that came by another way than a request's header.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub async fn verify(&self, token: &str) -> Result<Caller, Refusal> {
        let claims = self.claims(token, now()).await.map_err(|reason| self.refuse(reason))?;
        Ok(Caller::new(claims, self.0.realm.clone()))
    }

    /// Whether this verifier made it; another one would have to look at the token anew.
    #[cfg(feature = "axum")]
    pub(crate) fn made(&self, caller: &Caller) -> bool {
        self.0.realm.is_same(caller.realm())
    }

    fn refuse(&self, reason: Reason) -> Refusal {
        Refusal::new(reason, &self.0.realm)
    }

    async fn claims(&self, token: &str, now: i64) -> Result<Map<String, Value>, Reason> {
        let Inner { issuer, realm, keys } = &*self.0;
        let named = Named::read(token).map_err(Reason::InvalidToken)?;
        let held = keys.current().await.ok_or(Reason::Unavailable)?;
        let payload = match named.verify(token, &held) {
            Err(Fault::UnknownKey) => match keys.other_than(&held).await {
                Some(others) => named.verify(token, &others),
                None => Err(Fault::UnknownKey),
            },
            outcome => outcome,
        };
        let payload = payload.map_err(Reason::InvalidToken)?;
        let claims = jwt::parse_claims(&payload).map_err(|_| Reason::InvalidToken(Fault::Malformed))?;
        claims::check(&claims, issuer, realm.audience(), now).map_err(Reason::InvalidToken)?;
        Ok(claims)
    }
}

/// The key that a token's header names. The header is believed only once the signature holds: it is part of what
/// is signed.
struct Named {
    kid: String,
    algorithm: Algorithm,
}

impl Named {
    fn read(token: &str) -> Result<Self, Fault> {
        let header = jws::peek(token).map_err(fault)?;
        let algorithm = Algorithm::from_name(&header.alg).filter(|named| ALGORITHMS.contains(named));
        let algorithm = algorithm.ok_or(Fault::Unsupported)?;
        if !header.typ.is_some_and(|typ| is_access_token(&typ)) {
            return Err(Fault::WrongType);
        }
        Ok(Self { kid: header.kid.ok_or(Fault::UnknownKey)?, algorithm })
    }

    /// Verifies with the key, and gives the payload.
    fn verify(&self, token: &str, keys: &Jwks) -> Result<Vec<u8>, Fault> {
        let mut outcome = Err(Fault::UnknownKey);
        for key in keys.find(Some(&self.kid), self.algorithm) {
            outcome = key.verify(token).map_err(fault);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}

/// RFC 9068 section 4; the names of media types have no case (RFC 7515 section 4.1.9).
fn is_access_token(typ: &str) -> bool {
    ["at+jwt", "application/at+jwt"].iter().any(|name| name.eq_ignore_ascii_case(typ))
}

fn fault(error: TokenError) -> Fault {
    match error {
        TokenError::Unsupported => Fault::Unsupported,
        TokenError::NotAuthentic => Fault::NotAuthentic,
        TokenError::UnknownKey => Fault::UnknownKey,
        TokenError::TooLong | TokenError::Malformed | TokenError::Failed => Fault::Malformed,
    }
}

/// The present, in seconds since the epoch.
fn now() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "this crate stands in others' applications, which have no ports"
    )]
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.0.issuer)
            .field("audience", &self.0.realm.audience())
            .finish_non_exhaustive()
    }
}

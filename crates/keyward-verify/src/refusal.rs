//! Why a request is refused, and the answer that says so (RFC 6750 section 3).

use std::fmt;
use std::sync::Arc;

use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use crate::fault::Fault;

/// A request that is not let in. In axum it is an answer; elsewhere [`response`](Self::response) makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    realm: Realm,
}

/// What credentials are good for here: one verifier's audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Realm(Arc<str>);

impl Realm {
    /// `None` for what can't stand in a challenge.
    pub(crate) fn new(audience: &str) -> Option<Self> {
        is_printable(audience).then(|| Self(audience.into()))
    }

    pub(crate) fn audience(&self) -> &str {
        &self.0
    }

    /// Whether this is the same verifier's: another one of the same audience may have another issuer.
    #[cfg(feature = "axum")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no bearer token. 401, without an error code, since nothing was tried.
    Missing,
    /// Several `Authorization` headers, or one that is not spelled as it must be. 400 `invalid_request`.
    InvalidRequest,
    /// The token is not good here. 401 `invalid_token`.
    InvalidToken(Fault),
    /// The token is good, and does not permit this. 403 `insufficient_scope`.
    InsufficientScope(String),
    /// There is no key to check with, because the issuer does not give any. 503; nothing is known of the token.
    Unavailable,
}

/// When to come again where no keys could be had.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("2");

impl Refusal {
    pub(crate) fn new(reason: Reason, realm: &Realm) -> Self {
        Self { reason, realm: realm.clone() }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The answer's status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.reason {
            Reason::Missing | Reason::InvalidToken(_) => StatusCode::UNAUTHORIZED,
            Reason::InvalidRequest => StatusCode::BAD_REQUEST,
            Reason::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Reason::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The answer's `WWW-Authenticate`; `None` where the caller can't do better by authenticating.
    #[must_use]
    pub fn challenge(&self) -> Option<HeaderValue> {
        let realm = quoted(self.realm.audience());
        let error = match &self.reason {
            Reason::Missing => String::new(),
            Reason::InvalidRequest => describe("invalid_request", &self.reason),
            Reason::InvalidToken(fault) => describe("invalid_token", fault),
            Reason::InsufficientScope(scope) if is_printable(scope) => {
                format!("{}, scope={}", describe("insufficient_scope", &self.reason), quoted(scope))
            }
            Reason::InsufficientScope(_) => describe("insufficient_scope", &self.reason),
            Reason::Unavailable => return None,
        };
        HeaderValue::try_from(format!("Bearer realm={realm}{error}")).ok()
    }

    /// The whole answer, without a body, never to be cached.
    #[must_use]
    pub fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.reason == Reason::Unavailable {
            headers.insert(RETRY_AFTER, RETRY_SECONDS);
        }
        response
    }
}

/// Whether a header can carry this text: printable ASCII.
fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A quoted string (RFC 9110 section 5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn describe(code: &str, what: &dyn fmt::Display) -> String {
    format!(", error=\"{code}\", error_description=\"{what}\"")
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no access token",
            Self::InvalidRequest => "send one Authorization header, with Bearer, one space and the token",
            Self::InvalidToken(fault) => return fault.fmt(f),
            Self::InsufficientScope(_) => "the access token does not permit this",
            Self::Unavailable => "the issuer's keys can not be had",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Refusal {}

#[cfg(feature = "axum")]
impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> axum::response::Response {
        self.response()
    }
}

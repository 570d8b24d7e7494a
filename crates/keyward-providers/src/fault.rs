//! Why a sign-in through a provider failed.

use std::fmt;

/// A refusal: a stable code for whoever words it, and a detail for the log.
///
/// The detail never holds a secret, a token or a code; it may hold what the provider said of itself (bounded and
/// without control characters).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Fault {
    /// Which kind.
    pub code: Code,
    /// For the log.
    pub detail: String,
}

/// The kinds of refusal, one for each step that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The person, or the provider on their behalf, said no (`error=access_denied`).
    Denied,
    /// The provider answered the authorization request with another error.
    ProviderError,
    /// The sign-in request wants to override a parameter that is ours.
    BadRequest,
    /// The attempt's cookie is missing, unreadable, expired, or of another provider or purpose.
    BadAttempt,
    /// `state` is missing or not the attempt's.
    BadState,
    /// The response, or a document, names another issuer.
    BadIssuer,
    /// The authorization response is malformed.
    BadResponse,
    /// The provider's metadata or keys cannot be used.
    Discovery,
    /// The provider cannot be reached, or was too slow.
    Unreachable,
    /// The code could not be exchanged for tokens.
    Token,
    /// The ID token is not acceptable.
    IdToken,
    /// The profile could not be fetched.
    Userinfo,
    /// The profile does not say who this is.
    Profile,
}

impl Code {
    /// The code as text: stable, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::ProviderError => "provider_error",
            Self::BadRequest => "bad_request",
            Self::BadAttempt => "bad_attempt",
            Self::BadState => "bad_state",
            Self::BadIssuer => "bad_issuer",
            Self::BadResponse => "bad_response",
            Self::Discovery => "discovery",
            Self::Unreachable => "unreachable",
            Self::Token => "token",
            Self::IdToken => "id_token",
            Self::Userinfo => "userinfo",
            Self::Profile => "profile",
        }
    }

    /// True where the provider itself said no: generation 4 shows `Callback` and generation 5
    /// `OAuthCallbackError`, while every failed check is `OAuthCallback` or `Configuration`.
    #[must_use]
    pub const fn is_the_providers_answer(self) -> bool {
        matches!(self, Self::Denied | Self::ProviderError)
    }

    /// The fault of this kind.
    pub(crate) fn because(self, detail: impl Into<String>) -> Fault {
        Fault { code: self, detail: detail.into() }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a stranger said, fit for a log line: at most 200 characters, none of them a control character.
pub(crate) fn quoted(text: &str) -> String {
    let safe: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    format!("`{safe}`")
}

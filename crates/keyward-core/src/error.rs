//! Refusals: a stable code, a text that a person may see, and a detail for the log.

use std::time::Duration;

use serde_json::Value;

use crate::port::{HashError, HttpFault, StoreError};
pub(crate) use crate::text::cleaned;

/// Why something was refused. Its code travels in addresses and logs and never changes its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which refusal.
    pub code: Code,
    /// A back end's or hook's own word to the person: cleaned and capped ([`Said::of`]).
    pub said: Option<Said>,
    /// For the log alone; never holds a secret.
    pub detail: Option<String>,
    /// When another try makes sense. Set for overload and rate limits.
    pub retry_after: Option<Duration>,
    /// True if a back end says that what was submitted is wrong, whatever its word for it.
    pub wrong: bool,
}

/// What a back end said to the person it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// A sentence, for the generations that carry one (3 and 4).
    pub message: Option<String>,
    /// A code, for the generation that carries one (5).
    pub code: Option<String>,
}

/// Longest message of a back end that reaches a person, in characters.
const MAX_MESSAGE: usize = 200;
/// Longest code of a back end, in characters.
const MAX_CODE: usize = 64;

impl Said {
    /// What stands in an answer's message and code, cleaned and capped; what is no text says nothing.
    #[must_use]
    pub fn of(message: Option<&Value>, code: Option<&Value>) -> Self {
        let word = |value: Option<&Value>, max| value?.as_str().and_then(|text| cleaned(text, max));
        Self { message: word(message, MAX_MESSAGE), code: word(code, MAX_CODE) }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable codes. NextAuth's own are written as NextAuth writes them (protocol notes §9.3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it stands in an address or a log line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The submitted fields do not prove anybody. Says no more on purpose.
    CredentialsSignin = "CredentialsSignin",
    /// The CSRF token is missing or wrong.
    MissingCsrf = "MissingCSRF",
    /// Something in the configuration makes this request impossible.
    Configuration = "Configuration",
    /// A rule of the deployment refuses this person.
    AccessDenied = "AccessDenied",
    /// Too many attempts from this address or at this account.
    RateLimited = "rate_limited",
    /// The server is at its limit; nothing was tried.
    Overloaded = "overloaded",
    /// The store could not answer; nothing was changed.
    StoreUnavailable = "store_unavailable",
    /// The session's data does not fit into any cookie.
    SessionTooLarge = "session_too_large",
    /// A needed field was not submitted.
    MissingField = "missing_field",
    /// The address is none.
    InvalidEmail = "invalid_email",
    /// The password is easy to guess.
    WeakPassword = "weak_password",
    /// The password is on a list of those that were breached somewhere: it is among the first that are tried.
    BreachedPassword = "breached_password",
    /// The password is longer than any person's.
    PasswordTooLong = "password_too_long",
    /// Somebody has that address already (only where sign-up reveals it).
    EmailTaken = "email_taken",
    /// The mail with a sign-in link could not be sent.
    MailNotSent = "mail_not_sent",
    /// The sign-in link was used, has expired, or never was one.
    LinkNotValid = "link_not_valid",
    /// The sign-in link has lost its token.
    LinkIncomplete = "link_incomplete",
    /// The provider's account, or its address, belongs to somebody who signs in another way.
    OAuthAccountNotLinked = "OAuthAccountNotLinked",
    /// The person, or the provider on their behalf, said no.
    ProviderDenied = "provider_denied",
    /// The provider answered with another error.
    ProviderError = "provider_error",
    /// The sign-in request sets a parameter of the authorization request that is not the application's.
    ProviderParameter = "provider_parameter",
    /// The attempt's cookie is missing, unreadable, too old, or of another provider.
    ProviderAttempt = "provider_attempt",
    /// `state` is not the attempt's.
    ProviderState = "provider_state",
    /// The response, or a document, is of another issuer.
    ProviderIssuer = "provider_issuer",
    /// The provider's response cannot be read.
    ProviderResponse = "provider_response",
    /// The provider's metadata or keys cannot be used.
    ProviderDiscovery = "provider_discovery",
    /// The provider cannot be reached, or was too slow.
    ProviderUnreachable = "provider_unreachable",
    /// The provider gave no tokens for the code.
    ProviderToken = "provider_token",
    /// The provider's ID token is not acceptable.
    ProviderIdToken = "provider_id_token",
    /// The provider did not give the profile.
    ProviderUserinfo = "provider_userinfo",
    /// The provider's profile does not say who this is.
    ProviderProfile = "provider_profile",
    /// The session in which the account was to be added is over.
    ProviderSession = "provider_session",
    /// The back end refused and gave a word of its own.
    BackendRefused = "backend_refused",
    /// The back end failed (5xx) without a word for the person.
    BackendFailed = "backend_failed",
    /// The back end did not answer in time.
    BackendTimeout = "backend_timeout",
    /// The back end cannot be reached, or the connection broke.
    BackendUnreachable = "backend_unreachable",
    /// The back end's answer is larger than allowed.
    BackendTooLarge = "backend_answer_too_large",
    /// The back end's answer is not JSON.
    BackendNotJson = "backend_answer_not_json",
    /// The back end's answer holds no user where one was declared.
    BackendWrongShape = "backend_answer_wrong_shape",
    /// Nobody is signed in, where somebody has to be.
    SessionRequired = "SessionRequired",
    /// The password is right, but the address has not been proven.
    EmailNotVerified = "email_not_verified",
    /// The caller's own password is not that.
    WrongPassword = "wrong_password",
    /// The caller has no address.
    AddressMissing = "address_missing",
    /// Who is signed in has to sign in again: what they ask for cannot be taken back.
    RecentSignInRequired = "recent_sign_in_required",
    /// An operator keeps this account out. Said only to who has proven that it is theirs.
    AccountDisabled = "account_disabled",
    /// Who is signed in has no such account.
    AccountUnknown = "account_unknown",
    /// There is no such session, it is over, or another person's.
    SessionUnknown = "session_unknown",
    /// There is no such user.
    UserUnknown = "user_unknown",
    /// One of our own calls for operators came without one of their keys.
    AdminKeyRequired = "admin_key_required",
    /// A field of a call is missing, unknown, or of the wrong kind.
    InvalidField = "invalid_field",
    /// A claim that nobody sets from outside.
    ClaimReserved = "claim_reserved",
    /// The claims of a user or a session would be too long.
    ClaimsTooLarge = "claims_too_large",
    /// The address of a picture is no https address, or too long.
    InvalidPicture = "invalid_picture",
    /// Without this account the person could not come back.
    LastWayIn = "last_way_in",
    /// The application's own credentials are missing or wrong.
    InvalidClient = "invalid_client",
    /// The access token is none, has expired, or its session is over.
    InvalidToken = "invalid_token",
    /// The refresh token is none, was used, has expired, or its session is over.
    InvalidGrant = "invalid_grant",
    /// Access tokens for this audience are not the caller's to ask for.
    InvalidTarget = "invalid_target",
    /// There is no such scope, or the caller may not have it.
    InvalidScope = "invalid_scope",
    /// No provider that is configured, or not one for this call.
    UnknownProvider = "unknown_provider",
    /// The session has no token of a back end or provider.
    NoForeignToken = "no_foreign_token",
    /// The token that a back end or provider handed out is over, and nobody can refresh it: sign in again.
    ForeignTokenOver = "foreign_token_over",
    /// The token that a back end or provider handed out is over, and could not be refreshed for now.
    ForeignTokenUnavailable = "foreign_token_unavailable",
    /// The first factor was right; now the second one.
    SecondFactorRequired = "SecondFactorRequired",
    /// The half-finished sign-in took too long, had too many wrong codes, or never was one.
    SecondFactorExpired = "second_factor_expired",
    /// The code is none, was used, or is an earlier one.
    WrongCode = "wrong_code",
    /// The passkey, or what the browser says of it, is not acceptable.
    PasskeyRefused = "WebAuthnVerificationError",
    /// Who is signed in has no such authenticator app or passkey.
    FactorUnknown = "factor_unknown",
    /// There is such a factor already.
    FactorTaken = "factor_taken",
    /// Nobody needs more passkeys.
    TooManyPasskeys = "too_many_passkeys",
    /// A hook of the deployment refused and may have given a word of its own.
    HookRefused = "hook_refused",
    /// A hook that decides could not be reached, was too slow, or failed.
    HookUnavailable = "hook_unavailable",
    /// A hook that decides answered something that is no answer.
    HookWrongAnswer = "hook_answer_wrong",
}

impl Code {
    /// True for what went wrong between us and a provider at another site.
    #[must_use]
    pub const fn is_of_provider(self) -> bool {
        matches!(
            self,
            Self::ProviderDenied
                | Self::ProviderError
                | Self::ProviderParameter
                | Self::ProviderAttempt
                | Self::ProviderState
                | Self::ProviderIssuer
                | Self::ProviderResponse
                | Self::ProviderDiscovery
                | Self::ProviderUnreachable
                | Self::ProviderToken
                | Self::ProviderIdToken
                | Self::ProviderUserinfo
                | Self::ProviderProfile
                | Self::ProviderSession
        )
    }

    /// True for what a back end said or failed to say.
    #[must_use]
    pub const fn is_of_backend(self) -> bool {
        matches!(
            self,
            Self::BackendRefused
                | Self::BackendFailed
                | Self::BackendTimeout
                | Self::BackendUnreachable
                | Self::BackendTooLarge
                | Self::BackendNotJson
                | Self::BackendWrongShape
        )
    }
}

impl Refusal {
    /// A refusal with nothing but its code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, said: None, detail: None, retry_after: None, wrong: false }
    }

    /// Adds a detail for the log.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds when to try again.
    #[must_use]
    pub const fn retry_after(mut self, span: Duration) -> Self {
        self.retry_after = Some(span);
        self
    }

    /// True if what was submitted proves nobody: a guess that is counted. What failed or was refused for another reason is
    /// none.
    #[must_use]
    pub const fn is_wrong_guess(&self) -> bool {
        self.wrong || matches!(self.code, Code::CredentialsSignin)
    }

    /// The HTTP status of a refusal that is the server's state rather than an answer to the person's input:
    /// 429, 503. `None`: the dialect has a status for refused sign-ins.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self.code {
            Code::RateLimited => Some(429),
            Code::Overloaded | Code::StoreUnavailable | Code::ForeignTokenUnavailable => Some(503),
            _ => None,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new(Code::StoreUnavailable).because(error.to_string()).retry_after(Duration::from_secs(1))
    }
}

impl From<HashError> for Refusal {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded { retry_after } => {
                Self::new(Code::Overloaded).because(error.to_string()).retry_after(retry_after)
            }
            HashError::Failed => Self::new(Code::Configuration).because(error.to_string()),
        }
    }
}

impl From<HttpFault> for Refusal {
    fn from(fault: HttpFault) -> Self {
        let code = match fault {
            HttpFault::Timeout(_) => Code::BackendTimeout,
            HttpFault::Unreachable(_) | HttpFault::NotSent(_) => Code::BackendUnreachable,
            HttpFault::TooLarge(_) => Code::BackendTooLarge,
        };
        Self::new(code).because(fault.to_string())
    }
}

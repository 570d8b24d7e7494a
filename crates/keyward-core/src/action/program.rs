//! The map of what programs call, and what they get: tokens in place of a cookie.

use serde_json::{Map, Value};

use crate::{
    error::Refusal,
    tokens::{
        access::{AccessClaims, AccessToken},
        refresh::RefreshToken,
        terms::Wanted,
    },
    user::User,
};

/// What a program asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramCall {
    /// `POST sign-up`.
    SignUp {
        /// What was submitted.
        fields: Map<String, Value>,
        /// Tokens for whom.
        wanted: Wanted,
    },
    /// `POST sign-in`.
    SignIn {
        /// Id of a provider; `None`: the usual one.
        provider: Option<String>,
        /// What was submitted.
        fields: Map<String, Value>,
        /// Tokens for whom.
        wanted: Wanted,
    },
    /// `POST exchange`.
    Exchange {
        /// Who says who it is.
        vouching: Vouching,
        /// Tokens for whom.
        wanted: Wanted,
    },
    /// `POST factor`: the second factor of a sign-in that waits for it.
    Factor {
        /// What the sign-in answered, with a code.
        answer: super::FactorAnswer,
        /// Tokens for whom.
        wanted: Wanted,
    },
    /// `POST refresh`.
    Refresh {
        /// The refresh token.
        token: Option<String>,
        /// A token for whom.
        wanted: Wanted,
    },
    /// `POST sign-out`.
    SignOut {
        /// A refresh token.
        token: Option<String>,
    },
    /// `GET me`.
    Me,
    /// `GET jwks`.
    KeySet,
    /// `GET openapi.json`.
    OpenApi,
    /// One whose audience, scope, profile … is of the wrong kind.
    Malformed(Refused),
}

/// Why a call cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// `audience` is neither a text nor a list of texts.
    Audience,
    /// `scope` is no text.
    Scope,
    /// Another member is of the wrong kind.
    Member,
}

/// What a front end brings that signed somebody in at a provider itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vouching {
    /// Id of the provider.
    pub provider: Option<String>,
    /// The provider's ID token.
    pub id_token: Option<String>,
    /// The nonce that it was asked for with.
    pub nonce: Option<String>,
    /// The provider's profile.
    pub profile: Option<Map<String, Value>>,
}

/// What a program gets.
#[derive(Clone, Debug)]
pub enum ProgramAnswer {
    /// It is signed in, or stays so.
    Tokens(Box<Tokens>),
    /// An access token for an application.
    AccessToken(Box<AccessToken>),
    /// The first factor was right. The second one is shown with this.
    SecondFactor(crate::secret::Secret),
    /// Signed up, or not: whoever it was may sign in.
    SignInNext,
    /// The session is over.
    SignedOut,
    /// Who calls.
    Me(Box<Me>),
    /// Keys to check access tokens with: a JSON Web Key Set.
    KeySet(Value),
    /// The description of these calls.
    OpenApi,
    /// Refused.
    Refused(Refusal),
}

/// What a program gets that signs in or refreshes.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For the first of its audiences, or the one it asked for.
    pub access: AccessToken,
    /// For the next time.
    pub refresh: RefreshToken,
    /// Who signed in; `None` for a refresh.
    pub user: Option<User>,
}

/// The person behind an access token, and what it says.
#[derive(Clone, Debug)]
pub struct Me {
    /// Who.
    pub user: User,
    /// What the token says.
    pub claims: AccessClaims,
}

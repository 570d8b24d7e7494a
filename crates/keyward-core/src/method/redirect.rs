//! Signing in at another site: the browser is sent there and comes back. Each such way is a [`RedirectSignIn`].
//!
//! Between departure and arrival nothing is kept but the *attempt*: sealed by the implementation, held by the browser
//! in a cookie of its own ([`crate::dialect::attempts`]), and bound to provider, purpose and time.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    error::{Code, Refusal},
    request::Pairs,
    secret::Secret,
    ticket::Once,
    user::Profile,
};

/// What an attempt is for. It ends as what it was begun as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Purpose {
    /// Signing in: nobody was signed in when it began.
    SignIn,
    /// Adding an account to the person who was signed in when it began (lesson 44).
    Link {
        /// The user's id.
        user: String,
        /// The session in which they asked for it: it has to be alive still when they come back.
        session: String,
    },
}

/// A person about to be sent to a provider.
#[derive(Clone, Debug)]
pub struct Departure<'a> {
    /// What for.
    pub purpose: Purpose,
    /// Our callback at this provider, absolute.
    pub redirect_uri: String,
    /// Where the person lands when all is done. Kept in the attempt: with a form post from another site the browser
    /// sends no other cookie along, and two tabs may want to land in two places. `None`: too long for a cookie.
    pub landing: Option<String>,
    /// Parameters that the application adds to the authorization request (`prompt`, `login_hint`, `scope` …).
    pub asked: &'a Pairs,
}

/// Where to send the browser, and what it takes along.
#[derive(Clone, Debug)]
pub struct Departed {
    /// The authorization request.
    pub url: Url,
    /// Its `state`, by which the attempt's cookie is named.
    pub state: String,
    /// The attempt, sealed.
    pub sealed: String,
}

/// What a front end that signed somebody in itself brings of the provider's.
#[derive(Clone)]
pub enum Word {
    /// An ID token that the provider made for our client id.
    IdToken {
        /// The token.
        token: Secret,
        /// The nonce that the front end asked for it with, if it did.
        nonce: Option<String>,
    },
    /// The profile as the provider wrote it, from an application that is trusted with it.
    Profile(Map<String, Value>),
}

/// Neither is ever printed.
impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdToken { .. } => "IdToken(…)",
            Self::Profile(_) => "Profile(…)",
        })
    }
}

/// A person whom a provider vouches for.
#[derive(Clone)]
pub struct Arrived {
    /// What the attempt was begun for.
    pub purpose: Purpose,
    /// Where they wanted to land.
    pub landing: Option<String>,
    /// The provider's own id of the person.
    pub id: String,
    /// Name, address and picture as the provider's mapping gives them; the address in lower case, not yet validated.
    pub profile: Profile,
    /// True if the provider says that it verified the address.
    pub email_verified: bool,
    /// The profile as the provider wrote it: NextAuth's `profile`.
    pub raw: Value,
    /// The token response with the account's key: NextAuth's `account`. Full of secrets.
    pub account: Map<String, Value>,
    /// What lets them in and nobody a second time, where an attempt does not see to that.
    pub once: Option<Once>,
}

/// Tokens are never printed.
impl fmt::Debug for Arrived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrived")
            .field("purpose", &self.purpose)
            .field("id", &self.id)
            .field("email_verified", &self.email_verified)
            .finish_non_exhaustive()
    }
}

/// An attempt whose browser is back from the provider.
#[async_trait]
pub trait Attempt: Send {
    /// What tells it from any other (its `state`), so that nobody is asked about one that was used.
    fn once(&self) -> Once;

    /// Ends it: checks the response against it, asks the provider, and says who it is. The response is the callback's
    /// query, or its form where the provider posts; repeated names as they came (lesson 7).
    ///
    /// # Errors
    /// As [`RedirectSignIn::depart`]. Nobody is signed in by half.
    async fn arrive(self: Box<Self>, response: &Pairs) -> Result<Arrived, Refusal>;
}

/// One provider, as the flows see it.
#[async_trait]
pub trait RedirectSignIn: Send + Sync {
    /// Begins an attempt.
    ///
    /// # Errors
    /// A [`Refusal`] with a code of the provider family ([`crate::error::Code::is_of_provider`]).
    async fn depart(&self, departure: Departure<'_>) -> Result<Departed, Refusal>;

    /// Opens an attempt that came back.
    ///
    /// # Errors
    /// [`crate::error::Code::ProviderAttempt`] for none of ours, or of this provider's, or one whose time is over.
    fn attempt(&self, sealed: &str) -> Result<Box<dyn Attempt + '_>, Refusal>;

    /// Says who it is of whom a front end brings the provider's word. An ID token is checked as if it had come to us.
    ///
    /// # Errors
    /// As [`RedirectSignIn::depart`]; [`crate::error::Code::UnknownProvider`] where this provider gives no such word.
    async fn take_word(&self, word: Word) -> Result<Arrived, Refusal> {
        let _ = word;
        Err(Refusal::new(Code::UnknownProvider).because("this provider gives no word that can be checked"))
    }

    /// Where the browser goes to end the session at the provider (OpenID Connect RP-Initiated Logout 1.0 §2), if the
    /// provider has such a place and can say so now.
    async fn end_session_url(&self, id_token: Option<&Secret>, back_to: &str) -> Option<Url>;
}

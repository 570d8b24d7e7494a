//! The deployment's own rules: what NextAuth's users write as callbacks (C6, A1 to A3; protocol notes §8).
//!
//! One trait, [`Rules`], said in three ways: [`declared`] in the configuration, asked over HTTP ([`hook`]), or
//! implemented by the application that embeds Keyward. All that a deployment has are asked one after the other; each
//! sees what those before it made of the person, and the first that does not allow decides.
//!
//! They run at sign-in, update and landing, never at a mere read of the session. What has happened is told afterwards,
//! as an [event](crate::event)(crate::event).

pub mod declared;
pub mod hook;
pub mod webhook;

use std::fmt;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::{claims::Claims, error::Refusal, user::Address};

/// Somebody about to be signed in, as NextAuth's callbacks see them (protocol notes §8.1).
#[derive(Clone, Default)]
pub struct Candidate {
    /// `id`, `name`, `email`, `image`, and what a back end or profile added.
    pub user: Map<String, Value>,
    /// `provider`, `type`, `providerAccountId`, and the tokens that the provider handed out.
    pub account: Map<String, Value>,
    /// The profile as the provider wrote it; none for credentials and e-mail links.
    pub profile: Option<Value>,
    /// What was submitted, but no password; credentials alone.
    pub credentials: Option<Map<String, Value>>,
    /// True while an e-mail link is asked for; the person has proven nothing yet.
    pub verification_request: bool,
    /// The person's address in normal form, and whether the provider vouches for it.
    pub address: Option<Address>,
}

impl Candidate {
    /// The arguments of NextAuth's `signIn` callback.
    #[must_use]
    pub fn arguments(&self) -> Map<String, Value> {
        let mut arguments = Map::new();
        let mut put = |name: &str, value: Value| arguments.insert(name.to_owned(), value);
        put("user", Value::Object(self.user.clone()));
        put("account", Value::Object(self.account.clone()));
        if let Some(profile) = &self.profile {
            put("profile", profile.clone());
        }
        if let Some(credentials) = &self.credentials {
            put("credentials", Value::Object(credentials.clone()));
        }
        if self.verification_request {
            put("email", serde_json::json!({ "verificationRequest": true }));
        }
        arguments
    }

    /// The provider's id.
    #[must_use]
    pub fn provider(&self) -> &str {
        self.account.get("provider").and_then(Value::as_str).unwrap_or_default()
    }
}

/// Names alone: the account holds tokens.
impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("provider", &self.provider()).finish_non_exhaustive()
    }
}

/// What a rule says of somebody.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// They may come in. The members go into the user: the profile's, or what the token keeps (A2).
    Allow(Map<String, Value>),
    /// They may not: `AccessDenied`.
    Deny,
    /// They go there first, without a session.
    Redirect(String),
}

impl Verdict {
    /// They may come in as they are.
    #[must_use]
    pub fn allow() -> Self {
        Self::Allow(Map::new())
    }
}

/// Why a token is made: NextAuth's `trigger`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A person signed in.
    SignIn,
    /// A person signed in for the first time.
    SignUp,
    /// The client called `update(data)`.
    Update,
}

impl Trigger {
    /// As NextAuth writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "signIn",
            Self::SignUp => "signUp",
            Self::Update => "update",
        }
    }
}

/// The rules of a deployment. Every method has a default that changes nothing.
///
/// ```
/// use async_trait::async_trait;
/// use keyward_core::{error::Refusal, rules::{Candidate, Rules, Verdict}};
/// use serde_json::Value;
///
/// struct Seats;
/// #[async_trait]
/// impl Rules for Seats {
///     async fn sign_in(&self, candidate: &Candidate) -> Result<Verdict, Refusal> {
///         let seat = candidate.user.get("email").and_then(Value::as_str) == Some("ada@example.com");
///         Ok(if seat { Verdict::allow() } else { Verdict::Deny })
///     }
/// }
/// ```
///
/// # Errors
/// A refusal ends the sign-in, update or landing that asked: an error in a check is a refusal (invariant 6).
#[async_trait]
pub trait Rules: Send + Sync {
    /// NextAuth's `signIn` callback.
    async fn sign_in(&self, _candidate: &Candidate) -> Result<Verdict, Refusal> {
        Ok(Verdict::allow())
    }

    /// NextAuth's `jwt` callback: the members that the token gets instead of its own of the same name, `null` to
    /// take one away. `candidate` is the person at a sign-in, `data` what the client passed to `update`.
    async fn token(
        &self,
        _claims: &Claims,
        _trigger: Trigger,
        _candidate: Option<&Candidate>,
        _data: Option<&Value>,
    ) -> Result<Map<String, Value>, Refusal> {
        Ok(Map::new())
    }

    /// NextAuth's `session` callback: the members that the session shows beside its own. Asked when the token
    /// changes and kept with it.
    async fn session(&self, _session: &Value, _claims: &Claims) -> Result<Map<String, Value>, Refusal> {
        Ok(Map::new())
    }

    /// NextAuth's `redirect` callback: where the person lands instead of at `url`. What comes back is held
    /// against the landing places of the deployment like any other callback address.
    async fn redirect(&self, _url: &str, _base_url: &str) -> Result<Option<String>, Refusal> {
        Ok(None)
    }
}

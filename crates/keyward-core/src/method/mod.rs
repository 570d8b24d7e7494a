//! Ways to prove who one is: with submitted fields (each a [`CredentialsCheck`]), or at another site
//! ([`redirect::RedirectSignIn`]).

pub mod backend;
pub mod email;
pub mod passkey;
pub mod password;
pub mod recovery_codes;
pub mod redirect;
pub mod totp;

use std::{fmt, net::IpAddr};

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::{
    error::Refusal,
    port::Limit,
    user::{Admission, Extra, Profile},
    vault::ForeignTokens,
};

/// What a person submitted, without NextAuth's own fields (`csrfToken`, `callbackUrl`, `json`, `redirect`).
#[derive(Clone)]
pub struct Submitted {
    /// By name. From a form every value is a text; from a JSON body it is as sent.
    pub fields: Map<String, Value>,
    /// The client's network address.
    pub client: IpAddr,
}

impl Submitted {
    /// A field that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }
}

impl fmt::Debug for Submitted {
    /// Names alone: one of the values is a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.keys().collect();
        f.debug_struct("Submitted").field("fields", &names).field("client", &self.client).finish()
    }
}

/// Somebody proved who they are.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The user to admit.
    pub admission: Admission,
    /// The id that the token's `sub` carries: the back end's own where there is one, as with NextAuth
    /// ([`crate::user::User::subject`]).
    pub sub: String,
    /// What the token says of them.
    pub profile: Profile,
    /// What else the token keeps.
    pub extra: Extra,
    /// What the back end handed out for the session.
    pub tokens: Option<ForeignTokens>,
    /// False: make or update the user, but ask them to sign in (sign-up that reveals nothing).
    pub opens_session: bool,
}

/// What lets people in where they submit fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpensTo<'a> {
    /// A password kept here.
    Password,
    /// An account at this source.
    Account(&'a str),
    /// Nothing that the directory keeps of them, or none who were here before.
    Others,
}

/// One way to check submitted fields. Embedders implement it for their own.
#[async_trait]
pub trait CredentialsCheck: Send + Sync {
    /// Says who it is, or refuses.
    async fn check(&self, submitted: &Submitted) -> Result<Proof, Refusal>;

    /// What lets people in here, so that nobody unlinks the last account that does.
    fn opens_to(&self) -> OpensTo<'_> {
        OpensTo::Others
    }

    /// Which allowance of a network address an attempt draws on.
    fn limit(&self) -> Limit {
        Limit::SignInPerAddress
    }
}

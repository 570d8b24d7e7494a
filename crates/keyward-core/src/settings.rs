//! What a deployment has decided: the engine's settings, already parsed and checked.

mod recovery;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    address::PublicUrl,
    audit::AuditSettings,
    dialect::Dialect,
    event::EventSettings,
    method::{
        CredentialsCheck, OpensTo, email::EmailProvider, passkey::PasskeySettings, redirect::RedirectSignIn,
        totp::FactorSettings,
    },
    policy::{abuse::GuessLimits, recent, ways::WaysIn},
    secret::Secret,
    tokens::{Client, TokenSettings},
    vault::Foreign,
};

pub use self::recovery::{AccountMails, Passwords, RecoverySettings, Verification};

/// Everything that the engine needs to know.
pub struct Settings {
    /// Which generation of NextAuth the clients are.
    pub dialect: Dialect,
    /// Where people reach Keyward.
    pub public: PublicUrl,
    /// The signing secrets, newest first; never empty. More than one only for [`Dialect::AuthJs5`], which
    /// names the key in the token; the others use the first alone.
    pub secrets: Vec<Secret>,
    /// Keys that seal what the store keeps of providers' tokens, newest first: all open. Empty: the secrets.
    pub vault_keys: Vec<Secret>,
    /// Sessions: how kept, how long.
    pub session: SessionSettings,
    /// Pages of the application that replace the built-in ones.
    pub pages: CustomPages,
    /// Landing places that the deployment decides, not the front end.
    pub landing: LandingPlaces,
    /// Ways to sign in with fields.
    pub providers: Vec<Provider>,
    /// Ways to sign in at another site.
    pub redirects: Vec<RedirectProvider>,
    /// Ways to sign in by a link in a mail.
    pub emails: Vec<EmailProvider>,
    /// Ids of all of them in the order in which the sign-in page shows them. What is missing comes after.
    pub order: Vec<String>,
    /// Landing places beside the public origin: origins, `https://other.example` (C6).
    pub allowed_origins: Vec<String>,
    /// What an operator brings to the admin API, each at least 32 characters long. Empty: the API is not there.
    pub admin_keys: Vec<Secret>,
    /// Path of the built-in sign-up page's provider, if there is one.
    pub sign_up_provider: Option<String>,
    /// What is told when something has happened.
    pub events: EventSettings,
    /// What people can do about their own accounts.
    pub recovery: RecoverySettings,
    /// The providers whose tokens sessions keep.
    pub foreign: Foreign,
    /// Applications with a credential of their own.
    pub clients: Vec<Client>,
    /// Tokens for programs; `None`: there are none, and the calls that hand them out are not there.
    pub tokens: Option<TokenSettings>,
    /// Second factors.
    pub factors: FactorSettings,
    /// Passkeys, where the deployment offers them.
    pub passkeys: Option<PasskeySettings>,
    /// What is kept of the audit trail.
    pub audit: AuditSettings,
    /// When wrong passwords begin to cost time.
    pub guesses: GuessLimits,
}

/// How a session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// In the cookie itself, sealed: NextAuth's `jwt`.
    #[default]
    Sealed,
    /// In the store, the cookie holding a random token: NextAuth's `database`.
    Stored,
}

/// Sessions: how kept, how long, and what they show.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// How kept.
    pub strategy: Strategy,
    /// Lifetime since the last renewal. NextAuth's default: 30 days.
    pub max_age: Duration,
    /// A stored session is written anew at most this often. NextAuth's default: a day.
    pub update_age: Duration,
    /// What the session shows beyond the profile: session path (`user.role`) to token field (`role`).
    pub show: Vec<(Vec<String>, String)>,
    /// Constants that the session shows: session path to value (B3).
    pub add: Vec<(Vec<String>, Value)>,
    /// Token fields that `update()` may change.
    pub update: Vec<String>,
    /// How long ago a person may have proven themselves for what cannot be taken back ([`recent`]).
    pub recent: Duration,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            strategy: Strategy::Sealed,
            max_age: Duration::from_secs(30 * 24 * 60 * 60),
            update_age: Duration::from_secs(24 * 60 * 60),
            show: Vec::new(),
            add: Vec::new(),
            update: Vec::new(),
            recent: recent::RECENT,
        }
    }
}

/// NextAuth's `pages` option: paths of the application (`/login`) that replace a built-in page.
#[derive(Clone, Debug, Default)]
pub struct CustomPages {
    /// Replaces `signin`.
    pub sign_in: Option<String>,
    /// Replaces `signout`.
    pub sign_out: Option<String>,
    /// Replaces `error`.
    pub error: Option<String>,
    /// Replaces `verify-request`.
    pub verify_request: Option<String>,
    /// Where a person lands after their first sign-in.
    pub new_user: Option<String>,
    /// Replaces the pages about one's own account.
    pub account: Option<String>,
}

/// Where people land, whatever their front end asked for: paths of the application, or addresses on allowed origins (C6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LandingPlaces {
    /// After signing in.
    pub sign_in: Option<String>,
    /// After signing out.
    pub sign_out: Option<String>,
}

/// One way to sign in with fields: NextAuth's credentials provider.
#[derive(Clone)]
pub struct Provider {
    /// Stands in addresses: `callback/<id>`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What the built-in page asks for.
    pub fields: Vec<Field>,
    /// What checks the fields.
    pub check: Arc<dyn CredentialsCheck>,
    /// False for a provider that has a page of its own (sign-up) and is left out of the sign-in page.
    pub on_sign_in_page: bool,
}

/// One way to sign in at another site: NextAuth's OAuth and OpenID Connect providers.
#[derive(Clone)]
pub struct RedirectProvider {
    /// Stands in addresses, `callback/<id>`, and is the source of its accounts ([`crate::user::AccountKey`]).
    pub id: String,
    /// For people.
    pub name: String,
    /// The protocol: `account.type`, and `type` in the list of providers.
    pub kind: RedirectKind,
    /// What does it.
    pub way: Arc<dyn RedirectSignIn>,
    /// False for one that only the application's own pages offer.
    pub on_sign_in_page: bool,
    /// The provider answers with a form post from its own site (`response_mode=form_post`).
    pub answers_by_post: bool,
    /// What signing out ends for who came through it.
    pub sign_out: SignOutScope,
    /// Links to a user by their address alone, without proof: who controls the address at the provider gets the
    /// account. Warned about at start.
    pub allow_dangerous_email_account_linking: bool,
    /// What the token keeps: token field to path in `{account, profile}`, such as `account.access_token`.
    pub keep: Vec<(String, Vec<String>)>,
    /// Colours of its button.
    pub brand: Option<Brand>,
}

/// The protocol of a provider at another site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// OAuth 2.0.
    OAuth,
    /// OpenID Connect.
    Oidc,
}

impl RedirectKind {
    /// NextAuth's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth => "oauth",
            Self::Oidc => "oidc",
        }
    }
}

/// Which sessions signing out ends for who came through a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignOutScope {
    /// Ours.
    #[default]
    Local,
    /// The provider's, where it can be ended; ours otherwise.
    Upstream,
    /// Ours, then the provider's.
    Both,
}

/// Colours of a provider's button, as CSS writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// Background.
    pub background: String,
    /// Text.
    pub text: Option<String>,
}

/// A field of a credentials form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Name as submitted.
    pub name: String,
    /// For people.
    pub label: String,
    /// The input's type: `text`, `email`, `password` …
    pub kind: String,
    /// Shown while empty.
    pub placeholder: Option<String>,
    /// HTML's `autocomplete` token.
    pub autocomplete: Option<String>,
    /// Whether the browser insists on it.
    pub required: bool,
    /// Further attributes as declared, by name.
    pub attributes: BTreeMap<String, String>,
}

impl Settings {
    /// What every deployment has, and defaults for the rest.
    #[must_use]
    pub fn new(dialect: Dialect, public: PublicUrl, secrets: Vec<Secret>) -> Self {
        Self {
            dialect,
            public,
            secrets,
            vault_keys: Vec::new(),
            session: SessionSettings::default(),
            pages: CustomPages::default(),
            landing: LandingPlaces::default(),
            providers: Vec::new(),
            redirects: Vec::new(),
            emails: Vec::new(),
            order: Vec::new(),
            allowed_origins: Vec::new(),
            admin_keys: Vec::new(),
            sign_up_provider: None,
            events: EventSettings::default(),
            recovery: RecoverySettings::default(),
            foreign: Foreign::default(),
            clients: Vec::new(),
            tokens: None,
            factors: FactorSettings::default(),
            passkeys: None,
            audit: AuditSettings::default(),
            guesses: GuessLimits::default(),
        }
    }

    /// The provider with this id.
    #[must_use]
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// The provider at another site with this id.
    #[must_use]
    pub fn redirect(&self, id: &str) -> Option<&RedirectProvider> {
        self.redirects.iter().find(|provider| provider.id == id)
    }

    /// The provider of links in mails with this id.
    #[must_use]
    pub fn email(&self, id: &str) -> Option<&EmailProvider> {
        self.emails.iter().find(|provider| provider.id == id)
    }

    /// By what people can come back. A sign-up lets nobody in who was here before.
    #[must_use]
    pub fn ways_in(&self) -> WaysIn {
        let mut ways = WaysIn {
            sources: self.redirects.iter().map(|provider| provider.id.clone()).collect(),
            password: false,
            mail: !self.emails.is_empty(),
            passkey: self.passkeys.is_some(),
        };
        let sign_up = self.sign_up_provider.as_ref();
        for provider in self.providers.iter().filter(|provider| Some(&provider.id) != sign_up) {
            match provider.check.opens_to() {
                OpensTo::Password => ways.password = true,
                OpensTo::Account(source) => ways.sources.push(source.to_owned()),
                OpensTo::Others => {}
            }
        }
        ways
    }

    /// Where a provider stands on the sign-in page and in the list of providers.
    #[must_use]
    pub fn place_of(&self, id: &str) -> usize {
        self.order.iter().position(|other| other == id).unwrap_or(usize::MAX)
    }

    /// The secret that seals; the others only open.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        self.secrets.first().expect("the builder refuses settings without a secret")
    }
}

//! What a deployment is asked to be, as it was collected and before anything was checked.

use std::{path::PathBuf, sync::Arc};

use ipnet::IpNet;
use keyward_axum::Limits as EdgeLimits;
use keyward_core::{
    audit::AuditSettings,
    dialect::Dialect,
    event::{EventKind, Events},
    method::{
        backend::{Endpoint, RefreshEndpoint},
        passkey::PasskeySettings,
        totp::FactorSettings,
    },
    policy::abuse::GuessLimits,
    port::Store,
    rules::{Rules, hook::HookSettings},
    secret::Secret,
    session::SessionFields,
    settings::{CustomPages, Field, LandingPlaces, Provider, SessionSettings},
    tokens::{Client, TokenSettings},
};
use keyward_pages::Theme;
use url::Url;

use crate::{
    account_mail::AccountMailSettings, accounts::AccountsSettings, breached::BreachedPasswords,
    email::EmailSettings, hasher::HasherSettings, limits::LimitSettings, oauth::OAuthSettings,
    tokens::Freshness,
};

/// The settings that [`Builder`](crate::Builder) collects.
pub(crate) struct Plan {
    pub(crate) public_url: String,
    pub(crate) base_path: String,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) dialect: Dialect,
    pub(crate) session: SessionSettings,
    pub(crate) pages: CustomPages,
    pub(crate) landing: LandingPlaces,
    pub(crate) providers: Vec<Way>,
    pub(crate) accounts: Option<AccountsSettings>,
    pub(crate) account_mail: Option<AccountMailSettings>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) development: bool,
    pub(crate) store: Option<StoreChoice>,
    pub(crate) theme: Theme,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) limits: LimitSettings,
    pub(crate) edge_limits: EdgeLimits,
    pub(crate) hasher: HasherSettings,
    pub(crate) breached: BreachedPasswords,
    pub(crate) audit: AuditSettings,
    pub(crate) guesses: GuessLimits,
    pub(crate) session_fields: Option<Arc<dyn SessionFields>>,
    pub(crate) rules: Vec<Arc<dyn Rules>>,
    pub(crate) hooks: Option<HookSettings>,
    pub(crate) events: Vec<Arc<dyn Events>>,
    pub(crate) event_kinds: Vec<EventKind>,
    pub(crate) clients: Vec<Client>,
    pub(crate) factors: FactorSettings,
    pub(crate) passkeys: Option<PasskeySettings>,
    pub(crate) tokens: Option<TokenSettings>,
    pub(crate) admin_keys: Vec<Secret>,
    pub(crate) proxy: Option<Url>,
}

/// A provider as the builder was given it.
pub(crate) enum Way {
    Own(Provider),
    Backend(Box<BackendSettings>),
    OAuth(Box<OAuthSettings>),
    Email(Box<EmailSettings>),
}

impl Way {
    /// Its id in addresses.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Own(provider) => &provider.id,
            Self::Backend(settings) => &settings.id,
            Self::OAuth(settings) => &settings.id,
            Self::Email(settings) => &settings.id,
        }
    }
}

/// Where users and sessions are kept.
pub(crate) enum StoreChoice {
    Sqlite(PathBuf),
    Given(Arc<dyn Store>),
}

/// A provider whose fields an existing back end checks.
#[derive(Clone, Debug)]
pub struct BackendSettings {
    /// Stands in addresses and in `signIn("login", …)`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What the built-in page asks for.
    pub fields: Vec<Field>,
    /// Where the fields go, and how the answer is read.
    pub endpoint: Endpoint,
    /// Where its tokens are refreshed; `None`: they are not.
    pub refresh: Option<RefreshEndpoint>,
    /// How fresh its tokens are kept.
    pub freshness: Freshness,
}

impl Plan {
    pub(crate) fn new(public_url: &str, secret: Secret) -> Self {
        Self {
            public_url: public_url.to_owned(),
            base_path: "/api/auth".to_owned(),
            secrets: vec![secret],
            dialect: Dialect::default(),
            session: SessionSettings::default(),
            pages: CustomPages::default(),
            landing: LandingPlaces::default(),
            providers: Vec::new(),
            accounts: None,
            account_mail: None,
            allowed_origins: Vec::new(),
            development: false,
            store: None,
            theme: Theme::default(),
            trusted_proxies: Vec::new(),
            limits: LimitSettings::default(),
            edge_limits: EdgeLimits::default(),
            hasher: HasherSettings::default(),
            breached: BreachedPasswords::default(),
            audit: AuditSettings::default(),
            guesses: GuessLimits::default(),
            session_fields: None,
            rules: Vec::new(),
            hooks: None,
            events: Vec::new(),
            event_kinds: EventKind::DEFAULT.to_vec(),
            clients: Vec::new(),
            factors: FactorSettings::default(),
            passkeys: None,
            tokens: None,
            admin_keys: Vec::new(),
            proxy: None,
        }
    }
}

impl Plan {
    /// Mails about people's own accounts: as they were set, else through the first provider of links in mails, and in
    /// development into the mailbox.
    pub(crate) fn mails_about_accounts(&self) -> Option<AccountMailSettings> {
        let by_links = self.providers.iter().find_map(|way| match way {
            Way::Email(links) => Some(AccountMailSettings {
                mailer: links.mailer.clone(),
                ..AccountMailSettings::in_mailbox()
            }),
            Way::Own(_) | Way::Backend(_) | Way::OAuth(_) => None,
        });
        let in_mailbox = || self.development.then(AccountMailSettings::in_mailbox);
        self.account_mail.clone().or(by_links).or_else(in_mailbox)
    }
}

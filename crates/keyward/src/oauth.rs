//! Signing in through others: OAuth 2.0 servers and OpenID providers.

use std::borrow::Cow;

use keyward_core::{
    secret::Secret,
    settings::{Brand, RedirectKind, RedirectProvider, SignOutScope},
    vault::TokenSource,
};
use keyward_providers::{
    Entry, Kind, Provider, RedirectMethod, RedirectTools, Settings, SettingsFault, catalogue,
};

use crate::tokens::{self, Freshness};

/// A way to sign in through somebody else.
///
/// ```
/// use keyward::{OAuthSettings, SignOutScope};
///
/// let github = OAuthSettings::catalogue("github", "client-id", "client-secret");
/// let acme = OAuthSettings {
///     sign_out: SignOutScope::Both,
///     ..OAuthSettings::openid("acme", "https://id.acme.example", "client-id", "client-secret")
/// };
/// # drop((github, acme));
/// ```
#[derive(Clone, Debug)]
pub struct OAuthSettings {
    /// Stands in addresses (`callback/github`) and in `signIn("github")`; the source of the accounts made by it.
    pub id: String,
    /// What it is.
    pub service: Service,
    /// Client id and secret, and what overrides the catalogue.
    pub client: Settings,
    /// What the token keeps: token field to place in `{account, profile}`, such as `account.access_token`.
    pub keep: Vec<(String, Vec<String>)>,
    /// How fresh the provider's tokens are kept for the session; `None`: it gets none but what `keep` names.
    pub refresh: Option<Freshness>,
    /// Where signing out ends the session.
    pub sign_out: SignOutScope,
    /// True: a person whose address a user here has already is taken for that user, without proof. Whoever can have
    /// that address at this provider then gets the account.
    pub allow_dangerous_email_account_linking: bool,
    /// False for one that only the application's own pages offer.
    pub on_sign_in_page: bool,
}

/// What a provider is, before the deployment's settings are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// The catalogue's entry with this id.
    Catalogue(String),
    /// An OpenID provider that is known by its issuer.
    OpenId,
    /// An OAuth 2.0 server that is known by its endpoints.
    OAuth,
}

impl OAuthSettings {
    /// A provider of the catalogue, under its own id.
    #[must_use]
    pub fn catalogue(id: &str, client_id: &str, client_secret: impl Into<Secret>) -> Self {
        Self::with(id, Service::Catalogue(id.to_owned()), client_id, client_secret.into())
    }

    /// Any OpenID provider, by its issuer.
    #[must_use]
    pub fn openid(id: &str, issuer: &str, client_id: &str, client_secret: impl Into<Secret>) -> Self {
        let mut settings = Self::with(id, Service::OpenId, client_id, client_secret.into());
        settings.client.issuer = Some(issuer.to_owned());
        settings
    }

    fn with(id: &str, service: Service, client_id: &str, client_secret: Secret) -> Self {
        Self {
            id: id.to_owned(),
            service,
            client: Settings {
                client_id: client_id.to_owned(),
                client_secret: Some(client_secret),
                ..Settings::default()
            },
            keep: Vec::new(),
            sign_out: SignOutScope::default(),
            refresh: None,
            allow_dangerous_email_account_linking: false,
            on_sign_in_page: true,
        }
    }

    /// Entry and settings put together.
    ///
    /// # Errors
    /// [`SettingsFault`] for what is missing, unknown or no address. A provider that the catalogue does not have is
    /// a fault of `id`.
    pub fn provider(&self) -> Result<Provider, SettingsFault> {
        let entry = self.service.entry(&self.id).ok_or_else(|| SettingsFault {
            provider: self.id.clone(),
            setting: "id".to_owned(),
            what: "the catalogue has no such provider".to_owned(),
        })?;
        Provider::new(&self.id, &entry, self.client.clone())
    }

    /// What whoever runs this should know at every start; `None` if it is as safe as it can be.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        self.allow_dangerous_email_account_linking.then(|| {
            format!(
                "allow_dangerous_email_account_linking: whoever can have somebody's e-mail address at `{}` gets that \
                 person's account here",
                self.id
            )
        })
    }

    /// How its tokens are kept fresh, if they are.
    pub(crate) fn tokens(&self, tools: &RedirectTools) -> Result<Option<TokenSource>, SettingsFault> {
        let Some(freshness) = self.refresh.clone() else { return Ok(None) };
        Ok(Some(tokens::of_provider(self.provider()?, freshness, tools)))
    }

    /// What the engine is given.
    pub(crate) fn redirect(self, tools: &RedirectTools) -> Result<RedirectProvider, SettingsFault> {
        let provider = self.provider()?;
        let brand =
            |style: &catalogue::Style| Brand { background: style.bg.clone(), text: style.text.clone() };
        Ok(RedirectProvider {
            id: self.id,
            name: provider.name.clone(),
            kind: match provider.kind {
                Kind::Oauth => RedirectKind::OAuth,
                Kind::Oidc => RedirectKind::Oidc,
            },
            on_sign_in_page: self.on_sign_in_page,
            answers_by_post: provider.answers_by_post(),
            sign_out: self.sign_out,
            allow_dangerous_email_account_linking: self.allow_dangerous_email_account_linking,
            keep: self.keep,
            brand: provider.style.as_ref().map(brand),
            way: std::sync::Arc::new(RedirectMethod::new(provider, tools.clone())),
        })
    }
}

impl Service {
    /// What is known of it; `None` for an id that the catalogue does not have. `id` names what has no entry.
    #[must_use]
    pub fn entry(&self, id: &str) -> Option<Cow<'static, Entry>> {
        match self {
            Self::Catalogue(entry) => catalogue::find(entry).map(Cow::Borrowed),
            Self::OpenId => Some(Cow::Owned(Entry::openid(id, id))),
            Self::OAuth => Some(Cow::Owned(Entry::oauth(id, id))),
        }
    }
}

//! A provider as a deployment uses it: an entry of the catalogue with the deployment's settings.

use std::collections::BTreeMap;

use keyward_core::secret::Secret;
use keyward_jose::jws::MacAlgorithm;
use url::Url;

use crate::{
    catalogue::{ClientAuthMethod, Entry, Kind, ProfileFrom, Style, UserinfoRequest},
    client_auth::{self, ClientAuth},
    profile::ProfileMapping,
    quirk::Quirk,
    template,
    wrong::{Wrong, missing, wrong},
};

/// What a deployment says of a provider. Everything but the client id overrides the entry.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Client id, as registered with the provider.
    pub client_id: String,
    /// Client secret.
    pub client_secret: Option<Secret>,
    /// Private key of `private_key_jwt`, as JWK.
    pub private_key: Option<Secret>,
    /// Issuer identifier. At a plain OAuth 2.0 server it is what `iss` in a response has to be (RFC 9207).
    pub issuer: Option<String>,
    /// Name, for people.
    pub name: Option<String>,
    /// The entry's options. Some are keys.
    pub options: BTreeMap<String, Secret>,
    /// Scope.
    pub scope: Option<String>,
    /// Parameters of the authorization request, beside those of the entry.
    pub params: BTreeMap<String, String>,
    /// Authorization endpoint.
    pub authorization_endpoint: Option<String>,
    /// Token endpoint.
    pub token_endpoint: Option<String>,
    /// Address of the profile.
    pub userinfo_endpoint: Option<String>,
    /// Address of the provider's keys.
    pub jwks_uri: Option<String>,
    /// How the client proves itself at the token endpoint.
    pub client_auth: Option<ClientAuthMethod>,
    /// What an OpenID provider's profile is.
    pub profile_from: Option<ProfileFrom>,
    /// How the profile becomes a user.
    pub profile: Option<ProfileMapping>,
    /// Whether PKCE is sent.
    pub pkce: Option<bool>,
    /// Whether a nonce is sent (OpenID Connect).
    pub nonce: Option<bool>,
}

/// A provider ready for use.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its id in this deployment: in addresses and accounts.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Plain OAuth 2.0, or OpenID Connect.
    pub kind: Kind,
    /// Colours of its button.
    pub style: Option<Style>,
    /// Client id.
    pub client_id: String,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
    /// Issuer identifier, as configured.
    pub issuer: Option<String>,
    /// Where its metadata lies; `None` where everything is configured.
    pub discovery: Option<Url>,
    /// Authorization endpoint, if configured.
    pub authorization: Option<Url>,
    /// Token endpoint, if configured.
    pub token: Option<Url>,
    /// Address of its keys, if configured.
    pub jwks_uri: Option<Url>,
    /// Scope.
    pub scope: Option<String>,
    /// Parameters of the authorization request.
    pub params: BTreeMap<String, String>,
    /// Whether PKCE is sent.
    pub pkce: bool,
    /// Whether a nonce is sent.
    pub nonce: bool,
    /// How the profile becomes a user.
    pub profile: ProfileMapping,
    pub(crate) userinfo: Option<UserinfoRequest>,
    pub(crate) token_params: BTreeMap<String, String>,
    pub(crate) profile_from: ProfileFrom,
    pub(crate) id_token_alg: Option<String>,
    pub(crate) quirk: Option<Quirk>,
    options: BTreeMap<String, Secret>,
    pub(crate) client_secret: Option<Secret>,
}

/// Why settings do not make a provider. The texts name the setting and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("provider `{provider}`: {what}")]
pub struct SettingsFault {
    /// The provider's id.
    pub provider: String,
    /// The setting, as a configuration file names it: `client_id`, `options.tenant`.
    pub setting: String,
    /// What is missing or wrong. Repeats no value.
    pub what: String,
}

impl Provider {
    /// Puts an entry and settings together. `id` is the entry's, or another where one service is used twice.
    ///
    /// # Errors
    /// [`SettingsFault`] for what is missing, unknown or no address.
    pub fn new(id: &str, entry: &Entry, settings: Settings) -> Result<Self, SettingsFault> {
        let of = |(setting, what)| SettingsFault { provider: id.to_owned(), setting, what };
        resolve(id, entry, settings).map_err(of)
    }

    /// True where the provider answers with a form post from its own site: the attempt's cookie then needs
    /// `SameSite=None; Secure`, or the browser leaves it out.
    #[must_use]
    pub fn answers_by_post(&self) -> bool {
        self.params.get("response_mode").is_some_and(|mode| mode == "form_post")
    }

    /// True where the provider signs ID tokens with the client secret, not with a key of its own.
    pub(crate) fn signs_with_secret(&self) -> bool {
        self.id_token_alg.as_deref() == Some(MacAlgorithm::Hs256.name())
    }

    /// The option's value.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(Secret::expose)
    }

    /// The value of a placeholder in a parameter or header.
    pub(crate) fn placeholder(&self, name: &str) -> Option<String> {
        match name {
            "client_id" => Some(self.client_id.clone()),
            "client_secret" => self.client_secret.as_ref().map(|secret| secret.expose().to_owned()),
            "issuer" => self.issuer.as_deref().map(|issuer| issuer.trim_end_matches('/').to_owned()),
            option => self.option(option).map(str::to_owned),
        }
    }

    /// The value of a placeholder in an address: a client id cannot change its path, an issuer is its beginning.
    pub(crate) fn address_part(&self, name: &str) -> Option<String> {
        let value = self.placeholder(name)?;
        let raw = !matches!(name, "client_id" | "client_secret");
        Some(if raw { value.trim_end_matches('/').to_owned() } else { template::component(&value) })
    }

    fn address(&self, setting: &str, text: &str) -> Result<Url, Wrong> {
        let text = template::expand(text, |name| self.address_part(name)).map_err(missing_placeholder)?;
        address(setting, &text)
    }
}

fn resolve(id: &str, entry: &Entry, settings: Settings) -> Result<Provider, Wrong> {
    if settings.client_id.is_empty() {
        return Err(missing("client_id"));
    }
    let options = options(entry, settings.options)?;
    let method = settings.client_auth.unwrap_or(entry.client_auth);
    let mut params = entry.params.clone();
    params.extend(settings.params);
    let mut provider = Provider {
        id: id.to_owned(),
        name: settings.name.unwrap_or_else(|| entry.name.clone()),
        kind: entry.kind,
        style: entry.style.clone(),
        client_auth: client_auth::from_settings(
            method,
            settings.client_secret.as_ref(),
            settings.private_key.as_ref(),
        )?,
        client_id: settings.client_id,
        issuer: settings.issuer,
        discovery: None,
        authorization: None,
        token: None,
        jwks_uri: None,
        scope: settings.scope.or_else(|| entry.scope.clone()),
        params,
        pkce: settings.pkce.unwrap_or(entry.pkce),
        nonce: entry.kind == Kind::Oidc && settings.nonce.unwrap_or(entry.nonce),
        profile: settings.profile.unwrap_or_else(|| entry.profile.clone()),
        userinfo: entry.userinfo_request(),
        token_params: entry.token_params.clone(),
        profile_from: settings.profile_from.or(entry.profile_from).unwrap_or(ProfileFrom::IdToken),
        id_token_alg: entry.id_token_alg.clone(),
        quirk: entry.quirk,
        options,
        client_secret: settings.client_secret,
    };

    provider.issuer = issuer(&provider, entry)?;
    let overridden = |own: Option<String>, of_entry: &Option<String>| own.or_else(|| of_entry.clone());
    let place =
        |setting: &str, text: Option<String>| text.map(|text| provider.address(setting, &text)).transpose();
    let authorization =
        place("authorization_endpoint", overridden(settings.authorization_endpoint, &entry.authorization))?;
    let token = place("token_endpoint", overridden(settings.token_endpoint, &entry.token))?;
    let jwks_uri = place("jwks_uri", settings.jwks_uri)?;
    let discovery = match (&entry.discovery, &provider.issuer, entry.kind) {
        (_, _, Kind::Oauth) | (_, None, _) => None,
        (Some(own), ..) => Some(provider.address("issuer", own)?),
        (None, Some(issuer), Kind::Oidc) => Some(well_known(issuer).ok_or_else(|| no_address("issuer"))?),
    };
    if let Some(text) = settings.userinfo_endpoint {
        provider.address("userinfo_endpoint", &text)?;
        // What the entry knows of headers and shape still holds at another address.
        let request = provider.userinfo.take().unwrap_or_else(|| UserinfoRequest::get(&text));
        provider.userinfo = Some(UserinfoRequest { url: text, ..request });
    }
    provider.params = expanded_params(&provider)?;
    if entry.kind == Kind::Oauth {
        for (setting, there) in [
            ("authorization_endpoint", authorization.is_some()),
            ("token_endpoint", token.is_some()),
            ("userinfo_endpoint", provider.userinfo.is_some()),
        ] {
            if !there {
                return Err(missing(setting));
            }
        }
    }
    Ok(Provider { authorization, token, jwks_uri, discovery, ..provider })
}

/// The entry's options with the deployment's values.
fn options(entry: &Entry, own: BTreeMap<String, Secret>) -> Result<BTreeMap<String, Secret>, Wrong> {
    if let Some(unknown) = own.keys().find(|name| !known_option(entry, name)) {
        return Err(wrong(&format!("options.{unknown}"), format!("there is no option `{unknown}`")));
    }
    let mut options: BTreeMap<String, Secret> = BTreeMap::new();
    for (name, value) in &entry.options {
        if let Some(value) = value {
            options.insert(name.clone(), Secret::from(value.as_str()));
        }
    }
    options.extend(own);
    if let Some(missing) = entry.options.keys().find(|name| !options.contains_key(*name)) {
        return Err(wrong(&format!("options.{missing}"), format!("the option `{missing}` is missing")));
    }
    Ok(options)
}

/// The issuer in use: the deployment's, or the entry's.
fn issuer(provider: &Provider, entry: &Entry) -> Result<Option<String>, Wrong> {
    let Some(text) = &entry.issuer else {
        return provider
            .issuer
            .as_deref()
            .map(|own| address("issuer", own).map(|_| own.to_owned()))
            .transpose();
    };
    let text = match &provider.issuer {
        Some(own) => own.clone(),
        None => template::expand(text, |name| provider.address_part(name)).map_err(missing_placeholder)?,
    };
    address("issuer", &text)?;
    Ok(Some(text))
}

fn expanded_params(provider: &Provider) -> Result<BTreeMap<String, String>, Wrong> {
    let expanded = |(name, text): (&String, &String)| {
        // Not every brace is a name: `claims` is JSON.
        let known = template::names(text).all(|name| provider.placeholder(name).is_some());
        let value =
            if known { template::expand(text, |name| provider.placeholder(name)) } else { Ok(text.clone()) };
        value.map(|value| (name.clone(), value)).map_err(missing_placeholder)
    };
    provider.params.iter().map(expanded).collect()
}

/// Where an issuer's metadata lies: the well-known path behind the issuer's own (Discovery §4.1).
fn well_known(issuer: &str) -> Option<Url> {
    Url::parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))).ok()
}

fn known_option(entry: &Entry, name: &str) -> bool {
    entry.options.contains_key(name) || (entry.quirk == Some(Quirk::EntraTenants) && name == "photo_size")
}

fn missing_placeholder(name: &str) -> Wrong {
    match name {
        "client_id" | "client_secret" | "issuer" => missing(name),
        option => wrong(&format!("options.{option}"), format!("{option} is missing")),
    }
}

fn address(setting: &str, text: &str) -> Result<Url, Wrong> {
    let url = Url::parse(text).map_err(|_| no_address(setting))?;
    let usable =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    usable.then_some(url).ok_or_else(|| no_address(setting))
}

/// Without the text: it may hold what should not be shown.
fn no_address(setting: &str) -> Wrong {
    wrong(setting, format!("{setting} is no http or https address"))
}

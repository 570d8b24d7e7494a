//! `type = "oauth"` and `type = "oidc"`: somebody else vouches for the person.

use std::{borrow::Cow, collections::BTreeMap};

use keyward::{
    OAuthSettings, Service, SignOutScope,
    providers::{
        self, Kind,
        catalogue::{ClientAuthMethod, ProfileFrom},
        mapping::Mapping,
        profile::ProfileMapping,
    },
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::tokens::RefreshGrant;
use crate::config::value::{Hidden, path};

/// A way to sign in through somebody else: a provider of the catalogue by its id, any OpenID provider by its issuer,
/// or any OAuth 2.0 server by its endpoints.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedirectTable {
    /// Its name in addresses (`/api/auth/callback/github`) and in `signIn("github")`. The provider of the catalogue,
    /// if there is one of this id.
    pub(crate) id: String,
    /// `oauth`: a provider of the catalogue, or any OAuth 2.0 server. `oidc`: any OpenID provider.
    #[serde(rename = "type")]
    pub(super) kind: RedirectType,
    /// The provider of the catalogue, where the id is another. Default: the id.
    #[serde(rename = "use")]
    pub(super) entry: Option<String>,
    /// What people read on its button. Default: the catalogue's name, else the id.
    pub(crate) name: Option<String>,
    /// Client id, from where you registered your application. Else `AUTH_<ID>_ID` in the environment.
    pub(crate) client_id: Option<String>,
    /// Client secret. Else `AUTH_<ID>_SECRET` in the environment.
    pub(crate) client_secret: Option<Hidden>,
    /// Key of `private_key_jwt`: a private JWK, or a PEM text (PKCS #8).
    pub(crate) private_key: Option<Hidden>,
    /// Issuer identifier, as the provider's metadata has it. Else `AUTH_<ID>_ISSUER` in the environment.
    pub(crate) issuer: Option<String>,
    /// What is asked for, with spaces between. Default: the catalogue's; of an OpenID provider `openid profile email`.
    pub(crate) scope: Option<String>,
    /// Further parameters of the authorization request, such as `prompt`. Default: the catalogue's.
    #[serde(default)]
    pub(crate) params: BTreeMap<String, String>,
    /// Options of the catalogue's provider, such as `base_url`. Default: the catalogue's.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, Hidden>,
    /// How Keyward proves itself at the token endpoint. Default: the catalogue's, else `client_secret_basic`.
    pub(crate) token_endpoint_auth_method: Option<AuthMethodName>,
    /// Where people are sent. Default: the catalogue's, or from the provider's metadata.
    pub(crate) authorization_endpoint: Option<String>,
    /// Where the code is redeemed. Default: the catalogue's, or from the provider's metadata.
    pub(crate) token_endpoint: Option<String>,
    /// Where the profile is. Default: the catalogue's, or from the provider's metadata.
    pub(crate) userinfo_endpoint: Option<String>,
    /// Where an OpenID provider's keys are. Default: from its metadata.
    pub(crate) jwks_uri: Option<String>,
    /// What an OpenID provider's profile is taken from. Default: the catalogue's, else `id_token`.
    pub(crate) profile_from: Option<ProfileFromName>,
    /// Where in the profile what lies. Default: the catalogue's, else OpenID Connect's standard claims.
    #[serde(default)]
    pub(crate) profile: ProfileTable,
    /// Whether PKCE (S256) is used. Default: true, but for providers that stumble over it.
    pub(crate) pkce: Option<bool>,
    /// Whether an OpenID provider has to return a nonce. Default: true, but for providers that don't.
    pub(crate) nonce: Option<bool>,
    /// What the token keeps: token field to place in the answer, `account.access_token` or `profile.login`.
    /// Default: none.
    #[serde(default)]
    pub(crate) keep: BTreeMap<String, String>,
    /// Whether the session keeps the provider's tokens and refreshes them (`true`), or how. Default: false.
    pub(crate) refresh: Option<RefreshGrant>,
    /// Where signing out ends the session: here, at the provider, or both. Default: `local`.
    pub(crate) sign_out: Option<SignOutName>,
    /// Whether a person whose address an account here has already is taken for the same one, unproven. Whoever can
    /// have that address at this provider then gets the account. Default: false.
    pub(crate) allow_dangerous_email_account_linking: Option<bool>,
}

/// The words for these kinds of providers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RedirectType {
    /// A provider of the catalogue, or any OAuth 2.0 server.
    #[default]
    Oauth,
    /// Any OpenID provider.
    Oidc,
}

/// How a client proves itself, by the registered names.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthMethodName {
    /// Id and secret in the `Authorization` header.
    ClientSecretBasic,
    /// Id and secret in the form.
    ClientSecretPost,
    /// A JWT signed with the secret.
    ClientSecretJwt,
    /// A JWT signed with `private_key`.
    PrivateKeyJwt,
    /// The id alone: a public client, which PKCE protects.
    None,
}

/// Where an OpenID provider's profile is taken from.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProfileFromName {
    /// The ID token.
    IdToken,
    /// The userinfo answer.
    Userinfo,
}

/// Where signing out ends the session.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SignOutName {
    /// Here alone.
    Local,
    /// At the provider, through its page.
    Upstream,
    /// Here, and then at the provider.
    Both,
}

/// Where in a profile what lies: a place (`user.login`), a list of places of which the first counts, or one of the
/// catalogue's forms.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProfileTable {
    /// The person's id: never changes, is never given to somebody else. Default: the first of `sub` and `id`.
    pub(crate) id: Option<Place>,
    /// Their name. Default: the first of `name`, `nickname` and `preferred_username`.
    pub(crate) name: Option<Place>,
    /// Their e-mail address. Default: `email`.
    pub(crate) email: Option<Place>,
    /// Whether the provider has verified that address. Default: `email_verified`; nothing where `email` is another place.
    pub(crate) email_verified: Option<Place>,
    /// Address of their picture. Default: `picture`.
    pub(crate) image: Option<Place>,
}

/// A place in a profile, or the catalogue's way to make a text of several.
#[derive(Clone, Debug)]
pub(crate) struct Place(Mapping);

impl RedirectTable {
    /// What this table configures, and whether the file names it in `id` or in `use`. `None` for an id that stands
    /// for nothing: neither a provider of the catalogue nor endpoints.
    pub(super) fn service(&self) -> Option<Service> {
        let known = |id: &str| providers::catalogue::find(id);
        if let Some(entry) = &self.entry {
            return known(entry).map(|entry| Service::Catalogue(entry.id.clone()));
        }
        match (known(&self.id), self.kind) {
            // An OAuth 2.0 entry says nothing of the OpenID provider that the same house may run.
            (Some(entry), RedirectType::Oidc) if entry.kind != Kind::Oidc => Some(Service::OpenId),
            (Some(entry), _) => Some(Service::Catalogue(entry.id.clone())),
            (None, RedirectType::Oidc) => Some(Service::OpenId),
            (None, RedirectType::Oauth) => self.has_endpoints().then_some(Service::OAuth),
        }
    }

    fn has_endpoints(&self) -> bool {
        [&self.authorization_endpoint, &self.token_endpoint, &self.userinfo_endpoint]
            .iter()
            .any(|endpoint| endpoint.is_some())
    }
}

impl RedirectTable {
    /// What the table says of the client, and of what the catalogue says.
    pub(super) fn client(&self, service: &Service) -> providers::Settings {
        providers::Settings {
            client_id: self.client_id.clone().unwrap_or_default(),
            client_secret: self.client_secret.as_ref().map(|secret| secret.0.clone()),
            private_key: self.private_key.as_ref().map(|key| key.0.clone()),
            issuer: self.issuer.clone(),
            name: self.name.clone(),
            options: self.options.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
            scope: self.scope.clone(),
            params: self.params.clone(),
            authorization_endpoint: self.authorization_endpoint.clone(),
            token_endpoint: self.token_endpoint.clone(),
            userinfo_endpoint: self.userinfo_endpoint.clone(),
            jwks_uri: self.jwks_uri.clone(),
            client_auth: self.token_endpoint_auth_method.map(AuthMethodName::method),
            profile_from: self.profile_from.map(ProfileFromName::source),
            profile: service.entry(&self.id).and_then(|entry| self.profile.over(&entry.profile)),
            pkce: self.pkce,
            nonce: self.nonce,
        }
    }

    /// What the table says of everything else.
    pub(super) fn settings(&self, service: Service) -> OAuthSettings {
        OAuthSettings {
            id: self.id.clone(),
            client: self.client(&service),
            service,
            keep: self.keep.iter().map(|(field, place)| (field.clone(), path(place))).collect(),
            refresh: self.refresh.as_ref().and_then(RefreshGrant::freshness),
            sign_out: self.sign_out.map_or(SignOutScope::default(), SignOutName::scope),
            allow_dangerous_email_account_linking: self
                .allow_dangerous_email_account_linking
                .unwrap_or(false),
            on_sign_in_page: true,
        }
    }
}

impl ProfileTable {
    /// `mapping` with what is said here in place of its own; `None` if nothing is.
    fn over(&self, mapping: &ProfileMapping) -> Option<ProfileMapping> {
        let own = [&self.id, &self.name, &self.email, &self.email_verified, &self.image];
        if own.iter().all(|place| place.is_none()) {
            return None;
        }
        let or =
            |own: &Option<Place>, other: &Mapping| own.clone().map_or_else(|| other.clone(), |own| own.0);
        let email = or(&self.email, &mapping.email);
        // The catalogue's proof is one of the catalogue's address, and of no other.
        let proof = if email == mapping.email { &mapping.email_verified } else { &Mapping::Nothing(()) };
        Some(ProfileMapping {
            id: or(&self.id, &mapping.id),
            name: or(&self.name, &mapping.name),
            email_verified: or(&self.email_verified, proof),
            email,
            image: or(&self.image, &mapping.image),
        })
    }
}

impl AuthMethodName {
    fn method(self) -> ClientAuthMethod {
        match self {
            Self::ClientSecretBasic => ClientAuthMethod::ClientSecretBasic,
            Self::ClientSecretPost => ClientAuthMethod::ClientSecretPost,
            Self::ClientSecretJwt => ClientAuthMethod::ClientSecretJwt,
            Self::PrivateKeyJwt => ClientAuthMethod::PrivateKeyJwt,
            Self::None => ClientAuthMethod::None,
        }
    }
}

impl ProfileFromName {
    fn source(self) -> ProfileFrom {
        match self {
            Self::IdToken => ProfileFrom::IdToken,
            Self::Userinfo => ProfileFrom::Userinfo,
        }
    }
}

impl SignOutName {
    fn scope(self) -> SignOutScope {
        match self {
            Self::Local => SignOutScope::Local,
            Self::Upstream => SignOutScope::Upstream,
            Self::Both => SignOutScope::Both,
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const WHAT: &str = "this is no place in a profile; write one such as \"sub\" or \"user.login\", or a list of \
                            places of which the first that is there counts";
        let value = serde_json::Value::deserialize(from)?;
        serde_json::from_value(value).map(Self).map_err(|_| D::Error::custom(WHAT))
    }
}

impl JsonSchema for Place {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Place".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array", "object"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_43_a_proof_of_one_address_is_none_of_the_address_at_another_place() {
        let standard = ProfileMapping::standard();
        let over = |text: &str| {
            let table: ProfileTable = toml::from_str(text).expect("a table");
            table.over(&standard).expect("something is said").email_verified
        };
        assert_eq!(over("email = \"upn\""), Mapping::Nothing(()), "`email_verified` is about `email`");
        assert_eq!(over("email = [\"email\", \"upn\"]"), Mapping::Nothing(()));
        assert_eq!(over("email = \"email\""), standard.email_verified);
        assert_eq!(over("name = \"nick\""), standard.email_verified);
        let said = Mapping::Path("upn_verified".to_owned());
        assert_eq!(over("email = \"upn\"\nemail_verified = \"upn_verified\""), said);
    }
}

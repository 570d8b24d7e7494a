//! `[[clients]]` and `[tokens]`: applications with a credential of their own, and tokens for programs.

use keyward::{Algorithm, Audience, Client, TokenSettings};
use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{Hidden, Origin, Period};

/// An application that calls Keyward from its server side with a credential of its own: HTTP Basic with id and secret.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTable {
    /// Letters, digits, `-` and `_`. Public; access tokens name it as `client_id`.
    pub(crate) id: String,
    /// What only the application's server side knows, 32 characters or more.
    pub(crate) secret: Hidden,
    /// For whom the application may ask for access tokens. Default: none.
    #[serde(default)]
    pub(crate) audiences: Vec<String>,
    /// Providers of whose people the application may say who they are, because it signed them in there itself.
    /// Default: none.
    #[serde(default)]
    pub(crate) vouches_for: Vec<String>,
}

/// Tokens for programs. With an audience come the calls that hand them out, `{base}/-/v1/sign-in` and others.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokensTable {
    /// The services that access tokens are for. The first is meant where a request names none.
    pub(crate) audiences: Vec<AudienceTable>,
    /// What access tokens are signed with. Default: `ES256`.
    pub(crate) algorithm: Option<AlgorithmName>,
    /// How long an access token lives. It cannot be called back. Default: `5m`.
    pub(crate) access_lifetime: Option<Period>,
    /// How long a refresh token lives that is not used. Default: `30d`.
    pub(crate) refresh_lifetime: Option<Period>,
    /// How long a refresh token that was used is answered with the same successor. Default: `10s`.
    pub(crate) refresh_grace: Option<Period>,
    /// How long a key signs before the next one does. Default: `30d`.
    pub(crate) key_lifetime: Option<Period>,
    /// Origins whose pages may call from a browser (CORS). Default: none.
    pub(crate) allowed_origins: Vec<Origin>,
}

/// A service that access tokens are for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudienceTable {
    /// What the service knows itself by, usually its address: `aud`.
    pub(crate) name: String,
    /// Every scope that there is for it. Default: none.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// How long its access tokens live. Default: as `tokens.access_lifetime`.
    pub(crate) lifetime: Option<Period>,
    /// Whether only applications with a credential may have tokens for it. Default: false.
    #[serde(default)]
    pub(crate) clients_only: bool,
}

/// What access tokens are signed with.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum AlgorithmName {
    /// ECDSA with P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA, for services that know nothing else.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl TokensTable {
    /// As the library takes it; `None` without audiences, if nothing else is said either.
    pub(super) fn settings(&self) -> Option<TokenSettings> {
        let default = TokenSettings::default();
        let is_said = !self.audiences.is_empty()
            || self.algorithm.is_some()
            || self.access_lifetime.is_some()
            || self.refresh_lifetime.is_some()
            || self.refresh_grace.is_some()
            || self.key_lifetime.is_some()
            || !self.allowed_origins.is_empty();
        let span = |period: Option<Period>, default| period.map_or(default, |period| period.0);
        is_said.then(|| TokenSettings {
            audiences: self.audiences.iter().map(AudienceTable::audience).collect(),
            algorithm: match self.algorithm {
                Some(AlgorithmName::Es256) => Algorithm::Es256,
                Some(AlgorithmName::Rs256) => Algorithm::Rs256,
                Some(AlgorithmName::EdDsa) => Algorithm::EdDsa,
                None => default.algorithm,
            },
            access_lifetime: span(self.access_lifetime, default.access_lifetime),
            refresh_lifetime: span(self.refresh_lifetime, default.refresh_lifetime),
            refresh_grace: span(self.refresh_grace, default.refresh_grace),
            key_lifetime: span(self.key_lifetime, default.key_lifetime),
            allowed_origins: self.allowed_origins.iter().map(|origin| origin.0.clone()).collect(),
        })
    }
}

impl AudienceTable {
    fn audience(&self) -> Audience {
        Audience {
            name: self.name.clone(),
            scopes: self.scopes.clone(),
            lifetime: self.lifetime.map(|period| period.0),
            clients_only: self.clients_only,
        }
    }
}

impl ClientTable {
    /// As the library takes it.
    pub(super) fn client(&self) -> Client {
        Client {
            id: self.id.clone(),
            secret: self.secret.0.clone(),
            audiences: self.audiences.clone(),
            vouches_for: self.vouches_for.clone(),
        }
    }
}

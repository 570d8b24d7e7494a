//! `[factors]` and `[passkeys]`: second factors, and signing in by fingerprint, face or PIN.

use keyward::{FactorSettings, PasskeySettings};
use schemars::JsonSchema;
use serde::Deserialize;

use super::value::Origin;

/// Second factors: authenticator apps and recovery codes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FactorsTable {
    /// Whether people can set up an authenticator app, at `{base}/-/account/totp`. Who has one is asked for it all the
    /// same. Default: true.
    pub(crate) enabled: Option<bool>,
    /// What authenticator apps call this site. Default: the host of `public_url`.
    pub(crate) issuer: Option<String>,
}

/// Passkeys: NextAuth's `passkey` provider, and buttons on Keyward's own pages.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PasskeysTable {
    /// Whether people can sign in with passkeys. Default: false.
    pub(crate) enabled: bool,
    /// The provider's id, in addresses. Default: `passkey`.
    pub(crate) id: Option<String>,
    /// The provider's name, for people. Default: `Passkey`.
    pub(crate) name: Option<String>,
    /// The domain that passkeys are for: the host of `public_url`, or a domain above it. Whoever changes it leaves all
    /// passkeys behind. Default: the host of `public_url`.
    pub(crate) rp_id: Option<String>,
    /// What authenticators show beside the domain. Default: the host of `public_url`.
    pub(crate) rp_name: Option<String>,
    /// Origins of that domain whose pages may ask for passkeys, beside the public one. Default: none.
    pub(crate) origins: Vec<Origin>,
    /// Whether an account can be made with an address and a passkey, as with NextAuth. The answers tell who has an
    /// account then. Default: false.
    pub(crate) sign_up: bool,
    /// Whether the built-in sign-in page has a button for passkeys. Default: true.
    pub(crate) on_sign_in_page: Option<bool>,
}

impl FactorsTable {
    /// As the library takes it.
    pub(super) fn settings(&self) -> FactorSettings {
        let default = FactorSettings::default();
        FactorSettings {
            enabled: self.enabled.unwrap_or(default.enabled),
            issuer: self.issuer.clone().unwrap_or_default(),
        }
    }
}

impl PasskeysTable {
    /// As the library takes it.
    pub(super) fn settings(&self) -> Option<PasskeySettings> {
        let default = PasskeySettings::default();
        self.enabled.then(|| PasskeySettings {
            id: self.id.clone().unwrap_or(default.id),
            name: self.name.clone().unwrap_or(default.name),
            rp_id: self.rp_id.clone(),
            rp_name: self.rp_name.clone().unwrap_or_default(),
            origins: self.origins.iter().map(|origin| origin.0.clone()).collect(),
            sign_up: self.sign_up,
            on_sign_in_page: self.on_sign_in_page.unwrap_or(default.on_sign_in_page),
        })
    }
}

//! The catalogue: what is known of each provider, as data (`catalogue.json`).
//!
//! Addresses and parameters may hold `{issuer}`, `{client_id}`, `{client_secret}` and the names of the entry's
//! options; the userinfo address also `{token.<member of the token response>}`, token parameters also `{code}`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;

use crate::{profile::ProfileMapping, quirk::Quirk};

/// What is known of one provider before a deployment's settings are added.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its id: in addresses, in environment names, and in the accounts made through it.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Plain OAuth 2.0, or OpenID Connect.
    pub kind: Kind,
    /// Issuer identifier. `{issuer}`: the deployment has to say it.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Where the metadata lies, if not where OpenID Connect Discovery puts it.
    #[serde(default)]
    pub discovery: Option<String>,
    /// Authorization endpoint; from the metadata if absent.
    #[serde(default)]
    pub authorization: Option<String>,
    /// Token endpoint; from the metadata if absent.
    #[serde(default)]
    pub token: Option<String>,
    /// How the profile is asked for; from the metadata if absent.
    #[serde(default)]
    pub userinfo: Option<Userinfo>,
    /// Scope; `null`: no such parameter.
    #[serde(default = "default_scope")]
    pub scope: Option<String>,
    /// More parameters of the authorization request.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    /// More parameters of the token request.
    #[serde(default)]
    pub token_params: BTreeMap<String, String>,
    /// False where the provider stumbles over PKCE.
    #[serde(default = "yes")]
    pub pkce: bool,
    /// False where an OpenID provider does not return the nonce.
    #[serde(default = "yes")]
    pub nonce: bool,
    /// How the client proves itself at the token endpoint.
    #[serde(default)]
    pub client_auth: ClientAuthMethod,
    /// The one algorithm of its ID tokens, where it is not told by the provider's keys.
    #[serde(default)]
    pub id_token_alg: Option<String>,
    /// What the profile is.
    #[serde(default)]
    pub profile_from: Option<ProfileFrom>,
    /// How it becomes a user.
    #[serde(default = "ProfileMapping::standard")]
    pub profile: ProfileMapping,
    /// What data cannot say.
    #[serde(default)]
    pub quirk: Option<Quirk>,
    /// Options of this entry with their defaults; `null`: the deployment has to say it.
    #[serde(default)]
    pub options: BTreeMap<String, Option<String>>,
    /// Colours of its button.
    #[serde(default)]
    pub style: Option<Style>,
    /// What whoever sets it up has to know.
    #[serde(default)]
    pub note: Option<String>,
}

/// Which protocol a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// OAuth 2.0 (RFC 6749): the profile comes from the provider's own interface.
    Oauth,
    /// OpenID Connect Core 1.0: an ID token, with discovery.
    Oidc,
}

impl Kind {
    /// The kind as NextAuth writes it into `account.type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oauth => "oauth",
            Self::Oidc => "oidc",
        }
    }
}

/// How a client proves itself at the token endpoint, by the registered names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthMethod {
    /// Id and secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// Id and secret in the form.
    ClientSecretPost,
    /// A JWT signed with the secret (HS256).
    ClientSecretJwt,
    /// A JWT signed with a private key.
    PrivateKeyJwt,
    /// The id alone: a public client, which PKCE alone protects.
    None,
}

/// What an OpenID provider's profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileFrom {
    /// The ID token's claims.
    IdToken,
    /// The userinfo answer, whose `sub` has to be the ID token's.
    Userinfo,
}

/// How the profile is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Userinfo {
    /// GET with a bearer token.
    Address(String),
    /// Anything else.
    Request(UserinfoRequest),
}

/// A request for the profile.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserinfoRequest {
    /// Where to.
    pub url: String,
    /// GET or POST.
    #[serde(default)]
    pub method: UserinfoMethod,
    /// Headers beside the bearer token.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON to post.
    #[serde(default)]
    pub json: Option<Value>,
    /// False where the token goes elsewhere than into the `Authorization` header.
    #[serde(default = "yes")]
    pub bearer: bool,
    /// Path of the profile inside the answer.
    #[serde(default)]
    pub pick: Option<String>,
}

/// The method of a userinfo request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UserinfoMethod {
    /// GET.
    #[default]
    Get,
    /// POST.
    Post,
}

/// Colours of a provider's button, as CSS writes them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// Background.
    pub bg: String,
    /// Text.
    #[serde(default)]
    pub text: Option<String>,
}

/// All entries, in the order of their ids.
#[must_use]
pub fn all() -> &'static [Entry] {
    static ALL: LazyLock<Vec<Entry>> = LazyLock::new(|| {
        serde_json::from_str(include_str!("catalogue.json")).expect("a test reads the embedded catalogue")
    });
    &ALL
}

/// The entry with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Entry> {
    all().binary_search_by(|entry| entry.id.as_str().cmp(id)).ok().and_then(|place| all().get(place))
}

impl Entry {
    /// Any other OpenID provider: its issuer comes with the settings.
    #[must_use]
    pub fn openid(id: &str, name: &str) -> Self {
        Self { issuer: Some("{issuer}".to_owned()), ..Self::bare(id, name, Kind::Oidc) }
    }

    /// Any other OAuth 2.0 server: its endpoints come with the settings.
    #[must_use]
    pub fn oauth(id: &str, name: &str) -> Self {
        Self { scope: None, ..Self::bare(id, name, Kind::Oauth) }
    }

    fn bare(id: &str, name: &str, kind: Kind) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            kind,
            issuer: None,
            discovery: None,
            authorization: None,
            token: None,
            userinfo: None,
            scope: default_scope(),
            params: BTreeMap::new(),
            token_params: BTreeMap::new(),
            pkce: true,
            nonce: true,
            client_auth: ClientAuthMethod::default(),
            id_token_alg: None,
            profile_from: None,
            profile: ProfileMapping::standard(),
            quirk: None,
            options: BTreeMap::new(),
            style: None,
            note: None,
        }
    }

    /// The request for the profile, if the entry has one of its own.
    pub(crate) fn userinfo_request(&self) -> Option<UserinfoRequest> {
        match self.userinfo.as_ref()? {
            Userinfo::Address(url) => Some(UserinfoRequest::get(url)),
            Userinfo::Request(request) => Some(request.clone()),
        }
    }
}

impl UserinfoRequest {
    pub(crate) fn get(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            method: UserinfoMethod::Get,
            headers: BTreeMap::new(),
            json: None,
            bearer: true,
            pick: None,
        }
    }
}

fn default_scope() -> Option<String> {
    Some("openid profile email".to_owned())
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c5_the_catalogue_reads_and_stands_in_order() {
        assert_eq!(all().len(), 93);
        assert!(all().is_sorted_by(|a, b| a.id < b.id));
        for entry in all() {
            assert!(std::ptr::eq(find(&entry.id).expect("found by its id"), entry));
            let own = |name: &str| entry.authorization.is_some() && !name.is_empty();
            assert!(
                entry.kind == Kind::Oidc && entry.issuer.is_some() || own(&entry.id) && entry.token.is_some(),
                "{} has neither issuer nor endpoints",
                entry.id
            );
        }
        assert!(find("no-such-provider").is_none());
    }
}

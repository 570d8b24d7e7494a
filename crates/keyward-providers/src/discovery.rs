//! Provider metadata (OpenID Connect Discovery 1.0 §3 and §4, RFC 8414): read, and held to the issuer.

use serde_json::Value;
use url::Url;

use crate::{
    catalogue::ProfileFrom,
    fault::{Code, Fault, quoted},
    provider::Provider,
    quirk::{self, Quirk},
};

/// What is used of a provider's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer as the document spells it: what ID tokens and responses carry.
    pub issuer: Option<String>,
    /// Authorization endpoint.
    pub authorization: Option<Endpoint>,
    /// Token endpoint.
    pub token: Option<Endpoint>,
    /// Userinfo endpoint.
    pub userinfo: Option<Endpoint>,
    /// Where the provider's keys are.
    pub jwks: Option<Endpoint>,
    /// Where the browser goes to end the session at the provider.
    pub end_session: Option<Endpoint>,
    /// Whether every authorization response carries `iss` (RFC 9207 §3).
    pub names_issuer_in_response: bool,
}

/// An address with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address.
    pub url: Url,
    /// It was learned from a document, and its origin (scheme, host and port) is not the one that the document was
    /// fetched from, which stands in the configuration: it must not lead into a private network (invariant 13).
    pub learned: bool,
}

impl Metadata {
    /// What the deployment itself says. All there is for plain OAuth 2.0.
    #[must_use]
    pub fn configured(provider: &Provider) -> Self {
        let configured = |url: &Option<Url>| url.clone().map(|url| Endpoint { url, learned: false });
        Self {
            issuer: provider.issuer.clone(),
            authorization: configured(&provider.authorization),
            token: configured(&provider.token),
            jwks: configured(&provider.jwks_uri),
            ..Self::default()
        }
    }

    /// Reads a provider's document. What is configured stands before what the document says.
    ///
    /// # Errors
    /// [`Code::BadIssuer`] where it is another issuer's; [`Code::Discovery`] where an endpoint is no https address,
    /// or http under an issuer that is not http itself, or where one is missing without which nobody who leaves could
    /// come back signed in.
    pub fn read(provider: &Provider, document: &Value) -> Result<Self, Fault> {
        let base =
            provider.discovery.as_ref().ok_or_else(|| Code::Discovery.because("no issuer is configured"))?;
        let ours = provider.issuer.as_deref().unwrap_or_default();
        let issuer = document
            .get("issuer")
            .and_then(Value::as_str)
            .ok_or_else(|| Code::Discovery.because("the metadata names no issuer"))?;
        let tenants = provider.quirk == Some(Quirk::EntraTenants) && stands_for(issuer, ours);
        if !tenants && !same_issuer(ours, issuer) {
            return Err(Code::BadIssuer.because(format!("the metadata is of {}", quoted(issuer))));
        }

        let endpoint = |name: &str| learned(base, name, document.get(name));
        let own = Self::configured(provider);
        let metadata = Self {
            issuer: Some(issuer.to_owned()),
            authorization: own
                .authorization
                .map_or_else(|| endpoint("authorization_endpoint"), |e| Ok(Some(e)))?,
            token: own.token.map_or_else(|| endpoint("token_endpoint"), |e| Ok(Some(e)))?,
            userinfo: endpoint("userinfo_endpoint")?,
            jwks: own.jwks.map_or_else(|| endpoint("jwks_uri"), |e| Ok(Some(e)))?,
            end_session: endpoint("end_session_endpoint")?,
            names_issuer_in_response: document
                .get("authorization_response_iss_parameter_supported")
                .and_then(Value::as_bool)
                == Some(true),
        };
        metadata.must_be_whole(provider)?;
        Ok(metadata)
    }

    /// Holds it to having what a sign-in needs from end to end.
    fn must_be_whole(&self, provider: &Provider) -> Result<(), Fault> {
        let asks_userinfo = provider.profile_from == ProfileFrom::Userinfo && provider.userinfo.is_none();
        for (name, is_there) in [
            ("authorization_endpoint", self.authorization.is_some()),
            ("token_endpoint", self.token.is_some()),
            ("jwks_uri", self.jwks.is_some() || provider.signs_with_secret()),
            ("userinfo_endpoint", self.userinfo.is_some() || !asks_userinfo),
        ] {
            if !is_there {
                return Err(Code::Discovery.because(format!("the metadata names no {name}")));
            }
        }
        Ok(())
    }

    /// The issuer that an ID token must name, given the tenant that it claims to be of.
    pub(crate) fn issuer_of_tenant(&self, tenant: Option<&str>) -> Option<String> {
        let issuer = self.issuer.clone()?;
        if quirk::entra_tenant(&issuer, &issuer).is_none() {
            return Some(issuer);
        }
        quirk::entra_issuer(&issuer, tenant?)
    }

    /// Whether this issuer is one of the tenants that the metadata stands for.
    pub(crate) fn is_tenant_of(&self, issuer: &str) -> bool {
        let tenant = self.issuer.as_deref().and_then(|template| quirk::entra_tenant(template, issuer));
        tenant.is_some_and(|tenant| self.issuer_of_tenant(Some(tenant)).as_deref() == Some(issuer))
    }
}

/// Whether an issuer with `{tenantid}` in it covers the configured one (`…/common/v2.0`).
fn stands_for(template: &str, ours: &str) -> bool {
    quirk::entra_tenant(template, ours).is_some_and(|tenant| !tenant.contains('/'))
}

/// Equal to the letter, but for the slash of an empty path, which an address has whether it is written or not.
fn same_issuer(ours: &str, theirs: &str) -> bool {
    ours == theirs
        || matches!((Url::parse(ours), Url::parse(theirs)), (Ok(a), Ok(b)) if a == b && a.path() == "/" && a.query().is_none())
}

fn learned(base: &Url, name: &str, value: Option<&Value>) -> Result<Option<Endpoint>, Fault> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let fault = |why: &str| Code::Discovery.because(format!("{name} in the metadata {why}"));
    let url = value.as_str().and_then(|text| Url::parse(text).ok()).ok_or_else(|| fault("is no address"))?;
    let as_safe = url.scheme() == "https" || (url.scheme() == "http" && base.scheme() == "http");
    if !as_safe || !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(fault("is not a plain https address"));
    }
    let learned = url.origin() != base.origin();
    Ok(Some(Endpoint { url, learned }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lesson_70_only_the_configured_origin_to_the_letter_is_not_learned() {
        let configured = "https://id.internal/realm/.well-known/openid-configuration";
        for (base, address, wanted) in [
            (configured, "https://id.internal/realm/token", false),
            (configured, "https://id.internal:443/elsewhere", false),
            (configured, "HTTPS://ID.Internal/token", false),
            (configured, "https://id.internal:8443/token", true),
            (configured, "https://id.internal./token", true),
            (configured, "https://sub.id.internal/token", true),
            (configured, "https://internal/token", true),
            (configured, "https://id.internal.example.com/token", true),
            ("http://localhost:9000/m", "http://localhost:9000/token", false),
            ("http://localhost:9000/m", "http://localhost:9001/token", true),
            ("http://localhost:9000/m", "http://127.0.0.1:9000/token", true),
            ("http://localhost:9000/m", "https://localhost:9000/token", true),
            ("http://127.0.0.1:9000/m", "http://127.1:9000/token", false),
        ] {
            let base = Url::parse(base).expect("a URL");
            let endpoint = learned(&base, "token_endpoint", Some(&json!(address))).expect("usable");
            assert_eq!(endpoint.map(|endpoint| endpoint.learned), Some(wanted), "{base} {address}");
        }
    }
}

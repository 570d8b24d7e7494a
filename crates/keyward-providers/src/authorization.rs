//! The authorization request (RFC 6749 §4.1.1): where the browser is sent.

use keyward_core::request::Pairs;
use url::Url;

use crate::{
    catalogue::Kind,
    checks::Checks,
    fault::{Code, Fault},
    provider::Provider,
};

/// Parameters that a sign-in request cannot set: ours, those that would replace all others (RFC 9101), and the one
/// that would have the answer come by another way.
const PROTECTED: [&str; 11] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "client_secret",
];

/// The address to send the browser to. Later wins: the endpoint's own query, the common parameters, the provider's,
/// the sign-in request's (`prompt`, `login_hint`, `scope` …), the checks.
///
/// # Errors
/// [`Code::BadRequest`] where the sign-in request names a protected parameter, or one twice (lesson 7).
pub fn authorization_url(
    provider: &Provider,
    endpoint: &Url,
    redirect_uri: &str,
    checks: &Checks,
    asked: &Pairs,
) -> Result<Url, Fault> {
    let mut query: Vec<(String, String)> = endpoint.query_pairs().into_owned().collect();
    let mut set = |name: &str, value: &str| {
        query.retain(|(other, _)| other != name);
        query.push((name.to_owned(), value.to_owned()));
    };

    set("response_type", "code");
    set("client_id", &provider.client_id);
    set("redirect_uri", redirect_uri);
    if let Some(scope) = &provider.scope {
        set("scope", scope);
    }
    for (name, value) in &provider.params {
        set(name, value);
    }
    for (place, (name, value)) in asked.iter().enumerate() {
        if PROTECTED.contains(&name) {
            return Err(Code::BadRequest.because(format!("{name} cannot be set by a sign-in request")));
        }
        if asked.iter().take(place).any(|(earlier, _)| earlier == name) {
            return Err(Code::BadRequest.because("the sign-in request names a parameter twice"));
        }
        set(name, value);
    }
    set("state", &checks.state);
    if let Some(challenge) = checks.code_challenge() {
        set("code_challenge", &challenge);
        set("code_challenge_method", "S256");
    }
    if let Some(nonce) = checks.nonce.as_deref().filter(|_| provider.kind == Kind::Oidc) {
        set("nonce", nonce);
    }

    let mut url = endpoint.clone();
    url.query_pairs_mut().clear().extend_pairs(query);
    Ok(url)
}

//! The authorization response (RFC 6749 §4.1.2, RFC 9207): what the browser brings back.

use keyward_core::{request::Pairs, secret::Secret};
use keyward_jose::digest::constant_time_eq;

use crate::{
    attempt::Attempt,
    discovery::Metadata,
    fault::{Code, Fault, quoted},
    provider::Provider,
};

/// Longest code taken, in bytes. Entra's are about 1,500.
const MAX_CODE: usize = 8 * 1024;

/// Checks a response against its attempt and gives the code.
///
/// `response` is the callback's query, or its form where the provider posts. The order matters: nothing in it is
/// believed, not even an error, before `state` shows that this browser asked for it.
///
/// # Errors
/// [`Code::BadResponse`], [`Code::BadState`], [`Code::BadIssuer`], [`Code::Denied`], [`Code::ProviderError`].
pub fn authorization_code(
    provider: &Provider,
    metadata: &Metadata,
    response: &Pairs,
    attempt: &Attempt,
) -> Result<Secret, Fault> {
    no_parameter_twice(response)?;
    same_state(response, attempt)?;
    same_issuer(provider, metadata, response)?;
    no_error(response)?;
    for forbidden in ["access_token", "id_token", "token", "response"] {
        if response.get(forbidden).is_some() {
            return Err(Code::BadResponse.because(format!("{forbidden} in the response to a code request")));
        }
    }
    match response.get("code") {
        Some(code) if !code.is_empty() && code.len() <= MAX_CODE => Ok(Secret::from(code)),
        Some(_) => Err(Code::BadResponse.because("the code is empty or too long")),
        None => Err(Code::BadResponse.because("there is no code")),
    }
}

/// RFC 6749 §3.1, lesson 7: whoever reads the first and whoever reads the last must not disagree.
fn no_parameter_twice(response: &Pairs) -> Result<(), Fault> {
    let mut names: Vec<&str> = response.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(Code::BadResponse.because("a parameter stands twice in the response"));
    }
    Ok(())
}

fn same_state(response: &Pairs, attempt: &Attempt) -> Result<(), Fault> {
    let given = response.get("state").unwrap_or_default();
    if given.is_empty() || !constant_time_eq(given.as_bytes(), attempt.checks.state.as_bytes()) {
        return Err(Code::BadState.because("state is missing or not the attempt's"));
    }
    Ok(())
}

/// RFC 9207 §2.4: an answer that names its issuer must name ours; one that promised to must do it.
fn same_issuer(provider: &Provider, metadata: &Metadata, response: &Pairs) -> Result<(), Fault> {
    let Some(given) = response.get("iss") else {
        return if metadata.names_issuer_in_response {
            Err(Code::BadIssuer.because("iss is missing in the response, although the metadata promises it"))
        } else {
            Ok(())
        };
    };
    let ours = metadata.issuer.as_deref().or(provider.issuer.as_deref());
    match ours {
        Some(ours) if ours == given || metadata.is_tenant_of(given) => Ok(()),
        Some(_) => Err(Code::BadIssuer.because(format!("the response comes from {}", quoted(given)))),
        None => Err(Code::BadIssuer.because(format!(
            "the response says that its issuer is {}, and none is configured; set `issuer`",
            quoted(given)
        ))),
    }
}

fn no_error(response: &Pairs) -> Result<(), Fault> {
    let Some(error) = response.get("error") else { return Ok(()) };
    let described = response.get("error_description").map(|text| format!(": {}", quoted(text)));
    let detail = format!("the provider answered {}{}", quoted(error), described.unwrap_or_default());
    // `user_cancelled_…` is LinkedIn's and Apple's word for it.
    let denied = error == "access_denied" || error.starts_with("user_cancelled");
    Err(if denied { Code::Denied } else { Code::ProviderError }.because(detail))
}

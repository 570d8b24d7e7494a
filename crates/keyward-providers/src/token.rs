//! The token request and its answer (RFC 6749 §4.1.3 and §5).

use std::fmt;

use keyward_core::{port::Random, secret::Secret, time::Timestamp};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::{
    attempt::Attempt,
    client_auth::Parties,
    discovery::Endpoint,
    fault::{Code, Fault, quoted},
    http::{Answer, Body, Outgoing},
    provider::Provider,
    template,
};

/// What a provider handed out, brought into one form.
#[derive(Clone)]
pub struct Tokens {
    /// Access token.
    pub access_token: Secret,
    /// ID token.
    pub id_token: Option<Secret>,
    /// Refresh token.
    pub refresh_token: Option<Secret>,
    /// When the access token ends, in seconds since the epoch.
    pub expires_at: Option<i64>,
    /// Granted scope, separated by spaces.
    pub scope: Option<String>,
    /// All members of the answer as they came, `scope` and `token_type` in their common form, `expires_in` a
    /// number. What NextAuth's callbacks see of the account.
    pub raw: Map<String, Value>,
}

/// Tokens are never printed.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("id_token", &self.id_token.is_some())
            .field("refresh_token", &self.refresh_token.is_some())
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Exchanges the code.
///
/// # Errors
/// [`Code::Token`] where the client cannot prove itself.
pub fn token_request(
    provider: &Provider,
    endpoint: &Endpoint,
    code: &Secret,
    attempt: &Attempt,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Outgoing, Fault> {
    let mut form = vec![
        ("grant_type".to_owned(), "authorization_code".to_owned()),
        ("code".to_owned(), code.expose().to_owned()),
        ("redirect_uri".to_owned(), attempt.redirect_uri.clone()),
    ];
    if let Some(verifier) = &attempt.checks.code_verifier {
        form.push(("code_verifier".to_owned(), verifier.clone()));
    }
    let parties = Parties {
        client_id: &provider.client_id,
        issuer: provider.issuer.as_deref(),
        token_endpoint: endpoint.url.as_str(),
    };
    let header = provider.client_auth.prove(parties, &mut form, random, now)?;
    for (name, value) in &provider.token_params {
        let value = template::expand(value, |part| match part {
            "code" => Some(code.expose().to_owned()),
            other => provider.placeholder(other),
        });
        let value = value.map_err(|missing| Code::Token.because(format!("{missing} is missing")))?;
        form.retain(|(other, _)| other != name);
        form.push((name.clone(), value));
    }

    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = Outgoing::post(endpoint.url.clone(), endpoint.learned, Body::Form(Secret::from(body)));
    Ok(match header {
        Some(header) => request.header("Authorization", header),
        None => request,
    })
}

/// Reads the answer. Lenient where providers are known to stray and nothing is lost by it: a form instead of JSON,
/// no `token_type` or one in capitals, a number as text, a list as scope. Strict in the rest.
///
/// # Errors
/// [`Code::Token`] for an error in whatever status, and for an answer without an access token.
pub fn tokens(answer: &Answer, now: Timestamp) -> Result<Tokens, Fault> {
    let mut raw = members(answer)?;
    if let Some(error) = raw.get("error").filter(|error| !error.is_null()) {
        return Err(refused(answer.status, error.as_str(), &raw));
    }
    if !answer.is_ok() {
        return Err(refused(answer.status, None, &raw));
    }

    let token_type = match raw.get("token_type") {
        None | Some(Value::Null) => "bearer".to_owned(),
        Some(given) => given.as_str().map(str::to_ascii_lowercase).unwrap_or_default(),
    };
    if token_type != "bearer" {
        return Err(Code::Token.because(format!("the token is of the type {}", quoted(&token_type))));
    }
    raw.insert("token_type".to_owned(), Value::from(token_type));

    let scope = match raw.remove("scope") {
        Some(Value::String(scope)) => Some(scope),
        Some(Value::Array(list)) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => None,
    };
    if let Some(scope) = &scope {
        raw.insert("scope".to_owned(), Value::from(scope.as_str()));
    }
    let expires_in = match raw.remove("expires_in") {
        Some(Value::Number(seconds)) => seconds.as_f64(),
        Some(Value::String(seconds)) => seconds.trim().parse().ok(),
        _ => None,
    };
    let expires_in = expires_in.and_then(whole_seconds);
    if let Some(seconds) = expires_in {
        raw.insert("expires_in".to_owned(), Value::from(seconds));
    }

    let text =
        |name: &str| raw.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Secret::from);
    Ok(Tokens {
        access_token: text("access_token").ok_or_else(|| Code::Token.because("there is no access token"))?,
        id_token: text("id_token"),
        refresh_token: text("refresh_token"),
        expires_at: expires_in.map(|seconds| now.secs().saturating_add(seconds)),
        scope,
        raw,
    })
}

/// A JSON object, or a form (RFC 6749's first drafts; GitHub and others where the `Accept` header is lost).
fn members(answer: &Answer) -> Result<Map<String, Value>, Fault> {
    if let Some(Value::Object(members)) = answer.json() {
        return Ok(members);
    }
    let form = matches!(answer.media_type().as_str(), "application/x-www-form-urlencoded" | "text/plain");
    let mut members = Map::new();
    if form {
        for (name, value) in form_urlencoded::parse(&answer.body) {
            if members.insert(name.into_owned(), Value::from(value.into_owned())).is_some() {
                return Err(Code::Token.because("a member stands twice in the answer"));
            }
        }
    }
    if members.contains_key("access_token") || members.contains_key("error") {
        return Ok(members);
    }
    let kind = quoted(&answer.media_type());
    Err(Code::Token.because(format!("status {} with {kind} instead of JSON", answer.status)))
}

fn refused(status: u16, error: Option<&str>, raw: &Map<String, Value>) -> Fault {
    let text = |name: &str| raw.get(name).and_then(Value::as_str);
    let described =
        text("error_description").or_else(|| text("message")).map(|said| format!(": {}", quoted(said)));
    let error = quoted(error.unwrap_or("no error code"));
    Code::Token.because(format!("the provider answered {status} {error}{}", described.unwrap_or_default()))
}

/// Whole seconds from 0 to a hundred years.
fn whole_seconds(seconds: f64) -> Option<i64> {
    const CENTURY: f64 = 100.0 * 366.0 * 86_400.0;
    // By text, because there is no checked conversion from floating point.
    (0.0..=CENTURY).contains(&seconds).then(|| format!("{:.0}", seconds.floor()).parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn read(status: u16, content_type: &str, body: &str) -> Result<Tokens, Fault> {
        let content_type = Some(content_type.to_owned());
        tokens(&Answer { status, content_type, body: body.as_bytes().to_vec() }, NOW)
    }

    #[test]
    fn c5_odd_token_answers_are_brought_into_one_form() {
        for (content_type, body) in [
            (
                "application/json",
                r#"{"access_token":"a","token_type":"Bearer","expires_in":60,"scope":"x y"}"#,
            ),
            (
                "application/json; charset=utf-8",
                r#"{"access_token":"a","expires_in":"60","scope":["x","y"]}"#,
            ),
            ("text/html", r#"{"access_token":"a","token_type":"BEARER","expires_in":60.9,"scope":"x y"}"#),
            ("application/x-www-form-urlencoded", "access_token=a&expires_in=60&scope=x+y&token_type=bearer"),
            ("text/plain; charset=UTF-8", "access_token=a&expires_in=60&scope=x%20y"),
        ] {
            let tokens = read(200, content_type, body).expect(body);
            assert_eq!(tokens.access_token.expose(), "a", "{body}");
            assert_eq!(tokens.expires_at, Some(1_060), "{body}");
            assert_eq!(tokens.scope.as_deref(), Some("x y"), "{body}");
            assert_eq!(tokens.raw["token_type"], "bearer", "{body}");
            assert_eq!(tokens.raw["expires_in"], 60, "{body}");
        }
    }

    #[test]
    fn refusals_and_nonsense_are_no_tokens() {
        for (status, content_type, body) in [
            (200, "application/json", r#"{"error":"bad_verification_code","access_token":"a"}"#),
            (200, "application/x-www-form-urlencoded", "error=bad_verification_code"),
            (400, "application/json", r#"{"access_token":"a"}"#),
            (500, "application/json", "{}"),
            (302, "text/html", ""),
            (200, "text/html", "<html>access_token=a</html>"),
            (200, "text/html", "access_token=a"),
            (200, "application/json", r#"{"access_token":""}"#),
            (200, "application/json", r#"{"access_token":7}"#),
            (200, "application/json", r#"{"access_token":"a","token_type":"mac"}"#),
            (200, "application/json", r#"{"access_token":"a","token_type":["bearer"]}"#),
            (200, "application/json", r#"[{"access_token":"a"}]"#),
            (200, "text/plain", "access_token=a&access_token=b"),
            (200, "application/json", "{\"access_token\":\"a\""),
        ] {
            assert_eq!(
                read(status, content_type, body).map(|_| ()).map_err(|f| f.code),
                Err(Code::Token),
                "{body}"
            );
        }
    }

    #[test]
    fn lesson_84_absurd_lifetimes_are_ignored() {
        for lifetime in [json!(-1), json!(1e300), json!("soon"), json!(null), json!([60]), json!("NaN")] {
            let body = json!({"access_token": "a", "expires_in": lifetime}).to_string();
            assert_eq!(read(200, "application/json", &body).expect("tokens").expires_at, None, "{body}");
        }
    }

    #[test]
    fn a_provider_cannot_write_into_the_log() {
        let body =
            json!({"error": "x\n2026 forged line", "error_description": "y".repeat(10_000)}).to_string();
        let fault = read(400, "application/json", &body).expect_err("refused");
        assert!(!fault.detail.contains('\n') && fault.detail.len() < 600, "{}", fault.detail.len());
        let tokens = read(200, "application/json", r#"{"access_token":"topsecret"}"#).expect("tokens");
        assert!(!format!("{tokens:?}").contains("topsecret"));
    }
}

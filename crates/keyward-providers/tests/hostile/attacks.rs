//! One attack at a time of a hostile OpenID provider, or of one in the middle.

use std::time::Duration;

use keyward_core::port::HttpFault;
use keyward_providers::{Code, catalogue::ProfileFrom};
use serde_json::json;

use super::op::{ISSUER, Op, Signed, pair};

/// An attack: what it is, how it is made, which code it ends in, and a word of the detail.
pub(crate) type Attack = (&'static str, fn(&mut Op), Code, &'static str);

fn now(op: &Op) -> i64 {
    op.claims["iat"].as_i64().expect("a time")
}

fn claim(op: &mut Op, name: &str, value: serde_json::Value) {
    op.claims[name] = value;
}

/// What the port says of an answer that is larger than we read.
fn large(path: &'static str) -> Option<(&'static str, HttpFault)> {
    Some((path, HttpFault::TooLarge(512 * 1024)))
}

fn slow(path: &'static str) -> Option<(&'static str, HttpFault)> {
    Some((path, HttpFault::Timeout(Duration::from_secs(10))))
}

pub(crate) const ID_TOKEN: &[Attack] = &[
    ("lesson_38 aud of another client", |op| claim(op, "aud", json!("other")), Code::IdToken, "aud_mismatch"),
    (
        "lesson_38 several aud without azp",
        |op| claim(op, "aud", json!(["client", "x"])),
        Code::IdToken,
        "azp_missing",
    ),
    ("lesson_38 azp of another client", |op| claim(op, "azp", json!("other")), Code::IdToken, "azp_mismatch"),
    (
        "iss of another provider",
        |op| claim(op, "iss", json!("https://evil.example")),
        Code::IdToken,
        "iss_mismatch",
    ),
    (
        "iss with one more slash",
        |op| claim(op, "iss", json!("https://op.example/")),
        Code::IdToken,
        "iss_mismatch",
    ),
    ("lesson_39 no iss", |op| claim(op, "iss", json!(null)), Code::IdToken, "iss_missing"),
    ("lesson_39 no sub", |op| claim(op, "sub", json!(null)), Code::IdToken, "sub_missing"),
    ("lesson_39 an empty sub", |op| claim(op, "sub", json!("")), Code::IdToken, "sub_missing"),
    ("lesson_39 no aud", |op| claim(op, "aud", json!(null)), Code::IdToken, "aud_missing"),
    ("lesson_39 no exp", |op| claim(op, "exp", json!(null)), Code::IdToken, "exp_missing"),
    ("lesson_39 no iat", |op| claim(op, "iat", json!(null)), Code::IdToken, "iat_missing"),
    ("exp past", |op| claim(op, "exp", json!(now(op) - 31)), Code::IdToken, "exp_past"),
    ("stale iat", |op| claim(op, "iat", json!(now(op) - 631)), Code::IdToken, "iat_too_old"),
    ("iat in the future", |op| claim(op, "iat", json!(now(op) + 31)), Code::IdToken, "iat_future"),
    ("nbf in the future", |op| claim(op, "nbf", json!(now(op) + 31)), Code::IdToken, "nbf_future"),
    ("nonce of another sign-in", |op| claim(op, "nonce", json!("other")), Code::IdToken, "nonce_mismatch"),
    ("no nonce", |op| claim(op, "nonce", json!(null)), Code::IdToken, "nonce_missing"),
    (
        "a nonce nobody asked for",
        |op| {
            op.settings.nonce = Some(false);
            claim(op, "nonce", json!("x"));
        },
        Code::IdToken,
        "nonce_unexpected",
    ),
    (
        "at_hash of another access token",
        |op| claim(op, "at_hash", json!("AAAA")),
        Code::IdToken,
        "at_hash_mismatch",
    ),
    (
        "a claim twice",
        |op| op.payload = Some(format!(r#"{{"iss":"x","iss":"{ISSUER}"}}"#)),
        Code::IdToken,
        "malformed",
    ),
    ("alg none", |op| op.signed = Signed::Not, Code::IdToken, "not accepted"),
    ("HS256 with the public key", |op| op.signed = Signed::ByPublicKey, Code::IdToken, "not accepted"),
    ("another key under the same kid", |op| op.signed = Signed::ByAnotherKey, Code::IdToken, "not authentic"),
    (
        "a key that is not in the set",
        |op| op.signed = Signed::ByAnUnknownKey,
        Code::IdToken,
        "not in the set",
    ),
    ("no ID token", |op| op.token.1["id_token"] = json!(null), Code::IdToken, "no ID token"),
    ("nonsense as ID token", |op| op.token.1["id_token"] = json!("a.b"), Code::IdToken, "malformed"),
];

pub(crate) const RESPONSE: &[Attack] = &[
    ("no state", |op| op.response[1].0 = "x".to_owned(), Code::BadState, "state"),
    ("state of another attempt", |op| op.response[1].1 = "other".to_owned(), Code::BadState, "state"),
    ("lesson_7 code twice", |op| op.response.push(pair("code", "d")), Code::BadResponse, "twice"),
    ("lesson_7 state twice", |op| op.response.push(pair("state", "")), Code::BadResponse, "twice"),
    ("lesson_7 iss twice", |op| op.response.push(pair("iss", ISSUER)), Code::BadResponse, "twice"),
    (
        "lesson_7 an unknown one twice",
        |op| {
            op.response.extend([pair("x", "1"), pair("x", "1")]);
        },
        Code::BadResponse,
        "twice",
    ),
    (
        "mix-up: iss of another provider",
        |op| op.response[2].1 = "https://evil.example".to_owned(),
        Code::BadIssuer,
        "evil",
    ),
    ("mix-up: the promised iss left out", |op| _ = op.response.pop(), Code::BadIssuer, "missing"),
    ("no code", |op| _ = op.response.remove(0), Code::BadResponse, "no code"),
    ("an empty code", |op| op.response[0].1.clear(), Code::BadResponse, "empty"),
    ("a huge code", |op| op.response[0].1 = "c".repeat(9000), Code::BadResponse, "too long"),
    (
        "an ID token in the response",
        |op| op.response.push(pair("id_token", "x")),
        Code::BadResponse,
        "id_token",
    ),
    (
        "an access token in the response",
        |op| op.response.push(pair("access_token", "x")),
        Code::BadResponse,
        "access_token",
    ),
    (
        "a signed response nobody asked for",
        |op| op.response.push(pair("response", "x")),
        Code::BadResponse,
        "response",
    ),
    (
        "the person said no",
        |op| op.response.push(pair("error", "access_denied")),
        Code::Denied,
        "access_denied",
    ),
    (
        "another error",
        |op| op.response.push(pair("error", "server_error")),
        Code::ProviderError,
        "server_error",
    ),
    (
        "an error with a wrong state",
        |op| {
            op.response.push(pair("error", "access_denied"));
            op.response[1].1 = "other".to_owned();
        },
        Code::BadState,
        "state",
    ),
    (
        "lesson_28 the attempt of another provider",
        |op| op.attempt = |a| a.provider = "github".to_owned(),
        Code::BadAttempt,
        "another provider",
    ),
    (
        "lesson_28 the attempt of another sign-in",
        |op| op.attempt = |a| a.checks.state = "older".to_owned(),
        Code::BadState,
        "state",
    ),
    ("an attempt after its time", |op| op.attempt = |a| a.expires -= 900, Code::BadAttempt, "too long"),
];

/// Seen when a person sets out.
pub(crate) const METADATA: &[Attack] = &[
    (
        "metadata of another issuer",
        |op| op.metadata.1["issuer"] = json!("https://evil.example"),
        Code::BadIssuer,
        "evil",
    ),
    (
        "metadata of a deeper issuer",
        |op| op.metadata.1["issuer"] = json!("https://op.example/tenant"),
        Code::BadIssuer,
        "tenant",
    ),
    (
        "metadata for every tenant",
        |op| op.metadata.1["issuer"] = json!("https://op.example{tenantid}"),
        Code::BadIssuer,
        "tenantid",
    ),
    ("metadata without issuer", |op| op.metadata.1["issuer"] = json!(null), Code::Discovery, "no issuer"),
    ("metadata that is HTML", |op| op.metadata.1 = json!("<html>"), Code::Discovery, "no JSON"),
    ("metadata that is a list", |op| op.metadata.1 = json!([1]), Code::Discovery, "no issuer"),
    ("metadata that redirects", |op| op.metadata.0 = 302, Code::Discovery, "302"),
    ("metadata that fails", |op| op.metadata.0 = 500, Code::Discovery, "500"),
    (
        "no authorization endpoint",
        |op| op.metadata.1["authorization_endpoint"] = json!(null),
        Code::Discovery,
        "authorization_endpoint",
    ),
    (
        "an endpoint without https",
        |op| op.metadata.1["token_endpoint"] = json!("http://op.example/token"),
        Code::Discovery,
        "https",
    ),
    (
        "an endpoint with a password",
        |op| op.metadata.1["token_endpoint"] = json!("https://a:b@op.example/token"),
        Code::Discovery,
        "https",
    ),
    (
        "an endpoint that is a script",
        |op| op.metadata.1["authorization_endpoint"] = json!("javascript:alert(1)"),
        Code::Discovery,
        "https",
    ),
    (
        "an endpoint that is a file",
        |op| op.metadata.1["jwks_uri"] = json!("file:///etc/passwd"),
        Code::Discovery,
        "https",
    ),
    (
        "an endpoint that is no text",
        |op| op.metadata.1["jwks_uri"] = json!(["https://op.example/keys"]),
        Code::Discovery,
        "no address",
    ),
    // What the way back needs: nobody is sent off who can't come back.
    (
        "no token endpoint",
        |op| op.metadata.1["token_endpoint"] = json!(null),
        Code::Discovery,
        "token_endpoint",
    ),
    ("no keys' address", |op| op.metadata.1["jwks_uri"] = json!(null), Code::Discovery, "jwks_uri"),
    (
        "no userinfo's address",
        |op| {
            op.settings.profile_from = Some(ProfileFrom::Userinfo);
            op.metadata.1["userinfo_endpoint"] = json!(null);
        },
        Code::Discovery,
        "userinfo_endpoint",
    ),
    (
        "no token endpoint beside a configured authorization endpoint",
        |op| {
            op.settings.authorization_endpoint = Some(format!("{ISSUER}/authorize"));
            op.metadata.1["token_endpoint"] = json!(null);
        },
        Code::Discovery,
        "token_endpoint",
    ),
    ("metadata without end", |op| op.fault = large("openid-configuration"), Code::Unreachable, "bytes"),
    ("metadata that does not come", |op| op.fault = slow("openid-configuration"), Code::Unreachable, "10"),
];

/// What the provider answers behind the browser's back.
pub(crate) const ANSWERS: &[Attack] = &[
    (
        "an endpoint that nobody answers",
        |op| op.metadata.1["token_endpoint"] = json!("https://op.example/gone"),
        Code::Unreachable,
        "nobody there",
    ),
    ("keys that fail", |op| op.keys.0 = 500, Code::Discovery, "500"),
    ("keys that are HTML", |op| op.keys.1 = json!("<html>"), Code::Discovery, "keys"),
    ("no keys at all", |op| op.keys.1 = json!({"keys": []}), Code::IdToken, "not in the set"),
    (
        "a refused code",
        |op| op.token = (400, json!({"error": "invalid_grant"})),
        Code::Token,
        "invalid_grant",
    ),
    (
        "an error with status 200",
        |op| op.token.1["error"] = json!("invalid_grant"),
        Code::Token,
        "invalid_grant",
    ),
    ("a token answer that redirects", |op| op.token.0 = 302, Code::Token, "302"),
    ("a token answer that is HTML", |op| op.token.1 = json!("<html>"), Code::Token, "text/html"),
    ("no access token", |op| op.token.1["access_token"] = json!(null), Code::Token, "no access token"),
    ("a token that is no bearer token", |op| op.token.1["token_type"] = json!("mac"), Code::Token, "mac"),
    ("a token answer without end", |op| op.fault = large("/token"), Code::Unreachable, "bytes"),
    ("a token answer that does not come", |op| op.fault = slow("/token"), Code::Unreachable, "10"),
    ("keys that redirect", |op| op.keys.0 = 302, Code::Discovery, "302"),
    ("keys without end", |op| op.fault = large("/keys"), Code::Unreachable, "bytes"),
    ("keys that do not come", |op| op.fault = slow("/keys"), Code::Unreachable, "10"),
];

pub(crate) const USERINFO: &[Attack] = &[
    (
        "the profile of another person",
        |op| op.userinfo.1["sub"] = json!("eve"),
        Code::Userinfo,
        "another person",
    ),
    ("a profile without sub", |op| op.userinfo.1 = json!({"name": "Ada"}), Code::Userinfo, "another person"),
    ("a profile that is a list", |op| op.userinfo.1 = json!([]), Code::Userinfo, "no object"),
    ("a profile that is HTML", |op| op.userinfo.1 = json!("<html>"), Code::Userinfo, "no JSON"),
    ("a profile that fails", |op| op.userinfo.0 = 401, Code::Userinfo, "401"),
    ("a profile that redirects", |op| op.userinfo.0 = 302, Code::Userinfo, "302"),
    ("a profile without end", |op| op.fault = large("/userinfo"), Code::Unreachable, "bytes"),
    ("a profile that does not come", |op| op.fault = slow("/userinfo"), Code::Unreachable, "10"),
];

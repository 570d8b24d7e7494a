//! The least that a server can do with an access token: sign one, or check one.
//!
//! `sign` and `verify` are axum with one handler, no search of a key and no rules but the signature. `extract` is the same
//! server with keyward-verify's extractor in place of the check. All with Keyward's connection settings and a log line.
#![expect(clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod plain;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRef, State},
    response::Response,
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use keyward_jose::{
    jwk::Jwk,
    jws::{Algorithm, SigningKey, VerifyingKey},
};
use keyward_verify::{Caller, Verifier};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use plain::{Result, now, random, serve};

#[tokio::main]
async fn main() -> Result {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [work, listen, issuer, audience, text] = words.as_slice() else {
        eprintln!("keyward-bare-tokens sign|verify|extract LISTEN ISSUER AUDIENCE CLAIMS|KEYS");
        return Err("five words are needed".into());
    };
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let router = match work.as_str() {
        "sign" => signing(text)?,
        "verify" => verifying(text)?,
        "extract" => extracting(issuer, audience, text)?,
        other => return Err(format!("there is no work `{other}`").into()),
    };
    let router = router.route("/readyz", get(async || "ready\n"));
    serve(TcpListener::bind(listen).await?, router).await
}

/// Signs a token like the one whose claims are in `text`, with a key of its own.
fn signing(text: &str) -> Result<Router> {
    let kid = uuid(random());
    let key = SigningKey::generate(Algorithm::Es256)?.with_kid(&kid);
    let claims: Claims = serde_json::from_str(text)?;
    let lifetime = claims.exp.saturating_sub(claims.iat);
    let keys = json!({ "keys": [key.public_jwk().to_json()] });
    let signer = Arc::new(Signer { key, claims, lifetime, process: hex::encode(random::<4>()) });
    Ok(Router::new()
        .route("/api/auth/-/v1/token", post(sign))
        .route("/api/auth/-/v1/jwks", get(async move || Json::<Value>(keys.clone())))
        .with_state(signer))
}

struct Signer {
    key: SigningKey,
    claims: Claims,
    /// In seconds.
    lifetime: u64,
    process: String,
}

/// The claims of an access token as Keyward gives it out.
#[derive(Clone, Deserialize, Serialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    client_id: String,
    iat: u64,
    exp: u64,
    jti: String,
    sid: String,
    auth_time: u64,
    scope: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued<'a> {
    token_type: &'a str,
    access_token: &'a str,
    access_token_expires: u128,
    expires_in: u64,
    scope: &'a str,
}

async fn sign(State(signer): State<Arc<Signer>>, method: Method, uri: Uri, _body: String) -> Response {
    let id = format!("{}-{}", signer.process, hex::encode(random::<1>()));
    let mut response = match signer.issue() {
        Ok(body) => answer(StatusCode::OK, "application/json", body),
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, "application/json", "{}".to_owned()),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::EXPIRES, HeaderValue::from_static("0"));
    headers.insert("x-request-id", HeaderValue::try_from(id.as_str()).expect("hexadecimal digits"));
    tracing::info!(id, %method, path = uri.path(), status = response.status().as_u16());
    response
}

impl Signer {
    fn issue(&self) -> Result<String> {
        let now = now();
        let (iat, exp) = (now.as_secs(), now.as_secs() + self.lifetime);
        let claims = Claims { iat, exp, jti: uuid(random()), ..self.claims.clone() };
        let token = self.key.sign(Some("at+jwt"), &serde_json::to_vec(&claims)?)?;
        let issued = Issued {
            token_type: "Bearer",
            access_token: &token,
            access_token_expires: now.as_millis() + u128::from(self.lifetime) * 1000,
            expires_in: self.lifetime,
            scope: &claims.scope,
        };
        Ok(serde_json::to_string(&issued)?)
    }
}

/// Checks a token's signature with the first key in `text`, and says whose it is.
fn verifying(text: &str) -> Result<Router> {
    let keys: Value = serde_json::from_str(text)?;
    let key = Jwk::parse(keys["keys"][0].to_string().as_bytes())?.verifying_key(Algorithm::Es256)?;
    Ok(Router::new().route("/me", get(verify)).with_state(Arc::new(key)))
}

async fn verify(
    State(key): State<Arc<VerifyingKey>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let subject = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .and_then(|token| key.verify(token).ok())
        .and_then(|claims| Some(serde_json::from_slice::<Subject>(&claims).ok()?.sub));
    let response = match subject {
        Some(subject) => answer(StatusCode::OK, "text/plain; charset=utf-8", subject),
        None => answer(StatusCode::UNAUTHORIZED, "text/plain; charset=utf-8", String::new()),
    };
    tracing::info!(%method, path = uri.path(), status = response.status().as_u16());
    response
}

#[derive(Deserialize)]
struct Subject {
    sub: String,
}

/// keyward-verify's extractor, as its documentation has it.
fn extracting(issuer: &str, audience: &str, text: &str) -> Result<Router> {
    #[derive(Clone)]
    struct App {
        verifier: Verifier,
    }
    impl FromRef<App> for Verifier {
        fn from_ref(app: &App) -> Self {
            app.verifier.clone()
        }
    }
    async fn me(method: Method, uri: Uri, caller: Caller) -> Response {
        let response = answer(StatusCode::OK, "text/plain; charset=utf-8", caller.subject().to_owned());
        tracing::info!(%method, path = uri.path(), status = response.status().as_u16());
        response
    }
    let verifier = Verifier::with_keys(issuer, audience, text.to_owned())?;
    Ok(Router::new().route("/me", get(me)).with_state(App { verifier }))
}

fn answer(status: StatusCode, media_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn uuid(noise: [u8; 16]) -> String {
    uuid::Builder::from_random_bytes(noise).into_uuid().to_string()
}

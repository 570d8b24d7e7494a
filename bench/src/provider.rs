//! An identity provider on loopback: OAuth 2.0 with a userinfo endpoint, and OpenID Connect with signed ID tokens.
//!
//! It is as strict as the fakes of `tests/identity`, or a server could save work: every parameter has to be there, to
//! be known, and to fit the others. Its page is left out, so the browser's visit there is a call of
//! [`Provider::authorize`].

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, StatusCode, header};
use keyward_jose::{
    digest::{Hash, half_hash},
    jws::{Algorithm, SigningKey},
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::{Result, server::PUBLIC_URL};

/// Registered with the provider.
pub(crate) const CLIENT_ID: &str = "benchmark-client";
/// Published here, so never one of a deployment.
pub(crate) const CLIENT_SECRET: &str = "benchmark-client-secret-0123456789";

/// A running provider; it ends with the process.
pub(crate) struct Provider {
    address: SocketAddr,
    desk: Arc<Desk>,
}

/// What it hands out and takes back.
struct Desk {
    url: String,
    key: SigningKey,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    issued: u64,
    /// Codes that were not redeemed.
    codes: HashMap<String, Grant>,
    /// The people behind access tokens, until they are asked for.
    tokens: HashMap<String, usize>,
    refused: Vec<String>,
}

/// What a code stands for.
struct Grant {
    person: usize,
    redirect_uri: String,
    challenge: String,
    scope: String,
    /// Of an OpenID Connect request.
    nonce: Option<String>,
}

impl Provider {
    /// Listens on a free loopback port, in a thread of its own beside the load.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let key = SigningKey::generate(Algorithm::Rs256)?.with_kid("key-1");
        let desk = Arc::new(Desk { url: format!("http://{address}"), key, books: Mutex::default() });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&desk));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (started, starts) = mpsc::channel();
        thread::spawn(move || {
            runtime.block_on(async {
                match tokio::net::TcpListener::from_std(listener) {
                    Ok(listener) => {
                        let _ = started.send(Ok(()));
                        drop(axum::serve(listener, router).await);
                    }
                    Err(fault) => drop(started.send(Err(fault))),
                }
            });
        });
        starts.recv()??;
        Ok(Self { address, desk })
    }

    /// Its issuer; endpoints are below it.
    pub(crate) fn url(&self) -> &str {
        &self.desk.url
    }

    /// The person agrees at the authorization endpoint: where the browser is sent, if the request is flawless.
    pub(crate) fn authorize(&self, request: &str, id: &str, person: usize) -> Result<Url> {
        let request = Url::parse(request)?;
        if request.origin() != Url::parse(self.url())?.origin() || request.path() != "/authorize" {
            return Err(format!("the browser is sent to {request} instead of {}", self.address).into());
        }
        let is_openid = id == "openid";
        let own = ["client_id", "response_type", "redirect_uri", "scope", "state"];
        let pkce = ["code_challenge", "code_challenge_method"];
        let nonce: &[&str] = if is_openid { &["nonce"] } else { &[] };
        let query =
            exactly(request.query().unwrap_or_default().as_bytes(), &[&own[..], &pkce, nonce].concat())?;
        let scopes: Vec<&str> = query["scope"].split(' ').collect();
        let known = |scope: &&str| ["openid", "profile", "email"].contains(scope);
        let redirect_uri = format!("{PUBLIC_URL}/api/auth/callback/{id}");
        for (fine, what) in [
            (query["client_id"] == CLIENT_ID, "another client"),
            (query["response_type"] == "code", "another response type"),
            (query["redirect_uri"] == redirect_uri, "another redirect address"),
            (scopes.iter().all(known) && scopes.contains(&"openid") == is_openid, "another scope"),
            (query["state"].len() >= 16, "a state that can be guessed"),
            (query["code_challenge_method"] == "S256", "another challenge method"),
            (query["code_challenge"].len() == 43, "a challenge that is no SHA-256"),
            (!is_openid || query["nonce"].len() >= 16, "a nonce that can be guessed"),
        ] {
            must(fine, what)?;
        }
        let code = {
            let mut books = self.desk.books();
            let code = books.next("code");
            let grant = Grant {
                person,
                challenge: query["code_challenge"].clone(),
                scope: query["scope"].clone(),
                nonce: query.get("nonce").cloned(),
                redirect_uri: redirect_uri.clone(),
            };
            books.codes.insert(code.clone(), grant);
            code
        };
        Ok(Url::parse_with_params(&redirect_uri, [("code", &code), ("state", &query["state"])])?)
    }

    /// What was refused so far.
    pub(crate) fn refused(&self) -> String {
        self.desk.books().refused.join("; ")
    }
}

async fn metadata(State(desk): State<Arc<Desk>>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", desk.url);
    Json(json!({
        "issuer": desk.url,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn keys(State(desk): State<Arc<Desk>>) -> Json<Value> {
    Json(json!({ "keys": [desk.key.public_jwk().to_json()] }))
}

async fn token(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: String) -> Response {
    desk.answer(desk.redeem(&headers, &body))
}

async fn userinfo(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    let authorization = text(&headers, header::AUTHORIZATION);
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    let person = desk.books().tokens.remove(token);
    desk.answer(person.map(profile).ok_or_else(|| "an unknown access token".into()))
}

impl Desk {
    fn redeem(&self, headers: &HeaderMap, body: &str) -> Result<Value> {
        let client = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
        must(text(headers, header::AUTHORIZATION) == format!("Basic {client}"), "wrong client credentials")?;
        let media_type = text(headers, header::CONTENT_TYPE);
        must(media_type.starts_with("application/x-www-form-urlencoded"), "no form")?;
        let form = exactly(body.as_bytes(), &["grant_type", "code", "redirect_uri", "code_verifier"])?;
        let (grant, access_token) = {
            let mut books = self.books();
            let grant = books.codes.remove(&form["code"]).ok_or("an unknown or used code")?;
            (grant, books.next("token"))
        };
        let verifier = URL_SAFE_NO_PAD.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
        must(form["grant_type"] == "authorization_code", "another grant type")?;
        must(form["redirect_uri"] == grant.redirect_uri, "another redirect address than before")?;
        must(verifier == grant.challenge, "a verifier that is not the challenge's")?;
        let mut answer = json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": 3600, "scope": grant.scope,
        });
        match &grant.nonce {
            // Everything is in the ID token: nobody has to ask for more.
            Some(nonce) => answer["id_token"] = self.id_token(grant.person, nonce, &access_token)?.into(),
            None => drop(self.books().tokens.insert(access_token, grant.person)),
        }
        Ok(answer)
    }

    fn id_token(&self, person: usize, nonce: &str, access_token: &str) -> Result<String> {
        let mut claims = profile(person);
        let now = jiff::Timestamp::now().as_second();
        for (name, value) in [
            ("iss", json!(self.url)),
            ("aud", json!(CLIENT_ID)),
            ("iat", json!(now)),
            ("exp", json!(now + 3600)),
            ("nonce", json!(nonce)),
            ("at_hash", json!(half_hash(Hash::Sha256, access_token))),
        ] {
            claims[name] = value;
        }
        Ok(self.key.sign(None, claims.to_string().as_bytes())?)
    }

    fn answer(&self, outcome: Result<Value>) -> Response {
        match outcome {
            Ok(body) => Json(body).into_response(),
            Err(fault) => {
                self.books().refused.push(fault.to_string());
                (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_request" }))).into_response()
            }
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// As long as what providers hand out.
    fn next(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("{kind}-{:032}", self.issued)
    }
}

fn profile(person: usize) -> Value {
    json!({
        "sub": format!("person-{person}"),
        "name": format!("Person {person}"),
        "email": format!("person-{person}@example.com"),
        "email_verified": true,
        "picture": format!("https://pictures.example/{person}.png"),
    })
}

/// The parameters, if each of `names` is among them once, and nothing else.
fn exactly(form: &[u8], names: &[&str]) -> Result<HashMap<String, String>> {
    let all: Vec<(String, String)> = form_urlencoded::parse(form).into_owned().collect();
    let mut found: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let mut wanted = names.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    if found != wanted {
        return Err(format!("the parameters {found:?} instead of {wanted:?}").into());
    }
    Ok(all.into_iter().collect())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn must(fine: bool, what: &str) -> Result {
    if fine { Ok(()) } else { Err(what.into()) }
}

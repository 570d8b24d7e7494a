//! (g) giving out an access token, and (h) checking one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_jose::{jwk::Jwks, jws::Algorithm};
use serde_json::Value;

use super::session::{CONNECTIONS, EMAIL, PASSWORD, SESSION_COOKIE, ask, share};
use crate::{
    Bench, Result,
    http::{Browser, Connection, post},
    report::Report,
    server::{HOST, PUBLIC_URL, Server},
};

pub(crate) const AUDIENCE: &str = "https://api.example";
pub(crate) const SCOPE: &str = "read write";
const CLIENT_ID: &str = "shop";
/// Published here, so never one of a deployment.
const CLIENT_SECRET: &str = "benchmark-only-client-secret-0123456789";
const GOAL_ISSUE: f64 = 0.60;
const GOAL_CHECK: f64 = 0.85;
const JSON: &str = "Content-Type: application/json\r\n";

/// (g): `POST -/v1/token` with an application's credential and a person's cookie, beside a server that only signs.
pub(crate) fn issue(bench: &Bench, report: &mut Report) -> Result {
    let keyward = keyward(bench)?;
    let requests = requests(&keyward)?;
    let claims = signed(&keyward, &requests[0])?;
    let words = [&issuer(), AUDIENCE, &claims.to_string()];
    let bare = Server::bare_tokens(&bench.programs, "bare axum", "sign", words)?;
    let (mut others, mut own) = (signed(&bare, &requests[0])?, claims);
    for name in ["iat", "exp", "jti"] {
        (others[name], own[name]) = (Value::Null, Value::Null);
    }
    if own != others {
        return Err(format!("the servers do not sign the same: {own}\n{others}").into());
    }
    share(bench, report, "(g) access token", [&keyward, &bare], &requests, GOAL_ISSUE)
}

/// (h): an axum server whose handler takes keyward-verify's caller, beside one that checks the signature alone.
pub(crate) fn check(bench: &Bench, report: &mut Report) -> Result {
    let keyward = keyward(bench)?;
    let keys = keys(&keyward)?;
    let words = [&issuer(), AUDIENCE, &keys];
    let extractor = Server::bare_tokens(&bench.programs, "keyward-verify", "extract", words)?;
    let bare = Server::bare_tokens(&bench.programs, "bare axum", "verify", words)?;
    let mut checks = Vec::new();
    for request in requests(&keyward)? {
        let token = issued(&keyward, &request)?;
        let (signed, signature) = token.rsplit_once('.').ok_or("no token")?;
        let other = signature.chars().rev().collect::<String>();
        for server in [&extractor, &bare] {
            for (token, status) in [(&token, 200), (&format!("{signed}.{other}"), 401)] {
                let answer = ask(server, &with(token))?;
                if answer.status != status {
                    return Err(format!("{}: {status} was expected: {answer:?}", server.name).into());
                }
            }
        }
        checks.push(with(&token));
    }
    share(bench, report, "(h) access token checked", [&extractor, &bare], &checks, GOAL_CHECK)
}

/// A Keyward with sealed sessions that gives out access tokens, with one account.
pub(crate) fn keyward(bench: &Bench) -> Result<Server> {
    keyward_with(bench, "sealed")
}

/// The same; `strategy` is `sealed` or `stored`.
pub(crate) fn keyward_with(bench: &Bench, strategy: &str) -> Result<Server> {
    let more = format!(
        "session.strategy = \"{strategy}\"\n[tokens]\naccess_lifetime = \"1h\"\n\
         [[tokens.audiences]]\nname = \"{AUDIENCE}\"\nscopes = [\"read\", \"write\"]\n\
         [[clients]]\nid = \"{CLIENT_ID}\"\nsecret = \"{CLIENT_SECRET}\"\naudiences = [\"{AUDIENCE}\"]\n"
    );
    let keyward = Server::keyward_configured(&bench.programs, &more)?;
    call(&keyward, "sign-up", &account())?;
    Ok(keyward)
}

/// What signs the account in.
pub(crate) fn account() -> String {
    serde_json::json!({ "email": EMAIL, "password": PASSWORD }).to_string()
}

/// A call of the JSON API that has to work.
pub(crate) fn call(keyward: &Server, name: &str, body: &str) -> Result<Value> {
    let answer = ask(keyward, &post(HOST, &format!("/api/auth/-/v1/{name}"), JSON, body))?;
    if answer.status != 200 {
        return Err(format!("{name}: {answer:?}").into());
    }
    Ok(serde_json::from_str(&answer.body)?)
}

/// The claims of a token, which a key of the server has signed with ES256.
pub(crate) fn claims(keys: &str, token: &str) -> Result<Value> {
    let keys = Jwks::parse(keys.as_bytes())?;
    let (_, claims) = keys.verify(token, &[Algorithm::Es256])?;
    Ok(serde_json::from_slice(&claims)?)
}

/// The server's published keys.
pub(crate) fn keys(server: &Server) -> Result<String> {
    let mut connection = Connection::open(server.address)?;
    connection.send(format!("GET /api/auth/-/v1/jwks HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes())?;
    Ok(connection.answer()?.body)
}

/// What asks for a token, with as many sessions as there are connections.
pub(crate) fn requests(keyward: &Server) -> Result<Vec<Vec<u8>>> {
    let credential = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    let body = serde_json::json!({ "audience": AUDIENCE }).to_string();
    let mut requests = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut browser = Browser::open(keyward.address, HOST)?;
        let answer = browser.submit("credentials", &[("email", EMAIL), ("password", PASSWORD)])?;
        let cookie = browser.cookie(SESSION_COOKIE).ok_or_else(|| format!("signing in: {answer:?}"))?;
        let headers = format!(
            "Authorization: Basic {credential}\r\nCookie: {SESSION_COOKIE}={cookie}\r\nContent-Type: application/json\r\n"
        );
        requests.push(post(HOST, "/api/auth/-/v1/token", &headers, &body));
    }
    Ok(requests)
}

fn issued(server: &Server, request: &[u8]) -> Result<String> {
    let answer = ask(server, request)?;
    let body: Value = serde_json::from_str(&answer.body)?;
    let token = body["accessToken"].as_str().ok_or_else(|| format!("no token: {answer:?}"))?;
    Ok(token.to_owned())
}

/// The claims of the token that a request gets.
fn signed(server: &Server, request: &[u8]) -> Result<Value> {
    claims(&keys(server)?, &issued(server, request)?)
}

fn with(token: &str) -> Vec<u8> {
    format!("GET /me HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

fn issuer() -> String {
    format!("{PUBLIC_URL}/api/auth")
}

//! The least that a server can do for `GET /api/auth/session`: what every answer needs, and nothing around it.
//!
//! axum with Keyward's connection settings, one handler, one log line. It trusts its input: no limits, no
//! checks of the CSRF cookie, no callback addresses, no dialects, no errors worth the name. Keyward is
//! measured as a share of what this server does per CPU second.
#![expect(clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod plain;

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::get,
};
use http::{HeaderMap, HeaderValue, header};
use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use keyward_jose::{
    digest,
    jwe::{self, ContentKey, Encryption},
    kdf,
};
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use plain::{Result, now, random, serve};

#[tokio::main]
async fn main() -> Result {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [listen, public_url, secret, database] = words.as_slice() else {
        eprintln!("keyward-bare LISTEN PUBLIC_URL SECRET DATABASE|-");
        return Err("four words are needed".into());
    };
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let bare = Arc::new(Bare::new(public_url, secret, database)?);
    let router = Router::new()
        .route("/api/auth/session", get(session))
        .route("/readyz", get(async || "ready\n"))
        .with_state(bare);
    serve(TcpListener::bind(listen).await?, router).await
}

/// What the handler keeps between requests.
struct Bare {
    key: ContentKey,
    secret: String,
    callback_cookie: HeaderValue,
    /// Sessions are looked up here; without it they are sealed in the cookie.
    sessions: Option<Mutex<Connection>>,
    process: String,
    requests: AtomicU64,
}

/// As NextAuth writes it, where there is no session.
const NO_SESSION: &str = "{}";
const SESSION_COOKIE: &str = "next-auth.session-token";
const ATTRIBUTES: &str = "Path=/; HttpOnly; SameSite=Lax";
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

async fn session(State(bare): State<Arc<Bare>>, request: Request) -> Response {
    let began = Instant::now();
    let number = bare.requests.fetch_add(1, Ordering::Relaxed);
    let id = format!("{}-{number:x}", bare.process);
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::EXPIRES, HeaderValue::from_static("0"));
    let body = match (token(request.headers()), &bare.sessions) {
        (None, _) => bare.welcome(&mut headers),
        (Some(token), None) => bare.reseal(token, &mut headers),
        (Some(token), Some(sessions)) => look_up(sessions, token, &mut headers),
    };
    // A broken cookie is nobody's session; the measurement sends none.
    let body = body.unwrap_or_else(|_| NO_SESSION.to_owned());
    headers.insert("x-request-id", HeaderValue::try_from(id.as_str()).expect("hexadecimal digits"));
    let mut response = Response::new(Body::from(body));
    *response.headers_mut() = headers;
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (method, path, status) = (request.method(), request.uri().path(), response.status().as_u16());
    tracing::info!(id, %method, path, status, micros);
    response
}

impl Bare {
    fn new(public_url: &str, secret: &str, database: &str) -> Result<Self> {
        let key = kdf::hkdf_sha256::<32>(secret.as_bytes(), b"", b"NextAuth.js Generated Encryption Key");
        let url = public_url.replace(':', "%3A").replace('/', "%2F");
        let sessions = match database {
            "-" => None,
            path => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                Some(Mutex::new(Connection::open_with_flags(path, flags)?))
            }
        };
        Ok(Self {
            key: ContentKey::new(Encryption::A256Gcm, &*key)?,
            secret: secret.to_owned(),
            callback_cookie: format!("next-auth.callback-url={url}; {ATTRIBUTES}").try_into()?,
            sessions,
            process: hex::encode(random::<4>()),
            requests: AtomicU64::new(0),
        })
    }

    /// Sealed: open the token, seal its claims anew, show them.
    fn reseal(&self, token: &str, headers: &mut HeaderMap) -> Result<String> {
        let text = jwe::decrypt(&self.key, token)?;
        let mut claims: Claims<'_> = serde_json::from_slice(&text)?;
        let now = now();
        if claims.exp <= now.as_secs() {
            return Ok(NO_SESSION.to_owned());
        }
        let noise = random::<32>();
        let (jti, iv) = noise.split_at(16);
        let jti = uuid::Builder::from_random_bytes(jti.try_into()?).into_uuid();
        let mut text = [0; 36];
        let jti = jti.hyphenated().encode_lower(&mut text);
        let expires = now + MAX_AGE;
        (claims.iat, claims.exp, claims.jti) = (now.as_secs(), expires.as_secs(), jti);
        let token = jwe::encrypt(&self.key, &serde_json::to_vec(&claims)?, iv.try_into()?)?;
        set_session(headers, &token, expires)?;
        shown(&claims, expires)
    }

    /// Nobody yet: a CSRF token, and where to land.
    fn welcome(&self, headers: &mut HeaderMap) -> Result<String> {
        let token = hex::encode(random::<32>());
        let hash = digest::sha256_hex(&[token.as_bytes(), self.secret.as_bytes()]);
        let cookie = format!("next-auth.csrf-token={token}%7C{hash}; {ATTRIBUTES}");
        headers.append(header::SET_COOKIE, cookie.try_into()?);
        headers.append(header::SET_COOKIE, self.callback_cookie.clone());
        Ok(NO_SESSION.to_owned())
    }
}

/// Stored: one row by its key.
fn look_up(sessions: &Mutex<Connection>, token: &str, headers: &mut HeaderMap) -> Result<String> {
    let hash = digest::sha256(&[token.as_bytes()]);
    let db = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    let mut query = db.prepare_cached("SELECT claims, expires FROM session WHERE token_hash = ?1")?;
    let mut rows = query.query([&hash[..]])?;
    let Some(row) = rows.next()? else { return Ok(NO_SESSION.to_owned()) };
    let (now, millis) = (now(), row.get::<_, i64>(1)?);
    if i128::from(millis) <= i128::try_from(now.as_millis())? {
        return Ok(NO_SESSION.to_owned());
    }
    let claims: Profile<'_> = serde_json::from_str(row.get_ref(0)?.as_str()?)?;
    let expires = now + MAX_AGE;
    set_session(headers, token, expires)?;
    json(&claims, None, expires)
}

/// The claims of a sealed session: of one of Keyward's own accounts, or of somebody with a back end's token.
#[derive(Deserialize, Serialize)]
struct Claims<'a> {
    name: Option<&'a str>,
    email: &'a str,
    sub: &'a str,
    sid: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    seen: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<&'a str>>,
    #[serde(rename = "accessToken", skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
    #[serde(rename = "accessTokenExpires", skip_serializing_if = "Option::is_none")]
    access_token_expires: Option<u64>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    vault: Option<Vault<'a>>,
}

/// Where the back end's refresh token is, and when it is due.
#[derive(Clone, Copy, Deserialize, Serialize)]
struct Vault<'a> {
    id: &'a str,
    due: u64,
}

/// What of a session's claims is shown.
#[derive(Deserialize, Serialize)]
struct Profile<'a> {
    name: Option<&'a str>,
    email: &'a str,
}

fn shown(claims: &Claims<'_>, expires: Duration) -> Result<String> {
    json(&Profile { name: claims.name, email: claims.email }, claims.access_token, expires)
}

fn json(user: &Profile<'_>, access_token: Option<&str>, expires: Duration) -> Result<String> {
    #[derive(Serialize)]
    struct Session<'a> {
        user: &'a Profile<'a>,
        expires: &'a str,
        #[serde(rename = "accessToken", skip_serializing_if = "Option::is_none")]
        access_token: Option<&'a str>,
    }
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    let expires = Timestamp::from_millisecond(i64::try_from(expires.as_millis())?)?;
    let expires = PRINTER.timestamp_to_string(&expires);
    Ok(serde_json::to_string(&Session { user, expires: &expires, access_token })?)
}

fn set_session(headers: &mut HeaderMap, token: &str, expires: Duration) -> Result {
    let mut cookie = String::with_capacity(token.len() + 128);
    let date = httpdate::fmt_http_date(UNIX_EPOCH + expires);
    write!(cookie, "{SESSION_COOKIE}={token}; Expires={date}; {ATTRIBUTES}")?;
    headers.append(header::SET_COOKIE, cookie.try_into()?);
    Ok(())
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix(SESSION_COOKIE)?.strip_prefix('='))
}

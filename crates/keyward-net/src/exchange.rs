//! One exchange: what every outgoing request has in common.

use std::time::Duration;

use keyward_core::{port::HttpFault, secret::Secret};
use reqwest::{
    Client, ClientBuilder, RequestBuilder, Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use url::Url;

use crate::fault;

/// How long, and how much.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// For the whole exchange.
    pub(crate) timeout: Duration,
    /// Largest answer read, in bytes.
    pub(crate) max_answer: usize,
    /// Over a connection of its own.
    pub(crate) alone: bool,
}

/// An answer, read to its end.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Sends the request to `url` and reads the answer.
pub(crate) async fn exchange(
    request: RequestBuilder,
    url: &Url,
    limits: Limits,
) -> Result<Received, HttpFault> {
    let whole = async {
        let sent = request.send().await;
        let response = sent.map_err(|error| fault::unreachable(url, error, limits.alone))?;
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Received { status, content_type, body: read(response, url, limits).await? })
    };
    // Around everything: name resolution, connecting, and the last byte of the answer.
    match tokio::time::timeout(limits.timeout, whole).await {
        Ok(outcome) => outcome,
        Err(_) => Err(HttpFault::Timeout(limits.timeout)),
    }
}

/// Puts `own` over `headers`, each in the place of one of the same name.
pub(crate) fn headers(mut headers: HeaderMap, own: &[(String, Secret)]) -> Result<HeaderMap, HttpFault> {
    for (name, value) in own {
        let invalid = || HttpFault::Unreachable(format!("the header {name:?} can't be sent"));
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| invalid())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name).map_err(|_| invalid())?, value);
    }
    Ok(headers)
}

/// Below the five seconds after which Node's servers close an idle connection. A POST must not meet a
/// connection that is just being closed: it can't be sent again without knowing whether it was carried out.
const IDLE: Duration = Duration::from_secs(4);

/// A client that follows, guesses and undoes nothing, and reads no proxy from the environment.
pub(crate) fn client() -> ClientBuilder {
    // The one TLS provider of the process. `Err` says that one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("keyward/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(32)
        // What another crate of the same build may have switched on.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
}

/// How long connecting may take for a request that is alone: what took longer was not sent.
const CONNECTING: Duration = Duration::from_secs(3);

/// As [`client`], with a new connection for each request.
pub(crate) fn lone_client() -> ClientBuilder {
    client().pool_max_idle_per_host(0).connect_timeout(CONNECTING)
}

async fn read(mut response: Response, url: &Url, limits: Limits) -> Result<Vec<u8>, HttpFault> {
    let most = limits.max_answer;
    let too_large = || HttpFault::TooLarge(most);
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| fault::unreachable(url, error, limits.alone))?
    {
        if chunk.len() > most - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

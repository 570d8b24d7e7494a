//! The client: a connection pool, a deadline, a size limit.

use std::{sync::OnceLock, time::Duration};

use async_trait::async_trait;
use keyward_core::port::{HttpAnswer, HttpCall, HttpClient, HttpFault};
use reqwest::{
    Client, Proxy, Response,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use url::Url;

use crate::fault;

/// Outgoing HTTP over a connection pool, for addresses that stand in the configuration (invariant 13).
///
/// Certificates are checked against the system's roots; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
#[derive(Debug, Default)]
pub struct OutgoingHttp {
    proxy: Option<Url>,
    // Made by the first call: reading the system's certificates takes time and memory that a deployment
    // without a back end need not spend.
    client: OnceLock<Client>,
}

impl OutgoingHttp {
    /// A client that connects by itself, whatever proxy the environment names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A client that sends everything through this proxy (`http://proxy.internal:3128`).
    #[must_use]
    pub fn through(proxy: Url) -> Self {
        Self { proxy: Some(proxy), client: OnceLock::new() }
    }

    fn client(&self) -> Result<&Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = build(self.proxy.as_ref())?;
        Ok(self.client.get_or_init(|| client))
    }

    async fn exchange(&self, call: &HttpCall) -> Result<HttpAnswer, HttpFault> {
        let unreachable = |error| fault::unreachable(&call.url, error);
        let request = self
            .client()
            .map_err(unreachable)?
            .post(call.url.clone())
            .headers(headers(call)?)
            .body(call.body.expose().to_owned());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = read(response, call).await?;
        Ok(HttpAnswer { status, body })
    }
}

#[async_trait]
impl HttpClient for OutgoingHttp {
    async fn call(&self, call: HttpCall) -> Result<HttpAnswer, HttpFault> {
        // Around everything: name resolution, connecting, and the last byte of the answer.
        match tokio::time::timeout(call.timeout, self.exchange(&call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(HttpFault::Timeout(call.timeout)),
        }
    }
}

/// Below the five seconds after which Node's servers close an idle connection. A POST must not meet a
/// connection that is just being closed: it can't be sent again without knowing whether it was carried out.
const IDLE: Duration = Duration::from_secs(4);

fn build(proxy: Option<&Url>) -> Result<Client, reqwest::Error> {
    // The one TLS provider of the process. `Err` says that one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(concat!("keyward/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(32)
        // What another crate of the same build may have switched on.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd();
    match proxy {
        Some(proxy) => builder.proxy(Proxy::all(proxy.as_str())?),
        None => builder.no_proxy(),
    }
    .build()
}

async fn read(mut response: Response, call: &HttpCall) -> Result<Vec<u8>, HttpFault> {
    let too_large = || HttpFault::TooLarge(call.max_answer);
    let limit = u64::try_from(call.max_answer).unwrap_or(u64::MAX);
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault::unreachable(&call.url, error))? {
        if chunk.len() > call.max_answer - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Ours, and the call's in their place where it names the same.
fn headers(call: &HttpCall) -> Result<HeaderMap, HttpFault> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]);
    for (name, value) in &call.headers {
        let invalid = || HttpFault::Unreachable(format!("the header {name:?} can't be sent"));
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| invalid())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name).map_err(|_| invalid())?, value);
    }
    Ok(headers)
}

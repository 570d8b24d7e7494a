//! The client, with the two ports that it serves.

use std::sync::OnceLock;

use async_trait::async_trait;
use keyward_core::port::{HttpAnswer, HttpCall, HttpClient, HttpFault};
use keyward_providers::{
    ProviderHttp,
    http::{Answer, Body, Outgoing},
};
use reqwest::{
    Client, ClientBuilder, Proxy,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use url::Url;

use crate::{
    exchange::{self, Limits, Received, exchange},
    fault,
    guard::Guard,
};

/// Outgoing HTTP over connection pools: to addresses that stand in the configuration as they are, to addresses
/// that were learned from data only on the public internet (invariant 13).
///
/// Certificates are checked against the system's roots; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
#[derive(Debug, Default)]
pub struct OutgoingHttp {
    proxy: Option<Url>,
    guard: Guard,
    // Made by the first call: reading the system's certificates takes time and memory that a deployment
    // without a back end need not spend.
    shared: Clients,
    alone: Clients,
}

/// One for each kind of address.
#[derive(Debug, Default)]
struct Clients {
    configured: OnceLock<Client>,
    learned: OnceLock<Client>,
}

impl OutgoingHttp {
    /// A client that connects by itself, whatever proxy the environment names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A client that sends what goes to configured addresses through this proxy (`http://proxy.internal:3128`).
    ///
    /// Learned addresses are connected to without it: a proxy resolves names by itself, and nobody could say
    /// what it reached.
    #[must_use]
    pub fn through(proxy: Url) -> Self {
        Self { proxy: Some(proxy), ..Self::default() }
    }

    #[cfg(test)]
    pub(crate) fn guarded(guard: Guard, learned: Client) -> Self {
        let shared = Clients { learned: OnceLock::from(learned), ..Clients::default() };
        Self { guard, shared, ..Self::default() }
    }

    fn to_configured(&self, url: &Url, alone: bool) -> Result<&Client, HttpFault> {
        let (clients, builder) = self.clients(alone);
        let build = || match &self.proxy {
            Some(proxy) => builder().proxy(Proxy::all(proxy.as_str())?).build(),
            None => builder().build(),
        };
        once(&clients.configured, build).map_err(|error| fault::unreachable(url, error, alone))
    }

    fn to_learned(&self, url: &Url, alone: bool) -> Result<&Client, HttpFault> {
        self.guard.check(url, alone)?;
        let (clients, builder) = self.clients(alone);
        let build = || self.guard.over(builder()).build();
        once(&clients.learned, build).map_err(|error| fault::unreachable(url, error, alone))
    }

    fn clients(&self, alone: bool) -> (&Clients, fn() -> ClientBuilder) {
        if alone { (&self.alone, exchange::lone_client) } else { (&self.shared, exchange::client) }
    }
}

#[async_trait]
impl HttpClient for OutgoingHttp {
    async fn call(&self, call: HttpCall) -> Result<HttpAnswer, HttpFault> {
        let HttpCall { url, headers: own, body, timeout, max_answer, alone } = call;
        let json = HeaderValue::from_static(JSON);
        let ours = HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]);
        let request = self
            .to_configured(&url, alone)?
            .post(url.clone())
            .headers(exchange::headers(ours, &own)?)
            .body(body.expose().to_owned());
        let Received { status, body, .. } =
            exchange(request, &url, Limits { timeout, max_answer, alone }).await?;
        Ok(HttpAnswer { status, body })
    }
}

#[async_trait]
impl ProviderHttp for OutgoingHttp {
    async fn send(&self, request: Outgoing) -> Result<Answer, HttpFault> {
        let Outgoing { url, learned, body, headers: own, timeout, max_answer, alone } = request;
        let client = if learned { self.to_learned(&url, alone)? } else { self.to_configured(&url, alone)? };
        let header = |name, value| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let (request, ours) = match &body {
            None => (client.get(url.clone()), HeaderMap::new()),
            Some(body) => {
                let (ours, text) = match body {
                    Body::Form(form) => (header(CONTENT_TYPE, FORM), form.expose()),
                    Body::Json(json) => (header(CONTENT_TYPE, JSON), json.expose()),
                    // Some servers answer 411 to a POST that does not say that it has no body.
                    Body::Empty => (header(CONTENT_LENGTH, "0"), ""),
                };
                (client.post(url.clone()).body(text.to_owned()), ours)
            }
        };
        let request = request.headers(exchange::headers(ours, &own)?);
        let received = exchange(request, &url, Limits { timeout, max_answer, alone }).await?;
        let Received { status, content_type, body } = received;
        Ok(Answer { status, content_type, body })
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn once(
    kept: &OnceLock<Client>,
    build: impl FnOnce() -> reqwest::Result<Client>,
) -> reqwest::Result<&Client> {
    match kept.get() {
        Some(client) => Ok(client),
        None => {
            let client = build()?;
            Ok(kept.get_or_init(|| client))
        }
    }
}

//! The port through which this room's requests go out.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use keyward_core::{port::HttpFault, secret::Secret};
use serde_json::Value;
use url::Url;

use crate::fault::{Code, Fault};

/// Outgoing HTTP to providers. Never follows a redirect: what answers 3xx has not answered.
#[async_trait]
pub trait ProviderHttp: Send + Sync {
    /// Sends it and reads the whole answer.
    ///
    /// With [`Outgoing::learned`] the connection must not reach a private, loopback or link-local address, checked
    /// on the address that is connected to (invariant 13, lessons 70 and 71).
    async fn send(&self, request: Outgoing) -> Result<Answer, HttpFault>;
}

/// A request to a provider.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub url: Url,
    /// The address was learned from data (a discovery document), not written in the configuration.
    pub learned: bool,
    /// POST with this body; `None` is a GET.
    pub body: Option<Body>,
    /// Headers, beside those that the body brings.
    pub headers: Vec<(String, Secret)>,
    /// For the whole exchange.
    pub timeout: Duration,
    /// Largest answer read, in bytes.
    pub max_answer: usize,
    /// Over a connection of its own, so that a request that was not sent is known for one ([`HttpFault::NotSent`]).
    pub alone: bool,
}

/// What is posted.
#[derive(Clone, Debug)]
pub enum Body {
    /// `application/x-www-form-urlencoded`, already encoded.
    Form(Secret),
    /// `application/json`.
    Json(Secret),
    /// Nothing, `Content-Length: 0`.
    Empty,
}

/// A provider's answer.
#[derive(Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, where there is one.
    pub content_type: Option<String>,
    /// At most `max_answer` bytes.
    pub body: Vec<u8>,
}

/// For a whole exchange.
pub const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER: usize = 512 * 1024;

impl Outgoing {
    pub(crate) fn get(url: Url, learned: bool) -> Self {
        let headers = own_headers();
        Self { url, learned, body: None, headers, timeout: TIMEOUT, max_answer: MAX_ANSWER, alone: false }
    }

    pub(crate) fn post(url: Url, learned: bool, body: Body) -> Self {
        Self { body: Some(body), ..Self::get(url, learned) }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Secret>) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn bearer(self, token: &Secret) -> Self {
        self.header("Authorization", format!("Bearer {}", token.expose()))
    }
}

/// Several providers (GitHub, Reddit) answer nobody who does not say who they are.
fn own_headers() -> Vec<(String, Secret)> {
    vec![
        ("Accept".to_owned(), Secret::from("application/json")),
        ("User-Agent".to_owned(), Secret::from("keyward")),
    ]
}

impl Answer {
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The media type without parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let all = self.content_type.as_deref().unwrap_or_default();
        all.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The body as JSON, if it is.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Answers hold tokens: only their outline is printed.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("bytes", &self.body.len())
            .finish()
    }
}

/// Sends, and says which step could not reach the provider.
pub(crate) async fn send(http: &dyn ProviderHttp, request: Outgoing, step: &str) -> Result<Answer, Fault> {
    let host = request.url.host_str().unwrap_or_default().to_owned();
    http.send(request).await.map_err(|why| Code::Unreachable.because(format!("{step} at {host}: {why}")))
}

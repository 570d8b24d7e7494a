//! Outgoing requests.

use std::time::Duration;

use async_trait::async_trait;

use crate::secret::Secret;

/// An outgoing request: JSON by POST, the one kind that the core makes so far.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// Where to; written in the configuration, so it may be a private address (invariant 13).
    pub url: url::Url,
    /// Additional headers.
    pub headers: Vec<(String, Secret)>,
    /// JSON text.
    pub body: Secret,
    /// For the whole exchange.
    pub timeout: Duration,
    /// Largest answer read, in bytes.
    pub max_answer: usize,
    /// Over a connection of its own, so that a request that was not sent is known for one
    /// ([`HttpFault::NotSent`]).
    pub alone: bool,
}

/// The answer to an outgoing request.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// At most `max_answer` bytes.
    pub body: Vec<u8>,
}

/// Why an outgoing request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// No connection, for a request that had one of its own to make: nothing of it was sent. The text is for the log.
    #[error("{0}")]
    NotSent(String),
    /// No complete answer within the time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// No connection, or it broke. The text is for the log.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is larger than allowed.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// Outgoing HTTP: does not follow redirects.
#[async_trait]
pub trait HttpClient: Send + Sync {
    /// Sends it and reads the whole answer.
    async fn call(&self, call: HttpCall) -> Result<HttpAnswer, HttpFault>;
}

//! Tokens that another system hands out, and the ways to have them refreshed.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    port::{Background, HttpFault},
    secret::Secret,
    time::Timestamp,
};

/// What a back end or provider handed out.
#[derive(Clone)]
pub struct ForeignTokens {
    /// What the application sends along.
    pub access_token: Secret,
    /// By what new ones are had.
    pub refresh_token: Option<Secret>,
    /// When the access token ends, if anybody says so.
    pub expires: Option<Timestamp>,
}

/// Tokens are never printed.
impl fmt::Debug for ForeignTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignTokens")
            .field("refresh_token", &self.refresh_token.is_some())
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// One way to have tokens refreshed.
#[async_trait]
pub trait Refresher: Send + Sync {
    /// Whatever has to be known before the refresh token is sent. What fails here was provably not sent.
    ///
    /// # Errors
    /// A text for the log.
    async fn prepare(&self) -> Result<(), String> {
        Ok(())
    }

    /// Sends the refresh token, once. `key` is the same for the same attempt. An answer without a refresh token means
    /// that the old one stays good.
    ///
    /// # Errors
    /// [`RefreshFault`].
    async fn refresh(&self, tokens: &ForeignTokens, key: &str) -> Result<ForeignTokens, RefreshFault>;
}

/// Why there are no new tokens. The texts are for the log and hold none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshFault {
    /// Nothing was sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// There was an answer: not now.
    #[error("{0}")]
    Failed(String),
    /// There was an answer: never again.
    #[error("refused: {0}")]
    Refused(String),
    /// It was sent, and no answer can be made sense of.
    #[error("sent, and then {0}")]
    Unanswered(String),
}

impl From<HttpFault> for RefreshFault {
    fn from(fault: HttpFault) -> Self {
        match fault {
            HttpFault::NotSent(why) => Self::NotSent(why),
            fault @ (HttpFault::Timeout(_) | HttpFault::Unreachable(_) | HttpFault::TooLarge(_)) => {
                Self::Unanswered(fault.to_string())
            }
        }
    }
}

/// What a deployment says of the tokens of one provider.
#[derive(Clone)]
pub struct TokenSource {
    /// How they are refreshed; `None`: they are not.
    pub refresher: Option<Arc<dyn Refresher>>,
    /// How long before its end an access token is refreshed.
    pub before: Duration,
    /// For how long the other side takes an attempt with the same `Idempotency-Key` for the same one. `None`: it does
    /// not promise to.
    pub grace: Option<Duration>,
    /// How long preparing takes at most, and how long refreshing.
    pub timeout: Duration,
    /// What `session.error` says where the tokens could not be refreshed.
    pub error: String,
}

/// The word that the tutorials use for tokens that could not be refreshed.
pub const REFRESH_ERROR: &str = "RefreshAccessTokenError";

/// How long before its end an access token is refreshed, where nobody says otherwise.
pub const BEFORE: Duration = Duration::from_secs(30);

/// The providers that hand out tokens which sessions keep.
#[derive(Clone, Default)]
pub struct Foreign {
    /// By the provider's id.
    pub sources: BTreeMap<String, TokenSource>,
    /// What refreshes run on. `None`: nothing is refreshed.
    pub background: Option<Arc<dyn Background>>,
}

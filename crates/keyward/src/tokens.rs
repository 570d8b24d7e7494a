//! Tokens that back ends and providers hand out, kept fresh for the sessions that have them.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keyward_core::{
    method::backend::{BackendRefresh, RefreshEndpoint},
    port::{Background, Boxed, Clock, HttpClient},
    vault::{BEFORE, REFRESH_ERROR, Refresher, TokenSource},
};
use keyward_providers::{ProviderRefresh, RedirectTools, http::TIMEOUT, provider::Provider};
use tokio::{task::JoinSet, time};

use crate::mistake::Mistake;

/// How fresh a session's tokens are kept, and what it says where they are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// How long before its end an access token is refreshed; a quarter of its life at most.
    pub before: Duration,
    /// For how long the other side takes a second request with the same `Idempotency-Key` for the first one. `None`: it
    /// does not promise to, and a refresh whose answer was lost is not made again.
    pub grace: Option<Duration>,
    /// What `session.error` says where the tokens could not be refreshed.
    pub error: String,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { before: BEFORE, grace: None, error: REFRESH_ERROR.to_owned() }
    }
}

/// What a second try needs beyond the time that the first one may take.
const BEYOND: Duration = Duration::from_secs(3);

impl Freshness {
    fn source(self, refresher: Option<Arc<dyn Refresher>>, timeout: Duration) -> TokenSource {
        let Self { before, grace, error } = self;
        TokenSource { refresher, before, grace, timeout, error }
    }

    /// What is wrong with it, for a provider at `at` that may take `timeout` to answer.
    pub(crate) fn mistakes(&self, at: &str, timeout: Duration, found: &mut Vec<Mistake>) {
        if self.grace.is_some_and(|grace| grace < timeout + BEYOND) {
            found.push(Mistake::new(
                format!("{at}.refresh.grace"),
                format!(
                    "a second request comes {}s after the first at the earliest",
                    (timeout + BEYOND).as_secs()
                ),
                "write a longer grace or a shorter timeout; without a promise of the back end leave it out",
            ));
        }
        if self.error.is_empty() {
            found.push(Mistake::new(
                format!("{at}.refresh.error"),
                "the session would not show that there is an error",
                "write a word such as RefreshAccessTokenError, or leave it out",
            ));
        }
    }
}

/// A back end's tokens: refreshed where it has an endpoint for that.
pub(crate) fn of_back_end(
    endpoint: Option<RefreshEndpoint>,
    freshness: Freshness,
    http: &Arc<dyn HttpClient>,
    clock: &Arc<dyn Clock>,
) -> TokenSource {
    let timeout = endpoint.as_ref().map_or(Duration::ZERO, |endpoint| endpoint.timeout);
    let refresher = endpoint.map(|endpoint| {
        let (http, clock) = (Arc::clone(http), Arc::clone(clock));
        Arc::new(BackendRefresh { endpoint, http, clock }) as Arc<dyn Refresher>
    });
    freshness.source(refresher, timeout)
}

/// A provider's tokens, refreshed by OAuth's refresh grant.
pub(crate) fn of_provider(provider: Provider, freshness: Freshness, tools: &RedirectTools) -> TokenSource {
    let refresher = Arc::new(ProviderRefresh::new(provider, tools.clone()));
    freshness.source(Some(refresher), TIMEOUT)
}

/// Runs refreshes to their end on the Tokio runtime that asks for them.
#[derive(Debug, Default)]
pub(crate) struct Refreshes(Mutex<JoinSet<()>>);

impl Refreshes {
    /// Waits until all that were begun have ended, but not for ever.
    pub(crate) async fn finish(&self) {
        const AT_MOST: Duration = Duration::from_secs(15);
        let running = std::mem::take(&mut *self.running());
        if time::timeout(AT_MOST, running.join_all()).await.is_err() {
            tracing::error!("a refresh of tokens had to be cut off; its session may have to sign in again");
        }
    }

    fn running(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Background for Refreshes {
    fn spawn(&self, work: Boxed<()>) {
        let mut running = self.running();
        while running.try_join_next().is_some() {}
        running.spawn(work);
    }

    fn sleep(&self, span: Duration) -> Boxed<()> {
        Box::pin(time::sleep(span))
    }
}

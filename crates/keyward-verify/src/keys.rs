//! The issuer's keys: kept, fetched again when they age or when a token names one that is not there.
//!
//! | keys that are | are |
//! |---|---|
//! | younger than [`FRESH`] | used |
//! | older | used, and fetched again meanwhile |
//! | older than [`OLD`] | fetched again first; used all the same while the issuer gives none |
//!
//! Whatever the cause, there is at most one fetch in [`PAUSE`], and one at a time.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use keyward_jose::jwk::Jwks;
use keyward_jose::jws::Algorithm;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::source::{KeySource, SourceError};

/// What Keyward signs access tokens with. Each key has one of them; a token can only choose among keys.
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa];

/// How long keys are used without a question.
pub(crate) const FRESH: Duration = Duration::from_secs(10 * 60);
/// How long they are used without waiting for the answer.
pub(crate) const OLD: Duration = Duration::from_secs(60 * 60);
/// From one fetch to the next, so that forged tokens make no storm of requests.
pub(crate) const PAUSE: Duration = Duration::from_secs(30);
/// The same while there are no keys at all: an application may start before its issuer does.
pub(crate) const PAUSE_WITHOUT: Duration = Duration::from_secs(1);

pub(crate) struct Keys {
    source: Box<dyn KeySource>,
    state: RwLock<State>,
    /// Held while a fetch is under way.
    fetching: Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    tried: Option<Instant>,
}

#[derive(Clone)]
struct Held {
    keys: Arc<Jwks>,
    since: Instant,
}

impl Keys {
    pub(crate) fn new(source: impl KeySource) -> Arc<Self> {
        Arc::new(Self { source: Box::new(source), state: RwLock::default(), fetching: Mutex::new(()) })
    }

    /// The keys as they are to be used now; `None` where none could ever be had.
    pub(crate) async fn current(self: &Arc<Self>) -> Option<Arc<Jwks>> {
        let held = self.held();
        match held.as_ref().map(|held| held.since.elapsed()) {
            Some(age) if age < FRESH => {}
            Some(age) if age < OLD => drop(self.refresh()),
            _ => {
                self.refreshed().await;
                return self.held().map(|held| held.keys);
            }
        }
        held.map(|held| held.keys)
    }

    /// Other keys than `these`, in which one was not found; `None` where there are no others to be had now.
    pub(crate) async fn other_than(self: &Arc<Self>, these: &Arc<Jwks>) -> Option<Arc<Jwks>> {
        let others = || self.held().map(|held| held.keys).filter(|keys| !Arc::ptr_eq(keys, these));
        if let Some(others) = others() {
            return Some(others);
        }
        self.refreshed().await;
        others()
    }

    async fn refreshed(self: &Arc<Self>) {
        if let Some(refresh) = self.refresh() {
            // It fails only where the runtime ends or a source panics; then there is nothing new.
            drop(refresh.await);
        }
    }

    /// Begins a fetch, or waits for the one that is under way; `None` where neither is due.
    ///
    /// It is a task of its own: whoever asked may hang up, and that must not use up the one try in [`PAUSE`].
    fn refresh(self: &Arc<Self>) -> Option<tokio::task::JoinHandle<()>> {
        (self.is_due() || self.fetching.try_lock().is_err()).then(|| {
            let keys = Arc::clone(self);
            tokio::spawn(async move {
                let _one_at_a_time = keys.fetching.lock().await;
                if keys.is_due() {
                    keys.fetch().await;
                }
            })
        })
    }

    fn is_due(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let pause = if state.held.is_some() { PAUSE } else { PAUSE_WITHOUT };
        state.tried.is_none_or(|tried| tried.elapsed() >= pause)
    }

    async fn fetch(&self) {
        self.change(|state| state.tried = Some(Instant::now()));
        match self.source.fetch().await.and_then(|document| parse(&document)) {
            Ok(keys) => {
                let keys = Arc::new(keys);
                self.change(|state| state.held = Some(Held { keys, since: Instant::now() }));
            }
            Err(error) => tracing::warn!(error = %Chain(&*error), "the issuer's keys could not be fetched"),
        }
    }

    fn held(&self) -> Option<Held> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).held.clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Reads a document. One without a usable key would lock everybody out, so it does not replace one that has some.
fn parse(document: &[u8]) -> Result<Jwks, SourceError> {
    let keys = Jwks::parse(document)?;
    if ALGORITHMS.into_iter().any(|algorithm| keys.find(None, algorithm).next().is_some()) {
        Ok(keys)
    } else {
        Err("the document has no key that is usable here".into())
    }
}

/// An error with its causes, which reqwest's own text leaves out.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

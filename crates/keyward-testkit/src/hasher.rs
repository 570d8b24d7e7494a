//! A password hasher that costs nothing and counts.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use keyward_core::{
    port::{HashError, PasswordHasher, Verdict},
    secret::Secret,
};

const CURRENT: &str = "$counting$v=2$";
const OUTDATED: &str = "$counting$v=1$";

/// Not hashing at all: the "hash" shows the password. Counts what a real one would have spent.
#[derive(Debug, Default)]
pub struct CountingHasher {
    hashed: AtomicUsize,
    verified: AtomicUsize,
    overloaded: Mutex<Option<Duration>>,
}

impl CountingHasher {
    /// Hashes spent so far, by both operations.
    #[must_use]
    pub fn spent(&self) -> usize {
        self.hashed() + self.verified()
    }

    /// Calls of [`PasswordHasher::hash`] that were carried out.
    #[must_use]
    pub fn hashed(&self) -> usize {
        self.hashed.load(Ordering::SeqCst)
    }

    /// Calls of [`PasswordHasher::verify`] that were carried out.
    #[must_use]
    pub fn verified(&self) -> usize {
        self.verified.load(Ordering::SeqCst)
    }

    /// With `Some`, every call is refused as overloaded and counts as nothing.
    pub fn overload(&self, retry_after: Option<Duration>) {
        *self.overloaded.lock().unwrap_or_else(PoisonError::into_inner) = retry_after;
    }

    /// The hash of `password` with the parameters of yesterday.
    #[must_use]
    pub fn outdated(password: &str) -> String {
        format!("{OUTDATED}{password}")
    }

    fn spend(&self, counter: &AtomicUsize) -> Result<(), HashError> {
        match *self.overloaded.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(retry_after) => Err(HashError::Overloaded { retry_after }),
            None => {
                counter.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        }
    }
}

#[async_trait]
impl PasswordHasher for CountingHasher {
    async fn hash(&self, password: &Secret) -> Result<String, HashError> {
        self.spend(&self.hashed)?;
        Ok(format!("{CURRENT}{}", password.expose()))
    }

    async fn verify(&self, password: &Secret, against: Option<&str>) -> Result<Verdict, HashError> {
        self.spend(&self.verified)?;
        let Some(hash) = against else { return Ok(Verdict::NoMatch) };
        let (kept, on_match) = if let Some(kept) = hash.strip_prefix(CURRENT) {
            (kept, Verdict::Match)
        } else if let Some(kept) = hash.strip_prefix(OUTDATED) {
            (kept, Verdict::MatchOutdated)
        } else {
            return Err(HashError::Failed);
        };
        Ok(if password.matches(kept) { on_match } else { Verdict::NoMatch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_attempt_costs_one_whoever_is_named() {
        let hasher = CountingHasher::default();
        let secret = Secret::from("correct horse");
        let hash = hasher.hash(&secret).await.expect("hashed");
        assert_eq!(hasher.verify(&secret, Some(&hash)).await, Ok(Verdict::Match));
        assert_eq!(hasher.verify(&Secret::from("x"), Some(&hash)).await, Ok(Verdict::NoMatch));
        assert_eq!(hasher.verify(&secret, None).await, Ok(Verdict::NoMatch));
        let outdated = CountingHasher::outdated("correct horse");
        assert_eq!(hasher.verify(&secret, Some(&outdated)).await, Ok(Verdict::MatchOutdated));
        assert_eq!(hasher.verify(&secret, Some("rubbish")).await, Err(HashError::Failed));
        assert_eq!((hasher.hashed(), hasher.verified(), hasher.spent()), (1, 5, 6));
    }

    #[tokio::test]
    async fn an_overloaded_hasher_refuses_and_spends_nothing() {
        let hasher = CountingHasher::default();
        let retry_after = Duration::from_secs(3);
        hasher.overload(Some(retry_after));
        let refused = Err(HashError::Overloaded { retry_after });
        assert_eq!(hasher.hash(&Secret::from("x")).await, refused);
        assert_eq!(hasher.spent(), 0);
        hasher.overload(None);
        assert!(hasher.hash(&Secret::from("x")).await.is_ok());
    }
}

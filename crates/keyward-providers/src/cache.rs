//! Providers' documents, kept for a while: metadata and keys change seldom and are needed at each sign-in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use keyward_core::time::Timestamp;
use keyward_jose::jwk::Jwks;

use crate::discovery::Metadata;

/// How long a document is good.
pub(crate) const GOOD_FOR: Duration = Duration::from_secs(60 * 60);

/// How old keys must be before a token that none of them verifies has them fetched again: rotated keys are found
/// at once, and forged tokens make no storm of requests.
pub(crate) const KEYS_AT_LEAST: Duration = Duration::from_secs(30);

/// One process's documents of all providers.
#[derive(Debug, Default)]
pub struct Cache {
    /// By providers' ids: what a provider's settings override is part of it.
    pub(crate) metadata: Shelf<Metadata>,
    /// By addresses.
    pub(crate) keys: Shelf<Jwks>,
}

/// Documents of one kind, as they were read.
#[derive(Debug)]
pub(crate) struct Shelf<T>(Mutex<HashMap<String, (Timestamp, Arc<T>)>>);

/// More than any deployment has providers.
const MOST: usize = 512;

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shelf<T> {
    /// The document, if it was put there at most `age` ago.
    pub(crate) fn get(&self, name: &str, age: Duration, now: Timestamp) -> Option<Arc<T>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (put, document) = all.get(name)?;
        (*put <= now && now < put.plus(age)).then(|| Arc::clone(document))
    }

    pub(crate) fn put(&self, name: &str, document: T, now: Timestamp) -> Arc<T> {
        let document = Arc::new(document);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(name.to_owned(), (now, Arc::clone(&document)));
        document
    }
}

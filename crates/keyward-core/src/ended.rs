//! Sealed sessions that were ended before their time (invariant 11).

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use crate::{
    port::{Ledger, SessionId, StoreError},
    time::Timestamp,
};

/// The ended sessions that may still have living tokens. Each process keeps all of them and follows the store's
/// changes, so that reading a sealed session asks nobody.
#[derive(Debug, Default)]
pub struct EndedSessions {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    until: HashMap<SessionId, Timestamp>,
    change: u64,
}

impl EndedSessions {
    /// True if the session was ended.
    #[must_use]
    pub fn contains(&self, session: &str) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // Nearly always empty or small; the allocation is for the rare case alone.
        !known.until.is_empty() && known.until.contains_key(&SessionId(session.to_owned()))
    }

    /// Remembers an ending of this process at once.
    pub fn insert(&self, session: SessionId, until: Timestamp) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).until.insert(session, until);
    }

    /// Takes over the endings of all processes since the last call, and forgets those whose time is over.
    pub async fn follow(&self, ledger: &dyn Ledger, now: Timestamp) -> Result<(), StoreError> {
        let after = self.known.read().unwrap_or_else(PoisonError::into_inner).change;
        let endings = ledger.ended_since(after).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for ending in endings {
            known.change = known.change.max(ending.change);
            known.until.insert(ending.session, ending.until);
        }
        known.until.retain(|_, until| *until > now);
        Ok(())
    }
}

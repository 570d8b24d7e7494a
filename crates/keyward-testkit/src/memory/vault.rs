//! The vault in memory.

use async_trait::async_trait;
use keyward_core::{
    policy::refresh::{Attempt, Standing, State as Worth},
    port::{Entry, EntryId, SessionId, Settlement, StoreError, TokenVault, Vaulted},
    time::Timestamp,
};

use super::{MemoryStore, state::State};

#[async_trait]
impl TokenVault for MemoryStore {
    async fn vault_entry(&self, id: &EntryId) -> Result<Option<Entry>, StoreError> {
        Ok(self.state().vault.get(id).cloned())
    }

    async fn begin_refresh(&self, id: &EntryId, version: u64, attempt: &Attempt) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(entry) = state.of_version(id, version) else { return Ok(false) };
        entry.version += 1;
        entry.standing.attempt = Some(attempt.clone());
        Ok(true)
    }

    async fn mark_sent(
        &self,
        id: &EntryId,
        version: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let attempt = state.of_version(id, version).and_then(|entry| entry.standing.attempt.as_mut());
        let Some(attempt) = attempt else { return Ok(false) };
        attempt.sent = attempt.sent.or(Some(now));
        attempt.until = until;
        Ok(true)
    }

    async fn settle_refresh(&self, id: &EntryId, how: &Settlement) -> Result<bool, StoreError> {
        let mut state = self.state();
        let entry = match how {
            Settlement::Renewed { generation, .. } => {
                state.vault.get_mut(id).filter(|entry| entry.generation == *generation)
            }
            Settlement::Failed { version, .. }
            | Settlement::Unanswered { version, .. }
            | Settlement::Over { version, .. } => state.of_version(id, *version),
        };
        let Some(entry) = entry else { return Ok(false) };
        let standing = &mut entry.standing;
        match how {
            Settlement::Renewed { sealed, due, expires, .. } => {
                entry.sealed.clone_from(sealed);
                entry.generation += 1;
                *standing = fresh(*due, *expires);
            }
            Settlement::Failed { retry_at, .. } => {
                standing.attempt = None;
                standing.failures += 1;
                standing.retry_at = Some(*retry_at);
            }
            Settlement::Unanswered { until, again, .. } => match &mut standing.attempt {
                Some(attempt) => (attempt.until, attempt.again) = (*until, *again),
                None => return Ok(false),
            },
            Settlement::Over { state, .. } => {
                standing.attempt = None;
                standing.state = *state;
            }
        }
        entry.version += 1;
        Ok(true)
    }
}

impl State {
    /// Writes the tokens of a session that is recorded.
    pub(super) fn put_into_vault(&mut self, session: &SessionId, vaulted: &Vaulted) {
        match vaulted {
            Vaulted::New(new) => {
                let entry = Entry {
                    id: new.id.clone(),
                    session: session.clone(),
                    provider: new.provider.clone(),
                    sealed: new.sealed.clone(),
                    generation: 0,
                    version: 0,
                    standing: fresh(new.due, new.expires),
                };
                self.vault.insert(new.id.clone(), entry);
            }
            Vaulted::Moved(id) => {
                if let Some(entry) = self.vault.get_mut(id) {
                    entry.session = session.clone();
                }
            }
        }
    }

    /// The tokens of a session.
    pub(super) fn vaulted(&self, session: &SessionId) -> Option<&Entry> {
        self.vault.values().find(|entry| entry.session == *session)
    }

    fn of_version(&mut self, id: &EntryId, version: u64) -> Option<&mut Entry> {
        self.vault.get_mut(id).filter(|entry| entry.version == version)
    }
}

fn fresh(due: Option<Timestamp>, expires: Option<Timestamp>) -> Standing {
    Standing { due, expires, state: Worth::Good, attempt: None, failures: 0, retry_at: None }
}

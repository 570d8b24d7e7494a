//! What an operator changes, in memory.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{Administration, Altered, StoreError, UserChange},
    time::Timestamp,
    user::{User, UserId},
};

use super::MemoryStore;

#[async_trait]
impl Administration for MemoryStore {
    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        now: Timestamp,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Altered<User>, StoreError> {
        let mut state = self.state();
        let Some(user) = state.users.get(id) else { return Ok(Altered::NotFound) };
        let Some(changed) = change.made_to(user, now) else { return Ok(Altered::TooLarge) };
        let patch = change.of_sessions();
        state.users.insert(id.clone(), changed.clone());
        if changed.disabled.is_some() {
            state.end_all(id, until);
        } else if !patch.is_empty() {
            state.change_all(id, &patch, until);
        }
        state.write_of(events, Some(id));
        Ok(Altered::Done(changed))
    }

    async fn remove_user(
        &self,
        id: &UserId,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let there = state.users.contains_key(id);
        if there {
            state.remove(id, until);
            state.write_of(events, Some(id));
        }
        Ok(there)
    }
}

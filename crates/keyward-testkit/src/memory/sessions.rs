//! Sessions in memory, by their person.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    overlay::Overlay,
    port::{Altered, Change, SessionEntry, SessionId, Sessions, StoreError, Which},
    time::Timestamp,
    user::{Extra, UserId},
};

use super::MemoryStore;

#[async_trait]
impl Sessions for MemoryStore {
    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<SessionEntry>, StoreError> {
        let state = self.state();
        let adopted = state.adopted_of(user);
        let alive = state
            .sessions
            .iter()
            .filter(|(id, row)| (row.is_of(user) || adopted.contains(id)) && row.expires > now);
        let mut entries: Vec<_> = alive
            .map(|(id, row)| SessionEntry {
                id: id.clone(),
                created: row.created,
                seen: row.seen,
                expires: row.expires,
                user_agent: row.user_agent.clone(),
                address: row.address.clone(),
                via: row.via.clone(),
            })
            .collect();
        entries.sort_by(|a, b| (b.seen, b.created, &b.id.0).cmp(&(a.seen, a.created, &a.id.0)));
        Ok(entries)
    }

    async fn end_sessions(
        &self,
        user: &UserId,
        which: &Which,
        asked_in: Option<&SessionId>,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Option<u64>, StoreError> {
        let mut state = self.state();
        let mut ids = state.ids_of(user);
        if asked_in.is_some_and(|session| !ids.contains(session)) {
            return Ok(None);
        }
        ids.extend(state.adopted_of(user));
        ids.retain(|id| match which {
            Which::One(one) => id == one,
            Which::Others(one) => id != one,
            Which::All => true,
        });
        for id in &ids {
            state.end(id, until);
        }
        if which.ends_unlisted() {
            state.end_half_open(user);
            state.note_end_of_names(user, until);
        }
        if !ids.is_empty() {
            state.write_of(events, Some(user));
        }
        Ok(Some(ids.len() as u64))
    }

    async fn change_session(
        &self,
        id: &SessionId,
        patch: &Extra,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Altered<()>, StoreError> {
        let mut state = self.state();
        let changed = state.change_session(id, patch, until);
        if changed == Altered::Done(()) {
            state.write(events);
        }
        Ok(changed)
    }

    async fn overlay(&self, id: &SessionId) -> Result<Option<(u64, Overlay)>, StoreError> {
        Ok(self.state().sessions.get(id).map(|row| (row.version, row.overlay.clone())))
    }

    async fn changes_since(&self, after: u64) -> Result<Vec<Change>, StoreError> {
        Ok(self.state().changes.iter().filter(|change| change.change > after).cloned().collect())
    }
}

//! Sessions that fail when told to.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    overlay::Overlay,
    port::{Altered, Change, SessionEntry, SessionId, Sessions, StoreError, Which},
    time::Timestamp,
    user::{Extra, UserId},
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: Sessions + ?Sized> Sessions for FaultyStore<S> {
    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<SessionEntry>, StoreError> {
        self.done(Operation::SessionsOf, self.pass(Operation::SessionsOf)?.sessions_of(user, now).await)
    }

    async fn end_sessions(
        &self,
        user: &UserId,
        which: &Which,
        asked_in: Option<&SessionId>,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Option<u64>, StoreError> {
        self.done(
            Operation::EndSessions,
            self.pass(Operation::EndSessions)?.end_sessions(user, which, asked_in, until, events).await,
        )
    }

    async fn change_session(
        &self,
        id: &SessionId,
        patch: &Extra,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Altered<()>, StoreError> {
        self.done(
            Operation::ChangeSession,
            self.pass(Operation::ChangeSession)?.change_session(id, patch, until, events).await,
        )
    }

    async fn overlay(&self, id: &SessionId) -> Result<Option<(u64, Overlay)>, StoreError> {
        self.done(Operation::Overlay, self.pass(Operation::Overlay)?.overlay(id).await)
    }

    async fn changes_since(&self, after: u64) -> Result<Vec<Change>, StoreError> {
        self.done(Operation::ChangesSince, self.pass(Operation::ChangesSince)?.changes_since(after).await)
    }
}

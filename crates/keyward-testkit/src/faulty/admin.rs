//! The operator's side of the directory, failing when told to.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{Administration, Altered, StoreError, UserChange},
    time::Timestamp,
    user::{User, UserId},
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: Administration + ?Sized> Administration for FaultyStore<S> {
    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        now: Timestamp,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Altered<User>, StoreError> {
        self.done(
            Operation::ChangeUser,
            self.pass(Operation::ChangeUser)?.change_user(id, change, now, until, events).await,
        )
    }

    async fn remove_user(
        &self,
        id: &UserId,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<bool, StoreError> {
        self.done(
            Operation::RemoveUser,
            self.pass(Operation::RemoveUser)?.remove_user(id, until, events).await,
        )
    }
}

//! Families of refresh tokens that fail when told to.

use async_trait::async_trait;
use keyward_core::port::{Grant, Grants, Rotated, Rotation, SessionId, StoreError};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: Grants + ?Sized> Grants for FaultyStore<S> {
    async fn grant(&self, session: &SessionId) -> Result<Option<Grant>, StoreError> {
        self.done(Operation::Grant, self.pass(Operation::Grant)?.grant(session).await)
    }

    async fn rotate_grant(&self, rotation: &Rotation) -> Result<Rotated, StoreError> {
        self.done(Operation::RotateGrant, self.pass(Operation::RotateGrant)?.rotate_grant(rotation).await)
    }
}

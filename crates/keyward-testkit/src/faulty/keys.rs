//! Signing keys that fail when told to.

use async_trait::async_trait;
use keyward_core::port::{SigningKeys, StoreError, StoredKey};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: SigningKeys + ?Sized> SigningKeys for FaultyStore<S> {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.done(Operation::SigningKeys, self.pass(Operation::SigningKeys)?.signing_keys().await)
    }

    async fn add_signing_key(&self, key: &StoredKey, after: Option<&str>) -> Result<bool, StoreError> {
        let added = self.pass(Operation::AddSigningKey)?.add_signing_key(key, after).await;
        self.done(Operation::AddSigningKey, added)
    }
}

//! Keys that sign access tokens in memory.

use async_trait::async_trait;
use keyward_core::port::{SigningKeys, StoreError, StoredKey};

use super::MemoryStore;

#[async_trait]
impl SigningKeys for MemoryStore {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        Ok(self.state().signing_keys.clone())
    }

    async fn add_signing_key(&self, key: &StoredKey, after: Option<&str>) -> Result<bool, StoreError> {
        let mut state = self.state();
        let is_next = state.signing_keys.last().map(|last| last.kid.as_str()) == after;
        if is_next {
            state.signing_keys.push(key.clone());
        }
        Ok(is_next)
    }
}

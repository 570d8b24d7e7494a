//! The vault, failing when told to.

use async_trait::async_trait;
use keyward_core::{
    policy::refresh::Attempt,
    port::{Entry, EntryId, Settlement, StoreError, TokenVault},
    time::Timestamp,
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: TokenVault + ?Sized> TokenVault for FaultyStore<S> {
    async fn vault_entry(&self, id: &EntryId) -> Result<Option<Entry>, StoreError> {
        self.done(Operation::VaultEntry, self.pass(Operation::VaultEntry)?.vault_entry(id).await)
    }

    async fn begin_refresh(&self, id: &EntryId, version: u64, attempt: &Attempt) -> Result<bool, StoreError> {
        let inner = self.pass(Operation::BeginRefresh)?;
        self.done(Operation::BeginRefresh, inner.begin_refresh(id, version, attempt).await)
    }

    async fn mark_sent(
        &self,
        id: &EntryId,
        version: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let inner = self.pass(Operation::MarkSent)?;
        self.done(Operation::MarkSent, inner.mark_sent(id, version, now, until).await)
    }

    async fn settle_refresh(&self, id: &EntryId, how: &Settlement) -> Result<bool, StoreError> {
        let inner = self.pass(Operation::SettleRefresh)?;
        self.done(Operation::SettleRefresh, inner.settle_refresh(id, how).await)
    }
}

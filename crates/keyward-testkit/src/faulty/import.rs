//! Imports that fail when told to.

use async_trait::async_trait;
use keyward_core::{
    port::{Imported, ImportedUser, Imports, StoreError},
    time::Timestamp,
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: Imports + ?Sized> Imports for FaultyStore<S> {
    async fn import_users(
        &self,
        batch: &[ImportedUser],
        restore: bool,
        now: Timestamp,
    ) -> Result<Vec<Imported>, StoreError> {
        let inner = self.pass(Operation::ImportUsers)?;
        self.done(Operation::ImportUsers, inner.import_users(batch, restore, now).await)
    }
}

#[cfg(test)]
mod tests {
    use keyward_core::user::{User, UserId};

    use super::*;
    use crate::MemoryStore;

    #[tokio::test]
    async fn a_batch_whose_answer_was_lost_is_found_there_when_it_is_sent_again() {
        let store = FaultyStore::new(MemoryStore::default());
        let user = User::new(UserId("ada".to_owned()));
        let batch = [ImportedUser { user, password_hash: None, accounts: Vec::new(), app: None }];
        let import = || store.import_users(&batch, false, Timestamp::from_secs(0));
        store.fail_next(Operation::ImportUsers);
        assert!(import().await.is_err());
        store.fail_after(Operation::ImportUsers);
        assert!(import().await.is_err());
        assert_eq!(import().await.expect("answers"), [Imported::There]);
        assert_eq!(store.calls(Operation::ImportUsers), 3);
    }
}

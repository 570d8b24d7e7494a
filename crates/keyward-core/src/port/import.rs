//! People who are brought along from another system.

use async_trait::async_trait;

use super::{KeptApp, StoreError};
use crate::{
    time::Timestamp,
    user::{Account, User},
};

/// A user as another system knew them, with their ways in.
#[derive(Clone, Debug)]
pub struct ImportedUser {
    /// The record to make, under the id that they had. The address is normalised.
    pub user: User,
    /// A password hash that the hasher can check.
    pub password_hash: Option<String>,
    /// Where they are known.
    pub accounts: Vec<Account>,
    /// Their authenticator app: who had a second factor is asked for it here too.
    pub app: Option<KeptApp>,
}

/// What came of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// They are made.
    Made,
    /// A user with this id, this address and these accounts is there already; nothing was written, whatever else
    /// changed of them since. So an import that was interrupted can be run again from the beginning.
    There,
    /// Who came along by this id was deleted here; nothing was written.
    Deleted,
    /// Another user has the id; nothing was written of this one.
    IdTaken,
    /// Another user has the address; nothing was written of this one.
    EmailTaken,
    /// Another user has one of the accounts; nothing was written of this one.
    AccountTaken,
}

/// Imports.
#[async_trait]
pub trait Imports: Send + Sync {
    /// Makes users in their order, each as a whole or not at all, and says of each what came of it. All that are made
    /// are made in one transition: if it fails, none is.
    ///
    /// Who came along before and was deleted since, in whatever way, is left out, unless they are to be restored. All that
    /// a store keeps of them for this is a digest of the id that they came with; it goes when they come back.
    async fn import_users(
        &self,
        batch: &[ImportedUser],
        restore: bool,
        now: Timestamp,
    ) -> Result<Vec<Imported>, StoreError>;
}

//! The vault: the tokens that another system handed out for a session, sealed, and who is refreshing them.
//!
//! Each transition is a compare-and-set on one entry and none makes an entry: what ended with its session stays gone,
//! whoever is still refreshing (invariant 8). Nobody holds a transaction while they ask the back end.

use async_trait::async_trait;

use super::{SessionId, StoreError};
use crate::{
    policy::refresh::{Attempt, Standing, State},
    time::Timestamp,
};

/// An entry's opaque id. Not a credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntryId(pub String);

/// An entry about to be written with the session whose tokens it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Drawn by the caller.
    pub id: EntryId,
    /// The provider's id: what knows how to refresh.
    pub provider: String,
    /// The tokens, sealed; opaque to stores.
    pub sealed: Vec<u8>,
    /// From when on a read refreshes them. `None`: never.
    pub due: Option<Timestamp>,
    /// When the access token ends.
    pub expires: Option<Timestamp>,
}

/// Where a new session's tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vaulted {
    /// They are new.
    New(NewEntry),
    /// The session that this one replaces has them: they move, also while somebody refreshes them.
    Moved(EntryId),
}

/// An entry as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Opaque id.
    pub id: EntryId,
    /// Whose tokens they are. The entry goes when this session goes.
    pub session: SessionId,
    /// The provider's id.
    pub provider: String,
    /// The tokens, sealed.
    pub sealed: Vec<u8>,
    /// How often they were refreshed.
    pub generation: u64,
    /// Grows with each transition but [`TokenVault::mark_sent`].
    pub version: u64,
    /// What is known of them.
    pub standing: Standing,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// With new tokens. Counts for who still holds the `generation` that was sent, also if the attempt was given up
    /// meanwhile: they are the successors of what is there.
    Renewed {
        /// The generation whose refresh token was sent.
        generation: u64,
        /// The new tokens, sealed.
        sealed: Vec<u8>,
        /// From when on a read refreshes them.
        due: Option<Timestamp>,
        /// When the access token ends.
        expires: Option<Timestamp>,
    },
    /// Without effect, for a passing reason.
    Failed {
        /// The attempt's.
        version: u64,
        /// Not to be tried before.
        retry_at: Timestamp,
    },
    /// Sent, without an answer: its owner lets go of it, and who comes next decides.
    Unanswered {
        /// The attempt's.
        version: u64,
        /// From when on.
        until: Timestamp,
        /// Whether the attempt was made for the last time.
        again: bool,
    },
    /// For good.
    Over {
        /// The attempt's.
        version: u64,
        /// [`State::Refused`] or [`State::Lost`].
        state: State,
    },
}

/// The vault. Every transition says false where the entry is gone or no longer what the caller read.
#[async_trait]
pub trait TokenVault: Send + Sync {
    /// The entry with this id.
    async fn vault_entry(&self, id: &EntryId) -> Result<Option<Entry>, StoreError>;

    /// Begins an attempt, if the entry still has this version; then it has the next one. Of many at once, one begins.
    async fn begin_refresh(&self, id: &EntryId, version: u64, attempt: &Attempt) -> Result<bool, StoreError>;

    /// Says that the attempt that made this version is sent now, and is its owner's until `until`. Where it was sent
    /// before, that moment stays.
    async fn mark_sent(
        &self,
        id: &EntryId,
        version: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends an attempt.
    async fn settle_refresh(&self, id: &EntryId, how: &Settlement) -> Result<bool, StoreError>;
}

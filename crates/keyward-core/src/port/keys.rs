//! Keys that sign access tokens: made by one process, used and published by all.

use async_trait::async_trait;

use super::StoreError;
use crate::time::Timestamp;

/// A key pair as the store keeps it. Its times are set when it is made and never change, so that every process comes to
/// the same answer of which key signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// By it tokens name the key.
    pub kid: String,
    /// Registered name of its algorithm, `ES256`.
    pub algorithm: String,
    /// The public half: a JSON Web Key.
    pub public: String,
    /// The private half, sealed.
    pub sealed: Vec<u8>,
    /// From when on it signs; it is published before that.
    pub signs_from: Timestamp,
    /// Until when it signs.
    pub signs_until: Timestamp,
    /// Until when it is published: the last token that it signed has expired by then.
    pub published_until: Timestamp,
}

/// The ring of signing keys.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// All that are there, in the order in which they were added.
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Adds a key, if the last one that was added still is `after` (`None`: there is none). Of several processes at once
    /// one gets it done.
    async fn add_signing_key(&self, key: &StoredKey, after: Option<&str>) -> Result<bool, StoreError>;
}

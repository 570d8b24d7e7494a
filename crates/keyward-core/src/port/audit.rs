//! The audit trail, and the memory of failed attempts: what a store keeps against abuse.

use async_trait::async_trait;

use super::StoreError;
use crate::{
    audit::{AuditFilter, AuditRecord},
    event::NewEvent,
    policy::abuse::Failures,
    time::Timestamp,
};

/// The audit trail. Entries that tell of a change are written by the transition that makes it, among its `events`.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// At most `limit` entries that pass the filter, the newest first.
    async fn audit(&self, filter: &AuditFilter, limit: usize) -> Result<Vec<AuditRecord>, StoreError>;

    /// Deletes entries from before `before`, and of [refusals](crate::audit::AuditKind::is_refusal) all but the
    /// `refusals` newest. Says how many went.
    async fn trim_audit(&self, before: Timestamp, refusals: u64) -> Result<u64, StoreError>;

    /// True if the trail knows of a sign-in from this network address by whoever has this normalised address of
    /// e-mail, not before `since`.
    async fn has_come_from(&self, email: &str, network: &str, since: Timestamp) -> Result<bool, StoreError>;
}

/// Failed attempts, and the networks of those who succeeded elsewhere, under keys that the core makes: no name, no address
/// stands in them. All processes on one store share them.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// What is known under each key, in their order. What may be forgotten at `now` is not known any more.
    async fn failures(&self, keys: &[String], now: Timestamp) -> Result<Vec<Failures>, StoreError>;

    /// Counts a failure at `now` under each key, to be forgotten at `until`, and writes `events` with it: the entry
    /// of the audit trail.
    async fn count_failure(
        &self,
        keys: &[String],
        now: Timestamp,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError>;

    /// Forgets what is known under these keys.
    async fn forget_failures(&self, keys: &[String]) -> Result<(), StoreError>;

    /// When a network was last [remembered](Self::remember_network) under this key; `None` where it is not known, or may be
    /// forgotten at `now`.
    async fn known_network(&self, key: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Remembers at `now` a network from which somebody signed in at a back end, to be forgotten at `until`.
    async fn remember_network(&self, key: &str, now: Timestamp, until: Timestamp) -> Result<(), StoreError>;

    /// Keeps the `most` keys whose last failure is newest, and drops the others. Says how many went.
    async fn cap_failures(&self, most: u64) -> Result<u64, StoreError>;
}

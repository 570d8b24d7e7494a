//! Mail that waits to be sent: written with what it tells ([`crate::event::Channel::Mail`]), sealed.
//!
//! As with [events](super::Outbox) each is leased by one process; who dies while sending loses the lease by time. So a
//! mail goes out at least once, and under normal conditions once.

use async_trait::async_trait;

use super::StoreError;
use crate::time::Timestamp;

/// A mail that is leased to its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMail {
    /// Place in the order in which mails were written.
    pub place: u64,
    /// How often it was leased, this time included.
    pub attempt: u32,
    /// As it was written: sealed.
    pub sealed: String,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
}

/// The mails that wait.
#[async_trait]
pub trait Post: Send + Sync {
    /// Leases at most `limit` mails that are due and not expired, those first that were written first. Until
    /// `lease_until` nobody else gets them. Where nothing is due nothing is written.
    async fn due_mails(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueMail>, StoreError>;

    /// Forgets a mail that was sent or is given up, or with `again` lets it be due then. Who lost the lease to another
    /// can still say that it was sent, and nothing else.
    async fn settle_mail(&self, mail: &DueMail, again: Option<Timestamp>) -> Result<(), StoreError>;
}

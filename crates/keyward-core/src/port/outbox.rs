//! The outbox: events that were written with what they tell, and wait to be delivered.
//!
//! Of several processes on one store each event is delivered by one, which leases it; who dies while delivering
//! loses the lease by time. So every event is delivered at least once, and under normal conditions once.

use async_trait::async_trait;

use super::StoreError;
use crate::{event::NewEvent, time::Timestamp};

/// An event that is leased to its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueEvent {
    /// Place in the order in which events were written.
    pub place: u64,
    /// How often it was leased, this time included.
    pub attempt: u32,
    /// As it was written ([`NewEvent::id`]).
    pub id: String,
    /// As it was written ([`NewEvent::body`]).
    pub body: String,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was taken: the event goes.
    Delivered,
    /// It is to be tried again.
    Retry {
        /// Not before.
        at: Timestamp,
    },
    /// It is given up, and kept for whoever wants to look.
    Dead {
        /// Until when a sweep leaves it.
        until: Timestamp,
    },
}

/// The outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Writes events that tell of no other write.
    async fn write_events(&self, events: &[NewEvent]) -> Result<(), StoreError>;

    /// Leases at most `limit` events that are due, those first that were written first. Until `lease_until` nobody
    /// else gets them. Where nothing is due nothing is written.
    async fn due_events(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEvent>, StoreError>;

    /// Says what became of an event. Who lost the lease to another can still say that it was delivered, and
    /// nothing else.
    async fn settle_event(&self, event: &DueEvent, settled: Settled) -> Result<(), StoreError>;

    /// Keeps the last `most` events and drops the others, those that were given up included. Says how many went.
    async fn cap_events(&self, most: u64) -> Result<u64, StoreError>;
}

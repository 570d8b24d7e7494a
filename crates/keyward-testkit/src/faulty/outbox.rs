//! What is told afterwards, failing when told to.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{DueEvent, Outbox, Settled, StoreError},
    time::Timestamp,
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: Outbox + ?Sized> Outbox for FaultyStore<S> {
    async fn write_events(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        self.done(Operation::WriteEvents, self.pass(Operation::WriteEvents)?.write_events(events).await)
    }

    async fn due_events(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEvent>, StoreError> {
        self.done(
            Operation::DueEvents,
            self.pass(Operation::DueEvents)?.due_events(now, lease_until, limit).await,
        )
    }

    async fn settle_event(&self, event: &DueEvent, settled: Settled) -> Result<(), StoreError> {
        self.done(
            Operation::SettleEvent,
            self.pass(Operation::SettleEvent)?.settle_event(event, settled).await,
        )
    }

    async fn cap_events(&self, most: u64) -> Result<u64, StoreError> {
        self.done(Operation::CapEvents, self.pass(Operation::CapEvents)?.cap_events(most).await)
    }
}

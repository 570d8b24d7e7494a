//! The audit trail and the memory of failed attempts, failing when told to.

use async_trait::async_trait;
use keyward_core::{
    audit::{AuditFilter, AuditRecord},
    event::NewEvent,
    port::{Attempts, AuditTrail, Failures, StoreError},
    time::Timestamp,
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: AuditTrail + ?Sized> AuditTrail for FaultyStore<S> {
    async fn audit(&self, filter: &AuditFilter, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        self.done(Operation::Audit, self.pass(Operation::Audit)?.audit(filter, limit).await)
    }

    async fn trim_audit(&self, before: Timestamp, refusals: u64) -> Result<u64, StoreError> {
        self.done(Operation::TrimAudit, self.pass(Operation::TrimAudit)?.trim_audit(before, refusals).await)
    }

    async fn has_come_from(&self, email: &str, network: &str, since: Timestamp) -> Result<bool, StoreError> {
        let inner = self.pass(Operation::HasComeFrom)?;
        self.done(Operation::HasComeFrom, inner.has_come_from(email, network, since).await)
    }
}

#[async_trait]
impl<S: Attempts + ?Sized> Attempts for FaultyStore<S> {
    async fn failures(&self, keys: &[String], now: Timestamp) -> Result<Vec<Failures>, StoreError> {
        self.done(Operation::Failures, self.pass(Operation::Failures)?.failures(keys, now).await)
    }

    async fn count_failure(
        &self,
        keys: &[String],
        now: Timestamp,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        let inner = self.pass(Operation::CountFailure)?;
        self.done(Operation::CountFailure, inner.count_failure(keys, now, until, events).await)
    }

    async fn forget_failures(&self, keys: &[String]) -> Result<(), StoreError> {
        let inner = self.pass(Operation::ForgetFailures)?;
        self.done(Operation::ForgetFailures, inner.forget_failures(keys).await)
    }

    async fn known_network(&self, key: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let inner = self.pass(Operation::KnownNetwork)?;
        self.done(Operation::KnownNetwork, inner.known_network(key, now).await)
    }

    async fn remember_network(&self, key: &str, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        let inner = self.pass(Operation::RememberNetwork)?;
        self.done(Operation::RememberNetwork, inner.remember_network(key, now, until).await)
    }

    async fn cap_failures(&self, most: u64) -> Result<u64, StoreError> {
        self.done(Operation::CapFailures, self.pass(Operation::CapFailures)?.cap_failures(most).await)
    }
}

//! The audit trail and the memory of failed attempts, in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use keyward_core::{
    audit::{AuditEntry, AuditFilter, AuditKind, AuditRecord},
    event::NewEvent,
    port::{Attempts, AuditTrail, Failures, SessionId, StoreError},
    time::Timestamp,
    user::UserId,
};

use super::MemoryStore;

/// What it holds.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// In the order in which they were written, with what they are counted by.
    entries: Vec<(AuditRecord, Option<String>)>,
    written: u64,
    failures: HashMap<String, Failed>,
    /// When each was last remembered, and until when.
    networks: HashMap<String, (Timestamp, Timestamp)>,
}

#[derive(Debug, Default)]
struct Failed {
    count: u32,
    last: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Trail {
    /// Writes an entry; one about nobody else is about `user` and this session.
    pub(super) fn insert(&mut self, entry: &AuditEntry, user: Option<&UserId>, session: Option<&SessionId>) {
        let fold = entry.fold();
        if fold.is_some()
            && let Some((known, _)) = self.entries.iter_mut().find(|(_, other)| *other == fold)
        {
            known.count += entry.count;
            known.at = known.at.min(entry.at);
            known.last = known.last.max(entry.at);
            return;
        }
        self.written += 1;
        let record = AuditRecord {
            place: self.written,
            kind: entry.kind.as_str().to_owned(),
            user: entry.user.clone().or_else(|| user.cloned()),
            session: entry.session.clone().or_else(|| session.cloned()),
            subject: entry.subject.clone(),
            network: entry.network.clone(),
            user_agent: entry.user_agent.clone(),
            detail: entry.detail.clone(),
            at: entry.at,
            last: entry.at,
            count: entry.count,
        };
        self.entries.push((record, fold));
    }

    /// Forgets failures and networks whose time is over. Says how many keys went.
    pub(super) fn sweep(&mut self, now: Timestamp) -> u64 {
        let rows = |trail: &Self| (trail.failures.len() + trail.networks.len()) as u64;
        let before = rows(self);
        self.failures.retain(|_, failed| failed.until.is_some_and(|until| until > now));
        self.networks.retain(|_, (_, until)| *until > now);
        before - rows(self)
    }
}

fn passes(record: &AuditRecord, filter: &AuditFilter) -> bool {
    let AuditFilter { user, kind, network, since, until, before } = filter;
    user.as_ref().is_none_or(|user| record.user.as_ref() == Some(user))
        && kind.as_ref().is_none_or(|kind| record.kind == *kind)
        && network.as_ref().is_none_or(|network| record.network.as_ref() == Some(network))
        && since.is_none_or(|since| record.last >= since)
        && until.is_none_or(|until| record.at < until)
        && before.is_none_or(|before| record.place < before)
}

#[async_trait]
impl AuditTrail for MemoryStore {
    async fn audit(&self, filter: &AuditFilter, limit: usize) -> Result<Vec<AuditRecord>, StoreError> {
        let state = self.state();
        let newest = state.trail.entries.iter().rev().map(|(record, _)| record);
        Ok(newest.filter(|record| passes(record, filter)).take(limit).cloned().collect())
    }

    async fn trim_audit(&self, before: Timestamp, refusals: u64) -> Result<u64, StoreError> {
        let mut state = self.state();
        let entries = &mut state.trail.entries;
        let there = entries.len();
        entries.retain(|(record, _)| record.last >= before);
        let refused = entries.iter().filter(|(_, fold)| fold.is_some()).count();
        let mut over = refused.saturating_sub(usize::try_from(refusals).unwrap_or(usize::MAX));
        entries.retain(|(_, fold)| {
            let goes = fold.is_some() && over > 0;
            over -= usize::from(goes);
            !goes
        });
        Ok((there - entries.len()) as u64)
    }

    async fn has_come_from(&self, email: &str, network: &str, since: Timestamp) -> Result<bool, StoreError> {
        let state = self.state();
        let Some(user) = state.by_email(email).map(|user| &user.id) else { return Ok(false) };
        Ok(state.trail.entries.iter().any(|(record, _)| {
            record.kind == AuditKind::SignedIn.as_str()
                && record.user.as_ref() == Some(user)
                && record.network.as_deref() == Some(network)
                && record.at >= since
        }))
    }
}

#[async_trait]
impl Attempts for MemoryStore {
    async fn failures(&self, keys: &[String], now: Timestamp) -> Result<Vec<Failures>, StoreError> {
        let state = self.state();
        let known = |key: &String| {
            let failed = state.trail.failures.get(key)?;
            failed.until.is_some_and(|until| until > now).then_some(failed)
        };
        let of = |key| known(key).map(|failed| Failures { count: failed.count, last: failed.last });
        Ok(keys.iter().map(|key| of(key).unwrap_or_default()).collect())
    }

    async fn count_failure(
        &self,
        keys: &[String],
        now: Timestamp,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        for key in keys {
            let failed = state.trail.failures.entry(key.clone()).or_default();
            if failed.until.is_none_or(|until| until <= now) {
                failed.count = 0;
            }
            failed.count += 1;
            failed.last = failed.last.max(Some(now));
            failed.until = failed.until.max(Some(until));
        }
        state.write(events);
        Ok(())
    }

    async fn forget_failures(&self, keys: &[String]) -> Result<(), StoreError> {
        let mut state = self.state();
        for key in keys {
            state.trail.failures.remove(key);
        }
        Ok(())
    }

    async fn known_network(&self, key: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let state = self.state();
        let known = state.trail.networks.get(key).filter(|(_, until)| *until > now);
        Ok(known.map(|(last, _)| *last))
    }

    async fn remember_network(&self, key: &str, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        self.state().trail.networks.insert(key.to_owned(), (now, until));
        Ok(())
    }

    async fn cap_failures(&self, most: u64) -> Result<u64, StoreError> {
        let mut state = self.state();
        let failures = &mut state.trail.failures;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let over = failures.len().saturating_sub(most);
        let mut by_age: Vec<_> = failures.iter().map(|(key, failed)| (failed.last, key.clone())).collect();
        by_age.sort();
        for (_, key) in by_age.into_iter().take(over) {
            failures.remove(&key);
        }
        Ok(over as u64)
    }
}

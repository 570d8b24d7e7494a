//! Mail that waits to be sent, in memory.

use async_trait::async_trait;
use keyward_core::{
    port::{DueMail, Post, StoreError},
    time::Timestamp,
};

use super::MemoryStore;

/// What it holds.
#[derive(Debug, Default)]
pub(super) struct Mails {
    /// In the order in which they were written, with when they are due.
    waiting: Vec<(DueMail, Timestamp)>,
    written: u64,
}

impl Mails {
    pub(super) fn insert(&mut self, sealed: &str, due: Timestamp, expires: Timestamp) {
        self.written += 1;
        let mail = DueMail { place: self.written, attempt: 0, sealed: sealed.to_owned(), expires };
        self.waiting.push((mail, due));
    }

    /// Forgets those that are worth nothing any more. Says how many went.
    pub(super) fn sweep(&mut self, now: Timestamp) -> u64 {
        let before = self.waiting.len();
        self.waiting.retain(|(mail, _)| mail.expires >= now);
        (before - self.waiting.len()) as u64
    }
}

#[async_trait]
impl Post for MemoryStore {
    async fn due_mails(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueMail>, StoreError> {
        let mut state = self.state();
        let due = state.mails.waiting.iter_mut().filter(|(mail, due)| *due <= now && mail.expires > now);
        let lease = |(mail, due): &mut (DueMail, Timestamp)| {
            *due = lease_until;
            mail.attempt += 1;
            mail.clone()
        };
        Ok(due.take(limit).map(lease).collect())
    }

    async fn settle_mail(&self, mail: &DueMail, again: Option<Timestamp>) -> Result<(), StoreError> {
        let waiting = &mut self.state().mails.waiting;
        match again {
            None => waiting.retain(|(other, _)| other.place != mail.place),
            Some(at) => {
                let ours = |(other, _): &&mut (DueMail, Timestamp)| {
                    other.place == mail.place && other.attempt == mail.attempt
                };
                if let Some((_, due)) = waiting.iter_mut().find(ours) {
                    *due = at;
                }
            }
        }
        Ok(())
    }
}

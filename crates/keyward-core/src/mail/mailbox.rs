//! Development's mailbox: what would be sent is kept in memory and shown to the developer (never in production).

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{Mail, MailFault, Mailer};
use crate::{port::Clock, time::Timestamp};

/// Mails that are kept; the oldest give way.
const MOST: usize = 50;

/// A [`Mailer`] that keeps the newest mails and names each in the log.
pub struct Mailbox {
    clock: Arc<dyn Clock>,
    shown_at: String,
    kept: Mutex<VecDeque<Kept>>,
}

/// A mail in the mailbox.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Counted from the start of the process.
    pub number: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// What was sent.
    pub mail: Mail,
}

impl Mailbox {
    /// An empty one that people read at the address `shown_at`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, shown_at: String) -> Self {
        Self { clock, shown_at, kept: Mutex::default() }
    }

    /// What it holds, the newest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: Mail) -> Result<(), MailFault> {
        // The link itself stays out of the log.
        tracing::info!("a mail to {} waits at {}", mail.to, self.shown_at);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let number = kept.front().map_or(1, |newest| newest.number + 1);
        kept.truncate(MOST - 1);
        kept.push_front(Kept { number, at: self.clock.now(), mail });
        Ok(())
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("shown_at", &self.shown_at).finish_non_exhaustive()
    }
}

//! Mail that goes nowhere: kept for the test, or refused on demand.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use keyward_core::mail::{
    AccountLetter, AccountLetters, Letter, Letters, LinkLetter, Mail, MailFault, MailFaultKind, Mailer,
};

/// A mail server of the test's own: keeps what it is given, or fails when told to. As [`Letters`] it writes mails of
/// one line, the link.
#[derive(Debug, Default)]
pub struct Outbox(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    mails: Vec<Mail>,
    failing: Option<MailFaultKind>,
}

impl Outbox {
    /// The mails that were sent since the last call, in order.
    pub fn sent(&self) -> Vec<Mail> {
        std::mem::take(&mut self.inside().mails)
    }

    /// From now on every mail fails so, or with `None` goes out again.
    pub fn fail(&self, kind: Option<MailFaultKind>) {
        self.inside().failing = kind;
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: Mail) -> Result<(), MailFault> {
        let mut inside = self.inside();
        match inside.failing {
            Some(kind) => Err(MailFault { kind, detail: "as the test wants it".to_owned() }),
            None => {
                inside.mails.push(mail);
                Ok(())
            }
        }
    }
}

impl Letters for Outbox {
    fn link(&self, link: &LinkLetter<'_>) -> Letter {
        let text = link.url.unwrap_or("nobody has this address").to_owned();
        Letter { subject: format!("Sign in to {}", link.host), html: text.clone(), text }
    }
}

impl AccountLetters for Outbox {
    fn account(&self, letter: &AccountLetter<'_>) -> Letter {
        let text = letter.url.unwrap_or("nothing to do").to_owned();
        Letter { subject: format!("{:?} at {}", letter.kind, letter.host), html: text.clone(), text }
    }
}

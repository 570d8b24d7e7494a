//! What a deployment decides about proving, changing and giving up one's own account.

use std::{fmt, sync::Arc, time::Duration};

use crate::{mail::AccountLetters, policy::strength::Strength, port::PasswordHasher};

/// What people can do about their own accounts. Deleting themselves and having their data they always can.
#[derive(Clone, Debug, Default)]
pub struct RecoverySettings {
    /// Keyward's own passwords, if there are any: they can be changed, and with [`Self::mail`] reset.
    pub passwords: Option<Passwords>,
    /// Mails about accounts, if any can be sent: addresses can be proven and changed.
    pub mail: Option<AccountMails>,
    /// What is asked of who signs up with an address of their own.
    pub verification: Verification,
}

/// What sets passwords.
#[derive(Clone)]
pub struct Passwords {
    /// Hashes them.
    pub hasher: Arc<dyn PasswordHasher>,
    /// What is asked of a new one.
    pub strength: Strength,
}

/// Mails about accounts, and for how long their links are good.
#[derive(Clone)]
pub struct AccountMails {
    /// Puts them into words.
    pub letters: Arc<dyn AccountLetters>,
    /// Called when some were written, so that who sends them need not wait for a turn.
    pub on_written: Option<Arc<dyn Fn() + Send + Sync>>,
    /// A link that proves an address.
    pub verify_age: Duration,
    /// A link that resets a password.
    pub reset_age: Duration,
    /// A link that changes an address.
    pub change_age: Duration,
    /// A link that takes such a change back.
    pub return_age: Duration,
}

impl AccountMails {
    /// The usual lifetimes: a day, an hour for a reset, a week for a way back.
    #[must_use]
    pub fn new(letters: Arc<dyn AccountLetters>) -> Self {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        Self {
            letters,
            on_written: None,
            verify_age: HOUR * 24,
            reset_age: HOUR,
            change_age: HOUR * 24,
            return_age: HOUR * 24 * 7,
        }
    }
}

/// What is asked of who signs up with an address of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// Nothing, and no mail is sent.
    Off,
    /// A mail is sent, where any can be; they may go on meanwhile.
    #[default]
    Sent,
    /// They sign in once they have followed the link.
    Required,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("strength", &self.strength).finish_non_exhaustive()
    }
}

impl fmt::Debug for AccountMails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountMails").finish_non_exhaustive()
    }
}

//! What a user can prove themselves with beside the first factor.

use super::UserId;
use crate::{ticket::Ticket, time::Timestamp};

/// A passkey as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential's id, in base64url.
    pub id: String,
    /// Whose.
    pub user: UserId,
    /// The public key, in COSE.
    pub key: Vec<u8>,
    /// The authenticator's counter of signatures; 0 where it has none, as those that are synchronised.
    pub counter: u32,
    /// How the browser reaches the authenticator: `internal`, `hybrid`, `usb` …, parted by commas.
    pub transports: String,
    /// True if it is kept somewhere else, too.
    pub backed_up: bool,
    /// What its person calls it.
    pub name: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
}

/// What was shown of a second factor, or a passkey; it is used up by the admission that it is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A code of the authenticator app.
    AppCode {
        /// Its period: later than that of the last one.
        step: i64,
    },
    /// A recovery code.
    RecoveryCode {
        /// Its hash ([`crate::method::recovery_codes::hash_of`]).
        hash: String,
    },
    /// A passkey.
    Passkey {
        /// The credential's id.
        id: String,
        /// Its counter, as it was when the answer was held against it, and as it is now.
        counter: (u32, u32),
        /// Whether it is backed up now.
        backed_up: bool,
        /// The challenge that was answered. It is written down as spent: nobody answers it twice.
        spent: Ticket,
    },
}

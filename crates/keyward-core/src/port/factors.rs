//! Second factors and passkeys: what a store keeps of them.

use async_trait::async_trait;

use super::{SessionId, StoreError};
pub use crate::user::Shown;
use crate::{
    event::NewEvent,
    policy::ways::WaysIn,
    ticket::{Ticket, TicketKey},
    time::Timestamp,
    user::{Passkey, UserId},
};

/// An authenticator app as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptApp {
    /// The secret, sealed by the flow; opaque to stores.
    pub secret: Vec<u8>,
    /// The period of the last code that was used: neither it nor an earlier one is good any more.
    pub step: i64,
}

/// All that a user can prove themselves with beside the first factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// Their authenticator app. Who has one is asked for a second factor at every sign-in.
    pub app: Option<KeptApp>,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
    /// Their passkeys, in the order in which they were added.
    pub passkeys: Vec<Passkey>,
}

/// What kind of code is about to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// Six digits: tries are counted for the user, too, and slowed down ([`crate::policy::assurance::hold`]).
    App,
    /// A recovery code: nobody guesses it, so nobody can hold its owner up by trying.
    Recovery,
}

/// Whether a code may be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It may: this was try number so much with the ticket (0 without one).
    Go(u32),
    /// Too many wrong codes lately: not before then. Nothing was counted.
    Held(Timestamp),
    /// The ticket is none, used up, expired, or had all its tries.
    Ended,
}

/// A change of what a user can prove themselves with.
#[derive(Clone, Debug)]
pub struct FactorChange {
    /// Whose it is.
    pub user: UserId,
    /// Their session in which they ask for it: it has to be open. `None`: an operator asks.
    pub session: Option<SessionId>,
    /// By what they may come back.
    pub ways: WaysIn,
    /// What is to change.
    pub edit: FactorEdit,
}

/// What is to change.
#[derive(Clone, Debug)]
pub enum FactorEdit {
    /// An authenticator app, with its first recovery codes.
    AddApp {
        /// The app, with the period of the code that proved it.
        app: KeptApp,
        /// Hashes.
        codes: Vec<String>,
    },
    /// No authenticator app any more, and no recovery codes.
    RemoveApp,
    /// Other recovery codes instead of all that there are.
    ReplaceCodes(Vec<String>),
    /// A further passkey.
    AddPasskey {
        /// The passkey; its user is the change's.
        passkey: Passkey,
        /// The challenge that was answered.
        spent: Ticket,
    },
    /// One passkey less.
    RemovePasskey(String),
    /// None of it any more.
    Reset {
        /// Passkeys, too.
        passkeys: bool,
    },
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorChanged {
    /// It is so.
    Done,
    /// The session is over, or the user gone; nothing was written.
    SignedOut,
    /// There is no such factor; nothing was written.
    NotFound,
    /// There is one already, or somebody's passkey has that id, or the challenge is spent; nothing was written.
    Taken,
    /// More passkeys than anybody needs; nothing was written.
    TooMany,
    /// It is the last way in; nothing was written.
    LastWay,
}

/// Most passkeys of one person.
pub const MOST_PASSKEYS: u32 = 20;

/// Second factors and passkeys. What is shown at a sign-in is used up by
/// [`SignIns::admit`](super::SignIns::admit).
#[async_trait]
pub trait FactorStore: Send + Sync {
    /// All that a user can prove themselves with.
    async fn factors(&self, user: &UserId) -> Result<Factors, StoreError>;

    /// The passkey with this id.
    async fn passkey(&self, id: &str) -> Result<Option<Passkey>, StoreError>;

    /// Counts a try before its code is looked at, so that of many at once no more are made than are allowed: of a
    /// ticket at most [`MOST_TRIES`](crate::policy::assurance::MOST_TRIES), and for an app's code as many of the user
    /// as [`hold`](crate::policy::assurance::hold) lets through. A good code makes the user's tries forgotten.
    async fn try_code(
        &self,
        user: &UserId,
        ticket: Option<&TicketKey>,
        kind: CodeKind,
        now: Timestamp,
    ) -> Result<Tried, StoreError>;

    /// Changes what a user can prove themselves with, all or nothing; `events` are written with it.
    async fn change_factors(
        &self,
        change: &FactorChange,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<FactorChanged, StoreError>;
}

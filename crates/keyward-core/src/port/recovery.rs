//! Transitions by which people prove, change, take back and give up what is theirs. Most rest on a ticket that went out
//! by mail: the ticket is used up in the transition that it permits, or stays as it was.

use async_trait::async_trait;

use super::{SessionId, StoreError};
use crate::{
    event::NewEvent,
    ticket::{Ticket, TicketKey},
    time::Timestamp,
    user::{Address, UserId},
};

/// Proving the address with which somebody signed up.
#[derive(Clone, Debug)]
pub struct Proving {
    /// The ticket behind the link, whose subject is the address.
    pub ticket: TicketKey,
    /// Who has to have the address.
    pub user: UserId,
    /// What says that it was they who set the account up. Without it the first proof of an address would end what was
    /// set up before (lesson 43).
    pub by: SetUpBy,
}

/// What says that who proves an address is who set the account up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetUpBy {
    /// They are signed in, by this session. It has to be theirs and there.
    Session(SessionId),
    /// They gave the password behind this hash (PHC string). It has to be the one that stands.
    Password(String),
    /// They came with the browser in which the account was made: the flow has seen to it.
    Browser,
}

/// A new password for who followed a link.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The ticket behind the link, whose subject is the address.
    pub ticket: TicketKey,
    /// Who has to have the address.
    pub user: UserId,
    /// PHC string of the new password.
    pub hash: String,
    /// Until when the sealed sessions that it ends are remembered ([`crate::session::remembered_until`]).
    pub until: Timestamp,
}

/// A new password for who is signed in.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// Whose.
    pub user: UserId,
    /// PHC string that has to stand; `None`: they have no password yet.
    pub from: Option<String>,
    /// PHC string of the new one.
    pub to: String,
    /// The session in which it was asked for: it has to be there, and stays.
    pub session: SessionId,
    /// As [`Reset::until`].
    pub until: Timestamp,
}

/// A new address for who followed the link that went there.
#[derive(Clone, Debug)]
pub struct AddressChange {
    /// The ticket behind the link, whose subject is the new address.
    pub ticket: TicketKey,
    /// Whose address changes.
    pub user: UserId,
    /// The address that has to be theirs until then; `None`: they have none.
    pub from: Option<Address>,
    /// The session in which it was asked for: it has to be theirs and there (lesson 58).
    pub session: SessionId,
    /// The ticket that takes it back, for the mail to the old address. Only where that was proven: somebody else's
    /// mailbox must not get hold of the account.
    pub way_back: Option<Ticket>,
    /// Until when what changes in the sessions is remembered.
    pub until: Timestamp,
}

/// A change of address is taken back by who has the old one.
#[derive(Clone, Debug)]
pub struct AddressReturn {
    /// The ticket behind the link, whose subject is the user's id.
    pub ticket: TicketKey,
    /// Whose address it was.
    pub user: UserId,
    /// The old address.
    pub address: String,
    /// When it was changed: what was linked since then goes, and every such ticket that was issued since. Otherwise
    /// who changed the address twice could take it back from its owner.
    pub since: Timestamp,
    /// With this one they choose a new password. The one that stands goes.
    pub reset: Ticket,
    /// As [`Reset::until`].
    pub until: Timestamp,
}

/// Somebody deletes themselves.
#[derive(Clone, Debug)]
pub struct Departure {
    /// Who.
    pub user: UserId,
    /// The session in which they ask for it: it has to be theirs and there.
    pub session: SessionId,
    /// As [`Reset::until`].
    pub until: Timestamp,
}

/// What came of it. Whatever is not [`Recovered::Done`] has written nothing, and used no ticket up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// It stands.
    Done,
    /// The ticket is used up, expired, or none.
    Gone,
    /// The session in which it was asked for is over.
    SignedOut,
    /// Somebody else has the address.
    Taken,
    /// What the decision stood on changed in the meantime.
    Changed,
    /// An operator keeps the user out.
    Disabled,
}

/// The transitions. `events` (and the mails among them) are written where it is [`Recovered::Done`].
#[async_trait]
pub trait Recovery: Send + Sync {
    /// Keeps a ticket together with the mail that carries it: neither is there without the other. An error if the key of
    /// the ticket is in use.
    async fn issue_by_mail(&self, ticket: &Ticket, events: &[NewEvent]) -> Result<(), StoreError>;

    /// Proves the user's address at `now` and leaves everything else as it is. One that is proven stays as it was.
    async fn prove_address(
        &self,
        what: &Proving,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError>;

    /// Sets the password, ends every session of the user, and voids all other tickets that reset it. It proves the
    /// address: the first proof also takes every account that was linked without one (lesson 43).
    async fn reset_password(
        &self,
        what: &Reset,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError>;

    /// Changes the password, ends every other session of the user, and voids all tickets that reset it.
    async fn change_password(
        &self,
        what: &PasswordChange,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError>;

    /// Gives the user the address of the ticket, proven at `now`; each session of theirs says it from then on.
    async fn change_address(
        &self,
        what: &AddressChange,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError>;

    /// Gives the user the address of the ticket back, and takes what whoever changed it may have: the password, accounts
    /// linked since, every session.
    async fn return_address(
        &self,
        what: &AddressReturn,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError>;

    /// Deletes the user with all that is theirs (lesson 56).
    async fn depart(&self, what: &Departure, events: &[NewEvent]) -> Result<Recovered, StoreError>;
}

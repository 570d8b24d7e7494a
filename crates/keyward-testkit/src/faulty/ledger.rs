//! Session records and tickets, failing when told to.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{
        Ending, Ledger, NewClaims, Renewed, SessionId, SessionRecord, StoreError, StoredSession, Tickets,
        TokenHash,
    },
    ticket::{Ticket, TicketKey},
    time::Timestamp,
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: Ledger + ?Sized> Ledger for FaultyStore<S> {
    async fn session(&self, token: &TokenHash) -> Result<Option<StoredSession>, StoreError> {
        self.done(Operation::Session, self.pass(Operation::Session)?.session(token).await)
    }

    async fn session_record(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.done(Operation::SessionRecord, self.pass(Operation::SessionRecord)?.session_record(id).await)
    }

    async fn renew_session(
        &self,
        token: &TokenHash,
        claims: Option<NewClaims<'_>>,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Renewed, StoreError> {
        self.done(
            Operation::RenewSession,
            self.pass(Operation::RenewSession)?.renew_session(token, claims, now, expires).await,
        )
    }

    async fn touch_session(
        &self,
        id: &SessionId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        self.done(
            Operation::TouchSession,
            self.pass(Operation::TouchSession)?.touch_session(id, now, expires).await,
        )
    }

    async fn end_session(
        &self,
        which: &Ending,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        self.done(
            Operation::EndSession,
            self.pass(Operation::EndSession)?.end_session(which, until, events).await,
        )
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.done(Operation::Sweep, self.pass(Operation::Sweep)?.sweep(now).await)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.done(Operation::Ready, self.pass(Operation::Ready)?.ready().await)
    }
}

#[async_trait]
impl<S: Tickets + ?Sized> Tickets for FaultyStore<S> {
    async fn issue_ticket(&self, ticket: &Ticket) -> Result<(), StoreError> {
        self.done(Operation::IssueTicket, self.pass(Operation::IssueTicket)?.issue_ticket(ticket).await)
    }

    async fn ticket(&self, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>, StoreError> {
        self.done(Operation::Ticket, self.pass(Operation::Ticket)?.ticket(key, now).await)
    }

    async fn consume_ticket(&self, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>, StoreError> {
        self.done(
            Operation::ConsumeTicket,
            self.pass(Operation::ConsumeTicket)?.consume_ticket(key, now).await,
        )
    }
}

//! What people prove, change and give up, and the mails about it, failing when told to.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{
        AddressChange, AddressReturn, Departure, DueMail, PasswordChange, Post, Proving, Recovered, Recovery,
        Reset, StoreError,
    },
    ticket::Ticket,
    time::Timestamp,
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: Recovery + ?Sized> Recovery for FaultyStore<S> {
    async fn issue_by_mail(&self, ticket: &Ticket, events: &[NewEvent]) -> Result<(), StoreError> {
        self.done(
            Operation::IssueByMail,
            self.pass(Operation::IssueByMail)?.issue_by_mail(ticket, events).await,
        )
    }

    async fn prove_address(
        &self,
        what: &Proving,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        self.done(
            Operation::ProveAddress,
            self.pass(Operation::ProveAddress)?.prove_address(what, now, events).await,
        )
    }

    async fn reset_password(
        &self,
        what: &Reset,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        self.done(
            Operation::ResetPassword,
            self.pass(Operation::ResetPassword)?.reset_password(what, now, events).await,
        )
    }

    async fn change_password(
        &self,
        what: &PasswordChange,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        self.done(
            Operation::ChangePassword,
            self.pass(Operation::ChangePassword)?.change_password(what, events).await,
        )
    }

    async fn change_address(
        &self,
        what: &AddressChange,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        self.done(
            Operation::ChangeAddress,
            self.pass(Operation::ChangeAddress)?.change_address(what, now, events).await,
        )
    }

    async fn return_address(
        &self,
        what: &AddressReturn,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        self.done(
            Operation::ReturnAddress,
            self.pass(Operation::ReturnAddress)?.return_address(what, now, events).await,
        )
    }

    async fn depart(&self, what: &Departure, events: &[NewEvent]) -> Result<Recovered, StoreError> {
        self.done(Operation::Depart, self.pass(Operation::Depart)?.depart(what, events).await)
    }
}

#[async_trait]
impl<S: Post + ?Sized> Post for FaultyStore<S> {
    async fn due_mails(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueMail>, StoreError> {
        self.done(
            Operation::DueMails,
            self.pass(Operation::DueMails)?.due_mails(now, lease_until, limit).await,
        )
    }

    async fn settle_mail(&self, mail: &DueMail, again: Option<Timestamp>) -> Result<(), StoreError> {
        self.done(Operation::SettleMail, self.pass(Operation::SettleMail)?.settle_mail(mail, again).await)
    }
}

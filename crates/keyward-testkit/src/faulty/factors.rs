//! Second factors that fail when told to.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    method::passkey::Passkey,
    port::{CodeKind, FactorChange, FactorChanged, FactorStore, Factors, StoreError, Tried},
    ticket::TicketKey,
    time::Timestamp,
    user::UserId,
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: FactorStore + ?Sized> FactorStore for FaultyStore<S> {
    async fn factors(&self, user: &UserId) -> Result<Factors, StoreError> {
        self.done(Operation::Factors, self.pass(Operation::Factors)?.factors(user).await)
    }

    async fn passkey(&self, id: &str) -> Result<Option<Passkey>, StoreError> {
        self.done(Operation::Passkey, self.pass(Operation::Passkey)?.passkey(id).await)
    }

    async fn try_code(
        &self,
        user: &UserId,
        ticket: Option<&TicketKey>,
        kind: CodeKind,
        now: Timestamp,
    ) -> Result<Tried, StoreError> {
        self.done(Operation::TryCode, self.pass(Operation::TryCode)?.try_code(user, ticket, kind, now).await)
    }

    async fn change_factors(
        &self,
        change: &FactorChange,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<FactorChanged, StoreError> {
        self.done(
            Operation::ChangeFactors,
            self.pass(Operation::ChangeFactors)?.change_factors(change, now, events).await,
        )
    }
}

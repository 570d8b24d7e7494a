//! A store that fails when told to.

mod admin;
mod audit;
mod factors;
mod grants;
mod import;
mod keys;
mod recovery;
mod sessions;
mod vault;

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{
        Admitted, Directory, DueEvent, Ending, Ledger, NewClaims, NewSession, Outbox, Renewed, SessionId,
        SessionRecord, Settled, SignIns, StoreError, StoredPassword, StoredSession, Tickets, TokenHash,
        Unlinked, Unlinking,
    },
    ticket::{Ticket, TicketKey},
    time::Timestamp,
    user::{Account, AccountKey, Admission, Standing, User, UserId},
};

/// An operation of the store's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// [`SignIns::admit`].
    Admit,
    /// [`Directory::password_by_email`].
    PasswordByEmail,
    /// [`Directory::replace_password`].
    ReplacePassword,
    /// [`Directory::set_password`].
    SetPassword,
    /// [`Directory::user`].
    User,
    /// [`Directory::delete_user`].
    DeleteUser,
    /// [`Directory::user_by_email`].
    UserByEmail,
    /// [`Directory::standing`].
    Standing,
    /// [`Directory::accounts_of`].
    AccountsOf,
    /// [`Directory::unlink_account`].
    UnlinkAccount,
    /// [`Directory::account_tokens`].
    AccountTokens,
    /// [`Ledger::session`].
    Session,
    /// [`Ledger::session_record`].
    SessionRecord,
    /// [`Ledger::renew_session`].
    RenewSession,
    /// [`Ledger::touch_session`].
    TouchSession,
    /// [`Ledger::end_session`].
    EndSession,
    /// [`Sessions::sessions_of`](keyward_core::port::Sessions::sessions_of).
    SessionsOf,
    /// [`Sessions::end_sessions`](keyward_core::port::Sessions::end_sessions).
    EndSessions,
    /// [`Sessions::change_session`](keyward_core::port::Sessions::change_session).
    ChangeSession,
    /// [`Sessions::overlay`](keyward_core::port::Sessions::overlay).
    Overlay,
    /// [`Sessions::changes_since`](keyward_core::port::Sessions::changes_since).
    ChangesSince,
    /// [`Administration::change_user`](keyward_core::port::Administration::change_user).
    ChangeUser,
    /// [`Administration::remove_user`](keyward_core::port::Administration::remove_user).
    RemoveUser,
    /// [`Imports::import_users`](keyward_core::port::Imports::import_users).
    ImportUsers,
    /// [`Ledger::sweep`].
    Sweep,
    /// [`Ledger::ready`].
    Ready,
    /// [`Tickets::issue_ticket`].
    IssueTicket,
    /// [`Tickets::ticket`].
    Ticket,
    /// [`Tickets::consume_ticket`].
    ConsumeTicket,
    /// [`TokenVault::vault_entry`](keyward_core::port::TokenVault::vault_entry).
    VaultEntry,
    /// [`TokenVault::begin_refresh`](keyward_core::port::TokenVault::begin_refresh).
    BeginRefresh,
    /// [`TokenVault::mark_sent`](keyward_core::port::TokenVault::mark_sent).
    MarkSent,
    /// [`TokenVault::settle_refresh`](keyward_core::port::TokenVault::settle_refresh).
    SettleRefresh,
    /// [`Outbox::write_events`].
    WriteEvents,
    /// [`Outbox::due_events`].
    DueEvents,
    /// [`Outbox::settle_event`].
    SettleEvent,
    /// [`Outbox::cap_events`].
    CapEvents,
    /// [`Grants::grant`](keyward_core::port::Grants::grant).
    Grant,
    /// [`Grants::rotate_grant`](keyward_core::port::Grants::rotate_grant).
    RotateGrant,
    /// [`SigningKeys::signing_keys`](keyward_core::port::SigningKeys::signing_keys).
    SigningKeys,
    /// [`SigningKeys::add_signing_key`](keyward_core::port::SigningKeys::add_signing_key).
    AddSigningKey,
    /// [`AuditTrail::audit`](keyward_core::port::AuditTrail::audit).
    Audit,
    /// [`AuditTrail::trim_audit`](keyward_core::port::AuditTrail::trim_audit).
    TrimAudit,
    /// [`AuditTrail::has_come_from`](keyward_core::port::AuditTrail::has_come_from).
    HasComeFrom,
    /// [`Attempts::failures`](keyward_core::port::Attempts::failures).
    Failures,
    /// [`Attempts::count_failure`](keyward_core::port::Attempts::count_failure).
    CountFailure,
    /// [`Attempts::forget_failures`](keyward_core::port::Attempts::forget_failures).
    ForgetFailures,
    /// [`Attempts::cap_failures`](keyward_core::port::Attempts::cap_failures).
    CapFailures,
    /// [`Recovery::issue_by_mail`](keyward_core::port::Recovery::issue_by_mail).
    IssueByMail,
    /// [`Recovery::prove_address`](keyward_core::port::Recovery::prove_address).
    ProveAddress,
    /// [`Recovery::reset_password`](keyward_core::port::Recovery::reset_password).
    ResetPassword,
    /// [`Recovery::change_password`](keyward_core::port::Recovery::change_password).
    ChangePassword,
    /// [`Recovery::change_address`](keyward_core::port::Recovery::change_address).
    ChangeAddress,
    /// [`Recovery::return_address`](keyward_core::port::Recovery::return_address).
    ReturnAddress,
    /// [`Recovery::depart`](keyward_core::port::Recovery::depart).
    Depart,
    /// [`Post::due_mails`](keyward_core::port::Post::due_mails).
    DueMails,
    /// [`Post::settle_mail`](keyward_core::port::Post::settle_mail).
    SettleMail,
    /// [`FactorStore::factors`](keyward_core::port::FactorStore::factors).
    Factors,
    /// [`FactorStore::passkey`](keyward_core::port::FactorStore::passkey).
    Passkey,
    /// [`FactorStore::try_code`](keyward_core::port::FactorStore::try_code).
    TryCode,
    /// [`FactorStore::change_factors`](keyward_core::port::FactorStore::change_factors).
    ChangeFactors,
}

impl Operation {
    /// All of them, for tests that go through every one.
    pub const ALL: [Self; 61] = [
        Self::Admit,
        Self::PasswordByEmail,
        Self::ReplacePassword,
        Self::SetPassword,
        Self::User,
        Self::DeleteUser,
        Self::UserByEmail,
        Self::Standing,
        Self::AccountsOf,
        Self::UnlinkAccount,
        Self::AccountTokens,
        Self::Session,
        Self::SessionRecord,
        Self::RenewSession,
        Self::TouchSession,
        Self::EndSession,
        Self::SessionsOf,
        Self::EndSessions,
        Self::ChangeSession,
        Self::Overlay,
        Self::ChangesSince,
        Self::ChangeUser,
        Self::RemoveUser,
        Self::ImportUsers,
        Self::Sweep,
        Self::Ready,
        Self::IssueTicket,
        Self::Ticket,
        Self::ConsumeTicket,
        Self::VaultEntry,
        Self::BeginRefresh,
        Self::MarkSent,
        Self::SettleRefresh,
        Self::WriteEvents,
        Self::DueEvents,
        Self::SettleEvent,
        Self::CapEvents,
        Self::Grant,
        Self::RotateGrant,
        Self::SigningKeys,
        Self::AddSigningKey,
        Self::Audit,
        Self::TrimAudit,
        Self::HasComeFrom,
        Self::Failures,
        Self::CountFailure,
        Self::ForgetFailures,
        Self::CapFailures,
        Self::IssueByMail,
        Self::ProveAddress,
        Self::ResetPassword,
        Self::ChangePassword,
        Self::ChangeAddress,
        Self::ReturnAddress,
        Self::Depart,
        Self::DueMails,
        Self::SettleMail,
        Self::Factors,
        Self::Passkey,
        Self::TryCode,
        Self::ChangeFactors,
    ];
}

/// Passes everything on to `S`, except where it was told to fail: before, when `S` is not asked, or after, when `S` has
/// done it and the caller does not hear of it.
///
/// It also counts what it was asked, so that a test can hold "at most one round trip" (invariant 11).
#[derive(Debug, Default)]
pub struct FaultyStore<S> {
    inner: S,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    always: HashSet<Operation>,
    next: HashMap<Operation, usize>,
    after: HashMap<Operation, usize>,
    calls: HashMap<Operation, usize>,
    changed: usize,
}

impl<S> FaultyStore<S> {
    /// A store that works, until it is told otherwise.
    pub fn new(inner: S) -> Self {
        Self { inner, plan: Mutex::default() }
    }

    /// The store behind, which never fails.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// Fails the next call of `operation`; told twice, the next two.
    pub fn fail_next(&self, operation: Operation) {
        *self.plan().next.entry(operation).or_default() += 1;
    }

    /// Lets the next call of `operation` take effect, and then fails it; told twice, the next two.
    pub fn fail_after(&self, operation: Operation) {
        *self.plan().after.entry(operation).or_default() += 1;
    }

    /// Fails every call of these operations until [`Self::heal`].
    pub fn fail_all(&self, operations: impl IntoIterator<Item = Operation>) {
        self.plan().always.extend(operations);
    }

    /// Answers the next admissions with [`Admitted::Changed`], this many of them.
    pub fn change_next(&self, admissions: usize) {
        self.plan().changed = admissions;
    }

    /// Everything works again.
    pub fn heal(&self) {
        let mut plan = self.plan();
        plan.always.clear();
        plan.next.clear();
        plan.after.clear();
        plan.changed = 0;
    }

    /// How often `operation` was called, failed calls included.
    pub fn calls(&self, operation: Operation) -> usize {
        self.plan().calls.get(&operation).copied().unwrap_or_default()
    }

    /// How often anything was called, failed calls included.
    pub fn all_calls(&self) -> usize {
        self.plan().calls.values().sum()
    }

    fn pass(&self, operation: Operation) -> Result<&S, StoreError> {
        let mut plan = self.plan();
        *plan.calls.entry(operation).or_default() += 1;
        if take_one(&mut plan.next, operation) || plan.always.contains(&operation) {
            return Err(StoreError(format!("{operation:?} was told to fail")));
        }
        Ok(&self.inner)
    }

    /// What is answered once the operation has taken effect.
    fn done<T>(&self, operation: Operation, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if take_one(&mut self.plan().after, operation) {
            return answer.and(Err(StoreError(format!("{operation:?} was told to fail afterwards"))));
        }
        answer
    }

    fn is_changed(&self) -> bool {
        let mut plan = self.plan();
        let changed = plan.changed > 0;
        plan.changed = plan.changed.saturating_sub(1);
        changed
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one from what is left of `operation`; false if nothing was.
fn take_one(left: &mut HashMap<Operation, usize>, operation: Operation) -> bool {
    left.get_mut(&operation).filter(|left| **left > 0).map(|left| *left -= 1).is_some()
}

#[async_trait]
impl<S: SignIns> SignIns for FaultyStore<S> {
    async fn admit(
        &self,
        who: &Admission,
        session: Option<&NewSession>,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Admitted, StoreError> {
        let inner = self.pass(Operation::Admit)?;
        if self.is_changed() {
            return Ok(Admitted::Changed);
        }
        self.done(Operation::Admit, inner.admit(who, session, now, events).await)
    }
}

#[async_trait]
impl<S: Directory> Directory for FaultyStore<S> {
    async fn password_by_email(&self, email: &str) -> Result<Option<StoredPassword>, StoreError> {
        self.done(
            Operation::PasswordByEmail,
            self.pass(Operation::PasswordByEmail)?.password_by_email(email).await,
        )
    }

    async fn replace_password(&self, user: &UserId, from: &str, to: &str) -> Result<bool, StoreError> {
        self.done(
            Operation::ReplacePassword,
            self.pass(Operation::ReplacePassword)?.replace_password(user, from, to).await,
        )
    }

    async fn set_password(&self, email: &str, hash: &str, until: Timestamp) -> Result<bool, StoreError> {
        self.done(
            Operation::SetPassword,
            self.pass(Operation::SetPassword)?.set_password(email, hash, until).await,
        )
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.done(Operation::User, self.pass(Operation::User)?.user(id).await)
    }

    async fn delete_user(&self, email: &str, until: Timestamp) -> Result<bool, StoreError> {
        self.done(Operation::DeleteUser, self.pass(Operation::DeleteUser)?.delete_user(email, until).await)
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        self.done(Operation::UserByEmail, self.pass(Operation::UserByEmail)?.user_by_email(email).await)
    }

    async fn standing(&self, key: &AccountKey, email: Option<&str>) -> Result<Standing, StoreError> {
        self.done(Operation::Standing, self.pass(Operation::Standing)?.standing(key, email).await)
    }

    async fn accounts_of(&self, user: &UserId) -> Result<Vec<Account>, StoreError> {
        self.done(Operation::AccountsOf, self.pass(Operation::AccountsOf)?.accounts_of(user).await)
    }

    async fn unlink_account(&self, what: &Unlinking) -> Result<Unlinked, StoreError> {
        self.done(Operation::UnlinkAccount, self.pass(Operation::UnlinkAccount)?.unlink_account(what).await)
    }

    async fn account_tokens(&self, key: &AccountKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.done(Operation::AccountTokens, self.pass(Operation::AccountTokens)?.account_tokens(key).await)
    }
}

#[async_trait]
impl<S: Ledger> Ledger for FaultyStore<S> {
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
impl<S: Tickets> Tickets for FaultyStore<S> {
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

#[async_trait]
impl<S: Outbox> Outbox for FaultyStore<S> {
    async fn write_events(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        self.done(Operation::WriteEvents, self.pass(Operation::WriteEvents)?.write_events(events).await)
    }

    async fn due_events(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEvent>, StoreError> {
        self.done(
            Operation::DueEvents,
            self.pass(Operation::DueEvents)?.due_events(now, lease_until, limit).await,
        )
    }

    async fn settle_event(&self, event: &DueEvent, settled: Settled) -> Result<(), StoreError> {
        self.done(
            Operation::SettleEvent,
            self.pass(Operation::SettleEvent)?.settle_event(event, settled).await,
        )
    }

    async fn cap_events(&self, most: u64) -> Result<u64, StoreError> {
        self.done(Operation::CapEvents, self.pass(Operation::CapEvents)?.cap_events(most).await)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyward_core::port::Sessions;

    use super::*;
    use crate::MemoryStore;

    crate::store_contract!((Arc::new(FaultyStore::new(MemoryStore::default())), ()));

    #[tokio::test]
    async fn what_fails_afterwards_has_taken_effect() {
        let store = FaultyStore::new(MemoryStore::default());
        let ending = Ending::Id(SessionId("s1".to_owned()));
        store.fail_after(Operation::EndSession);
        assert!(store.end_session(&ending, Timestamp::from_secs(9), &[]).await.is_err());
        assert_eq!(store.changes_since(0).await.expect("answers").len(), 1);
        assert!(store.end_session(&ending, Timestamp::from_secs(9), &[]).await.is_ok());
    }

    #[tokio::test]
    async fn it_fails_as_often_as_it_was_told_and_counts() {
        let store = FaultyStore::new(MemoryStore::default());
        store.fail_next(Operation::Ready);
        assert!(store.ready().await.is_err());
        assert!(store.ready().await.is_ok());
        store.fail_all(Operation::ALL);
        assert!(store.ready().await.is_err());
        assert!(store.sweep(Timestamp::from_secs(0)).await.is_err());
        store.heal();
        assert!(store.ready().await.is_ok());
        assert_eq!((store.calls(Operation::Ready), store.all_calls()), (4, 5));
    }
}

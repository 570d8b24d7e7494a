//! What people prove, change, take back and give up, in memory.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{
        AddressChange, AddressReturn, Departure, PasswordChange, Proving, Recovered, Recovery, Reset,
        SessionId, SetUpBy, StoreError,
    },
    ticket::{Purpose, Ticket},
    time::Timestamp,
    user::{Extra, UserId},
};
use serde_json::Value;

use super::{MemoryStore, state::State};

#[async_trait]
impl Recovery for MemoryStore {
    async fn issue_by_mail(&self, ticket: &Ticket, events: &[NewEvent]) -> Result<(), StoreError> {
        let mut state = self.state();
        state.issue(ticket)?;
        state.write(events);
        Ok(())
    }

    async fn prove_address(
        &self,
        what: &Proving,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let Proving { ticket, user, by } = what;
        let mut state = self.state();
        if state.ticket(ticket, now).is_none() {
            return Ok(Recovered::Gone);
        }
        if let Some(refused) = state.keeps_out(user, &ticket.subject) {
            return Ok(refused);
        }
        match by {
            SetUpBy::Session(session) if !state.is_of(session, user) => return Ok(Recovered::SignedOut),
            SetUpBy::Password(hash) if state.passwords.get(user) != Some(hash) => {
                return Ok(Recovered::Changed);
            }
            SetUpBy::Session(_) | SetUpBy::Password(_) | SetUpBy::Browser => {}
        }
        state.tickets.remove(ticket);
        if let Some(known) = state.users.get_mut(user) {
            known.email_verified.get_or_insert(now);
        }
        state.write_of(events, Some(user));
        Ok(Recovered::Done)
    }

    async fn reset_password(
        &self,
        what: &Reset,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let Reset { ticket, user, hash, until } = what;
        let mut state = self.state();
        if state.ticket(ticket, now).is_none() {
            return Ok(Recovered::Gone);
        }
        if let Some(refused) = state.keeps_out(user, &ticket.subject) {
            return Ok(refused);
        }
        state.prove(user, &ticket.subject, None, *until, now);
        state.passwords.insert(user.clone(), hash.clone());
        state.void(Purpose::PASSWORD_RESET, &ticket.subject);
        state.end_all(user, *until);
        state.write_of(events, Some(user));
        Ok(Recovered::Done)
    }

    async fn change_password(
        &self,
        what: &PasswordChange,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let PasswordChange { user, from, to, session, until } = what;
        let mut state = self.state();
        if !state.is_of(session, user) {
            return Ok(Recovered::SignedOut);
        }
        if state.passwords.get(user) != from.as_ref() {
            return Ok(Recovered::Changed);
        }
        state.passwords.insert(user.clone(), to.clone());
        if let Some(address) = state.users.get(user).and_then(|user| user.email.clone()) {
            state.void(Purpose::PASSWORD_RESET, &address);
        }
        state.end_half_open(user);
        for other in state.ids_of(user).iter().filter(|id| *id != session) {
            state.end(other, *until);
        }
        state.end_adopted(user, *until);
        state.write_of(events, Some(user));
        Ok(Recovered::Done)
    }

    async fn change_address(
        &self,
        what: &AddressChange,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let AddressChange { ticket, user, from, session, way_back, until } = what;
        let mut state = self.state();
        if state.ticket(ticket, now).is_none() {
            return Ok(Recovered::Gone);
        }
        if !state.is_of(session, user) {
            return Ok(Recovered::SignedOut);
        }
        let is_as_read = state.users.get(user).is_some_and(|known| match from {
            None => known.email.is_none(),
            Some(from) => {
                known.email.as_ref() == Some(&from.address) && known.email_verified.is_some() == from.verified
            }
        });
        if !is_as_read {
            return Ok(Recovered::Changed);
        }
        if state.by_email(&ticket.subject).is_some_and(|holder| holder.id != *user) {
            return Ok(Recovered::Taken);
        }
        if let Some(way_back) = way_back {
            state.issue(way_back)?;
        }
        state.tickets.remove(ticket);
        let says = Extra::from_iter([("email".to_owned(), Value::from(ticket.subject.clone()))]);
        state.change_all(user, &says, *until);
        state.set_address(user, &ticket.subject, now);
        state.write_of(events, Some(user));
        Ok(Recovered::Done)
    }

    async fn return_address(
        &self,
        what: &AddressReturn,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let AddressReturn { ticket, user, address, since, reset, until } = what;
        let mut state = self.state();
        if state.ticket(ticket, now).is_none() {
            return Ok(Recovered::Gone);
        }
        match state.users.get(user) {
            None => return Ok(Recovered::Changed),
            Some(known) if known.disabled.is_some() => return Ok(Recovered::Disabled),
            Some(_) => {}
        }
        if state.by_email(address).is_some_and(|holder| holder.id != *user) {
            return Ok(Recovered::Taken);
        }
        state.issue(reset)?;
        state.tickets.remove(ticket);
        state.tickets.retain(|key, other| {
            (key.purpose, &key.subject) != (ticket.purpose, &ticket.subject) || other.created < *since
        });
        state.set_address(user, address, now);
        state.passwords.remove(user);
        state.accounts.retain(|_, account| account.user != *user || account.created < *since);
        state.factors.forget_since(user, *since);
        state.end_all(user, *until);
        state.write_of(events, Some(user));
        Ok(Recovered::Done)
    }

    async fn depart(&self, what: &Departure, events: &[NewEvent]) -> Result<Recovered, StoreError> {
        let Departure { user, session, until } = what;
        let mut state = self.state();
        if !state.is_of(session, user) {
            return Ok(Recovered::SignedOut);
        }
        let address = state.users.get(user).and_then(|user| user.email.clone());
        state.tickets.retain(|key, _| key.subject != user.0 && Some(&key.subject) != address.as_ref());
        state.remove(user, *until);
        state.write_of(events, Some(user));
        Ok(Recovered::Done)
    }
}

impl State {
    fn issue(&mut self, ticket: &Ticket) -> Result<(), StoreError> {
        if self.tickets.contains_key(&ticket.key) {
            return Err(StoreError("a ticket with this key exists".to_owned()));
        }
        self.tickets.insert(ticket.key.clone(), ticket.clone());
        Ok(())
    }

    /// What stands between this user and an address that is to be theirs.
    fn keeps_out(&self, user: &UserId, address: &str) -> Option<Recovered> {
        match self.users.get(user).filter(|known| known.email.as_deref() == Some(address)) {
            None => Some(Recovered::Changed),
            Some(known) => known.disabled.map(|_| Recovered::Disabled),
        }
    }

    fn is_of(&self, session: &SessionId, user: &UserId) -> bool {
        self.sessions.get(session).is_some_and(|row| row.is_of(user))
    }

    fn void(&mut self, purpose: Purpose, subject: &str) {
        self.tickets.retain(|key, _| key.purpose != purpose || key.subject != subject);
    }

    fn set_address(&mut self, user: &UserId, address: &str, now: Timestamp) {
        if let Some(known) = self.users.get_mut(user) {
            known.email = Some(address.to_owned());
            known.email_verified = Some(now);
        }
    }
}

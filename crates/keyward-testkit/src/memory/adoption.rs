//! Sessions of other implementations in memory.

use async_trait::async_trait;
use keyward_core::{
    port::{Adopted, Adoption, Adoptions, Changed, NewSession, PersonName, SessionId, StoreError},
    time::Timestamp,
    user::{Extra, UserId},
};

use super::{
    MemoryStore,
    state::{Session, State},
};

#[async_trait]
impl Adoptions for MemoryStore {
    async fn adopt(&self, what: &Adoption, now: Timestamp) -> Result<Adopted, StoreError> {
        let mut state = self.state();
        if let Some(row) = state.sessions.get(&what.id) {
            return Ok(Adopted::Alive { seen: row.seen });
        }
        if state.keeps_from_adoption(what) {
            return Ok(Adopted::Over);
        }
        let new = NewSession {
            user_agent: what.user_agent.clone(),
            address: what.address.clone(),
            ..NewSession::new(what.id.clone(), what.sealed, what.expires)
        };
        let mut session = Session::new(None, &Extra::new(), &new);
        session.seen = now;
        state.sessions.insert(what.id.clone(), session);
        state.adopted.insert(what.id.clone(), what.names());
        Ok(Adopted::Alive { seen: now })
    }
}

impl State {
    fn keeps_from_adoption(&self, what: &Adoption) -> bool {
        let ended =
            |change: &keyward_core::port::Change| change.session == what.id && change.what == Changed::Ended;
        let names = what.names();
        let until = names.iter().filter_map(|name| self.ended_names.get(name)).max();
        let mut disabled = self.users.values().filter(|user| user.disabled.is_some());
        self.changes.iter().any(ended)
            || until.is_some_and(|until| *until >= what.outlived_by)
            || disabled.any(|user| self.names_of(&user.id).iter().any(|name| names.contains(name)))
    }

    /// What a user may be called in tokens of others.
    fn names_of(&self, user: &UserId) -> Vec<PersonName> {
        let known = self.users.get(user).filter(|known| known.email_verified.is_some());
        let address = known.and_then(|known| known.email.as_deref());
        let accounts = self.accounts_of(user);
        PersonName::of_user(user, accounts.iter().map(|(key, _)| key.id.as_str()), address)
    }

    /// The adopted sessions of a user.
    pub(super) fn adopted_of(&self, user: &UserId) -> Vec<SessionId> {
        let names = self.names_of(user);
        let theirs = self.adopted.iter().filter(|(_, own)| own.iter().any(|name| names.contains(name)));
        theirs.map(|(id, _)| id.clone()).collect()
    }

    /// Ends the adopted sessions of a user, and those that may still be adopted.
    pub(super) fn end_adopted(&mut self, user: &UserId, until: Timestamp) {
        for id in self.adopted_of(user) {
            self.end(&id, until);
        }
        self.note_end_of_names(user, until);
    }

    /// Remembers that all sessions of a user were ended, also those that were never read here.
    pub(super) fn note_end_of_names(&mut self, user: &UserId, until: Timestamp) {
        for name in self.names_of(user) {
            let known = self.ended_names.entry(name).or_insert(until);
            *known = until.max(*known);
        }
    }
}

//! A store in memory: the port's promises in the fewest words.

mod admin;
mod adoption;
mod audit;
mod factors;
mod grants;
mod import;
mod keys;
mod post;
mod recovery;
mod sessions;
mod state;
mod vault;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    policy::ways::Left,
    port::{
        Admitted, Directory, DueEvent, Ending, Ledger, NewClaims, NewSession, Outbox, Renewed, SessionId,
        SessionRecord, Settled, SignIns, StoreError, StoredPassword, StoredSession, Tickets, TokenHash,
        Unlinked, Unlinking,
    },
    ticket::{Ticket, TicketKey, first_half},
    time::Timestamp,
    user::{Account, AccountKey, Admission, EmailHolder, Owner, Profile, Standing, User, UserId},
};

use self::grants::Family;
use self::state::{Linked, Session, State, Waiting};

/// Keeps everything in memory behind one lock, so that every operation is atomic.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    /// The profile that an account holds: no port reads it yet.
    #[must_use]
    pub fn profile(&self, key: &AccountKey) -> Option<Profile> {
        self.state().accounts.get(key).map(|account| account.profile.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SignIns for MemoryStore {
    async fn admit(
        &self,
        who: &Admission,
        session: Option<&NewSession>,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Admitted, StoreError> {
        let mut state = self.state();
        // Everything that can fail is looked at before anything is written.
        if session.is_some_and(|new| state.clashes(new)) {
            return Err(StoreError("a session with this id or token exists".to_owned()));
        }
        let admitted = state.admit(who, now)?;
        if let (Admitted::As { user, .. }, Some(new)) = (&admitted, session)
            && !new.is_complete
            && state.factors.apps.contains_key(user)
        {
            let first = first_half(&user.0, &new.id.0, now);
            state.tickets.insert(first.key.clone(), first);
            return Ok(Admitted::NeedsFactor { user: user.clone() });
        }
        if let (Admitted::As { user, claims, .. }, Some(new)) = (&admitted, session) {
            state.sessions.insert(new.id.clone(), Session::new(Some(user), claims, new));
            if let Some(grant) = &new.grant {
                state.families.insert(new.id.clone(), Family::new(grant.clone()));
            }
            if let Some(vaulted) = &new.vault {
                state.put_into_vault(&new.id, vaulted);
            }
            if let Some(replaced) = &new.replaces {
                state.end_which(&replaced.which, replaced.until);
            }
        }
        if let Admitted::As { user, is_new, .. } = &admitted {
            let told = events.iter().filter(|event| event.about.fits(*is_new));
            state.write_in(told, Some(user), session.map(|new| &new.id));
        }
        Ok(admitted)
    }
}

#[async_trait]
impl Directory for MemoryStore {
    async fn password_by_email(&self, email: &str) -> Result<Option<StoredPassword>, StoreError> {
        let state = self.state();
        Ok(state.by_email(email).and_then(|user| {
            let hash = state.passwords.get(&user.id)?.clone();
            Some(StoredPassword { user: state.as_read(user), hash })
        }))
    }

    async fn replace_password(&self, user: &UserId, from: &str, to: &str) -> Result<bool, StoreError> {
        match self.state().passwords.get_mut(user) {
            Some(hash) if hash == from => {
                to.clone_into(hash);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn set_password(
        &self,
        email: &str,
        hash: &str,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(id) = state.by_email(email).map(|user| user.id.clone()) else { return Ok(false) };
        state.passwords.insert(id.clone(), hash.to_owned());
        state.end_all(&id, until);
        state.write_of(events, Some(&id));
        Ok(true)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let state = self.state();
        Ok(state.users.get(id).map(|user| state.as_read(user)))
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let state = self.state();
        Ok(state.by_email(email).map(|user| state.as_read(user)))
    }

    async fn standing(&self, key: &AccountKey, email: Option<&str>) -> Result<Standing, StoreError> {
        let state = self.state();
        let owner = state.accounts.get(key).map(|account| Owner {
            user: state.as_read(&state.users[&account.user]),
            tokens: account.tokens.clone(),
        });
        let email = email.filter(|_| owner.is_none());
        let by_email = email.and_then(|email| state.by_email(email)).map(|user| {
            let mut providers = Vec::new();
            for (key, _) in state.accounts_of(&user.id) {
                if !providers.contains(&key.source) {
                    providers.push(key.source.clone());
                }
            }
            let has_password = state.passwords.contains_key(&user.id);
            let has_second_factor = state.factors.apps.contains_key(&user.id);
            EmailHolder { user: state.as_read(user), providers, has_password, has_second_factor }
        });
        Ok(Standing { owner, by_email })
    }

    async fn accounts_of(&self, user: &UserId) -> Result<Vec<Account>, StoreError> {
        let state = self.state();
        let account = |(key, account): (&AccountKey, &Linked)| Account {
            key: key.clone(),
            kind: account.kind.clone(),
            profile: account.profile.clone(),
            created: account.created,
        };
        Ok(state.accounts_of(user).into_iter().map(account).collect())
    }

    async fn unlink_account(&self, what: &Unlinking) -> Result<Unlinked, StoreError> {
        let Unlinking { user, key, session, ways, until, events } = what;
        let mut state = self.state();
        if state.sessions.get(session).is_none_or(|row| !row.is_of(user)) {
            return Ok(Unlinked::SignedOut);
        }
        if state.accounts.get(key).is_none_or(|account| account.user != *user) {
            return Ok(Unlinked::NotFound);
        }
        let others =
            state.accounts_of(user).into_iter().map(|(other, _)| other).filter(|other| *other != key);
        let sources: Vec<_> = others.map(|other| other.source.clone()).collect();
        let password = state.passwords.contains_key(user);
        let proven_address = state.users.get(user).is_some_and(|user| user.email_verified.is_some());
        let passkey = state.factors.has_passkey(user, None);
        if !ways.let_in(Left { sources: &sources, password, proven_address, passkey }) {
            return Ok(Unlinked::LastWay);
        }
        state.accounts.remove(key);
        let opened: Vec<_> = state
            .sessions
            .iter()
            .filter(|(_, row)| row.via.as_ref() == Some(key))
            .map(|(id, _)| id.clone())
            .collect();
        for id in opened.iter().filter(|id| *id != session) {
            state.end(id, *until);
        }
        state.end_half_open(user);
        if let Some(row) = state.sessions.get_mut(session).filter(|row| row.via.as_ref() == Some(key)) {
            row.via = None;
        }
        state.write_of(events, Some(user));
        Ok(Unlinked::Done)
    }

    async fn account_tokens(&self, key: &AccountKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().accounts.get(key).and_then(|account| account.tokens.clone()))
    }

    async fn delete_user(&self, email: &str, until: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(id) = state.by_email(email).map(|user| user.id.clone()) else { return Ok(false) };
        state.remove(&id, until);
        Ok(true)
    }
}

#[async_trait]
impl Ledger for MemoryStore {
    async fn session(&self, token: &TokenHash) -> Result<Option<StoredSession>, StoreError> {
        let state = self.state();
        Ok(state.by_token(token).and_then(|id| {
            let row = &state.sessions[&id];
            let (user, claims) = (row.user.clone()?, row.claims.clone());
            let tokens = state.vaulted(&id).cloned();
            Some(StoredSession { id, user, claims, version: row.version, tokens, expires: row.expires })
        }))
    }

    async fn session_record(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.state().sessions.get(id).map(|row| SessionRecord {
            user: row.user.clone(),
            via: row.via.clone(),
            expires: row.expires,
        }))
    }

    async fn renew_session(
        &self,
        token: &TokenHash,
        claims: Option<NewClaims<'_>>,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Renewed, StoreError> {
        let mut state = self.state();
        let Some(row) = state.sessions.values_mut().find(|row| row.token == Some(*token)) else {
            return Ok(Renewed::Gone);
        };
        if let Some(new) = claims {
            if row.version != new.read_at {
                return Ok(Renewed::Changed);
            }
            row.claims = new.claims.clone();
            row.version += 1;
        }
        (row.seen, row.expires) = (now, expires);
        Ok(Renewed::Done)
    }

    async fn touch_session(
        &self,
        id: &SessionId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let row = state.sessions.get_mut(id);
        Ok(row.map(|row| (row.seen, row.expires) = (now, expires)).is_some())
    }

    async fn end_session(
        &self,
        which: &Ending,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        if let Some(ended) = state.end_which(which, until) {
            state.write_of(events, ended.user.as_ref());
        }
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        let rows = |state: &State| {
            let ledger = state.sessions.len() + state.changes.len() + state.ended_names.len();
            ledger + state.tickets.len() + state.outbox.len()
        };
        let before = rows(&state);
        state.sessions.retain(|_, row| row.expires >= now);
        let State { sessions, vault, adopted, ended_names, .. } = &mut *state;
        vault.retain(|_, entry| sessions.contains_key(&entry.session));
        adopted.retain(|id, _| sessions.contains_key(id));
        ended_names.retain(|_, until| *until > now);
        state.signing_keys.retain(|key| key.published_until >= now);
        state.tickets.retain(|_, ticket| ticket.expires >= now);
        state.changes.retain(|change| change.until > now);
        state.outbox.retain(|waiting| waiting.until.is_none_or(|until| until > now));
        let forgotten = state.trail.sweep(now) + state.mails.sweep(now);
        Ok(forgotten + u64::try_from(before - rows(&state)).unwrap_or(u64::MAX))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Tickets for MemoryStore {
    async fn issue_ticket(&self, ticket: &Ticket) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.tickets.contains_key(&ticket.key) {
            return Err(StoreError("a ticket with this key exists".to_owned()));
        }
        state.tickets.insert(ticket.key.clone(), ticket.clone());
        Ok(())
    }

    async fn ticket(&self, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>, StoreError> {
        Ok(self.state().ticket(key, now).cloned())
    }

    async fn consume_ticket(&self, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>, StoreError> {
        let mut state = self.state();
        let ticket = state.ticket(key, now).cloned();
        if ticket.is_some() {
            state.tickets.remove(key);
        }
        Ok(ticket)
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn write_events(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        self.state().write(events);
        Ok(())
    }

    async fn due_events(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEvent>, StoreError> {
        let mut state = self.state();
        let due = state.outbox.iter_mut().filter(|waiting| waiting.due.is_some_and(|due| due <= now));
        let lease = |waiting: &mut Waiting| {
            waiting.due = Some(lease_until);
            waiting.event.attempt += 1;
            waiting.event.clone()
        };
        Ok(due.take(limit).map(lease).collect())
    }

    async fn settle_event(&self, event: &DueEvent, settled: Settled) -> Result<(), StoreError> {
        let mut state = self.state();
        let found = state.outbox.iter().position(|waiting| waiting.event.place == event.place);
        let Some(found) = found else { return Ok(()) };
        let waiting = &mut state.outbox[found];
        let is_ours = waiting.event.attempt == event.attempt;
        match settled {
            Settled::Delivered => drop(state.outbox.remove(found)),
            Settled::Retry { at } if is_ours => waiting.due = Some(at),
            Settled::Dead { until } if is_ours => (waiting.due, waiting.until) = (None, Some(until)),
            Settled::Retry { .. } | Settled::Dead { .. } => {}
        }
        Ok(())
    }

    async fn cap_events(&self, most: u64) -> Result<u64, StoreError> {
        let mut state = self.state();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let over = state.outbox.len().saturating_sub(most);
        state.outbox.drain(..over);
        Ok(over as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    crate::store_contract!((Arc::new(super::MemoryStore::default()), ()));
}

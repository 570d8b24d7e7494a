//! A store in memory: the port's promises in the fewest words.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use keyward_core::{
    claims::Claims,
    policy::ways::Left,
    port::{
        Admitted, Directory, DueEvent, Ended, Ending, Ledger, NewSession, Outbox, SessionId, SessionRecord,
        Settled, SignIns, StoreError, StoredPassword, StoredSession, Tickets, TokenHash, Unlinked, Unlinking,
    },
    rules::event::NewEvent,
    ticket::{Ticket, TicketKey},
    time::Timestamp,
    user::{
        Account, AccountKey, Admission, EmailHolder, Ground, NewUser, Place, Profile, Standing, User, UserId,
        Vouched,
    },
};

/// Keeps everything in memory behind one lock, so that every operation is atomic.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    users: HashMap<UserId, User>,
    passwords: HashMap<UserId, String>,
    accounts: HashMap<AccountKey, Linked>,
    tickets: HashMap<TicketKey, Ticket>,
    sessions: HashMap<SessionId, Session>,
    /// In the order of changes.
    ended: Vec<Ended>,
    change: u64,
    /// How many accounts were linked so far: their order.
    linked: usize,
    /// In the order in which they were written.
    outbox: Vec<Waiting>,
    /// How many were written so far.
    written: u64,
}

#[derive(Debug)]
struct Waiting {
    event: DueEvent,
    due: Option<Timestamp>,
    until: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Linked {
    user: UserId,
    kind: String,
    profile: Profile,
    tokens: Option<Vec<u8>>,
    created: Timestamp,
    at: usize,
}

#[derive(Debug)]
struct Session {
    user: UserId,
    token: Option<TokenHash>,
    claims: Claims,
    expires: Timestamp,
    via: Option<AccountKey>,
}

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
        if let (Admitted::As { user, .. }, Some(new)) = (&admitted, session) {
            let row = Session {
                user: user.clone(),
                token: new.token,
                claims: new.claims.clone(),
                expires: new.expires,
                via: new.via.clone(),
            };
            state.sessions.insert(new.id.clone(), row);
        }
        if let Admitted::As { is_new, .. } = admitted {
            state.write(events.iter().filter(|event| event.about.fits(is_new)));
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
            Some(StoredPassword { user: user.clone(), hash })
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

    async fn set_password(&self, email: &str, hash: &str, until: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(id) = state.by_email(email).map(|user| user.id.clone()) else { return Ok(false) };
        state.passwords.insert(id.clone(), hash.to_owned());
        state.end_all(&id, until);
        Ok(true)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        Ok(self.state().users.get(id).cloned())
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        Ok(self.state().by_email(email).cloned())
    }

    async fn standing(&self, key: &AccountKey, email: Option<&str>) -> Result<Standing, StoreError> {
        let state = self.state();
        let owner = state.accounts.get(key).map(|account| state.users[&account.user].clone());
        let by_email = email.and_then(|email| state.by_email(email)).map(|user| {
            let mut providers = Vec::new();
            for (key, _) in state.accounts_of(&user.id) {
                if !providers.contains(&key.source) {
                    providers.push(key.source.clone());
                }
            }
            let has_password = state.passwords.contains_key(&user.id);
            EmailHolder { user: user.clone(), providers, has_password }
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
        let Unlinking { user, key, session, ways, until } = what;
        let mut state = self.state();
        if state.sessions.get(session).is_none_or(|row| row.user != *user) {
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
        if !ways.let_in(Left { sources: &sources, password, proven_address }) {
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
        if let Some(row) = state.sessions.get_mut(session).filter(|row| row.via.as_ref() == Some(key)) {
            row.via = None;
        }
        Ok(Unlinked::Done)
    }

    async fn account_tokens(&self, key: &AccountKey) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().accounts.get(key).and_then(|account| account.tokens.clone()))
    }

    async fn delete_user(&self, email: &str, until: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(id) = state.by_email(email).map(|user| user.id.clone()) else { return Ok(false) };
        state.end_all(&id, until);
        state.users.remove(&id);
        state.passwords.remove(&id);
        state.accounts.retain(|_, account| account.user != id);
        Ok(true)
    }
}

#[async_trait]
impl Ledger for MemoryStore {
    async fn session(&self, token: &TokenHash) -> Result<Option<StoredSession>, StoreError> {
        let state = self.state();
        Ok(state.by_token(token).map(|id| {
            let row = &state.sessions[&id];
            StoredSession { id, user: row.user.clone(), claims: row.claims.clone(), expires: row.expires }
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
        claims: Option<&Claims>,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(row) = state.sessions.values_mut().find(|row| row.token == Some(*token)) else {
            return Ok(false);
        };
        row.expires = expires;
        if let Some(claims) = claims {
            row.claims = claims.clone();
        }
        Ok(true)
    }

    async fn touch_session(&self, id: &SessionId, expires: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.state();
        let row = state.sessions.get_mut(id);
        Ok(row.map(|row| row.expires = expires).is_some())
    }

    async fn end_session(
        &self,
        which: &Ending,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let id = match which {
            Ending::Id(id) => Some(id.clone()),
            Ending::Token(token) => state.by_token(token),
        };
        if let Some(id) = id {
            if state.sessions.contains_key(&id) {
                state.write(events);
            }
            state.end(&id, until);
        }
        Ok(())
    }

    async fn ended_since(&self, after: u64) -> Result<Vec<Ended>, StoreError> {
        Ok(self.state().ended.iter().filter(|ended| ended.change > after).cloned().collect())
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        let rows = |state: &State| {
            state.sessions.len() + state.tickets.len() + state.ended.len() + state.outbox.len()
        };
        let before = rows(&state);
        state.sessions.retain(|_, row| row.expires >= now);
        state.tickets.retain(|_, ticket| ticket.expires >= now);
        state.ended.retain(|ended| ended.until > now);
        state.outbox.retain(|waiting| waiting.until.is_none_or(|until| until > now));
        Ok(u64::try_from(before - rows(&state)).unwrap_or(u64::MAX))
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

impl State {
    fn write<'e>(&mut self, events: impl IntoIterator<Item = &'e NewEvent>) {
        for NewEvent { id, body, written, .. } in events {
            self.written += 1;
            let event = DueEvent { place: self.written, attempt: 0, id: id.clone(), body: body.clone() };
            self.outbox.push(Waiting { event, due: Some(*written), until: None });
        }
    }

    fn admit(&mut self, who: &Admission, now: Timestamp) -> Result<Admitted, StoreError> {
        let (user, is_new) = match who {
            Admission::User(id) if self.users.contains_key(id) => (id.clone(), false),
            Admission::Password { user, hash } if self.passwords.get(user) == Some(hash) => {
                (user.clone(), false)
            }
            Admission::User(_) | Admission::Password { .. } => return Ok(Admitted::Gone),
            Admission::NewUser { user: new, password_hash } => {
                if new.email.as_deref().is_some_and(|email| self.by_email(email).is_some()) {
                    return Ok(Admitted::EmailTaken);
                }
                self.make(new, now)?;
                self.passwords.insert(new.id.clone(), password_hash.clone());
                (new.id.clone(), true)
            }
            Admission::Account { key, profile, new_id } => self.admit_account(key, profile, new_id, now)?,
            Admission::Vouched { who, place, until } => {
                let Some((user, is_new)) = self.place(who, place, now)? else {
                    return Ok(Admitted::Changed);
                };
                self.link(&who.key, &user, &who.kind, &who.profile, now).tokens.clone_from(&who.tokens);
                if let Some(email) = who.email.as_ref().filter(|email| email.verified) {
                    self.prove(&user, &email.address, Some(&who.key), *until, now);
                }
                (user, is_new)
            }
            Admission::EmailLink { ticket, user, is_new, until } => {
                if self.ticket(ticket, now).is_none() {
                    return Ok(Admitted::Gone);
                }
                let expected = (!is_new).then_some(user);
                if self.by_email(&ticket.subject).map(|holder| &holder.id) != expected {
                    return Ok(Admitted::Changed);
                }
                if *is_new {
                    let email = Some(ticket.subject.clone());
                    let new =
                        NewUser { id: user.clone(), email, email_verified: true, name: None, image: None };
                    self.make(&new, now)?;
                }
                self.tickets.remove(ticket);
                self.prove(user, &ticket.subject, None, *until, now);
                (user.clone(), *is_new)
            }
        };
        Ok(Admitted::As { user, is_new })
    }

    fn admit_account(
        &mut self,
        key: &AccountKey,
        profile: &Profile,
        new_id: &UserId,
        now: Timestamp,
    ) -> Result<(UserId, bool), StoreError> {
        let (name, image) = (profile.name.clone().flatten(), profile.image.clone().flatten());
        let known = self.accounts.get(key).map(|account| account.user.clone());
        let is_new = known.is_none();
        let id = known.unwrap_or_else(|| new_id.clone());
        if is_new {
            let new = NewUser { id: id.clone(), email: None, email_verified: false, name, image };
            self.make(&new, now)?;
        } else if let Some(user) = self.users.get_mut(&id) {
            (user.name, user.image) = (name, image);
        }
        self.link(key, &id, Account::CREDENTIALS, profile, now);
        Ok((id, is_new))
    }

    /// Whose the account is to be, if that still holds on which it was decided; a new user is made.
    fn place(
        &mut self,
        who: &Vouched,
        place: &Place,
        now: Timestamp,
    ) -> Result<Option<(UserId, bool)>, StoreError> {
        let owner = self.accounts.get(&who.key).map(|account| &account.user);
        match place {
            Place::Owner(user) => Ok((owner == Some(user)).then(|| (user.clone(), false))),
            _ if owner.is_some() => Ok(None),
            Place::Link { user, by } => {
                let holds = match by {
                    Ground::Session(session) => {
                        self.sessions.get(session).is_some_and(|row| row.user == *user)
                    }
                    Ground::Email => who.email.as_ref().is_some_and(|email| {
                        self.by_email(&email.address).is_some_and(|holder| holder.id == *user)
                    }),
                };
                Ok(holds.then(|| (user.clone(), false)))
            }
            Place::New(new) if new.email.as_deref().is_some_and(|email| self.by_email(email).is_some()) => {
                Ok(None)
            }
            Place::New(new) => self.make(new, now).map(|()| Some((new.id.clone(), true))),
        }
    }

    /// Makes the account or brings it up to date.
    fn link(
        &mut self,
        key: &AccountKey,
        user: &UserId,
        kind: &str,
        profile: &Profile,
        now: Timestamp,
    ) -> &mut Linked {
        self.linked += 1;
        let (kind, profile, at) = (kind.to_owned(), profile.clone(), self.linked);
        let new = Linked {
            user: user.clone(),
            kind: String::new(),
            profile: Profile::default(),
            tokens: None,
            created: now,
            at,
        };
        let account = self.accounts.entry(key.clone()).or_insert(new);
        (account.kind, account.profile) = (kind, profile);
        account
    }

    /// The first proof of the address that `user` has ends what was set up without one.
    fn prove(
        &mut self,
        id: &UserId,
        address: &str,
        by: Option<&AccountKey>,
        until: Timestamp,
        now: Timestamp,
    ) {
        let Some(user) = self.users.get_mut(id) else { return };
        if user.email.as_deref() != Some(address) || user.email_verified.is_some() {
            return;
        }
        user.email_verified = Some(now);
        self.passwords.remove(id);
        self.accounts.retain(|key, account| account.user != *id || Some(key) == by);
        self.end_all(id, until);
    }

    fn accounts_of(&self, user: &UserId) -> Vec<(&AccountKey, &Linked)> {
        let mut accounts: Vec<_> =
            self.accounts.iter().filter(|(_, account)| account.user == *user).collect();
        accounts.sort_by_key(|(_, account)| account.at);
        accounts
    }

    fn ticket(&self, key: &TicketKey, now: Timestamp) -> Option<&Ticket> {
        self.tickets.get(key).filter(|ticket| ticket.expires >= now)
    }

    fn by_email(&self, email: &str) -> Option<&User> {
        self.users.values().find(|user| user.email.as_deref() == Some(email))
    }

    fn by_token(&self, token: &TokenHash) -> Option<SessionId> {
        self.sessions.iter().find(|(_, row)| row.token == Some(*token)).map(|(id, _)| id.clone())
    }

    fn clashes(&self, new: &NewSession) -> bool {
        self.sessions.contains_key(&new.id) || new.token.is_some_and(|token| self.by_token(&token).is_some())
    }

    fn make(&mut self, new: &NewUser, now: Timestamp) -> Result<(), StoreError> {
        if self.users.contains_key(&new.id) {
            return Err(StoreError("a user with this id exists".to_owned()));
        }
        let user = User {
            id: new.id.clone(),
            email: new.email.clone(),
            email_verified: new.email_verified.then_some(now),
            name: new.name.clone(),
            image: new.image.clone(),
        };
        self.users.insert(new.id.clone(), user);
        Ok(())
    }

    fn end(&mut self, id: &SessionId, until: Timestamp) {
        self.sessions.remove(id);
        self.change += 1;
        let before = self.ended.iter().position(|ended| ended.session == *id);
        let until = before.map_or(until, |at| self.ended.remove(at).until.max(until));
        self.ended.push(Ended { change: self.change, session: id.clone(), until });
    }

    fn end_all(&mut self, user: &UserId, until: Timestamp) {
        let of_user = self.sessions.iter().filter(|(_, row)| row.user == *user);
        for id in of_user.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.end(&id, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    crate::store_contract!((Arc::new(super::MemoryStore::default()), ()));
}

//! A store in memory: the port's promises in the fewest words.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use keyward_core::{
    claims::Claims,
    port::{
        Admitted, Directory, Ended, Ending, Ledger, NewSession, SessionId, SignIns, StoreError,
        StoredPassword, StoredSession, TokenHash,
    },
    time::Timestamp,
    user::{AccountKey, Admission, Profile, User, UserId},
};

/// Keeps everything in memory behind one lock, so that every operation is atomic.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    users: HashMap<UserId, User>,
    passwords: HashMap<UserId, String>,
    accounts: HashMap<AccountKey, Account>,
    sessions: HashMap<SessionId, Session>,
    /// In the order of changes.
    ended: Vec<Ended>,
    change: u64,
}

#[derive(Clone, Debug)]
struct Account {
    user: UserId,
    profile: Profile,
}

#[derive(Debug)]
struct Session {
    user: UserId,
    token: Option<TokenHash>,
    claims: Claims,
    expires: Timestamp,
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
        _now: Timestamp,
    ) -> Result<Admitted, StoreError> {
        let mut state = self.state();
        // Everything that can fail is looked at before anything is written.
        if session.is_some_and(|new| state.clashes(new)) {
            return Err(StoreError("a session with this id or token exists".to_owned()));
        }
        let (user, is_new) = match who {
            Admission::User(id) if state.users.contains_key(id) => (id.clone(), false),
            Admission::Password { user, hash } if state.passwords.get(user) == Some(hash) => {
                (user.clone(), false)
            }
            Admission::User(_) | Admission::Password { .. } => return Ok(Admitted::Gone),
            Admission::NewUser { user, .. } if state.by_email(&user.email).is_some() => {
                return Ok(Admitted::EmailTaken);
            }
            Admission::NewUser { user: new, password_hash } => {
                let user = User {
                    id: new.id.clone(),
                    email: Some(new.email.clone()),
                    name: new.name.clone(),
                    image: None,
                };
                state.make(user)?;
                state.passwords.insert(new.id.clone(), password_hash.clone());
                (new.id.clone(), true)
            }
            Admission::Account { key, profile, new_id } => {
                let known = state.accounts.get(key).map(|account| account.user.clone());
                let is_new = known.is_none();
                let id = known.unwrap_or_else(|| new_id.clone());
                let user = User {
                    id: id.clone(),
                    email: None,
                    name: profile.name.clone().flatten(),
                    image: profile.image.clone().flatten(),
                };
                if is_new {
                    state.make(user)?;
                } else {
                    state.users.insert(id.clone(), user);
                }
                state.accounts.insert(key.clone(), Account { user: id.clone(), profile: profile.clone() });
                (id, is_new)
            }
        };
        if let Some(new) = session {
            let row = Session {
                user: user.clone(),
                token: new.token,
                claims: new.claims.clone(),
                expires: new.expires,
            };
            state.sessions.insert(new.id.clone(), row);
        }
        Ok(Admitted::As { user, is_new })
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

    async fn end_session(&self, which: &Ending, until: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        let id = match which {
            Ending::Id(id) => Some(id.clone()),
            Ending::Token(token) => state.by_token(token),
        };
        if let Some(id) = id {
            state.end(&id, until);
        }
        Ok(())
    }

    async fn ended_since(&self, after: u64) -> Result<Vec<Ended>, StoreError> {
        Ok(self.state().ended.iter().filter(|ended| ended.change > after).cloned().collect())
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        let rows = |state: &State| state.sessions.len() + state.ended.len();
        let before = rows(&state);
        state.sessions.retain(|_, row| row.expires >= now);
        state.ended.retain(|ended| ended.until > now);
        Ok(u64::try_from(before - rows(&state)).unwrap_or(u64::MAX))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl State {
    fn by_email(&self, email: &str) -> Option<&User> {
        self.users.values().find(|user| user.email.as_deref() == Some(email))
    }

    fn by_token(&self, token: &TokenHash) -> Option<SessionId> {
        self.sessions.iter().find(|(_, row)| row.token == Some(*token)).map(|(id, _)| id.clone())
    }

    fn clashes(&self, new: &NewSession) -> bool {
        self.sessions.contains_key(&new.id) || new.token.is_some_and(|token| self.by_token(&token).is_some())
    }

    fn make(&mut self, user: User) -> Result<(), StoreError> {
        if self.users.contains_key(&user.id) {
            return Err(StoreError("a user with this id exists".to_owned()));
        }
        self.users.insert(user.id.clone(), user);
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

//! Second factors and passkeys in memory.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    method::passkey::Passkey,
    policy::{
        assurance::{MOST_TRIES, hold},
        ways::Left,
    },
    port::{
        CodeKind, FactorChange, FactorChanged, FactorEdit, FactorStore, Factors, KeptApp, MOST_PASSKEYS,
        Shown, StoreError, Tried,
    },
    ticket::TicketKey,
    time::Timestamp,
    user::UserId,
};

use super::{MemoryStore, state::State};

#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) apps: HashMap<UserId, KeptApp>,
    /// When each was added.
    added: HashMap<UserId, Timestamp>,
    codes: HashSet<(UserId, String)>,
    /// In the order in which they were added.
    pub(super) passkeys: Vec<Passkey>,
    tries: HashMap<UserId, (u32, Timestamp)>,
    ticket_tries: HashMap<TicketKey, u32>,
}

impl Kept {
    pub(super) fn passkey(&self, id: &str) -> Option<&Passkey> {
        self.passkeys.iter().find(|passkey| passkey.id == id)
    }

    pub(super) fn has_passkey(&self, user: &UserId, beside: Option<&str>) -> bool {
        self.passkeys.iter().any(|passkey| passkey.user == *user && Some(&*passkey.id) != beside)
    }

    pub(super) fn forget(&mut self, user: &UserId) {
        self.forget_app(user);
        self.passkeys.retain(|passkey| passkey.user != *user);
    }

    /// What was added since then.
    pub(super) fn forget_since(&mut self, user: &UserId, since: Timestamp) {
        if self.added.get(user).is_some_and(|added| *added >= since) {
            self.forget_app(user);
        }
        self.passkeys.retain(|passkey| passkey.user != *user || passkey.created < since);
    }

    fn forget_app(&mut self, user: &UserId) {
        self.apps.remove(user);
        self.tries.remove(user);
        self.codes.retain(|(owner, _)| owner != user);
    }

    fn replace_codes(&mut self, user: &UserId, codes: &[String]) {
        self.codes.retain(|(owner, _)| owner != user);
        self.codes.extend(codes.iter().map(|code| (user.clone(), code.clone())));
    }
}

impl State {
    /// True if what was shown can be used now.
    pub(super) fn is_good(&self, user: &UserId, shown: &Shown) -> bool {
        match shown {
            Shown::AppCode { step } => self.factors.apps.get(user).is_some_and(|app| app.step < *step),
            Shown::RecoveryCode { hash } => self.factors.codes.contains(&(user.clone(), hash.clone())),
            Shown::Passkey { id, counter, spent, .. } => {
                let passkey = self.factors.passkey(id);
                passkey.is_some_and(|passkey| passkey.user == *user && passkey.counter == counter.0)
                    && !self.tickets.contains_key(&spent.key)
            }
        }
    }

    /// Uses up what was shown and is good.
    pub(super) fn use_up(&mut self, user: &UserId, shown: &Shown, now: Timestamp) {
        match shown {
            Shown::AppCode { step } => {
                self.factors.tries.remove(user);
                if let Some(app) = self.factors.apps.get_mut(user) {
                    app.step = *step;
                }
            }
            Shown::RecoveryCode { hash } => {
                self.factors.codes.remove(&(user.clone(), hash.clone()));
            }
            Shown::Passkey { id, counter, backed_up, spent } => {
                self.tickets.insert(spent.key.clone(), spent.clone());
                if let Some(passkey) = self.factors.passkeys.iter_mut().find(|passkey| passkey.id == *id) {
                    (passkey.counter, passkey.backed_up, passkey.used) = (counter.1, *backed_up, Some(now));
                }
            }
        }
    }

    fn change_factors(&mut self, change: &FactorChange, now: Timestamp) -> FactorChanged {
        let FactorChange { user, session, ways, edit } = change;
        let is_theirs = |id| self.sessions.get(id).is_some_and(|row| row.is_of(user));
        if session.as_ref().is_some_and(|id| !is_theirs(id)) || !self.users.contains_key(user) {
            return FactorChanged::SignedOut;
        }
        let has_app = self.factors.apps.contains_key(user);
        match edit {
            FactorEdit::AddApp { .. } if has_app => return FactorChanged::Taken,
            FactorEdit::AddApp { app, codes } => {
                self.factors.apps.insert(user.clone(), app.clone());
                self.factors.added.insert(user.clone(), now);
                self.factors.replace_codes(user, codes);
            }
            FactorEdit::RemoveApp | FactorEdit::ReplaceCodes(_) if !has_app => {
                return FactorChanged::NotFound;
            }
            FactorEdit::RemoveApp => self.factors.forget_app(user),
            FactorEdit::ReplaceCodes(codes) => self.factors.replace_codes(user, codes),
            FactorEdit::AddPasskey { passkey, spent } => {
                let held = self.factors.passkeys.iter().filter(|held| held.user == *user).count();
                if held >= MOST_PASSKEYS as usize {
                    return FactorChanged::TooMany;
                }
                if self.factors.passkey(&passkey.id).is_some() || self.tickets.contains_key(&spent.key) {
                    return FactorChanged::Taken;
                }
                self.tickets.insert(spent.key.clone(), spent.clone());
                self.factors.passkeys.push(Passkey { user: user.clone(), ..passkey.clone() });
            }
            FactorEdit::RemovePasskey(id) => {
                if self.factors.passkey(id).is_none_or(|passkey| passkey.user != *user) {
                    return FactorChanged::NotFound;
                }
                let accounts = self.accounts_of(user);
                let sources: Vec<_> = accounts.into_iter().map(|(key, _)| key.source.clone()).collect();
                let left = Left {
                    sources: &sources,
                    password: self.passwords.contains_key(user),
                    proven_address: self.users.get(user).is_some_and(|user| user.email_verified.is_some()),
                    passkey: self.factors.has_passkey(user, Some(id)),
                };
                if !ways.let_in(left) {
                    return FactorChanged::LastWay;
                }
                self.factors.passkeys.retain(|passkey| passkey.id != *id);
            }
            FactorEdit::Reset { passkeys: true } => self.factors.forget(user),
            FactorEdit::Reset { passkeys: false } => self.factors.forget_app(user),
        }
        FactorChanged::Done
    }
}

#[async_trait]
impl FactorStore for MemoryStore {
    async fn factors(&self, user: &UserId) -> Result<Factors, StoreError> {
        let kept = &self.state().factors;
        let codes = kept.codes.iter().filter(|(owner, _)| owner == user).count();
        Ok(Factors {
            app: kept.apps.get(user).cloned(),
            recovery_codes: u32::try_from(codes).unwrap_or(u32::MAX),
            passkeys: kept.passkeys.iter().filter(|passkey| passkey.user == *user).cloned().collect(),
        })
    }

    async fn passkey(&self, id: &str) -> Result<Option<Passkey>, StoreError> {
        Ok(self.state().factors.passkey(id).cloned())
    }

    async fn try_code(
        &self,
        user: &UserId,
        ticket: Option<&TicketKey>,
        kind: CodeKind,
        now: Timestamp,
    ) -> Result<Tried, StoreError> {
        let mut state = self.state();
        let number = match ticket {
            None => 0,
            Some(key) => {
                let made = state.factors.ticket_tries.get(key).copied().unwrap_or_default();
                if state.ticket(key, now).is_none() || made >= MOST_TRIES {
                    return Ok(Tried::Ended);
                }
                made + 1
            }
        };
        if kind == CodeKind::App && state.users.contains_key(user) {
            let (tries, last) = state.factors.tries.get(user).copied().unwrap_or((0, now));
            let until = last.plus(hold(tries));
            if until > now {
                return Ok(Tried::Held(until));
            }
            state.factors.tries.insert(user.clone(), (tries.saturating_add(1), now));
        }
        if let Some(key) = ticket {
            state.factors.ticket_tries.insert(key.clone(), number);
        }
        Ok(Tried::Go(number))
    }

    async fn change_factors(
        &self,
        change: &FactorChange,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<FactorChanged, StoreError> {
        let mut state = self.state();
        let changed = state.change_factors(change, now);
        if changed == FactorChanged::Done {
            state.write(events);
        }
        Ok(changed)
    }
}

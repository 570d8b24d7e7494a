//! What a store in memory holds, and its transitions: each under the store's one lock.

use std::collections::{HashMap, HashSet};

use keyward_core::{
    claims::Claims,
    event::{Channel, NewEvent},
    method::passkey::Passkey,
    overlay::Overlay,
    policy::linking,
    port::{
        Admitted, Altered, Change, Changed, DueEvent, Ending, Entry, EntryId, NewSession, PersonName,
        SessionId, StoreError, StoredKey, TokenHash,
    },
    ticket::{Purpose, Ticket, TicketKey, half_finished_by},
    time::Timestamp,
    user::{Account, AccountKey, Admission, Extra, Ground, NewUser, Place, Profile, User, UserId, Vouched},
};

use super::factors::Kept;
use super::grants::Family;
use super::{audit::Trail, post::Mails};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) users: HashMap<UserId, User>,
    /// Who ever came along from another system.
    pub(super) imported: HashSet<UserId>,
    pub(super) passwords: HashMap<UserId, String>,
    pub(super) accounts: HashMap<AccountKey, Linked>,
    pub(super) tickets: HashMap<TicketKey, Ticket>,
    pub(super) sessions: HashMap<SessionId, Session>,
    /// In the order of changes.
    pub(super) changes: Vec<Change>,
    pub(super) change: u64,
    /// How many accounts were linked so far: their order.
    pub(super) linked: usize,
    /// In the order in which they were written.
    pub(super) outbox: Vec<Waiting>,
    /// How many were written so far.
    pub(super) written: u64,
    pub(super) trail: Trail,
    pub(super) mails: Mails,
    pub(super) families: HashMap<SessionId, Family>,
    /// In the order in which they were added.
    pub(super) signing_keys: Vec<StoredKey>,
    pub(super) vault: HashMap<EntryId, Entry>,
    pub(super) factors: Kept,
    /// What the tokens of adopted sessions call their people.
    pub(super) adopted: HashMap<SessionId, Vec<PersonName>>,
    /// Whose sessions were ended, and until when that is remembered.
    pub(super) ended_names: HashMap<PersonName, Timestamp>,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) event: DueEvent,
    pub(super) due: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub(super) struct Linked {
    pub(super) user: UserId,
    pub(super) kind: String,
    pub(super) profile: Profile,
    pub(super) tokens: Option<Vec<u8>>,
    pub(super) created: Timestamp,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) struct Session {
    /// An adopted one is nobody's.
    pub(super) user: Option<UserId>,
    pub(super) token: Option<TokenHash>,
    pub(super) claims: Claims,
    pub(super) version: u64,
    pub(super) overlay: Overlay,
    pub(super) created: Timestamp,
    pub(super) seen: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) user_agent: Option<String>,
    pub(super) address: Option<String>,
    pub(super) via: Option<AccountKey>,
}

impl Session {
    /// Of a user who says `own` in every session.
    pub(super) fn new(user: Option<&UserId>, own: &Extra, new: &NewSession) -> Self {
        let mut session = Self {
            user: user.cloned(),
            token: new.token,
            claims: new.claims.clone(),
            version: 0,
            overlay: Overlay::default(),
            created: new.created,
            seen: new.created,
            expires: new.expires,
            user_agent: new.user_agent.clone(),
            address: new.address.clone(),
            via: new.via.clone(),
        };
        session.say(own);
        session
    }

    pub(super) fn is_of(&self, user: &UserId) -> bool {
        self.user.as_ref() == Some(user)
    }

    /// A sealed session says nothing here.
    pub(super) fn say(&mut self, patch: &Extra) {
        if !self.claims.is_empty() {
            self.claims.change(patch);
        }
    }
}

impl State {
    pub(super) fn write<'e>(&mut self, events: impl IntoIterator<Item = &'e NewEvent>) {
        self.write_in(events, None, None);
    }

    /// Entries of the audit trail that name nobody are about `user`.
    pub(super) fn write_of<'e>(
        &mut self,
        events: impl IntoIterator<Item = &'e NewEvent>,
        user: Option<&UserId>,
    ) {
        self.write_in(events, user, None);
    }

    /// Those that name no session are about this one.
    pub(super) fn write_in<'e>(
        &mut self,
        events: impl IntoIterator<Item = &'e NewEvent>,
        user: Option<&UserId>,
        session: Option<&SessionId>,
    ) {
        for NewEvent { id, body, written, channel, .. } in events {
            match channel {
                Channel::Audit(entry) => {
                    self.trail.insert(entry, user, session);
                    continue;
                }
                Channel::Mail { expires } => {
                    self.mails.insert(body, *written, *expires);
                    continue;
                }
                Channel::Outbox => {}
            }
            self.written += 1;
            let event = DueEvent { place: self.written, attempt: 0, id: id.clone(), body: body.clone() };
            self.outbox.push(Waiting { event, due: Some(*written), until: None });
        }
    }

    pub(super) fn admit(&mut self, who: &Admission, now: Timestamp) -> Result<Admitted, StoreError> {
        // Whoever it turns out to be, nothing is written for who is kept out (lesson 57).
        if self.is_for_disabled(who, now) {
            return Ok(Admitted::Disabled);
        }
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
            Admission::NewPasskey { user: new, passkey, spent } => {
                if self.tickets.contains_key(&spent.key) || self.factors.passkey(&passkey.id).is_some() {
                    return Ok(Admitted::Changed);
                }
                if new.email.as_deref().is_some_and(|email| self.by_email(email).is_some()) {
                    return Ok(Admitted::EmailTaken);
                }
                self.make(new, now)?;
                self.tickets.insert(spent.key.clone(), spent.clone());
                self.factors.passkeys.push(Passkey { user: new.id.clone(), ..Passkey::clone(passkey) });
                (new.id.clone(), true)
            }
            Admission::Factor { user, ticket, shown } => {
                if ticket.as_ref().is_some_and(|ticket| self.ticket(ticket, now).is_none())
                    || !self.users.contains_key(user)
                {
                    return Ok(Admitted::Gone);
                }
                if !self.is_good(user, shown) {
                    return Ok(Admitted::Changed);
                }
                if let Some(ticket) = ticket {
                    self.tickets.remove(ticket);
                }
                self.use_up(user, shown, now);
                (user.clone(), false)
            }
            Admission::Account { key, profile, new_id } => self.admit_account(key, profile, new_id, now)?,
            Admission::Vouched { who, place, until } => {
                if who.spent.as_ref().is_some_and(|spent| self.tickets.contains_key(&spent.key)) {
                    return Ok(Admitted::Changed);
                }
                let Some((user, is_new)) = self.place(who, place, now)? else {
                    return Ok(Admitted::Changed);
                };
                self.link(&who.key, &user, &who.kind, &who.profile, now).tokens.clone_from(&who.tokens);
                self.tickets.extend(who.spent.iter().map(|spent| (spent.key.clone(), spent.clone())));
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
        let claims = self.users.get(&user).map(|user| user.claims.clone()).unwrap_or_default();
        Ok(Admitted::As { user, is_new, claims })
    }

    /// True where the proof holds, and is that of a user who is kept out.
    fn is_for_disabled(&self, who: &Admission, now: Timestamp) -> bool {
        let by_ticket = |ticket: &TicketKey| self.ticket(ticket, now).and(self.by_email(&ticket.subject));
        let user = match who {
            Admission::User(id) => Some(id),
            Admission::Password { user, hash } => {
                Some(user).filter(|user| self.passwords.get(user) == Some(hash))
            }
            Admission::NewUser { .. } | Admission::NewPasskey { .. } => None,
            Admission::Factor { user, ticket, .. } => {
                Some(user).filter(|_| ticket.as_ref().is_none_or(|ticket| self.ticket(ticket, now).is_some()))
            }
            Admission::Account { key, .. } => self.accounts.get(key).map(|account| &account.user),
            Admission::Vouched { place: Place::Owner(user) | Place::Link { user, .. }, .. } => Some(user),
            Admission::Vouched { place: Place::New(_), .. } => None,
            Admission::EmailLink { ticket, .. } => by_ticket(ticket).map(|user| &user.id),
        };
        user.and_then(|id| self.users.get(id)).is_some_and(|user| user.disabled.is_some())
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
                    Ground::Session(session) => self.sessions.get(session).is_some_and(|row| row.is_of(user)),
                    Ground::Email => who.email.as_ref().is_some_and(|address| {
                        let holder = self.by_email(&address.address).filter(|holder| holder.id == *user);
                        let has_app = self.factors.apps.contains_key(user);
                        holder.is_some_and(|holder| linking::may_link(holder, has_app, address))
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
    pub(super) fn link(
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
    pub(super) fn prove(
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
        self.factors.forget(id);
        self.accounts.retain(|key, account| account.user != *id || Some(key) == by);
        self.end_all(id, until);
    }

    pub(super) fn accounts_of(&self, user: &UserId) -> Vec<(&AccountKey, &Linked)> {
        let mut accounts: Vec<_> =
            self.accounts.iter().filter(|(_, account)| account.user == *user).collect();
        accounts.sort_by_key(|(_, account)| (account.created, account.at));
        accounts
    }

    /// With the id by which a back end knows them.
    pub(super) fn as_read(&self, user: &User) -> User {
        let mut accounts = self.accounts_of(&user.id).into_iter();
        let found = accounts.find(|(_, account)| account.kind == Account::CREDENTIALS);
        User { back_end_id: found.map(|(key, _)| key.id.clone()), ..user.clone() }
    }

    pub(super) fn ticket(&self, key: &TicketKey, now: Timestamp) -> Option<&Ticket> {
        self.tickets.get(key).filter(|ticket| ticket.expires >= now)
    }

    pub(super) fn by_email(&self, email: &str) -> Option<&User> {
        self.users.values().find(|user| user.email.as_deref() == Some(email))
    }

    pub(super) fn by_token(&self, token: &TokenHash) -> Option<SessionId> {
        self.sessions.iter().find(|(_, row)| row.token == Some(*token)).map(|(id, _)| id.clone())
    }

    pub(super) fn clashes(&self, new: &NewSession) -> bool {
        self.sessions.contains_key(&new.id) || new.token.is_some_and(|token| self.by_token(&token).is_some())
    }

    fn make(&mut self, new: &NewUser, now: Timestamp) -> Result<(), StoreError> {
        if self.users.contains_key(&new.id) {
            return Err(StoreError("a user with this id exists".to_owned()));
        }
        let user = User {
            email: new.email.clone(),
            email_verified: new.email_verified.then_some(now),
            name: new.name.clone(),
            image: new.image.clone(),
            ..User::new(new.id.clone())
        };
        self.users.insert(new.id.clone(), user);
        Ok(())
    }

    /// Ends a session, and remembers it. Gives it if it was there.
    pub(super) fn end(&mut self, id: &SessionId, until: Timestamp) -> Option<Session> {
        self.adopted.remove(id);
        self.vault.retain(|_, entry| entry.session != *id);
        self.note(id, Changed::Ended, until);
        self.sessions.remove(id)
    }

    /// The same, however it is named.
    pub(super) fn end_which(&mut self, which: &Ending, until: Timestamp) -> Option<Session> {
        let id = match which {
            Ending::Id(id) => id.clone(),
            Ending::Token(token) => self.by_token(token)?,
        };
        self.end(&id, until)
    }

    /// One place for each session, moved to the end of the order.
    fn note(&mut self, id: &SessionId, what: Changed, until: Timestamp) {
        self.change += 1;
        let before = self.changes.iter().position(|change| change.session == *id);
        let until = before.map_or(until, |at| self.changes.remove(at).until.max(until));
        self.changes.push(Change { change: self.change, session: id.clone(), what, until });
    }

    pub(super) fn change_session(&mut self, id: &SessionId, patch: &Extra, until: Timestamp) -> Altered<()> {
        let Some(row) = self.sessions.get_mut(id) else { return Altered::NotFound };
        let version = row.version + 1;
        let mut overlay = row.overlay.clone();
        overlay.add(version, patch);
        if overlay.is_too_large() {
            return Altered::TooLarge;
        }
        (row.version, row.overlay) = (version, overlay);
        row.say(patch);
        self.note(id, Changed::To(version), until);
        Altered::Done(())
    }

    /// Changes what all sessions of a user say. Those that say nothing of theirs are ended.
    pub(super) fn change_all(&mut self, user: &UserId, patch: &Extra, until: Timestamp) {
        for id in self.ids_of(user) {
            if self.change_session(&id, patch, until) == Altered::TooLarge {
                self.end(&id, until);
            }
        }
        self.end_adopted(user, until);
    }

    /// Without adopted ones.
    pub(super) fn ids_of(&self, user: &UserId) -> Vec<SessionId> {
        let of_user = self.sessions.iter().filter(|(_, row)| row.is_of(user));
        of_user.map(|(id, _)| id.clone()).collect()
    }

    pub(super) fn remove(&mut self, user: &UserId, until: Timestamp) {
        self.end_all(user, until);
        self.users.remove(user);
        self.factors.forget(user);
        self.passwords.remove(user);
        self.accounts.retain(|_, account| account.user != *user);
    }

    pub(super) fn end_all(&mut self, user: &UserId, until: Timestamp) {
        for id in self.ids_of(user) {
            self.end(&id, until);
        }
        self.end_adopted(user, until);
        self.end_half_open(user);
    }

    /// Ends the sign-ins of a user that wait for their second factor.
    pub(super) fn end_half_open(&mut self, user: &UserId) {
        let half = half_finished_by(&user.0);
        self.tickets.retain(|key, _| key.purpose != Purpose::SECOND_FACTOR || key.subject != half);
    }
}

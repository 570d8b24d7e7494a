//! Admitting people.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    method::passkey::Passkey,
    policy::linking,
    port::{Admitted, NewSession, SignIns, StoreError},
    ticket::first_half,
    time::Timestamp,
    user::{Account, AccountKey, Admission, Ground, NewUser, Place, Profile, UserId, Vouched},
};
use rusqlite::{Connection, Result, params};

use crate::{
    SqliteStore, account,
    directory::{self, Own},
    factors, grants, ledger, outbox, ticket,
};

#[async_trait]
impl SignIns for SqliteStore {
    async fn admit(
        &self,
        who: &Admission,
        session: Option<&NewSession>,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Admitted, StoreError> {
        let (who, session, events) = (who.clone(), session.cloned(), events.to_vec());
        self.write("admit", move |db| {
            let admitted = admit(db, &who, now)?;
            if let (Admitted::As { user, .. }, Some(session)) = (&admitted, &session)
                && !session.is_complete
                && factors::has_app(db, user)?
            {
                ticket::insert(db, &first_half(&user.0, &session.id.0, now))?;
                return Ok(Admitted::NeedsFactor { user: user.clone() });
            }
            if let Admitted::As { user, is_new, claims } = &admitted {
                if let Some(session) = &session {
                    ledger::insert(db, user, claims, session)?;
                    if let Some(grant) = &session.grant {
                        grants::insert(db, &session.id, grant)?;
                    }
                    if let Some(replaced) = &session.replaces {
                        ledger::end(db, &replaced.which, replaced.until)?;
                    }
                }
                let opened = session.as_ref().map(|session| &session.id);
                outbox::insert_about(db, &events, user, opened, *is_new)?;
            }
            Ok(admitted)
        })
        .await
    }
}

/// Whatever is no [`Admitted::As`] has written nothing.
fn admit(db: &Connection, who: &Admission, now: Timestamp) -> Result<Admitted> {
    let (user, is_new) = match who {
        Admission::User(id) => (id.clone(), false),
        Admission::Password { user, hash } if has_password(db, user, hash)? => (user.clone(), false),
        Admission::Password { .. } => return Ok(Admitted::Gone),
        Admission::NewUser { user, password_hash } => {
            if !directory::make(db, user, now)? {
                return Ok(Admitted::EmailTaken);
            }
            db.prepare_cached("INSERT INTO password (user, hash) VALUES (?1, ?2)")?
                .execute([&user.id.0, password_hash])?;
            (user.id.clone(), true)
        }
        Admission::NewPasskey { user, passkey, spent } => {
            if factors::is_taken(db, &passkey.id, spent)? {
                return Ok(Admitted::Changed);
            }
            if !directory::make(db, user, now)? {
                return Ok(Admitted::EmailTaken);
            }
            factors::add_passkey(db, &Passkey { user: user.id.clone(), ..Passkey::clone(passkey) }, spent)?;
            (user.id.clone(), true)
        }
        Admission::Factor { user, ticket, shown } => {
            if let Some(ticket) = ticket
                && !ticket::is_good(db, ticket, now)?
            {
                return Ok(Admitted::Gone);
            }
            match directory::own(db, user)? {
                None => return Ok(Admitted::Gone),
                Some(Own { disabled: true, .. }) => return Ok(Admitted::Disabled),
                Some(_) => {}
            }
            if !factors::is_good(db, user, shown)? {
                return Ok(Admitted::Changed);
            }
            if let Some(ticket) = ticket {
                ticket::take(db, ticket, now)?;
            }
            factors::take(db, user, shown, now)?;
            (user.clone(), false)
        }
        Admission::Account { key, profile, new_id } => {
            let known = account::owner(db, key)?;
            if is_kept_out(db, known.as_ref())? {
                return Ok(Admitted::Disabled);
            }
            at_back_end(db, key, profile, known, new_id, now)?
        }
        Admission::Vouched { who, place, until } => {
            if let Some(spent) = &who.spent
                && ticket::is_known(db, &spent.key)?
            {
                return Ok(Admitted::Changed);
            }
            let Some((user, is_new)) = settle(db, who, place, now)? else { return Ok(Admitted::Changed) };
            if is_kept_out(db, Some(&user))? {
                return Ok(Admitted::Disabled);
            }
            let account = Account {
                key: who.key.clone(),
                kind: who.kind.clone(),
                profile: who.profile.clone(),
                created: now,
            };
            account::keep(db, &user, &account, who.tokens.as_deref())?;
            if let Some(spent) = &who.spent {
                ticket::insert(db, spent)?;
            }
            if let Some(email) = who.email.as_ref().filter(|email| email.verified) {
                directory::prove(db, &user, &email.address, Some(&who.key), *until, now)?;
            }
            (user, is_new)
        }
        Admission::EmailLink { ticket, user, is_new, until } => {
            if !ticket::is_good(db, ticket, now)? {
                return Ok(Admitted::Gone);
            }
            if directory::by_email(db, &ticket.subject)?.as_ref() != (!is_new).then_some(user) {
                return Ok(Admitted::Changed);
            }
            if is_kept_out(db, Some(user))? {
                return Ok(Admitted::Disabled);
            }
            ticket::take(db, ticket, now)?;
            if *is_new {
                let email = Some(ticket.subject.clone());
                let new = NewUser { id: user.clone(), email, email_verified: true, name: None, image: None };
                directory::make(db, &new, now)?;
            }
            directory::prove(db, user, &ticket.subject, None, *until, now)?;
            (user.clone(), *is_new)
        }
    };
    Ok(match directory::own(db, &user)? {
        None => Admitted::Gone,
        Some(Own { disabled: true, .. }) => Admitted::Disabled,
        Some(Own { claims, .. }) => Admitted::As { user, is_new, claims },
    })
}

/// Looked at before anything is written (lesson 57).
fn is_kept_out(db: &Connection, user: Option<&UserId>) -> Result<bool> {
    let own = user.map(|user| directory::own(db, user)).transpose()?.flatten();
    Ok(own.is_some_and(|own| own.disabled))
}

/// Somebody whom a back end knows: it knows its people best, so what it says replaces what was kept.
fn at_back_end(
    db: &Connection,
    key: &AccountKey,
    profile: &Profile,
    known: Option<UserId>,
    new_id: &UserId,
    now: Timestamp,
) -> Result<(UserId, bool)> {
    let (name, image) = (profile.name.clone().flatten(), profile.image.clone().flatten());
    let is_new = known.is_none();
    let user = if let Some(user) = known {
        db.prepare_cached("UPDATE user SET name = ?2, image = ?3 WHERE id = ?1")?
            .execute(params![user.0, name, image])?;
        user
    } else {
        let new = NewUser { id: new_id.clone(), email: None, email_verified: false, name, image };
        directory::make(db, &new, now)?;
        new.id
    };
    let kind = Account::CREDENTIALS.to_owned();
    let account = Account { key: key.clone(), kind, profile: profile.clone(), created: now };
    account::keep(db, &user, &account, None)?;
    Ok((user, is_new))
}

/// Whose the account is to be, and whether they are new, if that still holds on which it was decided.
fn settle(db: &Connection, who: &Vouched, place: &Place, now: Timestamp) -> Result<Option<(UserId, bool)>> {
    let owner = account::owner(db, &who.key)?;
    let (user, holds, is_new) = match place {
        Place::Owner(user) => (user, owner.as_ref() == Some(user), false),
        Place::Link { user, by: Ground::Session(session) } => {
            (user, owner.is_none() && ledger::is_of(db, session, user)?, false)
        }
        Place::Link { user, by: Ground::Email } => {
            let may_link = match (directory::by_id(db, user)?, &who.email) {
                (Some(holder), Some(address)) if holder.email.as_ref() == Some(&address.address) => {
                    linking::may_link(&holder, factors::has_app(db, user)?, address)
                }
                _ => false,
            };
            (user, owner.is_none() && may_link, false)
        }
        Place::New(new) => (&new.id, owner.is_none() && directory::make(db, new, now)?, true),
    };
    Ok(holds.then(|| (user.clone(), is_new)))
}

fn has_password(db: &Connection, id: &UserId, hash: &str) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM password WHERE user = ?1 AND hash = ?2")?.exists([&id.0, hash])
}

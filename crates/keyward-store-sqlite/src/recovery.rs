//! What people prove, change, take back and give up.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{
        AddressChange, AddressReturn, Departure, PasswordChange, Proving, Recovered, Recovery, Reset,
        SetUpBy, StoreError,
    },
    ticket::{Purpose, Ticket},
    time::Timestamp,
    user::{Extra, User, UserId},
};
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde_json::Value;

use crate::{SqliteStore, directory, factors, ledger, outbox, people, sessions, ticket};

#[async_trait]
impl Recovery for SqliteStore {
    async fn issue_by_mail(&self, new: &Ticket, events: &[NewEvent]) -> Result<(), StoreError> {
        let (new, events) = (new.clone(), events.to_vec());
        self.write("issue_by_mail", move |db| {
            ticket::insert(db, &new)?;
            outbox::insert(db, &events)
        })
        .await
    }

    async fn prove_address(
        &self,
        what: &Proving,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let what = what.clone();
        let user = what.user.clone();
        self.recover("prove_address", user, events, move |db| prove(db, &what, now)).await
    }

    async fn reset_password(
        &self,
        what: &Reset,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let what = what.clone();
        let user = what.user.clone();
        self.recover("reset_password", user, events, move |db| reset(db, &what, now)).await
    }

    async fn change_password(
        &self,
        what: &PasswordChange,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let what = what.clone();
        let user = what.user.clone();
        self.recover("change_password", user, events, move |db| change_password(db, &what)).await
    }

    async fn change_address(
        &self,
        what: &AddressChange,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let what = what.clone();
        let user = what.user.clone();
        self.recover("change_address", user, events, move |db| change_address(db, &what, now)).await
    }

    async fn return_address(
        &self,
        what: &AddressReturn,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Recovered, StoreError> {
        let what = what.clone();
        let user = what.user.clone();
        self.recover("return_address", user, events, move |db| return_address(db, &what, now)).await
    }

    async fn depart(&self, what: &Departure, events: &[NewEvent]) -> Result<Recovered, StoreError> {
        let what = what.clone();
        let user = what.user.clone();
        self.recover("depart", user, events, move |db| depart(db, &what)).await
    }
}

impl SqliteStore {
    /// A transition about this user, and what is told of it where it is done.
    async fn recover(
        &self,
        operation: &'static str,
        user: UserId,
        events: &[NewEvent],
        change: impl FnOnce(&Connection) -> Result<Recovered> + Send + 'static,
    ) -> Result<Recovered, StoreError> {
        let events = events.to_vec();
        self.write(operation, move |db| {
            let recovered = change(db)?;
            if recovered == Recovered::Done {
                outbox::insert_of(db, &events, &user)?;
            }
            Ok(recovered)
        })
        .await
    }
}

fn prove(db: &Connection, what: &Proving, now: Timestamp) -> Result<Recovered> {
    let Proving { ticket, user, by } = what;
    if !ticket::is_good(db, ticket, now)? {
        return Ok(Recovered::Gone);
    }
    if let Err(refused) = holder(db, user, &ticket.subject)? {
        return Ok(refused);
    }
    let by_them = match by {
        SetUpBy::Session(session) if !ledger::is_of(db, session, user)? => return Ok(Recovered::SignedOut),
        SetUpBy::Password(hash) => password(db, user)?.as_ref() == Some(hash),
        SetUpBy::Session(_) | SetUpBy::Browser => true,
    };
    if !by_them {
        return Ok(Recovered::Changed);
    }
    ticket::take(db, ticket, now)?;
    db.prepare_cached("UPDATE user SET email_verified = ?2 WHERE id = ?1 AND email_verified IS NULL")?
        .execute(params![user.0, now.millis()])?;
    Ok(Recovered::Done)
}

fn reset(db: &Connection, what: &Reset, now: Timestamp) -> Result<Recovered> {
    let Reset { ticket, user, hash, until } = what;
    if !ticket::is_good(db, ticket, now)? {
        return Ok(Recovered::Gone);
    }
    if let Err(refused) = holder(db, user, &ticket.subject)? {
        return Ok(refused);
    }
    ticket::take(db, ticket, now)?;
    directory::prove(db, user, &ticket.subject, None, *until, now)?;
    set_password(db, user, hash)?;
    void(db, Purpose::PASSWORD_RESET, &ticket.subject)?;
    ledger::end_all(db, user, *until)?;
    Ok(Recovered::Done)
}

fn change_password(db: &Connection, what: &PasswordChange) -> Result<Recovered> {
    let PasswordChange { user, from, to, session, until } = what;
    if !ledger::is_of(db, session, user)? {
        return Ok(Recovered::SignedOut);
    }
    if password(db, user)? != *from {
        return Ok(Recovered::Changed);
    }
    set_password(db, user, to)?;
    if let Some(address) = directory::by_id(db, user)?.and_then(|user| user.email) {
        void(db, Purpose::PASSWORD_RESET, &address)?;
    }
    ticket::end_half_open(db, user)?;
    for other in sessions::ids_of(db, user)?.iter().filter(|id| *id != session) {
        sessions::end(db, other, *until)?;
    }
    sessions::end_adopted(db, user, *until)?;
    Ok(Recovered::Done)
}

fn change_address(db: &Connection, what: &AddressChange, now: Timestamp) -> Result<Recovered> {
    let AddressChange { ticket, user, from, session, way_back, until } = what;
    if !ticket::is_good(db, ticket, now)? {
        return Ok(Recovered::Gone);
    }
    if !ledger::is_of(db, session, user)? {
        return Ok(Recovered::SignedOut);
    }
    let Some(known) = directory::by_id(db, user)? else { return Ok(Recovered::Changed) };
    let is_as_read = match from {
        None => known.email.is_none(),
        Some(from) => {
            known.email.as_ref() == Some(&from.address) && known.email_verified.is_some() == from.verified
        }
    };
    if !is_as_read {
        return Ok(Recovered::Changed);
    }
    if directory::by_email(db, &ticket.subject)?.is_some_and(|holder| holder != *user) {
        return Ok(Recovered::Taken);
    }
    ticket::take(db, ticket, now)?;
    let says = Extra::from_iter([("email".to_owned(), Value::from(ticket.subject.clone()))]);
    // By the address that they have until then.
    sessions::change_all(db, user, &says, *until)?;
    set_address(db, user, &ticket.subject, now)?;
    if let Some(way_back) = way_back {
        ticket::insert(db, way_back)?;
    }
    Ok(Recovered::Done)
}

fn return_address(db: &Connection, what: &AddressReturn, now: Timestamp) -> Result<Recovered> {
    let AddressReturn { ticket, user, address, since, reset, until } = what;
    if !ticket::is_good(db, ticket, now)? {
        return Ok(Recovered::Gone);
    }
    let Some(known) = directory::by_id(db, user)? else { return Ok(Recovered::Changed) };
    if known.disabled.is_some() {
        return Ok(Recovered::Disabled);
    }
    if directory::by_email(db, address)?.is_some_and(|holder| holder != *user) {
        return Ok(Recovered::Taken);
    }
    ticket::take(db, ticket, now)?;
    db.prepare_cached("DELETE FROM ticket WHERE purpose = ?1 AND subject = ?2 AND created >= ?3")?
        .execute(params![ticket.purpose.0, ticket.subject, since.millis()])?;
    set_address(db, user, address, now)?;
    db.prepare_cached("DELETE FROM password WHERE user = ?1")?.execute([&user.0])?;
    db.prepare_cached("DELETE FROM account WHERE user = ?1 AND created >= ?2")?
        .execute(params![user.0, since.millis()])?;
    factors::forget_since(db, user, *since)?;
    ledger::end_all(db, user, *until)?;
    ticket::insert(db, reset)?;
    Ok(Recovered::Done)
}

fn depart(db: &Connection, what: &Departure) -> Result<Recovered> {
    let Departure { user, session, until } = what;
    if !ledger::is_of(db, session, user)? {
        return Ok(Recovered::SignedOut);
    }
    let known = directory::by_id(db, user)?;
    // What lies about them in tickets goes too: whom they are for is an address, or the user.
    for subject in known.and_then(|user| user.email).iter().chain([&user.0]) {
        db.prepare_cached("DELETE FROM ticket WHERE subject = ?1")?.execute([subject])?;
    }
    people::remove(db, user, *until)?;
    Ok(Recovered::Done)
}

/// Whether this user has the address, and may come in.
fn holder(db: &Connection, user: &UserId, address: &str) -> Result<Result<User, Recovered>> {
    let known = directory::by_id(db, user)?.filter(|known| known.email.as_deref() == Some(address));
    Ok(match known {
        None => Err(Recovered::Changed),
        Some(known) if known.disabled.is_some() => Err(Recovered::Disabled),
        Some(known) => Ok(known),
    })
}

fn password(db: &Connection, user: &UserId) -> Result<Option<String>> {
    db.prepare_cached("SELECT hash FROM password WHERE user = ?1")?
        .query_row([&user.0], |row| row.get(0))
        .optional()
}

fn set_password(db: &Connection, user: &UserId, hash: &str) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO password (user, hash) VALUES (?1, ?2)
         ON CONFLICT (user) DO UPDATE SET hash = excluded.hash",
    )?
    .execute([&user.0, hash])?;
    Ok(())
}

fn set_address(db: &Connection, user: &UserId, address: &str, now: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE user SET email = ?2, email_verified = ?3 WHERE id = ?1")?.execute(params![
        user.0,
        address,
        now.millis()
    ])?;
    Ok(())
}

/// Tickets of this purpose for this subject open nothing from now on.
fn void(db: &Connection, purpose: Purpose, subject: &str) -> Result<()> {
    db.prepare_cached("DELETE FROM ticket WHERE purpose = ?1 AND subject = ?2")?
        .execute([purpose.0, subject])?;
    Ok(())
}

//! Tickets: issued, looked at, used up.

use async_trait::async_trait;
use keyward_core::{
    port::{StoreError, Tickets},
    ticket::{Purpose, Ticket, TicketKey, half_finished_by},
    time::Timestamp,
    user::UserId,
};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::SqliteStore;

#[async_trait]
impl Tickets for SqliteStore {
    async fn issue_ticket(&self, ticket: &Ticket) -> Result<(), StoreError> {
        let ticket = ticket.clone();
        self.write("issue_ticket", move |db| insert(db, &ticket)).await
    }

    async fn ticket(&self, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>, StoreError> {
        self.read("ticket", |db| {
            db.prepare_cached(
                "SELECT data, created, expires FROM ticket
                 WHERE purpose = ?1 AND subject = ?2 AND hash = ?3 AND expires >= ?4",
            )?
            .query_row(params![key.purpose.0, key.subject, key.hash, now.millis()], |row| ticket(row, key))
            .optional()
        })
    }

    async fn consume_ticket(&self, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>, StoreError> {
        let key = key.clone();
        self.write("consume_ticket", move |db| take(db, &key, now)).await
    }
}

/// Keeps a new ticket; an error if its key is in use.
pub(crate) fn insert(db: &Connection, ticket: &Ticket) -> Result<()> {
    let Ticket { key, data, created, expires } = ticket;
    db.prepare_cached(
        "INSERT INTO ticket (purpose, subject, hash, data, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![key.purpose.0, key.subject, key.hash, data, created.millis(), expires.millis()])?;
    Ok(())
}

/// True if the key is in use, also by a ticket that has expired.
pub(crate) fn is_known(db: &Connection, key: &TicketKey) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM ticket WHERE purpose = ?1 AND subject = ?2 AND hash = ?3")?
        .exists(params![key.purpose.0, key.subject, key.hash])
}

/// Codes that were tried with a ticket; `None` if it is none or has expired.
pub(crate) fn tries(db: &Connection, key: &TicketKey, now: Timestamp) -> Result<Option<u32>> {
    db.prepare_cached(
        "SELECT tries FROM ticket WHERE purpose = ?1 AND subject = ?2 AND hash = ?3 AND expires >= ?4",
    )?
    .query_row(params![key.purpose.0, key.subject, key.hash, now.millis()], |row| row.get(0))
    .optional()
}

pub(crate) fn set_tries(db: &Connection, key: &TicketKey, tries: u32) -> Result<()> {
    db.prepare_cached("UPDATE ticket SET tries = ?4 WHERE purpose = ?1 AND subject = ?2 AND hash = ?3")?
        .execute(params![key.purpose.0, key.subject, key.hash, tries])?;
    Ok(())
}

/// Uses a ticket up, unless it has expired.
pub(crate) fn take(db: &Connection, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>> {
    db.prepare_cached(
        "DELETE FROM ticket WHERE purpose = ?1 AND subject = ?2 AND hash = ?3 AND expires >= ?4
         RETURNING data, created, expires",
    )?
    .query_row(params![key.purpose.0, key.subject, key.hash, now.millis()], |row| ticket(row, key))
    .optional()
}

/// Ends the sign-ins of a user that wait for their second factor.
pub(crate) fn end_half_open(db: &Connection, user: &UserId) -> Result<()> {
    db.prepare_cached("DELETE FROM ticket WHERE purpose = ?1 AND subject = ?2")?
        .execute(params![Purpose::SECOND_FACTOR.0, half_finished_by(&user.0)])?;
    Ok(())
}

/// True if the ticket is there and has not expired.
pub(crate) fn is_good(db: &Connection, key: &TicketKey, now: Timestamp) -> Result<bool> {
    db.prepare_cached(
        "SELECT 1 FROM ticket WHERE purpose = ?1 AND subject = ?2 AND hash = ?3 AND expires >= ?4",
    )?
    .exists(params![key.purpose.0, key.subject, key.hash, now.millis()])
}

/// From the columns data, created, expires.
fn ticket(row: &Row<'_>, key: &TicketKey) -> Result<Ticket> {
    Ok(Ticket {
        key: key.clone(),
        data: row.get(0)?,
        created: Timestamp::from_millis(row.get(1)?),
        expires: Timestamp::from_millis(row.get(2)?),
    })
}

//! What people are called in tokens of others, and so whose adopted sessions are. Names go about as JSON arrays.

use keyward_core::{
    port::{PersonName, SessionId},
    time::Timestamp,
    user::UserId,
};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::column;

/// What a user may be called.
pub(crate) fn of(db: &Connection, user: &UserId) -> Result<String> {
    let address: Option<String> = db
        .prepare_cached("SELECT email FROM user WHERE id = ?1 AND email_verified IS NOT NULL")?
        .query_row([&user.0], |row| row.get(0))
        .optional()?
        .flatten();
    let accounts: Vec<String> = db
        .prepare_cached("SELECT id FROM account WHERE user = ?1")?
        .query_map([&user.0], |row| row.get(0))?
        .collect::<Result<_>>()?;
    json(&PersonName::of_user(user, accounts.iter().map(String::as_str), address.as_deref()))
}

/// The adopted sessions of whoever is called so, expired ones included.
pub(crate) fn sessions(db: &Connection, names: &str) -> Result<Vec<SessionId>> {
    db.prepare_cached("SELECT DISTINCT session FROM adopted WHERE name IN (SELECT value FROM json_each(?1))")?
        .query_map([names], |row| row.get(0).map(SessionId))?
        .collect()
}

/// Remembers that all sessions were ended of whoever is called so, also those that were never read here.
pub(crate) fn note_end(db: &Connection, names: &str, until: Timestamp) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO ended_name (name, until) SELECT value, ?2 FROM json_each(?1) WHERE true
         ON CONFLICT (name) DO UPDATE SET until = max(until, excluded.until)",
    )?
    .execute(params![names, until.millis()])?;
    Ok(())
}

/// As they go about.
pub(crate) fn json(names: &[PersonName]) -> Result<String> {
    column::text(&names.iter().map(PersonName::as_str).collect::<Vec<_>>())
}

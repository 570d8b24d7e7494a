//! Sessions that another implementation sealed, and whose they are.

use async_trait::async_trait;
use keyward_core::{
    port::{Adopted, Adoption, Adoptions, NOBODY, PersonName, SessionId, StoreError},
    time::Timestamp,
    user::UserId,
};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::{SqliteStore, column, sessions};

#[async_trait]
impl Adoptions for SqliteStore {
    async fn adopt(&self, what: &Adoption, now: Timestamp) -> Result<Adopted, StoreError> {
        // Nearly always there: who comes with it again comes from where its cookie cannot be renewed.
        if let Some(seen) = self.read("adopt", |db| seen(db, &what.id))? {
            return Ok(Adopted::Alive { seen });
        }
        let what = what.clone();
        self.write("adopt", move |db| adopt(db, &what, now)).await
    }
}

fn adopt(db: &Connection, what: &Adoption, now: Timestamp) -> Result<Adopted> {
    if let Some(seen) = seen(db, &what.id)? {
        return Ok(Adopted::Alive { seen });
    }
    let names = json(&what.names())?;
    if is_over(db, what, &names)? {
        return Ok(Adopted::Over);
    }
    db.prepare_cached(
        "INSERT INTO session (id, user, claims, created, seen, expires, user_agent, address)
         VALUES (?1, ?2, '{}', ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        what.id.0,
        NOBODY,
        what.sealed.millis(),
        now.millis(),
        what.expires.millis(),
        what.user_agent,
        what.address
    ])?;
    db.prepare_cached("INSERT INTO adopted (name, session) SELECT value, ?2 FROM json_each(?1)")?
        .execute([&names, &what.id.0])?;
    Ok(Adopted::Alive { seen: now })
}

fn seen(db: &Connection, id: &SessionId) -> Result<Option<Timestamp>> {
    db.prepare_cached("SELECT coalesce(seen, created) FROM session WHERE id = ?1")?
        .query_row([&id.0], |row| row.get(0).map(Timestamp::from_millis))
        .optional()
}

fn is_over(db: &Connection, what: &Adoption, names: &str) -> Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM session_change WHERE session = ?1 AND version IS NULL)
             OR EXISTS (SELECT 1 FROM ended_name
                        WHERE name IN (SELECT value FROM json_each(?2)) AND until >= ?3)
             OR EXISTS (SELECT 1 FROM user WHERE disabled IS NOT NULL AND id IN
                        (SELECT ?4 UNION SELECT user FROM account WHERE id = ?4
                         UNION SELECT id FROM user WHERE email = ?5 AND email_verified IS NOT NULL))",
    )?
    .query_row(params![what.id.0, names, what.outlived_by.millis(), what.subject, what.email], |row| {
        row.get(0)
    })
}

/// The adopted sessions of a user, expired ones included.
pub(crate) fn ids_of(db: &Connection, user: &UserId) -> Result<Vec<SessionId>> {
    named(db, &names_of(db, user)?)
}

/// Ends the adopted sessions of a user, and those that may still be adopted.
pub(crate) fn end(db: &Connection, user: &UserId, until: Timestamp) -> Result<()> {
    let names = names_of(db, user)?;
    named(db, &names)?.iter().try_for_each(|id| sessions::end(db, id, until))?;
    remember(db, &names, until)
}

/// Remembers that all sessions of a user were ended, also those that were never read here.
pub(crate) fn note(db: &Connection, user: &UserId, until: Timestamp) -> Result<()> {
    remember(db, &names_of(db, user)?, until)
}

/// What a user may be called in tokens of others, as a JSON array.
pub(crate) fn names_of(db: &Connection, user: &UserId) -> Result<String> {
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

fn named(db: &Connection, names: &str) -> Result<Vec<SessionId>> {
    db.prepare_cached("SELECT DISTINCT session FROM adopted WHERE name IN (SELECT value FROM json_each(?1))")?
        .query_map([names], |row| row.get(0).map(SessionId))?
        .collect()
}

fn remember(db: &Connection, names: &str, until: Timestamp) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO ended_name (name, until) SELECT value, ?2 FROM json_each(?1) WHERE true
         ON CONFLICT (name) DO UPDATE SET until = max(until, excluded.until)",
    )?
    .execute(params![names, until.millis()])?;
    Ok(())
}

fn json(names: &[PersonName]) -> Result<String> {
    column::text(&names.iter().map(PersonName::as_str).collect::<Vec<_>>())
}

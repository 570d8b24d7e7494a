//! Sessions that another implementation sealed.

use async_trait::async_trait;
use keyward_core::{
    port::{Adopted, Adoption, Adoptions, SessionId, StoreError},
    time::Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::{SqliteStore, names};

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
    let names = names::json(&what.names())?;
    if is_over(db, what, &names)? {
        return Ok(Adopted::Over);
    }
    db.prepare_cached(
        "INSERT INTO session (id, claims, created, seen, expires, user_agent, address)
         VALUES (?1, '{}', ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        what.id.0,
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

//! People who are brought along from another system.

use async_trait::async_trait;
use keyward_core::{
    port::{Imported, ImportedUser, Imports, PersonName, StoreError},
    time::Timestamp,
    user::{Account, UserId},
};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::{SqliteStore, account, column, factors};

#[async_trait]
impl Imports for SqliteStore {
    async fn import_users(
        &self,
        batch: &[ImportedUser],
        restore: bool,
        now: Timestamp,
    ) -> Result<Vec<Imported>, StoreError> {
        let batch = batch.to_vec();
        self.write("import_users", move |db| {
            batch.iter().map(|user| import(db, user, restore, now)).collect()
        })
        .await
    }
}

/// Whatever is not [`Imported::Made`] has written nothing.
fn import(db: &Connection, new: &ImportedUser, restore: bool, now: Timestamp) -> Result<Imported> {
    let ImportedUser { user, password_hash, accounts, app } = new;
    let of_id: Option<Option<String>> = db
        .prepare_cached("SELECT email FROM user WHERE id = ?1")?
        .query_row([&user.id.0], |row| row.get(0))
        .optional()?;
    let owners: Vec<_> = accounts.iter().map(|of| account::owner(db, &of.key)).collect::<Result<_>>()?;
    if let Some(email) = of_id {
        let all_theirs = owners.iter().all(|owner| owner.as_ref() == Some(&user.id));
        let same = email == user.email && all_theirs;
        return Ok(if same { Imported::There } else { Imported::IdTaken });
    }
    let name = PersonName::id(&user.id.0);
    if !restore && was_deleted(db, &name)? {
        return Ok(Imported::Deleted);
    }
    if owners.iter().any(Option::is_some) {
        return Ok(Imported::AccountTaken);
    }
    let made = db
        .prepare_cached(
            "INSERT INTO user (id, email, email_verified, name, image, disabled, claims, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (email) DO NOTHING",
        )?
        .execute(params![
            user.id.0,
            user.email,
            user.email_verified.map(Timestamp::millis),
            user.name,
            user.image,
            user.disabled.map(Timestamp::millis),
            column::text(&user.claims)?,
            now.millis()
        ])?;
    if made == 0 {
        return Ok(Imported::EmailTaken);
    }
    ways_in(db, &user.id, password_hash.as_deref(), accounts)?;
    if let Some(app) = app {
        factors::add_app(db, &user.id, app, now)?;
    }
    if restore {
        db.prepare_cached("DELETE FROM deleted_import WHERE name = ?1")?.execute([name.as_str()])?;
    }
    Ok(Imported::Made)
}

fn was_deleted(db: &Connection, name: &PersonName) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM deleted_import WHERE name = ?1")?.exists([name.as_str()])
}

/// Remembers that somebody who came along was deleted here.
pub(crate) fn note_deleted(db: &Connection, user: &UserId) -> Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO deleted_import (name) VALUES (?1)")?
        .execute([PersonName::id(&user.0).as_str()])?;
    Ok(())
}

fn ways_in(db: &Connection, user: &UserId, hash: Option<&str>, accounts: &[Account]) -> Result<()> {
    if let Some(hash) = hash {
        db.prepare_cached("INSERT INTO password (user, hash) VALUES (?1, ?2)")?.execute([&user.0, hash])?;
    }
    accounts.iter().try_for_each(|account| account::keep(db, user, account, None))
}

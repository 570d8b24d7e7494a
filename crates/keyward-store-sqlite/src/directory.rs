//! Users and their passwords.

use async_trait::async_trait;
use keyward_core::{
    port::{Directory, StoreError, StoredPassword},
    time::Timestamp,
    user::{User, UserId},
};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{SqliteStore, ledger};

#[async_trait]
impl Directory for SqliteStore {
    async fn password_by_email(&self, email: &str) -> Result<Option<StoredPassword>, StoreError> {
        self.read("password_by_email", |db| {
            db.prepare_cached(
                "SELECT user.id, user.email, user.name, user.image, password.hash
                 FROM user JOIN password ON password.user = user.id WHERE user.email = ?1",
            )?
            .query_row([email], |row| Ok(StoredPassword { user: user(row)?, hash: row.get(4)? }))
            .optional()
        })
    }

    async fn replace_password(&self, user: &UserId, from: &str, to: &str) -> Result<bool, StoreError> {
        let (user, from, to) = (user.0.clone(), from.to_owned(), to.to_owned());
        self.write("replace_password", move |db| {
            let replaced = db
                .prepare_cached("UPDATE password SET hash = ?3 WHERE user = ?1 AND hash = ?2")?
                .execute([user, from, to])?;
            Ok(replaced == 1)
        })
        .await
    }

    async fn set_password(&self, email: &str, hash: &str, until: Timestamp) -> Result<bool, StoreError> {
        let (email, hash) = (email.to_owned(), hash.to_owned());
        self.write("set_password", move |db| {
            let Some(user) = by_email(db, &email)? else { return Ok(false) };
            db.prepare_cached(
                "INSERT INTO password (user, hash) VALUES (?1, ?2)
                 ON CONFLICT (user) DO UPDATE SET hash = excluded.hash",
            )?
            .execute([&user.0, &hash])?;
            ledger::end_all(db, &user, until)?;
            Ok(true)
        })
        .await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.read("user", |db| {
            db.prepare_cached("SELECT id, email, name, image FROM user WHERE id = ?1")?
                .query_row([&id.0], user)
                .optional()
        })
    }

    async fn delete_user(&self, email: &str, until: Timestamp) -> Result<bool, StoreError> {
        let email = email.to_owned();
        self.write("delete_user", move |db| {
            let Some(user) = by_email(db, &email)? else { return Ok(false) };
            ledger::end_all(db, &user, until)?;
            // Password, accounts and sessions go with it (ON DELETE CASCADE).
            db.prepare_cached("DELETE FROM user WHERE id = ?1")?.execute(params![user.0])?;
            Ok(true)
        })
        .await
    }
}

fn by_email(db: &Connection, email: &str) -> Result<Option<UserId>> {
    db.prepare_cached("SELECT id FROM user WHERE email = ?1")?
        .query_row([email], |row| row.get(0).map(UserId))
        .optional()
}

/// From the columns id, email, name, image.
fn user(row: &Row<'_>) -> Result<User> {
    Ok(User { id: UserId(row.get(0)?), email: row.get(1)?, name: row.get(2)?, image: row.get(3)? })
}

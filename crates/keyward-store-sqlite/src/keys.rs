//! Keys that sign access tokens.

use async_trait::async_trait;
use keyward_core::{
    port::{SigningKeys, StoreError, StoredKey},
    time::Timestamp,
};
use rusqlite::{OptionalExtension, Result, Row, params};

use crate::SqliteStore;

#[async_trait]
impl SigningKeys for SqliteStore {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.read("signing_keys", |db| {
            db.prepare_cached(
                "SELECT kid, algorithm, public, sealed, signs_from, signs_until, published_until
                 FROM signing_key ORDER BY place",
            )?
            .query_map([], key)?
            .collect()
        })
    }

    async fn add_signing_key(&self, key: &StoredKey, after: Option<&str>) -> Result<bool, StoreError> {
        let (key, after) = (key.clone(), after.map(str::to_owned));
        self.write("add_signing_key", move |db| {
            let last: Option<String> = db
                .prepare_cached("SELECT kid FROM signing_key ORDER BY place DESC LIMIT 1")?
                .query_row([], |row| row.get(0))
                .optional()?;
            if last != after {
                return Ok(false);
            }
            db.prepare_cached(
                "INSERT INTO signing_key
                 (kid, algorithm, public, sealed, signs_from, signs_until, published_until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                key.kid,
                key.algorithm,
                key.public,
                key.sealed,
                key.signs_from.millis(),
                key.signs_until.millis(),
                key.published_until.millis()
            ])?;
            Ok(true)
        })
        .await
    }
}

/// From the columns kid, algorithm, public, sealed, signs_from, signs_until, published_until.
fn key(row: &Row<'_>) -> Result<StoredKey> {
    Ok(StoredKey {
        kid: row.get(0)?,
        algorithm: row.get(1)?,
        public: row.get(2)?,
        sealed: row.get(3)?,
        signs_from: Timestamp::from_millis(row.get(4)?),
        signs_until: Timestamp::from_millis(row.get(5)?),
        published_until: Timestamp::from_millis(row.get(6)?),
    })
}

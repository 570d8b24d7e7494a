//! The memory of failed attempts, and of networks from which others succeeded.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{Attempts, Failures, StoreError},
    time::Timestamp,
};
use rusqlite::{OptionalExtension, Result, Row, params};

use crate::{SqliteStore, outbox};

#[async_trait]
impl Attempts for SqliteStore {
    async fn failures(&self, keys: &[String], now: Timestamp) -> Result<Vec<Failures>, StoreError> {
        self.read("failures", |db| {
            let mut known =
                db.prepare_cached("SELECT count, last FROM failure WHERE key = ?1 AND until > ?2")?;
            keys.iter()
                .map(|key| {
                    Ok(known.query_row(params![key, now.millis()], failures).optional()?.unwrap_or_default())
                })
                .collect()
        })
    }

    async fn count_failure(
        &self,
        keys: &[String],
        now: Timestamp,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        let (keys, events) = (keys.to_vec(), events.to_vec());
        self.write("count_failure", move |db| {
            for key in &keys {
                db.prepare_cached(
                    "INSERT INTO failure (key, count, last, until) VALUES (?1, 1, ?2, ?3)
                     ON CONFLICT (key) DO UPDATE SET
                       count = CASE WHEN until <= ?2 THEN 1 ELSE min(count + 1, 1000000) END,
                       last = max(last, ?2), until = max(until, ?3)",
                )?
                .execute(params![key, now.millis(), until.millis()])?;
            }
            outbox::insert(db, &events)
        })
        .await
    }

    async fn forget_failures(&self, keys: &[String]) -> Result<(), StoreError> {
        let keys = keys.to_vec();
        self.write("forget_failures", move |db| {
            let mut forget = db.prepare_cached("DELETE FROM failure WHERE key = ?1")?;
            keys.iter().try_for_each(|key| forget.execute([key]).map(drop))
        })
        .await
    }

    async fn known_network(&self, key: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.read("known_network", |db| {
            db.prepare_cached("SELECT last FROM known_network WHERE key = ?1 AND until > ?2")?
                .query_row(params![key, now.millis()], |row| row.get(0).map(Timestamp::from_millis))
                .optional()
        })
    }

    async fn remember_network(&self, key: &str, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.write("remember_network", move |db| {
            db.prepare_cached("REPLACE INTO known_network (key, last, until) VALUES (?1, ?2, ?3)")?
                .execute(params![key, now.millis(), until.millis()])
                .map(drop)
        })
        .await
    }

    async fn cap_failures(&self, most: u64) -> Result<u64, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let there: i64 = self.read("cap_failures", |db| {
            db.prepare_cached("SELECT count(*) FROM failure")?.query_row([], |row| row.get(0))
        })?;
        if there <= most {
            return Ok(0);
        }
        self.write("cap_failures", move |db| {
            Ok(db
                .prepare_cached(
                    "DELETE FROM failure WHERE key IN (SELECT key FROM failure ORDER BY last DESC LIMIT -1 OFFSET ?1)",
                )?
                .execute([most])? as u64)
        })
        .await
    }
}

/// From the columns count, last.
fn failures(row: &Row<'_>) -> Result<Failures> {
    Ok(Failures { count: row.get(0)?, last: Some(Timestamp::from_millis(row.get(1)?)) })
}

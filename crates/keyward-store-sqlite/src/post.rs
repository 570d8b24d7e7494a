//! Mail that waits to be sent.

use async_trait::async_trait;
use keyward_core::{
    port::{DueMail, Post, StoreError},
    time::Timestamp,
};
use rusqlite::{Connection, Result, Row, params};

use crate::{SqliteStore, column};

#[async_trait]
impl Post for SqliteStore {
    async fn due_mails(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueMail>, StoreError> {
        // Asked every second: what is not there is not written about.
        let any = self.read("due_mails", |db| {
            db.prepare_cached("SELECT 1 FROM mail WHERE due <= ?1 AND expires > ?1")?.exists([now.millis()])
        })?;
        if !any {
            return Ok(Vec::new());
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.write("due_mails", move |db| {
            let mut leased: Vec<DueMail> = db
                .prepare_cached(
                    "UPDATE mail SET due = ?2, attempts = attempts + 1
                     WHERE place IN
                     (SELECT place FROM mail WHERE due <= ?1 AND expires > ?1 ORDER BY place LIMIT ?3)
                     RETURNING place, attempts, sealed, expires",
                )?
                .query_map(params![now.millis(), lease_until.millis(), limit], due)?
                .collect::<Result<_>>()?;
            leased.sort_by_key(|mail| mail.place);
            Ok(leased)
        })
        .await
    }

    async fn settle_mail(&self, mail: &DueMail, again: Option<Timestamp>) -> Result<(), StoreError> {
        let (place, attempt) = (mail.place, mail.attempt);
        self.write("settle_mail", move |db| {
            let place = column::signed(place)?;
            match again {
                None => db.prepare_cached("DELETE FROM mail WHERE place = ?1")?.execute([place])?,
                Some(at) => db
                    .prepare_cached("UPDATE mail SET due = ?3 WHERE place = ?1 AND attempts = ?2")?
                    .execute(params![place, attempt, at.millis()])?,
            };
            Ok(())
        })
        .await
    }
}

/// Writes a sealed mail that is due.
pub(crate) fn insert(db: &Connection, sealed: &str, due: Timestamp, expires: Timestamp) -> Result<()> {
    db.prepare_cached("INSERT INTO mail (sealed, due, expires) VALUES (?1, ?2, ?3)")?.execute(params![
        sealed,
        due.millis(),
        expires.millis()
    ])?;
    Ok(())
}

/// From the columns place, attempts, sealed, expires.
fn due(row: &Row<'_>) -> Result<DueMail> {
    Ok(DueMail {
        place: column::number(row, 0)?,
        attempt: row.get(1)?,
        sealed: row.get(2)?,
        expires: Timestamp::from_millis(row.get(3)?),
    })
}

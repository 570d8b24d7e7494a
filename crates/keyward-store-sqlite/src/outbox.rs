//! The outbox: events written, leased, settled.

use async_trait::async_trait;
use keyward_core::{
    event::{Channel, NewEvent},
    port::{DueEvent, Outbox, SessionId, Settled, StoreError},
    time::Timestamp,
    user::UserId,
};
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, params};

use crate::{SqliteStore, audit, post};

#[async_trait]
impl Outbox for SqliteStore {
    async fn write_events(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        let events = events.to_vec();
        self.write("write_events", move |db| insert(db, &events)).await
    }

    async fn due_events(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEvent>, StoreError> {
        // Asked every second: what is not there is not written about.
        let any = self.read("due_events", |db| {
            db.prepare_cached("SELECT 1 FROM outbox WHERE due <= ?1")?.exists([now.millis()])
        })?;
        if !any {
            return Ok(Vec::new());
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.write("due_events", move |db| {
            let mut leased: Vec<DueEvent> = db
                .prepare_cached(
                    "UPDATE outbox SET due = ?2, attempts = attempts + 1
                     WHERE place IN (SELECT place FROM outbox WHERE due <= ?1 ORDER BY place LIMIT ?3)
                     RETURNING place, attempts, id, body",
                )?
                .query_map(params![now.millis(), lease_until.millis(), limit], due)?
                .collect::<Result<_>>()?;
            leased.sort_by_key(|event| event.place);
            Ok(leased)
        })
        .await
    }

    async fn settle_event(&self, event: &DueEvent, settled: Settled) -> Result<(), StoreError> {
        let (place, attempt) = (event.place, event.attempt);
        self.write("settle_event", move |db| {
            // Beyond what SQLite counts to, there is none.
            let Ok(place) = i64::try_from(place) else { return Ok(()) };
            match settled {
                Settled::Delivered => {
                    db.prepare_cached("DELETE FROM outbox WHERE place = ?1")?.execute([place])?
                }
                Settled::Retry { at } => db
                    .prepare_cached("UPDATE outbox SET due = ?3 WHERE place = ?1 AND attempts = ?2")?
                    .execute(params![place, attempt, at.millis()])?,
                Settled::Dead { until } => db
                    .prepare_cached(
                        "UPDATE outbox SET due = NULL, until = ?3 WHERE place = ?1 AND attempts = ?2",
                    )?
                    .execute(params![place, attempt, until.millis()])?,
            };
            Ok(())
        })
        .await
    }

    async fn cap_events(&self, most: u64) -> Result<u64, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let there: i64 = self.read("cap_events", |db| {
            db.prepare_cached("SELECT count(*) FROM outbox")?.query_row([], |row| row.get(0))
        })?;
        if there <= most {
            return Ok(0);
        }
        self.write("cap_events", move |db| {
            let last = db
                .prepare_cached("SELECT place FROM outbox ORDER BY place DESC LIMIT 1 OFFSET ?1")?
                .query_row([most], |row| row.get::<_, i64>(0))
                .optional()?;
            let Some(last) = last else { return Ok(0) };
            Ok(db.prepare_cached("DELETE FROM outbox WHERE place <= ?1")?.execute([last])? as u64)
        })
        .await
    }
}

/// Writes those that are about whom an admission let in.
pub(crate) fn insert_about(
    db: &Connection,
    events: &[NewEvent],
    user: &UserId,
    session: Option<&SessionId>,
    is_new: bool,
) -> Result<()> {
    let mut told = events.iter().filter(|event| event.about.fits(is_new));
    told.try_for_each(|event| write(db, event, Some(user), session))
}

/// Writes all of them, each where it belongs.
pub(crate) fn insert(db: &Connection, events: &[NewEvent]) -> Result<()> {
    events.iter().try_for_each(|event| write(db, event, None, None))
}

/// As [`insert`]; entries of the audit trail that name nobody are about this user.
pub(crate) fn insert_of(db: &Connection, events: &[NewEvent], user: &UserId) -> Result<()> {
    events.iter().try_for_each(|event| write(db, event, Some(user), None))
}

fn write(
    db: &Connection,
    event: &NewEvent,
    user: Option<&UserId>,
    session: Option<&SessionId>,
) -> Result<()> {
    match &event.channel {
        Channel::Audit(entry) => return audit::insert(db, entry, user, session),
        Channel::Mail { expires } => return post::insert(db, &event.body, event.written, *expires),
        Channel::Outbox => {}
    }
    db.prepare_cached("INSERT INTO outbox (id, body, due) VALUES (?1, ?2, ?3)")?.execute(params![
        event.id,
        event.body,
        event.written.millis()
    ])?;
    Ok(())
}

/// From the columns place, attempts, id, body.
fn due(row: &Row<'_>) -> Result<DueEvent> {
    let place: i64 = row.get(0)?;
    Ok(DueEvent {
        place: u64::try_from(place).map_err(|_| Error::IntegralValueOutOfRange(0, place))?,
        attempt: row.get(1)?,
        id: row.get(2)?,
        body: row.get(3)?,
    })
}

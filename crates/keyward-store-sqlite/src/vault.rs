//! Sessions' foreign tokens, and who refreshes them.

use async_trait::async_trait;
use keyward_core::{
    policy::refresh::{Attempt, Standing, State},
    port::{Entry, EntryId, NewEntry, SessionId, Settlement, StoreError, TokenVault, Vaulted},
    time::Timestamp,
};
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, params, types::Type};

use crate::SqliteStore;

/// The columns of an entry, as [`entry`] reads them.
macro_rules! entry_columns {
    () => {
        "id, session, provider, sealed, generation, version, due, expires, state, attempt_until, attempt_sent, \
         attempt_key, attempt_again, failures, retry_at"
    };
}

#[async_trait]
impl TokenVault for SqliteStore {
    async fn vault_entry(&self, id: &EntryId) -> Result<Option<Entry>, StoreError> {
        self.read("vault_entry", |db| {
            db.prepare_cached(concat!("SELECT ", entry_columns!(), " FROM vault WHERE id = ?1"))?
                .query_row([&id.0], entry)
                .optional()
        })
    }

    async fn begin_refresh(&self, id: &EntryId, version: u64, attempt: &Attempt) -> Result<bool, StoreError> {
        let (id, Attempt { until, sent, key, again }) = (id.clone(), attempt.clone());
        self.write("begin_refresh", move |db| {
            changed(
                db,
                "UPDATE vault SET version = version + 1, attempt_until = ?3, attempt_sent = ?4, attempt_key = ?5,
                        attempt_again = ?6
                 WHERE id = ?1 AND version = ?2",
                params![id.0, number(version), until.millis(), sent.map(Timestamp::millis), key, again],
            )
        })
        .await
    }

    async fn mark_sent(
        &self,
        id: &EntryId,
        version: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write("mark_sent", move |db| {
            changed(
                db,
                "UPDATE vault SET attempt_sent = coalesce(attempt_sent, ?3), attempt_until = ?4
                 WHERE id = ?1 AND version = ?2 AND attempt_until IS NOT NULL",
                params![id.0, number(version), now.millis(), until.millis()],
            )
        })
        .await
    }

    async fn settle_refresh(&self, id: &EntryId, how: &Settlement) -> Result<bool, StoreError> {
        let (id, how) = (id.clone(), how.clone());
        self.write("settle_refresh", move |db| settle(db, &id, &how)).await
    }
}

fn settle(db: &Connection, id: &EntryId, how: &Settlement) -> Result<bool> {
    match how {
        Settlement::Renewed { generation, sealed, due, expires } => changed(
            db,
            "UPDATE vault SET sealed = ?3, due = ?4, expires = ?5, state = 'good', generation = generation + 1,
                    version = version + 1, attempt_until = NULL, attempt_sent = NULL, attempt_key = NULL,
                    attempt_again = 0, failures = 0, retry_at = NULL
             WHERE id = ?1 AND generation = ?2",
            params![
                id.0,
                number(*generation),
                sealed,
                due.map(Timestamp::millis),
                expires.map(Timestamp::millis)
            ],
        ),
        Settlement::Failed { version, retry_at } => changed(
            db,
            "UPDATE vault SET version = version + 1, attempt_until = NULL, attempt_sent = NULL, attempt_key = NULL,
                    attempt_again = 0, failures = failures + 1, retry_at = ?3
             WHERE id = ?1 AND version = ?2",
            params![id.0, number(*version), retry_at.millis()],
        ),
        Settlement::Unanswered { version, until, again } => changed(
            db,
            "UPDATE vault SET version = version + 1, attempt_until = ?3, attempt_again = ?4
             WHERE id = ?1 AND version = ?2 AND attempt_until IS NOT NULL",
            params![id.0, number(*version), until.millis(), again],
        ),
        Settlement::Over { version, state } => changed(
            db,
            "UPDATE vault SET version = version + 1, state = ?3, attempt_until = NULL, attempt_sent = NULL,
                    attempt_key = NULL, attempt_again = 0
             WHERE id = ?1 AND version = ?2",
            params![id.0, number(*version), name_of(*state)],
        ),
    }
}

/// The entry that a session names, unless it moved on to the session in its place.
pub(crate) fn of_session(db: &Connection, id: &str, session: &SessionId) -> Result<Option<Entry>> {
    db.prepare_cached(concat!("SELECT ", entry_columns!(), " FROM vault WHERE id = ?1 AND session = ?2"))?
        .query_row([id, &session.0], entry)
        .optional()
}

/// The entry that a session is to name.
pub(crate) const fn id_of(vaulted: &Vaulted) -> &EntryId {
    match vaulted {
        Vaulted::New(NewEntry { id, .. }) | Vaulted::Moved(id) => id,
    }
}

/// Writes the tokens of a session that was just recorded.
pub(crate) fn insert(db: &Connection, session: &SessionId, vaulted: &Vaulted) -> Result<()> {
    match vaulted {
        Vaulted::New(NewEntry { id, provider, sealed, due, expires }) => {
            db.prepare_cached(
                "INSERT INTO vault (id, session, provider, sealed, due, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                id.0,
                session.0,
                provider,
                sealed,
                due.map(Timestamp::millis),
                expires.map(Timestamp::millis)
            ])?;
        }
        Vaulted::Moved(id) => {
            db.prepare_cached("UPDATE vault SET session = ?2 WHERE id = ?1")?.execute([&id.0, &session.0])?;
        }
    }
    Ok(())
}

fn changed(db: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<bool> {
    Ok(db.prepare_cached(sql)?.execute(params)? == 1)
}

/// Beyond what SQLite counts to, nothing matches.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(-1)
}

fn name_of(state: State) -> &'static str {
    match state {
        State::Good => "good",
        State::Refused => "refused",
        State::Lost => "lost",
    }
}

/// From the columns of [`entry_columns`].
fn entry(row: &Row<'_>) -> Result<Entry> {
    let moment = |column: usize| row.get::<_, Option<i64>>(column).map(|m| m.map(Timestamp::from_millis));
    let count = |column: usize| {
        let count: i64 = row.get(column)?;
        u64::try_from(count).map_err(|_| Error::IntegralValueOutOfRange(column, count))
    };
    let state = match row.get_ref(8)?.as_str()? {
        "good" => State::Good,
        "refused" => State::Refused,
        "lost" => State::Lost,
        _ => return Err(Error::InvalidColumnType(8, "state".to_owned(), Type::Text)),
    };
    let attempt = match moment(9)? {
        Some(until) => Some(Attempt {
            until,
            sent: moment(10)?,
            key: row.get::<_, Option<String>>(11)?.unwrap_or_default(),
            again: row.get(12)?,
        }),
        None => None,
    };
    let failures: i64 = row.get(13)?;
    Ok(Entry {
        id: EntryId(row.get(0)?),
        session: SessionId(row.get(1)?),
        provider: row.get(2)?,
        sealed: row.get(3)?,
        generation: count(4)?,
        version: count(5)?,
        standing: Standing {
            due: moment(6)?,
            expires: moment(7)?,
            state,
            attempt,
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            retry_at: moment(14)?,
        },
    })
}

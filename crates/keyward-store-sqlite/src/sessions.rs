//! Sessions by their person, and the feed of their changes.

use async_trait::async_trait;
use keyward_core::{
    claims::Claims,
    event::NewEvent,
    overlay::Overlay,
    port::{Altered, Change, Changed, SessionEntry, SessionId, Sessions, StoreError, Which},
    time::Timestamp,
    user::{AccountKey, Extra, UserId},
};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{
    SqliteStore,
    column::{json, number, signed, text},
    names, outbox, ticket,
};

#[async_trait]
impl Sessions for SqliteStore {
    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<SessionEntry>, StoreError> {
        self.read("sessions_of", |db| {
            db.prepare_cached(
                "SELECT id, created, coalesce(seen, created) AS last, expires, user_agent, address, via_source, via_id
                 FROM session WHERE expires > ?2 AND (user = ?1 OR id IN
                 (SELECT session FROM adopted WHERE name IN (SELECT value FROM json_each(?3))))
                 ORDER BY last DESC, created DESC, id DESC",
            )?
            .query_map(params![user.0, now.millis(), names::of(db, user)?], entry)?
            .collect()
        })
    }

    async fn end_sessions(
        &self,
        user: &UserId,
        which: &Which,
        asked_in: Option<&SessionId>,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Option<u64>, StoreError> {
        let (user, which, asked_in) = (user.clone(), which.clone(), asked_in.cloned());
        let events = events.to_vec();
        self.write("end_sessions", move |db| {
            let mut ids = ids_of(db, &user)?;
            if asked_in.is_some_and(|session| !ids.contains(&session)) {
                return Ok(None);
            }
            let names = names::of(db, &user)?;
            ids.extend(names::sessions(db, &names)?);
            ids.retain(|id| match &which {
                Which::One(one) => id == one,
                Which::Others(one) => id != one,
                Which::All => true,
            });
            for id in &ids {
                end(db, id, until)?;
            }
            if which.ends_unlisted() {
                ticket::end_half_open(db, &user)?;
                names::note_end(db, &names, until)?;
            }
            if !ids.is_empty() {
                outbox::insert_of(db, &events, &user)?;
            }
            Ok(Some(ids.len() as u64))
        })
        .await
    }

    async fn change_session(
        &self,
        id: &SessionId,
        patch: &Extra,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Altered<()>, StoreError> {
        let (id, patch, events) = (id.clone(), patch.clone(), events.to_vec());
        self.write("change_session", move |db| {
            let changed = change(db, &id, &patch, until)?;
            if changed == Altered::Done(()) {
                outbox::insert(db, &events)?;
            }
            Ok(changed)
        })
        .await
    }

    async fn overlay(&self, id: &SessionId) -> Result<Option<(u64, Overlay)>, StoreError> {
        self.read("overlay", |db| {
            db.prepare_cached("SELECT version, overlay FROM session WHERE id = ?1")?
                .query_row([&id.0], |row| Ok((number(row, 0)?, overlay(row, 1)?)))
                .optional()
        })
    }

    async fn changes_since(&self, after: u64) -> Result<Vec<Change>, StoreError> {
        // Beyond what SQLite counts to, nothing follows.
        let Ok(after) = i64::try_from(after) else { return Ok(Vec::new()) };
        self.read("changes_since", |db| {
            db.prepare_cached(
                "SELECT change, session, version, until FROM session_change WHERE change > ?1 ORDER BY change",
            )?
            .query_map([after], changed)?
            .collect()
        })
    }
}

/// The sessions of a user, expired ones included, but for those that were adopted.
pub(crate) fn ids_of(db: &Connection, user: &UserId) -> Result<Vec<SessionId>> {
    db.prepare_cached("SELECT id FROM session WHERE user = ?1")?
        .query_map([&user.0], |row| row.get(0).map(SessionId))?
        .collect()
}

/// Ends a session that is there.
pub(crate) fn end(db: &Connection, id: &SessionId, until: Timestamp) -> Result<()> {
    db.prepare_cached("DELETE FROM session WHERE id = ?1")?.execute([&id.0])?;
    note(db, id, Changed::Ended, until)
}

/// Changes what all sessions of a user say. One without room for it is ended, and so are those that say nothing of theirs.
pub(crate) fn change_all(db: &Connection, user: &UserId, patch: &Extra, until: Timestamp) -> Result<()> {
    for id in ids_of(db, user)? {
        if change(db, &id, patch, until)? == Altered::TooLarge {
            end(db, &id, until)?;
        }
    }
    end_adopted(db, user, until)
}

/// Ends the adopted sessions of a user, and those that may still be adopted.
pub(crate) fn end_adopted(db: &Connection, user: &UserId, until: Timestamp) -> Result<()> {
    let names = names::of(db, user)?;
    names::sessions(db, &names)?.iter().try_for_each(|id| end(db, id, until))?;
    names::note_end(db, &names, until)
}

/// Changes what a session says.
fn change(db: &Connection, id: &SessionId, patch: &Extra, until: Timestamp) -> Result<Altered<()>> {
    let found = db
        .prepare_cached("SELECT version, overlay, claims FROM session WHERE id = ?1")?
        .query_row([&id.0], |row| Ok((number(row, 0)?, overlay(row, 1)?, json::<Claims>(row, 2)?)))
        .optional()?;
    let Some((version, mut overlay, mut claims)) = found else { return Ok(Altered::NotFound) };
    let version = version + 1;
    overlay.add(version, patch);
    if overlay.is_too_large() {
        return Ok(Altered::TooLarge);
    }
    // A sealed session says nothing here.
    if !claims.is_empty() {
        claims.change(patch);
    }
    db.prepare_cached("UPDATE session SET version = ?2, overlay = ?3, claims = ?4 WHERE id = ?1")?
        .execute(params![id.0, signed(version)?, text(&overlay)?, text(&claims)?])?;
    note(db, id, Changed::To(version), until)?;
    Ok(Altered::Done(()))
}

/// One row for each session, moved to the end of the order when something happens to it again.
pub(crate) fn note(db: &Connection, id: &SessionId, what: Changed, until: Timestamp) -> Result<()> {
    let version = match what {
        Changed::Ended => None,
        Changed::To(version) => Some(signed(version)?),
    };
    db.prepare_cached(
        "REPLACE INTO session_change (session, version, until)
         SELECT ?1, ?2, max(?3, coalesce((SELECT until FROM session_change WHERE session = ?1), ?3))",
    )?
    .execute(params![id.0, version, until.millis()])?;
    Ok(())
}

fn overlay(row: &Row<'_>, at: usize) -> Result<Overlay> {
    if row.get_ref(at)?.as_str_or_null()?.is_none() {
        return Ok(Overlay::default());
    }
    json(row, at)
}

/// From the columns id, created, last, expires, user_agent, address, via_source, via_id.
fn entry(row: &Row<'_>) -> Result<SessionEntry> {
    let at = |column| row.get(column).map(Timestamp::from_millis);
    let via = row.get::<_, Option<String>>(6)?.zip(row.get(7)?);
    Ok(SessionEntry {
        id: SessionId(row.get(0)?),
        created: at(1)?,
        seen: at(2)?,
        expires: at(3)?,
        user_agent: row.get(4)?,
        address: row.get(5)?,
        via: via.map(|(source, id)| AccountKey { source, id }),
    })
}

/// From the columns change, session, version, until.
fn changed(row: &Row<'_>) -> Result<Change> {
    let what = match row.get::<_, Option<i64>>(2)? {
        None => Changed::Ended,
        Some(_) => Changed::To(number(row, 2)?),
    };
    Ok(Change {
        change: number(row, 0)?,
        session: SessionId(row.get(1)?),
        what,
        until: Timestamp::from_millis(row.get(3)?),
    })
}

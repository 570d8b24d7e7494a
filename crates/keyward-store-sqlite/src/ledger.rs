//! Sessions and their endings.

use async_trait::async_trait;
use keyward_core::{
    claims::Claims,
    event::NewEvent,
    port::{
        Changed, Ending, Ledger, NewClaims, NewSession, Renewed, SessionId, SessionRecord, StoreError,
        StoredSession, TokenHash,
    },
    time::Timestamp,
    user::{AccountKey, Extra, UserId},
};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{SqliteStore, column, outbox, sessions, ticket, vault};

#[async_trait]
impl Ledger for SqliteStore {
    async fn session(&self, token: &TokenHash) -> Result<Option<StoredSession>, StoreError> {
        self.read("session", |db| {
            let found = db
                .prepare_cached(
                    "SELECT id, user, claims, version, expires, vault FROM session WHERE token_hash = ?1",
                )?
                .query_row([&token.0], |row| Ok((session(row)?, row.get::<_, Option<String>>(5)?)))
                .optional()?;
            // Few have tokens of others; asked for by themselves, they cost the rest nothing.
            let Some((session, Some(entry))) = found else { return Ok(found.map(|(session, _)| session)) };
            let tokens = vault::of_session(db, &entry, &session.id)?;
            Ok(Some(StoredSession { tokens, ..session }))
        })
    }

    async fn session_record(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.read("session_record", |db| {
            db.prepare_cached("SELECT user, expires, via_source, via_id FROM session WHERE id = ?1")?
                .query_row([&id.0], record)
                .optional()
        })
    }

    async fn renew_session(
        &self,
        token: &TokenHash,
        claims: Option<NewClaims<'_>>,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Renewed, StoreError> {
        let token = *token;
        let new = claims.map(|new| Ok::<_, StoreError>((json(new.claims)?, new.read_at))).transpose()?;
        self.write("renew_session", move |db| {
            let Some((claims, read_at)) = new else {
                let renewed = db
                    .prepare_cached("UPDATE session SET seen = ?2, expires = ?3 WHERE token_hash = ?1")?
                    .execute(params![token.0, now.millis(), expires.millis()])?;
                return Ok(if renewed == 1 { Renewed::Done } else { Renewed::Gone });
            };
            let renewed = db
                .prepare_cached(
                    "UPDATE session SET seen = ?2, expires = ?3, claims = ?4, version = version + 1
                     WHERE token_hash = ?1 AND version = ?5",
                )?
                .execute(params![
                    token.0,
                    now.millis(),
                    expires.millis(),
                    claims,
                    column::signed(read_at)?
                ])?;
            if renewed == 1 {
                return Ok(Renewed::Done);
            }
            let there =
                db.prepare_cached("SELECT 1 FROM session WHERE token_hash = ?1")?.exists([token.0])?;
            Ok(if there { Renewed::Changed } else { Renewed::Gone })
        })
        .await
    }

    async fn touch_session(
        &self,
        id: &SessionId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write("touch_session", move |db| {
            let touched = db
                .prepare_cached("UPDATE session SET seen = ?2, expires = ?3 WHERE id = ?1")?
                .execute(params![id.0, now.millis(), expires.millis()])?;
            Ok(touched == 1)
        })
        .await
    }

    async fn end_session(
        &self,
        which: &Ending,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        let (which, events) = (which.clone(), events.to_vec());
        self.write("end_session", move |db| match end(db, &which, until)? {
            Some((_, Some(user))) => outbox::insert_of(db, &events, &user),
            Some((_, None)) => outbox::insert(db, &events),
            None => Ok(()),
        })
        .await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        // In small transitions, so that sign-ins need not wait for all of it.
        const STEPS: [&str; 9] = [
            "DELETE FROM mail WHERE place IN (SELECT place FROM mail WHERE expires < ?1 LIMIT 1000)",
            "DELETE FROM signing_key WHERE published_until < ?1",
            "DELETE FROM failure WHERE key IN (SELECT key FROM failure WHERE until <= ?1 LIMIT 1000)",
            "DELETE FROM known_network
             WHERE key IN (SELECT key FROM known_network WHERE until <= ?1 LIMIT 1000)",
            "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires < ?1 LIMIT 1000)",
            "DELETE FROM ticket WHERE (purpose, subject, hash) IN
             (SELECT purpose, subject, hash FROM ticket WHERE expires < ?1 LIMIT 1000)",
            "DELETE FROM session_change
             WHERE change IN (SELECT change FROM session_change WHERE until <= ?1 LIMIT 1000)",
            "DELETE FROM ended_name WHERE name IN (SELECT name FROM ended_name WHERE until <= ?1 LIMIT 1000)",
            "DELETE FROM outbox WHERE place IN (SELECT place FROM outbox WHERE until <= ?1 LIMIT 1000)",
        ];
        let mut gone = 0;
        for sql in STEPS {
            loop {
                let step = move |db: &Connection| db.prepare_cached(sql)?.execute([now.millis()]);
                match self.write("sweep", step).await? {
                    0 => break,
                    rows => gone += rows as u64,
                }
            }
        }
        Ok(gone)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.read("ready", |db| {
            db.prepare_cached("SELECT EXISTS (SELECT 1 FROM user)")?.query_row([], |_| Ok(()))
        })?;
        self.write("ready", |_| Ok(())).await
    }
}

/// Ends a session, and remembers it. Gives it if it was there, with whose it was; an adopted one was nobody's.
pub(crate) fn end(
    db: &Connection,
    which: &Ending,
    until: Timestamp,
) -> Result<Option<(SessionId, Option<UserId>)>> {
    let whose = |row: &Row<'_>| Ok((SessionId(row.get(0)?), row.get::<_, Option<String>>(1)?.map(UserId)));
    let row = match which {
        Ending::Id(id) => db
            .prepare_cached("DELETE FROM session WHERE id = ?1 RETURNING id, user")?
            .query_row([&id.0], whose),
        Ending::Token(token) => db
            .prepare_cached("DELETE FROM session WHERE token_hash = ?1 RETURNING id, user")?
            .query_row([&token.0], whose),
    };
    let row = row.optional()?;
    let ended = match which {
        Ending::Id(id) => Some(id),
        Ending::Token(_) => row.as_ref().map(|(id, _)| id),
    };
    if let Some(id) = ended {
        sessions::note(db, id, Changed::Ended, until)?;
    }
    Ok(row)
}

/// Records a session, without its refresh tokens, of a user who says `own` in every session; a sealed one says nothing here.
pub(crate) fn insert(db: &Connection, user: &UserId, own: &Extra, session: &NewSession) -> Result<()> {
    let claims = if own.is_empty() || session.claims.is_empty() {
        column::text(&session.claims)?
    } else {
        let mut claims = session.claims.clone();
        claims.change(own);
        column::text(&claims)?
    };
    db.prepare_cached(
        "INSERT INTO session
         (id, token_hash, user, claims, created, expires, user_agent, address, via_source, via_id, vault)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        session.id.0,
        session.token.map(|token| token.0),
        user.0,
        claims,
        session.created.millis(),
        session.expires.millis(),
        session.user_agent,
        session.address,
        session.via.as_ref().map(|via| &via.source),
        session.via.as_ref().map(|via| &via.id),
        session.vault.as_ref().map(|vaulted| &vault::id_of(vaulted).0)
    ])?;
    session.vault.as_ref().map_or(Ok(()), |vaulted| vault::insert(db, &session.id, vaulted))
}

/// True if a session is there and this user's.
pub(crate) fn is_of(db: &Connection, session: &SessionId, user: &UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM session WHERE id = ?1 AND user = ?2")?.exists([&session.0, &user.0])
}

/// Ends the sessions of a user that were opened by this account, and the sign-ins that wait: any may be by it. One session
/// stays, and forgets by what it was opened.
pub(crate) fn end_via(
    db: &Connection,
    user: &UserId,
    via: &AccountKey,
    but: &SessionId,
    until: Timestamp,
) -> Result<()> {
    let ids: Vec<SessionId> = db
        .prepare_cached(
            "DELETE FROM session WHERE user = ?1 AND via_source = ?2 AND via_id = ?3 AND id <> ?4 RETURNING id",
        )?
        .query_map([&user.0, &via.source, &via.id, &but.0], |row| row.get(0).map(SessionId))?
        .collect::<Result<_>>()?;
    ticket::end_half_open(db, user)?;
    ids.iter().try_for_each(|id| sessions::note(db, id, Changed::Ended, until))?;
    db.prepare_cached(
        "UPDATE session SET via_source = NULL, via_id = NULL WHERE id = ?1 AND via_source = ?2 AND via_id = ?3",
    )?
    .execute([&but.0, &via.source, &via.id])?;
    Ok(())
}

/// Ends all sessions of a user, and remembers each of them.
pub(crate) fn end_all(db: &Connection, user: &UserId, until: Timestamp) -> Result<()> {
    let ids: Vec<SessionId> = db
        .prepare_cached("DELETE FROM session WHERE user = ?1 RETURNING id")?
        .query_map([&user.0], |row| row.get(0).map(SessionId))?
        .collect::<Result<_>>()?;
    ticket::end_half_open(db, user)?;
    ids.iter().try_for_each(|id| sessions::note(db, id, Changed::Ended, until))?;
    sessions::end_adopted(db, user, until)
}

/// From the columns id, user, claims, version, expires; without its tokens.
fn session(row: &Row<'_>) -> Result<StoredSession> {
    Ok(StoredSession {
        id: SessionId(row.get(0)?),
        user: UserId(row.get(1)?),
        claims: column::json(row, 2)?,
        version: column::number(row, 3)?,
        expires: Timestamp::from_millis(row.get(4)?),
        tokens: None,
    })
}

/// From the columns user, expires, via_source, via_id.
fn record(row: &Row<'_>) -> Result<SessionRecord> {
    let via = row.get::<_, Option<String>>(2)?.zip(row.get(3)?);
    Ok(SessionRecord {
        user: row.get::<_, Option<String>>(0)?.map(UserId),
        expires: Timestamp::from_millis(row.get(1)?),
        via: via.map(|(source, id)| AccountKey { source, id }),
    })
}

fn json(claims: &Claims) -> Result<String, StoreError> {
    serde_json::to_string(claims).map_err(|_| StoreError("claims that are no JSON".to_owned()))
}

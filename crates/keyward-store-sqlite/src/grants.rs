//! Families of refresh tokens.

use async_trait::async_trait;
use keyward_core::{
    port::{Grant, Grants, NewGrant, Rotated, Rotation, SessionId, StoreError, TokenHash},
    time::Timestamp,
    user::UserId,
};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{SqliteStore, outbox, sessions};

#[async_trait]
impl Grants for SqliteStore {
    async fn grant(&self, session: &SessionId) -> Result<Option<Grant>, StoreError> {
        self.read("grant", |db| {
            db.prepare_cached(
                "SELECT user, terms FROM refresh_family JOIN session ON session.id = session WHERE session = ?1",
            )?
            .query_row([&session.0], |row| Ok(Grant { user: UserId(row.get(0)?), terms: row.get(1)? }))
            .optional()
        })
    }

    async fn rotate_grant(&self, rotation: &Rotation) -> Result<Rotated, StoreError> {
        let rotation = rotation.clone();
        self.write("rotate_grant", move |db| rotate(db, &rotation)).await
    }
}

/// Begins a family, with its session.
pub(crate) fn insert(db: &Connection, session: &SessionId, grant: &NewGrant) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO refresh_family (session, client, terms, current) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![session.0, grant.client, grant.terms, grant.token.0])?;
    Ok(())
}

/// A family and whether its session has expired.
struct Family {
    grant: Grant,
    client: Option<String>,
    current: TokenHash,
    expires: Timestamp,
    /// Place of the token that was used last.
    used: Option<i64>,
    row: i64,
    session_row: i64,
}

fn rotate(db: &Connection, rotation: &Rotation) -> Result<Rotated> {
    let Rotation { session, given, now, .. } = rotation;
    let family = db
        .prepare_cached(
            "SELECT user, terms, client, current, expires, used, refresh_family.rowid, session.rowid
             FROM refresh_family JOIN session ON session.id = refresh_family.session WHERE session = ?1",
        )?
        .query_row([&session.0], family)
        .optional()?;
    let Some(family) = family.filter(|family| *now < family.expires) else { return Ok(Rotated::Gone) };
    if family.client != rotation.client {
        return Ok(Rotated::OtherClient);
    }
    let forgotten = now.minus(rotation.grace);
    if family.current == *given {
        advance(db, &family, rotation)?;
        forget(db, forgotten)?;
        return Ok(Rotated::Done(family.grant));
    }
    if let Some((salt, next)) = successor(db, &family, given, forgotten)? {
        return Ok(Rotated::Already { grant: family.grant, salt, next });
    }
    sessions::end(db, session, rotation.until)?;
    outbox::insert(db, &rotation.events)?;
    Ok(Rotated::Reused(family.grant.user))
}

fn advance(db: &Connection, family: &Family, rotation: &Rotation) -> Result<()> {
    let Rotation { given, next, salt, now, expires, .. } = rotation;
    db.prepare_cached(
        "INSERT INTO refresh_used (before, hash, salt, next, used) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![family.used, given.0, salt, next.0, now.millis()])?;
    db.prepare_cached("UPDATE refresh_family SET current = ?2, used = ?3 WHERE rowid = ?1")?
        .execute(params![family.row, next.0, db.last_insert_rowid()])?;
    db.prepare_cached("UPDATE session SET seen = ?2, expires = ?3 WHERE rowid = ?1")?.execute(params![
        family.session_row,
        now.millis(),
        expires.millis()
    ])?;
    Ok(())
}

/// Clears the oldest of all used tokens, now and then, and more of them than were used since.
fn forget(db: &Connection, forgotten: Timestamp) -> Result<()> {
    const OFTEN: i64 = 16;
    if db.last_insert_rowid() % OFTEN != 0 {
        return Ok(());
    }
    db.prepare_cached(
        "DELETE FROM refresh_used
         WHERE place IN (SELECT place FROM refresh_used ORDER BY place LIMIT ?1) AND used <= ?2",
    )?
    .execute([2 * OFTEN, forgotten.millis()])?;
    Ok(())
}

/// What a used token became, looked for from the last one that the family used backwards. Places are given anew where all
/// were cleared: a way back that goes on at another family's token finds nothing, as only this one has the hash.
fn successor(
    db: &Connection,
    family: &Family,
    given: &TokenHash,
    forgotten: Timestamp,
) -> Result<Option<([u8; 32], TokenHash)>> {
    db.prepare_cached(
        "WITH RECURSIVE back (place) AS
             (VALUES (?1) UNION SELECT before FROM back JOIN refresh_used USING (place))
         SELECT salt, next FROM back JOIN refresh_used USING (place) WHERE hash = ?2 AND used > ?3",
    )?
    .query_row(params![family.used, given.0, forgotten.millis()], |row| {
        Ok((row.get(0)?, TokenHash(row.get(1)?)))
    })
    .optional()
}

/// From the columns user, terms, client, current, expires, used, and the two rows.
fn family(row: &Row<'_>) -> Result<Family> {
    Ok(Family {
        grant: Grant { user: UserId(row.get(0)?), terms: row.get(1)? },
        client: row.get(2)?,
        current: TokenHash(row.get(3)?),
        expires: Timestamp::from_millis(row.get(4)?),
        used: row.get(5)?,
        row: row.get(6)?,
        session_row: row.get(7)?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::migration::{MIGRATIONS, migrate};

    const SECOND: Duration = Duration::from_secs(1);

    fn rotation(session: &str, token: u8, now: Timestamp) -> Rotation {
        Rotation {
            session: SessionId(session.to_owned()),
            client: None,
            given: TokenHash([token; 32]),
            next: TokenHash([token + 1; 32]),
            salt: [token; 32],
            now,
            grace: 10 * SECOND,
            expires: now.plus(100 * SECOND),
            until: now.plus(100 * SECOND),
            events: Vec::new(),
        }
    }

    #[test]
    fn f2_used_tokens_are_kept_for_the_grace_and_not_much_longer() {
        let mut db = Connection::open_in_memory().expect("opened");
        migrate(&mut db, MIGRATIONS).expect("made");
        db.execute_batch(
            "INSERT INTO user (id, created) VALUES ('ada', 0);
             INSERT INTO session (id, user, claims, created, expires)
                 VALUES ('even', 'ada', '{}', 0, 9999), ('odd', 'ada', '{}', 0, 9999);
             INSERT INTO refresh_family (session, terms, current)
                 VALUES ('even', '{}', zeroblob(32)), ('odd', '{}', zeroblob(32));",
        )
        .expect("written");
        let mut now = Timestamp::from_millis(0);
        for token in 0..200 {
            now = now.plus(SECOND);
            for session in ["even", "odd"] {
                let done = rotate(&db, &rotation(session, token, now)).expect("answers");
                assert!(matches!(done, Rotated::Done(_)), "{session} {token}: {done:?}");
            }
            for (used, session) in [(token, "even"), (token.saturating_sub(9), "odd")] {
                let again = rotate(&db, &rotation(session, used, now)).expect("answers");
                let Rotated::Already { salt, next, .. } = again else {
                    panic!("{session} {used}: {again:?}")
                };
                assert_eq!((salt, next), ([used; 32], TokenHash([used + 1; 32])));
            }
        }
        let kept: i64 =
            db.query_row("SELECT count(*) FROM refresh_used", [], |row| row.get(0)).expect("counted");
        assert!((20..20 + 32).contains(&kept), "{kept}");
        let late = rotate(&db, &rotation("even", 189, now)).expect("answers");
        assert_eq!(late, Rotated::Reused(UserId("ada".to_owned())));
        let other = rotate(&db, &rotation("odd", 200, now)).expect("answers");
        assert!(matches!(other, Rotated::Done(_)), "{other:?}");
    }

    #[test]
    fn f2_a_way_back_that_ends_among_tokens_of_others_finds_nothing_and_ends() {
        let mut db = Connection::open_in_memory().expect("opened");
        migrate(&mut db, MIGRATIONS).expect("made");
        // Two that name each other, as no sequence of rotations leaves them.
        db.execute_batch(
            "INSERT INTO user (id, created) VALUES ('ada', 0);
             INSERT INTO session (id, user, claims, created, expires) VALUES ('s1', 'ada', '{}', 0, 9999);
             INSERT INTO refresh_used (place, before, hash, salt, next, used) VALUES
                 (1, 2, zeroblob(32), zeroblob(32), zeroblob(32), 0), (2, 1, zeroblob(32), zeroblob(32), zeroblob(32), 0);
             INSERT INTO refresh_family (session, terms, current, used) VALUES ('s1', '{}', zeroblob(32), 2);",
        )
        .expect("written");
        let reused = rotate(&db, &rotation("s1", 7, Timestamp::from_millis(1))).expect("answers");
        assert_eq!(reused, Rotated::Reused(UserId("ada".to_owned())));
    }
}

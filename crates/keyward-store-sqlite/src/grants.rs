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
}

fn rotate(db: &Connection, rotation: &Rotation) -> Result<Rotated> {
    let Rotation { session, given, next, salt, now, .. } = rotation;
    let family = db
        .prepare_cached(
            "SELECT user, terms, client, current, expires FROM refresh_family
             JOIN session ON session.id = refresh_family.session WHERE session = ?1",
        )?
        .query_row([&session.0], family)
        .optional()?;
    let Some(family) = family.filter(|family| *now < family.expires) else { return Ok(Rotated::Gone) };
    if family.client != rotation.client {
        return Ok(Rotated::OtherClient);
    }
    let forgotten = now.minus(rotation.grace);
    if family.current == *given {
        db.prepare_cached("DELETE FROM refresh_used WHERE session = ?1 AND used <= ?2")?
            .execute(params![session.0, forgotten.millis()])?;
        db.prepare_cached(
            "INSERT INTO refresh_used (session, hash, salt, next, used) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![session.0, given.0, salt, next.0, now.millis()])?;
        db.prepare_cached("UPDATE refresh_family SET current = ?2 WHERE session = ?1")?
            .execute(params![session.0, next.0])?;
        db.prepare_cached("UPDATE session SET seen = ?2, expires = ?3 WHERE id = ?1")?.execute(params![
            session.0,
            now.millis(),
            rotation.expires.millis()
        ])?;
        return Ok(Rotated::Done(family.grant));
    }
    let used = db
        .prepare_cached("SELECT salt, next FROM refresh_used WHERE session = ?1 AND hash = ?2 AND used > ?3")?
        .query_row(params![session.0, given.0, forgotten.millis()], |row| {
            Ok((row.get(0)?, TokenHash(row.get(1)?)))
        })
        .optional()?;
    if let Some((salt, next)) = used {
        return Ok(Rotated::Already { grant: family.grant, salt, next });
    }
    sessions::end(db, session, rotation.until)?;
    outbox::insert(db, &rotation.events)?;
    Ok(Rotated::Reused(family.grant.user))
}

/// From the columns user, terms, client, current, expires.
fn family(row: &Row<'_>) -> Result<Family> {
    Ok(Family {
        grant: Grant { user: UserId(row.get(0)?), terms: row.get(1)? },
        client: row.get(2)?,
        current: TokenHash(row.get(3)?),
        expires: Timestamp::from_millis(row.get(4)?),
    })
}

//! What an operator changes of people.

use async_trait::async_trait;
use keyward_core::{
    event::NewEvent,
    port::{Administration, Altered, StoreError, UserChange},
    time::Timestamp,
    user::{User, UserId},
};
use rusqlite::{Connection, Result, params};

use crate::{SqliteStore, column, directory, ledger, outbox, people, sessions};

#[async_trait]
impl Administration for SqliteStore {
    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        now: Timestamp,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Altered<User>, StoreError> {
        let (id, change, events) = (id.clone(), change.clone(), events.to_vec());
        self.write("change_user", move |db| {
            let changed = change_user(db, &id, &change, now, until)?;
            if let Altered::Done(_) = changed {
                outbox::insert_of(db, &events, &id)?;
            }
            Ok(changed)
        })
        .await
    }

    async fn remove_user(
        &self,
        id: &UserId,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<bool, StoreError> {
        let (id, events) = (id.clone(), events.to_vec());
        self.write("remove_user", move |db| {
            let removed = people::remove(db, &id, until)?;
            if removed {
                outbox::insert_of(db, &events, &id)?;
            }
            Ok(removed)
        })
        .await
    }
}

fn change_user(
    db: &Connection,
    id: &UserId,
    change: &UserChange,
    now: Timestamp,
    until: Timestamp,
) -> Result<Altered<User>> {
    let Some(user) = directory::by_id(db, id)? else { return Ok(Altered::NotFound) };
    let Some(changed) = change.made_to(&user, now) else { return Ok(Altered::TooLarge) };
    db.prepare_cached("UPDATE user SET name = ?2, image = ?3, disabled = ?4, claims = ?5 WHERE id = ?1")?
        .execute(params![
            id.0,
            changed.name,
            changed.image,
            changed.disabled.map(Timestamp::millis),
            column::text(&changed.claims)?
        ])?;
    let patch = change.of_sessions();
    if changed.disabled.is_some() {
        ledger::end_all(db, id, until)?;
    } else if !patch.is_empty() {
        sessions::change_all(db, id, &patch, until)?;
    }
    Ok(Altered::Done(changed))
}

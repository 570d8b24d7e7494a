//! Admitting people.

use async_trait::async_trait;
use keyward_core::{
    port::{Admitted, NewSession, SignIns, StoreError},
    time::Timestamp,
    user::{AccountKey, Admission, NewUser, Profile, UserId},
};
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde_json::{Map, Value};

use crate::{SqliteStore, ledger};

#[async_trait]
impl SignIns for SqliteStore {
    async fn admit(
        &self,
        who: &Admission,
        session: Option<&NewSession>,
        now: Timestamp,
    ) -> Result<Admitted, StoreError> {
        let (who, session) = (who.clone(), session.cloned());
        self.write("admit", move |db| admit(db, &who, session.as_ref(), now)).await
    }
}

fn admit(db: &Connection, who: &Admission, session: Option<&NewSession>, now: Timestamp) -> Result<Admitted> {
    let (user, is_new) = match who {
        Admission::User(id) if exists(db, id)? => (id.clone(), false),
        Admission::Password { user, hash } if has_password(db, user, hash)? => (user.clone(), false),
        Admission::User(_) | Admission::Password { .. } => return Ok(Admitted::Gone),
        Admission::NewUser { user, password_hash } => {
            if !make_user(db, user, password_hash, now)? {
                return Ok(Admitted::EmailTaken);
            }
            (user.id.clone(), true)
        }
        Admission::Account { key, profile, new_id } => match find_account(db, key)? {
            Some(known) => {
                update_account(db, key, profile, &known)?;
                (known, false)
            }
            None => {
                make_account(db, key, profile, new_id, now)?;
                (new_id.clone(), true)
            }
        },
    };
    if let Some(session) = session {
        ledger::insert(db, &user, session)?;
    }
    Ok(Admitted::As { user, is_new })
}

fn exists(db: &Connection, id: &UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM user WHERE id = ?1")?.exists([&id.0])
}

fn has_password(db: &Connection, id: &UserId, hash: &str) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM password WHERE user = ?1 AND hash = ?2")?.exists([&id.0, hash])
}

/// False if the address is taken.
fn make_user(db: &Connection, user: &NewUser, hash: &str, now: Timestamp) -> Result<bool> {
    let made = db
        .prepare_cached(
            "INSERT INTO user (id, email, name, created) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (email) DO NOTHING",
        )?
        .execute(params![user.id.0, user.email, user.name, now.millis()])?;
    if made == 0 {
        return Ok(false);
    }
    db.prepare_cached("INSERT INTO password (user, hash) VALUES (?1, ?2)")?.execute([&user.id.0, hash])?;
    Ok(true)
}

fn find_account(db: &Connection, key: &AccountKey) -> Result<Option<UserId>> {
    db.prepare_cached("SELECT user FROM account WHERE source = ?1 AND id = ?2")?
        .query_row([&key.source, &key.id], |row| row.get(0).map(UserId))
        .optional()
}

fn make_account(
    db: &Connection,
    key: &AccountKey,
    profile: &Profile,
    id: &UserId,
    now: Timestamp,
) -> Result<()> {
    db.prepare_cached("INSERT INTO user (id, name, image, created) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id.0, said(&profile.name), said(&profile.image), now.millis()])?;
    db.prepare_cached(
        "INSERT INTO account (source, id, user, profile, created) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![key.source, key.id, id.0, json(profile), now.millis()])?;
    Ok(())
}

/// The profile of the account, and what its user shows of it.
fn update_account(db: &Connection, key: &AccountKey, profile: &Profile, user: &UserId) -> Result<()> {
    db.prepare_cached("UPDATE account SET profile = ?3 WHERE source = ?1 AND id = ?2")?.execute(params![
        key.source,
        key.id,
        json(profile)
    ])?;
    db.prepare_cached("UPDATE user SET name = ?2, image = ?3 WHERE id = ?1")?.execute(params![
        user.0,
        said(&profile.name),
        said(&profile.image)
    ])?;
    Ok(())
}

/// A field, where the source gave it a value.
fn said(field: &Option<Option<String>>) -> Option<&str> {
    field.as_ref()?.as_deref()
}

/// Members only for what the source said, `null` where it said null.
fn json(profile: &Profile) -> String {
    let fields = [("name", &profile.name), ("email", &profile.email), ("image", &profile.image)];
    let said = fields.into_iter().filter_map(|(field, value)| {
        let value = value.clone()?;
        Some((field.to_owned(), value.map_or(Value::Null, Value::String)))
    });
    Value::Object(said.collect::<Map<_, _>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_keeps_the_difference_between_null_and_nothing() {
        let profile = Profile { name: Some(Some("Ada \"\0".to_owned())), email: Some(None), image: None };
        assert_eq!(json(&profile), r#"{"name":"Ada \"\u0000","email":null}"#);
        assert_eq!(json(&Profile::default()), "{}");
    }
}

//! Accounts: who is known where.

use keyward_core::{
    time::Timestamp,
    user::{Account, AccountKey, Profile, UserId},
};
use rusqlite::{Connection, Error, OptionalExtension, Result, Row, params, types::Type};
use serde_json::{Map, Value};

/// Whose an account is.
pub(crate) fn owner(db: &Connection, key: &AccountKey) -> Result<Option<UserId>> {
    db.prepare_cached("SELECT user FROM account WHERE source = ?1 AND id = ?2")?
        .query_row([&key.source, &key.id], |row| row.get(0).map(UserId))
        .optional()
}

/// Makes the account or brings it up to date. Its owner never changes.
pub(crate) fn keep(db: &Connection, user: &UserId, account: &Account, tokens: Option<&[u8]>) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO account (source, id, user, kind, profile, tokens, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (source, id)
         DO UPDATE SET kind = excluded.kind, profile = excluded.profile, tokens = excluded.tokens",
    )?
    .execute(params![
        account.key.source,
        account.key.id,
        user.0,
        account.kind,
        json(&account.profile),
        tokens,
        account.created.millis()
    ])?;
    Ok(())
}

/// The accounts of a user, in the order in which they were linked.
pub(crate) fn of_user(db: &Connection, user: &UserId) -> Result<Vec<Account>> {
    db.prepare_cached(
        "SELECT source, id, kind, profile, created FROM account WHERE user = ?1 ORDER BY created, rowid",
    )?
    .query_map([&user.0], account)?
    .collect()
}

/// Where a user is known, each source once, in the order in which their accounts were linked.
pub(crate) fn sources(db: &Connection, user: &UserId) -> Result<Vec<String>> {
    db.prepare_cached(
        "SELECT source FROM account WHERE user = ?1 GROUP BY source ORDER BY min(created), min(rowid)",
    )?
    .query_map([&user.0], |row| row.get(0))?
    .collect()
}

/// Where a user is known beside one account of theirs.
pub(crate) fn sources_beside(db: &Connection, user: &UserId, but: &AccountKey) -> Result<Vec<String>> {
    db.prepare_cached("SELECT source FROM account WHERE user = ?1 AND NOT (source = ?2 AND id = ?3)")?
        .query_map([&user.0, &but.source, &but.id], |row| row.get(0))?
        .collect()
}

/// The sealed tokens of an account.
pub(crate) fn tokens(db: &Connection, key: &AccountKey) -> Result<Option<Vec<u8>>> {
    let tokens = db
        .prepare_cached("SELECT tokens FROM account WHERE source = ?1 AND id = ?2")?
        .query_row([&key.source, &key.id], |row| row.get(0))
        .optional()?;
    Ok(tokens.flatten())
}

/// Deletes an account.
pub(crate) fn delete(db: &Connection, key: &AccountKey) -> Result<()> {
    db.prepare_cached("DELETE FROM account WHERE source = ?1 AND id = ?2")?
        .execute([&key.source, &key.id])?;
    Ok(())
}

/// Deletes the accounts of a user, but for one.
pub(crate) fn delete_others(db: &Connection, user: &UserId, but: Option<&AccountKey>) -> Result<()> {
    db.prepare_cached("DELETE FROM account WHERE user = ?1 AND NOT (source IS ?2 AND id IS ?3)")?
        .execute(params![user.0, but.map(|key| &key.source), but.map(|key| &key.id)])?;
    Ok(())
}

/// From the columns source, id, kind, profile, created.
fn account(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        key: AccountKey { source: row.get(0)?, id: row.get(1)? },
        kind: row.get(2)?,
        profile: profile(row.get_ref(3)?.as_str()?)
            .map_err(|fault| Error::FromSqlConversionFailure(3, Type::Text, Box::new(fault)))?,
        created: Timestamp::from_millis(row.get(4)?),
    })
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

/// What [`json`] wrote.
fn profile(json: &str) -> serde_json::Result<Profile> {
    let mut members: Map<String, Value> = serde_json::from_str(json)?;
    let mut field = |name| match members.remove(name)? {
        Value::String(text) => Some(Some(text)),
        _ => Some(None),
    };
    Ok(Profile { name: field("name"), email: field("email"), image: field("image") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_keeps_the_difference_between_null_and_nothing() {
        let odd = Profile { name: Some(Some("Ada \"\0".to_owned())), email: Some(None), image: None };
        assert_eq!(json(&odd), r#"{"name":"Ada \"\u0000","email":null}"#);
        assert_eq!(json(&Profile::default()), "{}");
        for profile_of in [odd, Profile::default()] {
            assert_eq!(profile(&json(&profile_of)).expect("JSON"), profile_of);
        }
    }
}

//! By what a user can come back.

use keyward_core::{
    policy::ways::{Left, WaysIn},
    user::{AccountKey, UserId},
};
use rusqlite::{Connection, Result, params};

use crate::account;

/// Whether a user can come back without this account, or without this passkey.
pub(crate) fn can_come_back(
    db: &Connection,
    user: &UserId,
    without: Option<&AccountKey>,
    passkey: Option<&str>,
    ways: &WaysIn,
) -> Result<bool> {
    let sources = match without {
        Some(key) => account::sources_beside(db, user, key)?,
        None => account::sources(db, user)?,
    };
    Ok(ways.let_in(Left {
        sources: &sources,
        password: has_password(db, user)?,
        proven_address: has_proven_address(db, user)?,
        passkey: has_passkey(db, user, passkey)?,
    }))
}

fn has_password(db: &Connection, user: &UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM password WHERE user = ?1")?.exists([&user.0])
}

fn has_proven_address(db: &Connection, user: &UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM user WHERE id = ?1 AND email_verified IS NOT NULL")?.exists([&user.0])
}

/// True if this user has a passkey, `beside` one of them.
fn has_passkey(db: &Connection, user: &UserId, beside: Option<&str>) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM passkey WHERE user = ?1 AND id IS NOT ?2")?
        .exists(params![user.0, beside])
}

//! Deleting people.

use keyward_core::{time::Timestamp, user::UserId};
use rusqlite::{Connection, OptionalExtension, Result};

use crate::{import, ledger};

/// Ends the sessions of a user and deletes them; password, accounts and the rest go along (ON DELETE CASCADE).
pub(crate) fn remove(db: &Connection, user: &UserId, until: Timestamp) -> Result<bool> {
    ledger::end_all(db, user, until)?;
    let imported: Option<bool> = db
        .prepare_cached("DELETE FROM user WHERE id = ?1 RETURNING imported")?
        .query_row([&user.0], |row| row.get(0))
        .optional()?;
    if imported == Some(true) {
        import::note_deleted(db, user)?;
    }
    Ok(imported.is_some())
}

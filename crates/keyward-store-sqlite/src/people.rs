//! Deleting people.

use keyward_core::{port::NOBODY, time::Timestamp, user::UserId};
use rusqlite::{Connection, Result, params};

use crate::ledger;

/// Ends the sessions of a user and deletes them; password, accounts and the rest go along (ON DELETE CASCADE).
pub(crate) fn remove(db: &Connection, user: &UserId, until: Timestamp) -> Result<bool> {
    if user.0 == NOBODY {
        return Ok(false);
    }
    ledger::end_all(db, user, until)?;
    let rows = db.prepare_cached("DELETE FROM user WHERE id = ?1")?.execute(params![user.0])?;
    Ok(rows == 1)
}

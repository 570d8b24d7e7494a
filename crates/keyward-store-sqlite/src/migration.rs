//! The schema and its versions: numbered files, each applied once, in order.

use rusqlite::{Connection, TransactionBehavior};

/// What the files in `migrations/` say. Never edit one that was released: add the next.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_directory_and_ledger.sql"),
    include_str!("../migrations/0002_sign_in_with_anyone.sql"),
    include_str!("../migrations/0003_outbox.sql"),
    include_str!("../migrations/0004_sessions.sql"),
    include_str!("../migrations/0005_vault.sql"),
    include_str!("../migrations/0006_tokens.sql"),
    include_str!("../migrations/0007_factors.sql"),
    include_str!("../migrations/0008_audit.sql"),
    include_str!("../migrations/0009_mail.sql"),
    include_str!("../migrations/0010_adopted_sessions.sql"),
    include_str!("../migrations/0011_session_vault.sql"),
    include_str!("../migrations/0012_used_tokens.sql"),
    include_str!("../migrations/0013_deleted_imports.sql"),
    include_str!("../migrations/0014_sessions_of_nobody.sql"),
    include_str!("../migrations/0015_known_networks.sql"),
];

/// Marks a database as Keyward's (SQLite's `application_id`): "KWRD".
pub(crate) const APPLICATION: i32 = 0x4b57_5244;

/// Why the schema was not brought up to date.
#[derive(Debug)]
pub(crate) enum MigrationError {
    /// It belongs to another program.
    Foreign,
    /// It was written by a later version of Keyward.
    Newer {
        /// Its version.
        found: i64,
    },
    /// SQLite could not.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for MigrationError {
    fn from(fault: rusqlite::Error) -> Self {
        Self::Sqlite(fault)
    }
}

/// The version of the schema, for a database that is Keyward's or empty. Changes nothing.
pub(crate) fn version(connection: &Connection, known: usize) -> Result<usize, MigrationError> {
    // One statement, so that the three belong together while another process migrates.
    let (application, found, is_empty): (i64, i64, bool) = connection.query_row(
        "SELECT application_id, user_version, NOT EXISTS (SELECT 1 FROM sqlite_schema)
         FROM pragma_application_id, pragma_user_version",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    if application != i64::from(APPLICATION) && !(application == 0 && is_empty) {
        return Err(MigrationError::Foreign);
    }
    usize::try_from(found).ok().filter(|found| *found <= known).ok_or(MigrationError::Newer { found })
}

/// Applies what is missing of `migrations`, all or nothing.
///
/// Of several processes that start at once, one does it: the others wait for the lock and find it done.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), MigrationError> {
    if version(connection, migrations.len())? == migrations.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = version(&transaction, migrations.len())?;
    for (number, sql) in migrations.iter().enumerate().skip(done) {
        tracing::debug!(number = number + 1, "applying a migration");
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.execute_batch(&format!("PRAGMA user_version = {}", migrations.len()))?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);";
    const SECOND: &str = "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1;";

    fn empty() -> Connection {
        Connection::open_in_memory().expect("opened")
    }

    fn y(db: &Connection) -> rusqlite::Result<i64> {
        db.query_row("SELECT y FROM a", [], |row| row.get(0))
    }

    #[test]
    fn every_migration_is_applied_once_and_in_order() {
        let mut db = empty();
        migrate(&mut db, &[FIRST]).expect("the first version");
        assert_eq!(version(&db, 1).expect("ours"), 1);
        migrate(&mut db, &[FIRST, SECOND]).expect("an upgrade");
        migrate(&mut db, &[FIRST, SECOND]).expect("nothing to do");
        assert_eq!(version(&db, 2).expect("ours"), 2);
        assert_eq!(y(&db).expect("there"), 2);
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before_it() {
        let mut db = empty();
        migrate(&mut db, &[FIRST]).expect("the first version");
        let broken = ["", SECOND, "INSERT INTO nowhere VALUES (1)"];
        assert!(matches!(migrate(&mut db, &broken), Err(MigrationError::Sqlite(_))));
        assert_eq!(version(&db, 3).expect("ours"), 1);
        assert!(y(&db).is_err(), "the second migration was undone too");
    }

    #[test]
    fn a_database_of_a_later_version_is_refused() {
        let mut db = empty();
        migrate(&mut db, &[FIRST, SECOND]).expect("the later version");
        assert!(matches!(migrate(&mut db, &[FIRST]), Err(MigrationError::Newer { found: 2 })));
    }

    #[test]
    fn a_database_of_another_program_is_refused_and_left_as_it_is() {
        for sql in [
            "CREATE TABLE theirs (x)",
            "PRAGMA application_id = 77",
            "PRAGMA application_id = 77; CREATE TABLE t (x)",
        ] {
            let mut db = empty();
            db.execute_batch(sql).expect("made");
            assert!(matches!(migrate(&mut db, &[FIRST]), Err(MigrationError::Foreign)), "{sql}");
            assert!(db.query_row("SELECT x FROM a", [], |_| Ok(())).is_err());
        }
    }

    #[test]
    fn every_file_is_in_the_list() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("a folder");
        let mut names: Vec<_> =
            files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        assert_eq!(names.len(), MIGRATIONS.len(), "{names:?}");
        for (at, name) in names.iter().enumerate() {
            assert!(name.starts_with(&format!("{:04}_", at + 1)), "{name}");
            let text = std::fs::read_to_string(format!("{}/migrations/{name}", env!("CARGO_MANIFEST_DIR")));
            assert_eq!(text.expect("text"), MIGRATIONS[at]);
        }
    }
}

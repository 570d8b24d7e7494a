//! Opening a database: making the file, telling whose it is, and why it can't be used.

use std::{
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use crate::{
    SqliteStore, error,
    migration::{self, MIGRATIONS, MigrationError},
    private,
    readers::Readers,
    writer::Writer,
};

/// Bytes of the smallest database: one page of the smallest size.
const SMALLEST: u64 = 512;

/// How a database is used.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections to read from; by default as many as there are processors, at least 2 and at most 8.
    pub readers: usize,
    /// Writes that may wait; one more is refused. By default 4096.
    pub queue: usize,
    /// How long to wait for another process that holds the lock; by default 5 seconds.
    pub busy_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(2, usize::from);
        Self { readers: processors.clamp(2, 8), queue: 4096, busy_timeout: Duration::from_secs(5) }
    }
}

/// Why a database was not opened. [`OpenError::remedy`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder is not there and can't be made, or nothing can be made in it.
    #[error("the folder {} cannot be written to", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: Option<io::Error>,
    },
    /// The file is there and can't be opened for writing.
    #[error("the database {} cannot be written to", path.display())]
    NotWritable {
        /// The database.
        path: PathBuf,
    },
    /// The file holds something else, or is damaged.
    #[error("{} is not a database, or is damaged", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It is a database, but not Keyward's.
    #[error("{} is the database of another program", path.display())]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// It was written by a later version of Keyward.
    #[error("the database {} has schema {found}; this version knows schemas up to {known}", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest schema that this version knows.
        known: usize,
    },
    /// Another process kept it locked for longer than the busy timeout.
    #[error("the database {} is locked by another process", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// Anything else.
    #[error("the database {} could not be opened: {detail}", path.display())]
    Other {
        /// The database.
        path: PathBuf,
        /// What SQLite or the system said.
        detail: String,
    },
}

impl OpenError {
    /// What a person can do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Folder { .. } => {
                "Let the user that runs Keyward own the folder, or name another place for the database."
            }
            Self::NotWritable { .. } => {
                "Let the user that runs Keyward own the file, on a file system that is not mounted read-only."
            }
            Self::NotADatabase { .. } => "Name another file, or put back a backup. The file was not touched.",
            Self::Foreign { .. } => "Name a file of its own for Keyward. The file was not touched.",
            Self::Newer { .. } => {
                "Start the version of Keyward that wrote it, or put back a backup from before the upgrade."
            }
            Self::Locked { .. } => {
                "End what holds it (a backup program, a database browser, another process) and start again."
            }
            Self::Other { .. } => "See whether the disk is full or faulty.",
        }
    }
}

/// See [`SqliteStore::open`].
pub(crate) fn open(path: &Path, options: &Options) -> Result<SqliteStore, OpenError> {
    let path = prepare(path)?;
    let writer = writing(&path, options.busy_timeout)?;
    let readers = (0..options.readers.max(1)).map(|_| reading(&path, options.busy_timeout));
    let readers = readers.collect::<rusqlite::Result<_>>().map_err(|fault| explain(&path, fault.into()))?;
    let writer = Writer::start(writer, options.queue)
        .map_err(|fault| OpenError::Other { path: path.clone(), detail: fault.to_string() })?;
    Ok(SqliteStore { path, readers: Readers::new(readers), writer })
}

/// A connection that only reads.
pub(crate) fn reading(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let connection = connect(path, busy_timeout)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The connection of the writer, to a database whose schema is up to date.
fn writing(path: &Path, busy_timeout: Duration) -> Result<Connection, OpenError> {
    let connected = connect(path, busy_timeout).and_then(|connection| {
        let read_only = connection.is_readonly("main")?;
        Ok((connection, read_only))
    });
    let mut connection = match connected {
        Ok((connection, false)) => connection,
        Ok((_, true)) => return Err(OpenError::NotWritable { path: path.to_owned() }),
        Err(fault) if error::code(&fault) == Some(ErrorCode::CannotOpen) => {
            return Err(OpenError::NotWritable { path: path.to_owned() });
        }
        Err(fault) => return Err(explain(path, fault.into())),
    };
    make_ready(&mut connection, busy_timeout).map_err(|fault| explain(path, fault))?;
    Ok(connection)
}

fn make_ready(connection: &mut Connection, busy_timeout: Duration) -> Result<(), MigrationError> {
    // Whose it is comes first: what is not ours stays as it is.
    migration::version(connection, MIGRATIONS.len())?;
    use_wal(connection, busy_timeout)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What was deleted is gone from the file, not only from the tables.
    connection.pragma_update(None, "secure_delete", true)?;
    // A table that is made anew would take along what refers to it.
    connection.pragma_update(None, "foreign_keys", false)?;
    migration::migrate(connection, MIGRATIONS)?;
    Ok(connection.pragma_update(None, "foreign_keys", true)?)
}

fn connect(path: &Path, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    // Each connection is used by one thread at a time, so SQLite need not lock it again.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(64);
    // One plan for a statement, whatever it is given. Otherwise SQLite plans many anew each time they are run, in case
    // another value is better served.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// Two processes that switch a new database at once don't wait for each other: SQLite answers "busy" without
/// asking the busy timeout.
fn use_wal(connection: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut left = busy_timeout;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(fault) if error::code(&fault) == Some(ErrorCode::DatabaseBusy) && !left.is_zero() => {
                thread::sleep(PAUSE);
                left = left.saturating_sub(PAUSE);
            }
            switched => return switched,
        }
    }
}

/// Makes what is missing, and gives the absolute path: a relative one may mean something else to SQLite
/// (`:memory:`, `file:…`).
fn prepare(path: &Path) -> Result<PathBuf, OpenError> {
    let name = path.file_name().ok_or_else(|| OpenError::NotADatabase { path: path.to_owned() })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let fault = |source| OpenError::Folder { path: folder.to_owned(), source: Some(source) };
    private::folder(folder).map_err(fault)?;
    let path = folder.canonicalize().map_err(fault)?.join(name);
    private::file(&path).map_err(fault)?;
    // A file of one byte is an empty database to SQLite. The size is asked by name: closing a handle of our own
    // would drop the locks that another store of this process holds on the file.
    let there = path.metadata().map_err(fault)?;
    if !there.is_file() || (1..SMALLEST).contains(&there.len()) {
        return Err(OpenError::NotADatabase { path });
    }
    Ok(path)
}

/// A fault of a database whose file could be opened for writing.
fn explain(path: &Path, fault: MigrationError) -> OpenError {
    let path = path.to_owned();
    let fault = match fault {
        MigrationError::Foreign => return OpenError::Foreign { path },
        MigrationError::Newer { found } => return OpenError::Newer { path, found, known: MIGRATIONS.len() },
        MigrationError::Sqlite(fault) => fault,
    };
    match error::code(&fault) {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::NotADatabase { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked { path },
        // What can't be made are the files beside it.
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
            OpenError::Folder { path: path.parent().map_or_else(PathBuf::new, Path::to_owned), source: None }
        }
        _ => OpenError::Other { path, detail: error::describe(&fault) },
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_however_often_it_is_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = prepare(&folder.path().join("keyward.db")).expect("made");
        let patience = Duration::from_secs(1);
        let writer = writing(&path, patience).expect("opened");
        let reader = reading(&path, patience).expect("opened");
        let sql = "SELECT user.id FROM account JOIN user ON user.id = account.user
                   WHERE account.source = ?1 AND account.id = ?2";
        for connection in [writer, reader] {
            let statement = || connection.prepare_cached(sql).expect("prepared");
            for id in ["a", "b", "c"] {
                assert!(!statement().exists(["github", id]).expect("read"));
            }
            assert_eq!(statement().get_status(StatementStatus::RePrepare), 0);
        }
    }
}

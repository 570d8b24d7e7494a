//! Users, accounts, sessions, tickets and events in an embedded SQLite database.
//!
//! Reads are point reads on a few connections, used in place: microseconds, no thread hop. Writes go to one
//! thread, which commits all that wait as one transaction, at most every two milliseconds. An operation answers after
//! its commit has reached the disk (WAL, `synchronous=FULL`): what was answered survives `kill -9` and a power cut.

mod account;
mod admin;
mod admission;
mod adoption;
mod attempts;
mod audit;
mod backup;
mod column;
mod directory;
mod error;
mod factors;
mod grants;
mod import;
mod keys;
mod ledger;
mod migration;
mod names;
mod open;
mod outbox;
mod people;
mod post;
mod private;
mod readers;
mod recovery;
mod sessions;
mod ticket;
mod vault;
mod ways;
mod writer;

use std::path::{Path, PathBuf};

use keyward_core::port::StoreError;
use rusqlite::Connection;

pub use backup::BackupError;
pub use open::{OpenError, Options};

use readers::Readers;
use writer::Writer;

/// A Keyward database in one file (and, while it is open, two beside it: `-wal` and `-shm`).
///
/// Several processes may have the same file open, on one machine.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    readers: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the database at `path`, brings its schema up to date, and makes it where it is not there: the file
    /// with mode 0600, missing folders with 0700.
    ///
    /// Blocks, for as long as a migration takes.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; a file that is not ours is left as it is.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self, OpenError> {
        open::open(path.as_ref(), options)
    }

    /// Where the database is, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the database, as it is at this moment, into a new file at `to` (mode 0600), while reads and writes
    /// go on. `progress` is called with pages done and pages in total.
    ///
    /// Blocks until the copy is on the disk; the file appears under its name only when it is complete.
    ///
    /// # Errors
    ///
    /// [`BackupError`], also where `to` exists: nothing is ever overwritten.
    pub fn backup(&self, to: &Path, progress: impl FnMut(u64, u64)) -> Result<(), BackupError> {
        backup::backup(&self.path, to, progress)
    }

    /// Carries out and answers the writes that are waiting, moves the log into the database file, and refuses
    /// further writes. Dropping the store does the same.
    ///
    /// Blocks until done.
    pub fn close(&self) {
        self.writer.close();
    }

    /// A point read, in place.
    fn read<T>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.readers.with(read).map_err(|fault| error::store(operation, &fault))
    }

    /// A transition, alone or together with others in one transaction; answered after the commit.
    async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(operation, write).await
    }
}

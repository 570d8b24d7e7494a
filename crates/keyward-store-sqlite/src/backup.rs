//! A copy of the database while it is in use.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};

use crate::{error, open, private};

/// Pages copied between two calls of the progress function: a quarter of a megabyte.
const STEP: i32 = 64;

/// Why there is no backup. What was begun is removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file with this name exists and was left as it is.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The file could not be written.
    #[error("{} cannot be written", path.display())]
    NotWritable {
        /// The backup.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// SQLite could not read the database or write the copy.
    #[error("the database could not be copied: {0}")]
    Sqlite(String),
}

impl From<rusqlite::Error> for BackupError {
    fn from(fault: rusqlite::Error) -> Self {
        Self::Sqlite(error::describe(&fault))
    }
}

/// See [`crate::SqliteStore::backup`].
pub(crate) fn backup(from: &Path, to: &Path, progress: impl FnMut(u64, u64)) -> Result<(), BackupError> {
    let fault = |source| BackupError::NotWritable { path: to.to_owned(), source };
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    private::folder(folder).map_err(fault)?;
    // Beside its place, under another name: only a complete copy ever carries the name of a backup.
    let partial = tempfile::Builder::new()
        .prefix(".keyward-backup-")
        .tempfile_in(folder.canonicalize().map_err(fault)?)
        .map_err(fault)?;
    copy(from, partial.path(), progress)?;
    partial.as_file().sync_all().map_err(fault)?;
    partial.persist_noclobber(to).map_err(|refused| match refused.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => fault(refused.error),
    })?;
    // The name reaches the disk with its folder.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)
}

fn copy(from: &Path, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), BackupError> {
    let source = open::reading(from, Duration::from_secs(5))?;
    // An open read keeps one state of the database in view, so that writes don't make the copy begin again.
    let snapshot = source.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut target = Connection::open(to)?;
    let run = Backup::new(&snapshot, &mut target)?;
    loop {
        let step = run.step(STEP)?;
        let pages = run.progress();
        let count = |pages: i32| u64::try_from(pages).unwrap_or_default();
        progress(count(pages.pagecount.saturating_sub(pages.remaining)), count(pages.pagecount));
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(BackupError::Sqlite("the copy is locked".to_owned())),
        }
    }
    drop(run);
    // One file that needs no other beside it, also on read-only media.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(())
}

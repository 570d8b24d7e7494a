//! Files and folders that only their owner may read.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{ErrorKind, Result},
    path::Path,
};

/// Makes the folder and what is missing above it, with mode 0700. Leaves an existing one as it is.
pub(crate) fn folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes an empty file with mode 0600. Leaves an existing one as it is.
///
/// SQLite gives the files that it makes beside a database the mode of the database.
pub(crate) fn file(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

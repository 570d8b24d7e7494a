//! `keyward backup`.

use std::path::PathBuf;

use clap::Args;

use super::{DataOptions, Surroundings, existing_store, with_cause};
use crate::fault::{Failure, Fault};

/// `keyward backup TO`.
#[derive(Args)]
#[command(after_help = "Example:\n  keyward backup /var/backups/keyward-$(date +%F).db")]
pub(super) struct Options {
    /// File to make; an existing one is never overwritten
    #[arg(value_name = "TO")]
    to: PathBuf,
    #[command(flatten)]
    config: DataOptions,
}

/// Copies the database as it is at this moment.
pub(super) fn run(around: &Surroundings<'_>, options: &Options) -> Result<(), Failure> {
    let store = existing_store(&around.data_only(&options.config)?)?;
    store.backup(&options.to, |_, _| {}).map_err(|error| {
        Fault::new(format!("no backup was made: {}", with_cause(&error)))
            .remedy("name another file, in a folder that exists and can be written to")
    })?;
    store.close();
    let size = std::fs::metadata(&options.to).map_or(0, |file| file.len());
    let (from, to) = (store.path().display(), options.to.display());
    around.terminal.print(&format!("Copied {from} to {to} ({} KiB).\n", size.div_ceil(1024)));
    Ok(())
}

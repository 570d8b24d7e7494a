//! `keyward init`.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

use clap::Args;
use keyward::SystemRandom;

use super::Surroundings;
use crate::{
    config::{SecretFile, fresh_secret},
    fault::{Failure, Fault},
};

/// `keyward init`.
#[derive(Args)]
pub(super) struct Options {
    /// Folder to write into [default: this one]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// The file that is written. Lines that begin with `#` and a blank explain; lines that begin with `#` alone are
/// settings that can be switched on.
pub(super) const TEMPLATE: &str = include_str!("../../assets/keyward.toml");

/// Writes the two files.
pub(super) fn run(around: &Surroundings<'_>, options: &Options) -> Result<(), Failure> {
    let folder = options.dir.clone().unwrap_or_default();
    let config = folder.join("keyward.toml");
    let secret = SecretFile(folder.join("keyward.secret"));
    for path in [&config, &secret.0] {
        // A dangling link counts too: nothing is written through it.
        if path.symlink_metadata().is_ok() {
            return Err(Fault::new(format!("{} exists already; nothing was written", path.display()))
                .remedy("move it away, or choose another folder: keyward init --dir FOLDER")
                .into());
        }
    }
    if options.dir.is_some() {
        std::fs::create_dir_all(&folder).map_err(|error| {
            Fault::new(format!("the folder {} can't be made: {error}", folder.display()))
                .remedy("choose another folder: keyward init --dir FOLDER")
        })?;
    }
    secret.create(&fresh_secret(&SystemRandom))?;
    let written = OpenOptions::new().write(true).create_new(true).open(&config);
    written.and_then(|mut file| file.write_all(TEMPLATE.as_bytes())).map_err(|error| {
        Fault::new(format!("{} can't be written: {error}", config.display()))
            .remedy(format!("remove {}, and choose another folder", secret.0.display()))
    })?;
    let (config, secret) = (config.display(), secret.0.display());
    around.terminal.print(&format!(
        "Wrote {config} and {secret} (a new secret; keep it out of version control).\n\
         Next: set public_url in {config}, then\n  keyward check --config {config}\n  \
         keyward serve --config {config}\n"
    ));
    Ok(())
}

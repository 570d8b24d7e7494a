//! `keyward import`: people from other systems.

mod fields;
mod mistake;
mod person;
mod preset;
mod report;
mod source;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use keyward::SystemClock;
use keyward_core::{
    port::{Clock, Imported, ImportedUser, Imports},
    sealer::Sealer,
};
use keyward_store_sqlite::{Options as StoreOptions, SqliteStore};

use self::{
    mistake::Mistake,
    person::Rules,
    preset::{Format, From},
    report::{Keeper, Report},
    source::{Record, Source},
};
use super::{ConfigOptions, Surroundings, open_store, with_cause};
use crate::{
    config::Deployment,
    fault::{Failure, Fault},
    progress::Progress,
    signals::Signals,
};

/// `keyward import …`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Bring people along from another system, also while the server runs
    #[command(after_help = EXAMPLES)]
    Users(Users),
}

/// `keyward import users`.
#[derive(Args)]
pub(super) struct Users {
    /// JSON Lines, a JSON document or CSV
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which system wrote it
    #[arg(long, value_name = "SYSTEM", value_enum, default_value_t)]
    from: From,
    /// Do everything in a copy of the database that is thrown away
    #[arg(long)]
    dry_run: bool,
    /// File for the records that are refused [default: FILE with .refused before its end; none for a dry run]
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// A provider that is called otherwise here, such as azuread=microsoft-entra-id; may be repeated
    #[arg(long, value_name = "FROM=TO", value_parser = renaming)]
    provider: Vec<(String, String)>,
    /// Bring people along whose second factor can't be, without it
    #[arg(long)]
    without_factors: bool,
    /// Bring people back, too, who came along before and were deleted here
    #[arg(long)]
    restore_deleted: bool,
    /// The password hash parameters of a Firebase project, as its console shows them
    #[arg(long, value_name = "FILE")]
    firebase_hash_config: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigOptions,
}

const EXAMPLES: &str = "\
An import that was interrupted is run again with the same call: nobody is made twice, and nobody is left out but who
was deleted here.

Examples:
  keyward import users users.jsonl --dry-run
  keyward import users export.json --from firebase --firebase-hash-config hash_config.txt";

/// Users of one transition.
const BATCH: usize = 500;
/// Bytes of one transition, however few users that are: memory is bounded by it.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Carries out a command.
pub(super) fn run(around: &Surroundings<'_>, command: &Command) -> Result<(), Failure> {
    let Command::Users(options) = command;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Fault::new(error.to_string()))?;
    runtime.block_on(users(around, options))
}

async fn users(around: &Surroundings<'_>, options: &Users) -> Result<(), Failure> {
    let deployment = around.without_server(&options.config.offline)?;
    let format = Format::new(options.from, options.firebase_hash_config.as_deref())?;
    let unread = |error: &dyn std::fmt::Display| {
        Fault::new(format!("{} can't be imported: {error}", options.file.display()))
    };
    let source = Source::open(&options.file, format.columns()).map_err(|stop| unread(&stop))?;
    let keeper = keeper(options, &source)?;
    let (store, _copy) = if options.dry_run {
        let (store, folder) = copy(&deployment)?;
        (store, Some(folder))
    } else {
        (open_store(&deployment)?, None)
    };
    // What seals the secrets of apps. Only those need it: without it everybody else can be imported.
    let secrets = around.deployment(&options.config).ok().and_then(|whole| whole.secrets.value.known());
    let rules = Rules {
        sealer: secrets.as_deref().map(Sealer::new),
        providers: options.provider.clone(),
        without_factors: options.without_factors,
        now: SystemClock.now(),
    };
    let mut import = Import {
        store: &store,
        source,
        format,
        rules,
        restore: options.restore_deleted,
        report: Report::keeping(keeper),
        progress: Progress::start(around.terminal, around.environment),
        waiting: Vec::new(),
        waiting_bytes: 0,
    };
    let ended = import.run().await;
    store.close();
    let Import { report, mut progress, .. } = import;
    progress.clear();
    conclude(around, options, report, &progress, ended)
}

/// An import under way.
struct Import<'s> {
    store: &'s dyn Imports,
    source: Source,
    format: Format,
    rules: Rules,
    restore: bool,
    report: Report,
    progress: Progress,
    waiting: Vec<Waiting>,
    waiting_bytes: usize,
}

/// A record that waits for its batch, so that mistakes are told in the order of the file.
struct Waiting {
    line: u64,
    raw: Vec<u8>,
    user: Result<ImportedUser, Mistake>,
}

/// How an import ended before the end of the file.
enum Early {
    Interrupted,
    Unread(String),
    Failed(String),
}

impl Import<'_> {
    /// To the end of the file, or until it is interrupted: then everything before is in the store.
    async fn run(&mut self) -> Result<(), Early> {
        let signals = Signals::listen().map_err(|error| Early::Failed(error.to_string()))?;
        let mut interrupted = std::pin::pin!(signals.first());
        loop {
            let record = match self.source.next() {
                Ok(record) => record,
                Err(stop) => {
                    self.write().await?;
                    return Err(Early::Unread(stop.to_string()));
                }
            };
            let ended = record.is_none();
            if let Some(record) = record {
                self.take(record);
            }
            if ended || self.waiting.len() == BATCH || self.waiting_bytes > BATCH_BYTES {
                self.write().await?;
                let read = self.report.read;
                self.progress.at(self.source.progress(), |progress| {
                    format!("{read} users, {} a second", progress.rate(read))
                });
                tokio::select! {
                    biased;
                    () = &mut interrupted => return Err(Early::Interrupted),
                    () = std::future::ready(()) => {}
                }
            }
            if ended {
                return Ok(());
            }
        }
    }

    fn take(&mut self, record: Record) {
        let Record { line, raw, fields } = record;
        self.report.read += 1;
        let user = fields
            .and_then(|fields| self.format.read(fields, self.rules.now))
            .and_then(|found| found.settle(&self.rules));
        self.waiting_bytes += raw.len();
        self.waiting.push(Waiting { line, raw, user });
    }

    async fn write(&mut self) -> Result<(), Early> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        if waiting.is_empty() {
            return Ok(());
        }
        let batch: Vec<_> =
            waiting.iter().filter_map(|waiting| waiting.user.as_ref().ok()).cloned().collect();
        let outcomes = self.store.import_users(&batch, self.restore, self.rules.now).await;
        let mut outcomes = outcomes.map_err(|error| Early::Failed(error.to_string()))?.into_iter();
        for Waiting { line, raw, user } in waiting {
            match user.and_then(|_| settled(outcomes.next())) {
                Ok(Imported::Made) => self.report.made += 1,
                Ok(Imported::Deleted) => self.report.deleted += 1,
                Ok(_) => self.report.there += 1,
                Err(mistake) => {
                    let kept = self.report.refuse(line, &raw, mistake);
                    kept.map_err(|error| Early::Failed(format!("the file of refused records: {error}")))?;
                }
            }
        }
        Ok(())
    }
}

/// What is no mistake of the record.
fn settled(outcome: Option<Imported>) -> Result<Imported, Mistake> {
    match outcome {
        Some(outcome @ (Imported::Made | Imported::There | Imported::Deleted)) => Ok(outcome),
        Some(Imported::IdTaken) => Err(Mistake::IdTaken),
        Some(Imported::EmailTaken) => Err(Mistake::EmailTaken),
        Some(Imported::AccountTaken) => Err(Mistake::AccountTaken),
        None => Err(Mistake::Unanswered),
    }
}

fn conclude(
    around: &Surroundings<'_>,
    options: &Users,
    report: Report,
    progress: &Progress,
    ended: Result<(), Early>,
) -> Result<(), Failure> {
    let Report { read, made, there, deleted, refused, .. } = report;
    let (tenths, rate) = (progress.millis() / 100, progress.rate(read));
    let whole = if options.dry_run { "A dry run, nothing is changed: " } else { "" };
    let mut text = format!("{whole}{read} read in {}.{} s, {rate} a second.\n", tenths / 10, tenths % 10);
    text.push_str(&format!("  {made:>7}  made\n  {there:>7}  there already\n"));
    text.push_str(&format!("  {deleted:>7}  deleted here, left out\n  {refused:>7}  refused\n"));
    let closed = match &ended {
        Ok(()) => report.close(),
        // What is there of the refused file is written anew.
        Err(_) => Ok((String::new(), None)),
    };
    let (mistakes, path) =
        closed.map_err(|error| Fault::new(format!("the file of refused records: {error}")))?;
    if refused > 0 && ended.is_ok() {
        text.push_str("Refused:\n");
        text.push_str(&mistakes);
    }
    around.terminal.print(&text);
    let again = "run the same command again: it goes on where it stopped";
    let fault = match ended {
        Ok(()) if refused == 0 => return Ok(()),
        Ok(()) => {
            let fault = Fault::new(format!("{refused} of {read} were refused"));
            match path {
                Some(path) => fault.remedy(format!(
                    "mend them in {}, whose reasons are in {}, and import that file",
                    path.display(),
                    Keeper::reasons(&path).display()
                )),
                None => fault.remedy("mend them in the file"),
            }
        }
        Err(Early::Interrupted) => Fault::new("interrupted").remedy(again),
        Err(Early::Unread(why)) => {
            let problem = format!("{} was not read to its end: {why}", options.file.display());
            Fault::new(problem).remedy("mend the file and run the same command again: who is there stays")
        }
        Err(Early::Failed(why)) => Fault::new(format!("the import stopped: {why}")).remedy(again),
    };
    Err(fault.into())
}

/// A copy of the database, which goes with its folder.
fn copy(deployment: &Deployment) -> Result<(SqliteStore, tempfile::TempDir), Failure> {
    let database = &deployment.database.value;
    let beside = database.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let failed =
        |error: &dyn std::error::Error| Fault::new(format!("no copy could be made: {}", with_cause(error)));
    let folder =
        tempfile::Builder::new().prefix(".keyward-dry-run-").tempdir_in(beside).map_err(|e| failed(&e))?;
    let path = folder.path().join("keyward.db");
    if database.exists() {
        let store = open_store(deployment)?;
        store.backup(&path, |_, _| {}).map_err(|error| failed(&error))?;
        store.close();
    }
    let store = SqliteStore::open(&path, &StoreOptions::default()).map_err(|error| failed(&error))?;
    Ok((store, folder))
}

/// Where refused records go: never over a file that is there.
fn keeper(options: &Users, source: &Source) -> Result<Option<Keeper>, Failure> {
    let path = match &options.refused {
        Some(path) => path.clone(),
        None if options.dry_run => return Ok(None),
        None => options.file.with_extension(format!("refused.{}", source.extension())),
    };
    for path in [&path, &Keeper::reasons(&path)] {
        if path.symlink_metadata().is_ok() {
            return Err(Fault::new(format!("{} is there already", path.display()))
                .remedy("move it away, or name another file with --refused")
                .into());
        }
    }
    Ok(Some(Keeper::new(path, source.header())))
}

fn renaming(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err("write FROM=TO"),
    }
}

#[cfg(test)]
mod tests;

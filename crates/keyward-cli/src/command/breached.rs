//! `keyward breached`: lists of breached passwords.

use std::{
    fs::File,
    io::{self, BufRead, IsTerminal, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use keyward::{BreachedPasswords, ListBuilder};
use keyward_core::{policy::breached::Format, secret::Secret};

use super::{Surroundings, with_cause};
use crate::{
    fault::{Failure, Fault},
    progress::Progress,
    terminal::Terminal,
};

/// `keyward breached …`.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a list out of files of passwords, or of SHA-1 hashes with counts
    #[command(after_help = ABOUT_BUILD)]
    Build(Build),
    /// Say whether a password is on a list
    #[command(after_help = ABOUT_CHECK)]
    Check(Check),
}

/// `keyward breached build`.
#[derive(Args)]
pub(super) struct Build {
    /// Files with a password or a hash a line; `-` is standard input
    #[arg(value_name = "LIST", required = true)]
    from: Vec<PathBuf>,
    /// File to make; an existing one is never overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Of how many passwords that are not on the list at most one may be taken for listed
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    one_in: u64,
    /// Leave out hashes that were seen fewer times
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    min_count: u64,
    /// Every line is a password, also one that looks like a hash
    #[arg(long)]
    plain: bool,
}

/// `keyward breached check`.
#[derive(Args)]
pub(super) struct Check {
    /// The lists; without any, the one inside
    #[arg(value_name = "FILE")]
    lists: Vec<PathBuf>,
}

const ABOUT_BUILD: &str = "\
A line is a password, or the SHA-1 of one in hexadecimal digits with perhaps `:` and how often it was seen, as
in the downloads of Have I Been Pwned. It takes some 50 MB of memory whatever their number, and beside the
list eight bytes for each line until it is done.

Example:
  keyward breached build pwned-passwords-sha1.txt --min-count 10 --out /var/lib/keyward/breached.kwb

Then, in keyward.toml:
  [accounts]
  breached = [\"/var/lib/keyward/breached.kwb\"]";

const ABOUT_CHECK: &str = "\
The password is asked for on a terminal, and otherwise read from the first line of standard input.
Exit code 0: it is on no list. 1: it is on one.";

/// Carries out a command.
pub(super) fn run(around: &Surroundings<'_>, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Build(options) => build(around, options),
        Command::Check(options) => check(around.terminal, options),
    }
}

fn build(around: &Surroundings<'_>, options: &Build) -> Result<(), Failure> {
    // It takes a while: what can't become anything is said before.
    let (files, size) = sources(options)?;
    let mut progress = Progress::start(around.terminal, around.environment);
    let mut builder = ListBuilder::new(&options.out);
    let mut done = 0;
    for (path, from) in files {
        let mut at = |bytes| {
            done += bytes;
            progress.at((done, size), |_| match size {
                0 => format!("{} MiB read", done / MIB),
                size => format!("{} of {} MiB read", done / MIB, size / MIB),
            });
        };
        builder
            .read(from, options.plain, options.min_count, &mut at)
            .map_err(|error| Fault::new(format!("{} was not read: {error}", path.display())))?;
    }
    progress.say("sorting …");
    let built = builder.finish(options.one_in).map_err(|error| {
        Fault::new(format!("{} was not made: {error}", options.out.display()))
            .remedy("name another file, in a folder that can be written to and has room")
    })?;
    progress.clear();
    let lines = match built.skipped {
        0 => String::new(),
        1 => " One line was left out.".to_owned(),
        lines => format!(" {lines} lines were left out."),
    };
    let (out, shape) = (options.out.display(), shape(built.format));
    around.terminal.print(&format!("{out}: {shape}.{lines}\n"));
    Ok(())
}

/// What is read, and how long all of it is: zero where nobody knows.
type Sources<'o> = (Vec<(&'o Path, Box<dyn Read>)>, u64);

/// Everything that is read, opened, and a place for what is made of it.
fn sources(options: &Build) -> Result<Sources<'_>, Failure> {
    let out = &options.out;
    if out.symlink_metadata().is_ok() {
        return Err(Fault::new(format!("{} is there already", out.display()))
            .remedy("move it away, or name another file with --out")
            .into());
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Fault::new(format!("there is no folder {}", folder.display()))
            .remedy("make it, or name a file in another with --out")
            .into());
    }
    let (mut files, mut size) = (Vec::new(), Some(0));
    for path in &options.from {
        if path == Path::new("-") {
            files.push((path.as_path(), Box::new(io::stdin()) as Box<dyn Read>));
            size = None;
            continue;
        }
        let unread = |error: io::Error| {
            Fault::new(format!("{} can't be read: {error}", path.display()))
                .remedy("look for a typing mistake; nothing was made")
        };
        let file = File::open(path).map_err(unread)?;
        let about = file.metadata().map_err(unread)?;
        size = size.filter(|_| about.is_file()).map(|size| size + about.len());
        files.push((path.as_path(), Box::new(file)));
    }
    Ok((files, size.unwrap_or(0)))
}

fn check(terminal: Terminal, options: &Check) -> Result<(), Failure> {
    let mut lists =
        if options.lists.is_empty() { BreachedPasswords::default() } else { BreachedPasswords::none() };
    for path in &options.lists {
        lists = lists.and(path).map_err(|error| {
            Fault::new(with_cause(&error)).remedy("name a file that `keyward breached build` made")
        })?;
    }
    for format in lists.formats() {
        terminal.tell(&format!("A list of {}.\n", shape(format)));
    }
    let password = read_password(terminal)?;
    let listed = lists.contains(&password).map_err(|error| Fault::new(error.to_string()))?;
    if listed {
        return Err(Fault::new("this password is on the list").remedy("choose another").into());
    }
    terminal.print("This password is on no list.\n");
    Ok(())
}

fn shape(format: Format) -> String {
    let size = match format.length() {
        length if length < 10 * MIB => format!("{} KiB", length.div_ceil(1024)),
        length => format!("{} MiB", length.div_ceil(MIB)),
    };
    format!(
        "{} passwords in {size}; one of {} others is taken for listed",
        format.count(),
        format.false_positives()
    )
}

const MIB: u64 = 1024 * 1024;

fn read_password(terminal: Terminal) -> Result<Secret, Failure> {
    let unread = |error: io::Error| Fault::new(format!("the password could not be read: {error}"));
    if io::stdin().is_terminal() {
        terminal.tell("Password: ");
        return Ok(Secret::from(rpassword::read_password().map_err(unread)?));
    }
    let mut line = String::new();
    io::stdin().lock().take(LONGEST_LINE).read_line(&mut line).map_err(unread)?;
    Ok(Secret::from(line.trim_end_matches(['\r', '\n'])))
}

/// Longest line that is read as a password.
const LONGEST_LINE: u64 = 64 * 1024;

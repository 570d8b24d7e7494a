//! `keyward breached`: lists of breached passwords.

use std::{
    fs::File,
    io::{self, BufRead, IsTerminal, Read},
    path::{Path, PathBuf},
    time::Instant,
};

use clap::{Args, Subcommand};
use keyward::{BreachedPasswords, ListBuilder};
use keyward_core::{policy::breached::Format, secret::Secret};

use super::{Surroundings, with_cause};
use crate::{
    fault::{Failure, Fault},
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
        Command::Build(options) => build(around.terminal, options),
        Command::Check(options) => check(around.terminal, options),
    }
}

fn build(terminal: Terminal, options: &Build) -> Result<(), Failure> {
    let total = options.from.iter().map(|path| std::fs::metadata(path).ok().map(|file| file.len())).sum();
    let mut bar = Bar::new(terminal, total);
    let mut builder = ListBuilder::new(&options.out);
    for path in &options.from {
        let unread = |error: io::Error| Fault::new(format!("{}: {error}", path.display()));
        let from: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(unread)?)
        };
        builder.read(from, options.plain, options.min_count, |bytes| bar.add(bytes)).map_err(unread)?;
    }
    bar.say("sorting …");
    let built = builder.finish(options.one_in).map_err(|error| {
        Fault::new(format!("{} was not made: {error}", options.out.display()))
            .remedy("name another file, in a folder that exists, can be written to, and has room")
    })?;
    bar.end();
    terminal.print(&format!(
        "{}: {}. {} lines were left out.\n",
        options.out.display(),
        shape(built.format),
        built.skipped
    ));
    Ok(())
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
    format!(
        "{} passwords in {} KiB; one of {} others is taken for listed",
        format.count(),
        format.length().div_ceil(1024),
        format.false_positives()
    )
}

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

/// How far it is, on a terminal alone.
struct Bar {
    terminal: Terminal,
    shown: bool,
    total: Option<u64>,
    done: u64,
    told: Instant,
}

impl Bar {
    /// Of so many bytes, if that is known.
    fn new(terminal: Terminal, total: Option<u64>) -> Self {
        Self { terminal, shown: io::stderr().is_terminal(), total, done: 0, told: Instant::now() }
    }

    fn add(&mut self, bytes: u64) {
        self.done += bytes;
        if self.told.elapsed().as_millis() < 100 {
            return;
        }
        self.told = Instant::now();
        let read = self.done / (1024 * 1024);
        match self.total.filter(|total| *total > 0) {
            Some(total) => {
                let parts = usize::try_from(self.done.min(total) * 30 / total).unwrap_or(0);
                let (full, rest) = ("█".repeat(parts), "░".repeat(30 - parts));
                self.say(&format!("{full}{rest} {} %  {read} MiB", self.done.min(total) * 100 / total));
            }
            None => self.say(&format!("{read} MiB read")),
        }
    }

    fn say(&self, text: &str) {
        if self.shown {
            self.terminal.tell(&format!("\r\u{1b}[K{text}"));
        }
    }

    fn end(&self) {
        self.say("");
    }
}

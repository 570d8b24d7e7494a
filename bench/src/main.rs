//! `cargo xtask bench`: what Keyward costs, beside a bare axum server, NextAuth 4 and 5, @auth/core, oidc-provider,
//! Better Auth, and npm's Argon2.
//!
//! Servers and load are on a core each. Contenders take turns; what counts is the median of the rounds, and
//! answers per second of the server's processor time rather than of the clock: other work on the machine
//! hardly touches it. `BENCHMARKS.md` says what exactly is measured.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod back_end;
mod http;
mod load;
mod mailbox;
mod measure;
mod part;
mod process;
mod provider;
mod report;
mod server;
mod sign_in;
mod writes;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use part::{better, crowd, foreign, import, link, oauth, overload, password, refresh, session, start, token};
use report::Report;
use server::Programs;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const HELP: &str = "\
cargo xtask bench [--only PART,...] [--seconds N] [--write]
    Measures the release build of Keyward.
    --only      start, a (sealed), b (stored), c (no cookie), next (a beside NextAuth 4),
                d (a provider, beside NextAuth 5 on disk and its core in memory), e (e-mail link, beside the same),
                f (refresh, beside oidc-provider), g (an access token), h (checking one), i (a session with a
                back end's token), j (memory of 100,000 sessions), better (b and g beside Better Auth),
                password, overload, import
    --seconds   what each contender gets in each of the five rounds (default 3)
    --write     puts the figures into BENCHMARKS.md
";

/// Measures something and reports it.
type Part = fn(&Bench, &mut Report) -> Result;

/// All parts by name, in their order.
const PARTS: [(&str, Part); 16] = [
    ("start", start::start),
    ("a", session::sealed),
    ("b", session::stored),
    ("c", session::without_a_cookie),
    ("next", session::beside_next),
    ("d", oauth::sign_in),
    ("e", link::sign_in),
    ("f", refresh::rotating),
    ("g", token::issue),
    ("h", token::check),
    ("i", foreign::carried),
    ("j", crowd::memory),
    ("better", better::beside),
    ("password", password::check),
    ("overload", overload::sign_in),
    ("import", import::users),
];

/// What every part needs to know.
struct Bench {
    programs: Programs,
    /// Length of a turn.
    span: Duration,
}

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: Vec<String>) -> Result<ExitCode> {
    let command = ["cargo xtask bench"].into_iter().chain(words.iter().map(String::as_str));
    let command = command.collect::<Vec<_>>().join(" ");
    let (mut only, mut span, mut write) = (None, Duration::from_secs(3), false);
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--only" => only = Some(value()?),
            "--seconds" => span = Duration::from_secs_f64(value()?.parse()?),
            "--write" => write = true,
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(format!("there is no option `{other}`\n{HELP}").into()),
        }
    }
    let chosen = chosen(only.as_deref())?;
    let bench = Bench { programs: programs()?, span };
    server::pin_load()?;
    let mut report = Report::default();
    for (name, part) in chosen {
        say(name);
        part(&bench, &mut report)?;
    }
    println!("\n{}", report.table());
    if write {
        report.write(&root().join("BENCHMARKS.md"), &command)?;
    }
    let missed = report.missed();
    if missed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("bench: missed: {}", missed.join("; "));
    Ok(ExitCode::FAILURE)
}

/// A line for the person who waits.
fn say(line: &str) {
    println!("{}", line.trim_end());
}

fn chosen(only: Option<&str>) -> Result<Vec<(&'static str, Part)>> {
    let Some(only) = only else { return Ok(PARTS.to_vec()) };
    let names: Vec<&str> = only.split(',').collect();
    if let Some(unknown) = names.iter().find(|name| !PARTS.iter().any(|(known, _)| known == *name)) {
        return Err(format!("there is no part `{unknown}`\n{HELP}").into());
    }
    Ok(PARTS.into_iter().filter(|(name, _)| names.contains(name)).collect())
}

/// The programs lie beside this one: Cargo built them together.
fn programs() -> Result<Programs> {
    let this = std::env::current_exe()?;
    let beside = |name: &str| {
        let program = this.with_file_name(name);
        if program.is_file() { Ok(program) } else { Err(format!("{} is not there", program.display())) }
    };
    Ok(Programs {
        keyward: beside("keyward")?,
        bare: beside("keyward-bare")?,
        bare_tokens: beside("keyward-bare-tokens")?,
        next: root().join("bench/next-auth-4"),
        auth_js: root().join("bench/auth-js-5"),
        next_auth: root().join("bench/next-auth-5"),
        oidc_provider: root().join("bench/oidc-provider"),
        better_auth: root().join("bench/better-auth"),
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_owned)
}

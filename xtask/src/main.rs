//! The project's own commands: `cargo xtask <command>`.
//!
//! Light on purpose: the standard library and `serde_json` only, so that the first `cargo xtask` of a fresh
//! clone answers within seconds.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod arguments;
mod bench;
mod check;
mod dist;
mod fuzz;
mod part;
mod providers;
mod release;
mod run;
mod setup;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use arguments::Arguments;
use part::Part;
use part::When::{Check, Named, Test};
use workspace::Workspace;

/// What a command gives: nothing, or the reason why it failed, written for the person at the terminal.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// All parts of a full run, in their order: what answers fast comes first.
const PARTS: [Part; 9] = [
    Part { name: "fmt", about: "formatting", when: Check, beside: false, run: check::fmt },
    Part { name: "tidy", about: "design rules", when: Check, beside: false, run: tidy::part },
    Part { name: "clippy", about: "lints, warnings denied", when: Check, beside: false, run: check::clippy },
    Part {
        name: "doc",
        about: "documentation, warnings denied",
        when: Check,
        beside: false,
        run: check::doc,
    },
    Part {
        name: "rust",
        about: "unit, integration and doc tests",
        when: Test,
        beside: false,
        run: test::rust::part,
    },
    Part {
        name: "node",
        about: "real clients, browser, original servers",
        when: Test,
        beside: false,
        run: test::node::part,
    },
    Part {
        name: "release",
        about: "dist, and fuzz beside its build",
        when: Test,
        beside: true,
        run: release::part,
    },
    Part {
        name: "dist",
        about: "tarball and npm package, installed and run",
        when: Named,
        beside: false,
        run: dist::part,
    },
    Part { name: "fuzz", about: "fuzz targets on their corpus", when: Named, beside: false, run: fuzz::part },
];

const HELP: &str = "\
The project's own commands.

cargo xtask test [--quick] [--part NAME]... [FILTER]
    Installs what the tests need, runs all of them, prints a table and `N passed, N failed`.
    --quick       unit tests of the crates changed since the last commit, and of those that use them
    --part NAME   only this part (repeatable): rust, node, release, dist, fuzz, or a check: fmt, clippy, doc, tidy
    FILTER        only tests whose name contains it (parts rust and node)
cargo xtask tidy
    Design rules as text checks: arrows between crates, file sizes, module docs, cycles, banned crates.
cargo xtask ci
    The checks (fmt, clippy, doc, tidy), then everything that `test` runs. What .ci/run calls.
cargo xtask providers
    Writes the manual's list of providers from the catalogue; tidy checks that it is current.
cargo xtask fuzz [--seconds N] [TARGET]...
    Builds the targets under fuzz/ and runs each (default: all, 60 seconds each).
cargo xtask dist [--check]
    Builds dist/: binary tarball with checksum, npm package.
    --check       also installs both from the local files, starts and stops them
cargo xtask bench [--only PART,...] [--seconds N] [--write]
    Measures the release build beside a bare axum server, NextAuth 4 and 5, and others of npm (BENCHMARKS.md).
";

fn main() -> ExitCode {
    match command(std::env::args().skip(1).collect()) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn command(words: Vec<String>) -> Result<ExitCode> {
    let mut arguments = Arguments::new(words);
    let name = arguments.word().unwrap_or_else(|| "--help".to_owned());
    if matches!(name.as_str(), "--help" | "-h" | "help") || arguments.flag("--help") || arguments.flag("-h") {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::load()?;
    match name.as_str() {
        "test" => return test::command(&workspace, arguments, &PARTS),
        "ci" => {
            arguments.finish()?;
            let parts: Vec<Part> = PARTS.into_iter().filter(|part| part.when != Named).collect();
            return Ok(part::run_all(&workspace, &parts, None));
        }
        "tidy" => {
            arguments.finish()?;
            tidy::command(&workspace)?;
        }
        "providers" => {
            arguments.finish()?;
            providers::command(&workspace)?;
        }
        "bench" => return bench::command(&workspace, arguments.everything()),
        "fuzz" => fuzz::command(&workspace, arguments)?,
        "dist" => dist::command(&workspace, arguments)?,
        other => return Err(format!("there is no command `{other}`; `cargo xtask --help` lists them").into()),
    }
    Ok(ExitCode::SUCCESS)
}

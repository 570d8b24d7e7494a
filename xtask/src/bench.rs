//! `cargo xtask bench`: builds what is measured, then lets `bench/` measure.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::Result;
use crate::run::{Watch, tool};
use crate::setup::{self, Program};
use crate::workspace::{PROGRAM, Workspace};

/// What pins servers and load to a core each, and ends servers.
const PROGRAMS: [Program; 2] =
    [Program { name: "taskset", package: "util-linux" }, Program { name: "kill", package: "procps" }];

/// Parts of the benchmark that need the application under `bench/next-auth-4`.
const WITH_NEXT: [&str; 2] = ["next", "password"];

/// Parts of the benchmark that need the server under `bench/auth-js-5`.
const WITH_AUTH_JS: [&str; 2] = ["d", "e"];

/// Parts of the benchmark that need the server under `bench/oidc-provider`.
const WITH_OIDC_PROVIDER: [&str; 1] = ["f"];

/// Carries out `bench [--only PART,...] [--seconds N] [--write]`. The words are the benchmark's own to understand.
pub(crate) fn command(workspace: &Workspace, words: Vec<String>) -> Result<ExitCode> {
    setup::programs(workspace, &PROGRAMS)?;
    // One after the other: together, the features that one needs would be in the other too.
    for package in [PROGRAM, "keyward-bench"] {
        let mut cargo = tool("cargo");
        cargo.args(["build", "--release", "--package", package]).current_dir(&workspace.root);
        build(workspace, &format!("cargo build {package}"), &mut cargo)?;
    }
    for (parts, folder) in
        [(&WITH_AUTH_JS[..], "bench/auth-js-5"), (&WITH_OIDC_PROVIDER, "bench/oidc-provider")]
    {
        if has_one_of(&words, parts) {
            setup::node()?;
            setup::install_packages(workspace, &workspace.root.join(folder))?;
        }
    }
    if has_one_of(&words, &WITH_NEXT) {
        setup::node()?;
        let application = workspace.root.join("bench/next-auth-4");
        setup::install_packages(workspace, &application)?;
        build(workspace, "next build", &mut next_build(&application))?;
    }
    let mut benchmark = Command::new(workspace.target.join("release/keyward-bench"));
    let status = benchmark.args(words).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether one of these parts was asked for: by name, or with all.
fn has_one_of(words: &[String], parts: &[&str]) -> bool {
    let only = words.iter().position(|word| word == "--only").and_then(|at| words.get(at + 1));
    only.is_none_or(|only| only.split(',').any(|part| parts.contains(&part)))
}

fn next_build(application: &Path) -> Command {
    let mut command = Command::new("node");
    command
        .args(["node_modules/next/dist/bin/next", "build"])
        .env("NEXT_TELEMETRY_DISABLED", "1")
        .current_dir(application);
    command
}

fn build(workspace: &Workspace, name: &str, command: &mut Command) -> Result {
    println!("{name}");
    let log = workspace.scratch().join(format!("{}.log", name.replace(' ', "-")));
    let ended = Watch { name, log, limit: Duration::from_mins(20) }.run(command)?;
    if ended.success { Ok(()) } else { Err(ended.output.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_is_needed_for_the_whole_benchmark_and_for_the_parts_that_run_in_it() {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (line, next, auth_js, oidc_provider) in [
            ("", true, true, true),
            ("--seconds 1 --write", true, true, true),
            ("--only a,next", true, false, false),
            ("--only d,e --seconds 1", false, true, false),
            ("--only f,g --seconds 1", false, false, true),
            ("--only a,b,c --seconds 1", false, false, false),
        ] {
            assert_eq!(has_one_of(&words(line), &WITH_NEXT), next, "{line}");
            assert_eq!(has_one_of(&words(line), &WITH_AUTH_JS), auth_js, "{line}");
            assert_eq!(has_one_of(&words(line), &WITH_OIDC_PROVIDER), oidc_provider, "{line}");
        }
    }
}

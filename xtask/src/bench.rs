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

/// Parts of the benchmark, and the npm project that they need.
const PROJECTS: [(&[&str], &str); 5] = [
    (&["next", "password"], "bench/next-auth-4"),
    (&["d", "e"], "bench/auth-js-5"),
    (&["d", "e"], "bench/next-auth-5"),
    (&["f"], "bench/oidc-provider"),
    (&["better"], "bench/better-auth"),
];

/// Carries out `bench [--only PART,...] [--seconds N] [--write]`. The words are the benchmark's own to understand.
pub(crate) fn command(workspace: &Workspace, words: Vec<String>) -> Result<ExitCode> {
    setup::programs(workspace, &PROGRAMS)?;
    // One after the other: together, the features that one needs would be in the other too.
    for package in [PROGRAM, "keyward-bench"] {
        let mut cargo = tool("cargo");
        cargo.args(["build", "--release", "--package", package]).current_dir(&workspace.root);
        build(workspace, &format!("cargo build {package}"), &mut cargo)?;
    }
    for folder in projects(&words) {
        let project = workspace.root.join(folder);
        setup::node()?;
        setup::install_packages(workspace, &project)?;
        // An application of Next.js has to be built.
        if project.join("node_modules/next").is_dir() {
            build(workspace, &format!("next build {folder}"), &mut next_build(&project))?;
        }
    }
    let mut benchmark = Command::new(workspace.target.join("release/keyward-bench"));
    let status = benchmark.args(words).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The npm projects of the parts that were asked for: by name, or all.
fn projects(words: &[String]) -> Vec<&'static str> {
    let only = words.iter().position(|word| word == "--only").and_then(|at| words.get(at + 1));
    let wanted = |parts: &[&str]| only.is_none_or(|only| only.split(',').any(|part| parts.contains(&part)));
    PROJECTS.into_iter().filter(|(parts, _)| wanted(parts)).map(|(_, folder)| folder).collect()
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
    let log = workspace.scratch().join(format!("{}.log", name.replace([' ', '/'], "-")));
    let ended = Watch { name, log, limit: Duration::from_mins(20) }.run(command)?;
    if ended.success { Ok(()) } else { Err(ended.output.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npm_projects_are_needed_for_the_whole_benchmark_and_for_the_parts_that_run_in_them() {
        let all = PROJECTS.map(|(_, folder)| folder);
        for (line, needed) in [
            ("", &all[..]),
            ("--seconds 1 --write", &all),
            ("--only a,next", &["bench/next-auth-4"]),
            ("--only d,e --seconds 1", &["bench/auth-js-5", "bench/next-auth-5"]),
            ("--only f,g --seconds 1", &["bench/oidc-provider"]),
            ("--only better", &["bench/better-auth"]),
            ("--only a,b,c --seconds 1", &[]),
        ] {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(projects(&words), needed, "{line}");
        }
    }
}

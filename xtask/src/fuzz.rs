//! The fuzz targets under `fuzz/`: built with coverage feedback by the stable compiler, run for a while each.
//!
//! libFuzzer's feedback needs LLVM's coverage pass, which is reached by plain code generation flags; the sanitizers,
//! which would need a nightly compiler, look for faults that code without `unsafe` does not have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::Result;
use crate::arguments::Arguments;
use crate::part::Outcome;
use crate::run::{HANGS, Watch, output, processors, side_by_side, tool, yielding};
use crate::setup::{self, Program};
use crate::workspace::{Workspace, host_triple};

/// What libFuzzer, a C++ library, is built with.
const COMPILER: [Program; 1] = [Program { name: "c++", package: "g++" }];

/// How long each target runs in a test run.
const SECONDS: u64 = 60;

/// Coverage feedback: counters and a table of places for each edge, and the operands of comparisons.
const FLAGS: &str = "--cfg fuzzing \
    -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0";

/// Carries out `fuzz [--seconds N] [TARGET]...`.
pub(crate) fn command(workspace: &Workspace, mut arguments: Arguments) -> Result {
    let seconds = match arguments.values("--seconds")?.pop() {
        Some(seconds) => seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds"))?,
        None => SECONDS,
    };
    let outcome = fuzz(workspace, seconds, &arguments.rest()?, processors())?;
    if outcome.failed > 0 {
        println!("{}", outcome.report.trim_end());
        return Err(
            format!("{} of {} targets failed", outcome.failed, outcome.failed + outcome.passed).into()
        );
    }
    Ok(())
}

/// All targets, as a part of a test run.
pub(crate) fn part(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    fuzz(workspace, SECONDS, &[], processors())
}

/// The same on one processor, once the targets are compiled.
pub(crate) fn part_beside_another(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    fuzz(workspace, SECONDS, &[], 1)
}

/// The manifest of the fuzz targets: a workspace of its own, because it is compiled with other flags.
pub(crate) fn manifest(workspace: &Workspace) -> PathBuf {
    workspace.root.join("fuzz/Cargo.toml")
}

/// Makes sure that the targets can be compiled.
pub(crate) fn prepare(workspace: &Workspace) -> Result {
    setup::programs(workspace, &COMPILER)
}

/// Runs the `wanted` targets, each of which keeps one processor busy, `at_a_time`; without names all.
fn fuzz(workspace: &Workspace, seconds: u64, wanted: &[String], at_a_time: usize) -> Result<Outcome> {
    prepare(workspace)?;
    let mut targets = targets(workspace)?;
    if let Some(unknown) = wanted.iter().find(|name| !targets.contains(name)) {
        return Err(format!("there is no target `{unknown}`, only {}", targets.join(", ")).into());
    }
    targets.retain(|name| wanted.is_empty() || wanted.contains(name));
    let programs = build(workspace)?;
    let outcomes =
        side_by_side(at_a_time, &targets, |name| run_target(workspace, name, &programs.join(name), seconds));
    let named = |(name, outcome): (&String, Result<Outcome>)| {
        let outcome = outcome.unwrap_or_else(|fault| Outcome::of_check(false, fault.to_string()));
        let fault = (outcome.failed > 0).then(|| format!("fuzz target {name}:\n{}\n", outcome.report));
        Outcome { report: fault.unwrap_or_default(), ..outcome }
    };
    Ok(targets.iter().zip(outcomes).map(named).sum())
}

/// Builds all targets and gives the folder that they are in.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let host = host_triple()?;
    let folder = workspace.root.join("fuzz/target");
    let mut build = yielding("cargo");
    // With `--target` the flags reach the targets alone, not build scripts and macros.
    build
        .args(["build", "--release", "--locked", "--target", &host, "--manifest-path"])
        .arg(manifest(workspace));
    build.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &folder);
    let log = workspace.scratch().join("fuzz-build.log");
    let ended = Watch { name: "fuzz: build", log, limit: HANGS }.run(&mut build)?;
    if ended.success { Ok(folder.join(host).join("release")) } else { Err(ended.output.into()) }
}

/// Runs one target on the committed corpus and what earlier runs on this machine found.
fn run_target(workspace: &Workspace, name: &str, program: &Path, seconds: u64) -> Result<Outcome> {
    let folder = workspace.root.join("fuzz");
    let seeds = folder.join("corpus").join(name);
    if !fs::read_dir(&seeds).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("there are no seeds in fuzz/corpus/{name}").into());
    }
    let found = folder.join("corpus-found").join(name);
    let artifacts = folder.join("artifacts").join(name);
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&artifacts)?;
    // Not yielding: its seconds are of the clock.
    let mut command = Command::new(program);
    // New inputs go to the first folder; the committed one is only read.
    command
        .args([found, seeds])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .current_dir(&folder);
    let log = workspace.scratch().join(format!("fuzz-{name}.log"));
    let watch_name = format!("fuzz: {name}");
    let ended =
        Watch { name: &watch_name, log, limit: Duration::from_secs(seconds + 60) }.run(&mut command)?;
    if ended.success {
        let runs = guided_runs(&ended.output)
            .ok_or_else(|| format!("{name} ran without coverage feedback:\n{}", ended.output))?;
        println!("  {name}: {runs} runs");
    }
    Ok(Outcome::of_check(ended.success, ended.output))
}

/// How many inputs were tried, if coverage guided the choice: a blind run would find next to nothing.
fn guided_runs(output: &str) -> Option<u64> {
    let covered = output.lines().rev().find_map(|line| line.split_once(" cov: "))?.1;
    let covered: u64 = covered.split(' ').next()?.parse().ok()?;
    let runs = output.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    let runs: u64 = runs.trim().parse().ok()?;
    (covered > 1 && runs > 0).then_some(runs)
}

/// The names of the targets, from the manifest.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let mut command = tool("cargo");
    command.args(["metadata", "--format-version=1", "--no-deps", "--manifest-path"]).arg(manifest(workspace));
    let metadata: Value = serde_json::from_str(&output(&mut command)?)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let names: Vec<String> = packages
        .flat_map(|package| package["targets"].as_array().into_iter().flatten())
        .filter(|target| target["kind"][0] == "bin")
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect();
    if names.is_empty() { Err("fuzz/ has no targets".into()) } else { Ok(names) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_counts_only_if_coverage_guided_it() {
        let output = "\
#2\tINITED cov: 40 ft: 41 corp: 1/1b exec/s: 0 rss: 30Mb
#512\tpulse  cov: 93 ft: 180 corp: 9/20b lim: 4 exec/s: 256 rss: 30Mb
stat::number_of_executed_units: 1024
";
        assert_eq!(guided_runs(output), Some(1024));
        assert_eq!(guided_runs(&output.replace("cov: 93", "cov: 0")), None);
        assert_eq!(guided_runs("stat::number_of_executed_units: 1024\n"), None);
    }
}

//! The tests that Node.js runs, against the built binary: real clients, a real browser, the original servers.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::part::Outcome;
use crate::run::{HANGS, Watch, processors, tool};
use crate::setup;
use crate::workspace::{PROGRAM, Workspace};

/// Files that run at a time for each processor: about half of a file's time is spent waiting, for a server to start, a
/// token to run out, a browser to paint.
const FILES_PER_PROCESSOR: usize = 2;

/// Installs what is missing, builds the binary, and runs every `tests/**/*.test.mjs`.
pub(crate) fn part(workspace: &Workspace, filter: Option<&str>) -> Result<Outcome> {
    setup::node()?;
    setup::programs(workspace, &setup::END_TO_END)?;
    setup::libraries(workspace, &setup::LIBRARIES)?;
    setup::npm_packages(workspace)?;
    build(workspace)?;
    let files: Vec<String> = workspace.files()?.into_iter().filter(|file| is_test(file)).collect();
    if files.is_empty() {
        return Err("there is no tests/**/*.test.mjs".into());
    }
    let totals = workspace.scratch().join("node-totals.txt");
    // Those of an earlier run would be counted if Node.js broke off.
    drop(fs::remove_file(&totals));
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-timeout=1200000"])
        .arg(format!("--test-concurrency={}", FILES_PER_PROCESSOR * processors()))
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg("--test-reporter=./tests/support/totals.mjs")
        .arg(format!("--test-reporter-destination={}", totals.display()))
        .args(filter.map(|filter| format!("--test-name-pattern={filter}")))
        .args(files)
        .env("KEYWARD_BIN", workspace.target.join("debug/keyward"))
        .current_dir(&workspace.root);
    let log = workspace.scratch().join("node.log");
    let ended = Watch { name: "node", log, limit: HANGS }.run(&mut command)?;
    let totals = fs::read_to_string(&totals).unwrap_or_default();
    if let Some(slowest) = totals.lines().last().filter(|line| line.starts_with("slowest ")) {
        println!("  {slowest}");
    }
    let counts = Counts::read(&totals);
    Ok(counts.outcome(ended.success, filter.is_some(), ended.output))
}

/// The libraries whose examples the tests drive.
const LIBRARIES: [&str; 3] = ["keyward", "keyward-providers", "keyward-verify"];

/// Builds what the tests drive: the program, in the development build, in which password hashing is optimised all the
/// same, and the libraries' examples. In one go, for features that another choice of crates does not have would be
/// compiled once more.
fn build(workspace: &Workspace) -> Result {
    let mut command = tool("cargo");
    command
        .args(["build", "--package", PROGRAM])
        .args(LIBRARIES.map(|name| format!("--package={name}")))
        .args(["--bins", "--examples"])
        .current_dir(&workspace.root);
    let log = workspace.scratch().join("node-build.log");
    let ended = Watch { name: "node: build", log, limit: Duration::from_mins(15) }.run(&mut command)?;
    if ended.success { Ok(()) } else { Err(ended.output.into()) }
}

fn is_test(file: &str) -> bool {
    file.starts_with("tests/") && file.ends_with(".test.mjs")
}

/// The totals of a run, as `tests/support/totals.mjs` writes them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    /// Skipped, or marked as still to be done.
    left_out: u64,
}

impl Counts {
    fn read(totals: &str) -> Self {
        // They come last; the same words earlier are a test's own diagnostics.
        let last = |label: &str| {
            let number = |line: &str| line.strip_prefix(label)?.trim().parse::<u64>().ok();
            totals.lines().rev().find_map(number).unwrap_or(0)
        };
        Self {
            passed: last("pass "),
            failed: last("fail ") + last("cancelled "),
            left_out: last("skipped ") + last("todo "),
        }
    }

    /// A test that is left out counts as failed, unless a filter asked for it.
    fn outcome(self, success: bool, filtered: bool, mut report: String) -> Outcome {
        let skipped = if filtered { 0 } else { self.left_out };
        if skipped > 0 {
            report +=
                &format!("\n{skipped} tests were skipped or are marked `todo`: that is no way to pass\n");
        }
        Outcome::of_tests(self.passed, self.failed + skipped, self.left_out - skipped, success, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOTALS: &str = "\
pass 99
tests 6
suites 1
pass 3
fail 1
cancelled 1
skipped 1
todo 0
duration_ms 112.5
slowest tests/browser/pages.test.mjs 40 s
";

    #[test]
    fn totals_are_read_from_their_last_lines() {
        assert_eq!(Counts::read(TOTALS), Counts { passed: 3, failed: 2, left_out: 1 });
    }

    #[test]
    fn a_skipped_test_is_a_failure_unless_a_filter_left_it_out() {
        let counts = || Counts { passed: 3, failed: 0, left_out: 1 };
        assert_eq!(counts().outcome(true, false, String::new()).failed, 1);
        let filtered = counts().outcome(true, true, String::new());
        assert_eq!((filtered.failed, filtered.ignored), (0, 1));
    }

    #[test]
    fn a_run_that_broke_off_before_its_report_has_failed() {
        assert_eq!(Counts::read("").outcome(false, false, String::new()).failed, 1);
    }

    #[test]
    fn test_files_are_found_by_their_name() {
        assert!(is_test("tests/journeys/sign-in.test.mjs"));
        assert!(!is_test("tests/journeys/server.mjs"));
        assert!(!is_test("packaging/launcher.test.mjs"));
    }
}

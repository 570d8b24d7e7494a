//! The parts of a test run: each runs by itself, none hides another, and none may pass without having run.

use std::iter::Sum;
use std::process::ExitCode;
use std::time::Instant;

use crate::Result;
use crate::workspace::Workspace;

/// When a part runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// In `ci`: a check such as formatting.
    Check,
    /// In `ci` and `test`.
    Test,
    /// Where it is named: in a whole run another part does the same.
    Named,
}

/// One part of a test run.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    /// Its name, as `--part` takes it.
    pub(crate) name: &'static str,
    /// What it does, for the progress line.
    pub(crate) about: &'static str,
    pub(crate) when: When,
    pub(crate) run: Run,
}

/// Runs a part with the filter that was given. An error means that it could not run, which is a failure too.
pub(crate) type Run = fn(&Workspace, Option<&str>) -> Result<Outcome>;

/// What came out of a part.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Tests that were left out, each with a reason in the source.
    pub(crate) ignored: u64,
    /// Shown in full if the part failed.
    pub(crate) report: String,
}

impl Outcome {
    /// The outcome of a part that is one check rather than many tests.
    pub(crate) fn of_check(success: bool, report: String) -> Self {
        Self { passed: u64::from(success), failed: u64::from(!success), ignored: 0, report }
    }

    /// The outcome of many tests, of which `success` is what their program said by its exit status: it may have
    /// failed without a test having failed.
    pub(crate) fn of_tests(passed: u64, failed: u64, ignored: u64, success: bool, report: String) -> Self {
        let failed = if success { failed } else { failed.max(1) };
        Self { passed, failed, ignored, report }
    }

    /// An outcome in which no test ran is a failure.
    fn not_empty(self) -> Self {
        if self.passed + self.failed > 0 {
            return self;
        }
        Self { failed: 1, report: format!("{}\nno test ran\n", self.report), ..self }
    }
}

impl Sum for Outcome {
    fn sum<I: Iterator<Item = Self>>(outcomes: I) -> Self {
        outcomes.fold(Self::default(), |mut sum, outcome| {
            sum.passed += outcome.passed;
            sum.failed += outcome.failed;
            sum.ignored += outcome.ignored;
            sum.report += &outcome.report;
            sum
        })
    }
}

/// Runs `parts` one after the other, shows a failing part in full, and ends with a table and the plain line
/// `N passed, N failed`. A failure if any part failed or could not run.
pub(crate) fn run_all(workspace: &Workspace, parts: &[Part], filter: Option<&str>) -> ExitCode {
    let mut rows = Vec::new();
    for part in parts {
        println!("▶ {}: {}", part.name, part.about);
        let start = Instant::now();
        let outcome = match (part.run)(workspace, filter) {
            // A filter may leave a part without tests; the whole run must still have some.
            Ok(outcome) if filter.is_some() => outcome,
            Ok(outcome) => outcome.not_empty(),
            Err(fault) => Outcome::of_check(false, format!("could not run: {fault}\n")),
        };
        let seconds = start.elapsed().as_secs_f64();
        if outcome.failed > 0 {
            println!("{}", outcome.report.trim_end());
        }
        let mark = if outcome.failed > 0 { "✗" } else { "✓" };
        println!(
            "{mark} {}: {} passed, {} failed in {seconds:.1} s",
            part.name, outcome.passed, outcome.failed
        );
        rows.push((part.name, outcome, seconds));
    }
    print!("{}", table(&rows));
    let failed: u64 = rows.iter().map(|(_, outcome, _)| outcome.failed).sum();
    let passed: u64 = rows.iter().map(|(_, outcome, _)| outcome.passed).sum();
    if passed + failed == 0 {
        println!("no test ran");
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 || passed == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn table(rows: &[(&str, Outcome, f64)]) -> String {
    let mut table =
        format!("\n{:<8}{:>8}{:>8}{:>9}{:>9}\n", "part", "passed", "failed", "ignored", "seconds");
    for (name, outcome, seconds) in rows {
        let Outcome { passed, failed, ignored, .. } = outcome;
        table += &format!("{name:<8}{passed:>8}{failed:>8}{ignored:>9}{seconds:>9.1}\n");
    }
    table + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_in_which_no_test_ran_has_failed() {
        assert_eq!(Outcome { ignored: 3, ..Outcome::default() }.not_empty().failed, 1);
    }

    #[test]
    fn a_part_whose_program_failed_has_failed_whatever_it_counted() {
        assert_eq!(Outcome::of_tests(7, 0, 0, false, String::new()).failed, 1);
        assert_eq!(Outcome::of_tests(7, 2, 0, false, String::new()).failed, 2);
        assert_eq!(Outcome::of_tests(7, 0, 0, true, String::new()).failed, 0);
    }
}

//! The parts of a test run: each runs by itself, none hides another, and none may pass without having run.

use std::iter::Sum;
use std::process::ExitCode;
use std::time::Instant;

use crate::Result;
use crate::run::side_by_side;
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
    /// Whether it runs beside the part before it, at low priority, in what that one leaves of the processors.
    pub(crate) beside: bool,
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

/// Runs `parts` in their order, shows a failing part in full, and ends with a table and the plain line
/// `N passed, N failed`. A failure if any part failed or could not run.
pub(crate) fn run_all(workspace: &Workspace, parts: &[Part], filter: Option<&str>) -> ExitCode {
    let start = Instant::now();
    let mut rows = Vec::new();
    for together in groups(parts) {
        rows.extend(side_by_side(together.len(), together, |part| run(workspace, part, filter)));
    }
    print!("{}", table(&rows, start.elapsed().as_secs_f64()));
    let failed: u64 = rows.iter().map(|row| row.outcome.failed).sum();
    let passed: u64 = rows.iter().map(|row| row.outcome.passed).sum();
    if passed + failed == 0 {
        println!("no test ran");
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 || passed == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Each part with those that run beside it.
fn groups(parts: &[Part]) -> impl Iterator<Item = &[Part]> {
    parts.chunk_by(|_, next| next.beside)
}

/// A line of the table: what came out of a part, and in how many seconds.
struct Row {
    name: &'static str,
    outcome: Outcome,
    seconds: f64,
}

/// Runs one part, and says so.
fn run(workspace: &Workspace, part: &Part, filter: Option<&str>) -> Row {
    let name = part.name;
    println!("▶ {name}: {}", part.about);
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
    println!("{mark} {name}: {} passed, {} failed in {seconds:.1} s", outcome.passed, outcome.failed);
    Row { name, outcome, seconds }
}

fn table(rows: &[Row], seconds: f64) -> String {
    let mut table =
        format!("\n{:<8}{:>8}{:>8}{:>9}{:>9}\n", "part", "passed", "failed", "ignored", "seconds");
    for Row { name, outcome: Outcome { passed, failed, ignored, .. }, seconds } in rows {
        table += &format!("{name:<8}{passed:>8}{failed:>8}{ignored:>9}{seconds:>9.1}\n");
    }
    table + &format!("{:<33}{seconds:>9.1}\n\n", "all, by the clock")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PARTS;

    #[test]
    fn the_release_is_made_beside_the_node_tests_and_everything_else_in_turn() {
        let names = |together: &[Part]| together.iter().map(|part| part.name).collect::<Vec<_>>().join("+");
        let tests: Vec<Part> = PARTS.into_iter().filter(|part| part.when == When::Test).collect();
        assert_eq!(groups(&tests).map(names).collect::<Vec<_>>(), ["rust", "node+release"]);
        assert_eq!(groups(&tests[2..]).map(names).collect::<Vec<_>>(), ["release"]);
        let whole: Vec<Part> = PARTS.into_iter().filter(|part| part.when != When::Named).collect();
        assert_eq!(groups(&whole).count(), whole.len() - 1);
    }

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

//! The tests that Cargo runs: unit, integration and documentation tests.

use std::time::Duration;

use crate::Result;
use crate::part::Outcome;
use crate::run::{Watch, tool};
use crate::setup;
use crate::workspace::Workspace;

/// Installs what is missing, and runs `cargo test` over the whole workspace.
pub(crate) fn part(workspace: &Workspace, filter: Option<&str>) -> Result<Outcome> {
    setup::programs(workspace, &setup::RUST)?;
    cargo_test(workspace, "rust", &["--workspace".to_owned()], filter)
}

/// Runs `cargo test` with `words`, past failing crates to the end, and counts.
pub(super) fn cargo_test(
    workspace: &Workspace,
    name: &str,
    words: &[String],
    filter: Option<&str>,
) -> Result<Outcome> {
    let mut command = tool("cargo");
    command.args(["test", "--no-fail-fast"]).args(words).args(filter).current_dir(&workspace.root);
    let log = workspace.scratch().join(format!("{name}.log"));
    let ended = Watch { name, log, limit: Duration::from_mins(25) }.run(&mut command)?;
    let [passed, failed, ignored] = counts(&ended.output);
    Ok(Outcome::of_tests(passed, failed, ignored, ended.success, ended.output))
}

/// Passed, failed and ignored, summed over every test program's `test result:` line.
fn counts(output: &str) -> [u64; 3] {
    let mut sums = [0; 3];
    for line in output.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        for (sum, label) in sums.iter_mut().zip([" passed", " failed", " ignored"]) {
            let number = line.split([';', '.']).find_map(|part| part.strip_suffix(label));
            *sum += number.and_then(|number| number.trim().parse::<u64>().ok()).unwrap_or(0);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_test_programs_are_added_up() {
        let output = "\
running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests keyward
test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.23s
";
        assert_eq!(counts(output), [7, 2, 1]);
    }

    #[test]
    fn output_without_a_result_counts_nothing() {
        assert_eq!(counts("error: could not compile `keyward`"), [0, 0, 0]);
    }
}

//! `cargo xtask test`: everything that shows that Keyward works.

pub(crate) mod node;
mod quick;
pub(crate) mod rust;

use crate::Result;
use std::process::ExitCode;

use crate::arguments::Arguments;
use crate::part::{self, Part, When};
use crate::workspace::Workspace;

/// The unit tests of what changed, for the inner loop.
const QUICK: Part = Part {
    name: "quick",
    about: "unit tests of what changed since the last commit",
    when: When::Named,
    beside: false,
    run: quick::part,
};

/// Carries out `test [--quick] [--part NAME]... [FILTER]` over all `parts` there are.
pub(crate) fn command(workspace: &Workspace, mut arguments: Arguments, parts: &[Part]) -> Result<ExitCode> {
    let quick = arguments.flag("--quick");
    let names = arguments.values("--part")?;
    let filter = arguments.rest()?;
    if filter.len() > 1 {
        return Err(format!("one filter at most, not {}", filter.join(", ")).into());
    }
    let filter = filter.first().map(String::as_str);
    if quick && !names.is_empty() {
        return Err("--quick and --part exclude each other".into());
    }
    let chosen = if quick { vec![QUICK] } else { select(parts, &names, filter)? };
    Ok(part::run_all(workspace, &chosen, filter))
}

/// The parts that were named; without names all tests, with a filter those that know tests by name.
fn select(parts: &[Part], names: &[String], filter: Option<&str>) -> Result<Vec<Part>> {
    if let Some(unknown) = names.iter().find(|name| parts.iter().all(|part| part.name != **name)) {
        return Err(format!("there is no part `{unknown}`; `cargo xtask --help` lists them").into());
    }
    let wanted = |part: &&Part| match (names, filter) {
        ([], None) => part.when == When::Test,
        ([], Some(_)) => matches!(part.name, "rust" | "node"),
        (names, _) => names.iter().any(|name| part.name == *name),
    };
    Ok(parts.iter().filter(wanted).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PARTS;

    fn selected(names: &[&str], filter: Option<&str>) -> Vec<&'static str> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        select(&PARTS, &names, filter).unwrap().iter().map(|part| part.name).collect()
    }

    #[test]
    fn without_names_all_tests_run_and_no_checks() {
        assert_eq!(selected(&[], None), ["rust", "node", "release"]);
    }

    #[test]
    fn a_filter_leaves_out_the_parts_that_know_no_test_names() {
        assert_eq!(selected(&[], Some("cookie")), ["rust", "node"]);
    }

    #[test]
    fn named_parts_run_in_their_usual_order_and_an_unknown_name_is_refused() {
        assert_eq!(selected(&["node", "clippy"], None), ["clippy", "node"]);
        assert!(select(&PARTS, &["everything".to_owned()], None).is_err());
    }
}

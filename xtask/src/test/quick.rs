//! The inner loop: unit tests of the crates that changed since the last commit, and of those that use them.

use std::collections::BTreeSet;
use std::process::Command;

use super::rust::cargo_test;
use crate::Result;
use crate::part::Outcome;
use crate::run::output;
use crate::workspace::{Crate, Workspace};

/// Runs the unit tests of what changed; of everything if that can't be told from the files.
pub(super) fn part(workspace: &Workspace, filter: Option<&str>) -> Result<Outcome> {
    let changes = output(
        Command::new("git")
            .args(["status", "--porcelain", "-z", "--no-renames"])
            .current_dir(&workspace.root),
    )?;
    let changed: Vec<&str> = changes.split_terminator('\0').filter_map(|line| line.get(3..)).collect();
    let chosen = affected(workspace, &changed);
    let names: Vec<&str> = chosen.iter().map(|krate| krate.name.as_str()).collect();
    println!("  crates: {}", names.join(", "));
    cargo_test(workspace, "quick", &words(&chosen), filter)
}

/// The crates that `changed` files (relative to the root) touch and all crates above them, in name order.
/// Every crate, if no crate changed or a file that all of them share did.
fn affected<'a>(workspace: &'a Workspace, changed: &[&str]) -> Vec<&'a Crate> {
    let touched = |krate: &Crate| {
        let folder = krate.folder.strip_prefix(&workspace.root).unwrap_or(&krate.folder);
        changed.iter().any(|file| std::path::Path::new(file).starts_with(folder))
    };
    let mut names: BTreeSet<&str> =
        workspace.crates.iter().filter(|krate| touched(krate)).map(|krate| krate.name.as_str()).collect();
    let shared = changed.iter().any(|file| ["Cargo.toml", ".cargo/config.toml"].contains(file));
    if names.is_empty() || shared {
        return workspace.crates.iter().collect();
    }
    loop {
        let above = workspace.crates.iter().filter(|krate| {
            !names.contains(krate.name.as_str())
                && krate.dependencies.iter().any(|dependency| names.contains(dependency.name.as_str()))
        });
        let above: Vec<&str> = above.map(|krate| krate.name.as_str()).collect();
        if above.is_empty() {
            return workspace.crates.iter().filter(|krate| names.contains(krate.name.as_str())).collect();
        }
        names.extend(above);
    }
}

fn words(crates: &[&Crate]) -> Vec<String> {
    let mut words = Vec::new();
    // Cargo refuses `--lib` where no chosen crate has a library.
    if crates.iter().any(|krate| krate.has_library) {
        words.push("--lib".to_owned());
    }
    if crates.iter().any(|krate| krate.has_binary) {
        words.push("--bins".to_owned());
    }
    for krate in crates {
        words.push(format!("--package={}", krate.name));
    }
    words
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::workspace::Dependency;

    fn workspace() -> Workspace {
        let krate = |name: &str, dependencies: &[&str]| Crate {
            name: name.to_owned(),
            version: String::new(),
            folder: Path::new("root/crates").join(name),
            has_library: name != "program",
            has_binary: name == "program",
            dependencies: dependencies
                .iter()
                .map(|name| Dependency { name: (*name).to_owned(), dev: false })
                .collect(),
        };
        let crates = vec![
            krate("jose", &[]),
            krate("core", &["jose"]),
            krate("pages", &[]),
            krate("program", &["core"]),
        ];
        Workspace { root: PathBuf::from("root"), target: PathBuf::from("root/target"), crates }
    }

    fn names(changed: &[&str]) -> Vec<String> {
        affected(&workspace(), changed).iter().map(|krate| krate.name.clone()).collect()
    }

    #[test]
    fn a_changed_crate_brings_all_that_stand_on_it() {
        assert_eq!(names(&["crates/jose/src/lib.rs", "README.md"]), ["jose", "core", "program"]);
        assert_eq!(names(&["crates/pages/src/lib.rs"]), ["pages"]);
    }

    #[test]
    fn everything_is_tested_if_the_files_tell_no_crate_or_concern_all() {
        let all = ["jose", "core", "pages", "program"];
        assert_eq!(names(&[]), all);
        assert_eq!(names(&["tests/journey.test.mjs"]), all);
        assert_eq!(names(&["crates/pages/src/lib.rs", "Cargo.toml"]), all);
    }

    #[test]
    fn cargo_is_asked_for_libraries_only_where_there_is_one() {
        let workspace = workspace();
        let program = affected(&workspace, &["crates/program/src/main.rs"]);
        assert_eq!(words(&program), ["--bins", "--package=program"]);
    }
}

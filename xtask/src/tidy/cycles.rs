//! No cycles between the top-level modules of a crate: what a module needs lies below it or beside it, never both.

use std::collections::{BTreeMap, BTreeSet};

use super::Fault;
use super::source::Source;

const BREAK: &str = "move what both need into a module of its own, or one of the two into the other";

/// Which top-level module uses which, crate by crate.
#[derive(Default)]
pub(super) struct Modules {
    crates: BTreeMap<String, Crate>,
}

#[derive(Default)]
struct Crate {
    modules: BTreeSet<String>,
    /// From module and to module, with the first place that says so.
    arrows: BTreeMap<(String, String), (String, usize)>,
}

impl Modules {
    /// Reads one file of a crate's `src` folder.
    pub(super) fn add(&mut self, source: &Source) {
        let Some((folder, path)) = source.name.split_once("/src/") else { return };
        let krate = self.crates.entry(folder.to_owned()).or_default();
        let inner: Vec<&str> =
            path.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
        let Some(&module) = inner.first() else { return };
        // The root module ties the others together; programs in `bin/` are crates of their own.
        if matches!(module, "lib" | "main" | "bin") || source.is_test() {
            return;
        }
        krate.modules.insert(module.to_owned());
        let supers = "super::".repeat(inner.len());
        let code = source.code_without_tests();
        for prefix in ["crate::", &supers] {
            for (at, name) in paths(&code, prefix) {
                let line = code[..at].matches('\n').count() + 1;
                let arrow = (module.to_owned(), name);
                krate.arrows.entry(arrow).or_insert_with(|| (source.name.clone(), line));
            }
        }
    }

    /// One fault for each set of modules that use each other in a circle.
    pub(super) fn faults(self) -> Vec<Fault> {
        self.crates.into_values().flat_map(Crate::faults).collect()
    }
}

impl Crate {
    fn faults(mut self) -> Vec<Fault> {
        self.arrows.retain(|(from, to), _| from != to && self.modules.contains(to));
        let mut reported = BTreeSet::new();
        let mut faults = Vec::new();
        for module in &self.modules {
            if reported.contains(module) {
                continue;
            }
            if let Some(circle) = self.circle(module) {
                reported.extend(circle.iter().cloned());
                faults.push(self.fault(&circle));
            }
        }
        faults
    }

    /// The shortest way from a module back to itself, both ends included.
    fn circle(&self, start: &str) -> Option<Vec<String>> {
        let mut ways = vec![vec![start.to_owned()]];
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while let Some(way) = ways.get(next).cloned() {
            next += 1;
            let here = way.last()?;
            for (_, to) in self.arrows.keys().filter(|(from, _)| from == here) {
                let longer = || [way.as_slice(), std::slice::from_ref(to)].concat();
                if to == start {
                    return Some(longer());
                }
                if seen.insert(to.clone()) {
                    ways.push(longer());
                }
            }
        }
        None
    }

    fn fault(&self, circle: &[String]) -> Fault {
        let places: Vec<&(String, usize)> = circle
            .windows(2)
            .filter_map(|pair| self.arrows.get(&(pair[0].clone(), pair[1].clone())))
            .collect();
        let steps: Vec<String> = places.iter().map(|(file, line)| format!("{file}:{line}")).collect();
        let what = format!("modules in a circle: {} ({})", circle.join(" → "), steps.join(", "));
        let (file, line) = places.first().map(|place| (*place).clone()).unwrap_or_default();
        Fault { file, line, what, remedy: BREAK }
    }
}

/// The first names of all paths that begin with `prefix`, with the place of each: `crate::a::B` and
/// `crate::{a::B, c}` give `a` and `c`.
fn paths(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        // `super::super::x` also contains `super::x`, and `my_crate::x` is another crate.
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before)) {
            continue;
        }
        let after = &code[at + prefix.len()..];
        let names = match after.strip_prefix('{') {
            Some(group) => group_names(group),
            None => vec![first_name(after)],
        };
        found.extend(names.into_iter().filter(|name| !name.is_empty()).map(|name| (at, name.to_owned())));
    }
    found
}

/// The first names in `a::B, c::{d, e}, f}`.
fn group_names(group: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                names.push(first_name(group[start..at].trim_start()));
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> &str {
    let end = path.find(|character: char| !character.is_alphanumeric() && character != '_');
    &path[..end.unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(files: &[(&str, &str)]) -> Vec<Fault> {
        let mut modules = Modules::default();
        for (name, text) in files {
            modules.add(&Source::new(format!("crates/a/src/{name}"), text));
        }
        modules.faults()
    }

    #[test]
    fn modules_that_use_each_other_are_reported_once_with_every_step() {
        let found = faults(&[
            ("flow.rs", "//! Flow.\nuse crate::{port::Store, policy};\n"),
            ("policy.rs", "fn a() { crate::ticket::b() }\n"),
            ("ticket.rs", "use super::flow::C;\n"),
            ("port.rs", "use crate::Thing;\n"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].file.as_str(), found[0].line), ("crates/a/src/flow.rs", 2));
        assert!(found[0].what.contains("flow → policy → ticket → flow"), "{}", found[0].what);
        assert!(found[0].what.contains("crates/a/src/policy.rs:1"), "{}", found[0].what);
    }

    #[test]
    fn arrows_in_one_direction_are_fine() {
        assert_eq!(faults(&[("a.rs", "use crate::b::C;\nuse crate::a::D;"), ("b.rs", "use std::fmt;")]), []);
    }

    #[test]
    fn files_of_a_folder_belong_to_its_module() {
        let found = faults(&[
            ("a/inner.rs", "use super::super::b::C;\nuse super::deep::D;"),
            ("b.rs", "use crate::a::E;"),
        ]);
        assert_eq!(found.len(), 1);
        // Inside a folder, one `super` leads to the folder's own module.
        assert_eq!(faults(&[("a/inner.rs", "use super::b::C;"), ("b.rs", "use crate::a::E;")]), []);
    }

    #[test]
    fn tests_strings_and_the_root_module_do_not_count() {
        let tests = "#[cfg(test)]\nmod tests {\n    use crate::b::C;\n}\n";
        assert_eq!(
            faults(&[("a.rs", tests), ("b.rs", "use crate::a::E;"), ("lib.rs", "use crate::b::C;")]),
            []
        );
        assert_eq!(faults(&[("a.rs", "const A: &str = \"crate::b::C\";"), ("b.rs", "use crate::a::E;")]), []);
    }
}

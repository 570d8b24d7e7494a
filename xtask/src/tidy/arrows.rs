//! Arrows between crates point down only (ARCHITECTURE.md, "Rooms and arrows").

use super::Fault;
use crate::workspace::{Crate, Dependency, Workspace};

/// Where a crate stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// May use the rows below its own.
    Row(u8),
    /// May use anything, and only tests may use it.
    Testkit,
    /// May use no crate of the product, and none may use it.
    Tool,
    /// Measures the product: may use anything, and nothing may use it.
    Bench,
}

const PLACES: [(&str, Place); 18] = [
    ("keyward-cli", Place::Row(6)),
    ("keyward", Place::Row(5)),
    ("keyward-axum", Place::Row(4)),
    ("keyward-gateway", Place::Row(4)),
    ("keyward-verify", Place::Row(4)),
    ("keyward-pages", Place::Row(3)),
    ("keyward-store-sqlite", Place::Row(3)),
    ("keyward-store-sql", Place::Row(3)),
    ("keyward-store-mongo", Place::Row(3)),
    ("keyward-store-redis", Place::Row(3)),
    ("keyward-net", Place::Row(3)),
    ("keyward-providers", Place::Row(2)),
    ("keyward-oidc", Place::Row(2)),
    ("keyward-core", Place::Row(1)),
    ("keyward-jose", Place::Row(0)),
    ("keyward-testkit", Place::Testkit),
    ("keyward-bench", Place::Bench),
    ("xtask", Place::Tool),
];

const ADD_TO_TABLE: &str = "give the crate a row in ARCHITECTURE.md and in xtask/src/tidy/arrows.rs";
const TURN_ARROW: &str =
    "move what is needed to a lower row, or let the lower row declare a trait that the upper one implements";
const ONLY_TESTS: &str = "list keyward-testkit under [dev-dependencies] only";
const NOT_A_LIBRARY: &str =
    "what measures or builds the product stands beside it: the product does not use it";

pub(super) fn faults(workspace: &Workspace) -> Vec<Fault> {
    let manifest = |krate: &Crate| {
        let folder = krate.folder.strip_prefix(&workspace.root).unwrap_or(&krate.folder);
        folder.join("Cargo.toml").display().to_string()
    };
    workspace.crates.iter().flat_map(|krate| crate_faults(krate, &manifest(krate))).collect()
}

fn crate_faults(krate: &Crate, manifest: &str) -> Vec<Fault> {
    let fault = |what: String, remedy| Fault { file: manifest.to_owned(), line: 0, what, remedy };
    let Some(from) = place(&krate.name) else {
        return vec![fault(format!("the crate {} is in no row", krate.name), ADD_TO_TABLE)];
    };
    let judge = |dependency: &Dependency| {
        let to = place(&dependency.name)?;
        let remedy = forbidden(from, to, dependency.dev)?;
        let kind = if dependency.dev { "its tests use" } else { "it uses" };
        Some(fault(format!("{} ({from}): {kind} {} ({to})", krate.name, dependency.name), remedy))
    };
    krate.dependencies.iter().filter_map(judge).collect()
}

fn place(name: &str) -> Option<Place> {
    PLACES.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
}

/// The remedy, if an arrow between these places is forbidden.
fn forbidden(from: Place, to: Place, dev: bool) -> Option<&'static str> {
    match (from, to) {
        (Place::Tool, _) | (_, Place::Tool | Place::Bench) => Some(NOT_A_LIBRARY),
        (Place::Bench, _) => None,
        (Place::Testkit, _) => None,
        (_, Place::Testkit) => (!dev).then_some(ONLY_TESTS),
        (Place::Row(from), Place::Row(to)) => (to >= from).then_some(TURN_ARROW),
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Row(row) => write!(out, "row {row}"),
            Self::Testkit => out.write_str("test"),
            Self::Tool => out.write_str("tool"),
            Self::Bench => out.write_str("bench"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(name: &str, dependency: &str, dev: bool) -> Vec<Fault> {
        let krate = Crate {
            name: name.to_owned(),
            version: String::new(),
            folder: "crate".into(),
            has_library: true,
            has_binary: false,
            dependencies: vec![Dependency { name: dependency.to_owned(), dev }],
        };
        crate_faults(&krate, "crate/Cargo.toml")
    }

    #[test]
    fn an_arrow_down_is_fine() {
        assert_eq!(faults_of("keyward-axum", "keyward-core", false), []);
        assert_eq!(faults_of("keyward-core", "keyward-testkit", true), []);
        assert_eq!(faults_of("keyward-testkit", "keyward-axum", false), []);
    }

    #[test]
    fn an_arrow_up_or_sideways_is_a_fault_also_from_tests() {
        assert_eq!(faults_of("keyward-core", "keyward-net", false)[0].remedy, TURN_ARROW);
        assert_eq!(faults_of("keyward-pages", "keyward-net", false)[0].remedy, TURN_ARROW);
        assert_eq!(faults_of("keyward-core", "keyward-net", true)[0].remedy, TURN_ARROW);
    }

    #[test]
    fn the_testkit_and_the_tool_never_reach_the_product() {
        assert_eq!(faults_of("keyward-core", "keyward-testkit", false)[0].remedy, ONLY_TESTS);
        assert_eq!(faults_of("keyward-core", "xtask", true)[0].remedy, NOT_A_LIBRARY);
        assert_eq!(faults_of("xtask", "keyward-jose", false)[0].remedy, NOT_A_LIBRARY);
    }

    #[test]
    fn a_crate_without_a_row_is_a_fault() {
        assert_eq!(faults_of("keyward-utils", "keyward-core", false)[0].remedy, ADD_TO_TABLE);
    }
}

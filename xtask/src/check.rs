//! The checks that Rust's own tools make.

use std::process::Command;
use std::time::Duration;

use crate::part::Outcome;
use crate::run::{Watch, tool};
use crate::workspace::Workspace;
use crate::{Result, fuzz};

/// Formatting, of the workspace and of the fuzz targets beside it.
pub(crate) fn fmt(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    let everything = check(workspace, "fmt", tool("cargo").args(["fmt", "--all", "--check"]))?;
    let mut targets = tool("cargo");
    targets.args(["fmt", "--check", "--manifest-path"]).arg(fuzz::manifest(workspace));
    let targets = check(workspace, "fmt-fuzz", &mut targets)?;
    let report = format!(
        "{}{}remedy: cargo fmt --all; cargo fmt --manifest-path fuzz/Cargo.toml\n",
        everything.report, targets.report
    );
    Ok(Outcome::of_check(everything.failed + targets.failed == 0, report))
}

/// Lints. `--locked`, so that a lock file that lags behind the manifests is noticed here.
pub(crate) fn clippy(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    let words = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    check(workspace, "clippy", tool("cargo").args(words))
}

/// The documentation builds without a warning.
pub(crate) fn doc(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    let mut command = tool("cargo");
    command.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    check(workspace, "doc", &mut command)
}

fn check(workspace: &Workspace, name: &str, command: &mut Command) -> Result<Outcome> {
    let log = workspace.scratch().join(format!("{name}.log"));
    let watch = Watch { name, log, limit: Duration::from_mins(20) };
    let ended = watch.run(command.current_dir(&workspace.root))?;
    Ok(Outcome::of_check(ended.success, ended.output))
}

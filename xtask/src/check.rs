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

const LINTS: [&str; 5] = ["--all-targets", "--locked", "--", "-D", "warnings"];

/// Lints, of the workspace and of the fuzz targets beside it: a field that is added to a
/// setting breaks them too. `--locked`, so that a lock file that lags behind the manifests is noticed here.
pub(crate) fn clippy(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    fuzz::prepare(workspace)?;
    let everything = check(workspace, "clippy", tool("cargo").args(["clippy", "--workspace"]).args(LINTS))?;
    let mut targets = tool("cargo");
    targets.args(["clippy", "--manifest-path"]).arg(fuzz::manifest(workspace)).args(LINTS);
    // In the folder of the workspace's own builds, which have most of what the targets stand on.
    targets.env("CARGO_TARGET_DIR", &workspace.target);
    let targets = check(workspace, "clippy-fuzz", &mut targets)?;
    let report = format!("{}{}", everything.report, targets.report);
    Ok(Outcome::of_check(everything.failed + targets.failed == 0, report))
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

//! What the commands know of the repository: its root, its crates and its files.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{Result, run};

/// The repository and its Cargo workspace.
pub(crate) struct Workspace {
    /// The repository's root folder.
    pub(crate) root: PathBuf,
    /// Where Cargo puts what it builds.
    pub(crate) target: PathBuf,
    /// The workspace's crates.
    pub(crate) crates: Vec<Crate>,
}

/// One crate of the workspace.
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Its folder, absolute.
    pub(crate) folder: PathBuf,
    pub(crate) has_library: bool,
    pub(crate) has_binary: bool,
    /// Names of the crates of this workspace that it depends on.
    pub(crate) dependencies: Vec<Dependency>,
}

/// An arrow from one crate of the workspace to another.
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether only its tests, benches and examples use it.
    pub(crate) dev: bool,
}

impl Workspace {
    /// Reads the workspace that this tool was built in.
    pub(crate) fn load() -> Result<Self> {
        // Cargo builds xtask in the clone that it serves, so the path of its manifest leads to the root.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
        let mut command = run::tool("cargo");
        command.args(["metadata", "--format-version=1", "--no-deps"]).current_dir(root);
        let metadata: Value = serde_json::from_str(&run::output(&mut command)?)?;
        let crates = members(&metadata).ok_or("`cargo metadata` gave an answer of an unknown shape")?;
        let target =
            metadata["target_directory"].as_str().ok_or("`cargo metadata` names no target folder")?;
        Ok(Self { root: root.to_owned(), target: PathBuf::from(target), crates })
    }

    /// The version that the crates share.
    pub(crate) fn version(&self) -> Result<&str> {
        let program = self.crates.iter().find(|krate| krate.name == PROGRAM);
        Ok(&program.ok_or_else(|| format!("the workspace has no crate {PROGRAM}"))?.version)
    }

    /// The repository's files as git sees them (tracked, or new and not ignored), relative to the root.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut command = Command::new("git");
        command
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&self.root);
        let mut files: Vec<String> =
            run::output(&mut command)?.split_terminator('\0').map(str::to_owned).collect();
        // A file that was deleted but not yet committed is still listed.
        files.retain(|file| self.root.join(file).is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// A folder for logs and intermediate files of this tool.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }
}

/// The crate that makes the binary `keyward`.
pub(crate) const PROGRAM: &str = "keyward-cli";

/// The triple of this machine, such as `x86_64-unknown-linux-gnu`.
pub(crate) fn host_triple() -> Result<String> {
    let answer = run::output(run::tool("rustc").arg("-vV"))?;
    let host = answer.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("`rustc -vV` names no host")?.to_owned())
}

fn members(metadata: &Value) -> Option<Vec<Crate>> {
    metadata["packages"].as_array()?.iter().map(member).collect()
}

fn member(package: &Value) -> Option<Crate> {
    let kinds: Vec<&str> = package["targets"]
        .as_array()?
        .iter()
        .filter_map(|target| target["kind"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    Some(Crate {
        name: package["name"].as_str()?.to_owned(),
        version: package["version"].as_str()?.to_owned(),
        folder: Path::new(package["manifest_path"].as_str()?).parent()?.to_owned(),
        has_library: kinds.iter().any(|kind| matches!(*kind, "lib" | "proc-macro")),
        has_binary: kinds.contains(&"bin"),
        dependencies: package["dependencies"].as_array()?.iter().filter_map(arrow).collect(),
    })
}

/// A dependency by path, that is: on a crate of this workspace.
fn arrow(dependency: &Value) -> Option<Dependency> {
    dependency["path"].as_str()?;
    let name = dependency["name"].as_str()?.to_owned();
    Some(Dependency { name, dev: dependency["kind"].as_str() == Some("dev") })
}

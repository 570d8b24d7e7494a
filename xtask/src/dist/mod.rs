//! `cargo xtask dist`: what people without Rust install.

mod check;
mod npm;
mod tarball;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::arguments::Arguments;
use crate::part::Outcome;
use crate::run::{HANGS, Watch, output, yielding};
use crate::setup;
use crate::workspace::{PROGRAM, Workspace, host_triple};

/// What a release is made of, ready to be packed.
struct Release {
    version: String,
    /// The triple that the binary runs on.
    target: String,
    /// The stripped binary.
    binary: PathBuf,
    /// The repository's root, from which licences and README come.
    root: PathBuf,
    /// Where the packages go.
    folder: PathBuf,
    /// Where they are put together.
    stage: PathBuf,
}

/// The packages that were made.
struct Packages {
    tarball: PathBuf,
    npm: PathBuf,
}

/// Carries out `dist [--check]`.
pub(crate) fn command(workspace: &Workspace, mut arguments: Arguments) -> Result {
    let check = arguments.flag("--check");
    arguments.finish()?;
    let packages = pack(workspace)?;
    println!("{}\n{}", packages.tarball.display(), packages.npm.display());
    if !check {
        return Ok(());
    }
    let outcome = check::both(&packages, workspace.version()?);
    print!("{}", outcome.report);
    if outcome.failed > 0 { Err("the packages don't work".into()) } else { Ok(()) }
}

/// Builds, installs and starts the packages, as a part of a test run.
pub(crate) fn part(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    Ok(check::both(&pack(workspace)?, workspace.version()?))
}

/// The files beside the binary in each package.
const COMPANIONS: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Makes the release build.
fn build(workspace: &Workspace) -> Result {
    let mut build = yielding("cargo");
    build.args(["build", "--release", "--locked", "--package", PROGRAM]).current_dir(&workspace.root);
    let log = workspace.scratch().join("dist-build.log");
    let built = Watch { name: "dist: release build", log, limit: HANGS }.run(&mut build)?;
    if built.success { Ok(()) } else { Err(built.output.into()) }
}

fn pack(workspace: &Workspace) -> Result<Packages> {
    setup::node()?;
    build(workspace)?;
    let release = Release {
        version: workspace.version()?.to_owned(),
        target: host_triple()?,
        binary: workspace.target.join("release/keyward"),
        root: workspace.root.clone(),
        folder: workspace.root.join("dist"),
        stage: workspace.scratch().join("dist"),
    };
    fs::create_dir_all(&release.folder)?;
    Ok(Packages { tarball: tarball::pack(&release)?, npm: npm::pack(&release)? })
}

impl Release {
    /// An empty folder to put a package together in.
    fn stage(&self, name: &str) -> Result<PathBuf> {
        let folder = self.stage.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Copies what goes beside the binary.
    fn copy_companions(&self, into: &Path) -> Result {
        for name in COMPANIONS {
            let from = self.root.join(name);
            fs::copy(&from, into.join(name)).map_err(|fault| format!("{}: {fault}", from.display()))?;
        }
        Ok(())
    }
}

/// Runs a program in `folder` and gives what it printed.
fn output_in(folder: &Path, program: &str, words: &[&str]) -> Result<String> {
    output(Command::new(program).args(words).current_dir(folder))
}

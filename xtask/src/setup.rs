//! What the tests need from the machine: installed where this tool may do so, named where it may not.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::run::{Watch, find_program, output, processors, side_by_side};
use crate::workspace::Workspace;
use crate::{Result, run};

/// A program, and the Debian package that brings it.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
}

/// What the end-to-end tests start.
pub(crate) const END_TO_END: [Program; 11] = [
    Program { name: "chromium", package: "chromium" },
    Program { name: "chromium-headless-shell", package: "chromium-headless-shell" },
    Program { name: "go", package: "golang-go" },
    Program { name: "javac", package: "default-jdk-headless" },
    Program { name: "nginx", package: "nginx" },
    Program { name: "openssl", package: "openssl" },
    Program { name: "php", package: "php-cli" },
    Program { name: "/usr/bin/python3", package: "python3" },
    Program { name: "ruby", package: "ruby" },
    Program { name: "sqlite3", package: "sqlite3" },
    Program { name: "wrk", package: "wrk" },
];

/// A library of another language: a command that succeeds where it is there, and the Debian package that brings it.
pub(crate) struct Library {
    works: &'static [&'static str],
    package: &'static str,
}

/// What `examples/verify` and the tests in Python are written over.
pub(crate) const LIBRARIES: [Library; 9] = [
    Library {
        works: &["test", "-d", "/usr/share/gocode/src/github.com/coreos/go-oidc"],
        package: "golang-github-coreos-go-oidc-dev",
    },
    Library { works: &["test", "-e", "/usr/share/java/gson.jar"], package: "libgoogle-gson-java" },
    Library { works: &["php", "-r", "exit((int) !extension_loaded('apcu'));"], package: "php-apcu" },
    Library { works: &["php", "-r", "require 'phpseclib3/autoload.php';"], package: "php-phpseclib3" },
    // The system's own: another one that comes first in the search path does not see Debian's packages.
    Library { works: &["/usr/bin/python3", "-c", "import cryptography"], package: "python3-cryptography" },
    Library { works: &["/usr/bin/python3", "-c", "import jwt"], package: "python3-jwt" },
    Library { works: &["python3", "-c", "import ensurepip, venv"], package: "python3-venv" },
    Library { works: &["ruby", "-e", "require 'jwt'"], package: "ruby-jwt" },
    Library { works: &["ruby", "-e", "require 'webrick'"], package: "ruby-webrick" },
];

/// What the Rust tests start.
pub(crate) const RUST: [Program; 1] = [Program { name: "exim4", package: "exim4-daemon-light" }];

/// Held by whoever installs packages: apt-get runs once at a time.
static INSTALLING: Mutex<()> = Mutex::new(());

/// The oldest Node.js that the tests run on.
const NODE: u32 = 20;

/// Makes sure that all of `programs` are there.
///
/// # Errors
/// Names what is missing, and how to get it, if it could not be installed.
pub(crate) fn programs(workspace: &Workspace, programs: &[Program]) -> Result {
    packages(workspace, || {
        let missing = programs.iter().filter(|program| find_program(program.name).is_none());
        missing.map(|program| (program.name, program.package)).collect()
    })
}

/// Makes sure that all of `libraries` are there.
///
/// # Errors
/// As [`programs`].
pub(crate) fn libraries(workspace: &Workspace, libraries: &[Library]) -> Result {
    let works = |library: &&Library| {
        library
            .works
            .split_first()
            .is_some_and(|(name, words)| output(Command::new(name).args(words)).is_ok())
    };
    packages(workspace, || {
        let missing = libraries.iter().filter(|library| !works(library));
        missing.map(|library| (library.package, library.package)).collect()
    })
}

/// Installs the packages of what is `missing`, by names and packages, where this tool may.
fn packages(workspace: &Workspace, missing: impl Fn() -> Vec<(&'static str, &'static str)>) -> Result {
    // Parts that run side by side may both have to.
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let packages: Vec<&str> = missing().into_iter().map(|(_, package)| package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    if may_install() {
        println!("  installing {}", packages.join(", "));
        apt_get(workspace, &["update", "--quiet"])?;
        apt_get(
            workspace,
            &[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat(),
        )?;
    }
    let names: Vec<&str> = missing().into_iter().map(|(name, _)| name).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(format!(
        "these are missing: {}\n  Debian and Ubuntu: apt-get install {}",
        names.join(", "),
        packages.join(" ")
    )
    .into())
}

/// Makes sure that Node.js is there and new enough.
pub(crate) fn node() -> Result {
    let answer = output(Command::new("node").arg("--version")).unwrap_or_default();
    match major(&answer) {
        Some(version) if version >= NODE => {}
        Some(_) => return Err(format!("the tests need Node.js {NODE} or newer, this is {answer}").into()),
        None => return Err(format!("the tests need Node.js {NODE} or newer (https://nodejs.org)").into()),
    }
    output(Command::new("npm").arg("--version")).map(drop)
}

/// Folders whose applications the tests start.
const APPLICATIONS: [&str; 2] = ["tests/", "examples/"];

/// Installs the npm packages of every lock file of the tests and the examples where they are not there or of
/// another lock.
pub(crate) fn npm_packages(workspace: &Workspace) -> Result {
    let driven = |lock: &String| {
        APPLICATIONS.into_iter().any(|folder| lock.starts_with(folder))
            && lock.ends_with("/package-lock.json")
    };
    let locks: Vec<String> = workspace.files()?.into_iter().filter(driven).collect();
    let install = |lock: &String| {
        let lock = workspace.root.join(lock);
        install_packages(workspace, lock.parent().ok_or("a lock file without a folder")?)
    };
    side_by_side(processors(), &locks, install).into_iter().collect()
}

/// Installs the npm packages of one folder with a lock file.
pub(crate) fn install_packages(workspace: &Workspace, folder: &Path) -> Result {
    // A copy of the lock file that the installed packages come from: written last, so that an installation
    // that broke off is done again.
    let installed = folder.join("node_modules/.installed-lock.json");
    let lock = fs::read(folder.join("package-lock.json"))?;
    if fs::read(&installed).is_ok_and(|bytes| bytes == lock) {
        return Ok(());
    }
    let of = folder.strip_prefix(&workspace.root).unwrap_or(folder).display().to_string();
    println!("  npm ci in {of}");
    let log = workspace.scratch().join(format!("npm-ci-{}.log", of.replace('/', "-")));
    let watch = Watch { name: &format!("npm ci in {of}"), log, limit: Duration::from_mins(10) };
    let ended = watch.run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))?;
    if !ended.success {
        return Err(ended.output.into());
    }
    Ok(fs::write(installed, lock)?)
}

/// Whether this is root on a system with apt-get.
fn may_install() -> bool {
    find_program("apt-get").is_some()
        && output(Command::new("id").arg("-u")).is_ok_and(|user| user.trim() == "0")
}

fn apt_get(workspace: &Workspace, words: &[&str]) -> Result {
    let mut command = run::tool("apt-get");
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    let log = workspace.scratch().join("apt-get.log");
    let ended = Watch { name: "apt-get", log, limit: Duration::from_mins(10) }.run(&mut command)?;
    if ended.success { Ok(()) } else { Err(ended.output.into()) }
}

/// The first number of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major(""), None);
        assert_eq!(major("20"), None);
    }
}

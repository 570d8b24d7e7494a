//! Installs the packages from the local files, as a stranger would, and starts and stops what they bring.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::tarball::{checksum, checksum_file, text};
use super::{COMPANIONS, Packages, output_in};
use crate::Result;
use crate::part::Outcome;
use crate::run::signal;

/// How long a server may take to be ready, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Checks each package by itself.
pub(super) fn both(packages: &Packages, version: &str) -> Outcome {
    let mut sum = Outcome::default();
    for (name, result) in
        [("tarball", tarball(&packages.tarball, version)), ("npm package", npm(&packages.npm, version))]
    {
        match result {
            Ok(()) => {
                sum.passed += 1;
                sum.report += &format!("{name}: installed, started, stopped\n");
            }
            Err(fault) => {
                sum.failed += 1;
                sum.report += &format!("{name}: {fault}\n");
            }
        }
    }
    sum
}

fn tarball(tarball: &Path, version: &str) -> Result {
    let written = fs::read_to_string(checksum_file(tarball))?;
    if written != checksum(tarball)? {
        return Err(format!("the checksum beside {} is another file's", tarball.display()).into());
    }
    let folder = Folder::new("tarball")?;
    output_in(&folder.0, "tar", &["-xzf", text(tarball)?])?;
    let name = tarball.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let inner = folder.0.join(name.trim_end_matches(".tar.gz"));
    for file in COMPANIONS {
        fs::metadata(inner.join(file)).map_err(|fault| format!("{file} in the tarball: {fault}"))?;
    }
    let program = inner.join("keyward");
    says_its_version(&output_in(&inner, text(&program)?, &["--version"])?, version)?;
    starts_and_stops(&program, &folder.0)
}

fn npm(package: &Path, version: &str) -> Result {
    let folder = Folder::new("npm")?;
    fs::write(folder.0.join("package.json"), "{\"private\": true}\n")?;
    let install = ["install", "--offline", "--no-audit", "--no-fund", text(package)?];
    output_in(&folder.0, "npm", &install)?;
    says_its_version(&output_in(&folder.0, "npx", &["--offline", "keyward", "--version"])?, version)?;
    starts_and_stops(&folder.0.join("node_modules/.bin/keyward"), &folder.0)
}

fn says_its_version(answer: &str, version: &str) -> Result {
    if answer.trim() == format!("keyward {version}") {
        return Ok(());
    }
    Err(format!("--version says `{}`, expected `keyward {version}`", answer.trim()).into())
}

/// Starts a development server on a free port, waits until it is ready, and asks it to end, which it must do
/// cleanly.
fn starts_and_stops(program: &Path, folder: &Path) -> Result {
    let address = free_address()?;
    let log = folder.join("keyward.log");
    let file = fs::File::create(&log)?;
    let mut command = Command::new(program);
    command.args(["serve", "--dev", "--listen", &address.to_string(), "--data"]).arg(folder.join("data"));
    command.current_dir(folder).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let mut server = Server(command.spawn().map_err(|fault| format!("{}: {fault}", program.display()))?);
    let ended = server.ready(address).and_then(|()| server.stop());
    ended.map_err(|fault| {
        let said = fs::read_to_string(&log).unwrap_or_default();
        format!("{fault}; it said:\n{}", said.trim_end()).into()
    })
}

/// A server that does not outlive its test.
struct Server(Child);

impl Server {
    fn ready(&mut self, address: SocketAddr) -> Result {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.0.try_wait()? {
                return Err(format!("the server ended before it was ready ({status})").into());
            }
            if status_line(address).is_ok_and(|line| line.starts_with("HTTP/1.1 200 ")) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the server was not ready within {} s", PATIENCE.as_secs()).into())
    }

    fn stop(&mut self) -> Result {
        signal(self.0.id(), "TERM")?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.0.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the server did not end cleanly: {status}").into()),
                None => thread::sleep(Duration::from_millis(50)),
            }
        }
        Err(format!("the server did not end within {} s of SIGTERM", PATIENCE.as_secs()).into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            crate::run::end_with_children(&mut self.0);
        }
    }
}

/// The first line of the answer to `GET /readyz`.
fn status_line(address: SocketAddr) -> Result<String> {
    let mut connection = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    connection.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(connection, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

/// A port that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// A temporary folder outside the repository, removed when it goes out of scope.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("keyward-dist-{name}-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is in a folder for temporary files.
        drop(fs::remove_dir_all(&self.0));
    }
}

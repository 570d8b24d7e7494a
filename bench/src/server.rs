//! The servers that are measured: started on a free loopback port and one core of their own, always ended.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Result, http::Connection, process};

/// Servers run on this core, the load generator on the next: neither takes the other's time.
pub(crate) const SERVER_CORE: &str = "0";
pub(crate) const LOAD_CORE: &str = "1";

/// Where browsers think all of these servers are: their answers name it, and are to be equally long.
pub(crate) const PUBLIC_URL: &str = "http://localhost:4000";
pub(crate) const HOST: &str = "localhost:4000";
/// Of all of them, so that each opens the others' tokens. Published here, so never one of a deployment.
pub(crate) const SECRET: &str = "benchmark-only-4f1c0b9d2a7e6853-not-a-secret";

/// The name of a server's database in its folder.
const DATABASE: &str = "bench.db";

/// Keyward's limits that one machine with many sign-ins would run into.
const LIMITS: [&str; 5] = [
    "sign_in_per_address",
    "sign_in_per_account",
    "sign_up_per_address",
    "link_per_address",
    "link_per_account",
];

/// The programs and folders that are measured.
pub(crate) struct Programs {
    pub(crate) keyward: PathBuf,
    pub(crate) bare: PathBuf,
    /// The bare servers that sign and verify.
    pub(crate) bare_tokens: PathBuf,
    /// The Next.js application, built.
    pub(crate) next: PathBuf,
    /// The server with the core of next-auth 5.
    pub(crate) auth_js: PathBuf,
    /// The Next.js application with next-auth 5, built.
    pub(crate) next_auth: PathBuf,
    /// The server with oidc-provider.
    pub(crate) oidc_provider: PathBuf,
    /// The server with Better Auth.
    pub(crate) better_auth: PathBuf,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first 200.
    pub(crate) ready_after: Duration,
    child: Child,
    /// Configuration, database, log; goes with the server.
    folder: TempDir,
}

impl Server {
    /// Keyward with the request log in a file. `strategy` is `sealed` or `stored`.
    pub(crate) fn keyward(programs: &Programs, strategy: &str) -> Result<Self> {
        Self::keyward_in(programs, strategy, tempfile::tempdir()?)
    }

    /// The same over a folder that a server left behind.
    pub(crate) fn keyward_in(programs: &Programs, strategy: &str, folder: TempDir) -> Result<Self> {
        Self::keyward_with(programs, folder, &format!("session.strategy = \"{strategy}\"\n"))
    }

    /// Keyward with stored sessions for front ends of Auth.js 5, with these tables of providers.
    pub(crate) fn keyward_for_auth_js(programs: &Programs, providers: &str) -> Result<Self> {
        let more = format!("dialect = \"auth-js-5\"\nsession.strategy = \"stored\"\n{providers}");
        Self::keyward_configured(programs, &more)
    }

    /// Keyward in a new folder, with `more` in its configuration: keys first, then tables.
    pub(crate) fn keyward_configured(programs: &Programs, more: &str) -> Result<Self> {
        Self::keyward_with(programs, tempfile::tempdir()?, more)
    }

    fn keyward_with(programs: &Programs, folder: TempDir, more: &str) -> Result<Self> {
        let address = free_address()?;
        let database = folder.path().join(DATABASE);
        let config = folder.path().join("keyward.toml");
        let mut text = format!(
            "public_url = \"{PUBLIC_URL}\"\nlisten = \"{address}\"\nsecret = \"{SECRET}\"\n\
             database.url = \"sqlite://{}\"\n",
            database.display()
        );
        for limit in LIMITS {
            text += &format!("limits.{limit} = \"1000000/second\"\n");
        }
        fs::write(&config, text + more)?;
        let mut command = pinned(&programs.keyward);
        command.arg("serve").arg("--config").arg(&config);
        Self::start("Keyward", command, address, "/readyz", folder)
    }

    /// The core of next-auth 5 under plain Node.js, its database in memory. `ways` says how people sign in, as
    /// `bench/auth-js-5/server.mjs` reads it.
    pub(crate) fn auth_js(programs: &Programs, ways: Value) -> Result<Self> {
        Self::plain_node("@auth/core in memory", &programs.auth_js, ways, tempfile::tempdir()?)
    }

    /// next-auth 5 in a production build of Next.js, with its database on disk. `ways` as for [`Self::auth_js`].
    pub(crate) fn next_auth(programs: &Programs, ways: &Value) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (mut command, address) = next_start(&programs.next_auth)?;
        command
            .env("AUTH_URL", PUBLIC_URL)
            .env("AUTH_SECRET", SECRET)
            .env("BENCH_DATABASE", folder.path().join(DATABASE))
            .env("BENCH", ways.to_string());
        Self::start("NextAuth 5", command, address, "/api/auth/providers", folder)
    }

    /// Better Auth under plain Node.js, with its database on disk; giving out access tokens if there is an audience.
    pub(crate) fn better_auth(programs: &Programs, audience: Option<&str>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let orders = json!({ "database": folder.path().join(DATABASE), "audience": audience });
        Self::plain_node("Better Auth", &programs.better_auth, orders, folder)
    }

    /// The bare server; over a database if sessions are stored.
    pub(crate) fn bare(programs: &Programs, database: Option<&Path>) -> Result<Self> {
        let address = free_address()?;
        let mut command = pinned(&programs.bare);
        command.args([&address.to_string(), PUBLIC_URL, SECRET]).arg(database.unwrap_or(Path::new("-")));
        Self::start("bare axum", command, address, "/readyz", tempfile::tempdir()?)
    }

    /// A server that does one thing with access tokens, `work` as `bench/src/bare_tokens.rs` names it, with what it is told
    /// about them in `text`.
    pub(crate) fn bare_tokens(
        programs: &Programs,
        name: &'static str,
        work: &str,
        [issuer, audience, text]: [&str; 3],
    ) -> Result<Self> {
        let address = free_address()?;
        let mut command = pinned(&programs.bare_tokens);
        command.args([work, &address.to_string(), issuer, audience, text]);
        Self::start(name, command, address, "/readyz", tempfile::tempdir()?)
    }

    /// oidc-provider under plain Node.js. `orders` is as `bench/oidc-provider/server.mjs` reads it.
    pub(crate) fn oidc_provider(programs: &Programs, orders: Value) -> Result<Self> {
        Self::plain_node("oidc-provider", &programs.oidc_provider, orders, tempfile::tempdir()?)
    }

    /// NextAuth 4 in a production build of Next.js.
    pub(crate) fn next(programs: &Programs, password_hash: &str) -> Result<Self> {
        let (mut command, address) = next_start(&programs.next)?;
        command
            .env("NEXTAUTH_URL", PUBLIC_URL)
            .env("NEXTAUTH_SECRET", SECRET)
            .env("BENCH_PASSWORD_HASH", password_hash);
        Self::start("NextAuth 4", command, address, "/api/auth/providers", tempfile::tempdir()?)
    }

    /// The `server.mjs` of a project, with its orders and what all servers are told.
    fn plain_node(name: &'static str, project: &Path, mut orders: Value, folder: TempDir) -> Result<Self> {
        let address = free_address()?;
        orders["port"] = address.port().into();
        orders["origin"] = PUBLIC_URL.into();
        orders["secret"] = SECRET.into();
        let mut command = pinned(Path::new("node"));
        command
            .arg("server.mjs")
            .current_dir(project)
            .env("NODE_ENV", "production")
            .env("BENCH", orders.to_string());
        Self::start(name, command, address, "/readyz", folder)
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The database of a server that keeps one on disk.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join(DATABASE)
    }

    /// Ends the server as an operator does and gives back its folder.
    pub(crate) fn stop(mut self) -> Result<TempDir> {
        signal(self.process(), "TERM");
        let deadline = Instant::now() + Duration::from_secs(15);
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err(format!("{} does not end", self.name).into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(std::mem::replace(&mut self.folder, tempfile::tempdir()?))
    }

    fn start(
        name: &'static str,
        mut command: Command,
        address: SocketAddr,
        ready: &str,
        folder: TempDir,
    ) -> Result<Self> {
        let log = File::create(folder.path().join("log"))?;
        let began = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|fault| format!("{} cannot be started: {fault}", command.get_program().display()))?;
        let mut server = Self { name, address, ready_after: Duration::ZERO, child, folder };
        while !is_ready(address, ready) {
            let ended = server.child.try_wait()?.is_some();
            if ended || began.elapsed() > Duration::from_secs(30) {
                let log = fs::read_to_string(server.folder.path().join("log"))?;
                return Err(format!("{name} does not become ready:\n{log}").into());
            }
            thread::sleep(Duration::from_micros(200));
        }
        server.ready_after = began.elapsed();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in process::children(self.process()) {
            signal(child, "KILL");
        }
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Keeps this process, which makes the load, off the servers' core.
pub(crate) fn pin_load() -> Result {
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", LOAD_CORE, &own])
        .stdout(Stdio::null())
        .status()
        .map_err(|fault| format!("taskset (Debian's util-linux) cannot be started: {fault}"))?;
    if pinned.success() { Ok(()) } else { Err("the benchmark needs two cores to itself".into()) }
}

/// A program on the servers' core. `taskset` becomes the program, so its process is the program's.
fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", SERVER_CORE]).arg(program);
    // What other servers of the person at the terminal are told is not for these.
    for name in ["NEXTAUTH_URL", "NEXTAUTH_SECRET", "AUTH_URL", "AUTH_SECRET", "PORT", "RUST_LOG"] {
        command.env_remove(name);
    }
    command
}

/// A built Next.js application, and where it listens.
fn next_start(application: &Path) -> Result<(Command, SocketAddr)> {
    let address = free_address()?;
    let mut command = pinned(Path::new("node"));
    command
        .args(["node_modules/next/dist/bin/next", "start", "--keepAliveTimeout", "60000"])
        .args(["--hostname", "127.0.0.1", "--port", &address.port().to_string()])
        .current_dir(application)
        .env("NODE_ENV", "production")
        .env("NEXT_TELEMETRY_DISABLED", "1");
    Ok((command, address))
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn is_ready(address: SocketAddr, path: &str) -> bool {
    let asked = || {
        let mut connection = Connection::open(address)?;
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes())?;
        connection.skip_answer()
    };
    asked().is_ok_and(|status| status == 200)
}

fn signal(process: u32, name: &str) {
    // It may have ended by itself.
    drop(Command::new("kill").args(["-s", name, "--", &process.to_string()]).stderr(Stdio::null()).status());
}

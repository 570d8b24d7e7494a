//! The program as a real process, in a folder of its own, with nothing of the caller's environment.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use url::Url;

/// A secret that nobody has published.
pub(crate) const SECRET: &str = "Zq8-marked-Yk3-0x51f7c2-Lm9-pT4v";

const PATIENCE: Duration = Duration::from_secs(20);

/// A temporary folder in which the program runs.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    lines: mpsc::Receiver<String>,
    seen: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), environment: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.path(name), text).expect("written");
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("started");
        // It may end without reading.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("ended");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        let mut child = self.command(&all).stdin(Stdio::null()).spawn().expect("started");
        let (send, lines) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for stream in streams {
            let send = send.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = send.send(line + "\n");
                }
            });
        }
        let mut server = Server { child, address: ([127, 0, 0, 1], 0).into(), lines, seen: String::new() };
        server.address = server.announced();
        server
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Server {
    /// Waits for the banner or the first line of the log, which name the port.
    fn announced(&mut self) -> SocketAddr {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            self.read_on();
            let port =
                ["Open         http://localhost:", "listens_on=127.0.0.1:", "\"listens_on\":\"127.0.0.1:"]
                    .iter()
                    .filter_map(|mark| self.seen.split_once(mark))
                    .filter_map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
                    .find(|port| *port != 0);
            if let Some(port) = port {
                return ([127, 0, 0, 1], port).into();
            }
            assert!(self.child.try_wait().expect("a child").is_none(), "it ended: {}", self.seen);
        }
        unreachable!("it said no port: {}", self.seen)
    }

    fn read_on(&mut self) {
        if let Ok(line) = self.lines.recv_timeout(Duration::from_millis(50)) {
            self.seen += &line;
        }
    }

    /// The answer to a GET, head and body.
    pub(crate) fn get(&self, path: &str) -> String {
        self.get_with(path, "")
    }

    pub(crate) fn get_with(&self, path: &str, headers: &str) -> String {
        self.ask("GET", path, headers, "")
    }

    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = self.begin(&format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}"
        ));
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    /// Opens a connection and sends this much of a request.
    pub(crate) fn begin(&self, part: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream.write_all(part.as_bytes()).expect("sent");
        stream
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), id.as_str()]).status();
        assert!(sent.expect("kill").success());
    }

    /// The exit code and everything that it said.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            self.read_on();
            if let Some(status) = self.child.try_wait().expect("a child") {
                while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(200)) {
                    self.seen += &line;
                }
                return (status.code(), std::mem::take(&mut self.seen));
            }
        }
        unreachable!("it did not end: {}", self.seen)
    }

    pub(crate) fn stop(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.ended()
    }
}

/// Somebody who comes to a server, and keeps its cookies.
pub(crate) struct Visitor<'s> {
    server: &'s Server,
    cookies: BTreeMap<String, String>,
}

impl<'s> Visitor<'s> {
    pub(crate) fn at(server: &'s Server) -> Self {
        Self { server, cookies: BTreeMap::new() }
    }

    /// Whether the session shows anybody.
    pub(crate) fn is_signed_in(&mut self) -> bool {
        self.ask("GET", "/api/auth/session", "")["user"].is_object()
    }

    /// Posts a form as NextAuth's client does. Gives the address that it is to go to.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Url {
        let csrf = self.ask("GET", "/api/auth/csrf", "");
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrfToken", csrf["csrfToken"].as_str().expect("a token"))
            .append_pair("json", "true");
        let answer = self.ask("POST", path, &form.extend_pairs(fields).finish());
        answer["url"].as_str().expect("an address").parse().expect("absolute")
    }

    /// The JSON of an answer.
    fn ask(&mut self, method: &str, path: &str, form: &str) -> Value {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = format!(
            "Cookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            cookies.join("; "),
            form.len()
        );
        let answer = self.server.ask(method, path, &headers, form);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) =
                cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        serde_json::from_str(body).expect("JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The permissions of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

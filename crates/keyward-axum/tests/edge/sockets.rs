//! What only a real connection shows: slow and greedy clients, and the drain.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use keyward_axum::{App, ConnectionLimits, EdgeSettings, Limits, serve, site};
use keyward_core::settings::Strategy;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::support::World;

const SHORT: Duration = Duration::from_millis(300);
/// Longer than any of the limits here; whoever waits so long waits in vain.
const BOUND: Duration = Duration::from_secs(10);

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<bool>,
}

impl Server {
    async fn start(application: Router) -> Self {
        Self::limited(application, ConnectionLimits { header_time: SHORT, ..ConnectionLimits::default() })
            .await
    }

    async fn limited(application: Router, limits: ConnectionLimits) -> Self {
        let edge = EdgeSettings {
            limits: Limits { body_time: SHORT, ..Limits::default() },
            ..EdgeSettings::default()
        };
        Self::around(edge, application, limits).await
    }

    async fn around(edge: EdgeSettings, application: Router, limits: ConnectionLimits) -> Self {
        Self::serving(World::with(edge, Strategy::Sealed).router().merge(application), limits).await
    }

    async fn serving(app: impl App + Sync, limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(serve(listener, app, limits, async {
            stopped.await.ok();
        }));
        Self { address, stop, ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// Sends the bytes and reads until the server closes the connection. Fails if it does not.
    async fn tell(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // A server that has heard enough may close before all is sent.
        stream.write_all(bytes).await.ok();
        rest(&mut stream).await
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is the end of it as well.
    timeout(BOUND, stream.read_to_end(&mut answer)).await.expect("closed within the bound").ok();
    String::from_utf8_lossy(&answer).into_owned()
}

const POST: &str = "POST /api/auth/callback/login HTTP/1.1\r\nhost: app.test\r\n\
    content-type: application/x-www-form-urlencoded\r\n";

#[tokio::test]
async fn a_site_answers_as_its_router_does() {
    let own =
        || Router::new().route("/own", get(async || "own\n")).route("/api/auth-own", get(async || "too\n"));
    // Of the same seed, so that what they draw is the same too.
    let site = || site(&World::new().auth, own());
    let straight = Server::serving(site(), ConnectionLimits::default()).await;
    let routed = Server::serving(Router::from(site()), ConnectionLimits::default()).await;
    let paths = [
        "/api/auth",
        "/api/auth/",
        "/api/auth/session",
        "/api/auth//session",
        "/api/auth/%73ession?x=1",
        "/api/auth/error/Configuration",
        "/api/auth/-",
        "/api/auth/-/",
        "/api/auth/-/signup",
        "/api/auth/-/mailbox",
        "/api/auth/-/assets/",
        "/api/auth/-/assets/x.css",
        "/api/auth/-/assets/x.css/y",
        "/api/auth-own",
        "/api/auths",
        "/api%2Fauth/session",
        "/API/auth/session",
        "//api/auth/session",
        "/healthz",
        "/own",
        "/",
    ];
    for (method, path) in ["GET", "HEAD", "POST", "DELETE"].into_iter().flat_map(|m| paths.map(|p| (m, p))) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: app.test\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let [a, b] = [straight.tell(request.as_bytes()).await, routed.tell(request.as_bytes()).await];
        let lines = |answer: &str| {
            let mut lines: Vec<String> =
                answer.lines().filter(|line| !line.starts_with("date:")).map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert!(a.starts_with("HTTP/1.1 "), "{method} {path}: {a}");
        assert_eq!(lines(&a), lines(&b), "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up_with_408() {
    let server = Server::start(Router::new()).await;
    let answer = server.tell(format!("{POST}content-length: 100\r\n\r\na=1").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("https://app.test/api/auth/error?error=slow_request"), "{answer}");
    let chunked =
        server.tell(format!("{POST}transfer-encoding: chunked\r\n\r\n3\r\na=1\r\n").as_bytes()).await;
    assert!(chunked.starts_with("HTTP/1.1 408 "), "{chunked}");
}

#[tokio::test]
async fn clients_who_dawdle_over_their_bodies_keep_nobody_out() {
    let limits = Limits { in_flight: 1, body_time: BOUND, ..Limits::default() };
    let edge = EdgeSettings { limits, ..EdgeSettings::default() };
    let server = Server::around(edge, Router::new(), ConnectionLimits::default()).await;
    let mut slow = server.connect().await;
    slow.write_all(format!("{POST}content-length: 100\r\n\r\na=1").as_bytes()).await.expect("sent");
    tokio::time::sleep(SHORT / 3).await;
    let get = b"GET /api/auth/csrf HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = server.tell(get).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn large_bodies_share_the_memory_and_leave_room_for_forms() {
    let limits = Limits { large_bodies: 2, body_time: BOUND, ..Limits::default() };
    let edge = EdgeSettings { limits, ..EdgeSettings::default() };
    let server = Server::around(edge, Router::new(), ConnectionLimits::default()).await;
    let head = format!("{POST}content-length: 100000\r\n\r\n");
    let unfinished = format!("{head}{}", "a".repeat(50_000));
    let mut greedy = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        stream.write_all(unfinished.as_bytes()).await.expect("sent");
        greedy.push(stream);
    }
    tokio::time::sleep(SHORT / 3).await;
    let answer = server.tell(unfinished.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("overloaded"), "{answer}");
    let form = "a".repeat(16_000);
    let form = format!("{POST}content-length: 16000\r\nconnection: close\r\n\r\n{form}");
    let answer = server.tell(form.as_bytes()).await;
    assert!(!answer.starts_with("HTTP/1.1 5"), "{answer}");

    greedy.clear();
    tokio::time::sleep(SHORT / 3).await;
    let whole = format!("{POST}content-length: 100000\r\nconnection: close\r\n\r\n{}", "a".repeat(100_000));
    let answer = server.tell(whole.as_bytes()).await;
    assert!(!answer.starts_with("HTTP/1.1 5"), "their places are free again: {answer}");
}

#[tokio::test]
async fn headers_that_do_not_arrive_close_the_connection() {
    let server = Server::start(Router::new()).await;
    let answer = server.tell(b"GET /api/auth/csrf HTTP/1.1\r\nhost: app.test\r\nx-slow: ").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(server.tell(b"").await, "", "nor does an idle one stay");
}

#[tokio::test]
async fn ten_megabytes_are_refused_before_they_are_read() {
    let server = Server::start(Router::new()).await;
    let length = 10 * 1024 * 1024;
    let mut stream = server.connect().await;
    stream.write_all(format!("{POST}content-length: {length}\r\n\r\n").as_bytes()).await.expect("sent");
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("error=body_too_large"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");

    let mut stream = server.connect().await;
    stream.write_all(format!("{POST}transfer-encoding: chunked\r\n\r\n").as_bytes()).await.expect("sent");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let mut sent = 0;
    while sent < 160 && stream.write_all(chunk.as_bytes()).await.is_ok() {
        sent += 1;
    }
    let answer = rest(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn absurd_requests_get_a_4xx_or_a_closed_connection() {
    let server = Server::start(Router::new()).await;
    let large_header =
        format!("GET /api/auth/csrf HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(1_000_000));
    let many = (0..5_000).map(|i| format!("x-{i}: 1\r\n")).collect::<String>();
    let many_headers = format!("GET /api/auth/csrf HTTP/1.1\r\nhost: a\r\n{many}\r\n");
    let long_target = format!("GET /api/auth/csrf?{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(100_000));
    let twice = format!("{POST}content-length: 4\r\ncontent-length: 5\r\n\r\nabcd");
    let bad: [&[u8]; 9] = [
        large_header.as_bytes(),
        many_headers.as_bytes(),
        long_target.as_bytes(),
        twice.as_bytes(),
        b"GET /api/auth/csrf HTTP/9.9\r\n\r\n",
        b"GET /api/auth/\x00 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /api/auth/csrf HTTP/1.1\r\nhost: a\r\n bad: folded\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n\r\n\r\n\r\nnonsense\r\n\r\n",
    ];
    for bytes in bad {
        let answer = server.tell(bytes).await;
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{start}: {answer}");
        assert!(!answer.contains("session-token"), "{start}: {answer}");
    }
    let fine = server.tell(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(fine.starts_with("HTTP/1.1 200 ") && fine.ends_with("ok\n"), "the server lives: {fine}");
}

#[tokio::test]
async fn a_body_with_two_lengths_ends_its_connection_and_hides_no_second_request() {
    let server = Server::start(Router::new()).await;
    let hidden = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let smuggled = format!("{POST}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}");
    let answer = server.tell(smuggled.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
}

#[tokio::test]
async fn a_drain_lets_running_requests_end_and_takes_no_new_ones() {
    let slow = async || {
        tokio::time::sleep(SHORT).await;
        "done"
    };
    let server = Server::start(Router::new().route("/slow", get(slow))).await;
    let mut running = server.connect().await;
    running.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let _idle = server.connect().await;
    tokio::time::sleep(SHORT / 3).await;
    server.stop.send(()).expect("it runs");
    assert!(rest(&mut running).await.ends_with("done"));
    assert!(timeout(BOUND, server.ended).await.expect("it ends").expect("without a panic"), "drained");
    assert!(TcpStream::connect(server.address).await.is_err(), "the port is free");
}

#[tokio::test]
async fn a_drain_does_not_wait_for_ever() {
    let limits = ConnectionLimits { drain_time: SHORT, ..ConnectionLimits::default() };
    let stuck = async || std::future::pending::<()>().await;
    let server = Server::limited(Router::new().route("/stuck", get(stuck)), limits).await;
    let mut running = server.connect().await;
    running.write_all(b"GET /stuck HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    tokio::time::sleep(SHORT / 3).await;
    server.stop.send(()).expect("it runs");
    assert!(!timeout(BOUND, server.ended).await.expect("it ends").expect("without a panic"));
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let limits = ConnectionLimits { connections: 1, ..ConnectionLimits::default() };
    let server = Server::limited(Router::new(), limits).await;
    let request = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut first = server.connect().await;
    first.write_all(request).await.expect("sent");
    let mut byte = [0];
    first.read_exact(&mut byte).await.expect("answered");
    let mut second = server.connect().await;
    second.write_all(request).await.expect("sent");
    assert!(timeout(SHORT, second.read_exact(&mut byte)).await.is_err(), "not its turn");
    drop(first);
    timeout(BOUND, second.read_exact(&mut byte)).await.expect("in time").expect("answered");
}

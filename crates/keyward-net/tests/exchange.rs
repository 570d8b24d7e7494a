//! The client against real sockets that behave badly.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use keyward_core::{
    port::{HttpAnswer, HttpCall, HttpClient, HttpFault},
    secret::Secret,
};
use keyward_net::OutgoingHttp;

const TIMEOUT: Duration = Duration::from_millis(400);

/// A server for one connection. Gives its port, and in the end what `serve` returned.
fn server<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (u16, thread::JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    (port, thread::spawn(move || serve(listener.accept().expect("a client").0)))
}

/// Reads a request with its body.
fn request(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a request");
        seen.push(byte[0]);
    }
    let head = String::from_utf8(seen).expect("ASCII");
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("the body");
    head + &String::from_utf8(body).expect("UTF-8")
}

fn answer(text: &'static str) -> u16 {
    let (port, _) = server(move |mut stream| {
        request(&mut stream);
        stream.write_all(text.as_bytes()).expect("written");
    });
    port
}

fn call(url: &str) -> HttpCall {
    HttpCall {
        url: url.parse().expect("a URL"),
        headers: vec![("x-api-key".into(), Secret::from("key-secret"))],
        body: Secret::from(r#"{"password":"body-secret"}"#),
        timeout: TIMEOUT,
        max_answer: 1000,
        alone: false,
    }
}

async fn ask(port: u16) -> Result<HttpAnswer, HttpFault> {
    OutgoingHttp::new().call(call(&format!("http://127.0.0.1:{port}/path-secret?q=query-secret"))).await
}

/// The text of an unreachable server, checked for what must not be in it.
fn told(outcome: Result<HttpAnswer, HttpFault>) -> String {
    let fault = outcome.expect_err("no answer");
    assert!(matches!(fault, HttpFault::Unreachable(_)), "{fault:?}");
    let text = fault.to_string();
    assert!(!text.contains("-secret"), "{text}");
    text
}

#[tokio::test]
async fn what_is_sent_is_json_with_the_headers_of_the_call_and_what_comes_back_is_returned() {
    let (port, seen) = server(|mut stream| {
        let seen = request(&mut stream);
        stream.write_all(b"HTTP/1.1 401 X\r\ncontent-length: 2\r\n\r\n{}").expect("written");
        seen
    });
    let answer = ask(port).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (401, b"{}".as_slice()));

    let seen = seen.join().expect("served");
    assert!(seen.starts_with("POST /path-secret?q=query-secret HTTP/1.1\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\n{\"password\":\"body-secret\"}"), "{seen}");
    for line in [
        "content-type: application/json",
        "accept: application/json",
        "x-api-key: key-secret",
        concat!("user-agent: keyward/", env!("CARGO_PKG_VERSION")),
    ] {
        assert_eq!(seen.matches(line).count(), 1, "{line}: {seen}");
    }
    for none in ["accept-encoding", "referer", "cookie"] {
        assert!(!seen.contains(none), "{seen}");
    }
}

#[tokio::test]
async fn a_header_of_the_call_takes_the_place_of_ours() {
    let (port, seen) = server(|mut stream| {
        let seen = request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("written");
        seen
    });
    let mut call = call(&format!("http://127.0.0.1:{port}/"));
    call.headers = vec![("Accept".into(), Secret::from("application/vnd.api+json"))];
    assert_eq!(OutgoingHttp::new().call(call).await.expect("an answer").status, 200);
    let seen = seen.join().expect("served");
    assert_eq!(seen.matches("accept:").count(), 1, "{seen}");
    assert!(seen.contains("accept: application/vnd.api+json\r\n"), "{seen}");
}

#[tokio::test]
async fn a_redirect_is_returned_as_it_is_and_not_followed() {
    let port =
        answer("HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(ask(port).await.expect("an answer").status, 307);
}

#[tokio::test]
async fn a_compressed_answer_is_left_as_it_is() {
    let port = answer("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc");
    assert_eq!(ask(port).await.expect("an answer").body, b"abc");
}

#[tokio::test]
async fn a_server_that_hangs_is_left_at_the_deadline() {
    let (port, hold) = server(|mut stream| {
        request(&mut stream);
        // Until the client goes away.
        let _ = stream.read(&mut [0]);
    });
    let start = Instant::now();
    assert_eq!(ask(port).await.expect_err("no answer"), HttpFault::Timeout(TIMEOUT));
    assert!(start.elapsed() < TIMEOUT * 5);
    tokio::task::spawn_blocking(|| hold.join().expect("the connection was closed")).await.expect("ran");
}

#[tokio::test]
async fn a_server_that_drips_is_left_at_the_deadline_too() {
    let (port, _) = server(|mut stream| {
        request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n").expect("written");
        // Each drip well within the time that the whole exchange has.
        while stream.write_all(b"x").is_ok() {
            thread::sleep(TIMEOUT / 8);
        }
    });
    assert_eq!(ask(port).await.expect_err("no answer"), HttpFault::Timeout(TIMEOUT));
}

#[tokio::test]
async fn an_answer_cut_in_its_body_is_no_answer() {
    let port = answer("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"id\":\"answer-secret");
    let text = told(ask(port).await);
    assert!(text.starts_with(&format!("the exchange broke off with 127.0.0.1:{port}: ")), "{text}");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_no_answer() {
    told(ask(answer("SSH-2.0-answer-secret\r\n\r\n")).await);
}

#[tokio::test]
async fn an_answer_as_large_as_allowed_is_read_and_one_byte_more_is_refused() {
    let sized = |length: usize| {
        let (port, _) = server(move |mut stream| {
            request(&mut stream);
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{}", "x".repeat(length));
        });
        port
    };
    assert_eq!(ask(sized(1000)).await.expect("an answer").body.len(), 1000);
    assert_eq!(ask(sized(1001)).await.expect_err("no answer"), HttpFault::TooLarge(1000));
}

#[tokio::test]
async fn an_endless_answer_without_a_length_is_refused_at_the_limit() {
    let (port, sent) = server(|mut stream| {
        request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("written");
        let mut sent = 0_usize;
        while stream.write_all(&[b'x'; 4096]).is_ok() {
            sent += 4096;
        }
        sent
    });
    assert_eq!(ask(port).await.expect_err("no answer"), HttpFault::TooLarge(1000));
    // What fits into the sockets' buffers and not more.
    let sent = tokio::task::spawn_blocking(|| sent.join().expect("ended")).await.expect("ran");
    assert!(sent < 64 * 1024 * 1024, "{sent}");
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let text = told(ask(port).await);
    assert!(text.starts_with(&format!("no connection to 127.0.0.1:{port}: ")), "{text}");
    assert!(text.contains("refused"), "{text}");
}

#[tokio::test]
async fn a_certificate_of_nobody_that_the_system_trusts_is_unreachable() {
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(identity.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![identity.cert.der().clone()], key)
        .expect("a usable certificate");
    let (port, handshake) = server(move |mut stream| {
        let mut tls = rustls::ServerConnection::new(Arc::new(config)).expect("a connection");
        tls.complete_io(&mut stream).map(|_| ())
    });
    let outcome = OutgoingHttp::new().call(call(&format!("https://localhost:{port}/path-secret"))).await;
    let text = told(outcome);
    assert!(text.starts_with(&format!("no connection to localhost:{port}: ")), "{text}");
    assert!(text.contains("certificate"), "{text}");
    assert!(handshake.join().expect("ended").is_err());
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_refused_without_its_value() {
    let mut call = call("http://127.0.0.1:1/");
    call.headers = vec![("x-api-key".into(), Secret::from("line\nbreak-secret"))];
    assert!(told(OutgoingHttp::new().call(call).await).contains("x-api-key"));
}

#[tokio::test]
async fn a_named_proxy_is_used() {
    let (port, seen) = server(|mut stream| {
        let seen = request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("written");
        seen
    });
    let client = OutgoingHttp::through(format!("http://127.0.0.1:{port}").parse().expect("a URL"));
    assert_eq!(client.call(call("http://backend.invalid/login")).await.expect("an answer").status, 200);
    assert!(seen.join().expect("served").starts_with("POST http://backend.invalid/login HTTP/1.1"));
}

async fn ask_alone(client: &OutgoingHttp, port: u16) -> Result<HttpAnswer, HttpFault> {
    let url = format!("http://127.0.0.1:{port}/path-secret?q=query-secret");
    client.call(HttpCall { alone: true, ..call(&url) }).await
}

#[tokio::test]
async fn d4_alone_on_its_connection_a_request_that_was_not_sent_is_known_for_one() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port();
    let fault = ask_alone(&OutgoingHttp::new(), free).await.expect_err("nobody listens");
    assert!(matches!(&fault, HttpFault::NotSent(why) if !why.contains("-secret")), "{fault:?}");

    let (port, _) = server(|mut stream| drop(request(&mut stream)));
    let fault = ask_alone(&OutgoingHttp::new(), port).await.expect_err("cut after it was sent");
    assert!(matches!(fault, HttpFault::Unreachable(_)), "{fault:?}");

    let (port, _) = server(drop);
    let fault = ask_alone(&OutgoingHttp::new(), port).await.expect_err("closed at once");
    assert!(matches!(fault, HttpFault::Unreachable(_)), "nobody knows how much of it arrived: {fault:?}");
}

#[tokio::test]
async fn d4_alone_means_a_new_connection_for_each_request() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let accepted = thread::spawn(move || {
        // Kept open, so that a pool would use it again.
        let mut kept = Vec::new();
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().expect("a client");
            request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").expect("written");
            kept.push(stream);
        }
        kept.len()
    });
    let client = OutgoingHttp::new();
    for _ in 0..3 {
        assert_eq!(ask_alone(&client, port).await.expect("answered").status, 200);
    }
    assert_eq!(accepted.join().expect("no panic"), 3);
}

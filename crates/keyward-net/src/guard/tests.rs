//! The guard with a client behind it and servers on two addresses of this machine: 127.0.0.1 plays the inside, and
//! 127.0.0.2 the public internet.

use std::{
    collections::VecDeque,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use keyward_core::secret::Secret;
use keyward_providers::{
    ProviderHttp as _,
    http::{Answer, Outgoing},
};
use rcgen::CertifiedKey;
use reqwest::Certificate;

use super::*;
use crate::{client::OutgoingHttp, exchange};

const INSIDE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const NAME: &str = "idp.example";

/// A resolver whose answers the test writes: each once, the last one for ever.
struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    fn answering(answers: &[&[IpAddr]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Arc::new(Self { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().expect("a lock");
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let addresses = answer.unwrap_or_default().into_iter().map(|ip| SocketAddr::new(ip, 0));
        Box::pin(async move { Ok(Box::new(addresses) as Addrs) })
    }
}

/// A web server of [`NAME`] over TLS that counts who connects.
struct Server {
    port: u16,
    connected: Arc<AtomicUsize>,
}

impl Server {
    fn at(ip: IpAddr, port: u16, identity: &CertifiedKey<rcgen::KeyPair>, answer: String) -> Self {
        let key = rustls::pki_types::PrivateKeyDer::try_from(identity.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![identity.cert.der().clone()], key.expect("a key"))
            .expect("a usable certificate");
        let config = Arc::new(config);
        let listener = TcpListener::bind((ip, port)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let connected = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connected);
        thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
                let mut tls = rustls::StreamOwned::new(connection, stream.expect("a client"));
                // Who does not trust this server goes away.
                if tls.read(&mut [0; 4096]).is_ok() {
                    let _ = tls.write_all(answer.as_bytes());
                    tls.conn.send_close_notify();
                    let _ = tls.flush();
                }
            }
        });
        Self { port, connected }
    }

    fn connected(&self) -> usize {
        self.connected.load(Ordering::SeqCst)
    }
}

fn identity() -> CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate")
}

/// A client for which only [`OUTSIDE`] is public.
fn client(names: &Arc<Names>, identity: &CertifiedKey<rcgen::KeyPair>) -> OutgoingHttp {
    let guard = Guard::new(Arc::clone(names) as Arc<dyn Resolve>, |address| address == OUTSIDE);
    let trusted = Certificate::from_der(identity.cert.der()).expect("a certificate");
    let learned = guard.over(exchange::client()).tls_certs_only([trusted]).build().expect("a client");
    OutgoingHttp::guarded(guard, learned)
}

fn outgoing(address: &str, learned: bool) -> Outgoing {
    Outgoing {
        url: address.parse().expect(address),
        learned,
        body: None,
        headers: vec![("authorization".to_owned(), Secret::from("Bearer token-secret"))],
        timeout: Duration::from_secs(5),
        max_answer: 1000,
        alone: false,
    }
}

async fn ask(client: &OutgoingHttp, port: u16) -> Result<Answer, HttpFault> {
    client.send(outgoing(&format!("https://{NAME}:{port}/path-secret?q=query-secret"), true)).await
}

/// The text of a refusal by the guard, checked for what must not be in it.
fn refused(outcome: Result<Answer, HttpFault>) -> String {
    let fault = outcome.expect_err("refused");
    let text = fault.to_string();
    assert!(matches!(fault, HttpFault::Unreachable(_)) && text.contains(REMEDY), "{text}");
    assert!(!text.contains("-secret"), "{text}");
    text
}

fn ok() -> String {
    "HTTP/1.1 200 OK\r\ncontent-type: text/x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".to_owned()
}

#[tokio::test]
async fn a_learned_name_on_the_public_internet_is_reached() {
    let identity = identity();
    let outside = Server::at(OUTSIDE, 0, &identity, ok());
    let names = Names::answering(&[&[OUTSIDE]]);
    let answer = ask(&client(&names, &identity), outside.port).await.expect("an answer");
    assert_eq!((answer.status, answer.content_type.as_deref()), (200, Some("text/x")));
    assert_eq!(
        (outside.connected(), names.asked.load(Ordering::SeqCst)),
        (1, 1),
        "one resolution, that of the connection"
    );
}

#[tokio::test]
async fn lesson_70_a_learned_name_that_leads_inside_is_not_connected_to() {
    let identity = identity();
    let inside = Server::at(INSIDE, 0, &identity, ok());
    for (case, answer) in [
        ("the inside alone", &[INSIDE] as &[IpAddr]),
        ("the inside first", &[INSIDE, OUTSIDE]),
        ("the inside last", &[OUTSIDE, INSIDE]),
        ("the inside in another spelling", &[IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped())]),
    ] {
        let text = refused(ask(&client(&Names::answering(&[answer]), &identity), inside.port).await);
        println!("{case:32} {text}");
    }
    assert_eq!(inside.connected(), 0);
}

#[tokio::test]
async fn lesson_71_a_name_that_changes_its_answer_is_judged_at_each_connection() {
    let identity = identity();
    let outside = Server::at(OUTSIDE, 0, &identity, ok());
    let inside = Server::at(INSIDE, outside.port, &identity, ok());
    let names = Names::answering(&[&[OUTSIDE], &[INSIDE]]);
    let client = client(&names, &identity);
    ask(&client, outside.port).await.expect("the first time it leads outside");
    refused(ask(&client, outside.port).await);
    refused(ask(&client, outside.port).await);
    assert_eq!((outside.connected(), inside.connected()), (1, 0));
    assert_eq!(names.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn lesson_71_a_redirect_to_the_inside_is_not_followed() {
    let identity = identity();
    let inside = Server::at(INSIDE, 0, &identity, ok());
    for target in
        [format!("https://127.0.0.1:{}/", inside.port), format!("http://127.0.0.1:{}/", inside.port)]
    {
        for status in [301, 302, 303, 307, 308] {
            let answer = format!(
                "HTTP/1.1 {status} Go\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let outside = Server::at(OUTSIDE, 0, &identity, answer);
            let client = client(&Names::answering(&[&[OUTSIDE]]), &identity);
            assert_eq!(ask(&client, outside.port).await.expect("the redirect itself").status, status);
        }
    }
    assert_eq!(inside.connected(), 0);
}

/// Each with what the guard says: part of the text, or none where it must pass.
#[tokio::test]
async fn lesson_70_no_spelling_of_an_address_on_the_inside_passes() {
    let identity = identity();
    let inside = Server::at(INSIDE, 0, &identity, ok());
    let port = inside.port;
    let client = OutgoingHttp::new();
    const OFF: &str = "is not on the public internet";
    let mut cases: Vec<(String, &str)> = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0x7F.0x0.0x0.0x1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.０.０.１",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ]
    .iter()
    .map(|host| (format!("https://{host}:{port}/"), OFF))
    .collect();
    cases.extend([
        (format!("https://user@127.0.0.1:{port}/"), OFF),
        (format!("https://example.com@127.0.0.1:{port}/"), OFF),
        (format!("https://127.0.0.1:{port}\\@example.com/"), OFF),
        (format!("https://localhost:{port}/"), "leads off the public internet"),
        (format!("https://LOCALHOST:{port}/"), "leads off the public internet"),
        (format!("http://127.0.0.1:{port}/"), "is not https"),
        (format!("http://localhost:{port}/"), "is not https"),
        ("http://example.com/".to_owned(), "is not https"),
        ("file:///etc/passwd".to_owned(), "is not https"),
        ("https://example.com:22/".to_owned(), "a port below 1024"),
        ("https://example.com:80/".to_owned(), "a port below 1024"),
        ("https://example.com:0/".to_owned(), "a port below 1024"),
    ]);
    for (address, why) in cases {
        let text = refused(client.send(outgoing(&address, true)).await);
        println!("{address:48} {text}");
        assert!(text.contains(why), "{address}: {text}");
    }
    assert_eq!(inside.connected(), 0);

    // What stands in the configuration is allowed as it is: the same server sees somebody now.
    let outcome = client.send(outgoing(&format!("https://127.0.0.1:{port}/"), false)).await;
    assert!(outcome.expect_err("an unknown certificate").to_string().contains("certificate"));
    assert_eq!(inside.connected(), 1);
}

#[tokio::test]
async fn learned_addresses_do_not_go_through_the_proxy() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", proxy.local_addr().expect("bound"));
    proxy.set_nonblocking(true).expect("set");
    let client = OutgoingHttp::through(address.parse().expect("a URL"));
    refused(client.send(outgoing("https://localhost:8443/", true)).await);
    assert!(proxy.accept().is_err(), "the proxy was connected to");
}

#[test]
fn what_may_be_public_passes_before_it_is_resolved() {
    for address in [
        "https://example.com/",
        "https://example.com:443/",
        "https://example.com:8443/",
        "https://1.1.1.1/",
        "https://[2606:4700::1]/",
    ] {
        assert_eq!(Guard::default().check(&address.parse().expect("a URL"), false), Ok(()), "{address}");
    }
}

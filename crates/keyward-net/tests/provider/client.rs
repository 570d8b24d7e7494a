//! Providers through the client: what is sent, and where a provider's document may lead.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use keyward_core::{method::redirect::Departure, port::HttpFault, request::Pairs, secret::Secret};
use keyward_net::OutgoingHttp;
use keyward_providers::{
    Cache, Code, Entry, Fault, Provider, ProviderHttp, Settings, World,
    attempt::Purpose,
    begin, complete,
    http::{Body, Outgoing},
};
use keyward_testkit::{FakeClock, SeededRandom};
use serde_json::{Value, json};

use crate::server::{Server, answer};

fn outgoing(port: u16, body: Option<Body>) -> Outgoing {
    Outgoing {
        url: format!("http://127.0.0.1:{port}/path").parse().expect("a URL"),
        learned: false,
        body,
        headers: vec![
            ("Accept".to_owned(), Secret::from("x/y")),
            ("User-Agent".to_owned(), Secret::from("us")),
        ],
        timeout: Duration::from_secs(5),
        max_answer: 1000,
        alone: false,
    }
}

#[tokio::test]
async fn each_kind_of_body_is_sent_as_what_it_is() {
    let server = Server::answering(|_| answer(418, "text/x; charset=utf-8", "tea"));
    for (body, line, media_type, sent) in [
        (None, "GET /path", None, ""),
        (Some(Body::Empty), "POST /path", None, ""),
        (Some(Body::Json(Secret::from("{}"))), "POST /path", Some("application/json"), "{}"),
        (
            Some(Body::Form(Secret::from("a=b&c=%20"))),
            "POST /path",
            Some("application/x-www-form-urlencoded"),
            "a=b&c=%20",
        ),
    ] {
        let posted = body.is_some();
        let outcome = OutgoingHttp::new().send(outgoing(server.port, body)).await.expect("an answer");
        assert_eq!((outcome.status, outcome.body.as_slice()), (418, b"tea".as_slice()));
        assert_eq!(outcome.content_type.as_deref(), Some("text/x; charset=utf-8"));

        let seen = server.seen().pop().expect("a request");
        let (head, body) = seen.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with(&format!("{line} HTTP/1.1\r\n")), "{head}");
        assert_eq!(body, sent);
        let length = format!("content-length: {}", sent.len());
        assert_eq!(head.lines().filter(|line| *line == length).count(), usize::from(posted), "{head}");
        let named = |name: &str| head.lines().filter_map(|line| line.strip_prefix(name)).collect::<Vec<_>>();
        assert_eq!(named("content-type: "), Vec::from_iter(media_type), "{head}");
        assert_eq!((named("accept: "), named("user-agent: ")), (vec!["x/y"], vec!["us"]), "{head}");
        assert_eq!(named("accept-encoding: "), [""; 0]);
    }
}

#[tokio::test]
async fn an_answer_larger_than_allowed_and_one_that_does_not_come_are_refused() {
    let large = Server::answering(|_| answer(200, "a/b", &"x".repeat(1001)));
    let fault = OutgoingHttp::new().send(outgoing(large.port, None)).await.expect_err("too large");
    assert_eq!(fault, HttpFault::TooLarge(1000));

    let slow = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let timeout = Duration::from_millis(100);
    let hanging = Outgoing { timeout, ..outgoing(slow.local_addr().expect("bound").port(), None) };
    let fault = OutgoingHttp::new().send(hanging).await.expect_err("too slow");
    assert_eq!(fault, HttpFault::Timeout(timeout));
}

/// Signs in at the issuer up to the answer of the token endpoint.
async fn sign_in(issuer: &str) -> Fault {
    let settings = Settings {
        client_id: "client".to_owned(),
        client_secret: Some(Secret::from("client-secret")),
        issuer: Some(issuer.to_owned()),
        ..Settings::default()
    };
    let provider = Provider::new("op", &Entry::openid("op", "Op"), settings).expect("settings");
    let (http, clock, random, cache) =
        (OutgoingHttp::new(), FakeClock::default(), SeededRandom::default(), Cache::default());
    let world = World { http: &http, clock: &clock, random: &random, cache: &cache };
    let asked = Pairs::default();
    let departure = Departure {
        purpose: Purpose::SignIn,
        redirect_uri: "https://app.example/api/auth/callback/op".to_owned(),
        landing: None,
        asked: &asked,
    };
    let attempt = begin(&provider, departure, &world).await.expect("the metadata is read").attempt;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let response = Pairs(vec![pair("code", "code-secret"), pair("state", &attempt.checks.state)]);
    complete(&provider, &response, &attempt, &world).await.expect_err("no tokens")
}

/// An issuer whose token endpoint, as its metadata says, is `{host}:{port}/token`.
fn issuer(token_host: &'static str, token_port: Option<u16>) -> Server {
    let own = Arc::new(Mutex::new(0));
    let port = Arc::clone(&own);
    let server = Server::answering(move |path| {
        let own = *port.lock().expect("a lock");
        let metadata: Value = json!({
            "issuer": format!("http://127.0.0.1:{own}"),
            "authorization_endpoint": format!("http://127.0.0.1:{own}/authorize"),
            "token_endpoint": format!("{token_host}:{}/token", token_port.unwrap_or(own)),
            "jwks_uri": format!("http://127.0.0.1:{own}/keys"),
        });
        match path {
            "/.well-known/openid-configuration" => answer(200, "application/json", &metadata.to_string()),
            _ => answer(400, "application/json", r#"{"error":"invalid_grant"}"#),
        }
    });
    *own.lock().expect("a lock") = server.port;
    server
}

#[tokio::test]
async fn an_issuer_on_a_private_network_is_used_on_its_own_origin() {
    let server = issuer("http://127.0.0.1", None);
    let fault = sign_in(&format!("http://127.0.0.1:{}", server.port)).await;
    assert_eq!(fault.code, Code::Token, "{fault}");
    assert_eq!(server.paths(), ["/.well-known/openid-configuration", "/token"]);
}

#[tokio::test]
async fn lesson_70_lesson_71_an_issuer_does_not_lead_to_its_neighbours() {
    let neighbour = Server::answering(|_| answer(200, "application/json", "{}"));
    for (host, port) in [
        ("http://127.0.0.1", Some(neighbour.port)),
        ("https://127.0.0.1", Some(neighbour.port)),
        ("http://localhost", Some(neighbour.port)),
        ("https://localhost", Some(neighbour.port)),
        // Its own port, but not its own origin.
        ("https://127.0.0.1", None),
        ("http://localhost", None),
        ("https://[::1]", None),
        ("https://10.0.0.1", None),
    ] {
        let server = issuer(host, port);
        let fault = sign_in(&format!("http://127.0.0.1:{}", server.port)).await;
        assert_eq!(fault.code, Code::Unreachable, "{host} {port:?}: {fault}");
        assert!(fault.detail.contains("has to stand in the configuration"), "{fault}");
        assert!(!fault.detail.contains("-secret"), "{fault}");
        assert_eq!(server.paths(), ["/.well-known/openid-configuration"], "{host} {port:?}");
    }
    assert_eq!(neighbour.connected(), 0);
}

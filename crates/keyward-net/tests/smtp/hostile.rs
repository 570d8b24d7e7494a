//! Mail against servers that hang, break off, and repeat what they should not.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use keyward_core::{
    mail::{MailFaultKind, Mailer as _},
    secret::Secret,
};
use keyward_net::{SmtpServer, SmtpTls};

use crate::{as_ada, fault, mail, mailer};

/// A conversation: for each line of the client what is answered. `None` says nothing more, and keeps the connection. An
/// answer that ends in [`HANG_UP`] ends it.
type Talk = fn(line: &str) -> Option<String>;

/// Stands for the line before the first.
const CONNECTED: &str = "(connected)";

/// Ends the connection.
const HANG_UP: &str = "hang up";

/// A server that follows a script: the first connection the first talk, and so on; the last one for all others.
struct Scripted {
    port: u16,
    heard: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Scripted {
    fn saying(talks: &'static [Talk]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&heard);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let talk = talks[number.min(talks.len() - 1)];
                let all = Arc::clone(&all);
                all.lock().expect("a lock").push(Vec::new());
                thread::spawn(move || converse(stream.expect("a client"), talk, number, &all));
            }
        });
        Self { port, heard }
    }

    fn server(&self) -> SmtpServer {
        SmtpServer {
            port: Some(self.port),
            tls: Some(SmtpTls::None),
            timeout: Duration::from_secs(20),
            ..SmtpServer::at("127.0.0.1")
        }
    }

    fn heard(&self) -> Vec<Vec<String>> {
        self.heard.lock().expect("a lock").clone()
    }
}

fn converse(mut stream: TcpStream, talk: Talk, number: usize, heard: &Mutex<Vec<Vec<String>>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
    let mut line = CONNECTED.to_owned();
    loop {
        if let Some(answer) = talk(&line) {
            let last = answer.strip_suffix(HANG_UP);
            let _ = stream.write_all(last.unwrap_or(&answer).as_bytes());
            if last.is_some() {
                return;
            }
        }
        let Some(next) = lines.next() else { return };
        heard.lock().expect("a lock")[number].push(next.clone());
        line = next;
    }
}

/// What a server says that takes everything.
fn willing(line: &str) -> Option<String> {
    let verb = line.split(' ').next().unwrap_or_default();
    let answer = match verb {
        CONNECTED => "220 ready",
        "EHLO" => "250-hello\r\n250 AUTH PLAIN",
        "AUTH" => "235 welcome",
        "MAIL" | "RCPT" | "NOOP" | "QUIT" => "250 fine",
        "DATA" => "354 go on",
        "." => "250 taken",
        _ => return None,
    };
    Some(format!("{answer}\r\n"))
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_at_the_deadline() {
    for talk in [
        &[(|_: &str| None) as Talk] as &'static [Talk],
        &[|line| if line.starts_with("EHLO") { None } else { willing(line) }],
        &[|line| if line.starts_with("MAIL") { None } else { willing(line) }],
        &[|line| if line == "." { None } else { willing(line) }],
    ] {
        let scripted = Scripted::saying(talk);
        let start = Instant::now();
        let server = SmtpServer { timeout: Duration::from_millis(700), ..scripted.server() };
        let text = fault(mailer(server).send(mail("ada@example.com")).await, MailFaultKind::Timeout);
        assert!(
            text.contains(&format!("127.0.0.1:{} did not take it within 700ms", scripted.port)),
            "{text}"
        );
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_delivery_that_was_given_up_does_not_reach_into_the_next() {
    let scripted = Scripted::saying(&[|line| if line == "DATA" { None } else { willing(line) }, willing]);
    let mailer = mailer(SmtpServer { timeout: Duration::from_secs(2), ..scripted.server() });
    fault(mailer.send(mail("ada@example.com")).await, MailFaultKind::Timeout);
    mailer.send(mail("bo@example.com")).await.expect("sent");
    mailer.send(mail("cy@example.com")).await.expect("sent");
    let heard = scripted.heard();
    let recipients =
        |lines: &[String]| lines.iter().filter(|line| line.starts_with("RCPT")).cloned().collect::<Vec<_>>();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!(recipients(&heard[0]), ["RCPT TO:<ada@example.com>"]);
    assert_eq!(heard[0].last().map(String::as_str), Some("DATA"), "nothing follows what was given up");
    assert_eq!(recipients(&heard[1]), ["RCPT TO:<bo@example.com>", "RCPT TO:<cy@example.com>"]);
}

#[tokio::test]
async fn a_delivery_whose_caller_went_away_does_not_reach_into_the_next() {
    let scripted = Scripted::saying(&[|line| if line == "." { None } else { willing(line) }, willing]);
    let mailer = mailer(scripted.server());
    let given_up =
        tokio::time::timeout(Duration::from_millis(300), mailer.send(mail("ada@example.com"))).await;
    assert!(given_up.is_err());
    mailer.send(mail("bo@example.com")).await.expect("sent");
    let heard = scripted.heard();
    assert!(heard[1].contains(&"RCPT TO:<bo@example.com>".to_owned()), "{heard:?}");
    assert!(!heard[0].iter().any(|line| line.contains("bo@")), "{heard:?}");
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_done_with_is_replaced_and_the_mail_goes_out_once() {
    for done in [
        (|line: &str| if line == "." { Some("250 taken\r\nhang up".to_owned()) } else { willing(line) })
            as Talk,
        |line| {
            if line == "." { Some("250 taken\r\n421 that is enough\r\n".to_owned()) } else { willing(line) }
        },
    ] {
        let scripted = Scripted::saying(Box::leak(Box::new([done, willing])));
        let mailer = mailer(scripted.server());
        mailer.send(mail("ada@example.com")).await.expect("sent");
        mailer.send(mail("bo@example.com")).await.expect("sent on a new connection");
        mailer.send(mail("cy@example.com")).await.expect("sent on the same");
        let heard = scripted.heard();
        assert_eq!(heard.len(), 2, "{heard:?}");
        let taken = |lines: &[String]| lines.iter().filter(|line| *line == ".").count();
        assert_eq!((taken(&heard[0]), taken(&heard[1])), (1, 2), "{heard:?}");
    }
}

#[tokio::test]
async fn a_mail_that_the_server_may_have_taken_is_not_sent_again() {
    let breaks_off = |line: &str| match line {
        "To: bo@example.com" => Some(HANG_UP.to_owned()),
        _ => willing(line),
    };
    let scripted = Scripted::saying(Box::leak(Box::new([breaks_off as Talk])));
    let mailer = mailer(scripted.server());
    mailer.send(mail("ada@example.com")).await.expect("sent");
    fault(mailer.send(mail("bo@example.com")).await, MailFaultKind::Unreachable);
    assert_eq!(scripted.heard().len(), 1, "one connection: {:?}", scripted.heard());
}

#[tokio::test]
async fn a_server_that_breaks_off_or_is_none_is_unreachable() {
    for talk in [
        &[(|_: &str| Some(HANG_UP.to_owned())) as Talk] as &'static [Talk],
        &[|_| Some("HTTP/1.1 400 Bad Request\r\n\r\n".to_owned())],
        &[|line| if line.starts_with("RCPT") { Some(HANG_UP.to_owned()) } else { willing(line) }],
        &[|_| Some(format!("220-{}\r\n", "x".repeat(20_000)))],
    ] {
        let scripted = Scripted::saying(talk);
        let outcome = mailer(scripted.server()).send(mail("ada@example.com")).await;
        let text = fault(outcome, MailFaultKind::Unreachable);
        assert!(text.contains(&format!("127.0.0.1:{}", scripted.port)) && text.len() < 400, "{text}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let server = SmtpServer { port: Some(port), ..SmtpServer::at("127.0.0.1") };
    let text = fault(mailer(server).send(mail("ada@example.com")).await, MailFaultKind::Unreachable);
    assert!(
        text.starts_with(&format!("no connection to 127.0.0.1:{port}: ")) && text.contains("refused"),
        "{text}"
    );
}

#[tokio::test]
async fn what_a_server_repeats_of_password_and_mail_does_not_get_into_the_log() {
    let scripted = Scripted::saying(&[|line| match line.split(' ').next() {
        Some("AUTH") => Some(format!("535 5.7.8 I do not like {line} (pass word:%)\r\n")),
        _ => willing(line),
    }]);
    let text =
        fault(mailer(as_ada(scripted.server())).send(mail("ada@example.com")).await, MailFaultKind::Refused);
    assert!(text.ends_with("refused user and password: 535 5.7.8"), "{text}");

    let scripted = Scripted::saying(&[|line| match line {
        "." => {
            Some("554-5.7.1 spam:\r\n554 5.7.1 \u{7}<https://a.example/?link-secret> it is\r\n".to_owned())
        }
        line => willing(line),
    }]);
    let text = fault(mailer(scripted.server()).send(mail("ada@example.com")).await, MailFaultKind::Refused);
    assert!(text.ends_with("refused the mail: 554 5.7.1 spam: … it is"), "{text}");
}

#[tokio::test]
async fn a_server_that_greets_with_a_refusal_refuses() {
    let scripted = Scripted::saying(&[|_| Some("554 5.3.2 not today\r\n".to_owned())]);
    let text = fault(mailer(scripted.server()).send(mail("ada@example.com")).await, MailFaultKind::Refused);
    assert!(text.ends_with("refused the connection: 554 5.3.2 not today"), "{text}");
}

#[tokio::test]
async fn a_server_without_a_way_to_take_the_password_does_not_get_it() {
    let scripted = Scripted::saying(&[|line| match line.split(' ').next() {
        Some("EHLO") => Some("250 hello\r\n".to_owned()),
        _ => willing(line),
    }]);
    let server = SmtpServer { password: Some(Secret::from("p")), ..as_ada(scripted.server()) };
    let text = fault(mailer(server).send(mail("ada@example.com")).await, MailFaultKind::Refused);
    assert!(text.contains("can't take user and password"), "{text}");
    assert!(
        !scripted.heard().concat().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL"))
    );
}

/// Answers in the clear behind the one to STARTTLS: they are nobody's who holds the certificate.
#[tokio::test]
async fn what_was_said_before_the_encryption_is_not_taken_for_what_is_said_in_it() {
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
    let config = Arc::new(config);
    for (injected, kind) in [
        ("", MailFaultKind::Refused),
        (
            "250-hello\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 a\r\n250 b\r\n354 c\r\n250 taken\r\n",
            MailFaultKind::Unreachable,
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let config = Arc::clone(&config);
        thread::spawn(move || {
            let mut stream = listener.accept().expect("a client").0;
            let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
            for answer in ["220 ready\r\n", "250-hello\r\n250 STARTTLS\r\n"] {
                stream.write_all(answer.as_bytes()).expect("written");
                lines.next().expect("a line").expect("read");
            }
            stream.write_all(format!("220 go\r\n{injected}").as_bytes()).expect("written");
            // From here on the server itself, which refuses.
            let tls = rustls::ServerConnection::new(config).expect("a connection");
            let mut lines = BufReader::new(rustls::StreamOwned::new(tls, stream));
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                let answer =
                    if line.starts_with("EHLO") { "250-hello\r\n250 AUTH PLAIN\r\n" } else { "535 no\r\n" };
                let _ = lines.get_mut().write_all(answer.as_bytes());
                line.clear();
            }
        });
        let server = SmtpServer {
            port: Some(port),
            tls: Some(SmtpTls::StartTls),
            certificates: Some(identity.cert.pem()),
            timeout: Duration::from_secs(5),
            ..SmtpServer::at("localhost")
        };
        println!("{}", fault(mailer(as_ada(server)).send(mail("ada@example.com")).await, kind));
    }
}

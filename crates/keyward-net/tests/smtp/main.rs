//! Mail against Exim, and against servers that behave badly.

mod exim;
mod hostile;

use std::sync::Arc;

use exim::{Exim, Options};
use keyward_core::{
    mail::{Mail, MailFault, MailFaultKind, Mailer as _},
    secret::Secret,
};
use keyward_net::{SmtpMailer, SmtpServer, SmtpTls};
use keyward_testkit::{FakeClock, SeededRandom};

const PASSWORD: &str = "pass word:%";

fn mailer(server: SmtpServer) -> SmtpMailer {
    let (clock, random) = (Arc::new(FakeClock::default()), Arc::new(SeededRandom::default()));
    SmtpMailer::new(server, "Acme <no-reply@acme.example>", clock, random).expect("settings")
}

fn as_ada(server: SmtpServer) -> SmtpServer {
    SmtpServer { user: Some("ada".to_owned()), password: Some(Secret::from(PASSWORD)), ..server }
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Sign in to Acme".to_owned(),
        text: "Open\n.\n..\nhttps://app.example/callback?token=link-secret\n".to_owned(),
        html: "<p><a href=\"https://app.example/callback?token=link-secret\">Sign in</a></p>".to_owned(),
    }
}

/// The fault, checked for what must not be in it.
fn fault(outcome: Result<(), MailFault>, kind: MailFaultKind) -> String {
    let fault = outcome.expect_err("not sent");
    assert_eq!(fault.kind, kind, "{fault}");
    for secret in [PASSWORD, "link-secret", "AGFkYQ"] {
        assert!(!fault.detail.contains(secret), "{fault}");
    }
    fault.detail
}

/// The header's value.
fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    let head = mail.split("\n\n").next().unwrap_or_default();
    let start = format!("{name}: ");
    head.lines().find_map(|line| line.strip_prefix(&start)).expect(name)
}

#[tokio::test]
async fn a_mail_goes_out_by_starttls_with_user_and_password() {
    let mut exim = Exim::with(&Options { authenticated: true, ..Options::default() });
    mailer(as_ada(exim.server(SmtpTls::StartTls))).send(mail("ada@example.com")).await.expect("sent");
    let mails = exim.mails(1);
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    for (name, value) in [
        ("Return-path", "<no-reply@acme.example>"),
        ("Envelope-to", "ada@example.com"),
        ("From", "Acme <no-reply@acme.example>"),
        ("To", "ada@example.com"),
        ("Subject", "Sign in to Acme"),
        ("Auto-Submitted", "auto-generated"),
    ] {
        assert_eq!(header(mail, name), value, "{mail}");
    }
    assert!(mail.contains("\n\nOpen\n.\n..\nhttps://app.example/callback?token=link-secret\n"), "{mail}");
    assert!(mail.contains(">Sign in</a></p>"), "{mail}");
    exim.logs("X=TLS1.3");
    exim.logs("A=one:ada");
}

#[tokio::test]
async fn a_mail_goes_out_over_implicit_tls() {
    let mut exim = Exim::with(&Options { authenticated: true, ..Options::default() });
    mailer(as_ada(exim.server(SmtpTls::Implicit))).send(mail("ada@example.com")).await.expect("sent");
    assert_eq!(header(&exim.mails(1)[0], "Envelope-to"), "ada@example.com");
    exim.logs("X=TLS1.3");
    exim.logs("A=one:ada");
}

#[tokio::test]
async fn a_server_that_knows_the_older_login_alone_is_spoken_to() {
    let options = Options { authenticated: true, mechanism: "LOGIN", ..Options::default() };
    let mut exim = Exim::with(&options);
    mailer(as_ada(exim.server(SmtpTls::StartTls))).send(mail("ada@example.com")).await.expect("sent");
    exim.mails(1);
    exim.logs("A=one:ada");
}

#[tokio::test]
async fn on_the_own_machine_a_mail_goes_out_unencrypted_if_nothing_else_is_said() {
    let mut exim = Exim::start();
    let address = format!("smtp://localhost:{}", exim.port);
    mailer(SmtpServer::from_url(&address).expect("an address"))
        .send(mail("ada@example.com"))
        .await
        .expect("sent");
    exim.mails(1);
    assert!(!exim.log().contains("X=TLS"), "{}", exim.log());
}

#[tokio::test]
async fn encryption_on_offer_is_taken_and_done_without_where_nobody_insists() {
    for starttls in [true, false] {
        let mut exim = Exim::with(&Options { starttls, ..Options::default() });
        mailer(exim.server(SmtpTls::Opportunistic)).send(mail("ada@example.com")).await.expect("sent");
        exim.mails(1);
        assert_eq!(exim.log().contains("X=TLS"), starttls, "{}", exim.log());
    }
}

#[tokio::test]
async fn without_the_encryption_that_is_asked_for_nothing_is_sent() {
    let exim = Exim::with(&Options { starttls: false, ..Options::default() });
    let outcome = mailer(as_ada(exim.server(SmtpTls::StartTls))).send(mail("ada@example.com")).await;
    let text = fault(outcome, MailFaultKind::Refused);
    assert!(text.contains("STARTTLS"), "{text}");
    assert!(!exim.log().contains("AUTH") && exim.arrived().is_empty(), "{}", exim.log());
}

#[tokio::test]
async fn a_wrong_password_is_refused_with_the_servers_code() {
    let exim = Exim::with(&Options { authenticated: true, ..Options::default() });
    let server = exim.server(SmtpTls::StartTls);
    let server = SmtpServer { password: Some(Secret::from("wrong link-secret")), ..as_ada(server) };
    let text = fault(mailer(server).send(mail("ada@example.com")).await, MailFaultKind::Refused);
    assert!(text.ends_with("refused user and password: 535"), "{text}");

    let text = fault(
        mailer(exim.server(SmtpTls::StartTls)).send(mail("ada@example.com")).await,
        MailFaultKind::Refused,
    );
    assert!(text.contains("refused the mail: 550") && text.ends_with("5.7.0 who are you"), "{text}");
    assert!(exim.arrived().is_empty());
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_or_of_another_name_is_not_trusted() {
    let own = Exim::start();
    let other = Exim::with(&Options { name: "other.example", ..Options::default() });
    for tls in [SmtpTls::Implicit, SmtpTls::StartTls] {
        // The system's roots do not know it.
        let unknown = SmtpServer { certificates: None, ..own.server(tls) };
        for server in [unknown, other.server(tls)] {
            let insecure = SmtpServer { dangerous_accept_invalid_certificate: true, ..server.clone() };
            let text =
                fault(mailer(as_ada(server)).send(mail("ada@example.com")).await, MailFaultKind::Unreachable);
            assert!(text.contains("certificate"), "{text}");
            mailer(insecure).send(mail("ada@example.com")).await.expect("sent, as was asked for");
        }
    }
    assert!(!own.log().contains("A=one") && !other.log().contains("A=one"));
}

#[tokio::test]
async fn refusals_carry_the_servers_code_and_words_but_no_link() {
    let exim = Exim::start();
    let mailer = mailer(exim.server(SmtpTls::None));
    let place = format!("localhost:{}", exim.port);
    for (mail, wanted) in [
        (mail("nobody@example.com"), format!("{place} refused the mail: 550 5.1.1 nobody here")),
        (mail("later@example.com"), format!("{place} refused the mail: 451 4.2.2 come back later")),
        (
            Mail { text: "forbidden".to_owned(), ..mail("ada@example.com") },
            format!("{place} refused the mail: 550 5.7.1 filter found … in the mail"),
        ),
    ] {
        assert_eq!(fault(mailer.send(mail).await, MailFaultKind::Refused), wanted);
    }
    mailer.send(mail("ada@example.com")).await.expect("a refusal spoils nothing");
}

#[tokio::test]
async fn lesson_75_the_server_gets_the_address_byte_for_byte() {
    let mut exim = Exim::start();
    let mailer = mailer(exim.server(SmtpTls::StartTls));
    let addresses = ["o'neil+a=b@example.com", "!#$%&'*+-/=?^_`{|}~@example.com", "käse@bücher.example"];
    for address in addresses {
        mailer.send(mail(address)).await.expect(address);
    }
    let quoted = fault(mailer.send(mail("\"ada@evil.example\"@example.com")).await, MailFaultKind::Refused);
    assert!(quoted.contains("no normalised address"), "{quoted}");
    for address in addresses {
        exim.logs(&format!(" for {address}\n"));
    }
    assert_eq!(exim.log().matches(" <= no-reply@acme.example ").count(), addresses.len());
}

#[tokio::test]
async fn a_connection_is_used_again_and_replaced_when_the_server_has_closed_it() {
    let mut exim = Exim::with(&Options { waits: "1s", ..Options::default() });
    let mailer = mailer(exim.server(SmtpTls::StartTls));
    let connections = |exim: &Exim| exim.log().matches("SMTP connection from ").count();
    mailer.send(mail("ada@example.com")).await.expect("sent");
    let first = connections(&exim);
    mailer.send(mail("bo@example.com")).await.expect("sent");
    assert_eq!(connections(&exim), first, "{}", exim.log());
    exim.logs("SMTP command timeout");
    mailer.send(mail("cy@example.com")).await.expect("sent");
    assert_eq!(exim.mails(3).len(), 3);
}

#[tokio::test]
async fn many_mails_at_once_reach_everybody_once() {
    let mut exim = Exim::start();
    let mailer = Arc::new(mailer(exim.server(SmtpTls::StartTls)));
    let sending: Vec<_> = (0..30)
        .map(|number| {
            let mailer = Arc::clone(&mailer);
            tokio::spawn(async move { mailer.send(mail(&format!("p{number:02}@example.com"))).await })
        })
        .collect();
    for one in sending {
        one.await.expect("ran").expect("sent");
    }
    let mails = exim.mails(30);
    let mut reached: Vec<&str> = mails.iter().map(|mail| header(mail, "Envelope-to")).collect();
    reached.sort_unstable();
    let everybody: Vec<String> = (0..30).map(|number| format!("p{number:02}@example.com")).collect();
    assert_eq!(reached, everybody);
    assert!(mails.iter().all(|mail| header(mail, "To") == header(mail, "Envelope-to")));
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let clock = Arc::new(FakeClock::default());
    let random = Arc::new(SeededRandom::default());
    let new = |server: SmtpServer, from: &str| {
        SmtpMailer::new(server, from, Arc::clone(&clock) as _, Arc::clone(&random) as _)
            .map_err(|mistake| mistake.setting)
    };
    let at = || SmtpServer::at("mail.example");
    for from in [
        "no-reply@acme.example",
        " Acme <no-reply@acme.example> ",
        "\"Acme, Inc.\" <a@b.example>",
        "Käse <a@b.example>",
    ] {
        let mailer = new(at(), from).expect(from);
        assert!(format!("{mailer:?}").contains("mail.example:587"), "{mailer:?}");
    }
    for from in [
        "",
        "Acme",
        "a@b.example, c@d.example",
        "Acme <a@b.example>\r\nBcc: eve@evil.example",
        "<a@b>",
        "\"a b\"@c.example",
    ] {
        assert_eq!(new(at(), from).expect_err(from), "from");
    }
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for certificates in ["", "no PEM", pem] {
        let server = SmtpServer { certificates: Some(certificates.to_owned()), ..at() };
        assert_eq!(new(server, "a@b.example").expect_err(certificates), "ca_file");
    }
    let debug = format!("{:?}", new(as_ada(at()), "a@b.example").expect("settings"));
    assert!(!debug.contains(PASSWORD), "{debug}");
}

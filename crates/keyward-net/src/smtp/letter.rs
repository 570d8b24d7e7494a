//! A mail as the server gets it: envelope and message (RFC 5322).

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use keyward_core::{
    mail::{Mail, MailFault, MailFaultKind},
    policy::email,
    port::{Random, uuid},
    time::Timestamp,
};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::extension::{Extension, MailBodyParameter, MailParameter, ServerInfo},
};

/// What goes over the wire.
pub(super) struct Letter {
    pub(super) envelope: Envelope,
    pub(super) message: Vec<u8>,
}

impl Letter {
    /// What the server has to be told about the letter, or the extension that it lacks for it.
    pub(super) fn parameters(&self, server: &ServerInfo) -> Result<Vec<MailParameter>, Extension> {
        let addresses = self.envelope.from().into_iter().chain(self.envelope.to());
        let beyond_ascii = addresses.map(AsRef::<str>::as_ref).any(|address| !address.is_ascii());
        let wanted = [
            (beyond_ascii, Extension::SmtpUtfEight, MailParameter::SmtpUtfEight),
            (
                !self.message.is_ascii(),
                Extension::EightBitMime,
                MailParameter::Body(MailBodyParameter::EightBitMime),
            ),
        ];
        let wanted = wanted.into_iter().filter(|(needed, ..)| *needed);
        wanted
            .map(
                |(_, extension, parameter)| {
                    if server.supports_feature(extension) { Ok(parameter) } else { Err(extension) }
                },
            )
            .collect()
    }
}

/// Writes the mail down.
pub(super) fn write(
    mail: &Mail,
    sender: &Mailbox,
    now: Timestamp,
    random: &dyn Random,
) -> Result<Letter, MailFault> {
    let to = recipient(&mail.to)?;
    let envelope = Envelope::new(Some(sender.email.clone()), vec![to.clone()]).map_err(unwritable)?;
    let date = UNIX_EPOCH + Duration::from_secs(u64::try_from(now.secs()).unwrap_or_default());
    // A header is a line. What would begin another one is not the subject's business.
    let subject = mail.subject.replace(|c: char| c.is_control(), " ");
    let mut message = Message::builder()
        .from(sender.clone())
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(date)
        .message_id(Some(format!("<{}@{}>", uuid(random), sender.email.domain())))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(unwritable)?;
    // RFC 3834: nobody's absence is to answer this.
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    message.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
    Ok(Letter { envelope, message: message.formatted() })
}

/// The address to the letter. Our grammar has one reading of it, and nothing parses it again: lesson 75.
fn recipient(to: &str) -> Result<Address, MailFault> {
    match to.split_once('@') {
        Some((user, domain)) if email::normalise(to).as_deref() == Some(to) => {
            Ok(Address::new_dangerous(user, domain))
        }
        _ => Err(unwritable("the recipient is no normalised address")),
    }
}

fn unwritable(why: impl fmt::Display) -> MailFault {
    MailFault { kind: MailFaultKind::Refused, detail: format!("it can't be written: {why}") }
}

#[cfg(test)]
mod tests {
    use keyward_testkit::SeededRandom;

    use super::*;

    fn mail(to: &str) -> Mail {
        Mail {
            to: to.to_owned(),
            subject: "Sign in".to_owned(),
            text: "Open https://app.example/x".to_owned(),
            html: "<p>Open</p>".to_owned(),
        }
    }

    fn written(mail: &Mail) -> Result<(String, String), MailFault> {
        let sender = "Käse & Co <no-reply@acme.example>".parse().expect("a sender");
        let now = Timestamp::from_secs(1_795_264_200);
        let letter = write(mail, &sender, now, &SeededRandom::default())?;
        let to: Vec<&str> = letter.envelope.to().iter().map(AsRef::as_ref).collect();
        Ok((to.join(" "), String::from_utf8(letter.message).expect("UTF-8")))
    }

    #[test]
    fn a_letter_says_who_to_whom_when_and_that_nobody_wrote_it() {
        let (to, message) = written(&mail("ada@example.com")).expect("written");
        assert_eq!(to, "ada@example.com");
        let headers: Vec<&str> = message.split("\r\n\r\n").next().unwrap_or_default().split("\r\n").collect();
        let all = |name: &str| headers.iter().filter_map(|line| line.strip_prefix(name)).collect::<Vec<_>>();
        assert_eq!(all("To: "), ["ada@example.com"]);
        assert_eq!(all("Subject: "), ["Sign in"]);
        assert_eq!(all("Date: "), ["Sat, 21 Nov 2026 12:30:00 +0000"]);
        assert_eq!(all("Auto-Submitted: "), ["auto-generated"]);
        assert_eq!(all("MIME-Version: "), ["1.0"]);
        let [from] = all("From: ")[..] else { panic!("{message}") };
        assert!(from.ends_with(" <no-reply@acme.example>") && from.is_ascii(), "{from}");
        let [id] = all("Message-ID: ")[..] else { panic!("{message}") };
        assert!(id.starts_with('<') && id.ends_with("@acme.example>") && id.len() > 40, "{id}");
        assert!(message.contains("Content-Type: multipart/alternative;"), "{message}");
        let (text, html) =
            (message.find("text/plain").expect("text"), message.find("text/html").expect("HTML"));
        assert!(text < html, "the richest part last (RFC 2046 §5.1.4)");
    }

    #[test]
    fn lesson_75_the_recipient_is_the_address_byte_for_byte_or_nobody() {
        for fine in [
            "ada@example.com",
            "o'neil+x=y@a.b.example",
            "!#$%&'*+-/=?^_`{|}~@example.com",
            "käse@bücher.example",
        ] {
            assert_eq!(written(&mail(fine)).expect(fine).0, fine);
        }
        for bad in [
            "",
            "ada",
            "Ada@example.com",
            " ada@example.com",
            "\"ada@evil.example\"@example.com",
            "\"ada\\\"@evil.example> \"@example.com",
            "ada@evil.example,ada@example.com",
            "ada@evil.example ada@example.com",
            "Ada <ada@example.com>",
            "ada@example.com> SIZE=1",
            "ada@example.com\r\nRCPT TO:<ada@evil.example>",
            "ada(comment)@example.com",
            "ada@evil.example@example.com",
            "ada@[127.0.0.1]",
        ] {
            let fault = written(&mail(bad)).expect_err(bad);
            assert_eq!(fault.kind, MailFaultKind::Refused, "{bad}");
            assert!(!fault.detail.contains("example"), "{fault}");
        }
    }

    #[test]
    fn lesson_76_a_subject_is_one_line_and_adds_no_header() {
        for subject in
            ["a\r\nBcc: eve@evil.example", "a\nBcc: eve@evil.example", "a\rBcc: x", "ä\r\n\r\nBcc: x"]
        {
            let (_, message) =
                written(&Mail { subject: subject.to_owned(), ..mail("ada@example.com") }).expect("written");
            let head = message.split("\r\n\r\n").next().unwrap_or_default();
            assert!(!head.contains("\nBcc") && !head.contains("\rBcc"), "{head}");
        }
    }
}

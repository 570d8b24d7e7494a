//! What the log is told of a mail that was not taken.

use std::error::Error;

use keyward_core::mail::{MailFault, MailFaultKind};
use lettre::transport::smtp::Error as SmtpError;

use crate::fault::innermost;

/// Longest text of a server.
const LONGEST: usize = 200;
/// Longer than any word of a language; as long as keys and tokens are.
const LONGEST_WORD: usize = 40;

/// Why the step failed at the server in `place`.
pub(super) fn failed(place: &str, step: Step, error: &SmtpError) -> MailFault {
    let (kind, what) = match error.status() {
        Some(code) => (
            MailFaultKind::Refused,
            format!("{place} refused {}: {code} {}", step.what(), words(step, error)),
        ),
        None if error.is_timeout() => (MailFaultKind::Timeout, format!("{place} did not answer in time")),
        // What the server lacks: STARTTLS, a way to authenticate, addresses beyond ASCII.
        None if error.is_client() => {
            (MailFaultKind::Refused, format!("{place} can't take {}: {}", step.what(), innermost(error)))
        }
        None => {
            let broken = match step {
                Step::Connection => return no_connection(place, error),
                Step::Encryption => "no encryption with",
                Step::Authentication | Step::Delivery => "the conversation broke off with",
            };
            (MailFaultKind::Unreachable, format!("{broken} {place}: {}", innermost(error)))
        }
    };
    MailFault { kind, detail: what.trim_end().to_owned() }
}

/// Why there is no connection to the server in `place`.
pub(super) fn no_connection(place: &str, error: &dyn Error) -> MailFault {
    let detail = format!("no connection to {place}: {}", innermost(error));
    MailFault { kind: MailFaultKind::Unreachable, detail }
}

/// A part of the conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Connection,
    Encryption,
    Authentication,
    Delivery,
}

impl Step {
    /// What the server takes in it, or does not.
    fn what(self) -> &'static str {
        match self {
            Self::Connection => "the connection",
            Self::Encryption => "encryption",
            Self::Authentication => "user and password",
            Self::Delivery => "the mail",
        }
    }
}

/// The server's words, where they can't repeat a secret: servers quote what they were sent, the line with the
/// password or the link that a filter did not like.
fn words(step: Step, error: &SmtpError) -> String {
    let said = innermost(error);
    if step == Step::Authentication {
        let enhanced = said.split(' ').next().unwrap_or_default();
        let is_code = enhanced.len() <= 9 && enhanced.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        return if is_code { enhanced.to_owned() } else { String::new() };
    }
    let safe = |word: &str| !word.contains("://") && word.chars().count() <= LONGEST_WORD;
    let words: Vec<&str> = said.split_whitespace().map(|word| if safe(word) { word } else { "…" }).collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

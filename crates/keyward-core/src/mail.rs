//! Mail: what is sent, and the port that sends it.

mod account;
mod mailbox;
mod seal;

use std::{fmt, time::Duration};

use async_trait::async_trait;

pub use self::{
    account::{AccountLetter, AccountLetterKind, AccountLetters},
    mailbox::{Kept, Mailbox},
    seal::MailSeal,
};

/// A mail to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The one address of the envelope, normalised ([`crate::policy::email`]): handed to the mail server as it
    /// stands here, never parsed again (lesson 75).
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Whom it goes to alone: it holds a link that signs in.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("to", &self.to).finish_non_exhaustive()
    }
}

/// Why a mail was not taken by the mail server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mail was not sent: {detail}")]
pub struct MailFault {
    /// Which kind of failure.
    pub kind: MailFaultKind,
    /// For the log: the server's words or the network's. Holds no password and no link.
    pub detail: String,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailFaultKind {
    /// The server took the connection and refused: the address, the sender, the password.
    Refused,
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    Timeout,
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail to the mail server. `Ok` means that the server took it, not that it arrived.
    async fn send(&self, mail: Mail) -> Result<(), MailFault>;
}

/// What a mail says, without its addressee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// What stands behind a mail that signs in.
#[derive(Clone, Copy, Debug)]
pub struct LinkLetter<'a> {
    /// The normalised address that it goes to.
    pub email: &'a str,
    /// The application's host, for people to read.
    pub host: &'a str,
    /// The link. `None`: nobody has the address and no account is made for it, which is what the mail then says.
    pub url: Option<&'a str>,
    /// For how long the link is good.
    pub lifetime: Duration,
}

/// Puts mails into words.
pub trait Letters: Send + Sync {
    /// The mail with a link that signs in.
    fn link(&self, link: &LinkLetter<'_>) -> Letter;
}

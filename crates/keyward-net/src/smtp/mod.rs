//! Mail over SMTP (RFC 5321, RFC 8314): the [`Mailer`] port over lettre.

mod connection;
mod fault;
mod letter;
mod plain;
mod server;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use keyward_core::{
    mail::{Mail, MailFault, MailFaultKind, Mailer},
    port::{Clock, Random},
};
use lettre::{Address, message::Mailbox};

use connection::Connections;
pub use server::{SmtpMistake, SmtpServer, SmtpTls};

/// Hands mails to one mail server.
///
/// Connections are kept for a short while and used again, at most eight at a time. A delivery that takes longer
/// than the server's timeout is given up, whatever it waits for.
pub struct SmtpMailer {
    sender: Mailbox,
    connections: Connections,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl SmtpMailer {
    /// Sends through `server`, in the name of `from`: `Acme <no-reply@acme.example>`, or the address alone.
    ///
    /// Connects to nothing yet. The clock dates the mails, the randomness tells them apart (`Message-ID`).
    ///
    /// # Errors
    /// [`SmtpMistake`] for a setting that cannot be meant, or that would send the password unencrypted over a
    /// network.
    pub fn new(
        server: SmtpServer,
        from: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, SmtpMistake> {
        Ok(Self { sender: sender(from)?, connections: Connections::to(server)?, clock, random })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailFault> {
        let letter = letter::write(&mail, &self.sender, self.clock.now(), &*self.random)?;
        let timeout = self.connections.timeout();
        // Around everything: waiting for a connection, resolving, connecting, every command.
        match tokio::time::timeout(timeout, self.connections.deliver(&letter)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(MailFault {
                kind: MailFaultKind::Timeout,
                detail: format!("{} did not take it within {timeout:?}", self.connections.place()),
            }),
        }
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("server", &self.connections.place())
            .field("from", &self.sender.email)
            .finish_non_exhaustive()
    }
}

fn sender(from: &str) -> Result<Mailbox, SmtpMistake> {
    let unusable = || {
        SmtpMistake::new(
            "from",
            "from is no sender: write `Acme <no-reply@acme.example>` or the address alone",
        )
    };
    if from.chars().any(char::is_control) {
        return Err(unusable());
    }
    let mailbox: Mailbox = from.trim().parse().map_err(|_| unusable())?;
    // One address, in a spelling that everybody reads the same way.
    let plain = |address: &Address| keyward_core::policy::email::normalise(address.as_ref()).is_some();
    plain(&mailbox.email).then_some(mailbox).ok_or_else(unusable)
}

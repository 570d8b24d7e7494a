//! Connections to the mail server: opened, used for one mail at a time, kept for a short while.

use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use keyward_core::mail::{MailFault, MailFaultKind};
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
    commands::{Data, Mail, Rcpt},
    extension::ClientId,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio::{net::TcpStream, sync::Semaphore, time::Instant};

use super::{
    fault::{Step, failed, no_connection},
    letter::Letter,
    plain::Plain,
    server::{SmtpMistake, SmtpServer, SmtpTls},
};

/// At a time. Servers refuse clients that come with many.
const MOST: usize = 8;
/// Kept for the next mail: as many as were in use at the same time, so that none is opened for every mail.
const MOST_IDLE: usize = MOST;
/// Below what servers wait for the next command.
const IDLE: Duration = Duration::from_secs(30);

/// The connections to one server.
///
/// A connection is owned by the delivery that uses it and comes back only after a whole mail. One that was given up
/// halfway, at the deadline say, is closed: the next mail must not continue the conversation of another.
pub(super) struct Connections {
    server: SmtpServer,
    // Without own certificates made by the first delivery: reading the system's takes time and memory.
    tls: OnceLock<TlsParameters>,
    turns: Semaphore,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl Connections {
    pub(super) fn to(server: SmtpServer) -> Result<Self, SmtpMistake> {
        server.check()?;
        let tls = OnceLock::new();
        if let Some(pem) = &server.certificates {
            let unusable = || SmtpMistake::new("ca_file", "ca_file holds no usable certificates in PEM");
            let parameters = parse(pem).and_then(|roots| tls_parameters(&server, Some(roots)).ok());
            let _ = tls.set(parameters.ok_or_else(unusable)?);
        }
        Ok(Self { server, tls, turns: Semaphore::new(MOST), idle: Mutex::default() })
    }

    /// For a whole delivery.
    pub(super) fn timeout(&self) -> Duration {
        self.server.timeout
    }

    /// Host and port.
    pub(super) fn place(&self) -> String {
        let SmtpServer { host, .. } = &self.server;
        let port = self.server.port_in_use();
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Hands the letter over, on a connection that is open or a new one.
    pub(super) async fn deliver(&self, letter: &Letter) -> Result<(), MailFault> {
        let _turn = self.turns.acquire().await.expect("the semaphore is never closed");
        while let Some(mut kept) = self.kept() {
            // The first command asks at the same time whether the server is still there. Nothing was taken yet, so
            // the letter can go out on another connection.
            let begun = self.begin(&mut kept, letter).await?;
            if !begun.as_ref().is_err_and(is_over) {
                return self.finish(kept, letter, begun).await;
            }
        }
        let mut new = self.open().await?;
        let begun = self.begin(&mut new, letter).await?;
        self.finish(new, letter, begun).await
    }

    /// Says who sends. Not said where the server can't take such a letter.
    async fn begin(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Letter,
    ) -> Result<Result<(), Error>, MailFault> {
        let parameters = letter.parameters(connection.server_info()).map_err(|lacking| MailFault {
            kind: MailFaultKind::Refused,
            detail: format!("{} can't take the mail: it lacks {lacking}", self.place()),
        })?;
        let sender = letter.envelope.from().cloned();
        Ok(connection.command(Mail::new(sender, parameters)).await.map(drop))
    }

    /// The rest of a delivery.
    async fn finish(
        &self,
        mut connection: AsyncSmtpConnection,
        letter: &Letter,
        begun: Result<(), Error>,
    ) -> Result<(), MailFault> {
        let sent = async {
            begun?;
            for to in letter.envelope.to() {
                connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
            }
            connection.command(Data).await?;
            connection.message(&letter.message).await
        };
        if let Err(error) = sent.await {
            connection.abort().await;
            return Err(self.failed(Step::Delivery, &error));
        }
        self.keep(connection);
        Ok(())
    }

    /// A connection of an earlier delivery.
    fn kept(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        if idle.len() < MOST_IDLE {
            idle.push((connection, Instant::now()));
        }
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, MailFault> {
        let SmtpServer { host, timeout, .. } = &self.server;
        let encryption = self.server.encryption();
        let failed = |step| move |error: Error| self.failed(step, &error);
        let us = ClientId::default();
        let server = (host.as_str(), self.server.port_in_use());
        let connecting = if encryption == SmtpTls::Implicit {
            let parameters = self.tls().map_err(failed(Step::Encryption))?;
            AsyncSmtpConnection::connect_tokio1(server, Some(*timeout), &us, Some(parameters), None).await
        } else {
            let no_connection = |error: io::Error| no_connection(&self.place(), &error);
            let stream = TcpStream::connect(server).await.map_err(no_connection)?;
            // The end of a mail is sent apart from its text. It is not to wait until the server, which waits for the end,
            // says that it has the text: 40 ms for each mail.
            stream.set_nodelay(true).map_err(no_connection)?;
            AsyncSmtpConnection::connect_with_transport(Box::new(Plain(stream)), &us).await
        };
        let mut connection = connecting.map_err(failed(Step::Connection))?;
        let upgrade = match encryption {
            // Fails where the server does not offer it, before anything of ours is sent.
            SmtpTls::StartTls => true,
            SmtpTls::Opportunistic => connection.can_starttls(),
            SmtpTls::Implicit | SmtpTls::None => false,
        };
        if upgrade {
            let parameters = self.tls().map_err(failed(Step::Encryption))?;
            connection.starttls(parameters, &us).await.map_err(failed(Step::Encryption))?;
        }
        if let (Some(user), Some(password)) = (&self.server.user, &self.server.password) {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let accepted = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            accepted.map_err(failed(Step::Authentication))?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, Error> {
        if let Some(parameters) = self.tls.get() {
            return Ok(parameters.clone());
        }
        let parameters = tls_parameters(&self.server, None)?;
        Ok(self.tls.get_or_init(|| parameters).clone())
    }

    fn failed(&self, step: Step, error: &Error) -> MailFault {
        failed(&self.place(), step, error)
    }
}

/// Whether the server has closed the connection, or is about to (RFC 5321 §3.8).
fn is_over(error: &Error) -> bool {
    const CLOSING: &str = "421";
    match error.status() {
        Some(code) => code.to_string() == CLOSING,
        None => !error.is_timeout(),
    }
}

/// The certificates of a PEM text; `None` where there is none, or one is broken.
fn parse(pem: &str) -> Option<Vec<Certificate>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let roots: Result<Vec<_>, _> =
        certificates.ok()?.into_iter().map(|der| Certificate::from_der(der.to_vec())).collect();
    roots.ok().filter(|roots| !roots.is_empty())
}

/// Trust in these roots alone, or in the system's.
fn tls_parameters(server: &SmtpServer, roots: Option<Vec<Certificate>>) -> Result<TlsParameters, Error> {
    let anything = server.dangerous_accept_invalid_certificate;
    let mut builder = TlsParameters::builder(server.host.clone())
        .dangerous_accept_invalid_certs(anything)
        .dangerous_accept_invalid_hostnames(anything);
    if let Some(roots) = roots {
        builder = builder.certificate_store(CertificateStore::None);
        builder = roots.into_iter().fold(builder, |builder, root| builder.add_root_certificate(root));
    }
    builder.build_rustls()
}

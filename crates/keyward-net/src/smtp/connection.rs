//! Connections to the mail server: opened, used for one mail at a time, kept for a short while.

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use keyward_core::mail::MailFault;
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
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
        let mut connection = match self.kept().await {
            Some(kept) => kept,
            None => self.open().await?,
        };
        let sent = connection.send(&letter.envelope, &letter.message).await;
        sent.map_err(|error| self.failed(Step::Delivery, &error))?;
        self.keep(connection);
        Ok(())
    }

    /// A connection of an earlier delivery that the server has not closed.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < IDLE && connection.test_connected().await {
                return Some(connection);
            }
        }
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
            let stream = TcpStream::connect(server).await;
            let stream = stream.map_err(|error| no_connection(&self.place(), &error))?;
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

//! The mail server, as a deployment names it.

use std::{net::IpAddr, time::Duration};

use keyward_core::secret::Secret;
use percent_encoding::percent_decode_str;
use rustls::pki_types::ServerName;
use url::{Host, Url};

/// A mail server.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Name or address.
    pub host: String,
    /// Default: 465 with [`SmtpTls::Implicit`], else 587.
    pub port: Option<u16>,
    /// Default: [`SmtpTls::Implicit`] on port 465, else [`SmtpTls::StartTls`], on the own machine [`SmtpTls::None`].
    pub tls: Option<SmtpTls>,
    /// Name at the server. Together with the password.
    pub user: Option<String>,
    /// Password at the server.
    pub password: Option<Secret>,
    /// Certificates in PEM that the server's has to descend from, in place of the system's.
    pub certificates: Option<String>,
    /// Take whatever certificate the server shows, of whatever name. Whoever sits in between then reads the mails
    /// and the password.
    pub dangerous_accept_invalid_certificate: bool,
    /// For a whole delivery. Default: ten seconds.
    pub timeout: Duration,
}

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte (`smtps:`).
    Implicit,
    /// By STARTTLS, and not at all without it.
    StartTls,
    /// By STARTTLS if the server offers it. Whoever sits in between can take the offer away.
    Opportunistic,
    /// Not at all.
    None,
}

/// Why settings do not make a mail server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SmtpMistake {
    /// The setting, as a configuration file names it: `server`, `host`, `tls`, `from` …
    pub setting: &'static str,
    /// What is wrong, and what to do. Repeats no value.
    pub what: String,
}

impl SmtpMistake {
    pub(super) fn new(setting: &'static str, what: impl Into<String>) -> Self {
        Self { setting, what: what.into() }
    }
}

/// The port of mail submission under TLS from the first byte (RFC 8314).
const SUBMISSIONS: u16 = 465;

impl SmtpServer {
    /// The server of this name, with the defaults.
    #[must_use]
    pub fn at(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            tls: None,
            user: None,
            password: None,
            certificates: None,
            dangerous_accept_invalid_certificate: false,
            timeout: Duration::from_secs(10),
        }
    }

    /// Reads `smtp://user:password@host:port` or `smtps://…`, with `?tls=required`, `opportunistic` or `none`
    /// behind the former. User and password are percent-encoded.
    ///
    /// # Errors
    /// [`SmtpMistake`] where it is none.
    pub fn from_url(text: &str) -> Result<Self, SmtpMistake> {
        let mistake = |what: &str| SmtpMistake::new("server", format!("server {what}"));
        let url = Url::parse(text).map_err(|_| {
            mistake(
                "is no address such as smtp://user:password@mail.example:587; special characters in user and \
                     password are percent-encoded",
            )
        })?;
        let implicit = match url.scheme() {
            "smtps" => Some(SmtpTls::Implicit),
            "smtp" => None,
            _ => return Err(mistake("begins with neither smtp:// nor smtps://")),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(mistake("has something behind host and port"));
        }
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(mistake("names no host")),
        };
        let mut tls = implicit;
        for (name, value) in url.query_pairs() {
            tls = match (&*name, &*value, implicit) {
                ("tls", "required", None) => Some(SmtpTls::StartTls),
                ("tls", "opportunistic", None) => Some(SmtpTls::Opportunistic),
                ("tls", "none", None) => Some(SmtpTls::None),
                ("tls", _, Some(_)) => {
                    return Err(mistake("is encrypted by smtps: already; leave `tls` out"));
                }
                ("tls", ..) => {
                    return Err(mistake("has a `tls` other than required, opportunistic and none"));
                }
                _ => return Err(mistake("has a parameter other than `tls`; the rest has keys of its own")),
            };
        }
        let decoded = |text: &str| match percent_decode_str(text).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(mistake("has a user or password that is not UTF-8")),
        };
        let user = (!url.username().is_empty()).then(|| decoded(url.username())).transpose()?;
        let password = url.password().map(decoded).transpose()?.map(Secret::from);
        Ok(Self { port: url.port(), tls, user, password, ..Self::at(host) })
    }

    /// Whether what is sent to it stays on this machine.
    pub(super) fn is_local(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }

    pub(super) fn encryption(&self) -> SmtpTls {
        self.tls.unwrap_or(match self.port {
            // Nobody speaks in the clear there (RFC 8314 §7.3), and nodemailer does not either.
            Some(SUBMISSIONS) => SmtpTls::Implicit,
            _ if self.is_local() => SmtpTls::None,
            _ => SmtpTls::StartTls,
        })
    }

    pub(super) fn port_in_use(&self) -> u16 {
        self.port.unwrap_or(if self.encryption() == SmtpTls::Implicit { SUBMISSIONS } else { 587 })
    }

    /// Everything that can be judged without connecting.
    pub(super) fn check(&self) -> Result<(), SmtpMistake> {
        let wrong = |setting, what: &str| Err(SmtpMistake::new(setting, what));
        if ServerName::try_from(self.host.as_str()).is_err() {
            return wrong("host", "host is no name or address of a server");
        }
        if self.port == Some(0) {
            return wrong("port", "port 0 is none");
        }
        if self.timeout.is_zero() {
            return wrong("timeout", "no mail server answers in no time: write a span such as 10s");
        }
        match (&self.user, &self.password) {
            (Some(_), None) => return wrong("password", "there is a user without a password"),
            (None, Some(_)) => return wrong("user", "there is a password without a user"),
            (None, None) => return Ok(()),
            (Some(user), Some(password)) => {
                // NUL is what AUTH PLAIN puts between the two (RFC 4616 §2).
                if user.is_empty() || user.contains('\0') {
                    return wrong("user", "user is empty, or has a NUL in it");
                }
                if password.expose().is_empty() || password.expose().contains('\0') {
                    return wrong("password", "password is empty, or has a NUL in it");
                }
            }
        }
        if !self.is_local() && matches!(self.encryption(), SmtpTls::Opportunistic | SmtpTls::None) {
            return wrong(
                "tls",
                "the password could cross the network unencrypted: use smtps:// or STARTTLS (tls = \"required\")",
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> SmtpServer {
        let server = SmtpServer::from_url(text).expect(text);
        server.check().expect(text);
        server
    }

    #[test]
    fn addresses_are_read() {
        for (text, host, port, tls) in [
            ("smtp://mail.example", "mail.example", 587, SmtpTls::StartTls),
            ("smtp://mail.example/", "mail.example", 587, SmtpTls::StartTls),
            ("smtp://mail.example:25?tls=required", "mail.example", 25, SmtpTls::StartTls),
            ("smtp://mail.example?tls=opportunistic", "mail.example", 587, SmtpTls::Opportunistic),
            ("smtp://mail.example?tls=none", "mail.example", 587, SmtpTls::None),
            ("smtp://mail.example:465", "mail.example", 465, SmtpTls::Implicit),
            ("smtp://mail.example:465?tls=required", "mail.example", 465, SmtpTls::StartTls),
            ("smtps://mail.example", "mail.example", 465, SmtpTls::Implicit),
            ("smtps://mail.example:2465", "mail.example", 2465, SmtpTls::Implicit),
            ("smtp://localhost:1025", "localhost", 1025, SmtpTls::None),
            ("smtp://127.0.0.1:1025?tls=required", "127.0.0.1", 1025, SmtpTls::StartTls),
            ("smtp://[::1]:1025", "::1", 1025, SmtpTls::None),
            ("smtps://localhost", "localhost", 465, SmtpTls::Implicit),
        ] {
            let server = read(text);
            assert_eq!(
                (server.host.as_str(), server.port_in_use(), server.encryption()),
                (host, port, tls),
                "{text}"
            );
            assert!(server.user.is_none() && server.password.is_none(), "{text}");
        }
    }

    #[test]
    fn user_and_password_are_percent_decoded() {
        let server = read("smtps://ada%40example.com:p%3Aa%2Fs%25s%23@mail.example");
        assert_eq!(server.user.as_deref(), Some("ada@example.com"));
        assert_eq!(server.password.as_ref().map(Secret::expose), Some("p:a/s%s#"));
        assert!(!format!("{server:?}").contains("p:a"));
    }

    #[test]
    fn what_is_no_mail_server_is_refused_without_repeating_it() {
        for (text, setting) in [
            ("", "server"),
            ("mail.example:587", "server"),
            ("http://u:hunter2@mail.example", "server"),
            ("smtp://", "server"),
            ("smtp:mail.example", "server"),
            ("smtp://u:hunter2@mail.example:99999", "server"),
            ("smtp://u:hunter2@mail.example/inbox", "server"),
            ("smtp://u:hunter2@mail.example#x", "server"),
            ("smtp://u:hunter2@mail.example?tls=maybe", "server"),
            ("smtp://u:hunter2@mail.example?pool=true", "server"),
            ("smtps://u:hunter2@mail.example?tls=none", "server"),
            ("smtp://u:hunter2%ff@mail.example", "server"),
            ("smtp://u:hunter2@mail.example:0", "port"),
            ("smtp://u@mail.example", "password"),
            ("smtp://:hunter2@mail.example", "user"),
            ("smtp://u:hunter2%00@mail.example", "password"),
            ("smtp://u:@mail.example", "password"),
            ("smtp://u:hunter2@mail%20example", "host"),
        ] {
            let outcome = SmtpServer::from_url(text).and_then(|server| server.check());
            let mistake = outcome.expect_err(text);
            assert_eq!(mistake.setting, setting, "{text}: {mistake}");
            assert!(!mistake.what.contains("hunter2"), "{mistake}");
        }
    }

    #[test]
    fn a_password_is_never_sent_unencrypted_over_a_network() {
        for (text, fine) in [
            ("smtp://u:p@mail.example", true),
            ("smtp://u:p@mail.example?tls=required", true),
            ("smtps://u:p@mail.example", true),
            ("smtp://u:p@mail.example?tls=opportunistic", false),
            ("smtp://u:p@mail.example?tls=none", false),
            ("smtp://u:p@10.0.0.1?tls=none", false),
            ("smtp://u:p@localhost.example?tls=none", false),
            ("smtp://u:p@localhost?tls=none", true),
            ("smtp://u:p@127.0.0.53", true),
            ("smtp://u:p@[::ffff:127.0.0.1]", true),
            ("smtp://mail.example?tls=none", true),
        ] {
            let outcome = SmtpServer::from_url(text).expect(text).check();
            assert_eq!(
                outcome.map_err(|mistake| mistake.setting),
                if fine { Ok(()) } else { Err("tls") },
                "{text}"
            );
        }
    }
}

//! `type = "email"`: a link in a mail signs in.

mod account;

use std::{path::Path, sync::Arc, time::Duration};

use keyward::{
    EmailSettings, MailPart, MailTemplates, Secret, SmtpMailer, SmtpMistake, SmtpServer, SmtpTls,
    SystemClock, SystemRandom,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(in crate::config) use self::account::settle_account_mail;
pub(crate) use self::account::{AccountMail, MailTable};
use super::Provider;
use crate::{
    config::{
        settled::Origin,
        value::{Hidden, Period},
    },
    environment::Environment,
    fault::Fault,
};

/// A way to sign in by a link that is sent by mail.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailTable {
    /// Its name in addresses (`/api/auth/signin/email`) and in `signIn("email")`. Default: `email`.
    #[serde(default = "default_id")]
    pub(crate) id: String,
    /// What kind of provider it is.
    #[expect(dead_code, reason = "the table was chosen by it")]
    #[serde(rename = "type")]
    kind: EmailType,
    /// What people read. Default: `Email`.
    pub(crate) name: Option<String>,
    /// The mail server as an address, `smtp://user:password@mail.example:587` or `smtps://…`. Else `EMAIL_SERVER` in
    /// the environment. Without one, development keeps mails and shows them.
    pub(super) server: Option<Hidden>,
    /// The mail server's name, in place of `server`.
    pub(super) host: Option<String>,
    /// Its port. Default: 587, with `tls = "implicit"` 465.
    pub(super) port: Option<u16>,
    /// Who signs in to the mail server. Default: nobody.
    pub(super) user: Option<String>,
    /// Their password.
    pub(super) password: Option<Hidden>,
    /// How the connection is encrypted. Default: `required`, on the own machine `none`.
    pub(super) tls: Option<TlsName>,
    /// Certificates (PEM) that the mail server's has to descend from, in place of the system's. A relative path
    /// starts at this file's folder.
    pub(super) ca_file: Option<String>,
    /// Whether any certificate of the mail server is taken: whoever is between then reads every link. Default: false.
    pub(super) dangerous_accept_invalid_certificate: Option<bool>,
    /// How long the mail server may take. Default: `10s`.
    pub(super) timeout: Option<Period>,
    /// The sender, such as `Acme <no-reply@acme.example>`. Else `EMAIL_FROM` in the environment.
    pub(crate) from: Option<String>,
    /// How long a link is good. Default: `24h`.
    pub(super) max_age: Option<Period>,
    /// Whether a link opens a page with one button, for mail scanners that follow links. Default: false.
    pub(super) confirm_page: Option<bool>,
    /// Whether an address that nobody has gets an account. Default: true.
    pub(super) sign_up: Option<bool>,
    /// Own templates.
    #[serde(default)]
    pub(super) templates: TemplatesTable,
}

/// The word for this kind of provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum EmailType {
    /// A link in a mail.
    Email,
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TlsName {
    /// From the first byte.
    Implicit,
    /// After `STARTTLS`, and not at all without it.
    Required,
    /// After `STARTTLS` if it is offered: whoever sits in between can take the offer away.
    Opportunistic,
    /// Not at all.
    None,
}

/// Own templates of the mail.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TemplatesTable {
    /// The subject. Default: the text `mail_subject`.
    pub(super) subject: Option<String>,
    /// File of the text part. A relative path starts at this file's folder. Default: the built-in one.
    pub(super) text_file: Option<String>,
    /// File of the HTML part. A relative path starts at this file's folder. Default: the built-in one.
    pub(super) html_file: Option<String>,
}

/// A provider of links, settled.
pub(crate) struct Email {
    /// Where it stands among the file's providers.
    pub(crate) index: usize,
    /// What the library is told.
    pub(crate) settings: EmailSettings,
    /// The mail server as it may be shown, and who names it. `None`: mails are kept in the mailbox.
    pub(crate) server: Option<(String, Origin)>,
}

/// The providers of links, what is wrong with them, and what deserves a look.
#[derive(Default)]
pub(crate) struct Emails {
    /// In their order.
    pub(crate) all: Vec<Email>,
    /// Mistakes by their place in the file.
    pub(crate) faults: Vec<(String, Fault)>,
    /// Notes.
    pub(crate) notes: Vec<String>,
}

fn default_id() -> String {
    "email".to_owned()
}

/// Fills in what the file leaves out. `folder` is where its relative paths start, `origin` says where in it something
/// stands.
pub(in crate::config) fn settle(
    listed: &[Provider],
    environment: &Environment,
    folder: &Path,
    origin: impl Fn(&str) -> Option<Origin>,
) -> Emails {
    let mut emails = Emails::default();
    for (index, provider) in listed.iter().enumerate() {
        let Provider::Email(table) = provider else { continue };
        let mut settling =
            Settling { at: format!("providers[{index}]"), table, environment, folder, emails: &mut emails };
        let server = settling.server(&origin);
        let settings = EmailSettings {
            id: table.id.clone(),
            name: table.name.clone().unwrap_or_else(|| "Email".to_owned()),
            mailer: None,
            max_age: table.max_age.map_or(DAY, |period| period.0),
            confirm_page: table.confirm_page.unwrap_or(false),
            sign_up: table.sign_up.unwrap_or(true),
            templates: settling.templates(),
        };
        let (settings, server) = match server {
            Some((mailer, shown, origin)) => {
                (EmailSettings { mailer: Some(Arc::new(mailer)), ..settings }, Some((shown, origin)))
            }
            None => (settings, None),
        };
        emails.all.push(Email { index, settings, server });
    }
    emails
}

/// NextAuth's default.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Settling<'a> {
    at: String,
    table: &'a EmailTable,
    environment: &'a Environment,
    folder: &'a Path,
    emails: &'a mut Emails,
}

impl Settling<'_> {
    /// What sends, how it may be shown, and who names it.
    fn server(&mut self, origin: &impl Fn(&str) -> Option<Origin>) -> Option<(SmtpMailer, String, Origin)> {
        let (server, origin) = self.named_server(origin)?;
        let server = self.completed(server)?;
        let shown = server.port.map_or_else(|| server.host.clone(), |port| format!("{}:{port}", server.host));
        if server.dangerous_accept_invalid_certificate {
            self.emails.notes.push(format!(
                "dangerous_accept_invalid_certificate: whoever is between here and {shown} can read the links, and \
                 sign in as everybody"
            ));
        }
        let Some(from) = self.table.from.as_deref().or_else(|| self.environment.get("EMAIL_FROM")) else {
            let remedy = "add the sender, `from = \"Acme <no-reply@acme.example>\"`, or set EMAIL_FROM in the \
                          environment";
            self.emails.faults.push((self.at.clone(), Fault::new("`from` is missing here").remedy(remedy)));
            return None;
        };
        let mailer = SmtpMailer::new(server, from, Arc::new(SystemClock), Arc::new(SystemRandom));
        mailer.map_err(|mistake| self.mistake(mistake)).ok().map(|mailer| (mailer, shown, origin))
    }

    fn named_server(&mut self, origin: &impl Fn(&str) -> Option<Origin>) -> Option<(SmtpServer, Origin)> {
        let (table, at) = (self.table, self.at.clone());
        let written = |setting: &str| origin(&format!("{at}.{setting}")).unwrap_or(Origin::Default);
        if table.server.is_some() && table.host.is_some() {
            let fault = Fault::new("the mail server is named twice").remedy("keep one of server and host");
            self.fault("host", fault);
            return None;
        }
        if let Some(host) = &table.host {
            return Some((SmtpServer::at(host), written("host")));
        }
        let (url, origin) = match (&table.server, self.environment.get("EMAIL_SERVER")) {
            (Some(url), around) => {
                let place = written("server");
                if around.is_some_and(|around| around != url.0.expose()) {
                    let note = format!("EMAIL_SERVER is set, but {place} says another server, which is used");
                    self.emails.notes.push(note);
                }
                (url.0.expose(), place)
            }
            (None, Some(url)) => (url, Origin::Environment("EMAIL_SERVER".into())),
            (None, None) => return self.server_of_parts(),
        };
        let server = SmtpServer::from_url(url).map_err(|mistake| self.mistake(mistake)).ok()?;
        Some((server, origin))
    }

    /// NextAuth's documentation has the server in parts, too.
    fn server_of_parts(&mut self) -> Option<(SmtpServer, Origin)> {
        let part = |name| self.environment.get(name);
        let mut server = SmtpServer::at(part("EMAIL_SERVER_HOST")?);
        server.user = part("EMAIL_SERVER_USER").map(str::to_owned);
        server.password = part("EMAIL_SERVER_PASSWORD").map(Secret::from);
        if let Some(port) = part("EMAIL_SERVER_PORT") {
            let Ok(port) = port.parse() else {
                let fault = Fault::new("EMAIL_SERVER_PORT is no port").remedy("set it for example to 587");
                self.emails.faults.push((String::new(), fault));
                return None;
            };
            server.port = Some(port);
        }
        Some((server, Origin::Environment("EMAIL_SERVER_HOST".into())))
    }

    /// With what the table says beside the server's name.
    fn completed(&mut self, mut server: SmtpServer) -> Option<SmtpServer> {
        let table = self.table;
        server.port = table.port.or(server.port);
        let tls = table.tls.map(|tls| match tls {
            TlsName::Implicit => SmtpTls::Implicit,
            TlsName::Required => SmtpTls::StartTls,
            TlsName::Opportunistic => SmtpTls::Opportunistic,
            TlsName::None => SmtpTls::None,
        });
        server.tls = tls.or(server.tls);
        server.user = table.user.clone().or(server.user);
        server.password = table.password.as_ref().map(|hidden| hidden.0.clone()).or(server.password);
        server.timeout = table.timeout.map_or(server.timeout, |period| period.0);
        server.dangerous_accept_invalid_certificate =
            table.dangerous_accept_invalid_certificate.unwrap_or(false);
        if let Some(path) = &table.ca_file {
            server.certificates = Some(self.read("ca_file", path)?);
        }
        Some(server)
    }

    fn templates(&mut self) -> MailTemplates {
        self.templates_at("templates.")
    }

    /// Templates whose settings stand at `prefix`.
    fn templates_at(&mut self, prefix: &str) -> MailTemplates {
        let table = &self.table.templates;
        let mut templates = MailTemplates::default();
        let [subject, text, html] =
            ["subject", "text_file", "html_file"].map(|name| format!("{prefix}{name}"));
        let parts = [
            (MailPart::Subject, &subject, table.subject.clone()),
            (MailPart::Text, &text, self.template(&text, &table.text_file)),
            (MailPart::Html, &html, self.template(&html, &table.html_file)),
        ];
        for (part, setting, source) in parts {
            let set = source.map_or(Ok(()), |source| templates.set(part, &source));
            if let Err(problem) = set {
                let remedy = "use {{ url }}, {{ host }}, {{ email }}, {{ name }}, {{ lifetime }}, {{ brand_color }} \
                              and {{ button_text }}";
                let fault = Fault::new(format!("the template can't be used: {problem}")).remedy(remedy);
                self.fault(setting, fault);
            }
        }
        templates
    }

    fn template(&mut self, setting: &str, path: &Option<String>) -> Option<String> {
        self.read(setting, path.as_ref()?)
    }

    fn read(&mut self, setting: &str, path: &str) -> Option<String> {
        let path = self.folder.join(path);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) => {
                let fault = Fault::new(format!("{} can't be read: {error}", path.display()));
                self.fault(setting, fault.remedy("name a file that is there"));
                None
            }
        }
    }

    /// A mistake that the mailer found. What the environment says stands nowhere in the file.
    fn mistake(&mut self, mistake: SmtpMistake) {
        self.fault(mistake.setting, Fault::new(mistake.what));
    }

    fn fault(&mut self, setting: &str, fault: Fault) {
        self.emails.faults.push((format!("{}.{setting}", self.at), fault));
    }
}

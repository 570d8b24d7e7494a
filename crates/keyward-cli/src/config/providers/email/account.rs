//! `[mail]`: mails about people's own accounts.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use keyward::{AccountMailKind, AccountMailSettings};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{EmailTable, EmailType, Emails, Settling, TemplatesTable, TlsName};
use crate::{
    config::{
        settled::Origin,
        value::{Hidden, Period},
    },
    environment::Environment,
    fault::Fault,
};

/// Mails about people's own accounts: links that confirm an address or reset a password, notices. Without this table the
/// mail server of the first provider of links in mails sends them; in development they are kept and shown.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MailTable {
    /// The mail server as an address, `smtp://user:password@mail.example:587` or `smtps://…`. Else `EMAIL_SERVER` in
    /// the environment.
    server: Option<Hidden>,
    /// The mail server's name, in place of `server`.
    host: Option<String>,
    /// Its port. Default: 587, with `tls = "implicit"` 465.
    port: Option<u16>,
    /// Who signs in to the mail server. Default: nobody.
    user: Option<String>,
    /// Their password.
    password: Option<Hidden>,
    /// How the connection is encrypted. Default: `required`, on the own machine `none`.
    tls: Option<TlsName>,
    /// Certificates (PEM) that the mail server's has to descend from, in place of the system's. A relative path
    /// starts at this file's folder.
    ca_file: Option<String>,
    /// Whether any certificate of the mail server is taken: whoever is between then reads every link. Default: false.
    dangerous_accept_invalid_certificate: Option<bool>,
    /// How long the mail server may take. Default: `10s`.
    timeout: Option<Period>,
    /// The sender, such as `Acme <no-reply@acme.example>`. Else `EMAIL_FROM` in the environment.
    from: Option<String>,
    /// How long a link that confirms an address is good. Default: `24h`.
    verify_max_age: Option<Period>,
    /// How long a link that resets a password is good. Default: `1h`.
    reset_max_age: Option<Period>,
    /// Own templates by the kind of mail: `verify`, `reset`, `change`, `changed`, `password`, `ended`, `deleted`, `existing`.
    templates: BTreeMap<KindName, TemplatesTable>,
}

/// A kind of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KindName {
    /// The link that confirms an address.
    Verify,
    /// The link that resets a password.
    Reset,
    /// The link that goes to a new address.
    Change,
    /// The notice to the old address.
    Changed,
    /// The notice of a new password.
    Password,
    /// The notice that the account was deleted.
    Deleted,
    /// To who signs up with an address that has an account.
    Existing,
}

impl From<KindName> for AccountMailKind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Verify => Self::Verify,
            KindName::Reset => Self::Reset,
            KindName::Change => Self::Change,
            KindName::Changed => Self::Changed,
            KindName::Password => Self::Password,
            KindName::Deleted => Self::Deleted,
            KindName::Existing => Self::Existing,
        }
    }
}

/// Mails about people's own accounts, settled.
pub(crate) struct AccountMail {
    /// What the library is told.
    pub(crate) settings: AccountMailSettings,
    /// The mail server as it may be shown, and who names it. `None`: mails are kept in the mailbox.
    pub(crate) server: Option<(String, Origin)>,
    /// The sender, and who names them.
    pub(crate) from: Option<(String, Origin)>,
}

/// These mails, what is wrong with them, and what deserves a look.
pub(in crate::config) fn settle_account_mail(
    table: &MailTable,
    environment: &Environment,
    folder: &Path,
    origin: impl Fn(&str) -> Option<Origin>,
) -> (AccountMail, Vec<(String, Fault)>, Vec<String>) {
    let mut settled = Emails::default();
    let mut settings = AccountMailSettings::in_mailbox();
    settings.verify_age = table.verify_max_age.map_or(settings.verify_age, period);
    settings.reset_age = table.reset_max_age.map_or(settings.reset_age, period);
    // The same keys as those of a provider of links, read in the same way.
    let mut as_provider = table.as_provider();
    let mut settling =
        Settling { at: "mail".to_owned(), table: &as_provider, environment, folder, emails: &mut settled };
    let (mailer, server) = settling.server(&origin).map(|(mailer, shown, by)| (mailer, (shown, by))).unzip();
    settings.mailer = mailer.map(|mailer| Arc::new(mailer) as _);
    let written = table.from.as_deref().zip(origin("mail.from"));
    let around = || Some((environment.get("EMAIL_FROM")?, Origin::Environment("EMAIL_FROM".into())));
    let from = written.or_else(around).map(|(from, by)| (from.to_owned(), by));
    for (name, templates) in &table.templates {
        let kind = AccountMailKind::from(*name);
        as_provider.templates = templates.clone();
        let at = format!("mail.templates.{}", kind.name());
        let mut settling = Settling { at, table: &as_provider, environment, folder, emails: &mut settled };
        *settings.templates.of_mut(kind) = settling.templates_at("");
    }
    (AccountMail { settings, server, from }, settled.faults, settled.notes)
}

fn period(period: Period) -> Duration {
    period.0
}

impl MailTable {
    fn as_provider(&self) -> EmailTable {
        EmailTable {
            id: String::new(),
            kind: EmailType::Email,
            name: None,
            server: self.server.clone(),
            host: self.host.clone(),
            port: self.port,
            user: self.user.clone(),
            password: self.password.clone(),
            tls: self.tls,
            ca_file: self.ca_file.clone(),
            dangerous_accept_invalid_certificate: self.dangerous_accept_invalid_certificate,
            timeout: self.timeout,
            from: self.from.clone(),
            max_age: None,
            confirm_page: None,
            sign_up: None,
            templates: TemplatesTable::default(),
        }
    }
}

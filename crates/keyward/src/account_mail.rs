//! Mails about people's own accounts: what a deployment decides about them, and their words.

use std::{fmt, sync::Arc, time::Duration};

use keyward_core::{
    mail::{AccountLetter, AccountLetterKind, AccountLetters, Letter, Mailbox, Mailer},
    method::password::Strength,
    settings::{AccountMails, Passwords, RecoverySettings},
};
use keyward_pages::{AccountMail, AccountMailKind, AccountTemplates, Theme};

use tokio::sync::Notify;

use crate::{accounts::AccountsSettings, hasher::Argon2Hasher, mistake::Mistake};

/// Mails about people's own accounts: links that prove and reset, notices of what was done.
#[derive(Clone)]
pub struct AccountMailSettings {
    /// What sends them. `None`, for development alone: they are kept and shown at `{base}/-/mailbox`.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// For how long a link that proves an address is good. Default: a day.
    pub verify_age: Duration,
    /// For how long a link that resets a password is good. Default: an hour.
    pub reset_age: Duration,
    /// Own templates. Default: none.
    pub templates: AccountTemplates,
}

impl AccountMailSettings {
    /// Mails that `mailer` sends.
    #[must_use]
    pub fn through(mailer: impl Mailer + 'static) -> Self {
        Self { mailer: Some(Arc::new(mailer)), ..Self::in_mailbox() }
    }

    /// Mails that nobody sends: development's mailbox shows them.
    #[must_use]
    pub fn in_mailbox() -> Self {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        Self { mailer: None, verify_age: HOUR * 24, reset_age: HOUR, templates: AccountTemplates::default() }
    }

    pub(crate) fn mails(self, theme: &Theme, on_written: Arc<dyn Fn() + Send + Sync>) -> AccountMails {
        let letters = ThemedAccountLetters { theme: theme.clone(), templates: self.templates };
        AccountMails {
            on_written: Some(on_written),
            verify_age: self.verify_age,
            reset_age: self.reset_age,
            ..AccountMails::new(Arc::new(letters))
        }
    }

    /// What is wrong with it.
    pub(crate) fn mistakes(&self, development: bool, found: &mut Vec<Mistake>) {
        if self.mailer.is_none() && !development {
            found.push(Mistake::new(
                "mail.server",
                "there is no mail server",
                "name one, such as server = \"smtp://user:password@mail.example:587\", and the sender in `from`; \
                 only development does without",
            ));
        }
        for (at, age) in [("verify_max_age", self.verify_age), ("reset_max_age", self.reset_age)] {
            if !(SHORTEST..=LONGEST).contains(&age) {
                found.push(Mistake::new(
                    format!("mail.{at}"),
                    "a link lives for a minute at least and thirty days at most",
                    "write a span such as 1h",
                ));
            }
        }
    }
}

/// What sends, and what wakes who sends.
pub(crate) type Post = (Arc<dyn Mailer>, Arc<Notify>);

/// What people can do about their own accounts.
pub(crate) fn recovery(
    accounts: Option<&AccountsSettings>,
    theme: &Theme,
    mails: Option<AccountMailSettings>,
    hasher: &Arc<Argon2Hasher>,
    mailbox: &Arc<Mailbox>,
) -> (Option<Post>, RecoverySettings) {
    let passwords = accounts.map(|accounts| Passwords {
        hasher: Arc::clone(hasher) as _,
        strength: Strength(accounts.min_strength),
    });
    let verification = accounts.map(|accounts| accounts.verification).unwrap_or_default();
    let written = Arc::new(Notify::new());
    let post = mails.as_ref().map(|mails| {
        let mailer = mails.mailer.clone().unwrap_or_else(|| Arc::clone(mailbox) as _);
        (mailer, Arc::clone(&written))
    });
    let on_written = Arc::new(move || written.notify_one());
    let mail = mails.map(|mails| mails.mails(theme, on_written));
    (post, RecoverySettings { passwords, mail, verification })
}

const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl fmt::Debug for AccountMailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountMailSettings").finish_non_exhaustive()
    }
}

/// Mails in the look and the words of a deployment.
struct ThemedAccountLetters {
    theme: Theme,
    templates: AccountTemplates,
}

impl AccountLetters for ThemedAccountLetters {
    fn account(&self, letter: &AccountLetter<'_>) -> Letter {
        let AccountLetter { kind, email, host, url, lifetime } = *letter;
        let kind = match kind {
            AccountLetterKind::Verify => AccountMailKind::Verify,
            AccountLetterKind::Reset => AccountMailKind::Reset,
            AccountLetterKind::Change => AccountMailKind::Change,
            AccountLetterKind::Changed => AccountMailKind::Changed,
            AccountLetterKind::Password => AccountMailKind::Password,
            AccountLetterKind::Ended => AccountMailKind::Ended,
            AccountLetterKind::Deleted => AccountMailKind::Deleted,
            AccountLetterKind::Existing => AccountMailKind::Existing,
        };
        let mail = AccountMail { theme: &self.theme, kind, email, host, url, lifetime };
        let keyward_pages::Letter { subject, text, html } = mail.render(&self.templates);
        Letter { subject, text, html }
    }
}

//! Signing in by a link in a mail: what a deployment decides about it, and its mails in the words of the theme.

use std::{fmt, sync::Arc, time::Duration};

use keyward_core::{
    mail::{Letter, Letters, LinkLetter, Mailbox, Mailer},
    method::email::EmailProvider,
};
use keyward_pages::{LinkMail, MailTemplates, Theme};

use crate::mistake::Mistake;

/// A way to sign in by a link in a mail.
#[derive(Clone)]
pub struct EmailSettings {
    /// Stands in addresses and in `signIn("email", …)`. Default: `email`.
    pub id: String,
    /// For people. Default: `Email`.
    pub name: String,
    /// What sends the mails. `None`, for development alone: they are kept and shown at `{base}/-/mailbox`.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// For how long a link is good. Default: a day.
    pub max_age: Duration,
    /// A link opens a page with one button, so that mail scanners that follow links do not use it up; the browser
    /// that asked for it passes straight through. Default: no.
    pub confirm_page: bool,
    /// Whether an address that nobody has gets an account. If not, the mail says so. Default: yes.
    pub sign_up: bool,
    /// Own templates. Default: none.
    pub templates: MailTemplates,
}

impl EmailSettings {
    /// Links that `mailer` sends.
    #[must_use]
    pub fn through(mailer: impl Mailer + 'static) -> Self {
        Self { mailer: Some(Arc::new(mailer)), ..Self::in_mailbox() }
    }

    /// Links that nobody sends: development's mailbox shows them.
    #[must_use]
    pub fn in_mailbox() -> Self {
        Self {
            id: "email".to_owned(),
            name: "Email".to_owned(),
            mailer: None,
            max_age: Duration::from_secs(24 * 60 * 60),
            confirm_page: false,
            sign_up: true,
            templates: MailTemplates::default(),
        }
    }

    pub(crate) fn provider(self, theme: &Theme, mailbox: &Arc<Mailbox>) -> EmailProvider {
        EmailProvider {
            id: self.id,
            name: self.name,
            max_age: self.max_age,
            confirm_page: self.confirm_page,
            sign_up: self.sign_up,
            on_sign_in_page: true,
            mailer: self.mailer.unwrap_or_else(|| Arc::clone(mailbox) as _),
            letters: Arc::new(ThemedLetters { theme: theme.clone(), templates: self.templates }),
        }
    }

    /// What is wrong with it; it stands at `at`.
    pub(crate) fn mistakes(&self, at: &str, development: bool, found: &mut Vec<Mistake>) {
        if self.mailer.is_none() && !development {
            found.push(Mistake::new(
                format!("{at}.server"),
                "there is no mail server",
                "name one, such as server = \"smtp://user:password@mail.example:587\", and the sender in `from`; \
                 only development does without",
            ));
        }
        if !(SHORTEST..=LONGEST).contains(&self.max_age) {
            found.push(Mistake::new(
                format!("{at}.max_age"),
                "a link lives for a minute at least and thirty days at most",
                "write a span such as 24h",
            ));
        }
    }
}

const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl fmt::Debug for EmailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailSettings").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Mails in the look and the words of a deployment.
struct ThemedLetters {
    theme: Theme,
    templates: MailTemplates,
}

impl Letters for ThemedLetters {
    fn link(&self, link: &LinkLetter<'_>) -> Letter {
        let LinkLetter { email, host, url, lifetime } = *link;
        let keyward_pages::Letter { subject, text, html } =
            LinkMail { theme: &self.theme, email, host, url, lifetime }.render(&self.templates);
        Letter { subject, text, html }
    }
}

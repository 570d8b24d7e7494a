//! The mails about one's own account: links that prove, reset and change, and notices of what was done.

use std::borrow::Cow;
use std::time::Duration;

use super::{Letter, Words, built_in, colours, html, lifetime_in_words, one_line, text};
use crate::mail_template::{MailTemplates, Values};
use crate::texts::Texts;
use crate::theme::Theme;

/// What a mail about an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountMailKind {
    /// A link that proves the address of an account.
    Verify,
    /// A link that sets a new password.
    Reset,
    /// A link, sent to the new address, that makes it the account's.
    Change,
    /// To the old address: it was changed. With a link that takes it back, where the old one was proven.
    Changed,
    /// The password was changed. With a link to the page that resets it.
    Password,
    /// The address was proven for the first time, and the password from before ended with that. With a link to the page that
    /// sets another.
    Ended,
    /// The account was deleted.
    Deleted,
    /// Somebody signed up with an address that has an account already.
    Existing,
}

impl AccountMailKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Verify,
        Self::Reset,
        Self::Change,
        Self::Changed,
        Self::Password,
        Self::Ended,
        Self::Deleted,
        Self::Existing,
    ];

    /// Its name in a configuration file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::Change => "change",
            Self::Changed => "changed",
            Self::Password => "password",
            Self::Ended => "ended",
            Self::Deleted => "deleted",
            Self::Existing => "existing",
        }
    }
}

/// The owner's templates, one set for each kind.
#[derive(Clone, Debug, Default)]
pub struct AccountTemplates([MailTemplates; 8]);

impl AccountTemplates {
    /// Those of a kind.
    #[must_use]
    pub const fn of(&self, kind: AccountMailKind) -> &MailTemplates {
        &self.0[kind as usize]
    }

    /// Those of a kind, to be set.
    pub const fn of_mut(&mut self, kind: AccountMailKind) -> &mut MailTemplates {
        &mut self.0[kind as usize]
    }
}

/// A mail about somebody's own account.
#[derive(Clone, Copy, Debug)]
pub struct AccountMail<'a> {
    /// The deployment's look.
    pub theme: &'a Theme,
    /// What it is for.
    pub kind: AccountMailKind,
    /// The normalised address that it goes to.
    pub email: &'a str,
    /// The application's host, for people to read.
    pub host: &'a str,
    /// The link. `None` for [`AccountMailKind::Verify`] and [`AccountMailKind::Reset`]: there is nothing to do for this
    /// address, which is what the mail then says.
    pub url: Option<&'a str>,
    /// For how long the link is good; zero: it is no link that ends.
    pub lifetime: Duration,
}

impl<'a> AccountMail<'a> {
    /// The mail in words: the owner's templates where there are some, otherwise the built-in ones.
    #[must_use]
    pub fn render(&self, own: &AccountTemplates) -> Letter {
        let words = self.words();
        let asks_for_link = matches!(self.kind, AccountMailKind::Verify | AccountMailKind::Reset);
        if asks_for_link && self.url.is_none() {
            return built_in(&words, self.theme);
        }
        let own = own.of(self.kind);
        let (brand_color, button_text) = (words.colours.0.to_string(), words.colours.1.to_string());
        let values = Values {
            url: self.url.unwrap_or_default(),
            host: self.host,
            email: self.email,
            name: &self.theme.name,
            lifetime: &self.lifetime_in_words(),
            brand_color: &brand_color,
            button_text: &button_text,
        };
        Letter {
            subject: one_line(&own.subject(&values).unwrap_or_else(|| words.subject.clone())),
            text: own.text(&values).unwrap_or_else(|| text(&words)),
            html: own.html(&values).unwrap_or_else(|| html(&words, self.theme)),
        }
    }

    fn lifetime_in_words(&self) -> String {
        lifetime_in_words(&self.theme.texts, self.lifetime)
    }

    fn words(&self) -> Words<'a> {
        let texts = &self.theme.texts;
        let lifetime = self.lifetime_in_words();
        let say = |text: &str| {
            text.replace("{host}", self.host)
                .replace("{name}", &self.theme.name)
                .replace("{lifetime}", &lifetime)
        };
        let [title, said, button] = self.texts(texts);
        let ends = self.url.is_some() && !self.lifetime.is_zero();
        let mut notes = Vec::new();
        notes.extend(ends.then(|| say(&texts.mail_lifetime)));
        notes.extend(self.is_asked_for().then(|| say(&texts.mail_ignore)));
        notes.retain(|note| !note.is_empty());
        Words {
            subject: say(title),
            title: say(title),
            text: say(said),
            link: self.url.map(|url| (url, &**button)),
            notes,
            colours: colours(self.theme),
        }
    }

    /// Title (and subject), text, label of the button.
    fn texts(&self, texts: &'a Texts) -> [&'a Cow<'static, str>; 3] {
        use AccountMailKind::{Change, Changed, Deleted, Ended, Existing, Password, Reset, Verify};
        match (self.kind, self.url) {
            (Verify, Some(_)) => {
                [&texts.mail_verify_title, &texts.mail_verify_text, &texts.mail_verify_button]
            }
            (Verify, None) => {
                [&texts.mail_verify_title, &texts.mail_verify_unknown, &texts.mail_verify_button]
            }
            (Reset, Some(_)) => [&texts.mail_reset_title, &texts.mail_reset_text, &texts.mail_reset_button],
            (Reset, None) => [&texts.mail_reset_title, &texts.mail_reset_unknown, &texts.mail_reset_button],
            (Change, _) => [&texts.mail_change_title, &texts.mail_change_text, &texts.mail_change_button],
            (Changed, _) => [&texts.mail_changed_title, &texts.mail_changed_text, &texts.mail_changed_button],
            (Password, _) => {
                [&texts.mail_password_title, &texts.mail_password_text, &texts.mail_reset_button]
            }
            (Ended, _) => [&texts.mail_ended_title, &texts.mail_ended_text, &texts.mail_reset_button],
            (Deleted, _) => [&texts.mail_deleted_title, &texts.mail_deleted_text, &texts.mail_reset_button],
            (Existing, _) => {
                [&texts.mail_existing_title, &texts.mail_existing_text, &texts.mail_reset_button]
            }
        }
    }

    /// Whether somebody asked for this mail who may be a stranger.
    fn is_asked_for(&self) -> bool {
        use AccountMailKind::{Changed, Deleted, Ended, Password};
        !matches!(self.kind, Changed | Password | Ended | Deleted)
    }
}

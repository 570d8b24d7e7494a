//! The mails that people get: as text and as HTML, every variable escaped (lesson 76).

mod account;

use std::fmt::Write as _;
use std::time::Duration;

use askama::Template;

use crate::colour::Colour;
use crate::mail_template::{MailTemplates, Values};
use crate::texts::Texts;
use crate::theme::Theme;

pub use account::{AccountMail, AccountMailKind, AccountTemplates};

/// A mail without its addressee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// The mail with a link that signs in.
#[derive(Clone, Copy, Debug)]
pub struct LinkMail<'a> {
    /// The deployment's look.
    pub theme: &'a Theme,
    /// The normalised address that it goes to.
    pub email: &'a str,
    /// The application's host, for people to read.
    pub host: &'a str,
    /// The link. `None`: nobody has the address and no account is made for it, which is what the mail then says.
    pub url: Option<&'a str>,
    /// For how long the link is good.
    pub lifetime: Duration,
}

impl LinkMail<'_> {
    /// The mail in words: the owner's templates where there are some, otherwise the built-in ones.
    pub fn render(&self, own: &MailTemplates) -> Letter {
        let words = Words::of(self);
        let Some(url) = self.url else { return built_in(&words, self.theme) };
        let (brand_color, button_text) = (words.colours.0.to_string(), words.colours.1.to_string());
        let values = Values {
            url,
            host: self.host,
            email: self.email,
            name: &self.theme.name,
            lifetime: &lifetime_in_words(&self.theme.texts, self.lifetime),
            brand_color: &brand_color,
            button_text: &button_text,
        };
        Letter {
            subject: one_line(&own.subject(&values).unwrap_or_else(|| words.subject.clone())),
            text: own.text(&values).unwrap_or_else(|| text(&words)),
            html: own.html(&values).unwrap_or_else(|| html(&words, self.theme)),
        }
    }
}

/// A lifetime in words, in the largest unit of which there are at least two.
fn lifetime_in_words(texts: &Texts, lifetime: Duration) -> String {
    let seconds = lifetime.as_secs();
    let units = [(86_400, &texts.mail_days), (3600, &texts.mail_hours), (60, &texts.mail_minutes)];
    let fitting = units.iter().find(|(length, _)| seconds >= 2 * length);
    let (count, words) =
        fitting.map_or((seconds, &texts.mail_seconds), |(length, words)| (seconds / length, words));
    words.replace("{count}", &count.to_string())
}

/// The colours of the button: the owner's, otherwise those of the pages.
fn colours(theme: &Theme) -> (Colour, Colour) {
    let button = theme.brand_color.unwrap_or(BUTTON);
    (button, theme.button_text.unwrap_or(button.text_on()))
}

/// The main button of the pages where they are light and nobody chose a colour.
const BUTTON: Colour = Colour::new(0x17, 0x18, 0x1b);

/// What stands in a mail.
struct Words<'a> {
    subject: String,
    title: String,
    text: String,
    /// Address and label of the button.
    link: Option<(&'a str, &'a str)>,
    notes: Vec<String>,
    colours: (Colour, Colour),
}

impl<'a> Words<'a> {
    fn of(mail: &LinkMail<'a>) -> Self {
        let texts = &mail.theme.texts;
        let lifetime = lifetime_in_words(texts, mail.lifetime);
        let say = |text: &str| {
            text.replace("{host}", mail.host)
                .replace("{name}", &mail.theme.name)
                .replace("{lifetime}", &lifetime)
        };
        let (text, link, notes) = match mail.url {
            Some(url) => {
                let notes = [say(&texts.mail_lifetime), say(&texts.mail_ignore)];
                (say(&texts.mail_text), Some((url, &*texts.mail_button)), notes.to_vec())
            }
            None => (say(&texts.mail_unknown), None, vec![say(&texts.mail_ignore)]),
        };
        Self {
            subject: say(&texts.mail_subject),
            title: say(&texts.mail_title),
            text,
            link,
            notes: notes.into_iter().filter(|note| !note.is_empty()).collect(),
            colours: colours(mail.theme),
        }
    }
}

fn built_in(words: &Words<'_>, theme: &Theme) -> Letter {
    Letter { subject: one_line(&words.subject), text: text(words), html: html(words, theme) }
}

/// The original's two lines come first: tests of applications read the link from the second.
fn text(words: &Words<'_>) -> String {
    let mut lines = format!("{}\n", words.title);
    if let Some((url, _)) = words.link {
        let _ = writeln!(lines, "{url}");
    }
    for paragraph in std::iter::once(&words.text).chain(&words.notes).filter(|text| !text.is_empty()) {
        let _ = write!(lines, "\n{paragraph}\n");
    }
    lines
}

fn html(words: &Words<'_>, theme: &Theme) -> String {
    HtmlMail { words, theme }.render().expect("writing to a String cannot fail")
}

/// A subject cannot bring headers of its own along, whatever stands in a host or a text.
fn one_line(subject: &str) -> String {
    subject.split(|c: char| c.is_control()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[derive(Template)]
#[template(path = "mail.html")]
struct HtmlMail<'a> {
    words: &'a Words<'a>,
    theme: &'a Theme,
}

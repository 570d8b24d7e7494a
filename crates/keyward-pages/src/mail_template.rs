//! The owner's own templates of mails: `{{url}}` and its kin, escaped where the part is HTML.

use std::fmt;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

/// Which part of a mail a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPart {
    /// The subject.
    Subject,
    /// The text part.
    Text,
    /// The HTML part: whatever a variable holds is escaped. A template that turns that off is refused.
    Html,
}

/// The owner's templates of the mail with a link; parts without one are the built-in ones.
///
/// Variables: `url`, `host`, `email`, `name` (the product's), `lifetime`, `brand_color`, `button_text`. In HTML
/// `host` is written so that mail programs make no link of it.
#[derive(Clone, Debug, Default)]
pub struct MailTemplates {
    subject: Option<Template>,
    text: Option<Template>,
    html: Option<Template>,
}

/// A template that can't be used, with the place where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTemplate {
    /// Line, counted from one, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

impl MailTemplates {
    /// Puts an own template in place of a built-in part. It has been tried once when this returns.
    pub fn set(&mut self, part: MailPart, source: &str) -> Result<(), InvalidTemplate> {
        let template = Template { part, source: source.into() };
        if template.render(&SAMPLE)?.contains(MARK) && part == MailPart::Html {
            let problem = "a variable would stand in the HTML as it is, tags and all".to_owned();
            return Err(InvalidTemplate { line: None, problem });
        }
        match part {
            MailPart::Subject => self.subject = Some(template),
            MailPart::Text => self.text = Some(template),
            MailPart::Html => self.html = Some(template),
        }
        Ok(())
    }

    pub(crate) fn subject(&self, values: &Values<'_>) -> Option<String> {
        rendered(self.subject.as_ref(), values)
    }

    pub(crate) fn text(&self, values: &Values<'_>) -> Option<String> {
        rendered(self.text.as_ref(), values)
    }

    pub(crate) fn html(&self, values: &Values<'_>) -> Option<String> {
        rendered(self.html.as_ref(), values)
    }
}

/// One that fails after it once worked gives way to the built-in part: people get their mail.
fn rendered(template: Option<&Template>, values: &Values<'_>) -> Option<String> {
    template?.render(values).ok()
}

/// `text` so that mail programs do not make links of the hosts in it, which people then take for the button.
pub(crate) fn unlinked(text: &str) -> String {
    text.replace('.', "\u{200b}.")
}

#[derive(Clone, Debug)]
struct Template {
    part: MailPart,
    source: Box<str>,
}

/// What templates may name.
pub(crate) struct Values<'a> {
    pub(crate) url: &'a str,
    pub(crate) host: &'a str,
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) lifetime: &'a str,
    pub(crate) brand_color: &'a str,
    pub(crate) button_text: &'a str,
}

/// What must not come out of an HTML template as it went in.
const MARK: &str = "<&>";

const SAMPLE: Values<'static> = Values {
    url: "https://app.example/<&>",
    host: "app.example<&>",
    email: "<&>@example.com",
    name: "<&>",
    lifetime: "24 <&>",
    brand_color: "<&>",
    button_text: "<&>",
};

impl Template {
    fn render(&self, values: &Values<'_>) -> Result<String, InvalidTemplate> {
        let mut engine = Environment::empty();
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        let is_html = self.part == MailPart::Html;
        engine.set_auto_escape_callback(move |_| if is_html { AutoEscape::Html } else { AutoEscape::None });
        let host = if is_html { unlinked(values.host) } else { values.host.to_owned() };
        let given = context! {
            url => values.url,
            host => host,
            email => values.email,
            name => values.name,
            lifetime => values.lifetime,
            brand_color => values.brand_color,
            button_text => values.button_text,
        };
        Ok(engine.render_str(&self.source, given)?)
    }
}

impl From<minijinja::Error> for InvalidTemplate {
    fn from(error: minijinja::Error) -> Self {
        let kind = error.kind().to_string();
        let problem = error.detail().map_or_else(|| kind.clone(), |detail| format!("{kind}: {detail}"));
        Self { line: error.line(), problem }
    }
}

impl fmt::Display for InvalidTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for InvalidTemplate {}

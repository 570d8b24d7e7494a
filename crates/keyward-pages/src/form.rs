//! Forms: one per provider on the sign-in page, one on the sign-up page.

use std::borrow::Cow;

use crate::colour::Colour;
use crate::errors::ErrorText;
use crate::texts::Texts;

/// One way to sign in, as a form.
#[derive(Clone, Debug)]
pub struct ProviderForm<'a> {
    /// The provider's id; part of the ids of its inputs.
    pub id: Cow<'a, str>,
    /// Its name as people know it.
    pub name: Cow<'a, str>,
    /// Where the form is sent: `{base}/signin/{id}`, for credentials `{base}/callback/{id}`.
    pub action: Cow<'a, str>,
    /// What the form asks for.
    pub kind: ProviderKind<'a>,
}

/// What a provider's form asks for.
#[derive(Clone, Debug)]
pub enum ProviderKind<'a> {
    /// Nothing: a button that leads to the provider.
    Redirect {
        /// The ground of its letter mark; without one it has the page's own.
        brand: Option<Colour>,
    },
    /// An address that a link is sent to.
    Email {
        /// What the input holds already, from `?email=`.
        value: Cow<'a, str>,
    },
    /// The provider's declared fields.
    Credentials {
        /// In the order in which they are shown.
        fields: Vec<Field<'a>>,
    },
}

/// One input with its label.
#[derive(Clone, Debug, Default)]
pub struct Field<'a> {
    /// The name that it is sent under.
    pub name: Cow<'a, str>,
    /// What people see above it.
    pub label: Cow<'a, str>,
    /// The HTML input type; empty means `text`.
    pub input_type: Cow<'a, str>,
    /// An example shown while it is empty.
    pub placeholder: Cow<'a, str>,
    /// What a password manager shall fill in: `username`, `current-password`, `new-password` … Empty: not said.
    pub autocomplete: Cow<'a, str>,
    /// Advice shown below it.
    pub hint: Cow<'a, str>,
    /// Whether it must be filled in.
    pub required: bool,
    /// What it holds already. Never set it for a password.
    pub value: Cow<'a, str>,
    /// Further HTML attributes, name and value, in this order. Those that [`may_declare`] refuses are left out.
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Whether a field may bring this attribute along: not what the page itself writes, nor what runs a script,
/// styles, or sends the form elsewhere.
pub fn may_declare(attribute: &str) -> bool {
    let name = attribute.to_ascii_lowercase();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_name
        && !name.starts_with("on")
        && !name.starts_with("form")
        && name != "style"
        && !WRITTEN.contains(&name.as_str())
}

/// The attributes of an input that stand for members of [`Field`], or hold the page together.
const WRITTEN: [&str; 10] = [
    "aria-describedby",
    "aria-invalid",
    "autocomplete",
    "autofocus",
    "id",
    "name",
    "placeholder",
    "required",
    "type",
    "value",
];

impl<'a> Field<'a> {
    /// The person's name, on sign-up.
    pub fn name(texts: &'a Texts) -> Self {
        Self {
            name: "name".into(),
            label: (&*texts.name_label).into(),
            autocomplete: "name".into(),
            ..Self::default()
        }
    }

    /// The address that an account is known by.
    pub fn email(texts: &'a Texts) -> Self {
        Self {
            name: "email".into(),
            label: (&*texts.email_label).into(),
            input_type: "email".into(),
            placeholder: (&*texts.email_placeholder).into(),
            autocomplete: "username".into(),
            required: true,
            ..Self::default()
        }
    }

    /// The code of an authenticator app, or a recovery code.
    pub fn one_time_code(texts: &'a Texts) -> Self {
        Self {
            name: "code".into(),
            label: (&*texts.code_label).into(),
            autocomplete: "one-time-code".into(),
            required: true,
            attributes: [("autocapitalize", "none"), ("spellcheck", "false")]
                .map(|(n, v)| (n.into(), v.into()))
                .into(),
            ..Self::default()
        }
    }

    /// The password, on sign-in.
    pub fn current_password(texts: &'a Texts) -> Self {
        Self {
            name: "password".into(),
            label: (&*texts.password_label).into(),
            input_type: "password".into(),
            autocomplete: "current-password".into(),
            required: true,
            ..Self::default()
        }
    }

    /// The password, on sign-up.
    pub fn new_password(texts: &'a Texts) -> Self {
        Self {
            autocomplete: "new-password".into(),
            hint: (&*texts.new_password_hint).into(),
            ..Self::current_password(texts)
        }
    }

    /// The input type as it is written.
    pub(crate) fn html_type(&self) -> &str {
        if self.input_type.is_empty() { "text" } else { &self.input_type }
    }

    /// The declared attributes, and for an address those that keep phones from spelling it otherwise.
    pub(crate) fn further_attributes(&self) -> Vec<(&str, &str)> {
        let declared = self.attributes.iter().map(|(name, value)| (&**name, &**value));
        let mut all: Vec<_> = declared.filter(|(name, _)| may_declare(name)).collect();
        if self.html_type() == "email" {
            for (name, value) in [("autocapitalize", "none"), ("spellcheck", "false")] {
                if !all.iter().any(|(declared, _)| declared.eq_ignore_ascii_case(name)) {
                    all.push((name, value));
                }
            }
        }
        all
    }

    /// Whether the error is about this field.
    pub(crate) fn is_wrong(&self, error: Option<&ErrorText>) -> bool {
        error.is_some_and(|e| e.field == Some(&*self.name))
    }

    /// The ids of what describes the input whose id is `id`: the page's error, its hint.
    pub(crate) fn described_by(&self, id: &str, error: Option<&ErrorText>) -> Option<String> {
        match (error.is_some(), self.hint.is_empty()) {
            (false, true) => None,
            (true, true) => Some("form-error".to_owned()),
            (false, false) => Some(format!("{id}-hint")),
            (true, false) => Some(format!("form-error {id}-hint")),
        }
    }
}

impl<'a> ProviderForm<'a> {
    /// The inputs of this form.
    pub(crate) fn fields(&self, texts: &'a Texts) -> Vec<Field<'a>> {
        match &self.kind {
            ProviderKind::Redirect { .. } => Vec::new(),
            ProviderKind::Credentials { fields } => fields.clone(),
            ProviderKind::Email { value } => {
                vec![Field { value: value.clone(), autocomplete: "email".into(), ..Field::email(texts) }]
            }
        }
    }

    /// Whether it is a lone button.
    pub(crate) fn is_redirect(&self) -> bool {
        matches!(self.kind, ProviderKind::Redirect { .. })
    }

    /// The mark on its button, if it has one: nobody's logo, but the first letter of the name.
    pub(crate) fn mark(&self) -> Option<Mark> {
        let ProviderKind::Redirect { brand } = self.kind else { return None };
        let first = self.name.chars().find(|c| c.is_alphanumeric())?;
        Some(Mark { letter: first.to_uppercase().collect(), brand })
    }

    /// What its button says, in full.
    pub(crate) fn button(&self, texts: &Texts) -> String {
        texts.sign_in_with.replace("{name}", &self.name)
    }
}

/// A letter on a coloured ground. The colours are attributes of the drawing: the pages' policy takes no styles.
pub(crate) struct Mark {
    pub(crate) letter: String,
    pub(crate) brand: Option<Colour>,
}

/// The id of the input to start in, of pairs of a form's id and an input: the first that the error is about, otherwise the first that is empty.
pub(crate) fn start_in(inputs: &[(&str, &Field<'_>)], error: Option<&ErrorText>) -> Option<String> {
    let wrong = inputs.iter().find(|(_, field)| field.is_wrong(error));
    let empty = || inputs.iter().find(|(_, field)| field.value.is_empty());
    wrong.or_else(empty).map(|(form, field)| input_id(&field.name, form))
}

/// The id of an input, as NextAuth's pages have it.
pub(crate) fn input_id(field: &str, form: &str) -> String {
    format!("input-{field}-for-{form}-provider")
}

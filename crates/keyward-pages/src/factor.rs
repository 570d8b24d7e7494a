//! The pages of second factors and passkeys.

use askama::Template;

use crate::errors::ErrorText;
use crate::form::{Field, start_in};
use crate::frame::Frame;
use crate::qr::Qr;

/// A button that the script brings to life; hidden where there is no script.
#[derive(Clone, Copy, Debug)]
pub struct PasskeyButton<'a> {
    /// Where the form is sent.
    pub action: &'a str,
    /// Where the script asks for options.
    pub options: &'a str,
    /// Further values that go along, by name.
    pub hidden: &'a [(&'a str, &'a str)],
}

/// `{base}/-/factor` and `{base}/-/confirm`: show a factor.
#[derive(Clone, Debug, Template)]
#[template(path = "factor.html")]
pub struct FactorPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// A few words.
    pub title: &'a str,
    /// A sentence.
    pub text: &'a str,
    /// Goes along with the forms.
    pub csrf_token: &'a str,
    /// Where to go afterwards, goes along with the forms. Empty: it is known.
    pub callback_url: &'a str,
    /// Where the form is sent.
    pub action: &'a str,
    /// What went wrong before.
    pub error: Option<ErrorText>,
    /// What is asked for. `None`: nothing can be typed.
    pub field: Option<Field<'a>>,
    /// The label of its button.
    pub button: &'a str,
    /// The other way.
    pub passkey: Option<PasskeyButton<'a>>,
    /// Where else to go, and what it says.
    pub other: (&'a str, &'a str),
}

/// `{base}/-/account/totp` where there is no authenticator app yet: scan, then type the code.
#[derive(Clone, Debug, Template)]
#[template(path = "set_up_app.html")]
pub struct SetUpAppPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// Goes along with the form.
    pub csrf_token: &'a str,
    /// Where the form is sent.
    pub action: &'a str,
    /// What went wrong before.
    pub error: Option<ErrorText>,
    /// What is scanned.
    pub qr: Option<Qr>,
    /// What is typed instead.
    pub secret: &'a str,
    /// Goes along with the form.
    pub set_up: &'a str,
}

/// `{base}/-/account/totp` where there is one.
#[derive(Clone, Debug, Template)]
#[template(path = "app.html")]
pub struct AppPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// Goes along with the forms.
    pub csrf_token: &'a str,
    /// What went wrong before.
    pub error: Option<ErrorText>,
    /// Where the form for other recovery codes is sent.
    pub codes: &'a str,
    /// Where the form that removes the app is sent.
    pub remove: &'a str,
    /// Recovery codes that are left.
    pub codes_left: u32,
}

/// Recovery codes, shown once.
#[derive(Clone, Debug, Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodesPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// The codes.
    pub codes: Vec<&'a str>,
    /// Where to go from here.
    pub next: &'a str,
}

/// `{base}/-/account/passkeys`.
#[derive(Clone, Debug, Template)]
#[template(path = "passkeys.html")]
pub struct PasskeysPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// Goes along with the forms.
    pub csrf_token: &'a str,
    /// What went wrong before.
    pub error: Option<ErrorText>,
    /// Adds one.
    pub add: PasskeyButton<'a>,
    /// Where the form that removes one is sent.
    pub remove: &'a str,
    /// What there is.
    pub passkeys: Vec<PasskeyRow<'a>>,
}

/// A passkey on that page.
#[derive(Clone, Debug)]
pub struct PasskeyRow<'a> {
    /// Goes along with the form.
    pub id: &'a str,
    /// What its person calls it; may be empty.
    pub name: &'a str,
    /// When it was added, in words.
    pub created: String,
    /// When it was last used, in words; empty: never yet.
    pub used: String,
    /// True if it is kept somewhere else, too.
    pub backed_up: bool,
}

macro_rules! render {
    ($($page:ident)+) => {
        $(impl $page<'_> {
            /// The page as HTML, to be served as `text/html; charset=utf-8` with
            /// [`CONTENT_SECURITY_POLICY`](crate::CONTENT_SECURITY_POLICY), and where it has a passkey button with
            /// its script allowed.
            pub fn render(&self) -> String {
                Template::render(self).expect("writing to a String cannot fail")
            }
        })+
    };
}

render! { FactorPage SetUpAppPage AppPage RecoveryCodesPage PasskeysPage }

impl FactorPage<'_> {
    /// The id that stands for this form in the ids of its inputs.
    const FORM: &'static str = "factor";

    fn start_in(&self) -> Option<String> {
        let inputs: Vec<_> = self.field.iter().map(|field| (Self::FORM, field)).collect();
        start_in(&inputs, self.error.as_ref())
    }
}

impl<'a> SetUpAppPage<'a> {
    const FORM: &'static str = "set-up";

    fn field(&self) -> Field<'a> {
        Field::one_time_code(&self.frame.theme.texts)
    }

    /// In groups of four, as people read it.
    fn grouped(&self) -> String {
        let letters: Vec<char> = self.secret.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }
}

impl AppPage<'_> {
    fn left(&self) -> String {
        self.frame.theme.texts.app_codes_left.replace("{count}", &self.codes_left.to_string())
    }
}

impl<'a> PasskeyRow<'a> {
    fn title(&self, frame: &Frame<'a>) -> &'a str {
        if self.name.is_empty() { &frame.theme.texts.passkey_unnamed } else { self.name }
    }
}

//! The pages, one struct each.

use askama::Template;

use crate::errors::ErrorText;
use crate::factor::PasskeyButton;
use crate::form::{Field, ProviderForm, start_in};
use crate::frame::Frame;

/// `{base}/signin`: every way to sign in.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// Goes along with every form.
    pub csrf_token: &'a str,
    /// Where to go afterwards, goes along with every form. Empty: left to the cookie.
    pub callback_url: &'a str,
    /// What went wrong before.
    pub error: Option<ErrorText>,
    /// The ways to sign in, in this order.
    pub providers: Vec<ProviderForm<'a>>,
    /// The button that asks for a passkey.
    pub passkey: Option<PasskeyButton<'a>>,
    /// Where to make an account, if that can be done here.
    pub sign_up_url: Option<String>,
    /// Where who forgot their password gets another, if that can be done here.
    pub reset_url: Option<String>,
}

/// `{base}/-/account/sign-up`, or wherever the layer above puts it: make an account.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_up.html")]
pub struct SignUpPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// Goes along with the form.
    pub csrf_token: &'a str,
    /// Where to go afterwards, goes along with the form. Empty: left to the cookie.
    pub callback_url: &'a str,
    /// Where the form is sent.
    pub action: &'a str,
    /// What is asked for.
    pub fields: Vec<Field<'a>>,
    /// What went wrong before.
    pub error: Option<ErrorText>,
    /// Where people go who have an account.
    pub sign_in_url: &'a str,
}

/// `{base}/signout`: sign out, really?
#[derive(Clone, Debug, Template)]
#[template(path = "sign_out.html")]
pub struct SignOutPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// Goes along with the form.
    pub csrf_token: &'a str,
    /// Where the form is sent: `{base}/signout`.
    pub action: &'a str,
    /// Where to go afterwards, goes along with the form. Empty: left to the cookie.
    pub callback_url: &'a str,
    /// Where those go who would rather stay; must be a checked address. Empty: no link.
    pub stay: &'a str,
}

/// `{base}/signin?link=…` for who is signed in: add the provider that they tried before?
#[derive(Clone, Debug, Template)]
#[template(path = "add_account.html")]
pub struct AddAccountPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// Goes along with the form.
    pub csrf_token: &'a str,
    /// Where the form is sent: `{base}/signin/{id}`.
    pub action: &'a str,
    /// Where to go afterwards, and where those go who would rather not; must be a checked address.
    pub callback_url: &'a str,
    /// The provider's name.
    pub provider: &'a str,
}

/// `{base}/error`: what went wrong, and the way on.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    /// Shared by all pages; this one shows the request id.
    pub frame: Frame<'a>,
    /// The error's code; shown if it looks like one.
    pub code: &'a str,
    /// The words for it.
    pub error: ErrorText,
    /// Back to sign in.
    pub sign_in_url: Option<String>,
    /// Documentation of this error; for developers.
    pub docs_url: Option<String>,
}

/// `{base}/verify-request`: the mail is on its way.
#[derive(Clone, Debug, Template)]
#[template(path = "verify_request.html")]
pub struct VerifyRequestPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// The application's host, as the link back says it.
    pub host: &'a str,
    /// The application's origin, where that link leads.
    pub origin: &'a str,
    /// Development without a mail server: where the mail can be read. Empty: it was sent.
    pub mailbox_url: &'a str,
}

/// What a link from a mail opens where the deployment asks for one more step: mail scanners follow links and
/// press no buttons (lesson 37).
#[derive(Clone, Debug, Template)]
#[template(path = "confirm_link.html")]
pub struct ConfirmLinkPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// Goes along with the form.
    pub csrf_token: &'a str,
    /// Where the form is sent: `{base}/callback/{id}`.
    pub action: &'a str,
    /// Where to go afterwards, goes along with the form.
    pub callback_url: &'a str,
    /// The link's token, goes along with the form.
    pub token: &'a str,
    /// The address that the link was sent to; shown, and goes along with the form.
    pub email: &'a str,
    /// The application's host.
    pub host: &'a str,
}

/// `{base}/-/mailbox` in development: what would have been sent. For developers, so its texts are fixed.
#[derive(Clone, Debug, Template)]
#[template(path = "mailbox.html")]
pub struct MailboxPage<'a> {
    /// Shared by all pages.
    pub frame: Frame<'a>,
    /// The newest first.
    pub mails: Vec<ShownMail<'a>>,
}

/// A mail on that page.
#[derive(Clone, Copy, Debug)]
pub struct ShownMail<'a> {
    /// Whom it would have gone to.
    pub to: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// When, in words.
    pub at: &'a str,
    /// Its text part. A line that is an address becomes a link.
    pub text: &'a str,
    /// Where its HTML part is shown.
    pub html_url: &'a str,
}

/// `/` in development: who is signed in, and the next step. For developers, so its texts are fixed.
#[derive(Clone, Debug, Template)]
#[template(path = "start.html")]
pub struct StartPage<'a> {
    /// Shared by all pages; this one shows the base path.
    pub frame: Frame<'a>,
    /// Who is signed in.
    pub user: Option<StartUser<'a>>,
    /// Where to sign in.
    pub sign_in_url: &'a str,
    /// Where to make an account, if that can be done here.
    pub sign_up_url: Option<String>,
    /// Where people see to their own account, if it is kept here.
    pub account_url: Option<String>,
    /// Where to sign out.
    pub sign_out_url: &'a str,
    /// The body of `{base}/session`, indented.
    pub session_json: Option<String>,
    /// Proxy rules to copy.
    pub snippets: Vec<Snippet<'a>>,
}

/// Who is signed in.
#[derive(Clone, Copy, Debug, Default)]
pub struct StartUser<'a> {
    /// Their name.
    pub name: Option<&'a str>,
    /// Their address.
    pub email: Option<&'a str>,
    /// Address of their picture.
    pub image: Option<&'a str>,
}

/// A few lines to copy.
#[derive(Clone, Copy, Debug)]
pub struct Snippet<'a> {
    /// For whom, such as `Vite`.
    pub title: &'a str,
    /// The file that they belong to.
    pub file: &'a str,
    /// The lines.
    pub code: &'a str,
}

macro_rules! render {
    ($($page:ident)+) => {
        $(impl $page<'_> {
            /// The page as HTML, to be served as `text/html; charset=utf-8` with
            /// [`CONTENT_SECURITY_POLICY`](crate::CONTENT_SECURITY_POLICY).
            pub fn render(&self) -> String {
                Template::render(self).expect("writing to a String cannot fail")
            }
        })+
    };
}

render! {
    SignInPage SignUpPage SignOutPage AddAccountPage ErrorPage VerifyRequestPage ConfirmLinkPage MailboxPage StartPage
}

impl<'a> SignInPage<'a> {
    /// What a form's button shows, and the rest of its name for those who hear or search it: a lone
    /// credentials form says `Sign in`, and `with {provider}` is left to be read out.
    fn button(&self, form: &ProviderForm<'_>) -> (String, String) {
        let texts = &self.frame.theme.texts;
        let full = form.button(texts);
        if form.is_redirect() || self.has_several_forms() {
            return (full, String::new());
        }
        let rest = full.strip_prefix(&*texts.sign_in_button).unwrap_or_default().to_owned();
        (texts.sign_in_button.to_string(), rest)
    }

    fn has_several_forms(&self) -> bool {
        self.providers.iter().filter(|form| !form.is_redirect()).count() > 1
    }

    /// Whether this provider's button is the page's main one: that of the first form with inputs, or the only one.
    fn is_main(&self, index: usize) -> bool {
        let first = self.providers.iter().position(|form| !form.is_redirect());
        first == Some(index) || self.providers.len() == 1
    }

    /// Whether this provider and the one before it need a line between them.
    fn is_parted(&self, index: usize) -> bool {
        let form = |i: usize| self.providers.get(i).map(ProviderForm::is_redirect);
        index > 0 && (form(index - 1), form(index)) != (Some(true), Some(true))
    }

    /// The id of the input to start in. None if the page opens with a button, so that it isn't skipped,
    /// unless there is an error to put right.
    fn start_in(&self) -> Option<String> {
        if self.error.is_none() && self.providers.first().is_some_and(ProviderForm::is_redirect) {
            return None;
        }
        let texts = &self.frame.theme.texts;
        let forms: Vec<_> = self.providers.iter().map(|form| (&*form.id, form.fields(texts))).collect();
        let inputs: Vec<_> =
            forms.iter().flat_map(|(id, fields)| fields.iter().map(move |field| (*id, field))).collect();
        start_in(&inputs, self.error.as_ref())
    }
}

impl SignUpPage<'_> {
    /// The id that stands for this form in the ids of its inputs.
    const FORM: &'static str = "sign-up";

    fn start_in(&self) -> Option<String> {
        let inputs: Vec<_> = self.fields.iter().map(|field| (Self::FORM, field)).collect();
        start_in(&inputs, self.error.as_ref())
    }
}

impl ErrorPage<'_> {
    /// The code, if it is one: what can be written into an address by anybody is not repeated.
    fn shown_code(&self) -> Option<&str> {
        let is_code = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        (1..=40).contains(&self.code.len()).then_some(self.code).filter(|code| code.chars().all(is_code))
    }
}

impl AddAccountPage<'_> {
    /// A text about the provider.
    fn of(&self, text: &str) -> String {
        text.replace("{name}", self.provider)
    }
}

impl VerifyRequestPage<'_> {
    fn back(&self) -> String {
        self.frame.theme.texts.verify_back.replace("{host}", self.host)
    }
}

impl ConfirmLinkPage<'_> {
    fn text(&self) -> String {
        let text = &self.frame.theme.texts.confirm_text;
        text.replace("{host}", self.host).replace("{email}", self.email)
    }
}

impl StartUser<'_> {
    /// How the page calls them.
    fn display_name(&self) -> &str {
        [self.name, self.email]
            .into_iter()
            .flatten()
            .find(|text| !text.trim().is_empty())
            .unwrap_or("Somebody")
    }

    /// Their address, where the name stands above it.
    fn second_line(&self) -> Option<&str> {
        self.email.filter(|&email| email != self.display_name())
    }

    /// The letter in place of a picture.
    fn initial(&self) -> String {
        self.display_name().trim().chars().take(1).flat_map(char::to_uppercase).collect()
    }
}

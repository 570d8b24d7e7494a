//! What the edge sends back: a status, headers, cookies, and a body or the page to render.

mod account;
use std::borrow::Cow;

pub use self::account::{AccountPage, AddableProvider};
pub use crate::action::{Ask, AskedField, FactorPage, PasskeyForm, ShownPasskey};
use crate::{
    action::{Link, State, Step},
    settings::Field,
};

/// `Cache-Control` of what is the same for everybody and changes rarely.
pub const FOR_MINUTES: &str = "public, max-age=300";

/// A reply, ready but for HTML.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beside `Set-Cookie` and `Content-Type`.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Values of `Set-Cookie`.
    pub cookies: Vec<String>,
    /// Body.
    pub body: ReplyBody,
    /// For the log: the refusal's code and its detail, if the request was refused.
    pub refused: Option<(&'static str, Option<String>)>,
}

/// A reply's body.
#[derive(Clone, Debug)]
pub enum ReplyBody {
    /// Nothing.
    Empty,
    /// `application/json`, already text.
    Json(String),
    /// `text/plain`.
    Text(String),
    /// `text/html`: a built-in page.
    Page(Page),
}

/// A built-in page and what stands on it.
#[derive(Clone, Debug)]
pub enum Page {
    /// Second factors and passkeys.
    Factor(Box<FactorPage>),
    /// Sign in: one form per provider.
    SignIn {
        /// For the hidden field.
        csrf_token: String,
        /// Error code or free text from the address.
        error: Option<String>,
        /// Forms.
        providers: Vec<ProviderForm>,
        /// The button that asks for a passkey, if there are any.
        passkey: Option<PasskeyForm>,
        /// Address of the sign-up page, if there is one.
        sign_up: Option<String>,
        /// Address of the page that resets a password, if there is one.
        reset: Option<String>,
        /// Where to land, for the hidden field; `None`: the cookie has it.
        callback_url: Option<String>,
        /// Name of the provider that can be added afterwards.
        adds: Option<String>,
    },
    /// Ask whether to add a provider.
    AddAccount {
        /// For the hidden field.
        csrf_token: String,
        /// Where the form goes.
        action: String,
        /// Where to land, for the hidden field and for who would rather not.
        callback_url: String,
        /// The provider's name.
        provider: String,
    },
    /// Sign up.
    SignUp {
        /// For the hidden field.
        csrf_token: String,
        /// Error code from the address.
        error: Option<String>,
        /// The form.
        form: ProviderForm,
        /// Address of the sign-in page.
        sign_in: String,
    },
    /// Ask whether to sign out.
    SignOut {
        /// For the hidden field.
        csrf_token: String,
        /// Where the form goes.
        action: String,
        /// Where those go who would rather stay.
        stay: String,
    },
    /// Something went wrong. The status is the reply's.
    Error {
        /// Error code or free text from the address; `None` for a generic one.
        error: Option<String>,
        /// Address of the sign-in page.
        sign_in: String,
    },
    /// What a link from a mail opens where somebody has to press a button.
    ConfirmLink {
        /// For the hidden field.
        csrf_token: String,
        /// Where the form goes.
        action: String,
        /// Where to land, for the hidden field.
        callback_url: String,
        /// The link's token, for the hidden field.
        token: String,
        /// The address that the link was sent to, shown and for the hidden field.
        email: String,
        /// Host for people to read.
        host: String,
    },
    /// About one's own account.
    Recovery(Box<RecoveryPage>),
    /// One's own account.
    Account(Box<AccountPage>),
    /// "Check your e-mail".
    VerifyRequest {
        /// Host for people to read.
        host: String,
        /// Link back.
        origin: String,
    },
}

/// A page on which people prove, reset, change and give up what is theirs.
#[derive(Clone, Debug)]
pub struct RecoveryPage {
    /// What it is about.
    pub step: Step,
    /// How far they are.
    pub state: State,
    /// For the hidden field.
    pub csrf_token: String,
    /// Where the form goes.
    pub action: String,
    /// The link of the mail, for hidden fields.
    pub link: Option<Link>,
    /// What the input of an address holds already.
    pub typed: String,
    /// The address that it is about. Empty: there is none to show.
    pub email: String,
    /// What went wrong.
    pub error: Option<String>,
    /// Host for people to read.
    pub host: String,
    /// Link back.
    pub origin: String,
    /// Address of the sign-in page.
    pub sign_in: String,
    /// Address of the page that resets a password, if there is one.
    pub reset: Option<String>,
}

impl Page {
    /// The passkey button on it, if it has one: then it needs its script.
    #[must_use]
    pub fn passkey(&self) -> Option<&PasskeyForm> {
        match self {
            Self::SignIn { passkey, .. } => passkey.as_ref(),
            Self::Factor(page) => match &**page {
                FactorPage::Factor(ask) | FactorPage::Confirm(ask) => ask.passkey.as_ref(),
                FactorPage::Passkeys { add, .. } => Some(add),
                FactorPage::SetUpApp { .. } | FactorPage::App { .. } | FactorPage::Codes { .. } => None,
            },
            _ => None,
        }
    }
}

/// A provider's form on a built-in page.
#[derive(Clone, Debug)]
pub struct ProviderForm {
    /// Id.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where the form goes.
    pub action: String,
    /// What it asks for.
    pub kind: FormKind,
}

/// What a provider's form asks for.
#[derive(Clone, Debug)]
pub enum FormKind {
    /// Nothing: a button that leads to another site.
    Button,
    /// An address that a link is sent to.
    Email {
        /// What the input holds already.
        value: String,
    },
    /// These inputs.
    Fields(Vec<Field>),
}

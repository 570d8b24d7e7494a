//! Second factors and passkeys: what pages and clients ask for, and what comes of it.

use serde_json::Value;

use super::FactorPage;
use crate::{error::Refusal, secret::Secret};

/// What a request about second factors or passkeys asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum FactorAction {
    /// One of our own pages, by `GET`.
    Page {
        /// Which.
        page: OwnPage,
        /// From the query.
        error: Option<String>,
    },
    /// `POST -/factor`: the second factor of a sign-in that waits for it.
    Show(Answer),
    /// `POST -/confirm`: somebody who is signed in proves themselves anew.
    Confirm {
        /// A password.
        password: Option<String>,
        /// Or one of these.
        answer: Answer,
    },
    /// `POST -/account/totp`: sets an authenticator app up.
    AddApp {
        /// From the form that showed the secret.
        set_up: Option<String>,
        /// The app's first code.
        code: Option<String>,
    },
    /// `POST -/account/totp/remove`.
    RemoveApp,
    /// `POST -/account/totp/codes`: other recovery codes.
    ReplaceCodes,
    /// `POST -/account/passkeys`: adds one.
    AddPasskey {
        /// The browser's answer.
        answer: Option<String>,
        /// What its person calls it.
        name: Option<String>,
    },
    /// `POST -/account/passkeys/remove`.
    RemovePasskey {
        /// Which.
        id: Option<String>,
    },
    /// `GET webauthn-options/<id>`.
    Options {
        /// From the query: `authenticate`, `register`, or nothing.
        action: Option<String>,
        /// From the query.
        email: Option<String>,
    },
    /// `POST callback/<id>` with what the browser answered.
    Passkey {
        /// From the form: `authenticate` or `register`.
        action: Option<String>,
        /// The browser's answer.
        answer: Option<String>,
    },
}

/// What is shown as a factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// A code, of the app or for recovery.
    pub code: Option<String>,
    /// What the browser answered with a passkey.
    pub passkey: Option<String>,
    /// The half-finished sign-in, from a program; a browser has a cookie.
    pub pending: Option<String>,
}

/// A page of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnPage {
    /// `-/factor`.
    Factor,
    /// `-/confirm`.
    Confirm,
    /// `-/account/totp`.
    App,
    /// `-/account/passkeys`.
    Passkeys,
}

impl OwnPage {
    /// Its path below the base path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Factor => "-/factor",
            Self::Confirm => "-/confirm",
            Self::App => "-/account/totp",
            Self::Passkeys => "-/account/passkeys",
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum FactorOutcome {
    /// The first factor was right, and a second one is asked for.
    Required {
        /// What a program shows with the second factor; a browser has it as a cookie.
        pending: Secret,
    },
    /// A page.
    Page(Box<FactorPage>),
    /// To a page of ours, and then back to `then`.
    Go {
        /// Which.
        page: OwnPage,
        /// Path below the base path.
        then: Option<OwnPage>,
    },
    /// To the sign-in page, and then to a page of ours.
    SignIn {
        /// Which.
        then: OwnPage,
    },
    /// Back to a page of ours, which says why.
    Back {
        /// Which.
        page: OwnPage,
        /// Why.
        refusal: Refusal,
    },
    /// Options for the browser.
    Options {
        /// `authenticate` or `register`.
        action: &'static str,
        /// As `next-auth/webauthn` takes them.
        options: Value,
    },
    /// No options, in the original's words.
    NoOptions(&'static str),
    /// A passkey was refused.
    PasskeyRefused(Refusal),
}

//! The pages of second factors and passkeys, and what stands on them.

use crate::{secret::Secret, time::Timestamp};

/// One of the pages.
#[derive(Clone, Debug)]
pub enum FactorPage {
    /// One more step before somebody is signed in.
    Factor(Ask),
    /// Prove yourself anew.
    Confirm(Ask),
    /// Set an authenticator app up.
    SetUpApp {
        /// For the hidden field.
        csrf_token: String,
        /// Where the form goes.
        action: String,
        /// Error code from the address.
        error: Option<String>,
        /// What the QR code holds.
        uri: Secret,
        /// For people who type it.
        secret: Secret,
        /// For the hidden field.
        set_up: String,
    },
    /// There is an authenticator app.
    App {
        /// For the hidden field.
        csrf_token: String,
        /// Error code from the address.
        error: Option<String>,
        /// Where the form that removes it goes.
        remove: String,
        /// Where the form for other recovery codes goes.
        codes: String,
        /// How many are left.
        codes_left: u32,
    },
    /// Recovery codes, shown once.
    Codes {
        /// The codes.
        codes: Vec<Secret>,
        /// Where to go from here.
        next: String,
    },
    /// Somebody's passkeys.
    Passkeys {
        /// For the hidden field.
        csrf_token: String,
        /// Error code from the address.
        error: Option<String>,
        /// Adds one.
        add: PasskeyForm,
        /// Where the form that removes one goes.
        remove: String,
        /// What there is.
        passkeys: Vec<ShownPasskey>,
    },
}

/// A page that asks for a factor.
#[derive(Clone, Debug)]
pub struct Ask {
    /// For the hidden field.
    pub csrf_token: String,
    /// Where the form goes.
    pub action: String,
    /// Error code from the address.
    pub error: Option<String>,
    /// Where to land, for the hidden field; `None`: it is known.
    pub callback_url: Option<String>,
    /// What is asked for.
    pub field: AskedField,
    /// The other way.
    pub passkey: Option<PasskeyForm>,
    /// Where to sign in from the beginning.
    pub sign_in: String,
}

/// What is asked for in an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedField {
    /// A code.
    Code,
    /// A password.
    Password,
    /// Nothing: sign in again.
    Nothing,
    /// Nothing: there is no second factor yet.
    NoFactor,
}

/// A button that a script brings to life: it asks for options, lets the browser answer them, and sends the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyForm {
    /// Where the form goes.
    pub action: String,
    /// Where the options are.
    pub options: String,
}

/// A passkey as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPasskey {
    /// The credential's id, for the hidden field.
    pub id: String,
    /// What they call it; may be empty.
    pub name: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
    /// True if it is kept somewhere else, too.
    pub backed_up: bool,
}

//! The words of recovery, which pages, calls and flows share: what it is about, how far somebody is, the link of a mail.

use std::fmt;

use url::form_urlencoded::Serializer;

/// What it is about. Each is a page, and takes a form or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `-/verify-email`: prove the address with which one signed up.
    VerifyEmail,
    /// `-/reset`: set a new password by a link in a mail.
    Reset,
    /// `-/change-email`: the link that went to a new address.
    ChangeEmail,
    /// `-/return-email`: the link that went to the address from before.
    ReturnEmail,
    /// `-/account/password`: change one's password.
    Password,
    /// `-/account/email`: ask for another address.
    Email,
    /// `-/account/delete`: delete oneself.
    Delete,
    /// `-/account/export`: have one's data.
    Export,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 8] = [
        Self::VerifyEmail,
        Self::Reset,
        Self::ChangeEmail,
        Self::ReturnEmail,
        Self::Password,
        Self::Email,
        Self::Delete,
        Self::Export,
    ];

    /// Its page, below the base path.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::VerifyEmail => "-/verify-email",
            Self::Reset => "-/reset",
            Self::ChangeEmail => "-/change-email",
            Self::ReturnEmail => "-/return-email",
            Self::Password => "-/account/password",
            Self::Email => "-/account/email",
            Self::Delete => "-/account/delete",
            Self::Export => "-/account/export",
        }
    }

    /// Whether it is for who is signed in.
    #[must_use]
    pub const fn needs_session(self) -> bool {
        matches!(self, Self::ChangeEmail | Self::Password | Self::Email | Self::Delete | Self::Export)
    }
}

/// How far somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is something to fill in, or a button to press.
    Open,
    /// As [`Self::Open`], and a password is asked for that there is.
    WithPassword,
    /// A mail is on its way.
    Sent,
    /// It was done.
    Done,
    /// The link opens nothing.
    Dead,
}

/// What a link brings back from a mailbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its token.
    pub token: String,
    /// Whom it is for: an address, or a user's id.
    pub subject: String,
}

/// What was filled in. Nothing else that is submitted is looked at (lesson 45).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// An address.
    pub email: Option<String>,
    /// The password that stands.
    pub password: Option<String>,
    /// The one that is to be.
    pub new_password: Option<String>,
}

impl Link {
    /// Path and query of this link, below the base path.
    #[must_use]
    pub fn path(&self, step: Step) -> String {
        let pairs = [("token", &self.token), ("for", &self.subject)];
        let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{}?{query}", step.page())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl fmt::Debug for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filled").finish_non_exhaustive()
    }
}

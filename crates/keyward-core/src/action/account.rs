//! The map of the pages about one's own account, and what comes of them.

use super::{Accounts, EndWhich};
use crate::{
    audit::AuditRecord,
    error::Refusal,
    port::{SessionEntry, SessionId},
    user::User,
};

/// A page about one's own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// `-/account`: name and picture.
    Profile,
    /// `-/account/sign-in`: ways to sign in.
    Ways,
    /// `-/account/sessions`: where one is signed in.
    Sessions,
    /// `-/account/activity`: what happened to the account.
    Activity,
}

impl Tab {
    /// Every page, in the order of the navigation.
    pub const ALL: [Self; 4] = [Self::Profile, Self::Ways, Self::Sessions, Self::Activity];

    /// Its path, below the base path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Profile => "-/account",
            Self::Ways => "-/account/sign-in",
            Self::Sessions => "-/account/sessions",
            Self::Activity => "-/account/activity",
        }
    }
}

/// What somebody does there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountAction {
    /// `GET`.
    Look {
        /// Which page.
        tab: Tab,
        /// From the query: what was done a moment ago.
        done: Option<String>,
        /// From the query: activity before this place.
        before: Option<u64>,
    },
    /// `POST -/account`.
    Profile {
        /// Display name; empty for none.
        name: Option<String>,
        /// Address of a picture; empty for none.
        image: Option<String>,
    },
    /// `POST -/account/sign-in/unlink`.
    Unlink {
        /// From the form.
        provider: Option<String>,
        /// From the form.
        id: Option<String>,
    },
    /// `POST -/account/sessions/end`.
    End(Option<EndWhich>),
}

impl AccountAction {
    /// On which page it is done.
    #[must_use]
    pub const fn tab(&self) -> Tab {
        match self {
            Self::Look { tab, .. } => *tab,
            Self::Profile { .. } => Tab::Profile,
            Self::Unlink { .. } => Tab::Ways,
            Self::End(_) => Tab::Sessions,
        }
    }
}

/// What comes of it.
#[derive(Clone, Debug)]
pub enum AccountOutcome {
    /// The page.
    Page(Box<OwnAccount>),
    /// It was done: back to the page, which says so.
    Done(Tab, &'static str),
    /// Sign in first, and come back.
    SignIn(Tab),
    /// The application has a page of its own.
    Elsewhere,
    /// Nothing can be shown.
    Refused(Refusal),
}

/// What stands on a page about one's own account.
#[derive(Clone, Debug)]
pub struct OwnAccount {
    /// Which page.
    pub tab: Tab,
    /// Whose.
    pub user: User,
    /// What it is about.
    pub content: Content,
    /// What was done a moment ago.
    pub done: Option<String>,
    /// What was asked for and refused.
    pub refusal: Option<Refusal>,
}

/// What a page is about.
#[derive(Clone, Debug)]
pub enum Content {
    /// Name and picture: those of the user.
    Profile,
    /// Ways to sign in.
    Ways(Box<Accounts>),
    /// Where they are signed in, the session seen last first.
    Sessions {
        /// All of theirs.
        sessions: Vec<SessionEntry>,
        /// The one that asks.
        current: SessionId,
    },
    /// What happened, the newest first.
    Activity {
        /// A page full.
        records: Vec<AuditRecord>,
        /// Where the next page begins, if there is one.
        older: Option<u64>,
    },
}

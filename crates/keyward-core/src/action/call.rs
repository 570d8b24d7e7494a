//! The map of our own calls, `-/v1/…`, and what they answer: JSON, and the same for every generation.

use super::{
    admin::{AdminAnswer, AdminCall},
    program::{ProgramAnswer, ProgramCall},
    recovery::{Filled, Link, State, Step},
    sessions::{SessionAnswer, SessionCall},
};
use crate::{
    audit::AuditRecord,
    error::Refusal,
    secret::Secret,
    time::Timestamp,
    tokens::terms::Wanted,
    user::{Account, User},
};

/// What one of our own calls asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `GET accounts`: the caller's own.
    Accounts,
    /// `POST accounts/unlink`.
    Unlink {
        /// From the body.
        provider: Option<String>,
        /// From the body.
        id: Option<String>,
    },
    /// `POST token`: a token for the person whose session the application brings along.
    Token {
        /// For whom. Nothing of it: the token that the session's back end or provider handed out.
        wanted: Wanted,
    },
    /// `POST account/…`: something about the caller's own account, or one that a link opens.
    Recovery {
        /// What.
        step: Step,
        /// From the body: the link of a mail.
        link: Option<Link>,
        /// From the body.
        filled: Filled,
    },
    /// `GET activity`: what happened to the caller's own account.
    Activity {
        /// From the query: before the entry with this place.
        before: Option<u64>,
    },
    /// What a program calls.
    Program(ProgramCall),
    /// About the caller's own sessions.
    Sessions(SessionCall),
    /// What an operator calls.
    Admin(AdminCall),
    /// One whose query says something that is none of what it can say.
    Invalid,
}

/// What one of our own calls answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The caller's own.
    Accounts(Box<Accounts>),
    /// The account is gone.
    Unlinked,
    /// What happened to the caller's own account.
    Activity {
        /// The newest first.
        records: Vec<AuditRecord>,
        /// Where the next page begins, if there is one.
        older: Option<u64>,
    },
    /// Something about the caller's own account was done, or a mail is on its way.
    Recovered {
        /// What.
        step: Step,
        /// How far.
        state: State,
        /// The link with which they go on.
        next: Option<Link>,
    },
    /// All that is kept about the caller, in JSON.
    Everything(String),
    /// The token that a back end or provider handed out, valid now.
    ForeignToken(Box<ForeignToken>),
    /// What a program gets.
    Program(ProgramAnswer),
    /// About the caller's own sessions.
    Sessions(SessionAnswer),
    /// What an operator gets.
    Admin(AdminAnswer),
    /// Refused.
    Refused(Refusal),
}

/// The token that a back end or provider handed out for a session.
#[derive(Clone, Debug)]
pub struct ForeignToken {
    /// The token.
    pub token: Secret,
    /// When it ends, if anybody says so.
    pub expires: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// By what a person may come back.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// Who.
    pub user: User,
    /// In the order in which they were linked.
    pub accounts: Vec<Account>,
    /// True if they have a password here.
    pub has_password: bool,
}

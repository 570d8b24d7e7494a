//! The map of our own calls, `-/v1/…`, and what they answer: JSON, and the same for every generation.

use super::program::{ProgramAnswer, ProgramCall};
use crate::{
    error::Refusal,
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
    /// What a program calls.
    Program(ProgramCall),
}

/// What one of our own calls answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The caller's own.
    Accounts(Box<Accounts>),
    /// The account is gone.
    Unlinked,
    /// What a program gets.
    Program(ProgramAnswer),
    /// Refused.
    Refused(Refusal),
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

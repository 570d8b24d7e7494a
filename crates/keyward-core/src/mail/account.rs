//! Mails about somebody's own account: what they are for, and the port that words them.

use std::time::Duration;

use super::Letter;

/// What such a mail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountLetterKind {
    /// A link that proves the address of an account.
    Verify,
    /// A link that sets a new password.
    Reset,
    /// A link, sent to the new address, that makes it the account's.
    Change,
    /// To the old address: it was changed. With a link that takes it back, where the old one was proven.
    Changed,
    /// The password was changed. With a link to the page that resets it.
    Password,
    /// The address was proven for the first time, and the password from before ended with that. With a link to the page that
    /// sets another.
    Ended,
    /// The account was deleted.
    Deleted,
    /// Somebody signed up with an address that has an account already.
    Existing,
}

/// What stands behind such a mail.
#[derive(Clone, Copy, Debug)]
pub struct AccountLetter<'a> {
    /// What it is for.
    pub kind: AccountLetterKind,
    /// The normalised address that it goes to.
    pub email: &'a str,
    /// The application's host, for people to read.
    pub host: &'a str,
    /// The link. `None` where a link was asked for: there is nothing to do for this address, which is what the mail
    /// then says.
    pub url: Option<&'a str>,
    /// For how long the link is good; zero: it is no link that ends.
    pub lifetime: Duration,
}

/// Puts them into words.
pub trait AccountLetters: Send + Sync {
    /// The mail.
    fn account(&self, letter: &AccountLetter<'_>) -> Letter;
}

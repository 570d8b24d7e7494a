//! Why a record is not imported.

use keyward::HashMistake;

/// What is wrong with one record. Says nothing of what it holds: it is about people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum Mistake {
    /// More than may be held in memory.
    #[error("longer than 1 MiB")]
    TooLong,
    /// Some other encoding.
    #[error("not UTF-8")]
    NotUtf8,
    /// A line or an element that can't be parsed.
    #[error("not JSON")]
    NotJson,
    /// JSON, but something else than a user.
    #[error("not a JSON object")]
    NotAnObject,
    /// Not as many cells as columns.
    #[error("not as many cells as there are columns")]
    Cells,
    /// A member that has to be there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member with a value that it can't have.
    #[error("{0} {1}")]
    Wrong(&'static str, &'static str),
    /// A member that Keyward would have to leave out.
    #[error("a member that is not known")]
    Unknown,
    /// Neither an address nor an account.
    #[error("neither an e-mail address nor an account: no way in")]
    NoWayIn,
    /// Being brought along without it would weaken the account.
    #[error("a second factor, which can't be brought along (--without-factors leaves it out)")]
    Factor,
    /// A password that Firebase keeps.
    #[error("a password, for which --firebase-hash-config is needed")]
    NoHashConfig,
    /// An app's secret that can't be sealed.
    #[error("totp_secret, for which the configuration with the server's secret is needed")]
    NoSecret,
    /// A password hash.
    #[error("password: {0}")]
    Hash(#[from] HashMistake),
    /// A store that says less than it was asked.
    #[error("the store did not answer for it")]
    Unanswered,
    /// Somebody has the id.
    #[error("another user has this id")]
    IdTaken,
    /// Somebody has the address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// Somebody has the account.
    #[error("another user has one of the accounts")]
    AccountTaken,
}

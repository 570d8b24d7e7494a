//! Users, the accounts that link them to a back end, and the proofs that admit them.

use serde_json::{Map, Value};

/// A user's opaque id in Keyward's directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId(pub String);

/// What is known of a person and may be shown: NextAuth's four fields.
///
/// `None` is "the source said nothing", `Some(None)` "the source said null": NextAuth passes the difference on
/// to the session's JSON (protocol notes §1.4), so it is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Display name.
    pub name: Option<Option<String>>,
    /// E-mail address as the source gave it; not proven.
    pub email: Option<Option<String>>,
    /// Address of a picture.
    pub image: Option<Option<String>>,
}

/// The key of an account: a back end or issuer (`source`) and the person's id there.
///
/// Several providers on one source (`login`, `signup`) meet in the same account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountKey {
    /// The source's name in the configuration.
    pub source: String,
    /// The person's id at that source.
    pub id: String,
}

/// A user of Keyward's own directory, about to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Drawn by the caller.
    pub id: UserId,
    /// Normalised address ([`crate::policy::email`]); unique in the directory.
    pub email: String,
    /// Display name.
    pub name: Option<String>,
}

/// A user as the directory holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Opaque id.
    pub id: UserId,
    /// The address that the person signs in with; `None` for a person known through a back end alone.
    pub email: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// Address of a picture.
    pub image: Option<String>,
}

/// A person who has been admitted, and by what: the input of [`crate::port::SignIns::admit`].
#[derive(Clone, Debug)]
pub enum Admission {
    /// A user of the directory who proved themselves.
    User(UserId),
    /// A user who gave the password behind this hash. If it was replaced while it was being checked, they are
    /// gone: whoever sets a new password ends also the sign-ins that are under way with the old one.
    Password {
        /// Who.
        user: UserId,
        /// PHC string that the password was checked against.
        hash: String,
    },
    /// A new user with the hash of the password that they chose.
    NewUser {
        /// The record to make.
        user: NewUser,
        /// PHC string.
        password_hash: String,
    },
    /// Somebody whom a back end vouches for: found by the account, or made now.
    Account {
        /// Where they are known.
        key: AccountKey,
        /// What the back end said of them; replaces what was kept before.
        profile: Profile,
        /// The id of the user to make if the account is new.
        new_id: UserId,
    },
}

/// Fields of a person that go into the token beyond the profile.
pub type Extra = Map<String, Value>;

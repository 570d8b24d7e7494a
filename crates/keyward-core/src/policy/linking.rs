//! Who somebody is for whom another site vouches: a user of ours, a new one, or nobody we can tell.
//!
//! The decisions are NextAuth's (protocol notes §5.6). That an address is proven, here or there, changes none of
//! them: it decides what happens next, and there Keyward is stricter, because an address that nobody proved may
//! have been taken by somebody who waits for its owner (lesson 43):
//!
//! - The first proof of a user's address ends the password, the other accounts and the sessions from before it
//!   ([`crate::port::SignIns::admit`]). NextAuth keeps them, and with them whoever set them up.
//! - A provider that vouches for an address counts as a proof of it, of a new user's as of a known one's.
//!   NextAuth's `emailVerified` stays null for whoever comes through a provider.
//! - By what the holder of an address came before is told only to somebody whose provider vouches for the address.
//! - Nobody's address alone opens an account that has a second factor, also where the configuration lets addresses
//!   link: who shows less than both adds nothing to it.

use crate::user::{Address, Standing, User, UserId};

/// What to do with a person who came back from a provider.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// The account is this user's: sign them in, or leave them signed in.
    SignIn(User),
    /// The account is nobody's, and this user is signed in: it becomes theirs, whatever its address.
    LinkToCurrent(UserId),
    /// The account is nobody's, and this user has its address: it becomes theirs without further proof. Only where
    /// the configuration says so, under a name with "dangerous" in it.
    LinkByEmail(User),
    /// The account is nobody's and its address, if it has one, is free: make a user with that address.
    Create,
    /// The account, or its address, belongs to somebody else.
    Refuse(NotLinked),
}

/// Why a person is not let in (`OAuthAccountNotLinked`), and what may be told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLinked {
    /// The account is another's than the one who is signed in: there is nothing to add.
    AnothersAccount,
    /// Somebody has the address. Whoever proves to be them may add the account then. With the ways that they came
    /// before, where those may be told.
    AddressTaken(Option<WaysBefore>),
}

/// The ways that the holder of an address came before. A link to the address is one that everybody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaysBefore {
    /// Sources of their accounts; none of who came by link or with a passkey.
    pub sources: Vec<String>,
    /// True if they have a password here.
    pub has_password: bool,
}

/// Decides for somebody with `address`, who stands to the directory as in `standing`, while `current` is signed in.
#[must_use]
pub fn decide(
    standing: &Standing,
    current: Option<&UserId>,
    address: Option<&Address>,
    allow_dangerous: bool,
) -> Link {
    match (&standing.owner, current) {
        (Some(owner), Some(current)) if owner.user.id != *current => Link::Refuse(NotLinked::AnothersAccount),
        (Some(owner), _) => Link::SignIn(owner.user.clone()),
        (None, Some(current)) => Link::LinkToCurrent(current.clone()),
        (None, None) => match (&standing.by_email, address) {
            (Some(holder), Some(address))
                if allow_dangerous && may_link(&holder.user, holder.has_second_factor, address) =>
            {
                Link::LinkByEmail(holder.user.clone())
            }
            (Some(holder), Some(address)) => {
                let ways =
                    || WaysBefore { sources: holder.providers.clone(), has_password: holder.has_password };
                Link::Refuse(NotLinked::AddressTaken(address.verified.then(ways)))
            }
            _ => Link::Create,
        },
    }
}

/// Whether an account with `address` may become that of the holder of the address without further proof, where the
/// configuration says so. Who has a second factor is asked for it first; but what was set up before the first proof of the
/// address, a second factor too, ends with that proof.
#[must_use]
pub fn may_link(holder: &User, has_second_factor: bool, address: &Address) -> bool {
    !has_second_factor || (address.verified && holder.email_verified.is_none())
}

#[cfg(test)]
mod tests;

//! Users, the accounts that link them to a back end, and the proofs that admit them.

use std::borrow::Borrow;

mod factors;

use serde_json::{Map, Value};

pub use self::factors::{Passkey, Shown};
use crate::{
    ticket::{Ticket, TicketKey},
    time::Timestamp,
};

/// A user's opaque id in Keyward's directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId(pub String);

/// A session's opaque id. Not a credential: it may be listed and logged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub String);

/// Found by its text, without a copy of it.
impl Borrow<str> for SessionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// What is known of a person and may be shown: NextAuth's four fields.
///
/// `None` is "the source said nothing", `Some(None)` "the source said null": NextAuth passes the difference on
/// to the session's JSON (protocol notes §1.4), so it is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Display name.
    pub name: Option<Option<String>>,
    /// E-mail address as the source gave it; proven or not ([`Address`] says which).
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
    pub email: Option<String>,
    /// True if it is theirs by proof: a link that was followed, a provider that vouches for it. What somebody
    /// merely typed, as at a sign-up, is unproven.
    pub email_verified: bool,
    /// Display name.
    pub name: Option<String>,
    /// Address of a picture.
    pub image: Option<String>,
}

/// A user as the directory holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Opaque id.
    pub id: UserId,
    /// The address that the person signs in with; `None` for a person known through a back end alone.
    pub email: Option<String>,
    /// When the address was first proven to be theirs. While it was not, whoever set this user up may be somebody
    /// else: the first proof ends every way in from before it (lesson 43).
    pub email_verified: Option<Timestamp>,
    /// Display name.
    pub name: Option<String>,
    /// Address of a picture.
    pub image: Option<String>,
    /// Since when an operator keeps them out; `None` for nearly everybody.
    pub disabled: Option<Timestamp>,
    /// What an operator says of them, such as a role: every session of theirs says it too. Empty for most.
    pub claims: Extra,
    /// Their id at the first back end that they were linked with; `None` where none knows them. Read only.
    pub back_end_id: Option<String>,
}

impl User {
    /// A user of whom nothing is known but the id.
    #[must_use]
    pub fn new(id: UserId) -> Self {
        Self {
            id,
            email: None,
            email_verified: None,
            name: None,
            image: None,
            disabled: None,
            claims: Extra::new(),
            back_end_id: None,
        }
    }

    /// What a session says in `sub`: their id at the back end that knows them, as with NextAuth, whichever way they come
    /// in; of everybody else their id here.
    ///
    /// Access tokens say the id here, of everybody: two back ends may call two people the same.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.back_end_id.as_deref().unwrap_or(&self.id.0)
    }

    /// As they are once their address is proven for the first time: no account from before is theirs then.
    #[must_use]
    pub fn anew(self) -> Self {
        Self { back_end_id: None, ..self }
    }
}

/// An account as its user may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Where the user is known, and as whom.
    pub key: AccountKey,
    /// NextAuth's `type`: `oauth`, `oidc`, or [`Account::CREDENTIALS`] for a back end's.
    pub kind: String,
    /// What the source said of them last.
    pub profile: Profile,
    /// When it was linked.
    pub created: Timestamp,
}

impl Account {
    /// The kind of an account at a back end that checks passwords.
    pub const CREDENTIALS: &str = "credentials";
}

/// An e-mail address, and whether it is its bearer's by proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Normalised ([`crate::policy::email`]).
    pub address: String,
    /// True only if who names it vouches for it.
    pub verified: bool,
}

/// Somebody for whom another site vouches: who came back from an OAuth or OpenID provider.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// The provider's id in the configuration, and the person's id there.
    pub key: AccountKey,
    /// NextAuth's `account.type`: `oauth` or `oidc`.
    pub kind: String,
    /// What the provider says of them.
    pub profile: Profile,
    /// Their address, where the provider gave one.
    pub email: Option<Address>,
    /// The provider's tokens, sealed by the flow; opaque to stores. They replace those that were kept before,
    /// also where there are none.
    pub tokens: Option<Vec<u8>>,
    /// What is used up by their admission ([`crate::ticket::Once`]):
    /// [`Admitted::Changed`](crate::port::Admitted::Changed) where it was used before.
    pub spent: Option<Ticket>,
}

/// How somebody for whom another site vouches stands to the directory: what [`crate::policy::linking`] decides on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// Whose the account is.
    pub owner: Option<Owner>,
    /// Who has the address. Looked for only where the account is nobody's.
    pub by_email: Option<EmailHolder>,
}

/// The user whose account somebody comes with.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// Who.
    pub user: User,
    /// The sealed tokens that the account holds.
    pub tokens: Option<Vec<u8>>,
}

/// The user who has an address, and by what they come in.
#[derive(Clone, Debug, PartialEq)]
pub struct EmailHolder {
    /// Who. Whether they proved the address stands in `email_verified`.
    pub user: User,
    /// Sources of their accounts, each once, in the order in which they were linked.
    pub providers: Vec<String>,
    /// True if they have a password here.
    pub has_password: bool,
    /// True if they are asked for a second factor.
    pub has_second_factor: bool,
}

/// Where a vouched-for person belongs, as [`crate::policy::linking`] decided; what it rests on must still hold
/// when they are admitted.
#[derive(Clone, Debug)]
pub enum Place {
    /// The account is this user's. Their record in the directory stays as it is.
    Owner(UserId),
    /// The account is nobody's and becomes this user's.
    Link {
        /// Whose.
        user: UserId,
        /// What says so.
        by: Ground,
    },
    /// The account is nobody's, nor is the address (if there is one): a new user.
    New(NewUser),
}

/// What makes an account that is nobody's a certain user's. It must still stand when the account is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// They are signed in, by this session of theirs. If it was ended meanwhile, by its person or by the first proof
    /// of their address, nothing is linked: otherwise who was being put out could still leave a way in behind.
    Session(SessionId),
    /// They have the address that the provider gave.
    Email,
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
    /// A new user with the passkey that they made.
    NewPasskey {
        /// The record to make.
        user: NewUser,
        /// Theirs. [`Admitted::Changed`](crate::port::Admitted::Changed) where somebody has its id.
        passkey: Box<Passkey>,
        /// The challenge that was answered.
        spent: Ticket,
    },
    /// A user who showed a passkey, or a second factor where they had shown one before. What was shown is used up;
    /// [`Admitted::Changed`](crate::port::Admitted::Changed) where somebody did that meanwhile.
    Factor {
        /// Who.
        user: UserId,
        /// The half-finished sign-in that it completes: it is used up.
        ticket: Option<TicketKey>,
        /// What they showed.
        shown: Shown,
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
    /// Somebody for whom another site vouches. May be the first proof of an address: where the provider vouches
    /// for the one that the user has.
    Vouched {
        /// Who.
        who: Box<Vouched>,
        /// Where they belong.
        place: Place,
        /// Until when sealed sessions that a first proof ends are remembered
        /// ([`crate::session::remembered_until`]).
        until: Timestamp,
    },
    /// Somebody who followed the link that was sent to their address, the ticket's subject. Uses the ticket up,
    /// and proves the address.
    EmailLink {
        /// The ticket behind the link.
        ticket: TicketKey,
        /// Who has the address; if nobody (`is_new`), the id of the user to make.
        user: UserId,
        /// True if nobody has the address.
        is_new: bool,
        /// Until when sealed sessions that a first proof ends are remembered
        /// ([`crate::session::remembered_until`]).
        until: Timestamp,
    },
}

/// Fields of a person that go into the token beyond the profile.
pub type Extra = Map<String, Value>;

/// Changes `own`: members of `patch` replace those of the same name, `null` takes them away.
pub fn patch(own: &mut Extra, patch: &Extra) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(own.shift_remove(name)),
            value => drop(own.insert(name.clone(), value.clone())),
        }
    }
}

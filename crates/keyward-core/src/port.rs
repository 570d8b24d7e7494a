//! What the core needs of the world: a store, a password hasher, limits, outgoing HTTP, a clock, randomness.
//!
//! Each is a small trait used as `Arc<dyn …>`; the rooms above implement them, tests replace them. A store is
//! made of whole transitions, each atomic: nothing here is "read, then write back".

mod admin;
mod adoption;
mod audit;
mod background;
mod factors;
mod grants;
mod hasher;
mod http;
mod import;
mod keys;
mod limits;
mod outbox;
mod post;
mod recovery;
mod sessions;
mod vault;

use async_trait::async_trait;
use serde_json::{Map, Value};

pub use self::{
    admin::{Administration, Altered, MAX_OWN_CLAIMS, UserChange},
    adoption::{Adopted, Adoption, Adoptions, PersonName},
    audit::{Attempts, AuditTrail},
    background::{Background, Boxed},
    factors::{
        CodeKind, FactorChange, FactorChanged, FactorEdit, FactorStore, Factors, KeptApp, MOST_PASSKEYS,
        Shown, Tried,
    },
    grants::{Grant, Grants, NewGrant, Rotated, Rotation},
    hasher::{HashError, PasswordHasher, Verdict},
    http::{HttpAnswer, HttpCall, HttpClient, HttpFault},
    import::{Imported, ImportedUser, Imports},
    keys::{SigningKeys, StoredKey},
    limits::{Limit, Limiter, address_bucket, site_bucket},
    outbox::{DueEvent, Outbox, Settled},
    post::{DueMail, Post},
    recovery::{
        AddressChange, AddressReturn, Departure, PasswordChange, Proving, Recovered, Recovery, Reset, SetUpBy,
    },
    sessions::{Change, Changed, NewClaims, Renewed, SessionEntry, Sessions, Which, network},
    vault::{Entry, EntryId, NewEntry, Settlement, TokenVault, Vaulted},
};
use crate::{
    claims::Claims,
    event::NewEvent,
    policy::ways::WaysIn,
    ticket::{Ticket, TicketKey},
    time::Timestamp,
    user::{Account, AccountKey, Admission, Extra, Standing, User, UserId},
};
pub use crate::{policy::abuse::Failures, user::SessionId};

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Cryptographically secure random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes`. A source that fails must end the process rather than return.
    fn fill(&self, bytes: &mut [u8]);
}

/// A UUID of this moment, random but for that (version 7, RFC 9562 §5.7). What is made later sorts after it, so that an index
/// of such ids grows at its end. Whoever sees it can tell when it was made.
#[must_use]
pub fn uuid_of(now: Timestamp, random: &dyn Random) -> String {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().to_string()
}

/// A random UUID (version 4).
#[must_use]
pub fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Why a store could not answer. Whoever sees it refuses and says "try again" (503); it is never "not found".
#[derive(Debug, thiserror::Error)]
#[error("the store could not answer: {0}")]
pub struct StoreError(pub String);

/// SHA-256 of a session token: what a store keeps instead of the token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A session about to be recorded. Every sign-in records one, whatever the strategy.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Opaque id.
    pub id: SessionId,
    /// Set for the stored strategy; a sealed session has no token of its own.
    pub token: Option<TokenHash>,
    /// What the token of a sealed session would hold. Empty for a sealed session.
    pub claims: Claims,
    /// Now.
    pub created: Timestamp,
    /// When it ends unless renewed.
    pub expires: Timestamp,
    /// The browser, as it names itself; at most 256 characters.
    pub user_agent: Option<String>,
    /// The network that it is opened from ([`network`]).
    pub address: Option<String>,
    /// The account by which the person came, so that signing out finds the tokens of the provider.
    pub via: Option<AccountKey>,
    /// Set for a program's session, which lives by refresh tokens and has no cookie.
    pub grant: Option<NewGrant>,
    /// The tokens that another system handed out for it.
    pub vault: Option<Vaulted>,
    /// True if nothing more has to be shown for it: two factors were ([`crate::policy::assurance`]), or it takes the place
    /// of one that the same person had. One factor alone opens nothing new for who has a second.
    pub is_complete: bool,
    /// The session that it takes the place of, in the same transition: nobody keeps, or hands to another, the one from
    /// before a change of person (lesson 55).
    pub replaces: Option<Replaced>,
}

/// A session that a new one takes the place of.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// Which. There need not be one.
    pub which: Ending,
    /// Until when it is remembered as ended ([`crate::session::remembered_until`]).
    pub until: Timestamp,
}

impl NewSession {
    /// A sealed session of which nothing else is known.
    #[must_use]
    pub fn new(id: SessionId, created: Timestamp, expires: Timestamp) -> Self {
        let claims = Claims::default();
        Self {
            id,
            token: None,
            claims,
            created,
            expires,
            user_agent: None,
            address: None,
            via: None,
            is_complete: false,
            vault: None,
            grant: None,
            replaces: None,
        }
    }
}

/// A stored session as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSession {
    /// Opaque id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What it says.
    pub claims: Claims,
    /// Grows whenever somebody changes what it says.
    pub version: u64,
    /// The tokens that another system handed out for it.
    pub tokens: Option<Entry>,
    /// When it ends. May lie in the past: the caller decides (lesson 48).
    pub expires: Timestamp,
}

/// What the ledger knows of a session, sealed or stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Whose it is; `None` for one that another implementation sealed, which is [whoever's](Adoptions) its token says.
    pub user: Option<UserId>,
    /// The account by which they came; `None` also if it was unlinked since.
    pub via: Option<AccountKey>,
    /// When it ends. May lie in the past: the caller decides (lesson 48).
    pub expires: Timestamp,
}

/// A user's password as the directory keeps it.
#[derive(Clone, Debug)]
pub struct StoredPassword {
    /// Whose.
    pub user: User,
    /// PHC string.
    pub hash: String,
}

/// What came of an admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// The session is open.
    As {
        /// The user behind it.
        user: UserId,
        /// True if the user was made by this admission.
        is_new: bool,
        /// The user's own claims, which the session says besides ([`crate::user::User::claims`]). A stored session
        /// says them already.
        claims: Extra,
    },
    /// An operator keeps this user out; nothing was written, and no ticket used up.
    Disabled,
    /// They are who they say, by one factor, and have a second one that they did not show. What was used up is used up
    /// and what became theirs is theirs, but no session was opened and no event written; the
    /// [first half](crate::ticket::first_half) of the sign-in was.
    NeedsFactor {
        /// Who.
        user: UserId,
    },
    /// The address of a new user belongs to somebody already; nothing was written.
    EmailTaken,
    /// The user was deleted in the meantime, or the ticket is used up, expired, or none; nothing was written.
    Gone,
    /// What the decision stood on changed in the meantime; nothing was written, and no ticket used up. The caller
    /// reads again and decides again.
    Changed,
}

/// Taking an account from its user.
#[derive(Clone, Debug)]
pub struct Unlinking {
    /// Whose it has to be.
    pub user: UserId,
    /// Which.
    pub key: AccountKey,
    /// The session of theirs in which they ask for it: it has to be open, and stays open.
    pub session: SessionId,
    /// By what they may come back.
    pub ways: WaysIn,
    /// Until when sealed sessions that it ends are remembered ([`crate::session::remembered_until`]).
    pub until: Timestamp,
    /// Written with it: the entry of the audit trail.
    pub events: Vec<NewEvent>,
}

/// What came of unlinking an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinked {
    /// It is gone, with its tokens.
    Done,
    /// It is the last way in; nothing was written.
    LastWay,
    /// The user has no such account.
    NotFound,
    /// The session in which it was asked for is over; nothing was written.
    SignedOut,
}

/// Which session to end.
#[derive(Clone, Debug)]
pub enum Ending {
    /// The stored one behind this token.
    Token(TokenHash),
    /// The one with this id (sealed or stored).
    Id(SessionId),
}

/// Transitions that touch users and sessions at once.
#[async_trait]
pub trait SignIns: Send + Sync {
    /// Admits a person and opens `session` for them, all or nothing.
    ///
    /// With `session: None` only the user is made or brought up to date (the command line's `user create`).
    /// [`Admission::Account`] finds the user by the account key and replaces the profile kept there, or makes
    /// user and account; under a race of equal keys exactly one user is made.
    ///
    /// [`Admission::Vouched`] and [`Admission::EmailLink`] rest on what was read before, and are
    /// [`Admitted::Changed`] where that no longer holds.
    ///
    /// The first proof of a user's address (a followed link, or a provider that vouches for that very address) sets
    /// `email_verified` and ends what was set up without proof: the password, every account but the one that
    /// vouches, and all earlier sessions (lesson 43). Sealed ones are remembered as ended.
    ///
    /// The first proof ends second factors and passkeys, too. A session that was not opened with two factors is not
    /// opened at all for a user who has an authenticator app: [`Admitted::NeedsFactor`] (lessons 53, 63).
    ///
    /// A user whom an operator keeps out is [`Admitted::Disabled`], by every admission there is (lesson 57). A session
    /// with claims says the user's own ones on top of its own.
    ///
    /// `events` go into the outbox with it: those that are [about](crate::event::About) whom it admits.
    async fn admit(
        &self,
        who: &Admission,
        session: Option<&NewSession>,
        now: Timestamp,
        events: &[NewEvent],
    ) -> Result<Admitted, StoreError>;
}

/// The directory: users, their passwords and accounts.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The user with this normalised address, if they have a password.
    async fn password_by_email(&self, email: &str) -> Result<Option<StoredPassword>, StoreError>;

    /// Compare-and-set: replaces the hash if it still is `from`. False if it was not.
    async fn replace_password(&self, user: &UserId, from: &str, to: &str) -> Result<bool, StoreError>;

    /// Sets the password of the user with this address and ends all their sessions. False if nobody has the
    /// address. Sealed sessions are remembered as ended until `until`. `events` go into the outbox with it.
    async fn set_password(
        &self,
        email: &str,
        hash: &str,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<bool, StoreError>;

    /// The user with this id.
    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError>;

    /// The user with this normalised address.
    async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError>;

    /// Whose this account is, or if it is nobody's, who has this normalised address; both as of one moment.
    async fn standing(&self, key: &AccountKey, email: Option<&str>) -> Result<Standing, StoreError>;

    /// The accounts of a user, in the order in which they were linked.
    async fn accounts_of(&self, user: &UserId) -> Result<Vec<Account>, StoreError>;

    /// Takes an account from its user, unless what they are left with would not
    /// [let them in](crate::policy::ways::WaysIn::let_in). Of two at once that would leave nothing, one is refused.
    ///
    /// Its tokens go with it, and every session that was opened by it, but the one in which it was asked for: sealed
    /// ones are remembered as ended. So do the user's half-finished sign-ins.
    async fn unlink_account(&self, what: &Unlinking) -> Result<Unlinked, StoreError>;

    /// The sealed tokens that an account holds. `None` if it holds none, or is none.
    async fn account_tokens(&self, key: &AccountKey) -> Result<Option<Vec<u8>>, StoreError>;

    /// Deletes the user with this address, their accounts and sessions (lesson 56). False if nobody has it.
    /// Sealed sessions are remembered as ended until `until`.
    async fn delete_user(&self, email: &str, until: Timestamp) -> Result<bool, StoreError>;
}

/// The ledger: sessions.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// The stored session behind a token: one row by key.
    async fn session(&self, token: &TokenHash) -> Result<Option<StoredSession>, StoreError>;

    /// What is known of the session with this id, sealed or stored.
    async fn session_record(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError>;

    /// Moves the expiry of a stored session, which was seen `now`, and with `claims` replaces what it says if it still
    /// says what was read; its version grows then. Never creates (sign-out wins, invariant 8).
    async fn renew_session(
        &self,
        token: &TokenHash,
        claims: Option<NewClaims<'_>>,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Renewed, StoreError>;

    /// Moves the expiry of the record of a sealed session, which was seen `now`. Never creates: false if it is no
    /// longer there.
    async fn touch_session(
        &self,
        id: &SessionId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends a session: its row goes, and its id is remembered as ended until `until`. An ending by
    /// [`Ending::Id`] is remembered even where there is no row. `events` go into the outbox if there was one.
    async fn end_session(
        &self,
        which: &Ending,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<(), StoreError>;

    /// Deletes sessions and tickets that expired, changes that may be forgotten, and events that were given up and
    /// kept long enough. Says how many rows went.
    async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// True if the store can answer: what `/readyz` asks.
    async fn ready(&self) -> Result<(), StoreError>;
}

/// Tickets: each is good once, until it expires, for exactly what it is bound to.
///
/// Whether one has expired is decided by `now` and not by whether a sweep has been (lesson 48).
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Keeps a ticket. Others for the same subject stay good. An error if its key is in use.
    async fn issue_ticket(&self, ticket: &Ticket) -> Result<(), StoreError>;

    /// The ticket, if it is there and has not expired. Uses nothing up.
    async fn ticket(&self, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>, StoreError>;

    /// Takes the ticket, if it is there and has not expired: of many at once, one gets it (lessons 21, 37).
    async fn consume_ticket(&self, key: &TicketKey, now: Timestamp) -> Result<Option<Ticket>, StoreError>;
}

/// Everything a store does.
pub trait Store:
    SignIns
    + Directory
    + Administration
    + Ledger
    + Sessions
    + Adoptions
    + Tickets
    + Grants
    + SigningKeys
    + Outbox
    + AuditTrail
    + Attempts
    + TokenVault
    + Imports
    + Recovery
    + Post
    + FactorStore
{
}

impl<
    T: SignIns
        + Directory
        + Administration
        + Ledger
        + Sessions
        + Adoptions
        + Tickets
        + Grants
        + SigningKeys
        + Outbox
        + AuditTrail
        + Attempts
        + TokenVault
        + Imports
        + Recovery
        + Post
        + FactorStore,
> Store for T
{
}

/// An embedder's own session fields: NextAuth's `session` callback.
pub trait SessionFields: Send + Sync {
    /// Adds to or changes what the session shows. Runs at every read: it must not wait for anything.
    fn add(&self, claims: &Claims, session: &mut Map<String, Value>);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Always(u8);

    impl Random for Always {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn ids_of_a_moment_sort_by_it_and_are_random_otherwise() {
        let of = |millis, random| uuid_of(Timestamp::from_millis(millis), &Always(random));
        // The moment is that of RFC 9562, appendix A.6.
        assert_eq!(of(0x017F_22E2_79B0, 0xff), "017f22e2-79b0-7fff-bfff-ffffffffffff");
        assert!(of(1_795_331_025_153, 0xff) < of(1_795_331_025_154, 0));
        assert_ne!(of(1, 7), of(1, 8));
    }
}

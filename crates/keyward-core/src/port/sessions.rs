//! A person's sessions as a whole, and the feed of what changed in any of them.

use std::net::IpAddr;

use async_trait::async_trait;

use super::{Altered, SessionId, StoreError};
use crate::{
    claims::Claims,
    event::NewEvent,
    overlay::Overlay,
    time::Timestamp,
    user::{AccountKey, Extra, UserId},
};

/// A session as its person sees it in the list of theirs.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionEntry {
    /// Opaque id.
    pub id: SessionId,
    /// When it was opened.
    pub created: Timestamp,
    /// When it was last renewed; at most an update age behind the last read.
    pub seen: Timestamp,
    /// When it ends unless renewed.
    pub expires: Timestamp,
    /// The browser, as it named itself.
    pub user_agent: Option<String>,
    /// The network that it was opened from ([`network`]).
    pub address: Option<String>,
    /// The account by which the person came.
    pub via: Option<AccountKey>,
}

/// Which of a user's sessions to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(SessionId),
    /// All but this one.
    Others(SessionId),
    /// All.
    All,
}

impl Which {
    /// Whether what no list shows ends too: whoever ends all sessions, or all but theirs, means the sign-ins that wait for
    /// their second factor ([`crate::ticket::half_finished_by`]), and what others sealed of the person.
    #[must_use]
    pub const fn ends_unlisted(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::Others(_) | Self::All => true,
        }
    }
}

/// What happened to a session, to be remembered until no token from before can be alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Place in the order of changes; grows by at least one per change. A session has one place: its last.
    pub change: u64,
    /// Which session.
    pub session: SessionId,
    /// What.
    pub what: Changed,
    /// From when on it may be forgotten.
    pub until: Timestamp,
}

/// What happened to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It was ended before its time.
    Ended,
    /// What it says was changed from outside; this is its version since.
    To(u64),
}

/// What a session says anew, made of what it said at a version.
#[derive(Clone, Copy, Debug)]
pub struct NewClaims<'c> {
    /// What it is to say.
    pub claims: &'c Claims,
    /// [`super::StoredSession::version`] of what was read.
    pub read_at: u64,
}

/// What came of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It lives on.
    Done,
    /// It says something else than what was read; nothing was written. The caller reads again.
    Changed,
    /// It is over (sign-out wins, invariant 8); nothing was written.
    Gone,
}

/// The ledger's other half: sessions by their person, and their changes.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The sessions of a user that are alive at `now`, the one seen last first.
    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<SessionEntry>, StoreError>;

    /// Ends sessions of this user and nobody else's; they are remembered as ended until `until`. Says how many. With them
    /// end the user's [half-finished sign-ins](Which::ends_unlisted).
    ///
    /// With `asked_in` only while that session of theirs is there: who is being put out puts nobody out. `None` is
    /// the answer if it is over; nothing was written. `events` go into the outbox if any session was ended.
    async fn end_sessions(
        &self,
        user: &UserId,
        which: &Which,
        asked_in: Option<&SessionId>,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Option<u64>, StoreError>;

    /// Changes what a session says: members of `patch` replace claims, `null` takes them away. Its version grows,
    /// and the change is remembered until `until`. `events` go into the outbox with it. Never creates.
    async fn change_session(
        &self,
        id: &SessionId,
        patch: &Extra,
        until: Timestamp,
        events: &[NewEvent],
    ) -> Result<Altered<()>, StoreError>;

    /// The version of a session and what was changed in it since it was opened; `None` if it is over.
    async fn overlay(&self, id: &SessionId) -> Result<Option<(u64, Overlay)>, StoreError>;

    /// Changes above the number `after`, in order.
    async fn changes_since(&self, after: u64) -> Result<Vec<Change>, StoreError>;
}

/// The network of a client, for its person to know again: the /24 of an IPv4 address, the /48 of an IPv6 address. No
/// more than that is kept.
#[must_use]
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_says_no_more_than_where_about_somebody_was() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(of("::ffff:203.0.113.78"), "203.0.113.0/24");
        assert_eq!(of("2001:db8:7:1::1"), "2001:db8:7::/48");
    }
}

//! One-time artefacts: what is handed out once and admits once, such as the link in a mail.

use std::time::Duration;

use keyward_jose::digest::sha256_hex;

use crate::{secret::Secret, time::Timestamp};

/// What a ticket is for. One for something else opens nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Purpose(pub &'static str);

impl Purpose {
    /// A sign-in that waits for its second factor.
    pub const SECOND_FACTOR: Self = Self("second-factor");
    /// A passkey's challenge that was answered: there so that nobody answers it again.
    pub const SPENT_CHALLENGE: Self = Self("spent-challenge");
    /// An attempt at another site whose browser came back: there so that it comes back once. Its subject is the provider.
    pub const SPENT_ATTEMPT: Self = Self("spent-attempt");
    /// An ID token that a front end brought and that let somebody in: there so that it lets in nobody again. Its subject
    /// is the provider.
    pub const SPENT_ID_TOKEN: Self = Self("spent-id-token");
    /// What the session of who adds an account says, while they are at the provider. Its subject is the session.
    pub const LINKING: Self = Self("linking");
    /// Signing in by a link that was sent by mail.
    pub const EMAIL_LINK: Self = Self("email-link");
    /// Proving the address of an account by a link that was sent there.
    pub const EMAIL_VERIFY: Self = Self("email-verify");
    /// Setting a new password by a link that was sent to the account's address.
    pub const PASSWORD_RESET: Self = Self("password-reset");
    /// Making the address that a link was sent to an account's own.
    pub const EMAIL_CHANGE: Self = Self("email-change");
    /// Taking such a change back by a link that was sent to the address from before. Its subject is the user's id.
    pub const EMAIL_RETURN: Self = Self("email-return");
}

/// All that a ticket is bound to. It is found by the whole of it and never by a part: the right address with the
/// wrong secret, or the other way round, is no ticket (lesson 52).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TicketKey {
    /// What it is for.
    pub purpose: Purpose,
    /// Whom it is for; a normalised address, say.
    pub subject: String,
    /// Hash of the secret that its bearer shows, in hexadecimal. The secret itself is stored nowhere.
    pub hash: String,
}

/// The subject of the half-finished sign-ins of the user with this id: whatever ends all their sessions ends these, too.
#[must_use]
pub fn half_finished_by(user: &str) -> String {
    sha256_hex(&[b"half-finished sign-in ", user.as_bytes()])
}

/// That this user was let in by one factor, and that this session (both by id) waits for the second: what finds that out
/// writes it. It is used up when what waits is kept; gone by then, whatever ended all of theirs came in between.
#[must_use]
pub fn first_half(user: &str, session: &str, now: Timestamp) -> Ticket {
    let hash = sha256_hex(&[b"first half ", session.as_bytes()]);
    let key = TicketKey { purpose: Purpose::SECOND_FACTOR, subject: half_finished_by(user), hash };
    Ticket { key, data: String::new(), created: now, expires: now.plus(SKEW) }
}

/// A ticket, as it is issued and as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What it is bound to.
    pub key: TicketKey,
    /// What its issuer wants to know when it comes back, in a form of its own (JSON).
    pub data: String,
    /// When it was issued.
    pub created: Timestamp,
    /// The last moment at which it is good.
    pub expires: Timestamp,
}

/// By how much the clocks of two processes may differ: for so long what is good once is remembered beyond its end.
const SKEW: Duration = Duration::from_secs(10 * 60);

/// What is good once, made by somebody else: it is remembered when it is used, instead of when it is issued.
#[derive(Clone, Debug)]
pub struct Once {
    /// What tells it from any other.
    pub what: Secret,
    /// Until when it would be good.
    pub until: Timestamp,
}

impl Once {
    /// That it was used: a ticket that opens nothing. Nobody can keep it a second time.
    #[must_use]
    pub fn used(&self, purpose: Purpose, subject: &str, now: Timestamp) -> Ticket {
        let hash = sha256_hex(&[purpose.0.as_bytes(), b" ", self.what.expose().as_bytes()]);
        let key = TicketKey { purpose, subject: subject.to_owned(), hash };
        Ticket { key, data: String::new(), created: now, expires: self.until.max(now).plus(SKEW) }
    }
}

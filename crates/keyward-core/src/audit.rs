//! The audit trail: every event that matters to the safety of an account, for its owner and for who runs the
//! deployment.
//!
//! What changes something is written in the transition that changes it: the entry goes the way of an
//! [event](crate::event::NewEvent). What was refused changes nothing and is an entry of its own; equal refusals of
//! one hour are counted in one row, so that who is refused a thousand times writes one line.
//!
//! No entry holds a secret, a typed password, or what somebody typed in place of a name: of whom nobody knows a keyed
//! hash is kept.

mod gate;

use keyward_jose::digest::sha256_hex;
use serde_json::{Map, Value};

pub use self::gate::Gate;
use crate::{
    text::cleaned,
    time::Timestamp,
    user::{SessionId, UserId},
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What happened. The names stand in the trail and never change their meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditKind { $($(#[$doc])* $name,)* }

        impl AuditKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it stands in the trail.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// Somebody was made a user.
    UserCreated = "user_created",
    /// Somebody signed in: a session was opened.
    SignedIn = "signed_in",
    /// Somebody who was signed in proved themselves anew; `detail.method` says by what.
    SignInConfirmed = "sign_in_confirmed",
    /// Somebody signed out of the session that they used.
    SignedOut = "signed_out",
    /// A session was ended from another one, or by who runs the deployment.
    SessionEnded = "session_ended",
    /// A session was changed by who runs the deployment.
    SessionChanged = "session_changed",
    /// A sign-in was refused; `detail.code` says why.
    SignInRefused = "sign_in_refused",
    /// After many failures somebody has to wait before the next try at this account.
    SignInDelayed = "sign_in_delayed",
    /// An allowance was used up; `detail.limit` says which.
    LimitReached = "limit_reached",
    /// Refusals that came too fast to be listed one by one; only their number is known.
    RefusalsDropped = "refusals_dropped",
    /// An account elsewhere became a way to sign in.
    AccountLinked = "account_linked",
    /// An account elsewhere is no way to sign in any more.
    AccountUnlinked = "account_unlinked",
    /// Name or picture were changed.
    ProfileChanged = "profile_changed",
    /// The person's address was proven.
    EmailVerified = "email_verified",
    /// A change of address was asked for.
    EmailChangeAsked = "email_change_asked",
    /// The address was changed.
    EmailChanged = "email_changed",
    /// A change of address was taken back from the old one.
    EmailChangeReverted = "email_change_reverted",
    /// A reset of the password was asked for.
    ResetAsked = "reset_asked",
    /// The password was changed by somebody who knew the old one, or set by who runs the deployment.
    PasswordChanged = "password_changed",
    /// The password was set anew by a link in a mail.
    PasswordReset = "password_reset",
    /// The password that had been set before the address was proven ended with the first proof.
    PasswordEnded = "password_ended",
    /// One's own data were handed out.
    DataExported = "data_exported",
    /// The user was deleted.
    UserDeleted = "user_deleted",
    /// The user was changed by who runs the deployment.
    UserChanged = "user_changed",
    /// The user may no longer sign in.
    UserDisabled = "user_disabled",
    /// The user may sign in again.
    UserEnabled = "user_enabled",
    /// A second factor or a passkey was added.
    FactorAdded = "factor_added",
    /// A second factor or a passkey was removed.
    FactorRemoved = "factor_removed",
    /// A second factor was refused.
    FactorRefused = "factor_refused",
    /// A recovery code was used up.
    RecoveryCodeUsed = "recovery_code_used",
    /// Recovery codes were made anew.
    RecoveryCodesMade = "recovery_codes_made",
    /// A refresh token came a second time: its family was ended.
    TokenReused = "token_reused",
}

impl AuditKind {
    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// True for what changed nothing: anybody can cause it, so it is counted and capped.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::SignInRefused
                | Self::SignInDelayed
                | Self::LimitReached
                | Self::RefusalsDropped
                | Self::FactorRefused
                | Self::ResetAsked
        )
    }
}

/// An entry about to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// What happened.
    pub kind: AuditKind,
    /// Whose account it is about. `None` where nobody is known, or where the transition that writes it finds out.
    pub user: Option<UserId>,
    /// In which session, or which session it is about.
    pub session: Option<SessionId>,
    /// Where nobody is known: a keyed hash of the name that was submitted.
    pub subject: Option<String>,
    /// Network address of the client: an IPv4, or the /64 of an IPv6.
    pub network: Option<String>,
    /// The browser, as it names itself; at most [`MAX_AGENT`] characters.
    pub user_agent: Option<String>,
    /// What else there is to say: a JSON object of few short texts.
    pub detail: Map<String, Value>,
    /// When.
    pub at: Timestamp,
    /// How often; more than one for what was counted before it was written.
    pub count: u64,
}

/// Longest `User-Agent` that is kept, in characters.
pub const MAX_AGENT: usize = 256;

/// Longest text in an entry's detail, in characters.
const MAX_DETAIL: usize = 100;

/// Refusals are counted in rows of an hour, in milliseconds.
const HOUR: i64 = 60 * 60 * 1000;

impl AuditEntry {
    /// Something that happened at `at`, with nothing else known of it.
    #[must_use]
    pub fn new(kind: AuditKind, at: Timestamp) -> Self {
        Self {
            kind,
            user: None,
            session: None,
            subject: None,
            network: None,
            user_agent: None,
            detail: Map::new(),
            at,
            count: 1,
        }
    }

    /// Whose account it is about.
    #[must_use]
    pub fn of(mut self, user: &UserId) -> Self {
        self.user = Some(user.clone());
        self
    }

    /// In which session it happened.
    #[must_use]
    pub fn in_session(mut self, session: &SessionId) -> Self {
        self.session = Some(session.clone());
        self
    }

    /// Adds a short text; control characters and what is too long are cut. An empty one is left out.
    #[must_use]
    pub fn saying(mut self, name: &'static str, text: &str) -> Self {
        if let Some(text) = cleaned(text, MAX_DETAIL) {
            self.detail.insert(name.to_owned(), Value::from(text));
        }
        self
    }

    /// Cuts what a client wrote to [`MAX_AGENT`] characters, and none of them a control character: whoever made the entry.
    pub(crate) fn bound(&mut self) {
        self.user_agent = self.user_agent.take().and_then(|agent| cleaned(&agent, MAX_AGENT));
    }

    /// What a refusal is counted by: equal ones of one hour share a row. `None` for what is no refusal.
    #[must_use]
    pub fn fold(&self) -> Option<String> {
        if !self.kind.is_refusal() {
            return None;
        }
        let hour = self.at.millis().div_euclid(HOUR).to_string();
        let detail = Value::Object(self.detail.clone()).to_string();
        let [user, subject, network] =
            [self.user.as_ref().map(|user| &user.0), self.subject.as_ref(), self.network.as_ref()]
                .map(|part| part.map_or("", String::as_str));
        let parts = [&*hour, self.kind.as_str(), user, subject, network, &*detail];
        let mut digest = sha256_hex(&[parts.join("\n").as_bytes()]);
        digest.truncate(32);
        Some(digest)
    }
}

/// An entry as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Place in the order in which entries were written.
    pub place: u64,
    /// Name of its [kind](AuditKind); one of a later version may be unknown here.
    pub kind: String,
    /// Whose account it is about.
    pub user: Option<UserId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// Keyed hash of a submitted name that is nobody's.
    pub subject: Option<String>,
    /// Network address of the client.
    pub network: Option<String>,
    /// The browser.
    pub user_agent: Option<String>,
    /// A JSON object.
    pub detail: Map<String, Value>,
    /// When; of what was counted, the first time.
    pub at: Timestamp,
    /// When it happened last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
}

/// Which entries to read. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// About this user's account.
    pub user: Option<UserId>,
    /// Of this kind.
    pub kind: Option<String>,
    /// From this network address.
    pub network: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Written before the entry with this place: how the next page is asked for.
    pub before: Option<u64>,
}

/// What is kept of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    /// For how long. Zero: nothing is written.
    pub keep: std::time::Duration,
    /// Most rows of refusals, which anybody can cause: beyond it the oldest go.
    pub refusals: u64,
}

impl AuditSettings {
    /// True if there is a trail at all.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        !self.keep.is_zero()
    }
}

impl Default for AuditSettings {
    /// 90 days, and 100,000 rows of refusals: some 30 MB.
    fn default() -> Self {
        Self { keep: std::time::Duration::from_secs(90 * 24 * 60 * 60), refusals: 100_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_780_000_000);

    fn refused() -> AuditEntry {
        let entry = AuditEntry::new(AuditKind::SignInRefused, NOW).saying("code", "CredentialsSignin");
        AuditEntry { network: Some("192.0.2.7".to_owned()), ..entry }
    }

    #[test]
    fn every_kind_is_found_by_its_name_and_no_two_share_one() {
        for kind in AuditKind::ALL {
            assert_eq!(AuditKind::named(kind.as_str()), Some(*kind));
        }
        assert_eq!(AuditKind::named("nothing"), None);
    }

    #[test]
    fn equal_refusals_of_one_hour_share_a_row_and_others_do_not() {
        let later = |secs: i64| AuditEntry { at: Timestamp::from_secs(1_780_000_000 + secs), ..refused() };
        assert_eq!(refused().fold(), later(60).fold());
        assert_ne!(refused().fold(), later(3600).fold());
        assert_ne!(refused().fold(), AuditEntry { network: None, ..refused() }.fold());
        assert_ne!(refused().fold(), refused().of(&UserId("u1".to_owned())).fold());
        assert_ne!(refused().fold(), refused().saying("code", "RateLimited").fold());
        assert_eq!(AuditEntry::new(AuditKind::SignedIn, NOW).fold(), None, "what happened stands alone");
    }

    #[test]
    fn lesson_80_no_text_of_an_entry_is_longer_than_a_line() {
        let entry = refused().saying("name", &format!("a\nb\u{0}{}", "x".repeat(10_000)));
        assert_eq!(entry.detail["name"].as_str().map(|text| text.chars().count()), Some(MAX_DETAIL));
        assert!(!entry.detail["name"].to_string().contains("\\n"));
        assert_eq!(refused().saying("name", " \n ").detail.len(), 1, "what says nothing is left out");
    }
}

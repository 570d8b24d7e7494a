//! The map of what an operator calls, `-/v1/admin/…`, and of what they get.

use serde_json::{Map, Value};

use crate::{
    audit::{AuditFilter, AuditRecord},
    port::{SessionEntry, SessionId},
    user::{User, UserId},
};

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminCall {
    /// `GET users`: who has this address, or this account.
    FindUsers {
        /// From the query.
        email: Option<String>,
        /// From the query: source and id there.
        account: Option<(String, String)>,
    },
    /// `GET users/{id}`.
    User(UserId),
    /// `PATCH users/{id}`.
    ChangeUser {
        /// Whom.
        id: UserId,
        /// The body.
        change: Map<String, Value>,
    },
    /// `DELETE users/{id}`.
    DeleteUser(UserId),
    /// `GET users/{id}/sessions`.
    Sessions(UserId),
    /// `DELETE users/{id}/sessions`.
    EndSessions(UserId),
    /// `PATCH sessions/{id}`.
    ChangeSession {
        /// Which.
        id: SessionId,
        /// The body.
        change: Map<String, Value>,
    },
    /// `DELETE sessions/{id}`.
    EndSession(SessionId),
    /// `GET activity`: the audit trail, narrowed by the query.
    Activity(AuditFilter),
}

/// What an operator gets.
#[derive(Clone, Debug)]
pub enum AdminAnswer {
    /// Who was found.
    Users(Vec<User>),
    /// The user, as they are now.
    User(Box<User>),
    /// The user is gone.
    Deleted,
    /// Somebody's sessions, the one seen last first.
    Sessions(Vec<SessionEntry>),
    /// So many sessions were ended.
    Ended(u64),
    /// The session was changed.
    Changed,
    /// The audit trail.
    Activity {
        /// The newest first.
        records: Vec<AuditRecord>,
        /// Where the next page begins, if there is one.
        older: Option<u64>,
    },
}

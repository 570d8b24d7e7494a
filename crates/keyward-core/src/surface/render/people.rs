//! What is answered about sessions and people: to their person, and to an operator.

use serde_json::{Value, json};

use super::{Render, account};
use crate::{
    action::{AdminAnswer, SessionAnswer},
    audit::AuditRecord,
    port::{SessionEntry, SessionId},
    reply::Reply,
    user::User,
};

impl Render<'_> {
    pub(super) fn sessions(&self, answer: SessionAnswer) -> Reply {
        match answer {
            SessionAnswer::List { sessions, current } => self.call(200, &listed(&sessions, current.as_ref())),
            SessionAnswer::Ended(ended) => self.call(200, &json!({ "ended": ended })),
        }
    }

    pub(super) fn admin(&self, answer: AdminAnswer) -> Reply {
        match answer {
            AdminAnswer::Users(users) => {
                self.call(200, &json!({ "users": users.iter().map(user).collect::<Vec<_>>() }))
            }
            AdminAnswer::User(one) => self.call(200, &user(&one)),
            AdminAnswer::Deleted => self.call(200, &json!({ "deleted": true })),
            AdminAnswer::Sessions(sessions) => self.call(200, &listed(&sessions, None)),
            AdminAnswer::Ended(ended) => self.call(200, &json!({ "ended": ended })),
            AdminAnswer::Activity { records, older } => {
                let entries: Vec<_> = records.iter().map(of_anybody).collect();
                self.call(200, &json!({ "activity": entries, "before": older }))
            }
            AdminAnswer::Changed => self.call(200, &json!({ "changed": true })),
        }
    }
}

fn listed(sessions: &[SessionEntry], current: Option<&SessionId>) -> Value {
    let sessions: Vec<_> = sessions.iter().map(|entry| session(entry, current)).collect();
    json!({ "sessions": sessions })
}

fn session(entry: &SessionEntry, current: Option<&SessionId>) -> Value {
    let mut session = json!({
        "id": entry.id.0,
        "createdAt": entry.created.iso(),
        "seenAt": entry.seen.iso(),
        "expires": entry.expires.iso(),
        "userAgent": entry.user_agent,
        "network": entry.address,
        "provider": entry.via.as_ref().map(|via| &via.source),
    });
    if let Some(current) = current {
        session["current"] = (*current == entry.id).into();
    }
    session
}

fn user(user: &User) -> Value {
    json!({
        "id": user.id.0,
        "name": user.name,
        "email": user.email,
        "emailVerified": user.email_verified.map(crate::time::Timestamp::iso),
        "image": user.image,
        "disabled": user.disabled.is_some(),
        "disabledAt": user.disabled.map(crate::time::Timestamp::iso),
        "claims": user.claims,
    })
}

/// As the operator sees an entry of the audit trail: whose it is, too.
fn of_anybody(record: &AuditRecord) -> Value {
    let mut entry = account::entry(record);
    entry["user"] = json!(record.user.as_ref().map(|user| &user.0));
    entry["subject"] = json!(record.subject);
    entry
}

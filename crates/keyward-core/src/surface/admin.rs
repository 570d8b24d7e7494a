//! From path, method and body to what an operator calls, `-/v1/admin/…`.

use super::account;
use crate::{
    action::AdminCall,
    audit::AuditFilter,
    port::SessionId,
    request::{Method, Request},
    user::UserId,
};

/// The call behind the segments after `-/v1/`, if it is one of these.
pub(super) fn decode(path: &[&str], method: Method, request: &Request) -> Option<AdminCall> {
    use Method::{Delete, Get, Patch};
    let user = |id: &str| UserId(id.to_owned());
    let session = |id: &str| SessionId(id.to_owned());
    let body = || request.body.members();
    let asked = |name| request.query.get(name).map(str::to_owned);
    let ["admin", path @ ..] = path else { return None };
    Some(match (path, method) {
        (["users"], Get) => AdminCall::FindUsers {
            email: asked("email"),
            account: asked("provider").zip(asked("providerAccountId")),
        },
        (["users", id], Get) => AdminCall::User(user(id)),
        (["users", id], Patch) => AdminCall::ChangeUser { id: user(id), change: body() },
        (["users", id], Delete) => AdminCall::DeleteUser(user(id)),
        (["users", id, "sessions"], Get) => AdminCall::Sessions(user(id)),
        (["users", id, "sessions"], Delete) => AdminCall::EndSessions(user(id)),
        (["sessions", id], Patch) => AdminCall::ChangeSession { id: session(id), change: body() },
        (["sessions", id], Delete) => AdminCall::EndSession(session(id)),
        (["activity"], Get) => AdminCall::Activity(AuditFilter {
            user: asked("user").map(UserId),
            kind: asked("kind"),
            network: asked("network"),
            before: account::before(request),
            ..AuditFilter::default()
        }),
        _ => return None,
    })
}

/// The methods of a call, for who came with another.
pub(super) fn allowed(path: &[&str]) -> Option<&'static str> {
    match path {
        ["admin", "users" | "activity"] => Some("GET, HEAD"),
        ["admin", "users", _] => Some("GET, HEAD, PATCH, DELETE"),
        ["admin", "users", _, "sessions"] => Some("GET, HEAD, DELETE"),
        ["admin", "sessions", _] => Some("PATCH, DELETE"),
        _ => None,
    }
}

//! From path, method and body to what an operator calls, `-/v1/admin/…`.

use super::account;
use crate::{
    action::{AdminCall, Call},
    audit::AuditFilter,
    port::SessionId,
    request::{Method, Request},
    user::UserId,
};

/// The call behind the segments after `-/v1/`, if it is one of these.
pub(super) fn decode(path: &[&str], method: Method, request: &Request) -> Option<Call> {
    use Method::{Delete, Get, Patch};
    let user = |id: &str| UserId(id.to_owned());
    let session = |id: &str| SessionId(id.to_owned());
    let body = || request.body.members();
    let asked = |name| request.query.get(name).map(str::to_owned);
    let ["admin", path @ ..] = path else { return None };
    let call = match (path, method) {
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
        (["activity"], Get) => match account::page(request) {
            Some(before) => AdminCall::Activity(AuditFilter {
                user: asked("user").map(UserId),
                kind: asked("kind"),
                network: asked("network"),
                before,
                ..AuditFilter::default()
            }),
            None => return Some(Call::Invalid),
        },
        _ => return None,
    };
    Some(Call::Admin(call))
}

//! From path, method and body to one of our own calls, `-/v1/…`.

use super::{account, admin, program, recovery, sessions};
use crate::{
    action::{Call, Misdirected, ProgramCall},
    request::{Method, Request},
    settings::Settings,
};

/// The call behind the segments after `-/v1/`. A HEAD comes as GET.
pub(super) fn decode(
    settings: &Settings,
    path: &[&str],
    method: Method,
    request: &Request,
) -> Result<Call, Misdirected> {
    use Method::{Get, Post};
    let field = |name| request.body.text(name).map(str::to_owned);
    // Without tokens for programs these calls are not there.
    let hands_out_tokens = settings.tokens.is_some();
    // Without a key these calls are not there.
    let has_operator = !settings.admin_keys.is_empty();
    Ok(match (path, method) {
        (["accounts"], Get) => Call::Accounts,
        (["accounts", "unlink"], Post) => {
            Call::Unlink { provider: field("provider"), id: field("providerAccountId") }
        }
        (["activity"], Get) => Call::Activity { before: account::before(request) },
        (["token"], Post) => match program::wanted(&request.body.members()) {
            Ok(wanted) => Call::Token { wanted },
            Err(malformed) => Call::Program(ProgramCall::Malformed(malformed)),
        },
        _ if let Some(call) = recovery::call(settings, path, method, request) => call,
        _ if hands_out_tokens && let Some(call) = program::decode(path, method, request) => {
            Call::Program(call)
        }
        _ if let Some(call) = sessions::decode(path, method, request) => Call::Sessions(call),
        _ if has_operator && let Some(call) = admin::decode(path, method, request) => Call::Admin(call),
        _ => {
            let programs = || program::allowed(path).filter(|_| hands_out_tokens);
            let recovery = || recovery::called(settings, path).map(|_| "POST");
            let operators = || admin::allowed(path).filter(|_| has_operator);
            return Err(allowed(path)
                .or_else(|| sessions::allowed(path))
                .or_else(recovery)
                .or_else(programs)
                .or_else(operators)
                .map_or(Misdirected::UnknownCall, |allow| Misdirected::WrongCallMethod { allow }));
        }
    })
}

/// The methods of a call, for who came with another.
fn allowed(path: &[&str]) -> Option<&'static str> {
    Some(match path {
        ["accounts"] | ["activity"] => "GET, HEAD",
        ["accounts", "unlink"] | ["token"] => "POST",
        _ => return None,
    })
}

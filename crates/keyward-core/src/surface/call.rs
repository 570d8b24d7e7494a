//! From path, method and body to one of our own calls, `-/v1/…`.

use crate::{
    action::{Call, Misdirected},
    request::{Method, Request},
};

/// The call behind the segments after `-/v1/`. A HEAD comes as GET.
pub(super) fn decode(path: &[&str], method: Method, request: &Request) -> Result<Call, Misdirected> {
    use Method::{Get, Post};
    let field = |name| request.body.text(name).map(str::to_owned);
    Ok(match (path, method) {
        (["accounts"], Get) => Call::Accounts,
        (["accounts", "unlink"], Post) => {
            Call::Unlink { provider: field("provider"), id: field("providerAccountId") }
        }
        _ => {
            return Err(allowed(path)
                .map_or(Misdirected::UnknownCall, |allow| Misdirected::WrongCallMethod { allow }));
        }
    })
}

/// The methods of a call, for who came with another.
fn allowed(path: &[&str]) -> Option<&'static str> {
    Some(match path {
        ["accounts"] => "GET, HEAD",
        ["accounts", "unlink"] => "POST",
        _ => return None,
    })
}

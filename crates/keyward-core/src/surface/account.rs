//! From a request to a page about one's own account.

use crate::{
    action::{AccountAction, EndWhich, Misdirected, Tab},
    port::SessionId,
    request::{Method, Request},
};

/// What is done on one of the pages. `None`: the path is none of them.
pub(super) fn decode(
    path: &[&str],
    method: Method,
    request: &Request,
) -> Option<Result<AccountAction, Misdirected>> {
    let field = |name| request.body.text(name).map(str::to_owned);
    let action = match (path, method) {
        (["-", "account", "sign-in", "unlink"], Method::Post) => {
            AccountAction::Unlink { provider: field("provider"), id: field("providerAccountId") }
        }
        (["-", "account", "sessions", "end"], Method::Post) => AccountAction::End(which(request)),
        (["-", "account"], Method::Post) => {
            AccountAction::Profile { name: field("name"), image: field("image") }
        }
        (["-", "account", "sign-in", "unlink"] | ["-", "account", "sessions", "end"], _) => {
            return Some(Err(Misdirected::WrongMethod));
        }
        _ => {
            let tab = Tab::ALL.into_iter().find(|tab| tab.path().split('/').eq(path.iter().copied()))?;
            if method != Method::Get {
                return Some(Err(Misdirected::WrongMethod));
            }
            AccountAction::Look {
                tab,
                done: request.query.get("done").map(str::to_owned),
                before: before(request),
            }
        }
    };
    Some(Ok(action))
}

/// Where a page of activity begins.
pub(super) fn before(request: &Request) -> Option<u64> {
    request.query.get("before")?.parse().ok()
}

/// As [`before`], from a program: one that asks for a place that is none would else begin anew, again and again.
pub(super) fn page(request: &Request) -> Option<Option<u64>> {
    request.query.get("before").map(str::parse).transpose().ok()
}

fn which(request: &Request) -> Option<EndWhich> {
    match (request.body.text("id"), request.body.text("others")) {
        (Some(id), None) if !id.is_empty() => Some(EndWhich::One(SessionId(id.to_owned()))),
        (None, Some(_)) => Some(EndWhich::Others),
        _ => None,
    }
}

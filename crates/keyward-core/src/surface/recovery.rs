//! From a request to what somebody does about their own account: pages and calls.

use crate::{
    action::{Call, Filled, Link, Misdirected, Recovery, State, Step},
    request::{Method, Request},
    settings::Settings,
};

/// Whether this deployment offers it.
pub(super) fn is_offered(settings: &Settings, step: Step) -> bool {
    let (passwords, mail) = (settings.recovery.passwords.is_some(), settings.recovery.mail.is_some());
    match step {
        Step::Reset => passwords && mail,
        Step::VerifyEmail | Step::ChangeEmail | Step::ReturnEmail | Step::Email => mail,
        Step::Password => passwords,
        Step::Delete | Step::Export => true,
    }
}

/// A page. `None`: the path is none of ours.
pub(super) fn page(
    settings: &Settings,
    path: &[&str],
    method: Method,
    request: &Request,
) -> Option<Result<Recovery, Misdirected>> {
    let step = Step::ALL.into_iter().find(|step| step.page().split('/').eq(path.iter().copied()))?;
    if !is_offered(settings, step) {
        return None;
    }
    Some(match method {
        Method::Get => Ok(match link(|name| request.query.get(name)) {
            Some(link) => Recovery::Look { step, link },
            None => Recovery::Page { step, state: state(request.query.get("done")) },
        }),
        Method::Post => {
            Ok(Recovery::Send { step, link: link(|name| request.body.text(name)), filled: filled(request) })
        }
        _ => Err(Misdirected::WrongMethod),
    })
}

/// A call, `-/v1/account/…`.
pub(super) fn call(step: Step, request: &Request) -> Call {
    Call::Recovery { step, link: link(|name| request.body.text(name)), filled: filled(request) }
}

/// What a page that is not a link is to say.
fn state(done: Option<&str>) -> State {
    match done {
        None => State::Open,
        Some("sent") => State::Sent,
        Some(_) => State::Done,
    }
}

/// Both halves, or it is no link.
fn link<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Option<Link> {
    let token = field("token").filter(|token| !token.is_empty())?;
    Some(Link { token: token.to_owned(), subject: field("for").unwrap_or_default().to_owned() })
}

/// Three fields, and no other (lesson 45).
fn filled(request: &Request) -> Filled {
    let field = |name| request.body.text(name).map(str::to_owned);
    Filled { email: field("email"), password: field("password"), new_password: field("newPassword") }
}

//! Our own calls, `-/v1/…`: the one table of them, and from path, method and body to the call.

use super::{account, admin, program, recovery, sessions};
use crate::{
    action::{Call, Misdirected, ProgramCall, Step},
    request::{Method, Request},
    settings::Settings,
};

/// One of our own calls.
#[derive(Clone, Copy, Debug)]
pub struct CallSpec {
    /// Path below `{base}/-/v1/`; `{id}` stands for one segment.
    pub path: &'static str,
    /// Its methods, as `Allow` names them.
    pub allow: &'static str,
    there: There,
}

/// In which deployments a call is there.
#[derive(Clone, Copy, Debug)]
enum There {
    /// In all of them.
    Always,
    /// In all of them; a stream, which the edge answers.
    AtTheEdge,
    /// Where there are tokens for programs.
    Tokens,
    /// Where an operator has a key.
    Operators,
    /// Where this can be done.
    Recovery(Step),
}

/// Every call there is: what is not in it is none. Programs, which call most often, come first.
pub const CALLS: &[CallSpec] = &[
    call("token", "POST", There::Always),
    call("refresh", "POST", There::Tokens),
    call("me", "GET, HEAD", There::Tokens),
    call("jwks", "GET, HEAD", There::Tokens),
    call("sign-in", "POST", There::Tokens),
    call("sign-up", "POST", There::Tokens),
    call("factor", "POST", There::Tokens),
    call("exchange", "POST", There::Tokens),
    call("sign-out", "POST", There::Tokens),
    call("sessions", "GET, HEAD", There::Always),
    call("sessions/end", "POST", There::Always),
    call("sessions/events", "GET, HEAD", There::AtTheEdge),
    call("accounts", "GET, HEAD", There::Always),
    call("accounts/unlink", "POST", There::Always),
    call("activity", "GET, HEAD", There::Always),
    call("account/verify-email", "POST", There::Recovery(Step::VerifyEmail)),
    call("account/reset", "POST", There::Recovery(Step::Reset)),
    call("account/password", "POST", There::Recovery(Step::Password)),
    call("account/email", "POST", There::Recovery(Step::Email)),
    call("account/email/confirm", "POST", There::Recovery(Step::ChangeEmail)),
    call("account/email/return", "POST", There::Recovery(Step::ReturnEmail)),
    call("account/export", "POST", There::Recovery(Step::Export)),
    call("account/delete", "POST", There::Recovery(Step::Delete)),
    call("admin/users", "GET, HEAD", There::Operators),
    call("admin/users/{id}", "GET, HEAD, PATCH, DELETE", There::Operators),
    call("admin/users/{id}/sessions", "GET, HEAD, DELETE", There::Operators),
    call("admin/sessions/{id}", "PATCH, DELETE", There::Operators),
    call("admin/activity", "GET, HEAD", There::Operators),
    call("openapi.json", "GET, HEAD", There::Always),
];

impl CallSpec {
    /// Whether a deployment has it.
    pub(super) fn is_there(&self, settings: &Settings) -> bool {
        match self.there {
            There::Always | There::AtTheEdge => true,
            There::Tokens => settings.tokens.is_some(),
            There::Operators => !settings.admin_keys.is_empty(),
            There::Recovery(step) => recovery::is_offered(settings, step),
        }
    }

    fn is_at(&self, path: &[&str]) -> bool {
        let mut segments = path.iter();
        let fits =
            |part: &str| segments.next().is_some_and(|segment| part.starts_with('{') || part == *segment);
        self.path.split('/').all(fits) && segments.next().is_none()
    }

    fn takes(&self, method: Method) -> bool {
        let name = match method {
            Method::Get | Method::Head => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Other => return false,
        };
        self.allow.split(", ").any(|taken| taken == name)
    }
}

/// The call behind the segments after `-/v1/`. A HEAD comes as GET.
pub(super) fn decode(
    settings: &Settings,
    path: &[&str],
    method: Method,
    request: &Request,
) -> Result<Call, Misdirected> {
    let spec = CALLS.iter().find(|spec| spec.is_at(path)).filter(|spec| spec.is_there(settings));
    let spec = spec.ok_or(Misdirected::UnknownCall)?;
    if !spec.takes(method) {
        return Err(Misdirected::WrongCallMethod { allow: spec.allow });
    }
    let call = match spec.there {
        There::Always => own(path, method, request),
        There::AtTheEdge => None,
        There::Tokens => program::decode(path, method, request).map(Call::Program),
        There::Operators => admin::decode(path, method, request),
        There::Recovery(step) => Some(recovery::call(step, request)),
    };
    call.ok_or(Misdirected::UnknownCall)
}

/// What every deployment has.
fn own(path: &[&str], method: Method, request: &Request) -> Option<Call> {
    let field = |name| request.body.text(name).map(str::to_owned);
    Some(match path {
        ["token"] => match program::wanted(&request.body.members()) {
            Ok(wanted) => Call::Token { wanted },
            Err(malformed) => Call::Program(ProgramCall::Malformed(malformed)),
        },
        ["openapi.json"] => Call::Program(ProgramCall::OpenApi),
        ["accounts"] => Call::Accounts,
        ["accounts", "unlink"] => {
            Call::Unlink { provider: field("provider"), id: field("providerAccountId") }
        }
        ["activity"] => account::page(request).map_or(Call::Invalid, |before| Call::Activity { before }),
        _ => Call::Sessions(sessions::decode(path, method, request)?),
    })
}

const fn call(path: &'static str, allow: &'static str, there: There) -> CallSpec {
    CallSpec { path, allow, there }
}

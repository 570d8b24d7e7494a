//! From a request's path, method and fields to the action it asks for (protocol notes §1.1).

use serde_json::{Map, Value};

use super::{account, call, factor, recovery};
use crate::{
    action::{Action, Misdirected},
    dialect::Dialect,
    method::email::EmailProvider,
    request::{Body, Method, Request},
    settings::{RedirectProvider, Settings},
};

/// NextAuth's own fields in the body of a credentials callback.
const OWN_FIELDS: [&str; 4] = ["csrfToken", "callbackUrl", "json", "redirect"];

/// Longest code or level of a client's report.
const MAX_LOG_FIELD: usize = 64;

/// The action that a request asks for.
pub fn decode(settings: &Settings, request: &Request) -> Result<Action, Misdirected> {
    use Method::{Delete, Get, Head, Other, Patch, Post};
    // Asked for like a page, but where that would use something up.
    let method = if request.method == Head { Get } else { request.method };
    let dialect = settings.dialect;
    let segments: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let (action, second) = match segments.as_slice() {
        ["-", "signup"] if settings.sign_up_provider.is_some() => {
            let error = code_or_error(request).map(str::to_owned);
            return if method == Get {
                Ok(Action::SignUpPage { error })
            } else {
                Err(Misdirected::WrongMethod)
            };
        }
        own @ ["-", ..] if let Some(page) = recovery::page(settings, own, method, request) => {
            return page.map(Action::Recovery);
        }
        own @ ["-", ..] if let Some(decoded) = account::decode(own, method, request) => {
            return decoded.map(Action::Account);
        }
        ["-", "v1", path @ ..] => return call::decode(settings, path, method, request).map(Action::Call),
        ["-", path @ ..] if let Some(decoded) = factor::own(settings, path, method, request) => {
            return decoded;
        }
        ["-", "signed-out"] if method == Get => return Ok(Action::SignedOut),
        [action] => (*action, None),
        // What a client writes for a missing provider.
        [action, "undefined"] if dialect == Dialect::AuthJs5 => (*action, None),
        [action, second] => (*action, Some(*second)),
        _ => return Err(Misdirected::UnknownAction),
    };
    if let Some(decoded) = factor::of_provider(settings, action, second, method, request) {
        return decoded;
    }
    let takes_second = match action {
        "signin" | "callback" => true,
        // Generations 3 and 4 read the second segment as the error code.
        _ => dialect != Dialect::AuthJs5,
    };
    if second.is_some() && !takes_second {
        return Err(Misdirected::UnknownAction);
    }
    let error = || {
        let second = if dialect == Dialect::AuthJs5 { None } else { second };
        code_or_error(request).or(second).map(str::to_owned)
    };
    match (action, method) {
        (_, Other | Patch | Delete) => Err(Misdirected::UnknownAction),
        ("csrf", Get) => Ok(Action::Csrf),
        ("providers", Get) => Ok(Action::Providers),
        ("session", Get) => Ok(Action::Session),
        ("session", Post) if dialect != Dialect::NextAuth3 => {
            Ok(Action::UpdateSession { data: request.body.members().remove("data") })
        }
        ("signin", Get) if second.is_some() && dialect == Dialect::AuthJs5 => Err(Misdirected::WrongMethod),
        ("signin", Get) => {
            let link = request.query.get("link").filter(|id| settings.redirect(id).is_some());
            let error = code_or_error(request).map(str::to_owned);
            Ok(Action::SignInPage { error, link: link.map(str::to_owned) })
        }
        ("signin", Post) => match second {
            Some(id) if settings.redirect(id).is_some() => Ok(Action::Depart { provider: id.to_owned() }),
            Some(id) if settings.email(id).is_some() => {
                let email = request.body.text("email").map(str::to_owned);
                Ok(Action::RequestLink { provider: id.to_owned(), email })
            }
            Some(id) if settings.provider(id).is_none() => Err(Misdirected::UnknownSignInProvider),
            None if dialect != Dialect::AuthJs5 => Err(Misdirected::UnknownSignInProvider),
            provider => Ok(Action::SignIn { provider: provider.map(str::to_owned) }),
        },
        ("callback", _) if let Some(provider) = second.and_then(|id| settings.redirect(id)) => {
            arrival(provider, request)
        }
        ("callback", _) if let Some(provider) = second.and_then(|id| settings.email(id)) => {
            Ok(followed(provider, request))
        }
        ("callback", method) => match second.and_then(|id| settings.provider(id)) {
            None => Err(Misdirected::UnknownCallbackProvider),
            Some(_) if method == Get => Err(Misdirected::WrongMethod),
            Some(provider) => {
                Ok(Action::Credentials { provider: provider.id.clone(), fields: fields(request) })
            }
        },
        ("signout", Get) => Ok(Action::SignOutPage),
        ("signout", Post) => Ok(Action::SignOut),
        ("error", Get) => Ok(Action::ErrorPage { error: error() }),
        ("verify-request", Get) => Ok(Action::VerifyRequest),
        ("_log", Post) if dialect != Dialect::AuthJs5 => {
            let field = |name| clean(request.body.text(name).unwrap_or_default());
            Ok(Action::Log { level: field("level"), code: field("code") })
        }
        ("csrf" | "providers" | "session" | "error" | "verify-request", _) => Err(Misdirected::WrongMethod),
        _ => Err(Misdirected::UnknownAction),
    }
}

/// The answer of a provider comes in the query, or in a form where the provider posts; never from both.
fn arrival(provider: &RedirectProvider, request: &Request) -> Result<Action, Misdirected> {
    let response = match (request.method, &request.body) {
        (Method::Head, _) => return Ok(Action::LookAtLink),
        (Method::Get, _) => request.query.clone(),
        (Method::Post, Body::Form(form)) if provider.answers_by_post => form.clone(),
        _ => return Err(Misdirected::WrongMethod),
    };
    Ok(Action::Arrive { provider: provider.id.clone(), response })
}

/// A link from a mail, or the form behind it. Scanners of mail look at links by HEAD first.
fn followed(provider: &EmailProvider, request: &Request) -> Action {
    if request.method == Method::Head {
        return Action::LookAtLink;
    }
    let by_form = request.method == Method::Post;
    let field = |name| if by_form { request.body.text(name) } else { request.query.get(name) };
    let (token, email) = (field("token").map(str::to_owned), field("email").map(str::to_owned));
    Action::FollowLink { provider: provider.id.clone(), token, email, by_form }
}

/// Generation 5 says in `code` what `error=CredentialsSignin` was about.
fn code_or_error(request: &Request) -> Option<&str> {
    let error = request.query.get("error");
    let code = request.query.get("code").filter(|code| *code != "credentials");
    if error == Some("CredentialsSignin") { code.or(error) } else { error }
}

fn fields(request: &Request) -> Map<String, Value> {
    let mut fields = request.body.members();
    fields.retain(|name, _| !OWN_FIELDS.contains(&name.as_str()));
    fields
}

/// Anybody may report: what they send must not forge a log line.
fn clean(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).take(MAX_LOG_FIELD).collect()
}

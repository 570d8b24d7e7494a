//! From path, method and body to what is asked for about second factors and passkeys.

use crate::{
    action::{Action, FactorAction, FactorAnswer, Misdirected, OwnPage},
    request::{Method, Request},
    settings::Settings,
};

/// What a path below `-/` asks for; `None` if it is none of ours. A HEAD comes as GET.
pub(super) fn own(
    settings: &Settings,
    path: &[&str],
    method: Method,
    request: &Request,
) -> Option<Result<Action, Misdirected>> {
    use FactorAction as Asked;
    let has_passkeys = settings.passkeys.is_some();
    let field = |name| request.body.text(name).map(str::to_owned);
    let page = match path {
        ["factor"] => OwnPage::Factor,
        ["confirm"] => OwnPage::Confirm,
        ["account", "totp", ..] if settings.factors.enabled => OwnPage::App,
        ["account", "passkeys", ..] if has_passkeys => OwnPage::Passkeys,
        _ => return None,
    };
    let action = match (path, method) {
        (["factor" | "confirm"] | ["account", _], Method::Get) => {
            let error = request.query.get("error").map(str::to_owned);
            Asked::Page { page, error }
        }
        (["factor"], Method::Post) => Asked::Show(answer(request)),
        (["confirm"], Method::Post) => {
            Asked::Confirm { password: field("password"), answer: answer(request) }
        }
        (["account", "totp"], Method::Post) => Asked::AddApp { set_up: field("setUp"), code: field("code") },
        (["account", "totp", "remove"], Method::Post) => Asked::RemoveApp,
        (["account", "totp", "codes"], Method::Post) => Asked::ReplaceCodes,
        (["account", "passkeys"], Method::Post) => {
            Asked::AddPasskey { answer: field("data"), name: field("name") }
        }
        (["account", "passkeys", "remove"], Method::Post) => Asked::RemovePasskey { id: field("id") },
        (["account", "totp", "remove" | "codes"] | ["account", "passkeys", "remove"], _)
        | (["factor" | "confirm"] | ["account", _], _) => return Some(Err(Misdirected::WrongMethod)),
        _ => return None,
    };
    Some(Ok(Action::Factor(action)))
}

/// What is asked of the provider of passkeys.
pub(super) fn of_provider(
    settings: &Settings,
    action: &str,
    provider: Option<&str>,
    method: Method,
    request: &Request,
) -> Option<Result<Action, Misdirected>> {
    settings.passkeys.as_ref().filter(|passkeys| Some(&*passkeys.id) == provider)?;
    let field = |name| request.body.text(name).map(str::to_owned);
    let asked = match (action, method) {
        ("webauthn-options", Method::Get) => FactorAction::Options {
            action: request.query.get("action").map(str::to_owned),
            email: request.query.get("email").map(str::to_owned),
        },
        ("callback", Method::Post) => {
            FactorAction::Passkey { action: field("action"), answer: field("data") }
        }
        ("webauthn-options" | "callback", _) => return Some(Err(Misdirected::WrongMethod)),
        _ => return None,
    };
    Some(Ok(Action::Factor(asked)))
}

/// A field that comes twice is no answer (lesson 64).
fn answer(request: &Request) -> FactorAnswer {
    let field = |name| request.body.text_once(name).map(str::to_owned);
    FactorAnswer { code: field("code"), passkey: field("data"), pending: field("pending") }
}

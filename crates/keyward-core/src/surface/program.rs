//! From path, method and body to what a program calls.

use serde_json::{Map, Value};

use crate::{
    action::{FactorAnswer, ProgramCall, Refused, Vouching},
    request::{Method, Request},
    tokens::terms::Wanted,
};

/// Members of a body that say what is wanted, and are no field of a form.
const OWN_MEMBERS: [&str; 3] = ["provider", "audience", "scope"];

/// The call behind the segments after `-/v1/`, if it is one of these.
pub(super) fn decode(path: &[&str], method: Method, request: &Request) -> Option<ProgramCall> {
    use Method::{Get, Post};
    let [name] = path else { return None };
    let members = || request.body.members();
    let call = match (*name, method) {
        ("sign-up", Post) => submitted(members(), |_, fields, wanted| ProgramCall::SignUp { fields, wanted }),
        ("sign-in", Post) => {
            submitted(members(), |provider, fields, wanted| ProgramCall::SignIn { provider, fields, wanted })
        }
        ("factor", Post) => factor(&members()),
        ("exchange", Post) => exchanged(&members()),
        ("refresh", Post) => {
            let members = members();
            text(&members, "refreshToken")
                .and_then(|token| Ok(ProgramCall::Refresh { token, wanted: wanted(&members)? }))
        }
        ("sign-out", Post) => text(&members(), "refreshToken").map(|token| ProgramCall::SignOut { token }),
        ("me", Get) => Ok(ProgramCall::Me),
        ("jwks", Get) => Ok(ProgramCall::KeySet),
        _ => return None,
    };
    Some(call.unwrap_or_else(ProgramCall::Malformed))
}

/// What somebody wants tokens for, whatever the call.
pub(super) fn wanted(members: &Map<String, Value>) -> Result<Wanted, Refused> {
    let audiences = match members.get("audience") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => {
            let name = |name: &Value| name.as_str().map(str::to_owned).ok_or(Refused::Audience);
            names.iter().map(name).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(Refused::Audience),
    };
    let scope = text(members, "scope").map_err(|_| Refused::Scope)?;
    Ok(Wanted { audiences, scope })
}

fn submitted(
    mut fields: Map<String, Value>,
    call: impl FnOnce(Option<String>, Map<String, Value>, Wanted) -> ProgramCall,
) -> Result<ProgramCall, Refused> {
    let (provider, wanted) = (text(&fields, "provider")?, wanted(&fields)?);
    fields.retain(|name, _| !OWN_MEMBERS.contains(&name.as_str()));
    Ok(call(provider, fields, wanted))
}

fn factor(members: &Map<String, Value>) -> Result<ProgramCall, Refused> {
    let (pending, code) = (text(members, "pending")?, text(members, "code")?);
    let answer = FactorAnswer { code, passkey: None, pending };
    Ok(ProgramCall::Factor { answer, wanted: wanted(members)? })
}

fn exchanged(members: &Map<String, Value>) -> Result<ProgramCall, Refused> {
    let profile = match members.get("profile") {
        None | Some(Value::Null) => None,
        Some(Value::Object(profile)) => Some(profile.clone()),
        Some(_) => return Err(Refused::Member),
    };
    let vouching = Vouching {
        provider: text(members, "provider")?,
        id_token: text(members, "idToken")?,
        nonce: text(members, "nonce")?,
        profile,
    };
    Ok(ProgramCall::Exchange { vouching, wanted: wanted(members)? })
}

/// A member that may be left out, but is a text where it is there.
fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, Refused> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refused::Member),
    }
}

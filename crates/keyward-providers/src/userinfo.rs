//! The profile: asked for with the access token, or what the ID token says.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_core::secret::Secret;
use keyward_jose::digest::constant_time_eq;
use serde_json::Value;
use url::Url;

use crate::{
    catalogue::{UserinfoMethod, UserinfoRequest},
    discovery::Metadata,
    fault::{Code, Fault},
    http::{self, Answer, Body, Outgoing},
    id_token,
    path::member,
    provider::Provider,
    quirk::{Quirk, github_email, github_verified},
    template,
    token::Tokens,
    world::World,
};

/// The request for the profile at the provider's own address.
///
/// # Errors
/// [`Code::Userinfo`] where the address needs something that the token response does not have.
pub fn userinfo_request(
    provider: &Provider,
    request: &UserinfoRequest,
    tokens: &Tokens,
) -> Result<Outgoing, Fault> {
    let missing = |name: &str| Code::Userinfo.because(format!("{name} is missing"));
    let text = template::expand(&request.url, |name| match name.strip_prefix("token.") {
        Some(member) => Some(template::component(&scalar(tokens.raw.get(member)?)?)),
        None => provider.address_part(name),
    });
    let url =
        Url::parse(&text.map_err(missing)?).map_err(|_| Code::Userinfo.because("the address is none"))?;
    let mut outgoing = match (request.method, &request.json) {
        (UserinfoMethod::Get, _) => Outgoing::get(url, false),
        (UserinfoMethod::Post, None) => Outgoing::post(url, false, Body::Empty),
        (UserinfoMethod::Post, Some(json)) => {
            Outgoing::post(url, false, Body::Json(Secret::from(json.to_string())))
        }
    };
    for (name, value) in &request.headers {
        let value = template::expand(value, |name| provider.placeholder(name)).map_err(missing)?;
        outgoing = outgoing.header(name, value);
    }
    Ok(if request.bearer { outgoing.bearer(&tokens.access_token) } else { outgoing })
}

/// The profile at an OAuth 2.0 provider, with what its quirk adds.
pub(crate) async fn of_oauth(
    provider: &Provider,
    tokens: &Tokens,
    world: &World<'_>,
) -> Result<Value, Fault> {
    let request =
        provider.userinfo.as_ref().ok_or_else(|| Code::Userinfo.because("there is no userinfo_endpoint"))?;
    let answer = http::send(world.http, userinfo_request(provider, request, tokens)?, "userinfo").await?;
    let mut document = object(&answer, request.pick.as_deref())?;
    if provider.quirk == Some(Quirk::GithubEmails) {
        add_github_email(provider, tokens, &mut document, world).await?;
    }
    Ok(document)
}

/// The userinfo of an OpenID provider (Core §5.3). Its `sub` must be the ID token's, or somebody else's profile
/// could be put in its place (§5.3.2).
pub(crate) async fn of_openid(
    provider: &Provider,
    metadata: &Metadata,
    tokens: &Tokens,
    subject: &str,
    world: &World<'_>,
) -> Result<Value, Fault> {
    let outgoing = match (&provider.userinfo, &metadata.userinfo) {
        (Some(request), _) => userinfo_request(provider, request, tokens)?,
        (None, Some(endpoint)) => {
            Outgoing::get(endpoint.url.clone(), endpoint.learned).bearer(&tokens.access_token)
        }
        (None, None) => return Err(Code::Discovery.because("the metadata names no userinfo_endpoint")),
    };
    let answer = http::send(world.http, outgoing, "userinfo").await?;
    let document = if answer.media_type() == "application/jwt" {
        signed(provider, metadata, &answer, world).await?
    } else {
        object(&answer, None)?
    };
    let said = document.get("sub").and_then(Value::as_str).unwrap_or_default();
    if said.is_empty() || !constant_time_eq(said.as_bytes(), subject.as_bytes()) {
        return Err(Code::Userinfo.because("the profile is of another person than the ID token"));
    }
    Ok(document)
}

/// The portrait of a person at Microsoft as a data address, if there is one. The deployment asks for it with the
/// option `photo_size`.
pub(crate) async fn entra_portrait(
    provider: &Provider,
    tokens: &Tokens,
    world: &World<'_>,
) -> Option<String> {
    let size = template::component(provider.option("photo_size")?);
    let url = format!("https://graph.microsoft.com/v1.0/me/photos/{size}x{size}/$value");
    let outgoing = Outgoing::get(Url::parse(&url).ok()?, false).bearer(&tokens.access_token);
    let answer = http::send(world.http, outgoing, "portrait").await.ok().filter(Answer::is_ok)?;
    Some(format!("data:image/jpeg;base64, {}", STANDARD.encode(answer.body)))
}

/// GitHub shows an address in the profile only where the person made it public, and never says there whether it is
/// proven: the list has all, and says it. Who gave no right to the list is signed in with what the profile shows; a
/// list that is broken is a failure, or a new user would be made without the address that they have, or with one that
/// counts as unproven.
async fn add_github_email(
    provider: &Provider,
    tokens: &Tokens,
    document: &mut Value,
    world: &World<'_>,
) -> Result<(), Fault> {
    let text = |name: &str| document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let shown = text("email").map(str::to_owned);
    let says_all = shown.is_some() && document.get("email_verified").is_some_and(|said| !said.is_null());
    let Some(api) = provider.option("api_url").filter(|_| !says_all) else { return Ok(()) };
    let request = UserinfoRequest::get(&format!("{}/user/emails", api.trim_end_matches('/')));
    let answer =
        http::send(world.http, userinfo_request(provider, &request, tokens)?, "e-mail addresses").await?;
    if matches!(answer.status, 401 | 403 | 404) {
        return Ok(());
    }
    must_be_ok(&answer)?;
    let emails = answer.json().unwrap_or_default();
    let list = emails.as_array().ok_or_else(|| Code::Userinfo.because("the list of addresses is none"))?;
    let (email, verified) = match shown {
        Some(shown) => {
            let verified = github_verified(list, &shown);
            (shown, verified)
        }
        None if list.is_empty() => return Ok(()),
        None => {
            github_email(list).ok_or_else(|| Code::Userinfo.because("the list of addresses holds none"))?
        }
    };
    document["email"] = Value::from(email);
    document["email_verified"] = Value::from(verified);
    Ok(())
}

async fn signed(
    provider: &Provider,
    metadata: &Metadata,
    answer: &Answer,
    world: &World<'_>,
) -> Result<Value, Fault> {
    must_be_ok(answer)?;
    let token =
        std::str::from_utf8(&answer.body).map_err(|_| Code::Userinfo.because("the profile is no text"))?;
    let (claims, _) = id_token::verified(provider, metadata, token.trim(), world).await?;
    // Core §5.3.2: a signed profile should name issuer and audience; where it does, they are ours.
    let audience = |aud: &Value| match aud {
        Value::Array(list) => list.iter().any(|one| one == provider.client_id.as_str()),
        one => one == provider.client_id.as_str(),
    };
    let issuer_is_ours = claims.get("iss").is_none_or(|iss| metadata.issuer.as_deref() == iss.as_str());
    if !issuer_is_ours || !claims.get("aud").is_none_or(audience) {
        return Err(Code::Userinfo.because("the signed profile is for somebody else"));
    }
    Ok(Value::Object(claims))
}

fn object(answer: &Answer, pick: Option<&str>) -> Result<Value, Fault> {
    must_be_ok(answer)?;
    let document = answer.json().ok_or_else(|| Code::Userinfo.because("the profile is no JSON"))?;
    let document = match pick {
        Some(path) => member(&document, path).cloned().unwrap_or_default(),
        None => document,
    };
    if document.is_object() { Ok(document) } else { Err(Code::Userinfo.because("the profile is no object")) }
}

fn must_be_ok(answer: &Answer) -> Result<(), Fault> {
    if answer.is_ok() {
        return Ok(());
    }
    Err(Code::Userinfo.because(format!("the profile's address answered {}", answer.status)))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

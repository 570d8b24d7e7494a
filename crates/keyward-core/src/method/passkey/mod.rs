//! Passkeys: WebAuthn credentials that sign in without a name and count as two factors, because the authenticator
//! verifies its person itself (WebAuthn Level 3).
//!
//! A verifier of our own: it takes what the original client sends (the JSON of SimpleWebAuthn 9), demands user
//! verification at every ceremony, and believes no attestation, so that none of the formats for that is needed.
//! Signatures are aws-lc's.

mod cbor;
mod data;
mod key;
mod options;
mod settings;
#[cfg(test)]
mod tests;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use keyward_jose::digest::{sha256, sha256_hex};
use serde::Deserialize;

use self::{
    cbor::Item,
    data::{LONGEST_ID, authenticator_data, client_data},
};
pub use self::{
    data::Ceremony,
    key::ALGORITHMS,
    options::{TIMEOUT, authentication_options, registration_options},
    settings::PasskeySettings,
};
pub use crate::user::Passkey;
use crate::{port::Random, time::Timestamp, user::UserId};

/// Whom passkeys are for: this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// Its domain.
    pub id: String,
    /// What people see.
    pub name: String,
    /// Origins of its pages, `https://app.example`.
    pub origins: Vec<String>,
}

/// What a browser answers to the options of a registration: `RegistrationResponseJSON`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    id: String,
    raw_id: String,
    r#type: String,
    response: Attestation,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
    #[serde(default)]
    transports: Vec<String>,
}

/// What a browser answers to the options of an authentication: `AuthenticationResponseJSON`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authentication {
    id: String,
    raw_id: String,
    r#type: String,
    response: Assertion,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

/// Why an answer is not acceptable. For the log.
pub type Fault = &'static str;

/// Longest answer that is read, in bytes. Most have less than one kibibyte.
const LONGEST_ANSWER: usize = 16 * 1024;

/// How many ways to reach an authenticator are kept, and how long a word for one is.
const MOST_TRANSPORTS: usize = 8;

/// What a registration makes: a passkey without a name, for the user whom the caller knows.
///
/// `answer` is the browser's JSON, `challenge` the one of its options.
pub fn register(
    answer: &str,
    party: &RelyingParty,
    challenge: &str,
    user: &UserId,
    now: Timestamp,
) -> Result<Passkey, Fault> {
    let answer: Registration = parsed(answer)?;
    let id = credential_id(&answer.id, &answer.raw_id, &answer.r#type)?;
    client_data(&bytes(&answer.response.client_data)?, party, Ceremony::Register, challenge)?;
    let object = bytes(&answer.response.attestation_object)?;
    let (object, rest) = cbor::read(&object).ok_or("the attestation cannot be read")?;
    let statement = object.text("attStmt");
    let is_sound = match (object.text("fmt"), statement) {
        (Some(Item::Text("none")), Some(Item::Map(members))) => members.is_empty(),
        // Of what an authenticator says about itself nothing is believed, so nothing of it is looked at.
        (Some(Item::Text(_)), Some(Item::Map(_))) => true,
        _ => false,
    };
    if !rest.is_empty() || !is_sound {
        return Err("the attestation has another form");
    }
    let said = object.text("authData").and_then(Item::bytes).ok_or("the attestation has another form")?;
    let said = authenticator_data(said, party, Ceremony::Register)?;
    let credential = said.credential.ok_or("there is no new credential")?;
    if credential.id != id {
        return Err("the new credential has another id than the answer");
    }
    Ok(Passkey {
        id: answer.id,
        user: user.clone(),
        key: credential.key.to_vec(),
        counter: said.counter,
        transports: transports(&answer.response.transports),
        backed_up: said.backed_up,
        name: String::new(),
        created: now,
        used: None,
    })
}

/// The id of the passkey with which somebody answers. It says whom to ask the store about, and proves nothing.
pub fn claimed(answer: &str) -> Result<String, Fault> {
    let answer: Authentication = parsed(answer)?;
    credential_id(&answer.id, &answer.raw_id, &answer.r#type)?;
    Ok(answer.id)
}

/// Holds an answer against the passkey with which it was given, and says what its counter is now and whether it is
/// backed up.
pub fn authenticate(
    answer: &str,
    party: &RelyingParty,
    challenge: &str,
    passkey: &Passkey,
) -> Result<(u32, bool), Fault> {
    let answer: Authentication = parsed(answer)?;
    credential_id(&answer.id, &answer.raw_id, &answer.r#type)?;
    if answer.id != passkey.id {
        return Err("the answer is by another passkey");
    }
    let Assertion { client_data: client, authenticator_data: said, signature, user_handle } = answer.response;
    if user_handle.is_some_and(|handle| !handle.is_empty() && handle != user_handle_of(&passkey.user)) {
        return Err("the passkey says that it is another person's");
    }
    let (client, said_bytes, signature) = (bytes(&client)?, bytes(&said)?, bytes(&signature)?);
    client_data(&client, party, Ceremony::Authenticate, challenge)?;
    let said = authenticator_data(&said_bytes, party, Ceremony::Authenticate)?;
    let (key, _) = key::read(&passkey.key).ok_or("the passkey's key cannot be read")?;
    if !key.verifies(&[&said_bytes[..], &sha256(&[&client])].concat(), &signature) {
        return Err("the signature is not the passkey's");
    }
    // One that counts must count on: otherwise somebody has a copy (WebAuthn §6.1.1).
    if (said.counter, passkey.counter) != (0, 0) && said.counter <= passkey.counter {
        return Err("the passkey's counter went back");
    }
    Ok((said.counter, said.backed_up))
}

/// A challenge, in base64url.
#[must_use]
pub fn draw_challenge(random: &dyn Random) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How authenticators know a person (WebAuthn §5.4.3): always the same, and nothing that says who they are.
#[must_use]
pub fn user_handle_of(user: &UserId) -> String {
    sha256_hex(&[b"passkey user handle ", user.0.as_bytes()])
}

fn parsed<'a, T: Deserialize<'a>>(answer: &'a str) -> Result<T, Fault> {
    let text = Some(answer).filter(|answer| answer.len() <= LONGEST_ANSWER);
    text.and_then(|text| serde_json::from_str(text).ok()).ok_or("the answer cannot be read")
}

fn credential_id(id: &str, raw_id: &str, kind: &str) -> Result<Vec<u8>, Fault> {
    if kind != "public-key" || id != raw_id {
        return Err("the answer is of another form");
    }
    Ok(bytes(id)?).and_then(|id| {
        if (1..=LONGEST_ID).contains(&id.len()) { Ok(id) } else { Err("the answer is of another form") }
    })
}

fn bytes(text: &str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part of the answer is no base64url")
}

/// What comes from a browser and goes back to it: short words alone.
fn transports(said: &[String]) -> String {
    let is_word = |word: &&String| {
        (1..=20).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let words: Vec<&str> = said.iter().filter(is_word).take(MOST_TRANSPORTS).map(String::as_str).collect();
    words.join(",")
}

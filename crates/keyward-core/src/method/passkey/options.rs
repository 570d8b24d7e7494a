//! What a browser is asked: the JSON of SimpleWebAuthn 9, as the original server writes it (protocol notes §1.6).

use serde_json::{Value, json};

use super::{ALGORITHMS, Passkey, RelyingParty, user_handle_of};
use crate::user::UserId;

/// How long a person may take, in milliseconds; the original's.
pub const TIMEOUT: u32 = 300_000;

/// Options of a registration for `user`, whom the browser shows as `name`. `known` are the passkeys that they have.
#[must_use]
pub fn registration_options(
    party: &RelyingParty,
    challenge: &str,
    user: &UserId,
    (name, display_name): (&str, &str),
    known: &[Passkey],
) -> Value {
    let algorithms: Vec<_> =
        ALGORITHMS.iter().map(|alg| json!({ "alg": alg, "type": "public-key" })).collect();
    json!({
        "challenge": challenge,
        "rp": { "name": party.name, "id": party.id },
        "user": { "id": user_handle_of(user), "name": name, "displayName": display_name },
        "pubKeyCredParams": algorithms,
        "timeout": TIMEOUT,
        "attestation": "none",
        "excludeCredentials": descriptors(known),
        "authenticatorSelection": {
            "residentKey": "required",
            "userVerification": "required",
            "requireResidentKey": true,
        },
        "extensions": { "credProps": true },
    })
}

/// Options of an authentication: with one of the `known` passkeys, or where there are none with any that the browser
/// has for this site.
#[must_use]
pub fn authentication_options(party: &RelyingParty, challenge: &str, known: &[Passkey]) -> Value {
    json!({
        "challenge": challenge,
        "timeout": TIMEOUT,
        "rpId": party.id,
        "userVerification": "required",
        "allowCredentials": descriptors(known),
    })
}

fn descriptors(known: &[Passkey]) -> Vec<Value> {
    let one = |passkey: &Passkey| {
        let mut descriptor = json!({ "id": passkey.id, "type": "public-key" });
        if !passkey.transports.is_empty() {
            descriptor["transports"] = passkey.transports.split(',').collect();
        }
        descriptor
    };
    known.iter().map(one).collect()
}

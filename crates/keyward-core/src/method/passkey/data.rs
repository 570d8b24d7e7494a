//! What an authenticator and a browser sign: authenticator data (WebAuthn §6.1) and client data (§5.8.1).

use keyward_jose::{digest::sha256, raw::RawKey};
use serde::Deserialize;

use super::{RelyingParty, cbor, cbor::Item, key};
use crate::secret::same;

/// Which ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// A new passkey.
    Register,
    /// Signing in, or confirming.
    Authenticate,
}

impl Ceremony {
    const fn kind(self) -> &'static str {
        match self {
            Self::Register => "webauthn.create",
            Self::Authenticate => "webauthn.get",
        }
    }
}

/// What an authenticator says.
pub(super) struct AuthenticatorData<'b> {
    pub(super) counter: u32,
    pub(super) backed_up: bool,
    /// At a registration alone.
    pub(super) credential: Option<Credential<'b>>,
}

/// A new credential.
pub(super) struct Credential<'b> {
    pub(super) id: &'b [u8],
    /// As written, in COSE.
    pub(super) key: &'b [u8],
}

/// Longest id of a credential, in bytes (WebAuthn §4).
pub(super) const LONGEST_ID: usize = 1023;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Reads authenticator data to its end and holds it to the rules: for this relying party, a person who was there and
/// was verified, and a credential exactly where there has to be one.
pub(super) fn authenticator_data<'b>(
    bytes: &'b [u8],
    party: &RelyingParty,
    ceremony: Ceremony,
) -> Result<AuthenticatorData<'b>, &'static str> {
    let cut = "the authenticator's data is cut";
    let (hash, rest) = bytes.split_at_checked(32).ok_or(cut)?;
    let (&[flags, ref counter @ ..], mut rest) = rest.split_first_chunk::<5>().ok_or(cut)?;
    if !same(hash, &sha256(&[party.id.as_bytes()])) {
        return Err("the authenticator signed for another site");
    }
    if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
        return Err("the authenticator did not verify the person");
    }
    if flags & BACKED_UP != 0 && flags & BACKUP_ELIGIBLE == 0 {
        return Err("the authenticator contradicts itself about backups");
    }
    let mut credential = None;
    if flags & HAS_CREDENTIAL != 0 {
        let (read, after) = self::credential(rest).ok_or("the new credential cannot be read")?;
        (credential, rest) = (Some(read), after);
    }
    if credential.is_some() != (ceremony == Ceremony::Register) {
        return Err("a credential is given at a registration and nowhere else");
    }
    if flags & HAS_EXTENSIONS != 0 {
        match cbor::read(rest) {
            Some((Item::Map(_), after)) => rest = after,
            _ => return Err("the authenticator's extensions cannot be read"),
        }
    }
    if !rest.is_empty() {
        return Err("something follows the authenticator's data");
    }
    Ok(AuthenticatorData {
        counter: u32::from_be_bytes([counter[0], counter[1], counter[2], counter[3]]),
        backed_up: flags & BACKED_UP != 0,
        credential,
    })
}

/// Authenticator's model, id with its length, key.
fn credential(bytes: &[u8]) -> Option<(Credential<'_>, &[u8])> {
    let (_model, rest) = bytes.split_at_checked(16)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, from_key) = rest.split_at_checked(length).filter(|_| (1..=LONGEST_ID).contains(&length))?;
    let (_, rest): (RawKey, _) = key::read(from_key)?;
    Some((Credential { id, key: &from_key[..from_key.len() - rest.len()] }, rest))
}

/// What a browser says. Unknown members come and go (§5.8.1.2).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: Option<bool>,
    #[serde(default)]
    top_origin: Option<String>,
}

/// Holds client data to the rules: this ceremony, our challenge, our page, in no frame of another's.
pub(super) fn client_data(
    bytes: &[u8],
    party: &RelyingParty,
    ceremony: Ceremony,
    challenge: &str,
) -> Result<(), &'static str> {
    let said: ClientData = serde_json::from_slice(bytes).map_err(|_| "the browser's data cannot be read")?;
    if said.r#type != ceremony.kind() {
        return Err("the answer is to another kind of request");
    }
    if !same(said.challenge.as_bytes(), challenge.as_bytes()) {
        return Err("the answer is to another challenge");
    }
    if !party.origins.contains(&said.origin) {
        return Err("the answer comes from a page of another origin");
    }
    if said.cross_origin == Some(true) || said.top_origin.is_some() {
        return Err("the answer comes from a frame in another site's page");
    }
    Ok(())
}

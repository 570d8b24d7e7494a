//! Public keys as authenticators give them: COSE keys (RFC 9053 §7) of the three algorithms that passkeys have.

use keyward_jose::raw::RawKey;

use super::cbor::{self, Item};

/// COSE's numbers of the algorithms that are asked for, the preferred one first (RFC 9053 §2, RFC 8812 §2).
pub const ALGORITHMS: [i64; 3] = [ED_DSA, ES256, RS256];

const ED_DSA: i64 = -8;
const ES256: i64 = -7;
const RS256: i64 = -257;

/// Reads the key that stands at the beginning of `bytes`, and says what is left. `None` for what is no key of these
/// algorithms, with exactly the members that it needs.
pub(super) fn read(bytes: &[u8]) -> Option<(RawKey, &[u8])> {
    let (item, rest) = cbor::read(bytes)?;
    Some((key(&item)?, rest))
}

fn key(item: &Item<'_>) -> Option<RawKey> {
    let Item::Map(members) = item else { return None };
    let number = |key| match item.number(key) {
        Some(Item::Number(number)) => Some(*number),
        _ => None,
    };
    let bytes = |key| item.number(key).and_then(Item::bytes);
    let fixed = |key| -> Option<&[u8; 32]> { bytes(key)?.try_into().ok() };
    let (kind, algorithm) = (number(1)?, number(3)?);
    let (found, size) = match (kind, algorithm) {
        // An octet key pair on Ed25519.
        (1, ED_DSA) if number(-1) == Some(6) => (RawKey::ed25519(fixed(-2)?), 4),
        // Two coordinates on P-256; no compressed points.
        (2, ES256) if number(-1) == Some(1) => (RawKey::es256(fixed(-2)?, fixed(-3)?), 5),
        (3, RS256) => (RawKey::rs256(bytes(-1)?, bytes(-2)?), 4),
        _ => return None,
    };
    found.ok().filter(|_| members.len() == size)
}

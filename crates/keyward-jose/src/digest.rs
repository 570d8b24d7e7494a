//! Hashes and comparison in constant time.

use aws_lc_rs::constant_time;
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};

use crate::compact;

/// The hash inside a signature's algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// 256 bits: RS256, PS256, ES256, HS256.
    Sha256,
    /// 384 bits: RS384, PS384, ES384.
    Sha384,
    /// 512 bits: RS512, PS512, ES512, HS512, and Ed25519 by its own definition.
    Sha512,
}

/// The left half of a text's hash in base64url: what `at_hash` is of an access token, and `c_hash` of a code
/// (OpenID Connect Core sections 3.1.3.6 and 3.3.2.11).
///
/// `hash` is the one inside the algorithm that signs the ID token.
#[must_use]
pub fn half_hash(hash: Hash, text: &str) -> String {
    let algorithm = match hash {
        Hash::Sha256 => &SHA256,
        Hash::Sha384 => &SHA384,
        Hash::Sha512 => &SHA512,
    };
    let whole = digest(algorithm, text.as_bytes());
    compact::encode(&whole.as_ref()[..algorithm.output_len() / 2])
}

/// SHA-1 of a text: for lists that are kept by it, such as those of breached passwords, and for nothing that has to
/// withstand a collision.
#[must_use]
pub fn sha1(text: &[u8]) -> [u8; 20] {
    let mut out = [0; 20];
    out.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, text).as_ref());
    out
}

/// SHA-256 of the parts, one after the other.
///
/// Parts, so that a secret need not be copied behind a text to be hashed with it. Nothing separates them:
/// `["ab", "c"]` and `["a", "bc"]` give the same digest.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// [`sha256`] in lowercase hexadecimal digits.
#[must_use]
pub fn sha256_hex(parts: &[&[u8]]) -> String {
    let mut digits = vec![0; 64];
    // Far quicker than `hex::encode`, which goes digit by digit.
    hex::encode_to_slice(sha256(parts), &mut digits).expect("two digits for each of 32 bytes");
    String::from_utf8(digits).expect("digits are ASCII")
}

/// Whether both are equal, in a time that depends on their lengths alone.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_gives_the_known_digest_of_abc_however_it_is_cut() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(&[b"abc"]), expected);
        assert_eq!(sha256_hex(&[b"a", b"", b"bc"]), expected);
        assert_eq!(hex::encode(sha256(&[b"abc"])), expected);
    }

    #[test]
    fn only_equal_bytes_are_equal() {
        assert!(constant_time_eq(b"", b""));
        assert!(constant_time_eq(b"token", b"token"));
        assert!(!constant_time_eq(b"token", b"tokem"));
        assert!(!constant_time_eq(b"token", b"toke"));
        assert!(!constant_time_eq(b"", b"t"));
    }
}

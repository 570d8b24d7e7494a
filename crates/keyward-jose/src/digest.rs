//! SHA-256 and comparison in constant time.

use aws_lc_rs::constant_time;
use aws_lc_rs::digest::{Context, SHA256};

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
    hex::encode(sha256(parts))
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

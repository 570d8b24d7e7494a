//! Deriving keys: HKDF with SHA-256 (RFC 5869).

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

/// The longest key that is derived, in bytes.
pub const MAX_KEY_LEN: usize = 64;

/// Derives `N` bytes (at most [`MAX_KEY_LEN`], checked when compiled) from input keying material.
///
/// A shorter key is the beginning of a longer one with the same arguments: keys of two purposes differ in `info`
/// or `salt`, never in length alone. Costs a few microseconds, so derive once and keep the parsed key.
#[must_use]
pub fn hkdf_sha256<const N: usize>(ikm: &[u8], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= MAX_KEY_LEN, "keys have at most MAX_KEY_LEN bytes") };
    let mut key = Zeroizing::new([0; N]);
    Salt::new(HKDF_SHA256, salt)
        .extract(ikm)
        .expand(&[info], Len(N))
        .and_then(|okm| okm.fill(key.as_mut_slice()))
        .expect("HKDF-SHA256 gives up to 8160 bytes");
    key
}

struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_5869_test_case_1_with_salt_and_info() {
        let salt: Vec<u8> = (0x00..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        assert_eq!(
            hex::encode(*hkdf_sha256::<42>(&[0x0b; 22], &salt, &info)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
    }

    #[test]
    fn rfc_5869_test_case_3_without_salt_and_info() {
        assert_eq!(
            hex::encode(*hkdf_sha256::<42>(&[0x0b; 22], b"", b"")),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        );
    }

    #[test]
    fn long_salts_and_infos_and_empty_secrets_are_fine() {
        let long = vec![b'x'; 5000];
        assert_ne!(hkdf_sha256::<64>(b"", &long, &long), hkdf_sha256::<64>(b"", &long, b""));
    }
}

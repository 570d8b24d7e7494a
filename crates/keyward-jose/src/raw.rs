//! Verifying signatures that stand beside what they sign, not in a token: those of passkeys.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};

use crate::{KeyError, key::PublicKey};

/// A public key of one algorithm.
pub struct RawKey(ParsedPublicKey);

impl RawKey {
    /// ECDSA with P-256 and SHA-256 over a point's coordinates, 32 bytes each. Its signatures are in ASN.1
    /// (WebAuthn section 6.5.5).
    ///
    /// # Errors
    /// [`KeyError`] for what is no point of the curve.
    pub fn es256(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, KeyError> {
        let point = [&[4][..], x, y].concat();
        Self::parsed(ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point))
    }

    /// Ed25519 (RFC 8032).
    ///
    /// # Errors
    /// [`KeyError`] for what is no key.
    pub fn ed25519(x: &[u8; 32]) -> Result<Self, KeyError> {
        Self::parsed(ParsedPublicKey::new(&ED25519, x))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, with 2048 to 8192 bits. Modulus and exponent without leading zeros.
    ///
    /// # Errors
    /// [`KeyError`] for numbers that are too small, too large, or none of an RSA key.
    pub fn rs256(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        PublicKey::rsa(n.to_vec(), e.to_vec())?;
        Self::parsed(RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256))
    }

    /// Whether `signature` is this key's of `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }

    fn parsed<E>(parsed: Result<ParsedPublicKey, E>) -> Result<Self, KeyError> {
        parsed.map(Self).map_err(|_| KeyError::Inconsistent)
    }
}

impl fmt::Debug for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(digits: &str) -> [u8; N] {
        hex::decode(digits).expect("hexadecimal").try_into().expect("the length")
    }

    #[test]
    fn rfc_8032_test_2_verifies_and_with_any_bit_turned_does_not() {
        let key = RawKey::ed25519(&bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
        let key = key.expect("a key");
        let signature: [u8; 64] = bytes(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        assert!(key.verifies(&[0x72], &signature));
        assert!(!key.verifies(&[0x73], &signature));
        for bit in 0..512 {
            let mut turned = signature;
            turned[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifies(&[0x72], &turned), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(RawKey::es256(&[1; 32], &[1; 32]).is_err(), "no point of the curve");
        assert!(RawKey::rs256(&[0xff; 128], &[1, 0, 1]).is_err(), "1024 bits");
        assert!(RawKey::rs256(&[0xff; 256], &[1]).is_err(), "an exponent that hides nothing");
    }
}

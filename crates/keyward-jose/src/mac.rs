//! Message authentication: HMAC (RFC 2104).

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};

/// HMAC with SHA-256 of the parts, one after the other.
///
/// Nothing separates the parts: whoever needs them apart puts a separator between them.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_test_case_2_however_it_is_cut() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(hmac_sha256(b"Jefe", &[b"what do ya want for nothing?"])), expected);
        assert_eq!(hex::encode(hmac_sha256(b"Jefe", &[b"what do ya ", b"", b"want for nothing?"])), expected);
    }
}

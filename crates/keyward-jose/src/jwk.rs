//! JSON Web Keys: thumbprints (RFC 7638).

use aws_lc_rs::digest::{Algorithm, Context, SHA256, SHA512};
use zeroize::Zeroizing;

use crate::compact;

/// The SHA-512 thumbprint of a symmetric key, in base64url.
///
/// Auth.js 5 writes it as `kid` on tokens with a 64-byte key (A256CBC-HS512).
#[must_use]
pub fn oct_thumbprint_sha512(key: &[u8]) -> String {
    oct_thumbprint(&SHA512, key)
}

/// The SHA-256 thumbprint of a symmetric key, in base64url.
///
/// Auth.js 5 chooses the hash by the key's length, so this is the `kid` of a 32-byte key (A256GCM).
#[must_use]
pub fn oct_thumbprint_sha256(key: &[u8]) -> String {
    oct_thumbprint(&SHA256, key)
}

/// Hashes `{"k":"…","kty":"oct"}`: the required members in the order of their names, without spaces.
fn oct_thumbprint(hash: &'static Algorithm, key: &[u8]) -> String {
    let k = Zeroizing::new(compact::encode(key));
    let mut context = Context::new(hash);
    context.update(br#"{"k":""#);
    context.update(k.as_bytes());
    context.update(br#"","kty":"oct"}"#);
    compact::encode(context.finish().as_ref())
}

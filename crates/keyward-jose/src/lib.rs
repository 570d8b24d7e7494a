//! JOSE framing over audited cryptography: the compact tokens that Keyward seals, signs and reads.
//!
//! | module | what | standard |
//! |---|---|---|
//! | [`jwe`] | encrypted tokens, `alg: dir` with A256GCM or A256CBC-HS512 | RFC 7516; RFC 7518 sections 4.5, 5.2.5, 5.3 |
//! | [`jws`] | signed tokens: HS256 and HS512; RS, PS and ES with 256, 384 and 512; Ed25519 | RFC 7515; RFC 7518 section 3; RFC 8037 |
//! | [`jwk`] | public keys, sets of them, thumbprints | RFC 7517; RFC 7518 section 6; RFC 7638 |
//! | [`jwt`] | claims, and the rules for those of an ID token | RFC 7519; OpenID Connect Core section 3.1.3.7 |
//! | [`kdf`] | deriving keys: HKDF-SHA256 | RFC 5869 |
//! | [`digest`] | hashes, comparison in constant time | FIPS 180-4 |
//! | [`mac`] | message authentication: HMAC-SHA256, and HMAC-SHA1 for codes of authenticator apps | RFC 2104 |
//! | [`raw`] | signatures outside of tokens: those of passkeys | RFC 9053; WebAuthn section 6.5.5 |
//!
//! # What it must not do
//!
//! - Implement a primitive: every cipher, MAC and hash is aws-lc's.
//! - Draw randomness or read a clock: initialisation vectors and the present come in from the caller. The exception
//!   is what aws-lc draws inside itself: fresh key pairs, and the nonces and salts of ECDSA and PSS.
//! - Let a token choose: the algorithm belongs to the key, and a header that names another one is refused.
//! - Decompress: a token with `zip` is refused, because a small one may hold gigabytes. NextAuth 3 writes
//!   `"zip":"DEF"` where its `encryption` option is on; those tokens are not read.
//! - Say anything about a token's content in an error, or show a key in `Debug`.
//!
//! # Strictness
//!
//! One token has one spelling. Refused are: padding, characters outside the base64url alphabet and non-zero trailing
//! bits; a wrong number of parts; members that occur twice in a header, a key or claims; `crit`; an encrypted key beside `dir`;
//! an initialisation vector or tag of the wrong length; anything longer than [`MAX_TOKEN_LEN`]. Tags are compared
//! in constant time, and before anything is decrypted.
//!
//! # Keys in memory
//!
//! A key is parsed once and then only used. aws-lc wipes HMAC and AES-CBC key schedules when they are dropped; it
//! does not wipe the one of AES-GCM, and safe Rust can't reach it there. What this crate derives
//! itself ([`kdf`]) is wiped. Whoever passes key bytes in wipes their own copy.

mod compact;
pub mod digest;
mod error;
mod header;
mod json;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod jwt;
pub mod kdf;
mod key;
pub mod mac;
pub mod raw;

pub use compact::MAX_TOKEN_LEN;
pub use error::{KeyError, TokenError};

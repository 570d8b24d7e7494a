//! What both [`jwk`](crate::jwk) and [`jws`](crate::jws) stand on: algorithms of key pairs, and their public keys.

mod algorithm;
mod members;
mod public;
mod verifying;

pub use algorithm::Algorithm;
pub(crate) use algorithm::{Curve, Scheme};
pub use members::MAX_DOCUMENT_LEN;
pub(crate) use members::Members;
pub(crate) use public::PublicKey;
pub use verifying::VerifyingKey;

//! The numbers of public keys (RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2).

use super::{Algorithm, Curve, Members};
use crate::{KeyError, compact};

const MIN_RSA_BITS: usize = 2048;
const MAX_RSA_BITS: usize = 8192;
/// In practice the exponent is 65537; more than 32 bits would only make verifying slow.
const MAX_RSA_EXPONENT_LEN: usize = 4;

/// Byte 0x04 before a point's two coordinates (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A public key's numbers, of the right sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// Modulus and exponent without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// An uncompressed point.
    Ec { curve: Curve, point: Vec<u8> },
    /// 32 bytes.
    Ed25519 { x: Vec<u8> },
}

impl PublicKey {
    pub(crate) fn from_members(members: &Members) -> Result<Self, KeyError> {
        match members.required("kty")? {
            "RSA" => Self::rsa(members.bytes("n")?.to_vec(), members.bytes("e")?.to_vec()),
            "EC" => {
                let curve = Curve::from_name(members.required("crv")?).ok_or(KeyError::Unsupported)?;
                let coordinate = |name| members.fixed(name, curve.number_len());
                let point = [&[UNCOMPRESSED][..], &coordinate("x")?, &coordinate("y")?].concat();
                Ok(Self::Ec { curve, point })
            }
            "OKP" if members.required("crv")? == "Ed25519" => {
                Ok(Self::Ed25519 { x: members.fixed("x", 32)?.to_vec() })
            }
            _ => Err(KeyError::Unsupported), // "oct" among them: a shared secret is in no public document
        }
    }

    /// Checks what aws-lc would notice only at the first signature.
    pub(crate) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, KeyError> {
        let (Some(&first), Some(&last)) = (n.first(), n.last()) else { return Err(KeyError::Malformed) };
        let (Some(&e_first), Some(&e_last)) = (e.first(), e.last()) else { return Err(KeyError::Malformed) };
        if first == 0 || e_first == 0 {
            return Err(KeyError::Malformed);
        }
        let leading_zeros = usize::try_from(first.leading_zeros()).expect("a byte has at most 8");
        let bits = n.len() * 8 - leading_zeros;
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(KeyError::RsaSize { bits });
        }
        let odd = last % 2 == 1 && e_last % 2 == 1;
        if !odd || e == [1] || e.len() > MAX_RSA_EXPONENT_LEN {
            return Err(KeyError::Inconsistent);
        }
        Ok(Self::Rsa { n, e })
    }

    /// The algorithms that a key like this can serve; the first is the one it serves where nobody says.
    pub(crate) fn algorithms(&self) -> &'static [Algorithm] {
        use Algorithm::{EdDsa, Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match self {
            Self::Rsa { .. } => &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
            Self::Ec { curve: Curve::P256, .. } => &[Es256],
            Self::Ec { curve: Curve::P384, .. } => &[Es384],
            Self::Ec { curve: Curve::P521, .. } => &[Es512],
            Self::Ed25519 { .. } => &[EdDsa],
        }
    }

    pub(crate) fn signature_len(&self) -> usize {
        match self {
            Self::Rsa { n, .. } => n.len(),
            Self::Ec { curve, .. } => 2 * curve.number_len(),
            Self::Ed25519 { .. } => 64,
        }
    }

    /// The members that make the key, in the order of their names (RFC 7638 section 3.2).
    pub(crate) fn members(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Rsa { n, e } => {
                vec![("e", compact::encode(e)), ("kty", "RSA".to_owned()), ("n", compact::encode(n))]
            }
            Self::Ec { curve, point } => {
                let (x, y) = point[1..].split_at(curve.number_len());
                vec![
                    ("crv", curve.name().to_owned()),
                    ("kty", "EC".to_owned()),
                    ("x", compact::encode(x)),
                    ("y", compact::encode(y)),
                ]
            }
            Self::Ed25519 { x } => {
                vec![("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", compact::encode(x))]
            }
        }
    }
}

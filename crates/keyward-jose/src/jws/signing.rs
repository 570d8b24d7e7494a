//! Signing with a private key (RFC 7515 section 5.1).

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, KeySize};
use aws_lc_rs::signature::{
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair, RsaPublicKeyComponents, RsaSignatureEncoding,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::jwk::Jwk;
use crate::key::{Algorithm, Members, PublicKey, Scheme};
use crate::{KeyError, TokenError, compact};

/// A key pair that signs with one algorithm.
///
/// aws-lc draws what ECDSA and PSS need of randomness, and fresh keys, by itself: it has no way to pass them in.
pub struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
    public: Jwk,
}

/// aws-lc keeps and wipes the private numbers; these are pointers to them.
enum Pair {
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a fresh key pair; an RSA one has 2048 bits. Its tokens carry no `kid`.
    ///
    /// # Errors
    /// [`KeyError::Failed`] where the system gives no memory or randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm.scheme() {
            Scheme::Rsa(_, encoding) => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Pair::Rsa(pair, encoding))
            }
            Scheme::Ec(curve) => EcdsaKeyPair::generate(curve.signing()).map(Pair::Ec),
            Scheme::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        Self::new(algorithm, pair.map_err(|_| KeyError::Failed)?)
    }

    /// Takes the key of a PKCS#8 document that is not encrypted (RFC 5208 section 5). Its tokens carry no `kid`.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for anything but a valid key of the algorithm's kind and curve, and for an RSA key
    /// below 2048 bits.
    pub fn from_pkcs8_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm.scheme() {
            Scheme::Rsa(_, encoding) => RsaKeyPair::from_pkcs8(der).map(|pair| Pair::Rsa(pair, encoding)),
            Scheme::Ec(curve) => EcdsaKeyPair::from_pkcs8(curve.signing(), der).map(Pair::Ec),
            Scheme::Ed25519 => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
        };
        Self::new(algorithm, pair.map_err(|_| KeyError::Malformed)?)
    }

    /// Takes the key of the first `PRIVATE KEY` section of a PEM text (RFC 7468 section 10), as in Apple's `.p8`
    /// files.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] where there is no such section, else as [`from_pkcs8_der`](Self::from_pkcs8_der).
    pub fn from_pkcs8_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, KeyError> {
        let mut der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| KeyError::Malformed)?;
        let key = Self::from_pkcs8_der(algorithm, der.secret_pkcs8_der());
        der.zeroize();
        key
    }

    /// Takes a private JSON Web Key (RFC 7517 appendix A.2) with its `kid`. An RSA key needs all of its numbers.
    ///
    /// The algorithm is the key's `alg`, or that of its curve. An RSA key without `alg` signs with the `algorithm`
    /// that the caller names, and with RS256 where it names none.
    ///
    /// # Errors
    /// [`KeyError`]: see its variants; an `algorithm` that is not the key's is [`KeyError::Unsupported`].
    pub fn from_jwk(jwk: &[u8], algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let members = Members::parse(jwk)?;
        let public = Jwk::from_members(&members, "sign")?;
        let algorithm = algorithm.unwrap_or(public.algorithm());
        let pair = pair_of(&members, public.key_for(algorithm)?, algorithm)?;
        Ok(Self { algorithm, pair, public: public.with_algorithm(algorithm) })
    }

    fn new(algorithm: Algorithm, pair: Pair) -> Result<Self, KeyError> {
        let key = match (&pair, algorithm.scheme()) {
            (Pair::Rsa(pair, _), _) => {
                let key = pair.public_key();
                PublicKey::rsa(
                    key.modulus().big_endian_without_leading_zero().to_vec(),
                    key.exponent().big_endian_without_leading_zero().to_vec(),
                )?
            }
            (Pair::Ec(pair), Scheme::Ec(curve)) => {
                PublicKey::Ec { curve, point: pair.public_key().as_ref().to_vec() }
            }
            (Pair::Ed25519(pair), Scheme::Ed25519) => {
                PublicKey::Ed25519 { x: pair.public_key().as_ref().to_vec() }
            }
            _ => return Err(KeyError::Unsupported),
        };
        Ok(Self { algorithm, pair, public: Jwk::new(key).with_algorithm(algorithm) })
    }

    /// The same key; its tokens and its [`public_jwk`](Self::public_jwk) carry this `kid`.
    #[must_use]
    pub fn with_kid(self, kid: &str) -> Self {
        Self { public: self.public.with_kid(kid), ..self }
    }

    /// The key's algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half, with `alg` and `kid`: what others verify with.
    #[must_use]
    pub fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    /// The key pair as a PKCS#8 document, not encrypted, to be sealed and kept.
    ///
    /// # Errors
    /// [`KeyError::Failed`] where the system gives no memory.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.pkcs8().map_err(|_| KeyError::Failed)
    }

    /// Signs a payload: `header.payload.signature`. The header has `alg`, then `typ` and `kid` where there are any.
    ///
    /// # Errors
    /// [`TokenError::TooLong`] where the token would pass [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN);
    /// [`TokenError::Failed`] where the system gives no memory or randomness.
    pub fn sign(&self, typ: Option<&str>, payload: &[u8]) -> Result<String, TokenError> {
        let header = self.header(typ);
        let signature_len = self.public.signature_len();
        let mut token = compact::buffer(&header, &[payload.len(), signature_len])?;
        token.push_str(&header);
        compact::push(&mut token, payload);
        let signature = self.signature(token.as_bytes(), signature_len).map_err(|_| TokenError::Failed)?;
        compact::push(&mut token, &signature);
        Ok(token)
    }

    fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        Ok(Zeroizing::new(match &self.pair {
            Pair::Rsa(pair, _) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair)?.as_ref().to_vec(),
            Pair::Ec(pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
        }))
    }

    fn header(&self, typ: Option<&str>) -> String {
        let mut header = format!(r#"{{"alg":"{}""#, self.algorithm.name());
        for (name, text) in [("typ", typ), ("kid", self.public.kid())] {
            if let Some(text) = text {
                header.push_str(&format!(r#","{name}":{}"#, serde_json::Value::from(text)));
            }
        }
        header.push('}');
        compact::encode(header.as_bytes())
    }

    fn signature(&self, message: &[u8], len: usize) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; len];
                pair.sign(*encoding, &random, message, &mut signature)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.public.kid())
            .finish_non_exhaustive()
    }
}

/// The private half beside a public one, which aws-lc holds against each other (RFC 7518 sections 6.2.2 and 6.3.2,
/// RFC 8037 section 2).
fn pair_of(members: &Members, public: &PublicKey, algorithm: Algorithm) -> Result<Pair, KeyError> {
    let pair = match (public, algorithm.scheme()) {
        (PublicKey::Rsa { n, e }, Scheme::Rsa(_, encoding)) => {
            if members.has("oth") {
                return Err(KeyError::Unsupported); // more than two primes
            }
            RsaKeyPair::from_components(&KeyPairComponents {
                public_key: RsaPublicKeyComponents { n, e },
                d: &members.bytes("d")?,
                p: &members.bytes("p")?,
                q: &members.bytes("q")?,
                dP: &members.bytes("dp")?,
                dQ: &members.bytes("dq")?,
                qInv: &members.bytes("qi")?,
            })
            .map(|pair| Pair::Rsa(pair, encoding))
        }
        (PublicKey::Ec { curve, point }, _) => {
            let d = members.fixed("d", curve.number_len())?;
            EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), &d, point).map(Pair::Ec)
        }
        (PublicKey::Ed25519 { x }, _) => {
            Ed25519KeyPair::from_seed_and_public_key(&members.fixed("d", x.len())?, x).map(Pair::Ed25519)
        }
        _ => return Err(KeyError::Unsupported),
    };
    pair.map_err(|_| KeyError::Inconsistent)
}

#[cfg(test)]
mod tests;

//! Password hashes that other programs made: one spelling for each kind, bounds on what one may cost, the check.
//!
//! What is kept after an import:
//!
//! | text | is |
//! |---|---|
//! | `$2b$<cost>$<salt and hash>`, also `$2a$`, `$2y$` | bcrypt |
//! | `bcrypt_sha256$$2b$…` | bcrypt of the SHA-256 in hexadecimal, as Django makes it |
//! | `$scrypt$ln=<log2 N>,r=<r>,p=<p>$<salt>$<hash>` | scrypt (RFC 7914) |
//! | `$scrypt-nfkc$…` | the same, of the password in Unicode's NFKC |
//! | `$pbkdf2-sha1$i=<rounds>$<salt>$<hash>`, also `-sha256`, `-sha512` | PBKDF2 (RFC 8018) |
//! | `$firebase-scrypt$ln=…,r=…,p=1$<salt and separator>$<signer key>$<hash>` | Firebase's scrypt |
//!
//! Salts, keys and hashes are base64 without padding, but for bcrypt's, which has an alphabet of its own.

use std::{fmt, num::NonZeroU32};

use aws_lc_rs::{
    cipher::{AES_256, AES_CTR_IV_LEN, EncryptingKey, EncryptionContext, UnboundCipherKey},
    digest, pbkdf2,
};
use base64::{
    Engine, alphabet,
    engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD_NO_PAD},
};
use keyward_core::{port::Verdict, secret::same};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::HashMistake;

/// A hash of another program.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    way: Way,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// How it was made.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// bcrypt. The letter is `a`, `b` or `y`: three names of one algorithm.
    Bcrypt { letter: char, cost: u32, hashed_before: bool },
    /// scrypt.
    Scrypt { cost: ScryptCost, nfkc: bool },
    /// PBKDF2 with HMAC.
    Pbkdf2 { digest: Digest, rounds: NonZeroU32 },
    /// scrypt, by which a key of the project is encrypted: that is the hash.
    Firebase { cost: ScryptCost, signer_key: Vec<u8> },
}

/// What scrypt costs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ScryptCost {
    pub(super) log_n: u8,
    pub(super) r: u32,
    pub(super) p: u32,
}

/// A hash function below PBKDF2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Foreign {
    /// A hash within bounds: what one attempt may cost, and long enough that nothing matches by chance.
    pub(super) fn new(way: Way, salt: Vec<u8>, hash: Vec<u8>) -> Result<Self, HashMistake> {
        if salt.len() > LONGEST_SALT || !(SHORTEST_HASH..=LONGEST_HASH).contains(&hash.len()) {
            return Err(HashMistake::Malformed);
        }
        let affordable = match &way {
            Way::Bcrypt { cost, .. } if *cost < 4 => return Err(HashMistake::Malformed),
            Way::Bcrypt { cost, .. } => *cost <= MOST_BCRYPT,
            Way::Scrypt { cost, .. } | Way::Firebase { cost, .. } => cost.is_affordable(),
            Way::Pbkdf2 { digest, rounds } => {
                let blocks = hash.len().div_ceil(digest.len());
                u64::from(rounds.get()).saturating_mul(blocks as u64) <= MOST_ROUNDS
            }
        };
        if affordable { Ok(Self { way, salt, hash }) } else { Err(HashMistake::TooCostly) }
    }

    /// Reads the one spelling.
    pub(super) fn parse(text: &str) -> Result<Self, HashMistake> {
        if text.len() > LONGEST_TEXT {
            return Err(HashMistake::Malformed);
        }
        if let Some(bcrypt) = text.strip_prefix("bcrypt_sha256$") {
            return parse_bcrypt(bcrypt, true);
        }
        let fields: Vec<&str> = text.strip_prefix('$').ok_or(HashMistake::Unknown)?.split('$').collect();
        match fields[..] {
            ["2a" | "2b" | "2y", ..] => parse_bcrypt(text, false),
            [name @ ("scrypt" | "scrypt-nfkc"), params, salt, hash] => {
                let way = Way::Scrypt { cost: ScryptCost::parse(params)?, nfkc: name == "scrypt-nfkc" };
                Self::new(way, decode(salt)?, decode(hash)?)
            }
            ["firebase-scrypt", params, salt, signer_key, hash] => {
                let way = Way::Firebase { cost: ScryptCost::parse(params)?, signer_key: decode(signer_key)? };
                Self::new(way, decode(salt)?, decode(hash)?)
            }
            [name, rounds, salt, hash] if name.starts_with("pbkdf2-") => {
                let digest = Digest::named(&name["pbkdf2-".len()..]).ok_or(HashMistake::Unknown)?;
                let rounds = number(rounds.strip_prefix("i=").ok_or(HashMistake::Malformed)?)?;
                Self::new(Way::Pbkdf2 { digest, rounds }, decode(salt)?, decode(hash)?)
            }
            _ => Err(HashMistake::Unknown),
        }
    }

    /// Checks a password at the cost that the hash names.
    pub(super) fn verify(&self, password: &str) -> Result<Verdict, HashMistake> {
        let made = match &self.way {
            Way::Bcrypt { cost, hashed_before, .. } => {
                let hex = Zeroizing::new(if *hashed_before { sha256_hex(password) } else { String::new() });
                let password = if *hashed_before { hex.as_str() } else { password };
                return Ok(self.verify_bcrypt(*cost, password));
            }
            Way::Scrypt { cost, nfkc } => {
                let normal = Zeroizing::new(if *nfkc { password.nfkc().collect() } else { String::new() });
                let password = if *nfkc { normal.as_str() } else { password };
                cost.derive(password, &self.salt, self.hash.len())?
            }
            Way::Pbkdf2 { digest, rounds } => {
                let mut made = Zeroizing::new(vec![0; self.hash.len()]);
                pbkdf2::derive(digest.pbkdf2(), *rounds, &self.salt, password.as_bytes(), &mut made);
                made
            }
            Way::Firebase { cost, signer_key } => {
                let key = cost.derive(password, &self.salt, 2 * AES_KEY)?;
                encrypt(&key[..AES_KEY], signer_key)?
            }
        };
        Ok(if same(&made, &self.hash) { Verdict::MatchOutdated } else { Verdict::NoMatch })
    }

    /// bcrypt reads 72 bytes of a password, and repeats a shorter one with a NUL between: `a` and `a\0a` are one to
    /// it. So what holds a NUL never matches. And of what is longer than 72 bytes only the beginning was
    /// checked: it is not known to be the password, so it does not replace the hash that let it pass.
    fn verify_bcrypt(&self, cost: u32, password: &str) -> Verdict {
        let password = password.as_bytes();
        let mut key = Zeroizing::new(password[..password.len().min(BCRYPT_READS)].to_vec());
        if key.len() < BCRYPT_READS {
            key.push(0);
        }
        let mut salt = [0; BCRYPT_SALT];
        salt.copy_from_slice(&self.salt);
        let made = Zeroizing::new(bcrypt::bcrypt(cost, salt, &key));
        let matches = same(&made[..BCRYPT_HASH], &self.hash) && !password.contains(&0);
        match matches {
            true if password.len() > BCRYPT_READS => Verdict::Match,
            true => Verdict::MatchOutdated,
            false => Verdict::NoMatch,
        }
    }
}

/// The one spelling.
impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (salt, hash) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.hash));
        match &self.way {
            Way::Bcrypt { letter, cost, hashed_before } => {
                let before = if *hashed_before { "bcrypt_sha256$" } else { "" };
                let (salt, hash) = (BCRYPT_64.encode(&self.salt), BCRYPT_64.encode(&self.hash));
                write!(f, "{before}$2{letter}${cost:02}${salt}{hash}")
            }
            Way::Scrypt { cost, nfkc } => {
                write!(f, "$scrypt{}${cost}${salt}${hash}", if *nfkc { "-nfkc" } else { "" })
            }
            Way::Pbkdf2 { digest, rounds } => write!(f, "$pbkdf2-{}$i={rounds}${salt}${hash}", digest.name()),
            Way::Firebase { cost, signer_key } => {
                write!(f, "$firebase-scrypt${cost}${salt}${}${hash}", STANDARD_NO_PAD.encode(signer_key))
            }
        }
    }
}

impl ScryptCost {
    fn parse(params: &str) -> Result<Self, HashMistake> {
        let mut params = params.split(',');
        let mut param = |name| {
            let value =
                params.next().and_then(|param| param.strip_prefix(name)).ok_or(HashMistake::Malformed)?;
            number(value).map(NonZeroU32::get)
        };
        let (log_n, r, p) = (param("ln=")?, param("r=")?, param("p=")?);
        let log_n = u8::try_from(log_n).map_err(|_| HashMistake::TooCostly)?;
        if params.next().is_some() { Err(HashMistake::Malformed) } else { Ok(Self { log_n, r, p }) }
    }

    /// At most 256 MiB, and four times the passes over that.
    fn is_affordable(self) -> bool {
        let Some(n) = 1_u64.checked_shl(self.log_n.into()) else { return false };
        let blocks = n.saturating_mul(self.r.into());
        blocks <= MOST_SCRYPT && blocks.saturating_mul(self.p.into()) <= 4 * MOST_SCRYPT
    }

    fn derive(self, password: &str, salt: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, HashMistake> {
        let params = scrypt::Params::new(self.log_n, self.r, self.p).map_err(|_| HashMistake::Malformed)?;
        let mut key = Zeroizing::new(vec![0; len]);
        scrypt::scrypt(password.as_bytes(), salt, &params, &mut key).map_err(|_| HashMistake::Malformed)?;
        Ok(key)
    }
}

impl fmt::Display for ScryptCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ln={},r={},p={}", self.log_n, self.r, self.p)
    }
}

impl Digest {
    /// `sha1`, `sha256`, `sha512`.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512].into_iter().find(|digest| digest.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    const fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

/// A whole number from 1 to 2³² − 1.
pub(super) fn number(text: &str) -> Result<NonZeroU32, HashMistake> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(HashMistake::Malformed);
    }
    // So many that they don't fit is what a hostile one would ask for.
    text.parse::<u32>()
        .map_err(|_| HashMistake::TooCostly)
        .and_then(|number| NonZeroU32::new(number).ok_or(HashMistake::Malformed))
}

/// Longest text that is read: a Firebase hash with all that belongs to it is half as long.
pub(super) const LONGEST_TEXT: usize = 1024;

/// bcrypt's cost, 2¹⁵ rounds: about two seconds.
const MOST_BCRYPT: u32 = 15;
/// scrypt's N times r, each 128 bytes: 256 MiB.
const MOST_SCRYPT: u64 = 1 << 21;
/// PBKDF2's rounds for all blocks of the hash: a few seconds.
const MOST_ROUNDS: u64 = 10_000_000;
const LONGEST_SALT: usize = 192;
const SHORTEST_HASH: usize = 16;
const LONGEST_HASH: usize = 128;

/// Bytes of a password that bcrypt reads.
const BCRYPT_READS: usize = 72;
const BCRYPT_SALT: usize = 16;
/// Of the 24 bytes that it makes, bcrypt's text keeps 23.
const BCRYPT_HASH: usize = 23;
/// Bytes of an AES-256 key.
const AES_KEY: usize = 32;

/// Some programs leave bits behind the last byte, which every other ignores.
const BCRYPT_64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

fn decode(text: &str) -> Result<Vec<u8>, HashMistake> {
    STANDARD_NO_PAD.decode(text).map_err(|_| HashMistake::Malformed)
}

/// `$2b$12$` and 53 characters.
fn parse_bcrypt(text: &str, hashed_before: bool) -> Result<Foreign, HashMistake> {
    let malformed = || HashMistake::Malformed;
    let fields: Vec<&str> = text.split('$').collect();
    let ["", name @ ("2a" | "2b" | "2y"), cost, data] = fields[..] else { return Err(HashMistake::Unknown) };
    let letter = name.chars().last().ok_or_else(malformed)?;
    if cost.len() != 2 {
        return Err(HashMistake::Malformed);
    }
    let cost = number(cost)?.get();
    let (salt, hash) = data.split_at_checked(22).ok_or_else(malformed)?;
    let bytes =
        |text, len| BCRYPT_64.decode(text).ok().filter(|bytes| bytes.len() == len).ok_or_else(malformed);
    let (salt, hash) = (bytes(salt, BCRYPT_SALT)?, bytes(hash, BCRYPT_HASH)?);
    Foreign::new(Way::Bcrypt { letter, cost, hashed_before }, salt, hash)
}

fn sha256_hex(password: &str) -> String {
    let hash = digest::digest(&digest::SHA256, password.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// AES-256-CTR from a counter of zero.
fn encrypt(key: &[u8], text: &[u8]) -> Result<Zeroizing<Vec<u8>>, HashMistake> {
    let failed = |_| HashMistake::Malformed;
    let mut text = Zeroizing::new(text.to_vec());
    let key = UnboundCipherKey::new(&AES_256, key).and_then(EncryptingKey::ctr).map_err(failed)?;
    let start = EncryptionContext::Iv128([0; AES_CTR_IV_LEN].into());
    key.less_safe_encrypt(&mut text, start).map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests;

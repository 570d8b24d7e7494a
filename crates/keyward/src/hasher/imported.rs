//! Reading password hashes as other programs write them.

use argon2_rust::{Algorithm, decode_string};
use base64::{
    Engine, alphabet,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig},
    },
};
use serde_json::Value;

use super::{
    CEILING,
    foreign::{Digest, Foreign, LONGEST_TEXT, ScryptCost, Way, number},
};

/// A password hash that another program made, in the spelling that [`Argon2Hasher`](super::Argon2Hasher) checks.
///
/// ```
/// use keyward::{HashMistake, ImportedHash};
///
/// let django = ImportedHash::read("pbkdf2_sha256$1000$salt$j1Ob8nX9zmBv1V2o4z1oWcFYB3ZWRkVVsAXVAXmiGks=")?;
/// assert!(django.as_str().starts_with("$pbkdf2-sha256$i=1000$"));
/// assert_eq!(ImportedHash::read("5f4dcc3b5aa765d61d8327deb882cf99"), Err(HashMistake::Unknown));
/// # Ok::<(), HashMistake>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ImportedHash(String);

/// Why a hash can't be brought along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum HashMistake {
    /// No kind of hash that is known, or one that is not safe to keep.
    #[error("no kind of password hash that is known")]
    Unknown,
    /// A known kind, with something missing or wrong.
    #[error("a password hash of a known kind that can't be read")]
    Malformed,
    /// One attempt would cost more memory or time than an attempt may.
    #[error("a password hash that asks for more memory or time than an attempt may cost")]
    TooCostly,
}

/// The parameters of a Firebase project, as its console shows them ("Password hash parameters").
#[derive(Clone, PartialEq, Eq)]
pub struct FirebaseProject {
    /// `base64_signer_key`, decoded.
    pub signer_key: Vec<u8>,
    /// `base64_salt_separator`, decoded.
    pub salt_separator: Vec<u8>,
    /// `rounds`.
    pub rounds: u32,
    /// `mem_cost`.
    pub mem_cost: u8,
}

impl ImportedHash {
    /// Reads a hash that says what it is: Argon2 and scrypt as PHC strings, bcrypt (`$2a$`, `$2b$`, `$2y$`), and what
    /// Django, Werkzeug and passlib write.
    ///
    /// # Errors
    ///
    /// [`HashMistake`].
    pub fn read(text: &str) -> Result<Self, HashMistake> {
        if text.len() > LONGEST_TEXT {
            return Err(HashMistake::Malformed);
        }
        let (name, rest) = text.split_once('$').ok_or(HashMistake::Unknown)?;
        let fields: Vec<&str> = rest.split('$').collect();
        match (name, &fields[..]) {
            ("", ["argon2i" | "argon2d" | "argon2id", ..]) => argon2(text),
            ("", [kind, rounds, salt, hash]) if kind.starts_with("pbkdf2") && !rounds.starts_with("i=") => {
                passlib(kind, rounds, salt, hash)
            }
            ("" | "bcrypt_sha256", _) => Foreign::parse(text).map(|hash| Self::of(&hash)),
            // Django.
            ("argon2", _) => Self::read(&format!("${rest}")),
            ("bcrypt", _) => Self::read(rest),
            ("pbkdf2_sha256" | "pbkdf2_sha1", [rounds, salt, hash]) => {
                pbkdf2(&name["pbkdf2_".len()..], rounds, salt.as_bytes().to_vec(), base64(hash)?)
            }
            ("scrypt", [n, salt, r, p, hash]) => scrypt([n, r, p], salt, base64(hash)?),
            // Werkzeug.
            (method, [salt, hash]) => match method.split(':').collect::<Vec<_>>()[..] {
                ["pbkdf2", digest, rounds] => pbkdf2(digest, rounds, salt.as_bytes().to_vec(), hex(hash)?),
                ["scrypt", n, r, p] => scrypt([n, r, p], salt, hex(hash)?),
                _ => Err(HashMistake::Unknown),
            },
            _ => Err(HashMistake::Unknown),
        }
    }

    /// Reads a `PasswordHash` of ASP.NET Core Identity, version 3 or 2.
    ///
    /// # Errors
    ///
    /// [`HashMistake`].
    pub fn aspnet_identity(text: &str) -> Result<Self, HashMistake> {
        let malformed = HashMistake::Malformed;
        if text.len() > LONGEST_TEXT {
            return Err(malformed);
        }
        let bytes = base64(text)?;
        let (digest, rounds, salt, hash) = match bytes.split_first().ok_or(malformed)? {
            (0, rest) if rest.len() == 48 => (Digest::Sha1, 1000, &rest[..16], &rest[16..]),
            (1, rest) => {
                let field = |at: usize| {
                    let bytes = rest.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
                    bytes.map(u32::from_be_bytes).ok_or(malformed)
                };
                let digests = [Digest::Sha1, Digest::Sha256, Digest::Sha512];
                let digest = usize::try_from(field(0)?).ok().and_then(|at| digests.get(at));
                let salt_len = usize::try_from(field(8)?).map_err(|_| malformed)?;
                let (salt, hash) = rest[12..].split_at_checked(salt_len).ok_or(malformed)?;
                (*digest.ok_or(HashMistake::Unknown)?, field(4)?, salt, hash)
            }
            _ => return Err(HashMistake::Unknown),
        };
        let way = Way::Pbkdf2 { digest, rounds: rounds.try_into().map_err(|_| malformed)? };
        Foreign::new(way, salt.to_vec(), hash.to_vec()).map(|hash| Self::of(&hash))
    }

    /// Reads a credential of type `password` of a Keycloak export: an object with `secretData` and `credentialData`,
    /// each an object or JSON text.
    ///
    /// # Errors
    ///
    /// [`HashMistake`].
    pub fn keycloak(credential: &Value) -> Result<Self, HashMistake> {
        let (secret, data) = (part(credential, "secretData")?, part(credential, "credentialData")?);
        let text = |value: &Value, name: &str| {
            value.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(HashMistake::Malformed)
        };
        let (salt, hash) = (base64(&text(&secret, "salt")?)?, base64(&text(&secret, "value")?)?);
        let rounds = data.get("hashIterations").and_then(Value::as_u64).ok_or(HashMistake::Malformed)?;
        let digest = match text(&data, "algorithm")?.as_str() {
            "pbkdf2" => "sha1",
            "pbkdf2-sha256" => "sha256",
            "pbkdf2-sha512" => "sha512",
            "argon2" => return keycloak_argon2(&data, rounds, &salt, &hash),
            _ => return Err(HashMistake::Unknown),
        };
        pbkdf2(digest, &rounds.to_string(), salt, hash)
    }

    /// Reads the `password` of a `credential` account of Better Auth.
    ///
    /// # Errors
    ///
    /// [`HashMistake`].
    pub fn better_auth(text: &str) -> Result<Self, HashMistake> {
        if text.len() > LONGEST_TEXT {
            return Err(HashMistake::Malformed);
        }
        let (salt, hash) = text.split_once(':').ok_or(HashMistake::Unknown)?;
        // The salt is the text of the digits, not what they stand for.
        hex(salt)?;
        let way = Way::Scrypt { cost: ScryptCost { log_n: 14, r: 16, p: 1 }, nfkc: true };
        Foreign::new(way, salt.as_bytes().to_vec(), hex(hash)?).map(|hash| Self::of(&hash))
    }

    /// Reads `passwordHash` and `salt` of a user that Firebase exported.
    ///
    /// # Errors
    ///
    /// [`HashMistake`].
    pub fn firebase(hash: &str, salt: &str, project: &FirebaseProject) -> Result<Self, HashMistake> {
        if hash.len() > LONGEST_TEXT || salt.len() > LONGEST_TEXT {
            return Err(HashMistake::Malformed);
        }
        // The command line writes the one alphabet, the Admin SDK the other.
        let decode = |text: &str| base64(&text.replace('-', "+").replace('_', "/"));
        let mut salt = decode(salt)?;
        salt.extend_from_slice(&project.salt_separator);
        let cost = ScryptCost { log_n: project.mem_cost, r: project.rounds, p: 1 };
        let signer_key = project.signer_key.clone();
        let hash = decode(hash)?;
        if hash.len() != signer_key.len() {
            return Err(HashMistake::Malformed);
        }
        Foreign::new(Way::Firebase { cost, signer_key }, salt, hash).map(|hash| Self::of(&hash))
    }

    /// What is kept of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    fn of(foreign: &Foreign) -> Self {
        Self(foreign.to_string())
    }
}

/// A password hash is worth guessing at: it is not shown.
impl std::fmt::Debug for ImportedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ImportedHash(…)")
    }
}

impl std::fmt::Debug for FirebaseProject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FirebaseProject(…)")
    }
}

/// The kind of Argon2 that a PHC string is of.
pub(super) fn argon2_kind(text: &str) -> Option<Algorithm> {
    match text.strip_prefix('$')?.split('$').next()? {
        "argon2id" => Some(Algorithm::Argon2id),
        "argon2i" => Some(Algorithm::Argon2i),
        "argon2d" => Some(Algorithm::Argon2d),
        _ => None,
    }
}

fn argon2(text: &str) -> Result<ImportedHash, HashMistake> {
    let kind = argon2_kind(text).ok_or(HashMistake::Unknown)?;
    let params = decode_string(text, kind).map_err(|_| HashMistake::Malformed)?.params;
    let affordable = params.memory_kib() <= CEILING.memory_kib()
        && params.passes() <= CEILING.passes()
        && params.lanes() <= CEILING.lanes();
    match params.tag_len_bytes() {
        _ if !affordable => Err(HashMistake::TooCostly),
        len if len < 16 || len > CEILING.tag_len_bytes() => Err(HashMistake::Malformed),
        _ => Ok(ImportedHash(text.to_owned())),
    }
}

/// Keycloak's PHC string in pieces.
fn keycloak_argon2(data: &Value, passes: u64, salt: &[u8], hash: &[u8]) -> Result<ImportedHash, HashMistake> {
    let param = |name: &str| {
        let value = &data["additionalParameters"][name];
        value.get(0).unwrap_or(value).as_str().ok_or(HashMistake::Malformed)
    };
    let version = match param("version")? {
        "1.3" => 19,
        "1.0" => 16,
        _ => return Err(HashMistake::Unknown),
    };
    let (kind, memory, lanes) = (param("type")?, number(param("memory")?)?, number(param("parallelism")?)?);
    let text = |bytes| base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes);
    argon2(&format!(
        "$argon2{kind}$v={version}$m={memory},t={passes},p={lanes}${}${}",
        text(salt),
        text(hash)
    ))
}

/// `$pbkdf2$`, `$pbkdf2-sha256$`, `$pbkdf2-sha512$`, in an alphabet with a dot for the plus.
fn passlib(kind: &str, rounds: &str, salt: &str, hash: &str) -> Result<ImportedHash, HashMistake> {
    let digest = match kind {
        "pbkdf2" => "sha1",
        "pbkdf2-sha256" => "sha256",
        "pbkdf2-sha512" => "sha512",
        _ => return Err(HashMistake::Unknown),
    };
    pbkdf2(digest, rounds, base64(&salt.replace('.', "+"))?, base64(&hash.replace('.', "+"))?)
}

fn pbkdf2(digest: &str, rounds: &str, salt: Vec<u8>, hash: Vec<u8>) -> Result<ImportedHash, HashMistake> {
    let digest = Digest::named(digest).ok_or(HashMistake::Unknown)?;
    Foreign::new(Way::Pbkdf2 { digest, rounds: number(rounds)? }, salt, hash)
        .map(|hash| ImportedHash::of(&hash))
}

/// From N itself, r and p; the salt is text.
fn scrypt([n, r, p]: [&str; 3], salt: &str, hash: Vec<u8>) -> Result<ImportedHash, HashMistake> {
    let n = number(n)?.get();
    if !n.is_power_of_two() || n < 2 {
        return Err(HashMistake::Malformed);
    }
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| HashMistake::TooCostly)?;
    let cost = ScryptCost { log_n, r: number(r)?.get(), p: number(p)?.get() };
    Foreign::new(Way::Scrypt { cost, nfkc: false }, salt.as_bytes().to_vec(), hash)
        .map(|hash| ImportedHash::of(&hash))
}

/// An object, or the text of one.
fn part(credential: &Value, name: &str) -> Result<Value, HashMistake> {
    match credential.get(name) {
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| HashMistake::Malformed),
        Some(value) => Ok(value.clone()),
        None => Err(HashMistake::Malformed),
    }
}

/// With padding or without.
fn base64(text: &str) -> Result<Vec<u8>, HashMistake> {
    const EITHER: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    EITHER.decode(text).map_err(|_| HashMistake::Malformed)
}

fn hex(text: &str) -> Result<Vec<u8>, HashMistake> {
    hex::decode(text).map_err(|_| HashMistake::Malformed)
}

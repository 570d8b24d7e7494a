//! Encrypted tokens in compact form with a shared content key, `alg: dir` (RFC 7516; RFC 7518 section 4.5).
//!
//! ```
//! use keyward_jose::jwe::{self, ContentKey, Encryption};
//!
//! let key = ContentKey::new(Encryption::A256Gcm, &[7; 32])?;
//! let iv = [1; jwe::IV_LEN]; // fresh random bytes for every token
//! let token = jwe::encrypt(&key, br#"{"sub":"user-1"}"#, iv)?;
//! assert_eq!(jwe::peek(&token)?.encryption(), Some(Encryption::A256Gcm));
//! assert_eq!(jwe::decrypt(&key, &token)?, br#"{"sub":"user-1"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod content;

use std::fmt;

use content::{ContentCipher, MAX_TAG_LEN};

use crate::{KeyError, TokenError, compact};

pub use crate::header::Header;
pub use content::IV_LEN;

/// How the content is encrypted and authenticated: the `enc` member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// AES-256 in Galois/counter mode (RFC 7518 section 5.3); what NextAuth 4 seals its sessions with.
    A256Gcm,
    /// AES-256 in CBC mode, then HMAC with SHA-512 (RFC 7518 section 5.2.5); what Auth.js 5 seals its sessions with.
    A256CbcHs512,
}

impl Encryption {
    /// The registered name, as in the `enc` member.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::A256Gcm => "A256GCM",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    /// The length of a content key in bytes.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    /// The length of the initialisation vector in a token, in bytes: at most [`IV_LEN`].
    #[must_use]
    pub fn iv_len(self) -> usize {
        match self {
            Self::A256Gcm => 12,
            Self::A256CbcHs512 => 16,
        }
    }

    /// The length of the authentication tag in bytes.
    #[must_use]
    pub fn tag_len(self) -> usize {
        match self {
            Self::A256Gcm => 16,
            Self::A256CbcHs512 => 32,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::A256Gcm, Self::A256CbcHs512].into_iter().find(|encryption| encryption.name() == name)
    }
}

/// A shared key that encrypts and decrypts with one [`Encryption`].
pub struct ContentKey {
    encryption: Encryption,
    cipher: ContentCipher,
    kid: Option<String>,
    /// The encoded protected header of every token that this key makes.
    header: String,
}

impl ContentKey {
    /// Takes a key of exactly [`Encryption::key_len`] bytes. Its tokens carry no `kid`.
    ///
    /// # Errors
    /// [`KeyError::Length`] for any other length.
    pub fn new(encryption: Encryption, key: &[u8]) -> Result<Self, KeyError> {
        let cipher = ContentCipher::new(encryption, key)?;
        let header = format!(r#"{{"alg":"dir","enc":"{}"}}"#, encryption.name());
        Ok(Self { encryption, cipher, kid: None, header: compact::encode(header.as_bytes()) })
    }

    /// The same key; its tokens carry this `kid` as the header's last member, where Auth.js 5 has it.
    ///
    /// It is a label for finding the key: [`decrypt`] does not compare it.
    #[must_use]
    pub fn with_kid(self, kid: &str) -> Self {
        let text = serde_json::Value::from(kid);
        let header = format!(r#"{{"alg":"dir","enc":"{}","kid":{text}}}"#, self.encryption.name());
        Self { kid: Some(kid.to_owned()), header: compact::encode(header.as_bytes()), ..self }
    }

    /// The key's encryption.
    #[must_use]
    pub fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// The label that [`with_kid`](Self::with_kid) gave.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether a token's header is, byte for byte, the one that this key writes.
    ///
    /// The cheap way to find the key of a token; where no key says yes, [`peek`] at the header.
    #[must_use]
    pub fn has_header_of(&self, token: &str) -> bool {
        token.strip_prefix(self.header.as_str()).is_some_and(|rest| rest.starts_with('.'))
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentKey")
            .field("encryption", &self.encryption)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Encrypts a plaintext: `header..iv.ciphertext.tag`.
///
/// `iv` is fresh random bytes for each token, of which the first [`Encryption::iv_len`] are used. With A256GCM, two
/// tokens under one key and one `iv` give both plaintexts away and let anyone forge more, so a key makes at most
/// 2³² tokens (NIST SP 800-38D section 8.3).
///
/// # Errors
/// [`TokenError::TooLong`] where the token would pass [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN).
pub fn encrypt(key: &ContentKey, plaintext: &[u8], iv: [u8; IV_LEN]) -> Result<String, TokenError> {
    let (iv_len, tag_len) = (key.encryption.iv_len(), key.encryption.tag_len());
    let ciphertext_len = key.cipher.ciphertext_len(plaintext.len());
    let mut token = compact::buffer(&key.header, &[0, iv_len, ciphertext_len, tag_len])?;

    let mut content = Vec::with_capacity(ciphertext_len);
    content.extend_from_slice(plaintext);
    let tag = key.cipher.seal(key.header.as_bytes(), &iv, &mut content);

    token.push_str(&key.header);
    token.push('.'); // the encrypted key, which `dir` has none of
    compact::push(&mut token, &iv[..iv_len]);
    compact::push(&mut token, &content);
    compact::push(&mut token, &tag[..tag_len]);
    Ok(token)
}

/// Opens a token and gives its plaintext. Claims, `exp` among them, are not looked at.
///
/// # Errors
/// [`TokenError`]: see its variants; the header's `enc` must be the key's, its `alg` must be `dir`.
pub fn decrypt(key: &ContentKey, token: &str) -> Result<Vec<u8>, TokenError> {
    let [header, encrypted_key, iv_part, ciphertext, tag_part] = compact::split(token)?;
    if header != key.header && Header::parse(header)?.encryption() != Some(key.encryption) {
        return Err(TokenError::Unsupported);
    }
    if !encrypted_key.is_empty() {
        return Err(TokenError::Malformed);
    }

    let mut iv = [0; IV_LEN];
    compact::decode_exact(iv_part, &mut iv[..key.encryption.iv_len()])?;
    let mut tag = [0; MAX_TAG_LEN];
    let tag = &mut tag[..key.encryption.tag_len()];
    compact::decode_exact(tag_part, tag)?;
    let mut content = compact::decode(ciphertext)?;
    key.cipher.open(header.as_bytes(), &iv, tag, &mut content)?;
    Ok(content)
}

/// Reads a token's header without opening the token, to find its key.
///
/// # Errors
/// [`TokenError`] for what is not five parts with a header; the other parts are not looked at.
pub fn peek(token: &str) -> Result<Header, TokenError> {
    Header::peek::<5>(token)
}

impl Header {
    /// The encryption of a token that this crate can open with the right key: `alg` is `dir`, `enc` is known, and
    /// there is no `zip`.
    #[must_use]
    pub fn encryption(&self) -> Option<Encryption> {
        if self.zip || self.alg != "dir" {
            return None;
        }
        self.enc.as_deref().and_then(Encryption::from_name)
    }
}

#[cfg(test)]
mod tests;

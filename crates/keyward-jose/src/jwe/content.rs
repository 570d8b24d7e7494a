//! The two content encryptions (RFC 7518 sections 5.2.5 and 5.3), in place over a buffer.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{constant_time, hmac};

use super::Encryption;
use crate::{KeyError, TokenError};

/// Random bytes that one token takes. A256GCM uses the first 12 of them.
pub const IV_LEN: usize = 16;

/// The longest tag of any [`Encryption`].
pub(super) const MAX_TAG_LEN: usize = 32;

const GCM_IV_LEN: usize = 12;
const GCM_TAG_LEN: usize = 16;
const CBC_BLOCK_LEN: usize = 16;

/// A prepared key of one encryption. Boxed, so that moving it leaves no copies of the key behind.
pub(super) enum ContentCipher {
    Gcm(Box<LessSafeKey>),
    CbcHs512(Box<CbcHs512>),
}

impl ContentCipher {
    /// Takes a key of exactly the encryption's length.
    pub(super) fn new(encryption: Encryption, key: &[u8]) -> Result<Self, KeyError> {
        let wrong_length = || KeyError::Length {
            algorithm: encryption.name(),
            expected: encryption.key_len(),
            actual: key.len(),
        };
        if key.len() != encryption.key_len() {
            return Err(wrong_length());
        }
        // aws-lc objects to nothing but the length.
        Ok(match encryption {
            Encryption::A256Gcm => {
                let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| wrong_length())?;
                Self::Gcm(Box::new(LessSafeKey::new(key)))
            }
            Encryption::A256CbcHs512 => {
                Self::CbcHs512(Box::new(CbcHs512::new(key).ok_or_else(wrong_length)?))
            }
        })
    }

    /// The length of the ciphertext of a plaintext this long.
    pub(super) fn ciphertext_len(&self, plaintext_len: usize) -> usize {
        match self {
            Self::Gcm(_) => plaintext_len,
            Self::CbcHs512(_) => (plaintext_len / CBC_BLOCK_LEN + 1) * CBC_BLOCK_LEN,
        }
    }

    /// Encrypts `content` in place; the tag fills the encryption's tag length of what is returned.
    pub(super) fn seal(&self, aad: &[u8], iv: &[u8; IV_LEN], content: &mut Vec<u8>) -> [u8; MAX_TAG_LEN] {
        let mut out = [0; MAX_TAG_LEN];
        match self {
            Self::Gcm(key) => {
                let tag = key
                    .seal_in_place_separate_tag(gcm_nonce(iv), Aad::from(aad), content)
                    .expect("a token's content is far below AES-GCM's limit of 64 GiB");
                out[..GCM_TAG_LEN].copy_from_slice(tag.as_ref());
            }
            Self::CbcHs512(key) => {
                let context = EncryptionContext::Iv128(FixedLength::from(iv));
                key.encrypt
                    .less_safe_encrypt(content, context)
                    .expect("AES-CBC takes an initialisation vector of 128 bits and any length");
                out.copy_from_slice(&key.tag(aad, iv, content).as_ref()[..MAX_TAG_LEN]);
            }
        }
        out
    }

    /// Checks `tag`, then decrypts `content` in place and cuts it to the plaintext.
    pub(super) fn open(
        &self,
        aad: &[u8],
        iv: &[u8; IV_LEN],
        tag: &[u8],
        content: &mut Vec<u8>,
    ) -> Result<(), TokenError> {
        match self {
            Self::Gcm(key) => {
                key.open_in_place_separate_tag(gcm_nonce(iv), Aad::from(aad), tag, content)
                    .map_err(|_| TokenError::NotAuthentic)?;
            }
            Self::CbcHs512(key) => {
                let expected = key.tag(aad, iv, content);
                constant_time::verify_slices_are_equal(&expected.as_ref()[..MAX_TAG_LEN], tag)
                    .map_err(|_| TokenError::NotAuthentic)?;
                // Only now, so that a padding error can tell nobody anything (RFC 7518 section 5.2.2.2).
                let context = DecryptionContext::Iv128(FixedLength::from(iv));
                let plaintext_len =
                    key.decrypt.decrypt(content, context).map_err(|_| TokenError::Malformed)?.len();
                content.truncate(plaintext_len);
            }
        }
        Ok(())
    }
}

/// AES-256-CBC with PKCS #7 padding, then HMAC-SHA-512 cut to 256 bits.
pub(super) struct CbcHs512 {
    mac: hmac::Key,
    encrypt: PaddedBlockEncryptingKey,
    decrypt: PaddedBlockDecryptingKey,
}

impl CbcHs512 {
    /// The first half of the key is the MAC's, the second the cipher's.
    fn new(key: &[u8]) -> Option<Self> {
        let (mac, cipher) = key.split_at_checked(32)?;
        let cipher_key = || UnboundCipherKey::new(&AES_256, cipher);
        Some(Self {
            mac: hmac::Key::new(hmac::HMAC_SHA512, mac),
            encrypt: cipher_key().and_then(PaddedBlockEncryptingKey::cbc_pkcs7).ok()?,
            decrypt: cipher_key().and_then(PaddedBlockDecryptingKey::cbc_pkcs7).ok()?,
        })
    }

    /// The whole MAC over header, initialisation vector, ciphertext, and the header's length in bits.
    fn tag(&self, aad: &[u8], iv: &[u8; IV_LEN], ciphertext: &[u8]) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(&self.mac);
        mac.update(aad);
        mac.update(iv);
        mac.update(ciphertext);
        mac.update(&(aad.len() as u64 * 8).to_be_bytes());
        mac.sign()
    }
}

fn gcm_nonce(iv: &[u8; IV_LEN]) -> Nonce {
    let mut nonce = [0; GCM_IV_LEN];
    nonce.copy_from_slice(&iv[..GCM_IV_LEN]);
    Nonce::assume_unique_for_key(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact;

    /// RFC 7518 appendix B.3.
    #[test]
    fn rfc_7518_b3_a256cbc_hs512_gives_the_published_ciphertext_and_tag_and_opens_them() {
        let key: Vec<u8> = (0x00..=0x3f).collect();
        let plaintext =
            b"A cipher system must not be required to be secret, and it must be able to fall into the \
                          hands of the enemy without inconvenience";
        let aad = b"The second principle of Auguste Kerckhoffs";
        let iv = bytes::<IV_LEN>("1af38c2dc2b96ffdd86694092341bc04");
        let ciphertext = "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd\
                          822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b\
                          36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3\
                          a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950b\
                          be2638d09dd7a4930930806d0703b1f6";
        let tag = bytes::<MAX_TAG_LEN>("4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5");

        let cipher = ContentCipher::new(Encryption::A256CbcHs512, &key).unwrap();
        let mut content = plaintext.to_vec();
        assert_eq!(cipher.seal(aad, &iv, &mut content), tag);
        assert_eq!(hex::encode(&content), ciphertext);
        assert_eq!(content.len(), cipher.ciphertext_len(plaintext.len()));

        cipher.open(aad, &iv, &tag, &mut content).unwrap();
        assert_eq!(content, plaintext);
    }

    /// RFC 7516 appendix A.1, from its content encryption key on.
    #[test]
    fn rfc_7516_a1_a256gcm_gives_the_published_ciphertext_and_tag_and_opens_them() {
        let key = [
            177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112,
            46, 34, 105, 47, 130, 203, 46, 122, 234, 64, 252,
        ];
        let plaintext = b"The true sign of intelligence is not knowledge but imagination.";
        let aad = b"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ";
        let mut iv = [0; IV_LEN];
        compact::decode_exact("48V1_ALb6US04U3b", &mut iv[..GCM_IV_LEN]).unwrap();
        let ciphertext =
            "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A";
        let tag = "XFBoMYUZodetZdvTiFvSkQ";

        let cipher = ContentCipher::new(Encryption::A256Gcm, &key).unwrap();
        let mut content = plaintext.to_vec();
        let sealed = cipher.seal(aad, &iv, &mut content);
        assert_eq!(compact::encode(&sealed[..GCM_TAG_LEN]), tag);
        assert_eq!(compact::encode(&content), ciphertext);
        assert_eq!(content.len(), cipher.ciphertext_len(plaintext.len()));

        cipher.open(aad, &iv, &sealed[..GCM_TAG_LEN], &mut content).unwrap();
        assert_eq!(content, plaintext);
    }

    #[test]
    fn a_changed_tag_leaves_the_cbc_ciphertext_undecrypted() {
        let cipher = ContentCipher::new(Encryption::A256CbcHs512, &[7; 64]).unwrap();
        let mut content = b"plaintext".to_vec();
        let mut tag = cipher.seal(b"header", &[9; IV_LEN], &mut content);
        let sealed = content.clone();
        tag[31] ^= 1;
        assert_eq!(cipher.open(b"header", &[9; IV_LEN], &tag, &mut content), Err(TokenError::NotAuthentic));
        assert_eq!(content, sealed);
    }

    #[test]
    fn cbc_content_of_no_whole_block_or_with_broken_padding_is_malformed_under_a_right_tag() {
        let key = CbcHs512::new(&[7; 64]).unwrap();
        let cipher = ContentCipher::new(Encryption::A256CbcHs512, &[7; 64]).unwrap();
        for content in [&[][..], &[3; 15], &[3; 16], &[3; 17]] {
            let tag = key.tag(b"header", &[9; IV_LEN], content);
            let opened =
                cipher.open(b"header", &[9; IV_LEN], &tag.as_ref()[..MAX_TAG_LEN], &mut content.to_vec());
            assert_eq!(opened, Err(TokenError::Malformed), "{} bytes", content.len());
        }
    }

    fn bytes<const N: usize>(digits: &str) -> [u8; N] {
        hex::decode(digits).unwrap().try_into().unwrap()
    }
}

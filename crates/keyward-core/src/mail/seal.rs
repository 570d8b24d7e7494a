//! What the store keeps of a mail that waits: sealed, for a link in it opens something. A copy of the database alone
//! opens none of them.

use keyward_jose::{
    jwe::{self, ContentKey, Encryption, IV_LEN},
    kdf::hkdf_sha256,
};
use serde::{Deserialize, Serialize};

use super::Mail;
use crate::{port::Random, secret::Secret};

/// Seals mails and opens them, with keys of its own.
pub struct MailSeal {
    /// The first seals; all open.
    keys: Vec<ContentKey>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    to: String,
    subject: String,
    text: String,
    html: String,
}

impl MailSeal {
    /// Derives a key from each secret, the current one first. There is one at least.
    #[must_use]
    pub fn new(secrets: &[Secret]) -> Self {
        let key = |secret: &Secret| {
            let bytes = hkdf_sha256::<32>(secret.expose().as_bytes(), b"", b"Keyward mails");
            ContentKey::new(Encryption::A256Gcm, bytes.as_slice()).expect("A256GCM takes 32 bytes")
        };
        Self { keys: secrets.iter().map(key).collect() }
    }

    /// A mail as the store keeps it.
    #[must_use]
    pub fn seal(&self, mail: Mail, random: &dyn Random) -> String {
        let Mail { to, subject, text, html } = mail;
        let mut iv = [0; IV_LEN];
        random.fill(&mut iv);
        let content = serde_json::to_vec(&Content { to, subject, text, html }).expect("texts alone are JSON");
        let key = self.keys.first().expect("the builder refuses settings without a secret");
        jwe::encrypt(key, &content, iv).expect("A256GCM seals whatever fits into memory")
    }

    /// The mail, if it was sealed with a key that is still there.
    #[must_use]
    pub fn open(&self, sealed: &str) -> Option<Mail> {
        let content = self.keys.iter().find_map(|key| jwe::decrypt(key, sealed).ok())?;
        let Content { to, subject, text, html } = serde_json::from_slice(&content).ok()?;
        Some(Mail { to, subject, text, html })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;
    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_mail_comes_back_as_it_was_also_after_a_rotation_and_shows_nothing_meanwhile() {
        let (old, new) = (Secret::from("old secret"), Secret::from("new secret"));
        let mail = Mail {
            to: "ada@example.com".to_owned(),
            subject: "Ä \"subject\"".to_owned(),
            text: "https://app.example/-/reset?token=t".to_owned(),
            html: "<a href=\"https://app.example\">".to_owned(),
        };
        let sealed = MailSeal::new(std::slice::from_ref(&old)).seal(mail.clone(), &Sevens);
        assert!(!sealed.contains("ada") && !sealed.contains("token"));
        assert_eq!(MailSeal::new(&[new.clone(), old]).open(&sealed), Some(mail));
        assert_eq!(MailSeal::new(&[new]).open(&sealed), None, "the key is gone");
        assert_eq!(MailSeal::new(&[Secret::from("old secret")]).open(&sealed[..sealed.len() - 1]), None);
    }
}

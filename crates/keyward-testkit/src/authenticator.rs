//! An authenticator in software, and what a hostile one could say. Answers are the JSON that browsers send.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A passkey in software.
pub struct SoftPasskey {
    /// The credential's id.
    pub id: Vec<u8>,
    /// What it signs with.
    pub key: SoftKey,
}

/// A key pair of one of the algorithms of passkeys.
pub enum SoftKey {
    /// ECDSA with P-256.
    Es256(EcdsaKeyPair),
    /// Ed25519.
    EdDsa(Ed25519KeyPair),
    /// RSA with 2048 bits.
    Rs256(RsaKeyPair),
}

/// What browser and authenticator say at one ceremony. A test makes it say something else.
#[derive(Clone, Debug)]
pub struct Said {
    /// `webauthn.create` or `webauthn.get`.
    pub kind: String,
    /// As in the options.
    pub challenge: String,
    /// Of the page.
    pub origin: String,
    /// Whose hash stands in the authenticator's data.
    pub rp_id: String,
    /// The flags of a credential are set where one is given.
    pub flags: u8,
    /// The counter.
    pub counter: u32,
    /// Further members of the client data.
    pub more: Vec<(&'static str, Value)>,
    /// What follows the authenticator's data.
    pub tail: Vec<u8>,
    /// The key that is given, instead of the real one.
    pub cose: Option<Vec<u8>>,
}

/// Person present and verified.
pub const UP_UV: u8 = 0b101;

impl Said {
    /// What an honest browser says on the page of `origin`, with its host as the relying party.
    #[must_use]
    pub fn on(origin: &str, challenge: &str) -> Self {
        let host = origin.split("//").nth(1).unwrap_or_default();
        Self {
            kind: String::new(),
            challenge: challenge.to_owned(),
            origin: origin.to_owned(),
            rp_id: host.split(':').next().unwrap_or_default().to_owned(),
            flags: UP_UV,
            counter: 0,
            more: Vec::new(),
            tail: Vec::new(),
            cose: None,
        }
    }

    fn client_data(&self, kind: &str) -> Vec<u8> {
        let kind = if self.kind.is_empty() { kind } else { &self.kind };
        let mut said =
            json!({ "type": kind, "challenge": self.challenge, "origin": self.origin, "crossOrigin": false });
        for (name, value) in &self.more {
            said[*name] = value.clone();
        }
        serde_json::to_vec(&said).expect("JSON")
    }

    fn data(&self, credential: Option<&[u8]>) -> Vec<u8> {
        let flags = self.flags | if credential.is_some() { 0x40 } else { 0 };
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data.extend(credential.unwrap_or_default());
        data.extend(&self.tail);
        data
    }
}

impl SoftPasskey {
    /// A new one with ECDSA.
    ///
    /// # Panics
    /// Where no key can be drawn.
    #[must_use]
    pub fn new(id: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        Self { id: id.as_bytes().to_vec(), key: SoftKey::Es256(key) }
    }

    /// One of each algorithm.
    ///
    /// # Panics
    /// Where no key can be drawn.
    #[must_use]
    pub fn of_each_algorithm() -> [Self; 3] {
        let ed = Ed25519KeyPair::generate().expect("a key");
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let with = |id: &str, key| Self { id: id.as_bytes().to_vec(), key };
        [
            Self::new("one-es256"),
            with("one-eddsa", SoftKey::EdDsa(ed)),
            with("one-rs256", SoftKey::Rs256(rsa)),
        ]
    }

    /// The credential's id as it is written.
    #[must_use]
    pub fn written_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.id)
    }

    /// The answer to the options of a registration.
    #[must_use]
    pub fn register(&self, said: &Said) -> String {
        let key = said.cose.clone().unwrap_or_else(|| self.cose());
        let length = u16::try_from(self.id.len()).expect("short");
        let credential = [&[0; 16][..], &length.to_be_bytes(), &self.id, &key].concat();
        let data = said.data(Some(&credential));
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        object.extend(data);
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(said.client_data("webauthn.create")),
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "transports": ["internal", "hybrid"],
        });
        self.answer(&response)
    }

    /// The answer to the options of an authentication.
    #[must_use]
    pub fn authenticate(&self, said: &Said, user_handle: Option<&str>) -> String {
        let (client, data) = (said.client_data("webauthn.get"), said.data(None));
        let signed = [&data[..], digest(&SHA256, &client).as_ref()].concat();
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(self.key.sign(&signed)),
            "userHandle": user_handle,
        });
        self.answer(&response)
    }

    fn answer(&self, response: &Value) -> String {
        let id = self.written_id();
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {} })
            .to_string()
    }

    /// The public key, in COSE.
    ///
    /// # Panics
    /// Where the key cannot be written, which is never.
    #[must_use]
    pub fn cose(&self) -> Vec<u8> {
        match &self.key {
            SoftKey::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat()
            }
            SoftKey::EdDsa(pair) => {
                [b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", pair.public_key().as_ref()].concat()
            }
            SoftKey::Rs256(pair) => {
                let key = pair.public_key();
                let n = key.modulus().big_endian_without_leading_zero().to_vec();
                let length = u16::try_from(n.len()).expect("short").to_be_bytes();
                [b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59", &length[..], &n, b"\x21\x43\x01\x00\x01"].concat()
            }
        }
    }
}

impl SoftKey {
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(pair) => pair.sign(&random, message).expect("signed").as_ref().to_vec(),
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("signed");
                signature
            }
        }
    }
}

//! Tokens and keys from strangers: JWE and JWS readers under keys whose genuine tokens are the seeds, and readers of
//! keys and claims.
//!
//! Beyond "no panic": nothing but a seed, byte for byte, may open. So a change that a reader overlooks (a second
//! spelling of the same token, a part that is not authenticated) is a finding, not only a crash.
#![no_main]

use std::sync::LazyLock;

use keyward_jose::jwe::{self, ContentKey, Encryption, IV_LEN};
use keyward_jose::jwk::{Jwk, Jwks};
use keyward_jose::jws::{self, Algorithm, MacAlgorithm, MacKey, SigningKey};
use keyward_jose::jwt;
use libfuzzer_sys::fuzz_target;

/// A key and the only token that was ever made with it.
struct Genuine<Key> {
    key: Key,
    token: &'static str,
}

static SEALED: LazyLock<[Genuine<ContentKey>; 3]> = LazyLock::new(|| {
    use Encryption::{A256CbcHs512, A256Gcm};
    [
        sealed(
            A256Gcm,
            "4cba9c965b0f73dc1c2caad71b40f183dcfb6e3ea00ae6a6df08de39ad46527f",
            include_str!("../corpus/jose/session-next-auth-4"),
        ),
        sealed(
            A256CbcHs512,
            "ab762a2a32b94b9ee893514336df2cf234e6272c8fb189d08ac9df29687b4165\
             34a4e1477fbea82a4b4aed82271cf4670c59fecf05142fdeb828d5fb8fb5e255",
            include_str!("../corpus/jose/session-auth-js-5"),
        ),
        sealed(
            A256CbcHs512,
            "8fe8cc55026218b61640bc0fb190da67ee9b82d927f3a601904d43ab2ddb70fa\
             58be6a5f1641fa319fdee9aa424449372caac5d9fca93ca794d6b4c7dfc44408",
            include_str!("../corpus/jose/session-auth-js-5-secure"),
        ),
    ]
});

static SIGNED: LazyLock<Genuine<MacKey>> = LazyLock::new(|| {
    let key = bytes(
        "cf5e10bf28898718a7c9db6fec34686f16c184316270496fa1db23377658cde4\
         8e4d27d8fe36f8d9bde592797a624b4cc9e0c43ee093ebbb930a6906e69a3edf",
    );
    let key = MacKey::new(MacAlgorithm::Hs512, &key).expect("64 bytes are enough for HS512");
    Genuine { key, token: include_str!("../corpus/jose/session-next-auth-3") }
});

/// The examples of RFC 7515 appendix A.2 and RFC 8037 appendix A.4, whose algorithms know one signature for a text.
static KEYS: LazyLock<Jwks> =
    LazyLock::new(|| Jwks::parse(include_bytes!("../corpus/jose/jwks")).expect("the set is written by hand"));
const OF_PAIRS: [&str; 2] =
    [include_str!("../corpus/jose/rfc-7515-rs256"), include_str!("../corpus/jose/rfc-8037-eddsa")];

fuzz_target!(|data: &[u8]| {
    what_opens_is_genuine(data);
    what_is_sealed_opens(data);
    what_key_is_taken_is_written_as_it_was_read(data);
    // Whatever they say, they say it without a panic.
    let _ = Jwks::parse(data);
    let _ = SigningKey::from_jwk(data, None);
    let _ = jwt::parse_claims(data);
});

fn what_opens_is_genuine(data: &[u8]) {
    let Ok(token) = std::str::from_utf8(data) else { return };
    // Reading the header alone must not fall over what the whole reader would refuse.
    let _ = jwe::peek(token);
    for genuine in SEALED.iter() {
        assert_eq!(jwe::decrypt(&genuine.key, token).is_ok(), token == genuine.token, "a forged token opens");
    }
    assert_eq!(jws::verify(&SIGNED.key, token).is_ok(), token == SIGNED.token, "a forged token verifies");
    let accepted = KEYS.verify(token, &Algorithm::ALL).is_ok();
    assert_eq!(accepted, OF_PAIRS.contains(&token), "a forged token of a key pair verifies");
}

fn what_is_sealed_opens(data: &[u8]) {
    for genuine in SEALED.iter() {
        if let Ok(token) = jwe::encrypt(&genuine.key, data, [7; IV_LEN]) {
            assert_eq!(jwe::decrypt(&genuine.key, &token).as_deref(), Ok(data));
        }
    }
    if let Ok(token) = jws::sign(&SIGNED.key, data) {
        assert_eq!(jws::verify(&SIGNED.key, &token).as_deref(), Ok(data));
    }
}

fn what_key_is_taken_is_written_as_it_was_read(data: &[u8]) {
    if let Ok(key) = Jwk::parse(data) {
        let written = key.to_json().to_string();
        assert_eq!(Jwk::parse(written.as_bytes()).as_ref().map(Jwk::algorithm), Ok(key.algorithm()));
    }
}

fn sealed(encryption: Encryption, key: &str, token: &'static str) -> Genuine<ContentKey> {
    let key = ContentKey::new(encryption, &bytes(key)).expect("the key has the length of its algorithm");
    Genuine { key, token }
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).expect("the key is written in hexadecimal")
}

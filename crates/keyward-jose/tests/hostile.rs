//! Changed, cut and arbitrary input: always a refusal, never a panic.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keyward_jose::jwe::{self, ContentKey, Encryption, IV_LEN};
use keyward_jose::jws::{self, MacAlgorithm, MacKey};
use keyward_jose::{MAX_TOKEN_LEN, TokenError};
use proptest::prelude::*;

const CLAIMS: &[u8] = br#"{"name":"Ada","email":"ada@example.com","sub":"user-1","exp":4102444800}"#;

#[test]
fn lesson_34_a_token_cut_at_every_length_or_changed_in_every_byte_is_refused() {
    for format in formats() {
        let token = format.make(CLAIMS, [3; IV_LEN]);
        let refused = |hostile: &str| {
            assert!(format.open(hostile).is_err(), "{}: accepted {hostile}", format.name);
        };
        assert_eq!(format.open(&token).unwrap(), CLAIMS, "{}", format.name);

        for len in 0..token.len() {
            refused(&token[..len]);
            refused(&token[len + 1..]);
        }
        for at in 0..=token.len() {
            let (before, after) = token.split_at(at);
            for inserted in ["A", "_", ".", "=", " ", "\0", "\n", "%", "\u{e9}"] {
                refused(&format!("{before}{inserted}{after}"));
            }
            let Some(original) = after.chars().next() else { continue };
            let rest = &after[1..];
            refused(&format!("{before}{rest}"));
            for other in (0..=0x7f_u8).map(char::from).chain(['\u{80}', '\u{ff}', '\u{20ac}']) {
                if other != original {
                    refused(&format!("{before}{other}{rest}"));
                }
            }
        }
    }
}

#[test]
fn a_token_of_one_format_is_refused_by_every_other() {
    for maker in formats() {
        let token = maker.make(CLAIMS, [3; IV_LEN]);
        for opener in formats() {
            assert_eq!(
                opener.open(&token).is_ok(),
                maker.name == opener.name,
                "{} {}",
                maker.name,
                opener.name
            );
        }
    }
}

#[test]
fn errors_say_nothing_of_the_token() {
    for format in formats() {
        let token = format.make(b"marked-claims", [3; IV_LEN]);
        for hostile in
            [&token[1..], &token[..token.len() - 2], "marked-token", &"marked".repeat(MAX_TOKEN_LEN)]
        {
            let error = format.open(hostile).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("marked") && !shown.contains("ey"), "{shown}");
        }
    }
}

proptest! {
    #[test]
    fn every_payload_comes_back(payload in prop::collection::vec(any::<u8>(), 0..600), iv: [u8; IV_LEN]) {
        for format in formats() {
            let token = format.make(&payload, iv);
            prop_assert_eq!(&format.open(&token).unwrap(), &payload);
        }
    }

    #[test]
    fn an_arbitrary_string_is_refused(text in any::<String>()) {
        refused_by_all(&text)?;
    }

    #[test]
    fn a_string_in_the_shape_of_a_token_is_refused(
        text in "(ey)?[A-Za-z0-9_=-]{0,40}(\\.[A-Za-z0-9_=-]{0,40}){0,6}",
    ) {
        refused_by_all(&text)?;
    }

    #[test]
    fn an_arbitrary_header_before_honest_parts_is_refused(
        header in prop_oneof![
            any::<String>(),
            "\\{(\"(alg|enc|kid|zip|crit|x)\":(\"(dir|A256GCM|A256CBC-HS512|HS512|HS256)\"|null|1|\\[\\]|\\{\\}),?){0,5}\\}",
        ],
    ) {
        let header = BASE64_URL_SAFE_NO_PAD.encode(header);
        for format in formats() {
            let token = format.make(CLAIMS, [3; IV_LEN]);
            let (honest, parts) = token.split_once('.').unwrap();
            if honest != header {
                let hostile = format!("{header}.{parts}");
                prop_assert!(format.open(&hostile).is_err(), "accepted {}", hostile);
            }
        }
        // Whatever it says about the header, it says it without a panic.
        let _ = jwe::peek(&format!("{header}...."));
    }

    #[test]
    fn an_honest_header_before_arbitrary_parts_is_refused(parts in "(\\.[A-Za-z0-9_-]{0,90}){1,5}") {
        for format in formats() {
            let token = format.make(CLAIMS, [3; IV_LEN]);
            let (header, _) = token.split_once('.').unwrap();
            refused_by_all(&format!("{header}{parts}"))?;
        }
    }
}

/// Nobody has the keys, so nothing that was not made with them may open.
fn refused_by_all(text: &str) -> Result<(), TestCaseError> {
    for format in formats() {
        prop_assert!(format.open(text).is_err(), "{}: accepted {text}", format.name);
    }
    Ok(())
}

/// One kind of token under one key.
struct Format {
    name: &'static str,
    key: Key,
}

enum Key {
    Content(ContentKey),
    Mac(MacKey),
}

impl Format {
    fn make(&self, payload: &[u8], iv: [u8; IV_LEN]) -> String {
        match &self.key {
            Key::Content(key) => jwe::encrypt(key, payload, iv),
            Key::Mac(key) => jws::sign(key, payload),
        }
        .expect("payloads here are short")
    }

    fn open(&self, token: &str) -> Result<Vec<u8>, TokenError> {
        match &self.key {
            Key::Content(key) => jwe::decrypt(key, token),
            Key::Mac(key) => jws::verify(key, token),
        }
    }
}

/// Each has a key of its own.
fn formats() -> [Format; 5] {
    let content = |encryption: Encryption, byte| {
        ContentKey::new(encryption, &vec![byte; encryption.key_len()]).expect("the length is right")
    };
    let mac = |algorithm, byte| MacKey::new(algorithm, &[byte; 64]).expect("64 bytes are enough");
    [
        Format { name: "A256GCM", key: Key::Content(content(Encryption::A256Gcm, 1)) },
        Format { name: "A256CBC-HS512", key: Key::Content(content(Encryption::A256CbcHs512, 2)) },
        Format {
            name: "A256CBC-HS512 with kid",
            key: Key::Content(content(Encryption::A256CbcHs512, 3).with_kid("label")),
        },
        Format { name: "HS256", key: Key::Mac(mac(MacAlgorithm::Hs256, 4)) },
        Format { name: "HS512", key: Key::Mac(mac(MacAlgorithm::Hs512, 5)) },
    ]
}

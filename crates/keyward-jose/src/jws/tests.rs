//! Published vectors, and what a token may not carry even where its signature is right.

use super::{MacAlgorithm, MacKey, sign, verify};
use crate::{KeyError, MAX_TOKEN_LEN, TokenError, compact};

const BOTH: [MacAlgorithm; 2] = [MacAlgorithm::Hs256, MacAlgorithm::Hs512];

#[test]
fn rfc_7515_a1_hs256_token_is_verified() {
    let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = MacKey::new(MacAlgorithm::Hs256, &compact::decode(key).unwrap()).unwrap();
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    assert_eq!(verify(&key, token).unwrap(), payload.as_bytes());
}

#[test]
fn payloads_round_trip_under_a_header_with_alg_alone() {
    for algorithm in BOTH {
        for len in (0..10).chain([4096]) {
            let payload = vec![b'p'; len];
            let token = sign(&key(algorithm), &payload).unwrap();
            let header = compact::decode(token.split('.').next().unwrap()).unwrap();
            assert_eq!(header, format!(r#"{{"alg":"{}"}}"#, algorithm.name()).as_bytes());
            assert_eq!(token.capacity(), token.len());
            assert_eq!(verify(&key(algorithm), &token).unwrap(), payload);
        }
    }
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_headers() {
    for (algorithm, other) in BOTH.into_iter().zip(BOTH.into_iter().rev()) {
        for alg in [other.name(), "none", "RS256", "", &algorithm.name().to_lowercase()] {
            let token = signed(algorithm, &format!(r#"{{"alg":"{alg}"}}"#));
            assert_eq!(verify(&key(algorithm), &token), Err(TokenError::Unsupported), "{alg}");
        }
        let foreign = sign(&key(other), b"claims").unwrap();
        assert_eq!(verify(&key(algorithm), &foreign), Err(TokenError::Unsupported));
    }
}

#[test]
fn crit_zip_and_doubled_members_are_refused_under_a_right_signature() {
    for algorithm in BOTH {
        let alg = algorithm.name();
        for (header, error) in [
            (format!(r#"{{"alg":"{alg}","crit":["b64"],"b64":false}}"#), TokenError::Unsupported),
            (format!(r#"{{"alg":"{alg}","zip":"DEF"}}"#), TokenError::Unsupported),
            (format!(r#"{{"alg":"none","alg":"{alg}"}}"#), TokenError::Malformed),
            (format!(r#"{{"alg":"{alg}","typ":"a","typ":"b"}}"#), TokenError::Malformed),
            ("{}".to_owned(), TokenError::Malformed),
            ("[]".to_owned(), TokenError::Malformed),
        ] {
            assert_eq!(verify(&key(algorithm), &signed(algorithm, &header)), Err(error), "{header}");
        }
    }
}

#[test]
fn signatures_of_another_length_and_other_numbers_of_parts_are_malformed() {
    for algorithm in BOTH {
        let key = key(algorithm);
        let token = sign(&key, b"claims").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let bytes = compact::decode(signature).unwrap();
        let longer = [bytes.clone(), vec![0]].concat();
        for other in [&bytes[..0], &bytes[..bytes.len() - 1], &bytes[..bytes.len() / 2], &longer] {
            let hostile = format!("{signed}.{}", compact::encode(other));
            assert_eq!(verify(&key, &hostile), Err(TokenError::Malformed));
        }
        for hostile in
            [signed, "", "..", &format!("{token}."), &format!("{token}="), &format!("{token}.{token}")]
        {
            assert_eq!(verify(&key, hostile), Err(TokenError::Malformed), "{hostile}");
        }
    }
}

#[test]
fn another_key_is_not_authentic() {
    for algorithm in BOTH {
        let other = MacKey::new(algorithm, &[8; 64]).unwrap();
        let token = sign(&other, b"claims").unwrap();
        assert_eq!(verify(&key(algorithm), &token), Err(TokenError::NotAuthentic));
    }
}

#[test]
fn a_token_has_at_most_64_kib_when_read_and_when_made() {
    let key = key(MacAlgorithm::Hs512);
    assert_eq!(sign(&key, &vec![0; MAX_TOKEN_LEN]), Err(TokenError::TooLong));
    assert!(verify(&key, &sign(&key, &[0; 49_000]).unwrap()).is_ok());
    assert_eq!(verify(&key, &"a".repeat(MAX_TOKEN_LEN + 1)), Err(TokenError::TooLong));
}

#[test]
fn a_key_shorter_than_the_hash_is_refused() {
    for algorithm in BOTH {
        let minimum = algorithm.output_len();
        let error = MacKey::new(algorithm, &vec![0; minimum - 1]).unwrap_err();
        assert_eq!(error, KeyError::TooShort { algorithm: algorithm.name(), minimum, actual: minimum - 1 });
        assert!(MacKey::new(algorithm, &vec![0; minimum]).is_ok());
    }
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", MacKey::new(MacAlgorithm::Hs512, &[0xAB; 64]).unwrap());
    assert_eq!(shown, "MacKey { algorithm: Hs512, .. }");
}

fn key(algorithm: MacAlgorithm) -> MacKey {
    MacKey::new(algorithm, &[7; 64]).unwrap()
}

/// An authentic token under the usual key with any header.
fn signed(algorithm: MacAlgorithm, header: &str) -> String {
    let mut token = compact::encode(header.as_bytes());
    compact::push(&mut token, b"claims");
    let signature = aws_lc_rs::hmac::sign(&key(algorithm).key, token.as_bytes());
    compact::push(&mut token, signature.as_ref());
    token
}

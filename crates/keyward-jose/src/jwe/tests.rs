//! What a token may not carry, even where its tag is right. Each hostile token is sealed with the key itself, so that
//! only the rule under test can refuse it.

use super::{ContentKey, Encryption, Header, IV_LEN, decrypt, encrypt, peek};
use crate::{KeyError, MAX_TOKEN_LEN, TokenError, compact};

const BOTH: [Encryption; 2] = [Encryption::A256Gcm, Encryption::A256CbcHs512];
const IV: [u8; IV_LEN] = [5; IV_LEN];

#[test]
fn tokens_of_every_length_round_trip_with_and_without_kid() {
    for encryption in BOTH {
        for key in [key(encryption), key(encryption).with_kid("k\"1\u{e9}")] {
            for len in (0..70).chain([4095, 4096]) {
                let plaintext = vec![b'p'; len];
                let token = encrypt(&key, &plaintext, IV).unwrap();
                assert!(key.has_header_of(&token));
                assert_eq!(peek(&token).unwrap().kid.as_deref(), key.kid());
                assert_eq!(decrypt(&key, &token).unwrap(), plaintext);
            }
        }
    }
}

#[test]
fn a_token_is_made_in_one_allocation_of_its_exact_length() {
    for encryption in BOTH {
        for len in 0..40 {
            let token = encrypt(&key(encryption), &vec![0; len], IV).unwrap();
            assert_eq!(token.capacity(), token.len());
        }
    }
}

#[test]
fn the_header_is_written_as_nextauth_writes_it() {
    let header = |key: &ContentKey| String::from_utf8(compact::decode(&key.header).unwrap()).unwrap();
    assert_eq!(header(&key(Encryption::A256Gcm)), r#"{"alg":"dir","enc":"A256GCM"}"#);
    assert_eq!(
        header(&key(Encryption::A256CbcHs512).with_kid("label")),
        r#"{"alg":"dir","enc":"A256CBC-HS512","kid":"label"}"#
    );
}

#[test]
fn a_header_in_another_order_with_unknown_members_is_accepted() {
    for encryption in BOTH {
        let header = format!(
            "{{ \"typ\":\"JWT\", \"x\":[{{}},1e3], \"enc\":\"{}\", \"a\\u006cg\":\"dir\" }}",
            encryption.name()
        );
        assert_eq!(decrypt(&key(encryption), &sealed(encryption, &header)).unwrap(), b"claims");
    }
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_headers() {
    for (encryption, other) in BOTH.into_iter().zip(BOTH.into_iter().rev()) {
        for header in [
            format!(r#"{{"alg":"dir","enc":"{}"}}"#, other.name()),
            r#"{"alg":"dir","enc":"A128CBC-HS256"}"#.to_owned(),
            r#"{"alg":"dir"}"#.to_owned(),
            format!(r#"{{"alg":"none","enc":"{}"}}"#, encryption.name()),
            format!(r#"{{"alg":"DIR","enc":"{}"}}"#, encryption.name()),
            format!(r#"{{"alg":"dir","enc":"{}"}}"#, encryption.name().to_lowercase()),
        ] {
            let token = sealed(encryption, &header);
            assert_eq!(decrypt(&key(encryption), &token), Err(TokenError::Unsupported), "{header}");
        }
    }
}

#[test]
fn zip_and_crit_are_refused_with_any_value_and_zip_can_be_seen() {
    for encryption in BOTH {
        for member in
            [r#""zip":"DEF""#, r#""zip":null"#, r#""z\u0069p":"DEF""#, r#""crit":["exp"]"#, r#""crit":[]"#]
        {
            let header = format!(r#"{{"alg":"dir","enc":"{}",{member}}}"#, encryption.name());
            let token = sealed(encryption, &header);
            assert_eq!(decrypt(&key(encryption), &token), Err(TokenError::Unsupported), "{header}");
            if !member.contains("crit") {
                let peeked = peek(&token).unwrap();
                assert!(peeked.zip);
                assert_eq!(peeked.encryption(), None);
            }
        }
    }
}

#[test]
fn a_header_that_is_not_one_object_of_distinct_members_is_malformed() {
    for encryption in BOTH {
        let enc = encryption.name();
        for header in [
            format!(r#"{{"alg":"dir","enc":"{enc}","alg":"dir"}}"#),
            format!(r#"{{"alg":"dir","enc":"{enc}","\u0065nc":"{enc}"}}"#),
            format!(r#"{{"alg":"dir","enc":"{enc}","x":1,"x":1}}"#),
            format!(r#"{{"alg":"dir","enc":"{enc}","crit":["b"],"crit":["b"]}}"#),
            format!(r#"{{"alg":"dir","enc":"{enc}"}} {{}}"#),
            format!(r#"{{"alg":"dir","enc":"{enc}",}}"#),
            format!(r#"{{"alg":"dir","enc":"{enc}","kid":1}}"#),
            format!(r#"{{"alg":["dir"],"enc":"{enc}"}}"#),
            format!(r#"{{"enc":"{enc}"}}"#),
            format!(r#"["dir","{enc}"]"#),
            "null".to_owned(),
            String::new(),
            format!(r#"{{"alg":"dir","enc":"{enc}","x":{}}}"#, "[".repeat(30_000)),
        ] {
            let token = sealed(encryption, &header);
            assert_eq!(decrypt(&key(encryption), &token), Err(TokenError::Malformed), "{header}");
            assert_eq!(peek(&token), Err(TokenError::Malformed), "{header}");
        }
    }
}

#[test]
fn a_header_that_is_not_utf_8_is_malformed() {
    let key = key(Encryption::A256Gcm);
    let header = compact::encode(b"{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"x\":\"\xff\"}");
    assert_eq!(decrypt(&key, &sealed_under(&key, &header)), Err(TokenError::Malformed));
}

#[test]
fn an_encrypted_key_and_any_other_number_of_parts_are_malformed() {
    for encryption in BOTH {
        let key = key(encryption);
        let token = encrypt(&key, b"claims", IV).unwrap();
        for hostile in [
            token.replacen("..", ".AA.", 1),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{token}"),
            token.replacen("..", ".", 1),
            token.replace('.', ""),
            "....".to_owned(),
            String::new(),
        ] {
            assert_eq!(decrypt(&key, &hostile), Err(TokenError::Malformed), "{hostile}");
        }
    }
}

#[test]
fn vectors_and_tags_of_another_length_are_malformed() {
    for encryption in BOTH {
        let key = key(encryption);
        let token = encrypt(&key, b"claims", IV).unwrap();
        for part in [2, 4] {
            let full = compact::decode(token.split('.').nth(part).unwrap()).unwrap();
            let longer = [full.clone(), vec![0]].concat();
            for other in [&full[..0], &full[..full.len() - 1], &full[..4], &longer] {
                let hostile = with_part(&token, part, &compact::encode(other));
                assert_eq!(decrypt(&key, &hostile), Err(TokenError::Malformed));
            }
        }
    }
}

#[test]
fn each_part_has_one_spelling() {
    for encryption in BOTH {
        let key = key(encryption);
        // 16 bytes of content and the lengths of vectors and tags leave unused bits in some part of each token.
        let token = encrypt(&key, &[1; 16], IV).unwrap();
        let mut respelled = 0;
        for part in [0, 2, 3, 4] {
            let text = token.split('.').nth(part).unwrap();
            let mut hostile =
                vec![format!("{text}="), format!("{text}=="), format!("{text}\n"), format!(" {text}")];
            hostile.push(format!("{text}A"));
            if text.len() % 4 != 0 {
                respelled += 1;
                hostile.push(with_unused_bits(text));
            }
            for hostile in hostile {
                let hostile = with_part(&token, part, &hostile);
                assert!(decrypt(&key, &hostile).is_err(), "{hostile}");
            }
        }
        assert!(respelled > 0);
    }
}

#[test]
fn another_key_or_a_kid_changed_in_the_header_is_not_authentic() {
    for encryption in BOTH {
        let token = encrypt(&key(encryption).with_kid("one"), b"claims", IV).unwrap();
        let other = ContentKey::new(encryption, &vec![8; encryption.key_len()]).unwrap();
        assert_eq!(decrypt(&other, &token), Err(TokenError::NotAuthentic));
        let relabelled = with_part(&token, 0, &key(encryption).with_kid("two").header);
        assert_eq!(decrypt(&key(encryption), &relabelled), Err(TokenError::NotAuthentic));
        // The label is no part of the key: a token without or with another one opens.
        assert_eq!(decrypt(&key(encryption), &token).unwrap(), b"claims");
    }
}

#[test]
fn a_token_has_at_most_64_kib_when_read_and_when_made() {
    for encryption in BOTH {
        let key = key(encryption);
        let refused = |len: usize| encrypt(&key, &vec![0; len], IV) == Err(TokenError::TooLong);
        let longest = (0..MAX_TOKEN_LEN).rev().find(|&len| !refused(len)).unwrap();
        assert!(longest > 48_000, "{longest}");
        let token = encrypt(&key, &vec![0; longest], IV).unwrap();
        assert!(token.len() <= MAX_TOKEN_LEN);
        assert_eq!(decrypt(&key, &token).unwrap().len(), longest);

        let too_long = "a".repeat(MAX_TOKEN_LEN + 1);
        assert_eq!(decrypt(&key, &too_long), Err(TokenError::TooLong));
        assert_eq!(peek(&too_long), Err(TokenError::TooLong));
    }
}

#[test]
fn a_key_of_another_length_is_refused() {
    for encryption in BOTH {
        let expected = encryption.key_len();
        for actual in [0, 16, expected - 1, expected + 1, 96 - expected] {
            let error = ContentKey::new(encryption, &vec![0; actual]).unwrap_err();
            assert_eq!(error, KeyError::Length { algorithm: encryption.name(), expected, actual });
        }
    }
}

#[test]
fn debug_shows_no_key() {
    for encryption in BOTH {
        let key = ContentKey::new(encryption, &vec![0xAB; encryption.key_len()]).unwrap().with_kid("label");
        let shown = format!("{key:?}");
        assert!(shown.contains("label"));
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab, ab"), "{shown}");
    }
}

#[test]
fn a_key_says_which_tokens_have_its_header() {
    let plain = key(Encryption::A256Gcm);
    let labelled = key(Encryption::A256Gcm).with_kid("one");
    let token = encrypt(&labelled, b"claims", IV).unwrap();
    assert!(labelled.has_header_of(&token));
    assert!(!plain.has_header_of(&token));
    assert!(!labelled.has_header_of(&labelled.header));
    assert!(!labelled.has_header_of(""));
    let peeked = peek(&token).unwrap();
    let expected = Header {
        alg: "dir".to_owned(),
        enc: Some("A256GCM".to_owned()),
        kid: Some("one".to_owned()),
        typ: None,
        zip: false,
    };
    assert_eq!(peeked, expected);
    assert_eq!(peeked.encryption(), Some(Encryption::A256Gcm));
}

fn key(encryption: Encryption) -> ContentKey {
    ContentKey::new(encryption, &vec![7; encryption.key_len()]).unwrap()
}

/// An authentic token under the usual key with any header.
fn sealed(encryption: Encryption, header: &str) -> String {
    sealed_under(&key(encryption), &compact::encode(header.as_bytes()))
}

fn sealed_under(key: &ContentKey, encoded_header: &str) -> String {
    let mut content = b"claims".to_vec();
    let tag = key.cipher.seal(encoded_header.as_bytes(), &IV, &mut content);
    let mut token = format!("{encoded_header}.");
    compact::push(&mut token, &IV[..key.encryption.iv_len()]);
    compact::push(&mut token, &content);
    compact::push(&mut token, &tag[..key.encryption.tag_len()]);
    token
}

fn with_part(token: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

/// The same bytes with the lowest unused bit of the last character set.
fn with_unused_bits(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (start, last) = text.split_at(text.len() - 1);
    let value = ALPHABET.iter().position(|c| *c == last.as_bytes()[0]).unwrap();
    format!("{start}{}", char::from(ALPHABET[value | 1]))
}

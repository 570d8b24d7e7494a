//! What a token may not carry, even where its signature is right: each hostile token is signed with the key itself, so
//! that only the rule under test can refuse it.

use super::*;
use crate::{MAX_TOKEN_LEN, jws};

#[test]
fn the_header_has_alg_then_typ_and_kid_where_there_are_any() {
    let key = key(Algorithm::Es256);
    let header = |key: &SigningKey, typ| {
        let token = key.sign(typ, b"claims").unwrap();
        String::from_utf8(compact::decode(token.split('.').next().unwrap()).unwrap()).unwrap()
    };
    assert_eq!(header(&key, None), r#"{"alg":"ES256"}"#);
    assert_eq!(header(&key, Some("JWT")), r#"{"alg":"ES256","typ":"JWT"}"#);
    let key = key.with_kid("k\"1\u{e9}");
    assert_eq!(header(&key, Some("a\\b")), "{\"alg\":\"ES256\",\"typ\":\"a\\\\b\",\"kid\":\"k\\\"1\u{e9}\"}");
    let token = key.sign(Some("logout+jwt"), b"claims").unwrap();
    let peeked = jws::peek(&token).unwrap();
    assert_eq!((peeked.typ.as_deref(), peeked.kid.as_deref()), (Some("logout+jwt"), Some("k\"1\u{e9}")));
}

#[test]
fn every_algorithm_signs_what_its_public_half_verifies_in_one_allocation() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        for len in [0, 1, 2, 3, 4096] {
            let payload = vec![b'p'; len];
            let token = key.sign(None, &payload).unwrap();
            assert_eq!(token.capacity(), token.len());
            assert_eq!(public(&key).verify(&token).unwrap(), payload, "{algorithm:?}");
        }
    }
}

#[test]
fn a_fresh_key_is_another_one_each_time_and_is_read_back_from_pkcs8() {
    for algorithm in
        [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa]
    {
        let (one, two) = (SigningKey::generate(algorithm).unwrap(), SigningKey::generate(algorithm).unwrap());
        assert_ne!(one.public_jwk(), two.public_jwk());
        let again = SigningKey::from_pkcs8_der(algorithm, &one.to_pkcs8_der().unwrap()).unwrap();
        assert_eq!(again.public_jwk(), one.public_jwk());
        let token = again.sign(None, b"claims").unwrap();
        assert!(public(&one).verify(&token).is_ok());
        assert_eq!(public(&two).verify(&token), Err(TokenError::NotAuthentic));
    }
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_headers() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let others = Algorithm::ALL.into_iter().filter(|other| *other != algorithm).map(Algorithm::name);
        for alg in others.chain(["none", "None", "HS256", "HS512", "", "ed25519", "ES256K", "Ed448"]) {
            let token = signed(&key, &format!(r#"{{"alg":"{alg}"}}"#), b"claims");
            assert_eq!(public(&key).verify(&token), Err(TokenError::Unsupported), "{algorithm:?} {alg}");
        }
        let lower = signed(&key, &format!(r#"{{"alg":"{}"}}"#, algorithm.name().to_lowercase()), b"claims");
        assert_eq!(public(&key).verify(&lower), Err(TokenError::Unsupported));
    }
}

#[test]
fn ed25519_is_also_known_by_its_newer_name() {
    let key = key(Algorithm::EdDsa);
    let token = signed(&key, r#"{"alg":"Ed25519"}"#, b"claims");
    assert_eq!(public(&key).verify(&token).unwrap(), b"claims");
}

#[test]
fn crit_zip_and_doubled_members_are_refused_under_a_right_signature() {
    for algorithm in Algorithm::ALL {
        let alg = algorithm.name();
        let key = key(algorithm);
        for (header, error) in [
            (format!(r#"{{"alg":"{alg}","crit":["b64"],"b64":false}}"#), TokenError::Unsupported),
            (format!(r#"{{"alg":"{alg}","crit":[]}}"#), TokenError::Unsupported),
            (format!(r#"{{"alg":"{alg}","crit":null}}"#), TokenError::Unsupported),
            (format!(r#"{{"alg":"{alg}","zip":"DEF"}}"#), TokenError::Unsupported),
            (format!(r#"{{"alg":"none","alg":"{alg}"}}"#), TokenError::Malformed),
            (format!(r#"{{"alg":"{alg}","typ":"a","typ":"b"}}"#), TokenError::Malformed),
            (format!(r#"{{"alg":"{alg}","jwk":{{"a":1,"a":2}}}}"#), TokenError::Malformed),
            (format!(r#"{{"alg":["{alg}"]}}"#), TokenError::Malformed),
            (format!(r#"{{"alg":"{alg}","kid":7}}"#), TokenError::Malformed),
            (format!(r#"{{"alg":"{alg}","typ":null}}"#), TokenError::Malformed),
            ("{}".to_owned(), TokenError::Malformed),
            ("[]".to_owned(), TokenError::Malformed),
        ] {
            assert_eq!(public(&key).verify(&signed(&key, &header, b"claims")), Err(error), "{header}");
        }
        let unknown = format!(r#"{{"alg":"{alg}","jku":"https://attacker.example","jwk":{{}},"x":[1e3]}}"#);
        assert_eq!(public(&key).verify(&signed(&key, &unknown, b"claims")).unwrap(), b"claims");
    }
}

#[test]
fn signatures_of_another_length_and_other_numbers_of_parts_are_malformed() {
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let token = key.sign(None, b"claims").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let bytes = compact::decode(signature).unwrap();
        let (longer, padded) = ([&bytes[..], &[0]].concat(), [&[0], &bytes[..]].concat());
        for other in [&bytes[..0], &bytes[..bytes.len() - 1], &bytes[..bytes.len() / 2], &longer, &padded] {
            let hostile = format!("{signed}.{}", compact::encode(other));
            assert_eq!(public(&key).verify(&hostile), Err(TokenError::Malformed), "{algorithm:?}");
        }
        for hostile in
            [signed, "", "..", &format!("{token}."), &format!("{token}="), &format!("{token}.{token}")]
        {
            assert_eq!(public(&key).verify(hostile), Err(TokenError::Malformed), "{hostile}");
        }
    }
}

#[test]
fn a_token_has_at_most_64_kib_when_read_and_when_made() {
    let key = key(Algorithm::Es256);
    assert_eq!(key.sign(None, &vec![0; MAX_TOKEN_LEN]), Err(TokenError::TooLong));
    assert!(public(&key).verify(&key.sign(None, &[0; 49_000]).unwrap()).is_ok());
    assert_eq!(public(&key).verify(&"a".repeat(MAX_TOKEN_LEN + 1)), Err(TokenError::TooLong));
}

#[test]
fn a_private_key_that_is_not_of_the_algorithm_or_not_a_key_is_refused() {
    for algorithm in Algorithm::ALL {
        let own = key(algorithm);
        for other in
            [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa]
        {
            let der = key(other).to_pkcs8_der().unwrap();
            let same_kind =
                own.public_jwk().thumbprint_sha256() == key(other).public_jwk().thumbprint_sha256();
            let read = SigningKey::from_pkcs8_der(algorithm, &der).map(|_| ());
            assert_eq!(
                read,
                if same_kind { Ok(()) } else { Err(KeyError::Malformed) },
                "{algorithm:?} {other:?}"
            );
            for len in [0, 1, der.len() / 2, der.len() - 1] {
                assert!(SigningKey::from_pkcs8_der(algorithm, &der[..len]).is_err());
            }
        }
        for pem in [
            "",
            "key",
            "-----BEGIN PRIVATE KEY-----\n",
            "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
        ] {
            assert_eq!(
                SigningKey::from_pkcs8_pem(algorithm, pem.as_bytes()).unwrap_err(),
                KeyError::Malformed
            );
        }
    }
}

#[test]
fn a_private_jwk_whose_halves_do_not_belong_together_or_that_is_for_another_use_is_refused() {
    let examples: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/rfc.json")).unwrap();
    for index in [0, 1, 6] {
        let jwk = &examples[index]["key"];
        let with = |name: &str, value: serde_json::Value| {
            let mut changed = jwk.clone();
            changed[name] = value;
            SigningKey::from_jwk(changed.to_string().as_bytes(), None).map(|_| ())
        };
        let without = |name: &str| {
            let mut changed = jwk.clone();
            changed.as_object_mut().unwrap().remove(name);
            SigningKey::from_jwk(changed.to_string().as_bytes(), None).map(|_| ())
        };
        let d = jwk["d"].as_str().unwrap();
        let other_d = format!("{}{}", if d.starts_with('A') { "B" } else { "A" }, &d[1..]);
        assert_eq!(with("d", other_d.into()), Err(KeyError::Inconsistent));
        assert_eq!(with("d", format!("{d}=").into()), Err(KeyError::Malformed));
        assert_eq!(without("d"), Err(KeyError::Malformed));
        assert_eq!(without("kty"), Err(KeyError::Malformed));
        assert_eq!(with("use", "sig".into()), Ok(()));
        assert_eq!(with("use", "enc".into()), Err(KeyError::Unsupported));
        assert_eq!(with("key_ops", serde_json::json!(["sign"])), Ok(()));
        assert_eq!(with("key_ops", serde_json::json!(["verify"])), Err(KeyError::Unsupported));
        assert_eq!(with("alg", "HS256".into()), Err(KeyError::Unsupported));
    }
    let mut multi_prime = examples[0]["key"].clone();
    multi_prime["oth"] = serde_json::json!([]);
    assert_eq!(
        SigningKey::from_jwk(multi_prime.to_string().as_bytes(), None).unwrap_err(),
        KeyError::Unsupported
    );
}

#[test]
fn a_private_rsa_jwk_signs_with_its_alg_or_with_what_the_caller_names_or_with_rs256() {
    let examples: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/rfc.json")).unwrap();
    let mut jwk = examples[0]["key"].clone();
    let read = |jwk: &serde_json::Value, algorithm| {
        SigningKey::from_jwk(jwk.to_string().as_bytes(), algorithm).map(|key| key.algorithm())
    };
    assert_eq!(read(&jwk, None), Ok(Algorithm::Rs256));
    assert_eq!(read(&jwk, Some(Algorithm::Ps256)), Ok(Algorithm::Ps256));
    assert_eq!(read(&jwk, Some(Algorithm::Es256)), Err(KeyError::Unsupported));
    jwk["alg"] = "PS512".into();
    assert_eq!(read(&jwk, None), Ok(Algorithm::Ps512));
    assert_eq!(read(&jwk, Some(Algorithm::Ps256)), Err(KeyError::Unsupported));
}

#[test]
fn debug_shows_no_key() {
    let key = key(Algorithm::Es256).with_kid("label");
    assert_eq!(format!("{key:?}"), r#"SigningKey { algorithm: Es256, kid: Some("label"), .. }"#);
    assert_eq!(format!("{:?}", public(&key)), r#"VerifyingKey { algorithm: Es256, kid: Some("label"), .. }"#);
}

/// The test keys of npm jose: one of each kind.
fn key(algorithm: Algorithm) -> SigningKey {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/npm-jose-6.json")).unwrap();
    let keys = vectors["keys"].as_array().unwrap();
    keys.iter()
        .find_map(|key| SigningKey::from_pkcs8_pem(algorithm, key["pem"].as_str().unwrap().as_bytes()).ok())
        .unwrap()
}

fn public(key: &SigningKey) -> jws::VerifyingKey {
    key.public_jwk().verifying_key(key.algorithm()).unwrap()
}

/// An authentic token with any header.
fn signed(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let mut token = compact::encode(header.as_bytes());
    compact::push(&mut token, payload);
    let signature = key.signature(token.as_bytes(), key.public.signature_len()).unwrap();
    compact::push(&mut token, &signature);
    token
}

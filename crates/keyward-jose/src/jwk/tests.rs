//! Which keys are taken, which are refused, and which are left out of a set.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::TokenError;
use crate::jws::{MacAlgorithm, MacKey, SigningKey, sign};

#[test]
fn the_algorithm_follows_from_alg_then_from_the_curve_and_is_else_rs256() {
    for (index, expected) in
        [(0, Algorithm::Rs256), (1, Algorithm::Es256), (2, Algorithm::Es512), (6, Algorithm::EdDsa)]
    {
        assert_eq!(parse(&rfc(index)).unwrap().algorithm(), expected);
    }
    let rsa = |alg: &str| parse(&with(&rfc(0), "alg", alg.into()));
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        let jwk = rsa(alg).unwrap();
        assert_eq!(jwk.algorithm().name(), alg);
        for other in Algorithm::ALL {
            assert_eq!(jwk.verifying_key(other).is_ok(), other.name() == alg, "{alg} {other:?}");
        }
    }
    for alg in ["ES256", "EdDSA", "HS256", "none", "RSA-OAEP", "rs256", ""] {
        assert_eq!(rsa(alg), Err(KeyError::Unsupported), "{alg}");
    }
    for alg in ["ES384", "RS256", "ES256K"] {
        assert_eq!(parse(&with(&rfc(1), "alg", alg.into())), Err(KeyError::Unsupported), "{alg}");
    }
}

#[test]
fn an_rsa_key_without_alg_serves_what_the_caller_names_and_a_curve_serves_its_own_algorithm_alone() {
    let kind = |jwk: &Jwk| Algorithm::ALL.into_iter().filter(|alg| jwk.verifying_key(*alg).is_ok()).count();
    assert_eq!(kind(&parse(&rfc(0)).unwrap()), 6);
    for index in [1, 2, 6] {
        assert_eq!(kind(&parse(&rfc(index)).unwrap()), 1);
    }
}

#[test]
fn a_key_for_another_use_is_refused() {
    for (member, value, expected) in [
        ("use", json!("sig"), Ok(())),
        ("use", json!("enc"), Err(KeyError::Unsupported)),
        ("use", json!("SIG"), Err(KeyError::Unsupported)),
        ("use", json!(["sig"]), Err(KeyError::Malformed)),
        ("use", json!(null), Err(KeyError::Malformed)),
        ("key_ops", json!(["verify"]), Ok(())),
        ("key_ops", json!(["encrypt", "verify"]), Ok(())),
        ("key_ops", json!(["sign"]), Err(KeyError::Unsupported)),
        ("key_ops", json!([]), Err(KeyError::Unsupported)),
        ("key_ops", json!([7]), Err(KeyError::Unsupported)),
        ("key_ops", json!("verify"), Err(KeyError::Malformed)),
        ("kid", json!(7), Err(KeyError::Malformed)),
        ("kty", json!("rsa"), Err(KeyError::Unsupported)),
        ("kty", json!("oct"), Err(KeyError::Unsupported)),
        ("kty", json!("AKP"), Err(KeyError::Unsupported)),
        ("kty", json!(null), Err(KeyError::Malformed)),
        ("x5c", json!(["ignored"]), Ok(())),
    ] {
        assert_eq!(parse(&with(&rfc(0), member, value.clone())).map(|_| ()), expected, "{member} {value}");
    }
}

#[test]
fn an_rsa_key_has_2048_to_8192_bits_and_a_usable_exponent_each_in_its_one_spelling() {
    let number = |bits: usize| {
        let mut bytes = vec![0xff; bits.div_ceil(8)];
        bytes[0] >>= bytes.len() * 8 - bits;
        compact::encode(&bytes)
    };
    for bits in [1, 512, 1024, 2047, 8193, 16384] {
        assert_eq!(parse(&with(&rfc(0), "n", number(bits).into())), Err(KeyError::RsaSize { bits }));
    }
    for bits in [2048, 2049, 3072, 4096, 8192] {
        assert!(parse(&with(&rfc(0), "n", number(bits).into())).is_ok(), "{bits}");
    }
    let n = compact::decode(rfc(0)["n"].as_str().unwrap()).unwrap();
    let mut even = n.clone();
    *even.last_mut().unwrap() &= 0xfe;
    for (member, bytes, expected) in [
        ("n", [&[0], &n[..]].concat(), KeyError::Malformed),
        ("n", vec![], KeyError::Malformed),
        ("n", even, KeyError::Inconsistent),
        ("e", vec![], KeyError::Malformed),
        ("e", vec![0], KeyError::Malformed),
        ("e", vec![0, 1, 0, 1], KeyError::Malformed),
        ("e", vec![1], KeyError::Inconsistent),
        ("e", vec![2], KeyError::Inconsistent),
        ("e", vec![1, 0, 0, 0, 1], KeyError::Inconsistent),
    ] {
        let changed = with(&rfc(0), member, compact::encode(&bytes).into());
        assert_eq!(parse(&changed), Err(expected), "{member} {bytes:?}");
    }
    assert_eq!(parse(&with(&rfc(0), "e", "AQAB=".into())), Err(KeyError::Malformed));
    assert!(parse(&with(&rfc(0), "e", "Aw".into())).is_ok());
}

#[test]
fn a_key_of_the_wrong_curve_or_with_a_point_off_its_curve_is_refused() {
    let (p256, p521, ed25519) = (rfc(1), rfc(2), rfc(6));
    for (jwk, expected) in [
        (with(&p256, "crv", "P-384".into()), KeyError::Malformed),
        (with(&p256, "crv", "P-521".into()), KeyError::Malformed),
        (with(&p521, "crv", "P-256".into()), KeyError::Malformed),
        (with(&p256, "crv", "secp256k1".into()), KeyError::Unsupported),
        (with(&p256, "crv", "Ed25519".into()), KeyError::Unsupported),
        (with(&p256, "kty", "OKP".into()), KeyError::Unsupported),
        (with(&ed25519, "crv", "X25519".into()), KeyError::Unsupported),
        (with(&ed25519, "crv", "Ed448".into()), KeyError::Unsupported),
        (with(&ed25519, "crv", "P-256".into()), KeyError::Unsupported),
        (with(&p256, "x", p256["y"].clone()), KeyError::Inconsistent),
        (
            with(&with(&p256, "x", compact::encode(&[0; 32]).into()), "y", compact::encode(&[0; 32]).into()),
            KeyError::Inconsistent,
        ),
        (with(&p256, "x", compact::encode(&[0xff; 32]).into()), KeyError::Inconsistent),
        (with(&p256, "y", compact::encode(&[1; 31]).into()), KeyError::Malformed),
        (with(&p256, "y", compact::encode(&[1; 33]).into()), KeyError::Malformed),
        (with(&p256, "y", json!(7)), KeyError::Malformed),
        (with(&ed25519, "x", compact::encode(&[1; 31]).into()), KeyError::Malformed),
        (with(&ed25519, "x", "".into()), KeyError::Malformed),
    ] {
        assert_eq!(parse(&jwk), Err(expected), "{jwk}");
    }
}

#[test]
fn a_set_leaves_out_what_it_cannot_use_and_keeps_the_rest() {
    let unusable = [
        json!({"kty": "oct", "kid": "own", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}),
        json!({"kty": "AKP", "kid": "own", "alg": "ML-DSA-44", "pub": "AA"}),
        json!({"kty": "EC", "kid": "own", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "kid": "own", "n": "AQAB", "e": "AQAB"}),
        json!({"kid": "own"}),
        json!({}),
        with(&rfc(1), "use", "enc".into()),
        with(&rfc(1), "alg", "ECDH-ES".into()),
        with(&rfc(1), "x", rfc(1)["y"].clone()),
    ];
    let key = own();
    let mut keys = unusable.to_vec();
    keys.insert(4, key.public_jwk().to_json());
    let set = set(&keys).unwrap();
    let kept: Vec<_> = Algorithm::ALL.into_iter().flat_map(|alg| set.find(None, alg)).collect();
    assert_eq!(kept.len(), 1);
    let token = key.sign(None, b"claims").unwrap();
    assert_eq!(set.verify(&token, &Algorithm::ALL).unwrap().1, b"claims");
    assert!(set_of_none(&unusable));
}

#[test]
fn neither_none_nor_a_shared_secret_of_the_set_nor_the_public_key_as_secret_verifies() {
    let key = own();
    let public = key.public_jwk().to_json();
    let jwk = public.to_string();
    let modulus = compact::decode(public["n"].as_str().unwrap()).unwrap();
    let secret = [7; 64];
    let oct = json!({"kty": "oct", "kid": "own", "alg": "HS256", "k": compact::encode(&secret)});
    let set = set(&[public, oct]).unwrap();
    let key = set.find(Some("own"), Algorithm::Rs256).next().unwrap();
    for secret in [&secret[..], jwk.as_bytes(), &modulus, compact::encode(&modulus).as_bytes()] {
        for algorithm in [MacAlgorithm::Hs256, MacAlgorithm::Hs512] {
            let forged = sign(&MacKey::new(algorithm, secret).unwrap(), b"claims").unwrap();
            assert_eq!(set.verify(&forged, &Algorithm::ALL).unwrap_err(), TokenError::Unsupported);
            assert_eq!(key.verify(&forged), Err(TokenError::Unsupported));
        }
    }
    let honest = own().sign(None, b"claims").unwrap();
    let signature = honest.rsplit('.').next().unwrap();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        for signature in ["", signature] {
            let header = compact::encode(json!({"alg": alg, "kid": "own"}).to_string().as_bytes());
            let forged = format!("{header}.{}.{signature}", compact::encode(b"claims"));
            assert_eq!(set.verify(&forged, &Algorithm::ALL).unwrap_err(), TokenError::Unsupported);
            assert_eq!(key.verify(&forged), Err(TokenError::Unsupported));
        }
    }
}

#[test]
fn keys_are_found_by_label_and_algorithm_and_without_a_label_all_of_the_algorithm_are_tried() {
    let (one, two) = (SigningKey::generate(Algorithm::Es256).unwrap(), own());
    let nameless = SigningKey::generate(Algorithm::Es256).unwrap();
    let one = one.with_kid("one");
    let set = set(&[one.public_jwk().to_json(), nameless.public_jwk().to_json(), two.public_jwk().to_json()])
        .unwrap();
    let count = |kid, algorithm| set.find(kid, algorithm).count();
    assert_eq!(count(None, Algorithm::Es256), 2);
    assert_eq!(count(Some("one"), Algorithm::Es256), 1);
    assert_eq!(count(Some("one"), Algorithm::Es384), 0);
    assert_eq!(count(Some("one"), Algorithm::Rs256), 0);
    assert_eq!(count(Some("other"), Algorithm::Es256), 0);
    assert_eq!(count(Some(""), Algorithm::Es256), 0);

    let allowed = [Algorithm::Es256];
    for key in [&one, &nameless] {
        let token = key.sign(None, b"claims").unwrap();
        assert_eq!(set.verify(&token, &allowed).unwrap().0.kid(), key.public_jwk().kid());
        assert_eq!(set.verify(&token, &[Algorithm::Rs256]).unwrap_err(), TokenError::Unsupported);
    }
    assert!(set.verify(&two.sign(None, b"claims").unwrap(), &[Algorithm::Rs256]).is_ok());

    // What calls for the set to be fetched again, and what does not.
    let refusal = |key: SigningKey| set.verify(&key.sign(None, b"claims").unwrap(), &allowed).unwrap_err();
    let rotated = || SigningKey::generate(Algorithm::Es256).unwrap();
    assert_eq!(refusal(rotated().with_kid("three")), TokenError::UnknownKey);
    assert_eq!(refusal(rotated().with_kid("one")), TokenError::NotAuthentic);
    assert_eq!(refusal(rotated()), TokenError::NotAuthentic);
}

#[test]
fn two_keys_with_one_label_are_both_tried() {
    let keys = [0, 1].map(|_| SigningKey::generate(Algorithm::Es256).unwrap().with_kid("same"));
    let set = set(&keys.each_ref().map(|key| key.public_jwk().to_json())).unwrap();
    for key in &keys {
        let token = key.sign(None, b"claims").unwrap();
        assert!(set.verify(&token, &[Algorithm::Es256]).is_ok());
    }
}

#[test]
fn a_document_that_is_no_set_or_has_a_doubled_member_anywhere_is_refused() {
    let public = own().public_jwk().to_json().to_string();
    let doubled = public.replacen('{', r#"{"kty":"oct","#, 1);
    for document in [
        "",
        "[]",
        "null",
        "{}",
        "<!doctype html>",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":["text"]}"#,
        r#"{"keys":[],"keys":[]}"#,
        &format!(r#"{{"keys":[{doubled}]}}"#),
        &format!(r#"{{"keys":[{public}]}} {{}}"#),
        &public,
    ] {
        assert_eq!(Jwks::parse(document.as_bytes()).unwrap_err(), KeyError::Malformed, "{document}");
    }
    assert!(Jwks::parse(br#" {"keys":[],"more":{"a":1}} "#).is_ok());
}

#[test]
fn a_document_has_at_most_64_kib_and_64_keys() {
    let public = own().public_jwk().to_json();
    assert!(set(&vec![public.clone(); MAX_KEYS]).is_ok());
    assert_eq!(set(&vec![public; MAX_KEYS + 1]).unwrap_err(), KeyError::TooLarge);
    assert_eq!(set(&vec![json!({}); MAX_KEYS + 1]).unwrap_err(), KeyError::TooLarge);
    let padded = |len: usize| format!(r#"{{"keys":[]{}}}"#, " ".repeat(len - r#"{"keys":[]}"#.len()));
    assert!(Jwks::parse(padded(MAX_DOCUMENT_LEN).as_bytes()).is_ok());
    assert_eq!(Jwks::parse(padded(MAX_DOCUMENT_LEN + 1).as_bytes()).unwrap_err(), KeyError::TooLarge);
    assert_eq!(Jwk::parse(padded(MAX_DOCUMENT_LEN + 1).as_bytes()), Err(KeyError::TooLarge));
}

#[test]
fn errors_and_debug_say_nothing_of_a_private_key() {
    let d = rfc(1)["d"].as_str().unwrap().to_owned();
    let jwk = parse(&rfc(1)).unwrap();
    assert!(!format!("{jwk:?}{}", jwk.to_json()).contains(&d));
    let error = SigningKey::from_jwk(with(&rfc(1), "x", rfc(1)["y"].clone()).to_string().as_bytes(), None);
    assert!(!format!("{error:?}").contains(&d[1..]));
}

proptest! {
    #[test]
    fn an_arbitrary_document_is_answered_without_a_panic(text in any::<String>(), bytes: Vec<u8>) {
        prop_assert!(Jwks::parse(text.as_bytes()).is_err());
        prop_assert!(Jwks::parse(&bytes).is_err());
        prop_assert!(Jwk::parse(&bytes).is_err());
        prop_assert!(SigningKey::from_jwk(&bytes, None).is_err());
    }

    #[test]
    fn whatever_key_is_taken_is_written_as_it_was_read(
        kty in "RSA|EC|OKP|oct", crv in "P-256|P-384|P-521|Ed25519|x", alg in "RS256|PS256|ES256|EdDSA|HS256|x",
        x in prop_oneof![Just(32_usize), Just(48), Just(66), 0..70_usize],
        n in prop_oneof![Just(256_usize), 0..1100_usize],
        byte: u8, labelled: bool, named: bool,
    ) {
        let text = |len: usize| compact::encode(&vec![byte; len]);
        let mut jwk = json!({"kty": kty, "crv": crv, "x": text(x), "y": text(x), "n": text(n), "e": "AQAB", "k": text(n)});
        if labelled {
            jwk["kid"] = text(3).into();
        }
        if named {
            jwk["alg"] = alg.into();
        }
        if let Ok(read) = parse(&jwk) {
            prop_assert_eq!(parse(&read.to_json()), Ok(read.clone()));
            let again = set(&[read.to_json()]).unwrap();
            prop_assert!(again.find(read.kid(), read.algorithm()).next().is_some());
        }
    }
}

fn parse(jwk: &Value) -> Result<Jwk, KeyError> {
    Jwk::parse(jwk.to_string().as_bytes())
}

fn set(keys: &[Value]) -> Result<Jwks, KeyError> {
    Jwks::parse(json!({"keys": keys}).to_string().as_bytes())
}

fn set_of_none(keys: &[Value]) -> bool {
    let set = set(keys).unwrap();
    Algorithm::ALL.into_iter().all(|algorithm| set.find(None, algorithm).next().is_none())
}

/// One of the RFCs' example keys, with its private half.
fn rfc(index: usize) -> Value {
    let examples: Value = serde_json::from_str(include_str!("../../tests/vectors/rfc.json")).unwrap();
    examples[index]["key"].clone()
}

/// An RS256 key labelled `own`.
fn own() -> SigningKey {
    SigningKey::from_jwk(rfc(0).to_string().as_bytes(), None).unwrap().with_kid("own")
}

fn with(jwk: &Value, member: &str, value: Value) -> Value {
    let mut changed = jwk.clone();
    changed[member] = value;
    changed
}

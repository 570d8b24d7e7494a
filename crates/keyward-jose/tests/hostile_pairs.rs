//! Changed and forged signatures of key pairs: always a refusal.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use keyward_jose::TokenError;
use keyward_jose::jws::{Algorithm, SigningKey, VerifyingKey};
use serde_json::Value;

const CLAIMS: &[u8] = br#"{"iss":"https://issuer.example","sub":"user-1"}"#;

#[test]
fn lesson_34_a_token_of_a_key_pair_cut_at_every_length_or_changed_in_every_byte_is_refused() {
    for algorithm in Algorithm::ALL {
        let (private, public) = pair(algorithm);
        let token = private.sign(Some("JWT"), CLAIMS).unwrap();
        let refused = |hostile: &str| {
            assert!(public.verify(hostile).is_err(), "{algorithm:?}: accepted {hostile}");
        };
        assert_eq!(public.verify(&token).unwrap(), CLAIMS, "{algorithm:?}");

        for len in 0..token.len() {
            refused(&token[..len]);
            refused(&token[len + 1..]);
        }
        for at in 0..=token.len() {
            let (before, after) = token.split_at(at);
            for inserted in ["A", ".", "=", " ", "\u{e9}"] {
                refused(&format!("{before}{inserted}{after}"));
            }
            let Some(original) = after.chars().next() else { continue };
            let rest = &after[1..];
            refused(&format!("{before}{rest}"));
            // Every value of the last character, whose low bits are no part of the signature; elsewhere a few.
            let last: Vec<char> = (0..=0x7f_u8).map(char::from).collect();
            let others: &[char] = if rest.is_empty() { &last } else { &['A', 'B', '_', '.', '+', '\0'] };
            for other in others.iter().filter(|other| **other != original) {
                refused(&format!("{before}{other}{rest}"));
            }
        }
    }
}

#[test]
fn a_token_of_one_algorithm_is_refused_by_the_keys_of_every_other_also_under_their_name() {
    for maker in Algorithm::ALL {
        let token = pair(maker).0.sign(None, CLAIMS).unwrap();
        let (_, parts) = token.split_once('.').unwrap();
        for opener in Algorithm::ALL.into_iter().filter(|opener| *opener != maker) {
            let public = pair(opener).1;
            assert_eq!(public.verify(&token), Err(TokenError::Unsupported), "{maker:?} {opener:?}");
            let header = BASE64.encode(format!(r#"{{"alg":"{}"}}"#, opener.name()));
            assert!(public.verify(&format!("{header}.{parts}")).is_err(), "{maker:?} {opener:?}");
        }
    }
}

#[test]
fn ecdsa_signatures_of_zeros_and_of_the_curves_order_are_not_authentic() {
    let orders = [
        (Algorithm::Es256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        (
            Algorithm::Es384,
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
        ),
        (
            Algorithm::Es512,
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03b\
             b5c9b8899c47aebb6fb71e91386409",
        ),
    ];
    for (algorithm, order) in orders {
        let (private, public) = pair(algorithm);
        let token = private.sign(None, CLAIMS).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = BASE64.decode(signature).unwrap();
        let order = hex::decode(order).unwrap();
        let (zero, ones) = (vec![0; order.len()], vec![0xff; order.len()]);
        let mut one = zero.clone();
        *one.last_mut().unwrap() = 1;
        let (r, s) = signature.split_at(order.len());
        for (r, s) in [
            (&zero[..], &zero[..]), // CVE-2022-21449
            (&zero, s),
            (r, &zero),
            (&order, &order),
            (&order, s),
            (r, &order),
            (&ones, &ones),
            (&one, &one),
            (s, r),
        ] {
            let forged = format!("{signed}.{}", BASE64.encode([r, s].concat()));
            assert_eq!(public.verify(&forged), Err(TokenError::NotAuthentic), "{algorithm:?}");
        }
        assert!(public.verify(&token).is_ok());
    }
}

#[test]
fn an_ecdsa_signature_in_asn_1_is_malformed() {
    let (private, public) = pair(Algorithm::Es256);
    let der = private.to_pkcs8_der().unwrap();
    let asn1 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der).unwrap();
    let token = private.sign(None, CLAIMS).unwrap();
    let (signed, _) = token.rsplit_once('.').unwrap();
    let signature = asn1.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    let foreign = format!("{signed}.{}", BASE64.encode(signature.as_ref()));
    assert_eq!(public.verify(&foreign), Err(TokenError::Malformed));
}

#[test]
fn an_ed25519_signature_has_one_spelling_and_zeros_are_none() {
    let (private, public) = pair(Algorithm::EdDsa);
    let token = private.sign(None, CLAIMS).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut signature = BASE64.decode(signature).unwrap();
    // The number s again, plus the order of the group: equal to s for a verifier that does not reduce.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0;
    for (digit, added) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*digit) + u16::from(added) + carry;
        *digit = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    for forged in [signature, vec![0; 64], [&[1][..], &[0; 63]].concat()] {
        let forged = format!("{signed}.{}", BASE64.encode(forged));
        assert_eq!(public.verify(&forged), Err(TokenError::NotAuthentic));
    }
}

#[test]
fn rsa_signatures_of_zeros_ones_and_the_modulus_are_not_authentic() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256] {
        let (private, public) = pair(algorithm);
        let token = private.sign(None, CLAIMS).unwrap();
        let (signed, _) = token.rsplit_once('.').unwrap();
        let modulus =
            private.public_jwk().to_json()["n"].as_str().map(|n| BASE64.decode(n).unwrap()).unwrap();
        let mut one = vec![0; 256];
        one[255] = 1;
        for forged in [vec![0; 256], vec![0xff; 256], one, modulus] {
            let forged = format!("{signed}.{}", BASE64.encode(forged));
            assert_eq!(public.verify(&forged), Err(TokenError::NotAuthentic), "{algorithm:?}");
        }
    }
}

/// The test keys of npm jose: one of each kind.
fn pair(algorithm: Algorithm) -> (SigningKey, VerifyingKey) {
    let vectors: Value =
        serde_json::from_str(include_str!("vectors/npm-jose-6.json")).expect("a file of JSON");
    let keys = vectors["keys"].as_array().expect("a list");
    let read = |key: &Value| SigningKey::from_pkcs8_pem(algorithm, key["pem"].as_str()?.as_bytes()).ok();
    let private = keys.iter().find_map(read).expect("a key of each kind");
    let public = private.public_jwk().verifying_key(algorithm).expect("its own algorithm");
    (private, public)
}

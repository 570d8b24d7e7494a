//! Keys, tokens and thumbprints that others made: the RFCs' examples, and npm `jose` 6 with keys for this test alone.

use keyward_jose::TokenError;
use keyward_jose::jwk::{Jwk, Jwks};
use keyward_jose::jws::{self, Algorithm, SigningKey};
use serde_json::{Value, json};

#[test]
fn the_rfcs_tokens_are_verified_and_where_the_algorithm_is_reproducible_made_again_to_the_byte() {
    let examples = vectors(include_str!("vectors/rfc.json"));
    let examples = examples.as_array().unwrap();
    assert_eq!(examples.len(), 7);
    for example in examples {
        let source = text(&example["source"]);
        let algorithm = Algorithm::from_name(text(&example["alg"])).unwrap();
        let (token, payload) = (text(&example["token"]), text(&example["payload"]).as_bytes());
        let jwk = example["key"].to_string();

        let public = Jwk::parse(jwk.as_bytes()).unwrap();
        assert_eq!(public.verifying_key(algorithm).unwrap().verify(token).unwrap(), payload, "{source}");

        let private = SigningKey::from_jwk(jwk.as_bytes(), Some(algorithm)).unwrap();
        let own = private.sign(None, payload).unwrap();
        let reproducible = matches!(algorithm, Algorithm::Rs256 | Algorithm::EdDsa);
        assert_eq!(own == token, reproducible, "{source}");
        assert_eq!(jws::peek(&own).unwrap(), jws::peek(token).unwrap(), "{source}");
        assert_eq!(public.verifying_key(algorithm).unwrap().verify(&own).unwrap(), payload, "{source}");
    }
}

#[test]
fn the_rfcs_thumbprints_are_computed() {
    let of_rfc_7638 = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX\
              jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqz\
              s8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-\
              G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    });
    assert_eq!(thumbprint(&of_rfc_7638), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let of_rfc_8037 =
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    assert_eq!(thumbprint(&of_rfc_8037), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn tokens_of_npm_jose_are_verified_in_every_algorithm_by_the_set_and_by_each_key() {
    let vectors = vectors(include_str!("vectors/npm-jose-6.json"));
    let claims: Value = vectors["claims"].clone();
    let set = json!({"keys": vectors["keys"].as_array().unwrap().iter().map(labelled).collect::<Vec<_>>()});
    let set = Jwks::parse(set.to_string().as_bytes()).unwrap();
    let mut seen = Vec::new();
    for made in vectors["tokens"].as_array().unwrap() {
        let token = text(&made["token"]);
        let (key, payload) = set.verify(token, &Algorithm::ALL).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), claims);
        assert_eq!(Some(key.algorithm()), Algorithm::from_name(text(&made["alg"])));
        seen.push(key.algorithm());

        let others: Vec<_> = Algorithm::ALL.into_iter().filter(|other| *other != key.algorithm()).collect();
        assert_eq!(set.verify(token, &others).unwrap_err(), TokenError::Unsupported);
    }
    assert!(Algorithm::ALL.iter().all(|algorithm| seen.contains(algorithm)), "{seen:?}");
}

#[test]
fn keys_of_npm_jose_are_read_from_pem_der_and_jwk_and_are_one_key() {
    for key in vectors(include_str!("vectors/npm-jose-6.json"))["keys"].as_array().unwrap() {
        let from_jwk = SigningKey::from_jwk(key["jwk"].to_string().as_bytes(), None).unwrap();
        let algorithm = from_jwk.algorithm();
        let from_pem = SigningKey::from_pkcs8_pem(algorithm, text(&key["pem"]).as_bytes()).unwrap();
        let again = SigningKey::from_pkcs8_der(algorithm, &from_pem.to_pkcs8_der().unwrap()).unwrap();
        for read in [&from_jwk, &from_pem, &again] {
            assert_eq!(read.public_jwk().thumbprint_sha256(), text(&key["kid"]));
        }
        assert_eq!(from_pem.public_jwk(), again.public_jwk());
        assert_eq!(from_pem.public_jwk(), from_jwk.public_jwk());

        // Each member of the public half as npm jose writes it, and none of the private half.
        let written = from_jwk.public_jwk().to_json();
        for (name, value) in written.as_object().unwrap() {
            let expected = match name.as_str() {
                "use" => "sig",
                "alg" => algorithm.name(),
                other => text(&key["jwk"][other]),
            };
            assert_eq!(value, expected, "{name}");
        }
        for private in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(written.get(private).is_none(), "{private}");
        }
    }
}

fn vectors(json: &str) -> Value {
    serde_json::from_str(json).expect("a file of JSON")
}

/// The key as its owner would publish it, but with the private half still there.
fn labelled(key: &Value) -> Value {
    let mut jwk = key["jwk"].clone();
    jwk["kid"] = key["kid"].clone();
    jwk
}

fn thumbprint(jwk: &Value) -> String {
    Jwk::parse(jwk.to_string().as_bytes()).expect("a public key").thumbprint_sha256()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

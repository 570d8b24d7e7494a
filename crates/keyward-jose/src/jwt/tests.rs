//! Each rule of an ID token, on both sides of its edge.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jws::{Algorithm, MacAlgorithm};

const NOW: i64 = 1_700_000_000;
const TOLERANCE: i64 = 30;
const MAX_AGE: i64 = 600;
const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const AT_HASH: &str = "77QmUPtjPfzWtF2AnpK9RQ";

/// A claim's value, or its absence, and what becomes of the token.
type Case = (Option<Value>, Result<(), &'static str>);

#[test]
fn an_honest_id_token_is_accepted() {
    assert_eq!(check(&honest()), Ok(()));
}

#[test]
fn lesson_38_a_token_for_another_audience_is_refused() {
    let cases: Vec<Case> = vec![
        (Some(json!("client-1")), Ok(())),
        (Some(json!(["client-1"])), Ok(())),
        (Some(json!("client-2")), Err("aud_mismatch")),
        (Some(json!("CLIENT-1")), Err("aud_mismatch")),
        (Some(json!("client-1 ")), Err("aud_mismatch")),
        (Some(json!("client-1,client-2")), Err("aud_mismatch")),
        (Some(json!(["client-2"])), Err("aud_mismatch")),
        (Some(json!([""])), Err("aud_mismatch")),
        (None, Err("aud_missing")),
        (Some(json!(null)), Err("aud_missing")),
        (Some(json!([])), Err("aud_missing")),
        (Some(json!(["client-1", 7])), Err("aud_missing")),
        (Some(json!([["client-1"]])), Err("aud_missing")),
        (Some(json!({"client-1": true})), Err("aud_missing")),
    ];
    table("aud", cases);
}

#[test]
fn lesson_38_a_token_for_several_audiences_must_have_been_asked_for_by_this_client() {
    let several = set(&honest(), "aud", json!(["client-2", "client-1"]));
    let both: [(_, Result<(), _>); 2] = [(several, Err("azp_missing")), (honest(), Ok(()))];
    for (claims, without) in both {
        for (value, expected) in [
            (Some(json!("client-1")), Ok(())),
            (Some(json!("client-2")), Err("azp_mismatch")),
            (Some(json!("")), Err("azp_mismatch")),
            (Some(json!(null)), Err("azp_mismatch")),
            (Some(json!(["client-1"])), Err("azp_mismatch")),
            (None, without),
        ] {
            assert_eq!(check(&changed(&claims, "azp", value.clone())), expected, "{value:?}");
        }
    }
}

#[test]
fn lesson_38_a_token_of_another_issuer_is_refused() {
    let cases: Vec<Case> = vec![
        (None, Err("iss_missing")),
        (Some(json!(null)), Err("iss_missing")),
        (Some(json!(["https://issuer.example"])), Err("iss_missing")),
        (Some(json!("https://other.example")), Err("iss_mismatch")),
        (Some(json!("https://issuer.example/")), Err("iss_mismatch")),
        (Some(json!("https://ISSUER.example")), Err("iss_mismatch")),
        (Some(json!("https://issuer.example.evil.example")), Err("iss_mismatch")),
        (Some(json!("http://issuer.example")), Err("iss_mismatch")),
        (Some(json!("")), Err("iss_mismatch")),
    ];
    table("iss", cases);
}

#[test]
fn lesson_39_a_token_without_exp_or_one_that_has_expired_is_refused() {
    let cases: Vec<Case> = vec![
        (None, Err("exp_missing")),
        (Some(json!(null)), Err("exp_missing")),
        (Some(json!("4102444800")), Err("exp_missing")),
        (Some(json!(true)), Err("exp_missing")),
        (Some(json!([4_102_444_800_i64])), Err("exp_missing")),
        (Some(json!(1e300)), Err("exp_missing")),
        (Some(json!(u64::MAX)), Err("exp_missing")),
        (Some(json!(0)), Err("exp_past")),
        (Some(json!(-1)), Err("exp_past")),
        (Some(json!(i64::MIN)), Err("exp_past")),
        (Some(json!(NOW - TOLERANCE - 1)), Err("exp_past")),
        (Some(json!(NOW - TOLERANCE)), Err("exp_past")),
        (Some(json!(1_699_999_970.9)), Err("exp_past")),
        (Some(json!(NOW - TOLERANCE + 1)), Ok(())),
        (Some(json!(1_700_000_000.5)), Ok(())),
        (Some(json!(i64::MAX)), Ok(())),
    ];
    table("exp", cases);
}

#[test]
fn lesson_39_a_token_without_iat_or_from_the_future_or_too_old_is_refused() {
    let cases: Vec<Case> = vec![
        (None, Err("iat_missing")),
        (Some(json!(null)), Err("iat_missing")),
        (Some(json!("1700000000")), Err("iat_missing")),
        (Some(json!(-0.5)), Err("iat_missing")),
        (Some(json!(NOW)), Ok(())),
        (Some(json!(NOW + TOLERANCE)), Ok(())),
        (Some(json!(NOW + TOLERANCE + 1)), Err("iat_future")),
        (Some(json!(i64::MAX)), Err("iat_future")),
        (Some(json!(NOW - MAX_AGE - TOLERANCE)), Ok(())),
        (Some(json!(NOW - MAX_AGE - TOLERANCE - 1)), Err("iat_too_old")),
        (Some(json!(i64::MIN)), Err("iat_too_old")),
    ];
    table("iat", cases);

    let old = set(&honest(), "iat", json!(0));
    assert_eq!(check_with(&old, &IdTokenRules { max_age: None, ..rules() }, NOW), Ok(()));
    let absent = changed(&honest(), "iat", None);
    assert_eq!(check_with(&absent, &IdTokenRules { max_age: None, ..rules() }, NOW), Err("iat_missing"));
}

#[test]
fn a_token_that_begins_later_is_refused() {
    let cases: Vec<Case> = vec![
        (None, Ok(())),
        (Some(json!(0)), Ok(())),
        (Some(json!(NOW + TOLERANCE)), Ok(())),
        (Some(json!(NOW + TOLERANCE + 1)), Err("nbf_future")),
        (Some(json!(null)), Err("nbf_future")),
        (Some(json!("0")), Err("nbf_future")),
    ];
    table("nbf", cases);
}

#[test]
fn a_token_must_have_the_nonce_that_was_sent_and_none_where_none_was() {
    let cases: Vec<Case> = vec![
        (None, Err("nonce_missing")),
        (Some(json!("nonce-1")), Ok(())),
        (Some(json!("nonce-2")), Err("nonce_mismatch")),
        (Some(json!("nonce-")), Err("nonce_mismatch")),
        (Some(json!("")), Err("nonce_mismatch")),
        (Some(json!(null)), Err("nonce_mismatch")),
        (Some(json!(["nonce-1"])), Err("nonce_mismatch")),
    ];
    table("nonce", cases);

    let unasked = IdTokenRules { nonce: None, ..rules() };
    for (value, expected) in [
        (None, Ok(())),
        (Some(json!("nonce-1")), Err("nonce_unexpected")),
        (Some(json!("")), Err("nonce_unexpected")),
        (Some(json!(null)), Err("nonce_unexpected")),
    ] {
        assert_eq!(check_with(&changed(&honest(), "nonce", value), &unasked, NOW), expected);
    }
}

#[test]
fn a_token_names_a_subject_of_1_to_255_characters() {
    let cases: Vec<Case> = vec![
        (None, Err("sub_missing")),
        (Some(json!("")), Err("sub_missing")),
        (Some(json!(7)), Err("sub_missing")),
        (Some(json!(null)), Err("sub_missing")),
        (Some(json!("s".repeat(255))), Ok(())),
        (Some(json!("\u{e9}".repeat(255))), Ok(())),
        (Some(json!("s".repeat(256))), Err("sub_too_long")),
    ];
    table("sub", cases);
}

#[test]
fn at_hash_binds_the_access_token_by_the_hash_of_the_algorithm() {
    let cases: Vec<Case> = vec![
        (None, Ok(())),
        (Some(json!(AT_HASH)), Ok(())),
        (Some(json!("77QmUPtjPfzWtF2AnpK9RQ=")), Err("at_hash_mismatch")),
        (Some(json!("")), Err("at_hash_mismatch")),
        (Some(json!(null)), Err("at_hash_mismatch")),
        (Some(json!(half_hash(Hash::Sha256, "another token"))), Err("at_hash_mismatch")),
        (Some(json!(half_hash(Hash::Sha512, ACCESS_TOKEN))), Err("at_hash_mismatch")),
    ];
    table("at_hash", cases);

    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let claims = set(&honest(), "at_hash", half_hash(hash, ACCESS_TOKEN).into());
        for named in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let rules = IdTokenRules { access_token: Some((ACCESS_TOKEN, named)), ..rules() };
            assert_eq!(check_with(&claims, &rules, NOW).is_ok(), hash == named);
        }
    }
    let alone = IdTokenRules { access_token: None, ..rules() };
    assert_eq!(check_with(&set(&honest(), "at_hash", json!("any")), &alone, NOW), Ok(()));
}

#[test]
fn half_hashes_are_those_of_openid_connect_core_appendix_a() {
    assert_eq!(half_hash(Hash::Sha256, ACCESS_TOKEN), AT_HASH);
    let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
    assert_eq!(half_hash(Hash::Sha256, code), "LDktKdoQak3Pk0cnXxCltA");
    assert_eq!(half_hash(Hash::Sha384, code).len(), 32);
    assert_eq!(half_hash(Hash::Sha512, code).len(), 43);
    for algorithm in Algorithm::ALL {
        let expected = match algorithm.name() {
            "EdDSA" => Hash::Sha512, // by the definition of Ed25519
            name if name.ends_with("256") => Hash::Sha256,
            name if name.ends_with("384") => Hash::Sha384,
            _ => Hash::Sha512,
        };
        assert_eq!(algorithm.hash(), expected);
    }
    assert_eq!((MacAlgorithm::Hs256.hash(), MacAlgorithm::Hs512.hash()), (Hash::Sha256, Hash::Sha512));
}

#[test]
fn moments_at_the_ends_of_time_do_not_overflow() {
    let forever = IdTokenRules { max_age: Some(Duration::MAX), tolerance: Duration::MAX, ..rules() };
    for now in [i64::MIN, -1, 0, NOW, i64::MAX] {
        assert_eq!(check_with(&honest(), &forever, now), Ok(()), "{now}");
    }
    assert_eq!(check_with(&honest(), &rules(), i64::MAX), Err("exp_past"));
    assert_eq!(check_with(&honest(), &rules(), i64::MIN), Err("iat_future"));
}

#[test]
fn claims_are_one_object_without_doubled_members() {
    for payload in [r#"{"aud":"client-2","aud":"client-1"}"#, "[]", "null", "", "{}{}", "{\"a\":"] {
        assert_eq!(parse_claims(payload.as_bytes()), Err(TokenError::Malformed), "{payload}");
    }
    assert_eq!(parse_claims(br#"{"sub":"user-1"}"#).unwrap()["sub"], "user-1");
}

proptest! {
    #[test]
    fn a_claim_of_any_value_passes_only_where_the_rule_says_so(
        claim in prop::sample::select(vec!["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash"]),
        value in any_json(),
    ) {
        let accepted = check(&set(&honest(), claim, value.clone())).is_ok();
        let moment = seconds(&value);
        let right = match claim {
            "iss" => value == "https://issuer.example",
            "sub" => value.as_str().is_some_and(|sub| !sub.is_empty()),
            "aud" => value == "client-1" || value == json!(["client-1"]),
            "azp" => value == "client-1",
            "exp" => moment.is_some_and(|exp| exp > NOW - TOLERANCE),
            "iat" => moment.is_some_and(|iat| (NOW - MAX_AGE - TOLERANCE..=NOW + TOLERANCE).contains(&iat)),
            "nbf" => moment.is_some_and(|nbf| nbf <= NOW + TOLERANCE),
            "nonce" => value == "nonce-1",
            _ => value == AT_HASH,
        };
        prop_assert_eq!(accepted, right, "{} {}", claim, value);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (NOW - 700..NOW + 100).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec!["client-1", "https://issuer.example", "nonce-1", AT_HASH])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{0,3}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn table(claim: &str, cases: Vec<Case>) {
    for (value, expected) in cases {
        assert_eq!(check(&changed(&honest(), claim, value.clone())), expected, "{claim} {value:?}");
    }
}

fn check(claims: &Map<String, Value>) -> Result<(), &'static str> {
    check_with(claims, &rules(), NOW)
}

fn check_with(claims: &Map<String, Value>, rules: &IdTokenRules<'_>, now: i64) -> Result<(), &'static str> {
    check_id_token(claims, rules, now).map_err(ClaimFault::name)
}

fn rules() -> IdTokenRules<'static> {
    IdTokenRules {
        issuer: "https://issuer.example",
        client_id: "client-1",
        nonce: Some("nonce-1"),
        access_token: Some((ACCESS_TOKEN, Hash::Sha256)),
        max_age: Some(Duration::from_secs(MAX_AGE.unsigned_abs())),
        tolerance: Duration::from_secs(TOLERANCE.unsigned_abs()),
    }
}

fn honest() -> Map<String, Value> {
    let claims = json!({
        "iss": "https://issuer.example", "sub": "user-1", "aud": "client-1", "nonce": "nonce-1", "exp": NOW + 3600,
        "iat": NOW - 5, "at_hash": AT_HASH, "email": "ada@example.com",
    });
    claims.as_object().unwrap().clone()
}

fn set(claims: &Map<String, Value>, claim: &str, value: Value) -> Map<String, Value> {
    changed(claims, claim, Some(value))
}

fn changed(claims: &Map<String, Value>, claim: &str, value: Option<Value>) -> Map<String, Value> {
    let mut claims = claims.clone();
    match value {
        Some(value) => claims.insert(claim.to_owned(), value),
        None => claims.remove(claim),
    };
    claims
}

//! A hostile OpenID provider, or one in the middle: one attack at a time, each refused by the step that is there
//! for it. Prints its table.

use crate::hostile::{
    attacks::{ANSWERS, Attack, ID_TOKEN, METADATA, RESPONSE, USERINFO},
    op::{Op, Signed},
};
use keyward_providers::Code;
use serde_json::json;

#[tokio::test]
async fn the_honest_provider_signs_in() {
    let identity = Op::honest().sign_in().await.expect("signed in");
    assert_eq!(identity.profile.id, "ada");
    let identity = Op::honest().asked_by_userinfo().sign_in().await.expect("signed in");
    assert_eq!(identity.profile.name.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn lesson_38_no_id_token_but_the_right_one_is_believed() {
    refused(ID_TOKEN, Op::honest, |_| {}).await;
}

#[tokio::test]
async fn lesson_40_metadata_that_offers_alg_none_does_not_make_it_good() {
    let mut op = Op::honest();
    op.metadata.1["id_token_signing_alg_values_supported"] = json!(["none", "ES256"]);
    op.sign_in().await.expect("signed in with a signature");
    op.signed = Signed::Not;
    assert_eq!(op.refusal().await.0, Code::IdToken);
}

#[tokio::test]
async fn lesson_7_a_response_that_is_not_the_attempts_never_spends_its_code() {
    refused(RESPONSE, Op::honest, |op| assert_eq!(op.asked("/token"), 0, "the code left the house")).await;
}

#[tokio::test]
async fn documents_and_answers_that_cannot_be_trusted_end_the_sign_in() {
    refused(METADATA, Op::honest, |op| assert_eq!(op.asked("/token"), 0, "the code left the house")).await;
    refused(ANSWERS, Op::honest, |_| {}).await;
}

#[tokio::test]
async fn a_profile_that_is_not_the_persons_is_refused() {
    refused(USERINFO, || Op::honest().asked_by_userinfo(), |_| {}).await;
}

#[expect(clippy::print_stdout, reason = "the table is there to be read")]
async fn refused(attacks: &[Attack], honest: impl Fn() -> Op, then: impl Fn(&Op)) {
    for (name, make, code, word) in attacks {
        let mut op = honest();
        make(&mut op);
        let (got, detail) = op.refusal().await;
        println!("{name:48} {got:14} {detail}");
        assert_eq!(got, *code, "{name}: {detail}");
        assert!(detail.contains(word), "{name}: {detail}");
        for secret in ["secret", "the-code", "Bearer"] {
            assert!(!detail.contains(secret), "{name}: {detail}");
        }
        then(&op);
    }
}

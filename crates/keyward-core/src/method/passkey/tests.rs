//! What an honest browser and authenticator say, and everything that a hostile one could.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use keyward_testkit::{Said, SoftPasskey, UP_UV};
use serde_json::{Value, json};

use super::*;

const ORIGIN: &str = "https://app.test";
const CHALLENGE: &str = "Y2hhbGxlbmdl";
const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_123);

fn party() -> RelyingParty {
    RelyingParty { id: "app.test".to_owned(), name: "App".to_owned(), origins: vec![ORIGIN.to_owned()] }
}

fn ada() -> UserId {
    UserId("ada".to_owned())
}

fn said() -> Said {
    Said::on(ORIGIN, CHALLENGE)
}

fn registered(soft: &SoftPasskey) -> Passkey {
    register(&soft.register(&said()), &party(), CHALLENGE, &ada(), NOW).expect("registered")
}

fn refused_registration(answer: &str) -> Fault {
    register(answer, &party(), CHALLENGE, &ada(), NOW).expect_err("refused")
}

fn refused(answer: &str, passkey: &Passkey) -> Fault {
    authenticate(answer, &party(), CHALLENGE, passkey).expect_err("refused")
}

/// The answer with a member of its `response` (or its own, with an empty path) replaced.
fn changed(answer: &str, path: &[&str], value: Value) -> String {
    let mut answer: Value = serde_json::from_str(answer).expect("JSON");
    let (last, parents) = path.split_last().expect("a path");
    let at = parents.iter().fold(&mut answer, |at, name| &mut at[*name]);
    at[*last] = value;
    answer.to_string()
}

fn part(answer: &str, name: &str) -> Vec<u8> {
    let answer: Value = serde_json::from_str(answer).expect("JSON");
    URL_SAFE_NO_PAD.decode(answer["response"][name].as_str().expect("a text")).expect("base64url")
}

#[test]
fn a_passkey_of_each_algorithm_is_registered_and_signs_in() {
    for soft in SoftPasskey::of_each_algorithm() {
        let passkey = registered(&soft);
        assert_eq!((&passkey.id, &passkey.user), (&soft.written_id(), &ada()));
        assert_eq!((&*passkey.transports, passkey.counter, passkey.backed_up), ("internal,hybrid", 0, false));
        let handle = user_handle_of(&ada());
        for handle in [None, Some(""), Some(&*handle)] {
            let answer = soft.authenticate(&said(), handle);
            assert_eq!(claimed(&answer), Ok(soft.written_id()));
            assert_eq!(authenticate(&answer, &party(), CHALLENGE, &passkey), Ok((0, false)));
        }
    }
}

#[test]
fn lesson_44_hostile_answers_are_refused_each_for_its_reason() {
    let soft = SoftPasskey::new("passkey");
    let passkey = registered(&soft);
    let other_site = "the authenticator signed for another site";
    let not_verified = "the authenticator did not verify the person";
    let frame = "the answer comes from a frame in another site's page";
    let origin = "the answer comes from a page of another origin";
    type Turn = fn(&mut Said);
    let table: [(Turn, Fault); 17] = [
        (|said| said.origin = "https://evil.test".to_owned(), origin),
        (|said| said.origin = "https://app.test.evil.test".to_owned(), origin),
        (|said| said.origin = "http://app.test".to_owned(), origin),
        (|said| said.origin = "https://APP.test".to_owned(), origin),
        (|said| said.origin = "https://app.test:8443".to_owned(), origin),
        (|said| said.rp_id = "evil.test".to_owned(), other_site),
        (|said| said.rp_id = "App.test".to_owned(), other_site),
        (|said| said.challenge = "b3RoZXI".to_owned(), "the answer is to another challenge"),
        (|said| said.challenge = String::new(), "the answer is to another challenge"),
        (|said| said.kind = "payment.get".to_owned(), "the answer is to another kind of request"),
        (|said| said.flags = 0, not_verified),
        (|said| said.flags = 0b001, not_verified),
        (|said| said.flags = 0b100, not_verified),
        (|said| said.flags = UP_UV | 0x10, "the authenticator contradicts itself about backups"),
        (|said| said.flags = UP_UV | 0x80, "the authenticator's extensions cannot be read"),
        (|said| said.more = vec![("crossOrigin", json!(true))], frame),
        (|said| said.more = vec![("topOrigin", json!("https://evil.test"))], frame),
    ];
    for (turn, why) in table {
        let mut hostile = said();
        turn(&mut hostile);
        assert_eq!(refused(&soft.authenticate(&hostile, None), &passkey), why, "{hostile:?}");
        assert_eq!(refused_registration(&soft.register(&hostile)), why, "{hostile:?}");
    }
    let tail = Said { tail: vec![0], ..said() };
    let why = "something follows the authenticator's data";
    assert_eq!(refused(&soft.authenticate(&tail, None), &passkey), why);
    assert_eq!(refused_registration(&soft.register(&tail)), why);
}

#[test]
fn a_registration_is_no_authentication_and_the_other_way_round() {
    let soft = SoftPasskey::new("passkey");
    let passkey = registered(&soft);
    let create = Said { kind: "webauthn.create".to_owned(), ..said() };
    assert_eq!(
        refused(&soft.authenticate(&create, None), &passkey),
        "the answer is to another kind of request"
    );
    let get = Said { kind: "webauthn.get".to_owned(), ..said() };
    assert_eq!(refused_registration(&soft.register(&get)), "the answer is to another kind of request");
    let with_credential = Said { flags: UP_UV | 0x40, ..said() };
    assert_eq!(
        refused(&soft.authenticate(&with_credential, None), &passkey),
        "the new credential cannot be read"
    );
}

#[test]
fn lesson_44_another_persons_passkey_proves_nobody() {
    let (ours, theirs) = (SoftPasskey::new("ours"), SoftPasskey::new("theirs"));
    let passkey = registered(&ours);
    let answer = theirs.authenticate(&said(), None);
    assert_eq!(refused(&answer, &passkey), "the answer is by another passkey");
    let renamed = SoftPasskey { id: ours.id.clone(), key: SoftPasskey::new("x").key };
    assert_eq!(refused(&renamed.authenticate(&said(), None), &passkey), "the signature is not the passkey's");
    let bob = user_handle_of(&UserId("bob".to_owned()));
    assert_eq!(
        refused(&ours.authenticate(&said(), Some(&bob)), &passkey),
        "the passkey says that it is another person's"
    );
}

#[test]
fn a_counter_counts_on_or_there_is_a_copy() {
    let soft = SoftPasskey::new("passkey");
    for (before, now, good) in
        [(0, 0, true), (0, 1, true), (5, 6, true), (5, 5, false), (5, 4, false), (5, 0, false)]
    {
        let passkey = Passkey { counter: before, ..registered(&soft) };
        let answer = soft.authenticate(&Said { counter: now, ..said() }, None);
        let verdict = authenticate(&answer, &party(), CHALLENGE, &passkey);
        let expected = if good { Ok((now, false)) } else { Err("the passkey's counter went back") };
        assert_eq!(verdict, expected, "{before} {now}");
    }
}

#[test]
fn lesson_34_every_part_cut_at_each_length_and_with_each_byte_turned_is_refused() {
    let soft = SoftPasskey::new("passkey");
    let passkey = registered(&soft);
    let (answer, new) = (soft.authenticate(&said(), None), soft.register(&said()));
    for name in ["clientDataJSON", "authenticatorData", "signature"] {
        let whole = part(&answer, name);
        for at in 0..whole.len() {
            let cut = changed(&answer, &["response", name], json!(URL_SAFE_NO_PAD.encode(&whole[..at])));
            assert!(authenticate(&cut, &party(), CHALLENGE, &passkey).is_err(), "{name} {at}");
            let mut turned = whole.clone();
            turned[at] ^= 1;
            let turned = changed(&answer, &["response", name], json!(URL_SAFE_NO_PAD.encode(turned)));
            assert!(authenticate(&turned, &party(), CHALLENGE, &passkey).is_err(), "{name} {at} turned");
        }
    }
    let whole = part(&new, "attestationObject");
    for at in 0..whole.len() {
        let cut =
            changed(&new, &["response", "attestationObject"], json!(URL_SAFE_NO_PAD.encode(&whole[..at])));
        assert!(register(&cut, &party(), CHALLENGE, &ada(), NOW).is_err(), "{at}");
    }
}

#[test]
fn a_key_of_another_algorithm_or_form_is_refused() {
    let soft = SoftPasskey::new("passkey");
    let good = soft.cose();
    let replaced = |at: usize, byte: u8| {
        let mut key = good.clone();
        key[at] = byte;
        key
    };
    let table = [
        (replaced(2, 0x01), "an octet key pair with two coordinates"),
        (replaced(4, 0x27), "EdDSA on P-256"),
        (replaced(4, 0x38), "an algorithm that is cut"),
        (replaced(6, 0x02), "P-384"),
        (replaced(12, good[12] ^ 1), "no point of the curve"),
        ([&[0xa6], &good[1..], &[0x04, 0x01]].concat(), "a member too many"),
        (b"\xa4\x01\x01\x03\x27\x20\x06\x21\x40".to_vec(), "an empty key"),
        (b"\xa1\x01\x02".to_vec(), "nothing but a kind"),
    ];
    for (cose, why) in table {
        let hostile = Said { cose: Some(cose), ..said() };
        assert_eq!(
            refused_registration(&soft.register(&hostile)),
            "the new credential cannot be read",
            "{why}"
        );
    }
}

#[test]
fn an_answer_of_another_form_is_refused() {
    let soft = SoftPasskey::new("passkey");
    let passkey = registered(&soft);
    let (answer, new) = (soft.authenticate(&said(), None), soft.register(&said()));
    for (path, value) in [
        (&["id"][..], json!("b3RoZXI")),
        (&["rawId"], json!("b3RoZXI")),
        (&["type"], json!("password")),
        (&["response"], json!({})),
        (&["response", "clientDataJSON"], json!("!")),
        (&["response", "clientDataJSON"], json!("e30")),
        (&["response", "clientDataJSON"], json!("e30=")),
    ] {
        let (answer, new) = (changed(&answer, path, value.clone()), changed(&new, path, value));
        assert!(authenticate(&answer, &party(), CHALLENGE, &passkey).is_err(), "{path:?}");
        assert!(register(&new, &party(), CHALLENGE, &ada(), NOW).is_err(), "{path:?}");
    }
    for text in ["", "null", "[]", "{}", "\u{0}", &"x".repeat(LONGEST_ANSWER + 1)] {
        assert_eq!(claimed(text), Err("the answer cannot be read"));
    }
    let renamed = SoftPasskey { id: b"other".to_vec(), key: soft.key };
    let elsewhere = part(&renamed.register(&said()), "attestationObject");
    let swapped = changed(&new, &["response", "attestationObject"], json!(URL_SAFE_NO_PAD.encode(elsewhere)));
    assert_eq!(refused_registration(&swapped), "the new credential has another id than the answer");
}

#[test]
fn options_are_those_of_the_original_server() {
    let passkey = registered(&SoftPasskey::new("passkey"));
    let asked = authentication_options(&party(), CHALLENGE, std::slice::from_ref(&passkey));
    let known = json!([{ "id": passkey.id, "type": "public-key", "transports": ["internal", "hybrid"] }]);
    let expected = json!({ "challenge": CHALLENGE, "timeout": 300_000, "rpId": "app.test", "userVerification": "required", "allowCredentials": known });
    assert_eq!(asked, expected);
    let asked = registration_options(&party(), CHALLENGE, &ada(), ("ada@example.org", "Ada"), &[passkey]);
    assert_eq!(
        asked["user"],
        json!({ "id": user_handle_of(&ada()), "name": "ada@example.org", "displayName": "Ada" })
    );
    assert_eq!(asked["user"]["id"].as_str().map(str::len), Some(64));
    assert_eq!(asked["excludeCredentials"], known);
    assert_eq!(asked["pubKeyCredParams"][1], json!({ "alg": -7, "type": "public-key" }));
    assert_eq!(asked["attestation"], "none");
}

#[test]
fn transports_are_short_words_or_nothing() {
    let said =
        ["internal", "hybrid", "", "U<b>", "x\",\"y", "smart-card", &"a".repeat(21)].map(str::to_owned);
    assert_eq!(transports(&said), "internal,hybrid,smart-card");
}

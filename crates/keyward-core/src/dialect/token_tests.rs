//! The recorded tokens of each generation (protocol notes §4.4), and what must not pass for a session.

use serde_json::Value;

use super::*;

const SECRET: &str = "keyward-test-secret-0123456789abcdef";
const V3: &str = "eyJhbGciOiJIUzUxMiJ9.eyJuYW1lIjoiQWRhIiwiZW1haWwiOiJhZGFAZXhhbXBsZS5jb20iLCJwaWN0dXJlIjpudWxsLCJzdWIiOiJ1c2VyLTEiLCJpYXQiOjE3OTUyNDg1MDMsImV4cCI6NDEwMjQ0NDgwMH0.Uh1_SkmZ4EUVuYdLY8A2RTYqV2wcM7vg0_459tJ2ETUDGQ4wyJmfiocteCIZfFJmtH0TTv0SUOa3wZ4b8faN7A";
const V4: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..enMYdRPfq7p3p50q.yuko_0jraW1up_hu9ReJfL2sABjvFA7C8fAbalsLFE6uLtqrXWgqw0mgc5RLw3ef9JGz5FJyE1MjwT3Who_Gc1qbJ5snS5rN_b86CDe9LlqIkgcOA0XZZhJw1Tq3bDikwC34CtgyWXRAKJpHyzK55Iz-b31qu27FTgx4p-AMp6COa-PqDzP4RhQsYnfDo93AuBLI4aY.UxeET2N9Z_e8VYWhUU320Q";
const V5: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiZjFUZ0pFNUZCaDdBZ3NZZnhSVzVkVnk2Yk1hX1dSRlFNLVE4XzJJa1VhMFM0M2pjVGtVQXdzUEVLVndnNGNIQ2JmeWNuSUN6Y1F0Rmk1OHhzelVlQWcifQ..bM3qBtGO_glzuQw4fAFbOw.J4GRgowRRomMSmPhYxlkK7l84vnfSlhpYfxs5Ch3Gps3EACXo9XfmBSR4gw6plPxj5_FAs37YSDwtr6a-qtcPrSueFqItPF7j6g5oXWNk5yg3shlHtMyPG3f_2B9dz9WtqGRZecUrtyrxEomeFskpvTIk8gb0_w4eqAgDHlkZuOLpL7LQ1Vp9o7sW_9rY_tJwMIzsh1XOamgtreAxAavqQ.xUkejHSdVue1m2OE2AXfWcJuDbmt-BlXpUqgoCQKzgg";
const V5_SECURE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiUVJfdmdDQ3BRSVJpV191X1hicEhadVF6N1ltZGJqNldVNUdleFFyQ0JCajQ1WmxMWWhlV05EZ1lnRTczWlFnNzQtT0p2LUNVT0dwZ3Q2bU9tT0dCb1EifQ..YYQDXpSgkjGaVqwq2SGqgQ.WSbncm_7M5PiSkjch1_6NN9x68G1CQ91O-W_faEZw04Io1ev55kQWKU2DGtXggMW1MBSe3OnFf57d8jX97N3LJXj_WkTkajEylLjp9PEGSaJbYT7QTsT_Ppoatz5qXgxAZR_zLzPsbgJstaD821EwLAfWkbbmFO50DtWyjlqYsRs7mfFme4oL7P0pbIAX4DNRCfg_8wXFcBneBR3b5mtuA.7caHbhtih9M0il6IrqzDGMY14GE8bMlkTgefQD5Cs20";
const V4_STATE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..Lc8wGJzUARU4XR4v.sQuRcgtEYKKt7ilxbVRjzbQpKwgdGjB1TfYdHsxuX-oTpFWrkLpjlg-etN3L5ZJ7njbm7njmXgZhTgejOwQsv5izFuSjRNHSzPTrNpYifpMvXTUdqKfWcCPJn8bQA-2ixqjnJYaNBCOBlYXemOxhl2XlzqwoImw.Ux1Ib1_aCiOyJq2kydj4jg";
const V5_STATE: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiUWFNVW1tR0dDZ2JlcnRBd1V0SGFfZjBscHluR1FPXzRTeFFMbGlXUUtwY0RsVHdFWWRJajZTajQzeXl4TlcxUkltTXgtd2JteXRzekRPVzhxeXFGcXcifQ..L527U7LpZu7N1Hg9X85pnQ.8r_IUBULzFNFgaP0mpyWbZJlJpXRA9PMwcfmMt-CVaqSaPOKO-169hu40LsF4Uk4HrbDjxWsk56igCtyLOqTNQA9kXlWW9O0nstrq4nSIOM7E2oyN7K6ilK2xA5sqI7kXZjCLDRgcq_IT9WaN5sZmQ.O_uoqY6FWEOxbnP21c7jdrDCDu05_yP9WEbuvQO0W6o";

struct Sevens;
impl Random for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn keys(dialect: Dialect, cookie: &str) -> TokenKeys {
    TokenKeys::derive(dialect, &[Secret::from(SECRET)], cookie)
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_795_248_600)
}

fn all() -> [(TokenKeys, &'static str); 4] {
    [
        (keys(Dialect::NextAuth3, "next-auth.session-token"), V3),
        (keys(Dialect::NextAuth4, "next-auth.session-token"), V4),
        (keys(Dialect::AuthJs5, "authjs.session-token"), V5),
        (keys(Dialect::AuthJs5, "__Secure-authjs.session-token"), V5_SECURE),
    ]
}

#[test]
fn every_recorded_token_opens_with_the_key_of_its_generation() {
    for (keys, token) in all() {
        let claims = keys.open(token, now()).expect("a session");
        assert_eq!(claims.text("name"), Some("Ada"));
        assert_eq!(claims.text("email"), Some("ada@example.com"));
        assert_eq!(claims.get("picture"), Some(&Value::Null));
        assert_eq!(claims.text("sub"), Some("user-1"));
    }
}

#[test]
fn a_token_of_one_generation_or_cookie_is_no_session_of_another() {
    let all = all();
    for (i, (keys, _)) in all.iter().enumerate() {
        for (j, (_, token)) in all.iter().enumerate() {
            assert_eq!(keys.open(token, now()).is_some(), i == j, "key {i}, token {j}");
        }
    }
}

#[test]
fn lesson_54_a_sealed_state_is_no_session() {
    for (keys, _) in all() {
        assert!(keys.open(V4_STATE, now()).is_none());
        assert!(keys.open(V5_STATE, now()).is_none());
    }
    let (keys, _) = &all()[1];
    for payload in [
        serde_json::json!({"code_verifier": "x", "sub": "u"}),
        serde_json::json!({"value": "STATE", "provider": "github"}),
    ] {
        let mut claims = payload.as_object().expect("object").clone().into_iter().collect::<Claims>();
        let token = keys.seal(&mut claims, now(), Duration::from_secs(60), &Sevens).expect("short");
        assert!(keys.open(&token, now()).is_none(), "{payload}");
    }
}

#[test]
fn what_is_sealed_opens_until_it_expires() {
    for (keys, token) in all() {
        let mut claims = keys.open(token, now()).expect("a session");
        claims.set("role", "admin");
        let token = keys.seal(&mut claims, now(), Duration::from_secs(60), &Sevens).expect("short");
        let at = |secs| keys.open(&token, now().plus(Duration::from_secs(secs)));
        assert_eq!(at(0).expect("alive").text("role"), Some("admin"));
        assert!(at(59).is_some());
        assert!(at(75).is_none());
    }
}

#[test]
fn lesson_39_a_token_without_expiry_is_no_session() {
    let (keys, _) = &all()[1];
    let Key::Content(key) = &keys.keys[0] else { panic!("generation 4 encrypts") };
    for payload in
        [r#"{"sub":"u"}"#, r#"{"sub":"u","exp":"9999999999"}"#, r#"{"sub":"u","exp":null}"#, "[]", "1", ""]
    {
        let token = jwe::encrypt(key, payload.as_bytes(), [7; 16]).expect("short");
        assert!(keys.open(&token, now()).is_none(), "{payload}");
    }
}

#[test]
fn a_rotated_secret_still_opens_what_it_sealed_in_generation_5() {
    let cookie = "authjs.session-token";
    let secrets = [Secret::from("the new secret of this deployment, long enough"), Secret::from(SECRET)];
    let rotated = TokenKeys::derive(Dialect::AuthJs5, &secrets, cookie);
    let mut claims = rotated.open(V5, now()).expect("the old key still opens");
    let token = rotated.seal(&mut claims, now(), Duration::from_secs(60), &Sevens).expect("short");
    assert!(keys(Dialect::AuthJs5, cookie).open(&token, now()).is_none(), "sealed with the new key");
    assert!(rotated.open(&token, now()).is_some());
}

#[test]
fn lesson_34_a_token_cut_at_every_length_or_changed_in_every_byte_is_no_session() {
    for (keys, token) in all() {
        for end in 0..token.len() {
            assert!(keys.open(&token[..end], now()).is_none(), "cut at {end}");
        }
        for at in 0..token.len() {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(keys.open(&changed, now()).is_none(), "changed at {at}");
        }
    }
}

//! Keys and tokens made by the real NextAuth packages, all for one secret (protocol notes, section 4.4).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keyward_jose::jwe::{self, ContentKey, Encryption};
use keyward_jose::jws::{self, MacAlgorithm, MacKey};
use keyward_jose::{TokenError, jwk, kdf};
use zeroize::Zeroizing;

const SECRET: &[u8] = b"keyward-test-secret-0123456789abcdef";

#[test]
fn c3_a_version_3_session_is_verified_and_signed_again_to_the_byte() {
    let key = kdf::hkdf_sha256::<64>(SECRET, b"", b"NextAuth.js Generated Signing Key");
    assert_eq!(hex::encode(*key), V3_KEY);
    let key = MacKey::new(MacAlgorithm::Hs512, key.as_slice()).unwrap();
    let claims = jws::verify(&key, V3_SIGNED).unwrap();
    assert_eq!(text(&claims), session_claims(""));
    assert_eq!(jws::sign(&key, &claims).unwrap(), V3_SIGNED);
}

#[test]
fn c3_a_version_4_session_is_opened_and_sealed_again_to_the_byte() {
    let key = v4_key("");
    assert_eq!(hex::encode(*key), "4cba9c965b0f73dc1c2caad71b40f183dcfb6e3ea00ae6a6df08de39ad46527f");
    let claims = reseal(Encryption::A256Gcm, key.as_slice(), None, V4_SEALED).unwrap();
    assert_eq!(claims, session_claims("e75328e1-8e3c-4d26-92a9-59ccb1878e56"));
}

#[test]
fn c3_a_version_5_session_is_opened_and_sealed_again_to_the_byte() {
    for (salt, key_hex, kid, jti, token) in [
        (
            "authjs.session-token",
            V5_KEY,
            "f1TgJE5FBh7AgsYfxRW5dVy6bMa_WRFQM-Q8_2IkUa0S43jcTkUAwsPEKVwg4cHCbfycnICzcQtFi58xszUeAg",
            "7175cd0d-3d04-4b99-92c9-5e3023010359",
            V5_SEALED,
        ),
        (
            "__Secure-authjs.session-token",
            V5_KEY_SECURE,
            "QR_vgCCpQIRiW_u_XbpHZuQz7Ymdbj6WU5GexQrCBBj45ZlLYheWNDgYgE73ZQg74-OJv-CUOGpgt6mOmOGBoQ",
            "1ada06eb-d988-4ba7-b9c3-685b316f584e",
            V5_SEALED_SECURE,
        ),
    ] {
        let key = v5_key::<64>(salt);
        assert_eq!(hex::encode(*key), key_hex);
        assert_eq!(jwk::oct_thumbprint_sha512(key.as_slice()), kid);
        let claims = reseal(Encryption::A256CbcHs512, key.as_slice(), Some(kid), token).unwrap();
        assert_eq!(claims, session_claims(jti));
    }
}

#[test]
fn the_version_5_key_for_a256gcm_is_the_first_half_of_the_other_and_its_kid_is_of_sha_256() {
    let key = v5_key::<32>("authjs.session-token");
    assert_eq!(hex::encode(*key), V5_KEY[..64]);
    assert_eq!(jwk::oct_thumbprint_sha256(key.as_slice()), "WlQi9WAJFMA2oyccFj2eSYlhQI6P9WbrGcmQ5QEUmrk");
}

#[test]
fn sealed_state_of_versions_4_and_5_is_opened() {
    let key = v4_key("next-auth.state");
    let claims = reseal(Encryption::A256Gcm, key.as_slice(), None, V4_STATE).unwrap();
    assert!(claims.starts_with(r#"{"value":"STATE123","provider":"github","iat":"#), "{claims}");

    let key = v5_key::<64>("encodedState");
    let kid = jwk::oct_thumbprint_sha512(key.as_slice());
    let claims = reseal(Encryption::A256CbcHs512, key.as_slice(), Some(&kid), V5_STATE).unwrap();
    assert!(claims.starts_with(r#"{"random":"RANDOM_STATE","iat":"#), "{claims}");
}

#[test]
fn a_session_is_no_sealed_cookie_and_the_other_way_round() {
    let content_key = |bytes: &[u8]| ContentKey::new(Encryption::A256Gcm, bytes).unwrap();
    let session = content_key(v4_key("").as_slice());
    let state = content_key(v4_key("next-auth.state").as_slice());
    assert_eq!(jwe::decrypt(&state, V4_SEALED), Err(TokenError::NotAuthentic));
    assert_eq!(jwe::decrypt(&session, V4_STATE), Err(TokenError::NotAuthentic));
}

#[test]
fn keys_of_the_sealed_cookies_are_derived_as_the_packages_do() {
    for (salt, key) in V4_KEYS {
        assert_eq!(hex::encode(*v4_key(salt)), key, "{salt}");
    }
    for (salt, key) in V5_KEYS {
        assert_eq!(hex::encode(*v5_key::<64>(salt)), key, "{salt}");
    }
}

/// Opens a token, checks what its header says and that it comes out again to the byte when its plaintext is sealed with
/// its own initialisation vector, and gives the plaintext.
fn reseal(encryption: Encryption, key: &[u8], kid: Option<&str>, token: &str) -> Result<String, TokenError> {
    let header = jwe::peek(token)?;
    assert_eq!(header.encryption(), Some(encryption));
    assert_eq!(header.kid.as_deref(), kid);

    let key = ContentKey::new(encryption, key).expect("derived to the right length");
    let key = if let Some(kid) = kid { key.with_kid(kid) } else { key };
    assert!(key.has_header_of(token));
    let plaintext = jwe::decrypt(&key, token)?;
    assert_eq!(jwe::encrypt(&key, &plaintext, iv_of(token))?, token);
    Ok(text(&plaintext))
}

fn iv_of(token: &str) -> [u8; jwe::IV_LEN] {
    let encoded = token.split('.').nth(2).expect("five parts");
    let mut iv = BASE64_URL_SAFE_NO_PAD.decode(encoded).expect("base64url");
    iv.resize(jwe::IV_LEN, 0);
    iv.try_into().expect("resized")
}

fn v4_key(salt: &str) -> Zeroizing<[u8; 32]> {
    let info = match salt {
        "" => "NextAuth.js Generated Encryption Key".to_owned(),
        salt => format!("NextAuth.js Generated Encryption Key ({salt})"),
    };
    kdf::hkdf_sha256(SECRET, salt.as_bytes(), info.as_bytes())
}

fn v5_key<const N: usize>(salt: &str) -> Zeroizing<[u8; N]> {
    let info = format!("Auth.js Generated Encryption Key ({salt})");
    kdf::hkdf_sha256(SECRET, salt.as_bytes(), info.as_bytes())
}

fn session_claims(jti: &str) -> String {
    let jti = if jti.is_empty() { String::new() } else { format!(r#","jti":"{jti}""#) };
    format!(
        r#"{{"name":"Ada","email":"ada@example.com","picture":null,"sub":"user-1","iat":1795248503,"exp":4102444800{jti}}}"#
    )
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("claims are JSON")
}

const V3_KEY: &str = "\
    cf5e10bf28898718a7c9db6fec34686f16c184316270496fa1db23377658cde48e4d27d8fe36f8d9bde592797a624b4cc9\
    e0c43ee093ebbb930a6906e69a3edf";

const V5_KEY: &str = "\
    ab762a2a32b94b9ee893514336df2cf234e6272c8fb189d08ac9df29687b416534a4e1477fbea82a4b4aed82271cf4670c\
    59fecf05142fdeb828d5fb8fb5e255";

const V5_KEY_SECURE: &str = "\
    8fe8cc55026218b61640bc0fb190da67ee9b82d927f3a601904d43ab2ddb70fa58be6a5f1641fa319fdee9aa424449372c\
    aac5d9fca93ca794d6b4c7dfc44408";

/// Version 3, session, HS512.
const V3_SIGNED: &str = "\
    eyJhbGciOiJIUzUxMiJ9.eyJuYW1lIjoiQWRhIiwiZW1haWwiOiJhZGFAZXhhbXBsZS5jb20iLCJwaWN0dXJlIjpudWxsLCJzd\
    WIiOiJ1c2VyLTEiLCJpYXQiOjE3OTUyNDg1MDMsImV4cCI6NDEwMjQ0NDgwMH0.Uh1_SkmZ4EUVuYdLY8A2RTYqV2wcM7vg0_4\
    59tJ2ETUDGQ4wyJmfiocteCIZfFJmtH0TTv0SUOa3wZ4b8faN7A";

/// Version 4, session, A256GCM, no salt.
const V4_SEALED: &str = "\
    eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..enMYdRPfq7p3p50q.yuko_0jraW1up_hu9ReJfL2sABjvFA7C8fAbalsL\
    FE6uLtqrXWgqw0mgc5RLw3ef9JGz5FJyE1MjwT3Who_Gc1qbJ5snS5rN_b86CDe9LlqIkgcOA0XZZhJw1Tq3bDikwC34CtgyWX\
    RAKJpHyzK55Iz-b31qu27FTgx4p-AMp6COa-PqDzP4RhQsYnfDo93AuBLI4aY.UxeET2N9Z_e8VYWhUU320Q";

/// Version 5, session, A256CBC-HS512, salt `authjs.session-token`.
const V5_SEALED: &str = "\
    eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiZjFUZ0pFNUZCaDdBZ3NZZnhSVzVkVnk2Yk1hX1dSRl\
    FNLVE4XzJJa1VhMFM0M2pjVGtVQXdzUEVLVndnNGNIQ2JmeWNuSUN6Y1F0Rmk1OHhzelVlQWcifQ..bM3qBtGO_glzuQw4fAFb\
    Ow.J4GRgowRRomMSmPhYxlkK7l84vnfSlhpYfxs5Ch3Gps3EACXo9XfmBSR4gw6plPxj5_FAs37YSDwtr6a-qtcPrSueFqItPF\
    7j6g5oXWNk5yg3shlHtMyPG3f_2B9dz9WtqGRZecUrtyrxEomeFskpvTIk8gb0_w4eqAgDHlkZuOLpL7LQ1Vp9o7sW_9rY_tJw\
    MIzsh1XOamgtreAxAavqQ.xUkejHSdVue1m2OE2AXfWcJuDbmt-BlXpUqgoCQKzgg";

/// Version 5, session, salt `__Secure-authjs.session-token`.
const V5_SEALED_SECURE: &str = "\
    eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiUVJfdmdDQ3BRSVJpV191X1hicEhadVF6N1ltZGJqNl\
    dVNUdleFFyQ0JCajQ1WmxMWWhlV05EZ1lnRTczWlFnNzQtT0p2LUNVT0dwZ3Q2bU9tT0dCb1EifQ..YYQDXpSgkjGaVqwq2SGq\
    gQ.WSbncm_7M5PiSkjch1_6NN9x68G1CQ91O-W_faEZw04Io1ev55kQWKU2DGtXggMW1MBSe3OnFf57d8jX97N3LJXj_WkTkaj\
    EylLjp9PEGSaJbYT7QTsT_Ppoatz5qXgxAZR_zLzPsbgJstaD821EwLAfWkbbmFO50DtWyjlqYsRs7mfFme4oL7P0pbIAX4DNR\
    Cfg_8wXFcBneBR3b5mtuA.7caHbhtih9M0il6IrqzDGMY14GE8bMlkTgefQD5Cs20";

/// Version 4, state cookie, salt `next-auth.state`.
const V4_STATE: &str = "\
    eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..Lc8wGJzUARU4XR4v.sQuRcgtEYKKt7ilxbVRjzbQpKwgdGjB1TfYdHsxu\
    X-oTpFWrkLpjlg-etN3L5ZJ7njbm7njmXgZhTgejOwQsv5izFuSjRNHSzPTrNpYifpMvXTUdqKfWcCPJn8bQA-2ixqjnJYaNBC\
    OBlYXemOxhl2XlzqwoImw.Ux1Ib1_aCiOyJq2kydj4jg";

/// Version 5, `state` parameter, salt `encodedState`.
const V5_STATE: &str = "\
    eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiUWFNVW1tR0dDZ2JlcnRBd1V0SGFfZjBscHluR1FPXz\
    RTeFFMbGlXUUtwY0RsVHdFWWRJajZTajQzeXl4TlcxUkltTXgtd2JteXRzekRPVzhxeXFGcXcifQ..L527U7LpZu7N1Hg9X85p\
    nQ.8r_IUBULzFNFgaP0mpyWbZJlJpXRA9PMwcfmMt-CVaqSaPOKO-169hu40LsF4Uk4HrbDjxWsk56igCtyLOqTNQA9kXlWW9O\
    0nstrq4nSIOM7E2oyN7K6ilK2xA5sqI7kXZjCLDRgcq_IT9WaN5sZmQ.O_uoqY6FWEOxbnP21c7jdrDCDu05_yP9WEbuvQO0W6\
    o";

/// Salt and derived key.
const V4_KEYS: [(&str, &str); 4] = [
    ("next-auth.state", "0ec115b61d75659d13e016f07d4aa4b5d71e12270c9483af548201eb3f62103b"),
    ("next-auth.pkce.code_verifier", "2f80874c40ba981a8faae67e7944fac900f13b3be067f72e962c7ff409d2cfba"),
    ("next-auth.nonce", "df700fb9fd8b009b0b80eaa0c856b25c72c1c82257511b72544dfe59086b3285"),
    ("__Secure-next-auth.state", "8f74244a57e33321db069c0a3022a4045853a9c2e14556029c3a0ecb93ff7d96"),
];

/// Salt and derived key.
const V5_KEYS: [(&str, &str); 6] = [
    (
        "encodedState",
        "\
    1c5f8fbf3beb84a74c74c67929edc83e9c4d9071337c61fbd6bbfd90c1f1a2acf7d99dc7d5d32cc1971e029ca0b0d94a2b\
    7d8e5033ec7809f63d8d264f59647c",
    ),
    (
        "authjs.state",
        "\
    fa68deba2d36512d63b00b0c0c165f92a03f3262bfb0ed23d21bf012aa960e2db853da3402b6cea22108fff65cf36e286e\
    96fb72f13d0d4a2b024597eaef1cf8",
    ),
    (
        "authjs.pkce.code_verifier",
        "\
    3c4118a8922536230073616730ba826ff8174e761846e21d515d5b769cc97a3ed477242a61199e025d21c82b18547af385\
    f78cba2a8d027f8986cbc43e85b253",
    ),
    (
        "authjs.nonce",
        "\
    5cc3df4ae6e51a0c054d194f781571afede31f4de953f339f29066931572946c421885ed787607b1f52b3d9ef871926b2a\
    a8bca840e3f8b73c862fb52ee28582",
    ),
    (
        "authjs.challenge",
        "\
    857f9ec838c6e356a8a009af12c8eac12a004b278c50e777eb4a5641081b9646bc00008720d5fdedd8ff69c72d14b04b5b\
    065f93826ca98c6b2c8ed245a46048",
    ),
    (
        "encodedWebauthnChallenge",
        "\
    959b7474f9c4686b8a39487fd8775a1d53227c6bcc1d76b2b527e6c94a569c84c3ecc8201ef23ecccf86b5ecd1aadc6e4a\
    9db76fb5dba801d175e59958b04068",
    ),
];

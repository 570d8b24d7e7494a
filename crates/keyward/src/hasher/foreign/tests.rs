//! Hashes that other programs made (vectors/make.py says how), and those that nobody should make.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    port::{HashError, PasswordHasher},
    secret::Secret,
};
use serde_json::Value;

use super::{super::*, *};
use crate::random::SystemRandom;

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../vectors/vectors.json")).expect("vectors")
}

fn text<'v>(vector: &'v Value, name: &str) -> &'v str {
    vector[name].as_str().expect("a text")
}

fn import(vector: &Value) -> Result<ImportedHash, HashMistake> {
    let hash = text(vector, "hash");
    match vector["format"].as_str() {
        None => ImportedHash::read(hash),
        Some("aspnet-identity") => ImportedHash::aspnet_identity(hash),
        Some("keycloak") => ImportedHash::keycloak(&serde_json::from_str(hash).expect("JSON")),
        Some("better-auth") => ImportedHash::better_auth(hash),
        Some("firebase-scrypt") => {
            let (project, bytes) = (&vector["firebase"], base64::engine::general_purpose::STANDARD);
            let decode = |name| bytes.decode(text(project, name)).expect("base64");
            let project = FirebaseProject {
                signer_key: decode("signerKey"),
                salt_separator: decode("saltSeparator"),
                rounds: 8,
                mem_cost: 14,
            };
            ImportedHash::firebase(hash, text(vector, "salt"), &project)
        }
        Some(other) => panic!("{other}"),
    }
}

fn hasher() -> Argon2Hasher {
    let settings = HasherSettings { workers: 1, queue: 8, patience: Duration::from_secs(60) };
    Argon2Hasher::new(settings, Arc::new(SystemRandom))
}

#[tokio::test]
async fn every_hash_of_another_program_lets_its_password_in_and_is_told_to_be_outdated() {
    let (hasher, vectors) = (hasher(), vectors());
    assert!(vectors.len() > 90, "{}", vectors.len());
    for vector in &vectors {
        let name = format!("{}: {}", text(vector, "source"), text(vector, "hash"));
        let kept = import(vector).unwrap_or_else(|mistake| panic!("{name}: {mistake}"));
        let password = text(vector, "password");
        let verdict = hasher.verify(&password.into(), Some(kept.as_str())).await;
        let truncated = vector["truncates"] == true;
        let expected = if truncated { Verdict::Match } else { Verdict::MatchOutdated };
        assert_eq!(verdict, Ok(expected), "{name}");
        let verdict = hasher.verify(&Secret::from(format!("x{password}")), Some(kept.as_str())).await;
        assert_eq!(verdict, Ok(Verdict::NoMatch), "{name}");
    }
}

#[test]
fn what_is_kept_reads_back_as_itself_and_holds_nothing_to_configure() {
    for vector in vectors() {
        let kept = import(&vector).expect("read").into_string();
        assert!(kept.starts_with('$') || kept.starts_with("bcrypt_sha256$$2"), "{kept}");
        if !kept.starts_with("$argon2") {
            assert_eq!(Foreign::parse(&kept).expect("read").to_string(), kept);
        }
    }
}

#[tokio::test]
async fn what_bcrypt_did_not_read_lets_in_as_before_but_does_not_become_the_password() {
    let hasher = hasher();
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector["truncates"] == true).expect("one");
    let kept = import(vector).expect("read");
    let verify = async |password: &str| hasher.verify(&password.into(), Some(kept.as_str())).await;
    let long = text(vector, "password");
    let with_a_slip = format!("{}x", &long[..long.len() - 1]);
    assert_eq!(verify(&with_a_slip).await, Ok(Verdict::Match), "to bcrypt it is the same");
    assert_eq!(verify(&long[..72]).await, Ok(Verdict::MatchOutdated));
    assert_eq!(verify(&long[..71]).await, Ok(Verdict::NoMatch));
}

#[tokio::test]
async fn a_password_with_a_nul_is_nobodys_to_bcrypt() {
    let hasher = hasher();
    let stored = "$2b$04$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q";
    let hash = bcrypt_of("abc");
    for (password, expected) in [
        ("abc", Verdict::MatchOutdated),
        // C stops at it, and the key schedule repeats over it: neither lets in here.
        ("abc\0", Verdict::NoMatch),
        ("abc\0abc", Verdict::NoMatch),
        ("abc\0def", Verdict::NoMatch),
        ("\0abc", Verdict::NoMatch),
    ] {
        assert_eq!(hasher.verify(&password.into(), Some(&hash)).await, Ok(expected), "{password:?}");
    }
    assert_eq!(hasher.verify(&Secret::from("\0"), Some(stored)).await, Ok(Verdict::NoMatch));
}

fn bcrypt_of(password: &str) -> String {
    let salt = [7; BCRYPT_SALT];
    let made = bcrypt::bcrypt(4, salt, &[password.as_bytes(), b"\0"].concat());
    let way = Way::Bcrypt { letter: 'b', cost: 4, hashed_before: false };
    Foreign::new(way, salt.to_vec(), made[..BCRYPT_HASH].to_vec()).expect("within bounds").to_string()
}

#[test]
fn bits_behind_the_end_of_a_bcrypt_salt_are_ignored_as_everybody_does() {
    let hash = bcrypt_of("abc");
    let (before, after) = hash.split_at(28);
    // The last character of the salt stands for two bits, and has four to spare.
    let odd = format!("{before}{}", after.replacen('u', "v", 1));
    assert_ne!(odd, hash);
    assert_eq!(Foreign::parse(&odd).expect("read").to_string(), hash);
}

const TAIL: &str = "$BwcHBwcHBwcHBwcHBwcHBw$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

#[tokio::test]
async fn what_asks_for_more_than_an_attempt_may_cost_is_refused_when_it_is_imported_and_when_it_is_checked() {
    let hasher = hasher();
    let bcrypt = "$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q";
    for hash in [
        // 4 GiB, and more.
        format!("$argon2id$v=19$m=4194304,t=1,p=1{TAIL}"),
        format!("$argon2i$v=19$m=19456,t=17,p=1{TAIL}"),
        format!("$argon2d$v=19$m=19456,t=1,p=17{TAIL}"),
        format!("$scrypt$ln=22,r=8,p=1{TAIL}"),
        format!("$scrypt$ln=63,r=8,p=1{TAIL}"),
        format!("$scrypt$ln=255,r=1,p=1{TAIL}"),
        format!("$scrypt$ln=4294967295,r=8,p=1{TAIL}"),
        format!("$scrypt$ln=4294967296,r=8,p=1{TAIL}"),
        format!("$scrypt$ln=2,r=4294967295,p=4294967295{TAIL}"),
        format!("$scrypt$ln=14,r=8,p=4294967295{TAIL}"),
        format!("$scrypt-nfkc$ln=22,r=8,p=1{TAIL}"),
        format!("$firebase-scrypt$ln=22,r=8,p=1$BwcHBw{TAIL}"),
        format!("$pbkdf2-sha256$i=10000001{TAIL}"),
        format!("$pbkdf2-sha1$i=10000000{TAIL}"),
        format!("$pbkdf2-sha512$i=99999999999999999999{TAIL}"),
        format!("$2b$16{bcrypt}"),
        format!("$2y$31{bcrypt}"),
        format!("bcrypt_sha256$$2b$31{bcrypt}"),
    ] {
        let imported = ImportedHash::read(&hash);
        assert!(matches!(imported, Err(HashMistake::TooCostly | HashMistake::Malformed)), "{hash}");
        assert_eq!(hasher.verify(&"x".into(), Some(&hash)).await, Err(HashError::Failed), "{hash}");
    }
    let foreign = [
        "pbkdf2_sha256$4294967295$salt$j1Ob8nX9zmBv1V2o4z1oWcFYB3ZWRkVVsAXVAXmiGks=",
        "scrypt$4194304$salt$8$1$j1Ob8nX9zmBv1V2o4z1oWcFYB3ZWRkVVsAXVAXmiGks=",
        "scrypt:4194304:8:1$salt$00112233445566778899aabbccddeeff",
        "pbkdf2:sha256:4294967295$salt$00112233445566778899aabbccddeeff",
        "$pbkdf2-sha256$4294967295$BwcHBwcHBwcHBwcHBwcHBw$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ];
    for hash in foreign {
        assert_eq!(ImportedHash::read(hash), Err(HashMistake::TooCostly), "{hash}");
    }
    let aspnet = format!("AQAAAAH{}", "/".repeat(73));
    assert!(ImportedHash::aspnet_identity(&aspnet).is_err());
}

#[test]
fn what_is_no_hash_or_one_that_proves_nothing_is_refused() {
    for hash in [
        "",
        "$",
        "$$",
        "hunter2",
        "plain$hunter2",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$hash",
        "$6$salt$hash",
        "$2$12$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q",
        "$2x$12$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q",
        "$2b$4$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q",
        "$2b$00$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q",
        "$2b$+4$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q",
        "$2b$04$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./",
        "$2b$04$L5gGJNPknDLN4lIC2KoWUO.PPp6HL0YLisJ704Baj2LWEZOuyy./q$",
        "$2b$04$éééééééééééééééééééééééééééééé",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "sha1$salt$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "pbkdf2:sha256$salt$00112233445566778899aabbccddeeff",
        "pbkdf2:md5:1000$salt$00112233445566778899aabbccddeeff",
        "pbkdf2:sha256:1000$salt$0011",
        "pbkdf2_sha256$0$salt$j1Ob8nX9zmBv1V2o4z1oWcFYB3ZWRkVVsAXVAXmiGks=",
        "scrypt:1000:8:1$salt$00112233445566778899aabbccddeeff",
        "scrypt:1:8:1$salt$00112233445566778899aabbccddeeff",
        "$scrypt$ln=14,r=8,p=1$BwcHBwcHBwcHBwcHBwcHBw$",
        "$scrypt$ln=14,r=8,p=1$BwcHBwcHBwcHBwcHBwcHBw$Bwc",
        "$scrypt$ln=14,r=8$BwcHBwcHBwcHBwcHBwcHBw$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$scrypt$ln=14,r=8,p=1,x=1$BwcHBwcHBwcHBwcHBwcHBw$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=3,p=4$BwcHBwcHBwcHBwcHBwcHBw$BwcHBw",
        "$argon2id$v=19$m=65536,t=3,p=4$BwcHBwcHBwcHBwcHBwcHBw",
    ] {
        assert!(ImportedHash::read(hash).is_err(), "{hash}");
    }
    let endless = format!("$pbkdf2-sha256$i=1$Bw${}", "A".repeat(1 << 20));
    assert_eq!(ImportedHash::read(&endless), Err(HashMistake::Malformed));
    for hash in ["", "AA==", "AQ==", "AQAAAA==", "AgAAAAEAACcQ", "not base64!"] {
        assert!(ImportedHash::aspnet_identity(hash).is_err(), "{hash}");
    }
    for hash in ["", ":", "a:b", "zz:00112233445566778899aabbccddeeff", "00:0011"] {
        assert!(ImportedHash::better_auth(hash).is_err(), "{hash}");
    }
    for credential in ["{}", "null", "[]", r#"{"secretData":"{}","credentialData":"{}"}"#] {
        let credential = serde_json::from_str(credential).expect("JSON");
        assert!(ImportedHash::keycloak(&credential).is_err(), "{credential}");
    }
}

#[test]
fn no_damage_to_a_hash_is_more_than_refused() {
    for vector in vectors().into_iter().filter(|vector| vector["format"].is_null()) {
        let hash = text(&vector, "hash");
        let kept = import(&vector).expect("read");
        for at in 0..hash.len() {
            let cut = &hash[..at];
            // A shorter hash is another one at most, unless it is padding that is missing.
            let same = ImportedHash::read(cut).as_ref() == Ok(&kept);
            assert!(!same || hash[at..].bytes().all(|byte| byte == b'='), "{cut}");
            for byte in ["$", "0", "=", "é", "\0"] {
                let odd = format!("{cut}{byte}{}", &hash[at + 1..]);
                if let Ok(read) = ImportedHash::read(&odd) {
                    assert!(
                        read.as_str().starts_with("$argon2") || Foreign::parse(read.as_str()).is_ok(),
                        "{odd}"
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_shows_a_hash() {
    let hash = ImportedHash::read(&bcrypt_of("abc")).expect("read");
    assert_eq!(format!("{hash:?}"), "ImportedHash(…)");
}

//! The corpus of hostile callback addresses against the one maker of landing places (C6).

use std::collections::HashSet;

use keyward_core::{
    address::PublicUrl,
    policy::redirect::{InvalidCallbackUrl, Landing, landing},
};
use url::Url;

const CORPUS: &str = include_str!("../../../tests/hardening/hostile-callback-urls.txt");
const OWN: &str = "https://app.test";
const ALLOWED: &str = "https://docs.test";

/// A line of the corpus and the address that it stands for.
fn corpus() -> Vec<(&'static str, String)> {
    let lines = CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    // What reaches the policy is text: the edge has replaced bytes that are no UTF-8 by then.
    lines.map(|line| (line, String::from_utf8_lossy(&bytes(line)).into_owned())).collect()
}

/// Reads `{0A}` as the byte of that value.
fn bytes(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let byte = rest.strip_prefix('{').and_then(|text| text.get(..3)?.strip_suffix('}'));
        let length = if let Some(byte) = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            "{0A}".len()
        } else {
            bytes.extend(first.to_string().as_bytes());
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    bytes
}

fn land(submitted: Option<&str>, remembered: Option<&str>) -> Result<Landing, InvalidCallbackUrl> {
    let public = PublicUrl::new(OWN, "/api/auth").expect("valid");
    landing(&public, &[ALLOWED.to_owned()], submitted, remembered)
}

/// Whether every reader takes the address for one of ours: by the URL standard, and by RFC 3986 alone.
fn is_ours(landed: &str) -> bool {
    let by_standard = Url::parse(landed).is_ok_and(|url| {
        let origin = url.origin().ascii_serialization();
        [OWN, ALLOWED].contains(&origin.as_str()) && url.username().is_empty() && url.password().is_none()
    });
    let authority = landed.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let by_letter = authority.is_some_and(|authority| {
        // RFC 3986 §6.2.3: an empty port is the default one.
        let host = authority.strip_suffix(":443").or(authority.strip_suffix(':')).unwrap_or(authority);
        ["app.test", "docs.test"].contains(&host)
    });
    by_standard && by_letter && landed.bytes().all(|byte| byte.is_ascii_graphic())
}

#[test]
fn c6_the_corpus_of_hostile_addresses_is_large_and_each_stands_there_once() {
    let corpus = corpus();
    let unique: HashSet<Vec<u8>> = corpus.iter().map(|(line, _)| bytes(line)).collect();
    assert!(corpus.len() >= 1000, "{}", corpus.len());
    assert_eq!(unique.len(), corpus.len());
}

#[test]
fn lesson_2_lesson_3_lesson_6_c6_no_hostile_address_that_is_submitted_leads_off_our_origins() {
    for (line, address) in corpus() {
        if let Ok(landed) = land(Some(&address), None) {
            assert!(is_ours(landed.as_str()), "{line} leads to {}", landed.as_str());
        }
    }
}

#[test]
fn lesson_3_lesson_6_c6_no_hostile_address_that_a_cookie_holds_leads_off_our_origins() {
    for (line, address) in corpus() {
        let landed = land(None, Some(&address)).expect("a broken cookie is forgotten");
        assert!(is_ours(landed.as_str()), "{line} leads to {}", landed.as_str());
    }
}

#[test]
fn c6_where_an_address_leads_it_leads_again() {
    for (line, address) in corpus() {
        if let Ok(landed) = land(Some(&address), None) {
            assert_eq!(land(Some(landed.as_str()), None), Ok(landed), "{line}");
        }
    }
}

#[test]
fn c6_what_is_no_landing_of_ours_is_told_apart() {
    for foreign in [
        "https://evil.test/",
        "//app.test/",
        "http://app.test/",
        "https://app.test:444/",
        "https://app.test@evil.test/",
        "https://a@app.test/",
        "https://app.test\\.evil.test/",
        "https://app.test /",
    ] {
        assert!(!is_ours(foreign), "{foreign}");
    }
    assert!(is_ours("https://app.test/x") && is_ours("https://docs.test:443"));
}

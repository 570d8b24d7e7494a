//! Addresses from strangers: callback addresses and e-mail addresses.
//!
//! Wherever somebody asks to land, it is on an own origin, in plain ASCII that a header can hold; and what passes
//! as an e-mail address has one reading only.
#![no_main]

use std::sync::LazyLock;

use keyward_core::{
    address::PublicUrl,
    policy::{email, redirect},
};
use libfuzzer_sys::fuzz_target;

const ORIGIN: &str = "https://app.test";
const LISTED: &str = "https://docs.test";

static PUBLIC: LazyLock<PublicUrl> =
    LazyLock::new(|| PublicUrl::new(ORIGIN, "/api/auth").expect("a public address"));

fuzz_target!(|text: &str| {
    let allowed = [LISTED.to_owned()];
    for (submitted, remembered) in [(Some(text), None), (None, Some(text))] {
        let Ok(landing) = redirect::landing(&PUBLIC, &allowed, submitted, remembered) else {
            assert!(remembered.is_none(), "a broken cookie locks nobody out");
            continue;
        };
        let landing = landing.as_str();
        let url = url::Url::parse(landing).expect("a landing place is absolute");
        assert!([ORIGIN, LISTED].contains(&url.origin().ascii_serialization().as_str()), "{landing}");
        assert!(landing.bytes().all(|byte| byte.is_ascii_graphic()), "{landing}");
    }
    let _ = PublicUrl::new(text, "/api/auth");
    let _ = PublicUrl::new(ORIGIN, text);
    if let Some(address) = email::normalise(text) {
        assert_eq!(email::normalise(&address).as_deref(), Some(address.as_str()));
        assert_eq!(address.matches('@').count(), 1);
        assert!(!address.contains(|c: char| c.is_whitespace() || c.is_control()));
    }
});

//! Rules and hooks in `keyward.toml`, as a person meets them.

use crate::{
    mistakes::said_after,
    support::{Place, SECRET},
};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn check_says_who_may_sign_in_and_who_is_asked() {
    let text = format!(
        "public_url = \"https://app.example\"
secret = \"{SECRET}\"

[[rules]]
allow = false
addresses = [\"mallory@acme.example\"]

[[rules]]
allow = true
providers = [\"credentials\", \"email\"]
domains = [\"acme.example\"]
email_verified = true

[hooks]
secret = \"{KEY}\"
jwt = \"http://127.0.0.1:4500/jwt\"
"
    );
    let ran = Place::new().file("keyward.toml", &text).run(&["check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let rules =
        ran.out.split("\nRules\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a table");
    let rows: Vec<_> = rules
        .lines()
        .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).collect::<Vec<_>>())
        .collect();
    let words: Vec<_> = rows.iter().filter(|row| row.len() > 1).map(|row| (row[0], row[1].trim())).collect();
    assert_eq!(
        words,
        [
            ("sign-in", "deny with mallory@acme.example"),
            ("sign-in", "allow by credentials or email, at acme.example, whose address is verified"),
            ("sign-in", "deny the others"),
            ("jwt", "http://127.0.0.1:4500/jwt"),
        ],
        "{rules}"
    );
    assert!(!ran.out.contains(KEY), "{}", ran.out);
}

#[test]
fn every_mistake_in_a_rule_or_hook_has_its_place_and_its_remedy() {
    let hook = format!("[hooks]\nsecret = \"{KEY}\"\n");
    let table = [
        ("[[rules]]\nproviders = [\"a\"]".to_owned(), "4:1", "`allow` is missing here", "add `allow = …`"),
        (
            "[[rules]]\nallow = true\ndomain = [\"a.b\"]".to_owned(),
            "6:1",
            "unknown key `domain`",
            "did you mean `domains`?",
        ),
        (
            "[[rules]]\nallow = true\ndomains = [\"@a.b\"]".to_owned(),
            "6:11",
            "one of these is no domain",
            "acme.example",
        ),
        (
            "[[rules]]\nallow = true\naddresses = [\"a.b\"]".to_owned(),
            "6:13",
            "one of these is no e-mail address",
            "ada@acme.example",
        ),
        ("[hooks]\nsign_in = \"http://a\"".to_owned(), "4:1", "hooks need a secret", "openssl rand"),
        (
            "[hooks]\nsecret = \"hunter2\"\nsign_in = \"http://a\"".to_owned(),
            "5:10",
            "no secret of the Standard Webhooks scheme",
            "openssl rand",
        ),
        (
            format!("{hook}sign_in = \"a.example\""),
            "6:11",
            "this is no http or https address",
            "http://127.0.0.1:4500",
        ),
        (format!("{hook}signin = \"http://a\""), "6:1", "unknown key `signin`", "did you mean `sign_in`?"),
        (
            format!("{hook}secrets = [\"{KEY}\"]\njwt = \"http://a\""),
            "5:10",
            "both `secret` and `secrets` are there",
            "keep one",
        ),
        (
            format!("{hook}events = \"ftp://a\""),
            "6:10",
            "this is no http or https address",
            "http://127.0.0.1:4500",
        ),
        (
            format!("{hook}events = \"http://a\"\nevent_types = [\"signin\"]"),
            "7:16",
            "none of the choices",
            "signIn, signOut",
        ),
        (format!("{hook}event_types = [\"signIn\"]"), "6:15", "nobody is told", "add `events"),
    ];
    for (mistake, place, problem, remedy) in table {
        let said = said_after(&mistake);
        assert!(said.contains(&format!(",-[keyward.toml:{place}]")), "{mistake}\n{said}");
        assert!(said.contains(problem) && said.contains(remedy), "{mistake}\n{said}");
        assert!(!said.contains(KEY) && !said.contains("hunter2"), "{said}");
    }
}

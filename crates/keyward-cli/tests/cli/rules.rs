//! Rules and hooks in `keyward.toml`, as a person meets them.

use crate::{
    mistakes::said_after,
    support::{Place, SECRET, Visitor},
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

/// Who comes, and how: a sign-up proves no address, and a link does.
#[derive(Debug)]
enum Comes {
    SignsUp(&'static str),
    AsksForLink(&'static str),
}

use Comes::{AsksForLink, SignsUp};

#[test]
fn c6_the_rules_of_the_file_let_in_whom_they_allow_and_keep_the_others_out() {
    let rows = [
        (
            "allow = true\ndomains = [\"b.example\", \"ACME.example\"]",
            vec![AsksForLink("ada@acme.example"), SignsUp("Ada@Acme.Example")],
            vec![
                AsksForLink("ada@other.example"),
                AsksForLink("ada@x.acme.example"),
                SignsUp("a@other.example"),
            ],
        ),
        (
            "allow = true\naddresses = [\"Ada@home.example\"]",
            vec![AsksForLink("ada@home.example"), SignsUp("ada@home.example")],
            vec![AsksForLink("bob@home.example"), SignsUp("bob@home.example")],
        ),
        (
            "allow = true\nproviders = [\"email\"]",
            vec![AsksForLink("ada@acme.example")],
            vec![SignsUp("ada@acme.example")],
        ),
        (
            "allow = true\ndomains = [\"acme.example\"]\nemail_verified = true",
            vec![AsksForLink("ada@acme.example")],
            vec![SignsUp("ada@acme.example"), AsksForLink("ada@other.example")],
        ),
        (
            "allow = false\ndomains = [\"acme.example\"]\nemail_verified = false",
            vec![AsksForLink("ada@acme.example"), SignsUp("ada@other.example")],
            vec![SignsUp("ada@acme.example")],
        ),
    ];
    for (rule, let_in, kept_out) in rows {
        let file =
            format!("[accounts]\nenabled = true\n[[providers]]\ntype = \"email\"\n[[rules]]\n{rule}\n");
        let place = Place::new().file("keyward.toml", &file);
        let server = place.serve(&["--dev"]);
        let comes = kept_out.iter().map(|who| (who, false)).chain(let_in.iter().map(|who| (who, true)));
        for (who, is_let_in) in comes {
            let mut visitor = Visitor::at(&server);
            let told = match who {
                AsksForLink(email) => visitor.post("/api/auth/signin/email", &[("email", email)]),
                SignsUp(email) => {
                    let fields = [("email", *email), ("password", "plum-teapot-orbit-91"), ("name", "Ada")];
                    visitor.post("/api/auth/callback/signup", &fields)
                }
            };
            let told_that_denied =
                told.query_pairs().any(|pair| pair == ("error".into(), "AccessDenied".into()));
            assert_eq!(told_that_denied, !is_let_in, "{rule}\n{who:?}: {told}");
            match who {
                AsksForLink(_) => {
                    assert_eq!(
                        told.path() == "/api/auth/verify-request",
                        is_let_in,
                        "{rule}\n{who:?}: {told}"
                    );
                }
                SignsUp(_) => assert_eq!(visitor.is_signed_in(), is_let_in, "{rule}\n{who:?}"),
            }
        }
        assert_eq!(server.stop().0, Some(0));
    }
}

#[test]
fn c6_people_land_where_the_file_says() {
    let file = "[landing]\nsign_in = \"/dashboard\"\nsign_out = \"/goodbye\"\n";
    let place = Place::new().file("keyward.toml", file);
    let server = place.serve(&["--dev"]);
    let mut visitor = Visitor::at(&server);
    let asked = ("callbackUrl", "/elsewhere");
    let fields = [("email", "ada@acme.example"), ("password", "plum-teapot-orbit-91"), asked];
    assert_eq!(visitor.post("/api/auth/callback/signup", &fields).path(), "/dashboard");
    assert!(visitor.is_signed_in());
    assert_eq!(visitor.post("/api/auth/signout", &[asked]).path(), "/goodbye");
    assert!(!visitor.is_signed_in());
    assert_eq!(server.stop().0, Some(0));
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

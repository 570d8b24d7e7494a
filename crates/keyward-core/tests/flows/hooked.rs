//! Rules that fail where the way in leads through another site or a mailbox, and what no rule sets.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keyward_core::{
    claims::Claims,
    dialect::Dialect,
    error::{Code, Refusal, Said},
    event::EventKind,
    reply::{Page, ReplyBody},
    rules::{Candidate, Rules, Trigger, Verdict},
    settings::Strategy,
};
use serde_json::{Map, Value, json};
use url::Url;

use crate::support::{ADA, ALL, Browser, FakeProvider, Options, Person, World, build, location, url};

/// Who comes back from the other site.
const PERSON: Person<'_> = Person { id: "583231", email: ADA };

/// Answers what it was made with.
#[derive(Clone)]
struct Answers {
    sign_in: Result<Verdict, Refusal>,
    /// Whether also of those who ask for a link.
    of_links: bool,
    token: Map<String, Value>,
}

impl Default for Answers {
    fn default() -> Self {
        Self { sign_in: Ok(Verdict::allow()), of_links: false, token: Map::new() }
    }
}

#[async_trait]
impl Rules for Answers {
    async fn sign_in(&self, candidate: &Candidate) -> Result<Verdict, Refusal> {
        let is_free = candidate.verification_request && !self.of_links;
        if is_free { Ok(Verdict::allow()) } else { self.sign_in.clone() }
    }

    async fn token(
        &self,
        _: &Claims,
        _: Trigger,
        _: Option<&Candidate>,
        _: Option<&Value>,
    ) -> Result<Map<String, Value>, Refusal> {
        Ok(self.token.clone())
    }
}

fn world(dialect: Dialect, rule: &Answers) -> World {
    build(Options {
        redirects: vec![FakeProvider::listed("hub")],
        rules: vec![Arc::new(rule.clone())],
        ..Options::new(dialect, Strategy::Sealed)
    })
}

/// Comes back from the other site, and follows a link: where each leads.
async fn stopped(dialect: Dialect, rule: &Answers) -> Vec<(&'static str, World, String)> {
    let at_provider = world(dialect, rule);
    let reply = at_provider.browser().sign_in_at("hub", &PERSON).await;
    let by_link = world(dialect, rule);
    let mut browser = by_link.browser();
    let link = browser.link("email", ADA).await;
    let followed = browser.get(&link).await;
    assert!(!browser.is_signed_in().await);
    vec![
        ("provider", at_provider, location(&reply).to_owned()),
        ("link", by_link, location(&followed).to_owned()),
    ]
}

/// `error=` and `code=` of an address.
fn words_of(address: &str) -> (String, Option<String>) {
    let address = Url::parse(address).expect("absolute");
    let named = |name| address.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    (named("error").expect("an error"), named("code"))
}

/// What the built-in page at an address speaks of. It lets one begin again.
async fn shown(browser: &mut Browser<'_>, address: &str) -> String {
    let mut address = address.to_owned();
    loop {
        let target = address.strip_prefix("http://app.test/api/auth/").expect("a page of ours").to_owned();
        let reply = browser.get(&target).await;
        match reply.body {
            ReplyBody::Page(Page::Error { error, sign_in }) => {
                assert!(!sign_in.is_empty());
                return error.expect("an error");
            }
            ReplyBody::Page(Page::SignIn { error, providers, .. }) => {
                assert!(!providers.is_empty());
                return error.expect("an error");
            }
            _ => location(&reply).clone_into(&mut address),
        }
    }
}

/// Rules that stop somebody: what generation 5 says in `error=`, and in `code=`.
fn failures() -> Vec<(Answers, &'static str, &'static str)> {
    let failing = |refusal| Answers { sign_in: Err(refusal), ..Answers::default() };
    let said = Said { message: Some("Your seat was removed".to_owned()), code: Some("no_seat".to_owned()) };
    let with_a_word = Refusal { said: Some(said), ..Refusal::new(Code::HookRefused) };
    let too_much = Map::from_iter([("note".to_owned(), json!("x".repeat(40_000)))]);
    vec![
        (failing(Refusal::new(Code::HookUnavailable)), "Configuration", "hook_unavailable"),
        (failing(Refusal::new(Code::HookWrongAnswer)), "Configuration", "hook_answer_wrong"),
        (failing(Refusal::new(Code::HookRefused)), "AccessDenied", "hook_refused"),
        (failing(with_a_word), "AccessDenied", "no_seat"),
        (Answers { token: too_much, ..Answers::default() }, "Configuration", "session_too_large"),
    ]
}

#[tokio::test]
async fn generation_5_says_beside_its_word_which_rule_stopped_somebody_at_a_provider_and_by_a_link() {
    for (rule, word, code) in failures() {
        for (way, _, address) in stopped(Dialect::AuthJs5, &rule).await {
            assert_eq!(words_of(&address), (word.to_owned(), Some(code.to_owned())), "{way}");
            assert!(address.starts_with("http://app.test/api/auth/error?"), "{way}: {address}");
        }
    }
}

#[tokio::test]
async fn generation_5_says_the_same_where_no_link_was_sent() {
    for (rule, word, code) in failures().into_iter().filter(|(rule, ..)| rule.sign_in.is_err()) {
        let world = world(Dialect::AuthJs5, &Answers { of_links: true, ..rule });
        let reply = world.browser().ask("email", ADA).await;
        assert_eq!(words_of(&url(&reply)), (word.to_owned(), Some(code.to_owned())));
        assert_eq!(world.mail.sent().len(), 0);
    }
}

#[tokio::test]
async fn every_generations_page_names_the_step_at_which_a_rule_stopped_somebody_and_lets_one_begin_again() {
    for dialect in ALL {
        for (rule, word, code) in failures() {
            // What a hook says itself is its own to be understood: generation 5's page has a text for its own word alone.
            let step = match (code, dialect) {
                ("no_seat", Dialect::AuthJs5) => word,
                ("no_seat", _) => "Your seat was removed",
                _ => code,
            };
            for (way, world, address) in stopped(dialect, &rule).await {
                assert_eq!(shown(&mut world.browser(), &address).await, step, "{dialect:?} {way}");
            }
        }
    }
}

#[tokio::test]
async fn the_applications_own_pages_are_told_the_step_too() {
    for dialect in ALL {
        let mut options = Options::new(dialect, Strategy::Sealed);
        options.pages.sign_in = Some("/login".to_owned());
        options.pages.error = Some("/oops".to_owned());
        let world = build(options);
        let mut browser = world.browser();
        for (asked, page, words) in [
            (
                "signin?error=OAuthSignin&code=provider_discovery",
                "/login?",
                "error=OAuthSignin&code=provider_discovery",
            ),
            (
                "error?error=AccessDenied&code=account_disabled",
                "/oops?",
                "error=AccessDenied&code=account_disabled",
            ),
            ("error?error=AccessDenied&code=made-up", "/oops?", "error=AccessDenied"),
        ] {
            let reply = browser.get(asked).await;
            let to = location(&reply);
            assert!(to.starts_with(page) && to.ends_with(words), "{dialect:?}: {to}");
        }
    }
}

/// Remembers as whom it saw people.
#[derive(Default)]
struct Sees(Mutex<Vec<Value>>);

#[async_trait]
impl Rules for Sees {
    async fn sign_in(&self, candidate: &Candidate) -> Result<Verdict, Refusal> {
        self.0.lock().expect("no test panics here").push(Value::Object(candidate.user.clone()));
        Ok(Verdict::allow())
    }
}

#[tokio::test]
async fn c6_what_no_rule_may_set_stands_in_no_event_and_is_seen_by_no_rule_after_it() {
    for dialect in ALL {
        let set = json!({"id": "55", "sub": "55", "name": 7, "email": ["eve"], "role": "admin"});
        let rule = Answers {
            sign_in: Ok(Verdict::Allow(set.as_object().expect("an object").clone())),
            ..Answers::default()
        };
        let next = Arc::new(Sees::default());
        let world = build(Options {
            redirects: vec![FakeProvider::listed("hub")],
            rules: vec![Arc::new(rule), Arc::clone(&next) as _],
            events: EventKind::DEFAULT.to_vec(),
            ..Options::new(dialect, Strategy::Sealed)
        });
        world.http.json(200, &json!({"id": "u7", "name": "Ada", "email": ADA}));
        let mut browser = world.browser();
        browser.post("callback/login", &[("email", ADA), ("password", "pw")]).await;
        assert_eq!(browser.session().await["user"]["name"], "Ada");
        let seen = next.0.lock().expect("as above").pop();

        browser.post("signout", &[]).await;
        let told = world.told().await;
        let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["createUser", "linkAccount", "signIn", "signOut"]);
        let ada = json!({"id": "u7", "name": "Ada", "email": ADA, "image": null});
        assert_eq!([&told[1].1["user"], &told[1].1["profile"], &told[2].1["user"]], [&ada; 3], "{dialect:?}");
        assert_eq!([&told[0].1["user"]["id"], &told[3].1["token"]["sub"]], ["u7"; 2], "{dialect:?}");
        assert_eq!(seen, Some(json!({"id": "u7", "name": "Ada", "email": ADA, "role": "admin"})));

        world.browser().sign_in_at("hub", &Person { id: "583231", email: "bob@example.com" }).await;
        let told = world.told().await;
        let (_, linked) = told.iter().find(|(kind, _)| kind == "linkAccount").expect("told");
        assert_eq!(linked["profile"]["id"], "583231", "{dialect:?}");
    }
}

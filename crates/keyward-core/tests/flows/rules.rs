//! The deployment's own rules at work (A1 to A3, C6; protocol notes §8).

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keyward_core::{
    audit::AuditFilter,
    claims::Claims,
    dialect::Dialect,
    error::{Code, Refusal, Said},
    event::EventKind,
    request::{Body, Method},
    rules::{Candidate, Rules, Trigger, Verdict, declared},
    settings::{RedirectProvider, SignOutScope, Strategy},
};
use keyward_testkit::Operation;
use serde_json::{Map, Value, json};

use crate::support::{
    ADA, ALL, BOTH, Browser, FakeProvider, Options, World, build, error_of, json, location, path,
};

/// Answers what it was made with, and remembers what it was asked.
#[derive(Default)]
struct Scripted {
    verdict: Mutex<Option<Result<Verdict, Refusal>>>,
    token: Map<String, Value>,
    session: Map<String, Value>,
    redirect: Option<&'static str>,
    asked: Mutex<Vec<(&'static str, Value)>>,
}

impl Scripted {
    fn saying(verdict: Result<Verdict, Refusal>) -> Self {
        Self { verdict: Mutex::new(Some(verdict)), ..Self::default() }
    }

    /// From now on it says this.
    fn now_says(&self, verdict: Verdict) {
        *self.verdict.lock().expect("as below") = Some(Ok(verdict));
    }

    fn note(&self, what: &'static str, with: Value) {
        self.asked.lock().expect("no test panics while it notes").push((what, with));
    }

    fn asked(&self) -> Vec<&'static str> {
        self.asked.lock().expect("as above").iter().map(|(what, _)| *what).collect()
    }
}

#[async_trait]
impl Rules for Scripted {
    async fn sign_in(&self, candidate: &Candidate) -> Result<Verdict, Refusal> {
        self.note("sign_in", Value::Object(candidate.arguments()));
        let verdict = self.verdict.lock().expect("as above").clone();
        verdict.unwrap_or_else(|| Ok(Verdict::allow()))
    }

    async fn token(
        &self,
        _: &Claims,
        trigger: Trigger,
        candidate: Option<&Candidate>,
        data: Option<&Value>,
    ) -> Result<Map<String, Value>, Refusal> {
        self.note(trigger.as_str(), json!({"candidate": candidate.is_some(), "data": data}));
        Ok(self.token.clone())
    }

    async fn session(&self, session: &Value, _: &Claims) -> Result<Map<String, Value>, Refusal> {
        self.note("session", session.clone());
        Ok(self.session.clone())
    }

    async fn redirect(&self, url: &str, base_url: &str) -> Result<Option<String>, Refusal> {
        self.note("redirect", json!([url, base_url]));
        Ok(self.redirect.map(str::to_owned))
    }
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn with(rules: &Arc<Scripted>, dialect: Dialect, strategy: Strategy) -> World {
    let mut options = Options::new(dialect, strategy);
    options.rules = vec![Arc::clone(rules) as _];
    options.session.show = vec![(path("role"), "role".to_owned()), (path("apiToken"), "apiToken".to_owned())];
    options.session.update = vec!["name".to_owned()];
    build(options)
}

async fn sign_in<'w>(world: &'w World, answer: Value) -> (Browser<'w>, keyward_core::reply::Reply) {
    world.http.json(200, &answer);
    let mut browser = world.browser();
    let fields = [("email", "ada@example.com"), ("password", "pw"), ("callbackUrl", "/dash")];
    let reply = browser.post("callback/login", &fields).await;
    (browser, reply)
}

#[tokio::test]
async fn a2_a3_what_rules_add_is_kept_and_shown_where_asked_for_and_survives_every_later_read() {
    for dialect in ALL {
        for strategy in BOTH {
            let rules = Arc::new(Scripted {
                token: members(&json!({"role": "admin", "sub": "root", "exp": 1, "secretRole": "hidden"})),
                session: members(&json!({"user": {"plan": "gold"}, "motd": "hi"})),
                ..Scripted::saying(Ok(Verdict::Allow(members(
                    &json!({"name": "Ada L.", "apiToken": "T1", "id": "x"}),
                ))))
            });
            let world = with(&rules, dialect, strategy);
            let (mut browser, reply) = sign_in(&world, json!({"id": "u7", "name": "Ada"})).await;
            assert_eq!(json(&reply)["url"], "http://app.test/dash");
            for _ in 0..2 {
                let session = browser.session().await;
                assert_eq!(session["user"]["name"], "Ada L.", "{dialect:?} {strategy:?}");
                assert_eq!(session["user"]["plan"], "gold");
                assert_eq!([&session["role"], &session["apiToken"], &session["motd"]], ["admin", "T1", "hi"]);
                assert_eq!(session.get("secretRole"), None, "nothing is shown that was not asked for");
            }
            assert_eq!(rules.asked(), ["sign_in", "signIn", "session", "redirect"], "a read asks nobody");
        }
    }
}

#[tokio::test]
async fn a1_who_is_denied_gets_access_denied_and_nothing_is_made() {
    for dialect in ALL {
        let rules = Arc::new(Scripted::saying(Ok(Verdict::Deny)));
        let world = with(&rules, dialect, Strategy::Stored);
        let (mut browser, reply) = sign_in(&world, json!({"id": "u7", "name": "Ada", "email": ADA})).await;
        assert_eq!(error_of(&reply).0.as_deref(), Some("AccessDenied"), "{dialect:?}");
        assert!(!browser.is_signed_in().await);
        let reply = browser.sign_up(ADA).await;
        assert_eq!(error_of(&reply).0.as_deref(), Some("AccessDenied"), "{dialect:?}");
        assert!(!browser.is_signed_in().await);
        assert_eq!(rules.asked(), ["sign_in"; 2]);
        // But that they were refused, each time, with and without an account at stake.
        assert_eq!(world.store.writes(), [Operation::WriteEvents; 2], "{dialect:?}");
        let trail = world.store.inner().audit(&AuditFilter::default(), 10).await.expect("answers");
        let told: Vec<_> = trail.iter().map(|entry| (entry.kind.as_str(), &entry.detail)).collect();
        let refused = |method: &str| json!({ "code": "AccessDenied", "method": method });
        let (here, there) = (refused("signup"), refused("login"));
        let expected =
            [&here, &there].map(|detail| ("sign_in_refused", detail.as_object().expect("an object")));
        assert_eq!(told, expected, "{dialect:?}");
        assert_eq!(world.user(ADA).await, None, "{dialect:?}");
    }
}

#[tokio::test]
async fn an_error_in_a_rule_is_a_refusal_and_its_own_word_reaches_the_person() {
    let refused = |code, said: Option<Said>| {
        let mut refusal = Refusal::new(code);
        refusal.said = said;
        refusal
    };
    let said = Said { message: Some("Your seat was removed".to_owned()), code: Some("no_seat".to_owned()) };
    for dialect in ALL {
        for (refusal, message, code) in [
            (refused(Code::HookRefused, Some(said.clone())), "Your seat was removed", "no_seat"),
            (refused(Code::HookUnavailable, None), "hook_unavailable", "hook_unavailable"),
            (refused(Code::HookWrongAnswer, None), "hook_answer_wrong", "hook_answer_wrong"),
        ] {
            let rules = Arc::new(Scripted::saying(Err(refusal)));
            let world = with(&rules, dialect, Strategy::Sealed);
            let (mut browser, reply) = sign_in(&world, json!({"id": "u7", "name": "Ada"})).await;
            let (error, exact) = error_of(&reply);
            if dialect == Dialect::AuthJs5 {
                assert_eq!((error.as_deref(), exact.as_deref()), (Some("CredentialsSignin"), Some(code)));
            } else {
                assert_eq!(error.as_deref(), Some(message), "{dialect:?}");
            }
            assert!(!browser.is_signed_in().await);
        }
    }
}

#[tokio::test]
async fn no_password_goes_to_a_rule_and_nothing_that_the_form_did_not_ask_for() {
    let rules = Arc::new(Scripted::default());
    let world = with(&rules, Dialect::NextAuth4, Strategy::Sealed);
    world.http.json(200, &json!({"id": "u7"}));
    let fields = [("email", "ada@example.com"), ("password", "hunter2"), ("pin", "1815")];
    world.browser().post("callback/login", &fields).await;
    let asked = rules.asked.lock().expect("as above");
    assert_eq!(asked[0].1["credentials"], json!({"email": "ada@example.com"}));
    assert_eq!(
        asked[0].1["account"],
        json!({"provider": "login", "type": "credentials", "providerAccountId": "u7"})
    );
    assert!(!format!("{asked:?}").contains("hunter2") && !format!("{asked:?}").contains("1815"));
}

#[tokio::test]
async fn c6_a_rule_chooses_the_landing_place_within_what_the_deployment_allows() {
    for (place, lands) in [
        ("/welcome", Some("http://app.test/welcome")),
        ("https://evil.example/", Some("http://app.test")),
        ("//evil.example/", Some("http://app.test//evil.example/")),
        ("javascript:alert(1)", None),
    ] {
        let rules = Arc::new(Scripted { redirect: Some(place), ..Scripted::default() });
        let world = with(&rules, Dialect::NextAuth4, Strategy::Sealed);
        let (mut browser, reply) = sign_in(&world, json!({"id": "u7"})).await;
        match lands {
            Some(lands) => assert_eq!(json(&reply)["url"], lands),
            None => assert_eq!(error_of(&reply).0.as_deref(), Some("hook_answer_wrong")),
        }
        assert_eq!(browser.is_signed_in().await, lands.is_some(), "{place}");

        let elsewhere = Arc::new(Scripted::saying(Ok(Verdict::Redirect(place.to_owned()))));
        let world = with(&elsewhere, Dialect::NextAuth4, Strategy::Sealed);
        let (mut browser, reply) = sign_in(&world, json!({"id": "u7"})).await;
        assert!(!browser.is_signed_in().await, "sent elsewhere without a session");
        if let Some(lands) = lands {
            assert_eq!(json(&reply)["url"], lands);
        }
    }
}

#[tokio::test]
async fn b3_an_update_asks_the_rules_with_what_the_client_passed() {
    for strategy in BOTH {
        let rules = Arc::new(Scripted { token: members(&json!({"role": "editor"})), ..Scripted::default() });
        let world = with(&rules, Dialect::NextAuth4, strategy);
        let (mut browser, _) = sign_in(&world, json!({"id": "u7", "name": "Ada"})).await;
        let csrf = browser.csrf().await;
        let body = members(&json!({"csrfToken": csrf, "data": {"name": "Countess"}}));
        let updated = json(&browser.send(Method::Post, "session", Body::Json(body)).await);
        assert_eq!((&updated["user"]["name"], &updated["role"]), (&json!("Countess"), &json!("editor")));
        let asked = rules.asked.lock().expect("as above");
        let update = asked.iter().find(|(what, _)| *what == "update").expect("asked");
        assert_eq!(update.1, json!({"candidate": false, "data": {"name": "Countess"}}));
    }
}

#[tokio::test]
async fn a_rule_that_denies_a_link_sends_no_mail_and_is_asked_again_when_the_link_is_followed() {
    for dialect in ALL {
        let rules = Arc::new(Scripted::saying(Ok(Verdict::Deny)));
        let world = with(&rules, dialect, Strategy::Stored);
        let mut browser = world.browser();
        let reply = browser.ask("email", ADA).await;
        assert_eq!(error_of(&reply).0.as_deref(), Some("AccessDenied"), "{dialect:?}");
        assert_eq!(
            (world.mail.sent().len(), world.store.calls(Operation::IssueTicket)),
            (0, 0),
            "{dialect:?}"
        );

        // They may come when they ask, and no longer when they come.
        rules.now_says(Verdict::allow());
        let link = browser.link("email", ADA).await;
        rules.now_says(Verdict::Deny);
        let reply = browser.get(&link).await;
        assert!(location(&reply).ends_with("/error?error=AccessDenied"), "{dialect:?}: {reply:?}");
        assert!(!browser.is_signed_in().await);
        assert_eq!(world.store.calls(Operation::Admit), 0, "{dialect:?}");
        assert_eq!(world.user(ADA).await, None, "{dialect:?}");

        // A try that failed used nothing up.
        rules.now_says(Verdict::allow());
        browser.get(&link).await;
        assert!(browser.is_signed_in().await, "{dialect:?}");
        let asked = rules.asked.lock().expect("as above");
        let sign_ins: Vec<_> =
            asked.iter().filter(|(what, _)| *what == "sign_in").map(|(_, with)| &with["email"]).collect();
        let asking = json!({"verificationRequest": true});
        assert_eq!(sign_ins, [&asking, &asking, &Value::Null, &Value::Null], "{dialect:?}");
    }
}

#[tokio::test]
async fn c6_declared_rules_keep_others_out() {
    let rule = declared::Rule {
        allow: true,
        providers: vec!["login".to_owned()],
        domains: vec!["example.com".to_owned()],
        ..declared::Rule::default()
    };
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Sealed);
    options.rules = vec![Arc::new(declared::Admittance(vec![rule]))];
    let world = build(options);
    for (email, admitted) in [("ada@example.com", true), ("bob@other.example", false)] {
        let (mut browser, _) = sign_in(&world, json!({"id": email, "email": email})).await;
        assert_eq!(browser.is_signed_in().await, admitted, "{email}");
    }
}

#[tokio::test]
async fn c6_the_deployment_says_where_people_land_after_signing_in_and_out() {
    for dialect in ALL {
        let mut options = Options::new(dialect, Strategy::Sealed);
        options.landing.sign_in = Some("/dashboard".to_owned());
        options.landing.sign_out = Some("/goodbye".to_owned());
        let world = build(options);
        let (mut browser, reply) = sign_in(&world, json!({"id": "u7"})).await;
        assert_eq!(json(&reply)["url"], "http://app.test/dashboard", "{dialect:?}");
        let reply = browser.post("signout", &[("callbackUrl", "/elsewhere")]).await;
        assert_eq!(json(&reply)["url"], "http://app.test/goodbye", "{dialect:?}");
        assert!(!browser.is_signed_in().await);
    }
}

struct NotElsewhere;

#[async_trait]
impl Rules for NotElsewhere {
    async fn redirect(&self, url: &str, _: &str) -> Result<Option<String>, Refusal> {
        if url.ends_with("/elsewhere") { Err(Refusal::new(Code::HookUnavailable)) } else { Ok(None) }
    }
}

#[tokio::test]
async fn a_rule_that_fails_keeps_nobody_signed_in() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Stored);
    options.rules = vec![Arc::new(NotElsewhere)];
    let world = build(options);
    let (mut browser, _) = sign_in(&world, json!({"id": "u7"})).await;
    assert!(browser.is_signed_in().await);
    let reply = browser.post("signout", &[("callbackUrl", "/elsewhere")]).await;
    assert_eq!(json(&reply)["url"], "http://app.test/elsewhere");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn no_rule_is_asked_about_a_sign_out_of_nobody() {
    for strategy in BOTH {
        let rules = Arc::new(Scripted::default());
        let world = with(&rules, Dialect::NextAuth4, strategy);
        let mut stranger = world.browser();
        stranger.post("signout", &[]).await;
        stranger.get("-/signed-out").await;
        let name = world.engine.settings().dialect.cookie_names(false).session;
        stranger.cookies.push((name.to_owned(), "made-up".to_owned()));
        stranger.post("signout", &[]).await;
        assert_eq!(rules.asked(), [""; 0]);

        let (mut browser, _) = sign_in(&world, json!({"id": "u7"})).await;
        browser.post("signout", &[]).await;
        assert_eq!(rules.asked().iter().filter(|asked| **asked == "redirect").count(), 2);
    }
}

#[tokio::test]
async fn who_signs_out_is_looked_up_once_however_many_want_to_know() {
    for strategy in BOTH {
        let mut options = Options::new(Dialect::NextAuth4, strategy);
        options.rules = vec![Arc::new(Scripted::default()) as _];
        options.events = EventKind::DEFAULT.to_vec();
        options.redirects =
            vec![RedirectProvider { sign_out: SignOutScope::Both, ..FakeProvider::listed("hub") }];
        let world = build(options);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let before = world.store.all_calls();
        assert_eq!(browser.post("signout", &[]).await.status, 200);
        let read = (strategy == Strategy::Stored).then_some(Operation::Session);
        let expected: Vec<_> =
            read.into_iter().chain([Operation::SessionRecord, Operation::EndSession]).collect();
        assert_eq!(world.store.asked()[before..], expected, "{strategy:?}");
    }
}

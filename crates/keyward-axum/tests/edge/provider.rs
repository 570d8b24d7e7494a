//! A provider at another site, over HTTP: what comes in by query and by form post, and what is refused.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::StatusCode;
use keyward_core::{
    dialect::Dialect,
    error::{Code, Refusal},
    method::redirect::{Arrived, Attempt, Departed, Departure, Purpose, RedirectSignIn},
    request::Pairs,
    secret::Secret,
    ticket::Once,
    time::Timestamp,
    user::Profile,
};
use keyward_testkit::Operation;
use serde_json::{Map, Value};
use url::Url;

use crate::support::{Answer, FORM, JSON, World, request};

const CALLBACK: &str = "/api/auth/callback/away";
const ALL: [Dialect; 3] = [Dialect::NextAuth3, Dialect::NextAuth4, Dialect::AuthJs5];

/// Signs in whoever brings `code=good`, and writes down what came.
#[derive(Default)]
struct Away(Mutex<Vec<(String, String)>>);

#[async_trait]
impl RedirectSignIn for Away {
    async fn depart(&self, _: Departure<'_>) -> Result<Departed, Refusal> {
        let url = Url::parse("https://away.example/authorize").expect("an address");
        Ok(Departed { url, state: "s".to_owned(), sealed: "sealed".to_owned() })
    }

    fn attempt(&self, sealed: &str) -> Result<Box<dyn Attempt + '_>, Refusal> {
        assert_eq!(sealed, "sealed");
        Ok(Box::new(Back(self)))
    }

    async fn end_session_url(&self, _: Option<&Secret>, _: &str) -> Option<Url> {
        None
    }
}

/// A browser that is back.
struct Back<'a>(&'a Away);

#[async_trait]
impl Attempt for Back<'_> {
    fn once(&self) -> Once {
        Once { what: "sealed".into(), until: Timestamp::from_secs(i64::from(u32::MAX)) }
    }

    async fn arrive(self: Box<Self>, response: &Pairs) -> Result<Arrived, Refusal> {
        self.0.0.lock().expect("a lock").clone_from(&response.0);
        if response.get("code") != Some("good") {
            return Err(Refusal::new(Code::ProviderToken));
        }
        Ok(Arrived {
            purpose: Purpose::SignIn,
            landing: None,
            id: "ada".to_owned(),
            profile: Profile::default(),
            email_verified: false,
            raw: Value::Null,
            account: Map::new(),
            once: None,
        })
    }
}

fn deployment(dialect: Dialect) -> (World, Arc<Away>) {
    let away = Arc::new(Away::default());
    (World::with_provider(dialect, away.clone()), away)
}

/// Presses the button, and gives the attempt's cookie as the browser sends it.
async fn depart(world: &World) -> String {
    let csrf = world.get("/api/auth/csrf").await;
    let body = format!("csrfToken={}", csrf.json()["csrfToken"].as_str().expect("a token"));
    let cookies = csrf.cookies();
    let answer = world.post("/api/auth/signin/away", &[("cookie", &cookies), FORM], &body).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::FOUND, Some("https://away.example/authorize"))
    );
    let set: Vec<_> =
        answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text")).collect();
    let attempt = set.into_iter().find(|line| line.contains("keyward.attempt.")).expect("an attempt");
    assert!(
        attempt.starts_with("__Host-") && attempt.ends_with("; HttpOnly; Secure; SameSite=None"),
        "{attempt}"
    );
    attempt.split(';').next().expect("name and value").to_owned()
}

fn is_refused(answer: &Answer) -> bool {
    answer.header("location").is_some_and(|place| place.contains("error="))
}

#[tokio::test]
async fn c5_an_answer_by_form_post_needs_no_token_but_the_attempt_and_signs_in() {
    for dialect in ALL {
        let (world, _) = deployment(dialect);
        let attempt = depart(&world).await;
        // Without the attempt nobody gets in, whatever they post.
        let body = "code=good&state=s";
        let stranger = world.post(CALLBACK, &[FORM], body).await;
        assert!(is_refused(&stranger) && !stranger.opens_a_session(), "{dialect:?}: {stranger:?}");
        assert_eq!(world.store.calls(Operation::Admit), 0);

        let answer = world.post(CALLBACK, &[("cookie", &attempt), FORM], body).await;
        assert_eq!(answer.header("location"), Some("https://app.test"), "{dialect:?}: {answer:?}");
        assert!(answer.opens_a_session());
        assert!(answer.header("cache-control").is_some_and(|rule| rule.contains("no-store")));
    }
}

#[tokio::test]
async fn c5_an_answer_by_query_signs_in_and_one_by_json_or_by_head_does_not() {
    for dialect in ALL {
        let (world, away) = deployment(dialect);
        let attempt = depart(&world).await;
        let by_json =
            world.post(CALLBACK, &[("cookie", &attempt), JSON], r#"{"code":"good","state":"s"}"#).await;
        assert!(by_json.status.is_client_error() || is_refused(&by_json), "{by_json:?}");
        let path = format!("{CALLBACK}?code=good&state=s");
        let by_head = world.send(request("HEAD", &path, &[("cookie", &attempt)], "")).await;
        assert_eq!(by_head.status, StatusCode::OK);
        for answer in [by_json, by_head] {
            assert!(!answer.opens_a_session(), "{dialect:?}: {answer:?}");
        }
        assert_eq!(*away.0.lock().expect("a lock"), [], "the attempt is not used up");
        assert!(world.send(request("GET", &path, &[("cookie", &attempt)], "")).await.opens_a_session());
    }
}

#[tokio::test]
async fn lesson_7_every_repetition_of_a_parameter_reaches_the_check() {
    let (world, away) = deployment(Dialect::NextAuth4);
    let attempt = depart(&world).await;
    let cookie = [("cookie", &*attempt), FORM];
    world.send(request("GET", &format!("{CALLBACK}?code=a&state=s&code=b"), &cookie, "")).await;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("code", "a"), pair("state", "s"), pair("code", "b")];
    assert_eq!(*away.0.lock().expect("a lock"), expected);
    // The query of a form post is not the answer.
    world.post(&format!("{CALLBACK}?code=good"), &cookie, "code=a&state=s&code=b").await;
    assert_eq!(*away.0.lock().expect("a lock"), expected);
}

#[tokio::test]
async fn an_answer_that_is_too_large_or_broken_is_refused_before_anybody_looks_at_it() {
    let (world, away) = deployment(Dialect::NextAuth4);
    let attempt = depart(&world).await;
    let cookie = [("cookie", &*attempt), FORM];
    let huge = format!("state=s&code={}", "x".repeat(1024 * 1024));
    world.post(CALLBACK, &cookie, &huge).await.is_refused(413, "body_too_large");
    let many = "x=1&".repeat(201);
    world.post(CALLBACK, &cookie, &many).await.is_refused(400, "too_many_parameters");
    world.post(CALLBACK, &cookie, "state=s&code=%00").await.is_refused(400, "bad_request");
    let long = format!("{CALLBACK}?state=s&code={}", "x".repeat(16 * 1024));
    world.send(request("GET", &long, &cookie, "")).await.is_refused(414, "uri_too_long");
    assert_eq!(*away.0.lock().expect("a lock"), []);
}

#[tokio::test]
async fn a_form_that_leads_to_a_provider_may_be_sent_there_by_the_pages_policy() {
    let (world, _) = deployment(Dialect::NextAuth4);
    let page = world.get("/api/auth/signin").await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("form-action 'self' https: http:"), "{policy}");
    assert!(page.text.contains("action=\"https://app.test/api/auth/signin/away\""), "{}", page.text);
    let without = World::new().get("/api/auth/signin").await;
    let policy = without.header("content-security-policy").expect("a policy");
    assert!(policy.contains("form-action 'self';"), "{policy}");
}

#[tokio::test]
async fn c5_the_page_tells_who_came_another_way_what_they_can_do_and_asks_them_when_they_have() {
    let (world, _) = deployment(Dialect::NextAuth4);
    let address = "/api/auth/signin?error=OAuthAccountNotLinked&link=away&with=login&callbackUrl=%2Fcart";
    let page = world.get(address).await.text;
    assert!(
        page.contains("signed in another way before") && page.contains("After that you can add Away."),
        "{page}"
    );
    assert!(page.contains("action=\"https://app.test/api/auth/callback/login\""), "{page}");
    assert!(!page.contains("signin/away\""), "what they tried is not among the proofs: {page}");
    let back = "https://app.test/api/auth/signin?link=away&#38;callbackUrl=https%3A%2F%2Fapp.test%2Fcart";
    assert!(page.contains(back), "{page}");

    let cookie = world.sign_in().await;
    let asked = "/api/auth/signin?link=away&callbackUrl=%2Fcart";
    let page = world.send(request("GET", asked, &[("cookie", &cookie)], "")).await.text;
    assert!(
        page.contains("Add Away?") && page.contains("action=\"https://app.test/api/auth/signin/away\""),
        "{page}"
    );
    assert!(page.contains("href=\"https://app.test/cart\""), "{page}");
}

//! What happens where something fails: one step at a time, each with its word and code, and nobody is signed in.

use std::time::Duration;

use keyward_core::port::Directory as _;
use keyward_core::{
    dialect::Dialect,
    port::HttpFault,
    reply::{Page, ReplyBody},
    settings::{CustomPages, Strategy},
};
use keyward_testkit::Operation;

use crate::{
    support::{ALL, Browser, Options, World, build, json, location, refused, world},
    upstream::{ADA, Wrong},
};

const SIGN_IN: &str = "/api/auth/signin";
const ERROR: &str = "/api/auth/error";

type Response = Vec<(String, String)>;

/// A failure: what it is, at which provider, what the provider does and how the response is changed on its way, and
/// what the person is told by generation 3, 4 and 5, with the code.
struct Failure {
    what: &'static str,
    provider: &'static str,
    upstream: fn(&World),
    response: fn(&mut Response),
    words: [&'static str; 3],
    code: &'static str,
}

const CHECK: [&str; 3] = ["OAuthCallback", "OAuthCallback", "Configuration"];
const LATER: [&str; 3] = ["Callback", "OAuthCallback", "Configuration"];
const SAID_NO: [&str; 3] = ["Callback", "Callback", "OAuthCallbackError"];

const fn failure(what: &'static str, words: [&'static str; 3], code: &'static str) -> Failure {
    Failure { what, provider: "op", upstream: |_| {}, response: |_| {}, words, code }
}

fn replace(response: &mut Response, name: &str, value: &str) {
    for pair in response.iter_mut().filter(|(n, _)| n == name) {
        value.clone_into(&mut pair.1);
    }
}

fn says(response: &mut Response, error: &str) {
    response.retain(|(name, _)| name == "state");
    response.push(("error".to_owned(), error.to_owned()));
}

fn table() -> Vec<Failure> {
    vec![
        Failure {
            response: |r| says(r, "access_denied"),
            ..failure("the person says no", SAID_NO, "provider_denied")
        },
        Failure {
            response: |r| says(r, "server_error"),
            ..failure("an error of theirs", SAID_NO, "provider_error")
        },
        Failure {
            response: |r| r.retain(|(n, _)| n != "state"),
            ..failure("no state", CHECK, "provider_attempt")
        },
        Failure {
            response: |r| replace(r, "state", "x"),
            ..failure("a foreign state", CHECK, "provider_attempt")
        },
        Failure {
            response: |r| r.push(("code".to_owned(), "other".to_owned())),
            ..failure("lesson_7 a code twice", CHECK, "provider_response")
        },
        Failure {
            response: |r| r.push(("state".to_owned(), "other".to_owned())),
            ..failure("lesson_7 a state twice", CHECK, "provider_response")
        },
        Failure {
            response: |r| r.retain(|(n, _)| n != "code"),
            ..failure("no code", CHECK, "provider_response")
        },
        Failure {
            response: |r| r.push(("iss".to_owned(), "https://evil.example".to_owned())),
            ..failure("mix-up", CHECK, "provider_issuer")
        },
        Failure {
            response: |r| replace(r, "code", "stolen"),
            ..failure("a foreign code", LATER, "provider_token")
        },
        Failure {
            upstream: |w| w.upstream.does("/token", Wrong::Status(500, "<html>")),
            ..failure("the token endpoint breaks", LATER, "provider_token")
        },
        Failure {
            upstream: |w| {
                w.upstream.does("/token", Wrong::Fault(HttpFault::Timeout(Duration::from_secs(10))));
            },
            ..failure("the token endpoint hangs", LATER, "provider_unreachable")
        },
        Failure {
            upstream: |w| w.upstream.does("/token", Wrong::Fault(HttpFault::TooLarge(1))),
            ..failure("a huge answer", LATER, "provider_unreachable")
        },
        Failure {
            upstream: |w| w.upstream.does("/token", Wrong::ForAnotherClient),
            ..failure("lesson_38 an ID token of another client", LATER, "provider_id_token")
        },
        Failure {
            upstream: |w| w.upstream.does("/keys", Wrong::Status(404, "")),
            ..failure("no keys", LATER, "provider_discovery")
        },
        Failure {
            provider: "hub",
            upstream: |w| w.upstream.does("/user", Wrong::Status(403, "{}")),
            ..failure("no profile", LATER, "provider_userinfo")
        },
        Failure {
            provider: "hub",
            upstream: |w| w.upstream.does("/user", Wrong::WithoutId),
            ..failure("a profile without an id", LATER, "provider_profile")
        },
        Failure {
            provider: "post",
            response: |r| says(r, "user_cancelled_authorize"),
            ..failure("a form that says no", SAID_NO, "provider_denied")
        },
    ]
}

#[tokio::test]
async fn c5_each_failure_on_the_way_back_has_its_word_its_code_and_signs_nobody_in() {
    for failure in table() {
        for (dialect, word) in ALL.into_iter().zip(failure.words) {
            let world = world(dialect, Strategy::Sealed);
            let mut browser = world.browser();
            let url = browser.depart(failure.provider, "/dash").await;
            (failure.upstream)(&world);
            let mut response = world.upstream.agree(&url, &ADA);
            (failure.response)(&mut response);
            let reply = browser.arrive(failure.provider, &response).await;

            let told = format!("{} {dialect:?}: {:?}", failure.what, reply.refused);
            let on_sign_in = dialect == Dialect::AuthJs5 && word == "OAuthCallbackError";
            let page = if on_sign_in { SIGN_IN } else { ERROR };
            assert_eq!(
                refused(&reply),
                (page.to_owned(), word.to_owned(), failure.code.to_owned()),
                "{told}"
            );
            let (code, detail) = reply.refused.clone().expect("a line for the log");
            assert_eq!((code, detail.is_some()), (failure.code, true), "{told}");
            nothing_happened(&world, &mut browser, &told).await;
            // Used up, but where the response names no attempt of this browser.
            assert_eq!(browser.attempts().len(), usize::from(failure.code == "provider_attempt"), "{told}");
        }
    }
}

async fn nothing_happened(world: &World, browser: &mut Browser<'_>, told: &str) {
    assert!(!browser.is_signed_in().await, "{told}");
    assert_eq!(world.store.calls(Operation::Admit), 0, "{told}");
}

#[tokio::test]
async fn c5_a_start_that_fails_says_so_and_leaves_no_attempt() {
    for (dialect, word) in ALL.into_iter().zip(["OAuthSignin", "OAuthSignin", "Configuration"]) {
        for (wrong, code) in [
            (Wrong::Status(500, "<html>"), "provider_discovery"),
            (Wrong::Fault(HttpFault::Unreachable("refused".to_owned())), "provider_unreachable"),
        ] {
            let world = world(dialect, Strategy::Sealed);
            world.upstream.does("openid-configuration", wrong);
            let mut browser = world.browser();
            let reply = browser.post("signin/op", &[]).await;
            assert_eq!(reply.status, 200);
            let url = json(&reply)["url"].as_str().expect("absolute").to_owned();
            assert_eq!(url, format!("https://app.test/api/auth/error?error={word}&code={code}"));
            assert_eq!(browser.attempts(), []);
        }
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        for query in ["state=x", "redirect_uri=https%3A%2F%2Fevil.example", "prompt=a&prompt=b"] {
            let reply = browser.post(&format!("signin/hub?{query}"), &[]).await;
            assert_eq!(reply.refused.expect("refused").0, "provider_parameter", "{query}");
        }
        assert_eq!(browser.attempts(), []);
    }
}

#[tokio::test]
async fn c5_the_built_in_pages_say_which_step_failed() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        browser.json = false;
        world.upstream.does("openid-configuration", Wrong::Status(500, ""));
        let mut reply = browser.post("signin/op", &[]).await;
        while reply.status == 302 {
            let target =
                location(&reply).strip_prefix("https://app.test/api/auth/").expect("ours").to_owned();
            reply = browser.get(&target).await;
        }
        let shown = match reply.body {
            ReplyBody::Page(Page::SignIn { error, .. } | Page::Error { error, .. }) => error,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(shown.as_deref(), Some("provider_discovery"), "{dialect:?}");
        // Nobody can have a page say something else.
        let forged = browser.get("error?error=OAuthSignin&code=backend_refused").await;
        assert!(!format!("{:?}", forged.headers).contains("backend"), "{forged:?}");
    }
}

#[tokio::test]
async fn c5_generation_5_sends_refused_people_to_the_applications_own_pages() {
    let mut options = Options::new(Dialect::AuthJs5, Strategy::Sealed);
    options.pages = CustomPages {
        sign_in: Some("/login?a=b".to_owned()),
        error: Some("/oops".to_owned()),
        ..CustomPages::default()
    };
    let world = build(options);
    let mut browser = world.browser();
    let url = browser.depart("op", "/").await;
    let mut response = world.upstream.agree(&url, &ADA);
    says(&mut response, "access_denied");
    let reply = browser.arrive("op", &response).await;
    assert_eq!(location(&reply), "https://app.test/login?a=b&error=OAuthCallbackError&code=provider_denied");
    let reply = browser.arrive("op", &response).await;
    assert_eq!(location(&reply), "https://app.test/oops?error=Configuration&code=provider_attempt");
}

#[tokio::test]
async fn a_callback_that_comes_again_signs_nobody_in_a_second_time() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Stored);
        let mut browser = world.browser();
        let url = browser.depart("hub", "/dash").await;
        let response = world.upstream.agree(&url, &ADA);
        let kept = browser.cookies.clone();
        assert_eq!(location(&browser.arrive("hub", &response).await), "https://app.test/dash");
        let asked = world.upstream.calls().len();

        let again = browser.arrive("hub", &response).await;
        assert_eq!(refused(&again).2, "provider_attempt");
        assert!(browser.is_signed_in().await, "the session from before stays");

        // Also for somebody who kept the cookie, and in another process: the provider isn't even asked.
        for process in [&world, &world.another_process()] {
            let mut thief = process.browser();
            thief.cookies.clone_from(&kept);
            let again = thief.arrive("hub", &response).await;
            assert_eq!(refused(&again).2, "provider_attempt");
            assert_eq!(world.upstream.calls().len(), asked);
            assert!(!thief.is_signed_in().await);
        }
    }
}

#[tokio::test]
async fn lesson_37_an_attempt_that_failed_is_used_up_for_every_process_too() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    let url = browser.depart("hub", "/dash").await;
    let response = world.upstream.agree(&url, &ADA);
    let kept = browser.cookies.clone();
    let state = response.iter().filter(|(name, _)| name == "state").cloned();
    let denied: Vec<_> = state.chain([("error".to_owned(), "access_denied".to_owned())]).collect();
    assert_eq!(refused(&browser.arrive("hub", &denied).await).2, "provider_denied");
    for process in [&world, &world.another_process()] {
        let mut again = process.browser();
        again.cookies.clone_from(&kept);
        assert_eq!(refused(&again.arrive("hub", &response).await).2, "provider_attempt");
        assert!(!again.is_signed_in().await);
    }
    assert_eq!(world.upstream.calls(), Vec::<String>::new(), "the provider was never asked");
}

#[tokio::test]
async fn lesson_28_attempts_that_were_swapped_between_providers_are_refused() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let hub = browser.depart("hub", "/").await;
        let op = browser.depart("op", "/").await;
        let (of_hub, of_op) = (world.upstream.agree(&hub, &ADA), world.upstream.agree(&op, &ADA));
        let asked = world.upstream.calls().len();
        // The answer of one provider at the other's callback.
        assert_eq!(refused(&browser.arrive("op", &of_hub).await).2, "provider_attempt");
        // The cookies under each other's names.
        let hub = browser.depart("hub", "/").await;
        let of_hub = world.upstream.agree(&hub, &ADA);
        let places: Vec<usize> = browser
            .cookies
            .iter()
            .enumerate()
            .filter(|(_, (name, ..))| name.contains("keyward.attempt."))
            .map(|(place, _)| place)
            .collect();
        let [a, b] = places[..] else { unreachable!("two attempts: {places:?}") };
        let (left, right) = (browser.cookies[a].1.clone(), browser.cookies[b].1.clone());
        (browser.cookies[a].1, browser.cookies[b].1) = (right, left);
        for (provider, response) in [("hub", &of_hub), ("op", &of_op)] {
            let reply = browser.arrive(provider, response).await;
            assert_eq!(refused(&reply).2, "provider_attempt", "{dialect:?} {provider}");
        }
        assert_eq!(world.upstream.calls().len(), asked, "nobody was asked");
        nothing_happened(&world, &mut browser, "swapped").await;
    }
}

#[tokio::test]
async fn an_attempt_lasts_a_quarter_of_an_hour_and_counts_in_its_own_browser_alone() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    let url = browser.depart("hub", "/").await;
    let response = world.upstream.agree(&url, &ADA);
    assert_eq!(refused(&world.browser().arrive("hub", &response).await).2, "provider_attempt");
    world.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(refused(&browser.arrive("hub", &response).await).2, "provider_attempt");
    nothing_happened(&world, &mut browser, "late").await;
}

#[tokio::test]
async fn a_form_at_a_provider_that_does_not_post_is_no_answer_of_it() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let url = browser.depart("hub", "/").await;
        let response = world.upstream.agree(&url, &ADA);
        let form: Vec<_> = response.iter().map(|(name, value)| (&**name, &**value)).collect();
        let asked = world.upstream.calls().len();
        let reply = browser.post("callback/hub", &form).await;
        match (&reply.body, dialect) {
            (ReplyBody::Text(text), Dialect::NextAuth3 | Dialect::NextAuth4) => {
                assert_eq!(reply.status, 400);
                assert!(text.contains("check the path and the HTTP method"), "{text}");
            }
            _ => assert_eq!(json(&reply)["url"], "https://app.test/api/auth/error?error=Configuration"),
        }
        assert_eq!(world.upstream.calls().len(), asked, "{dialect:?}: the provider is not asked");
        nothing_happened(&world, &mut browser, "posted").await;
        assert_eq!(browser.attempts().len(), 1, "{dialect:?}: and it may still answer");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_503_at_every_step_and_nothing_half_made_stays() {
    for dialect in ALL {
        for operation in [Operation::Standing, Operation::Admit] {
            let world = world(dialect, Strategy::Stored);
            let mut browser = world.browser();
            let url = browser.depart("hub", "/").await;
            let response = world.upstream.agree(&url, &ADA);
            world.store.fail_next(operation);
            let reply = browser.arrive("hub", &response).await;
            assert_eq!(reply.status, 503, "{dialect:?} {operation:?}");
            assert!(reply.headers.iter().any(|(name, _)| *name == "retry-after"));
            assert!(!browser.is_signed_in().await);
            assert_eq!(browser.attempts(), []);
            assert_eq!(world.store.inner().user_by_email(ADA.email).await.expect("a store"), None);
            // And again it works.
            assert_eq!(browser.sign_in("hub", &ADA).await.status, 302);
            assert!(browser.is_signed_in().await);
        }
    }
}

#[tokio::test]
async fn whoever_is_signed_in_is_asked_of_the_store_at_the_start_and_a_fault_there_is_503() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_in("hub", &ADA).await;
    world.store.fail_next(Operation::SessionRecord);
    let reply = browser.post("signin/op", &[]).await;
    assert_eq!((reply.status, reply.refused.expect("refused").0), (503, "store_unavailable"));
    assert_eq!(browser.attempts(), []);
    assert!(browser.is_signed_in().await, "the session is kept");
}

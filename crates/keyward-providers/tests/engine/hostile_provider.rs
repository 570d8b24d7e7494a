//! The hostile provider's attacks through the whole engine, in all generations: nobody is signed in, nobody is made,
//! the attempt is gone, and the person stands on the right page with the right word.
//!
//! Prints its tables: `cargo test -p keyward-providers --test engine hostile_provider -- --nocapture --test-threads 1`.

use std::sync::Arc;

use keyward_core::{
    dialect::Dialect,
    port::Clock as _,
    reply::{Page, Reply, ReplyBody},
    secret::Secret,
    settings::Strategy,
};
use keyward_providers::{Code, attempt::Sealer};
use keyward_testkit::Operation;
use url::Url;

use crate::{
    hostile::{
        attacks::{ANSWERS, Attack, ID_TOKEN, METADATA, RESPONSE, USERINFO},
        op::{Op, pair},
    },
    support::{ALL, Browser, Options, SECRET, World, build, json, location},
    upstream::ADA,
};

type Response = Vec<(String, String)>;

/// The word of `error=` in generation 3, 4 and 5 (protocol notes §5.7).
type Words = [&'static str; 3];

const START: Words = ["OAuthSignin", "OAuthSignin", "Configuration"];
const SAID_NO: Words = ["Callback", "Callback", "OAuthCallbackError"];
const CHECK: Words = ["OAuthCallback", "OAuthCallback", "Configuration"];
const LATER: Words = ["Callback", "OAuthCallback", "Configuration"];

/// What the address says after this fault on the way back.
fn told(fault: Code) -> (&'static str, Words) {
    match fault {
        Code::Denied => ("provider_denied", SAID_NO),
        Code::ProviderError => ("provider_error", SAID_NO),
        Code::BadAttempt => ("provider_attempt", CHECK),
        Code::BadState => ("provider_state", CHECK),
        Code::BadIssuer => ("provider_issuer", CHECK),
        Code::BadResponse => ("provider_response", CHECK),
        Code::BadRequest => ("provider_parameter", CHECK),
        Code::Discovery => ("provider_discovery", LATER),
        Code::Unreachable => ("provider_unreachable", LATER),
        Code::Token => ("provider_token", LATER),
        Code::IdToken => ("provider_id_token", LATER),
        Code::Userinfo => ("provider_userinfo", LATER),
        Code::Profile => ("provider_profile", LATER),
    }
}

/// A deployment whose provider `op` this is.
fn with(op: &Arc<Op>, dialect: Dialect) -> World {
    build(Options { op: Some(op.clone()), ..Options::new(dialect, Strategy::Sealed) })
}

#[tokio::test]
async fn the_honest_provider_signs_in_through_the_engine() {
    for dialect in ALL {
        for op in [Op::honest(), Op::honest().asked_by_userinfo()] {
            let op = Arc::new(op);
            let world = with(&op, dialect);
            let mut browser = world.browser();
            let reply = return_from(&op, &mut browser).await;
            assert_eq!(location(&reply), "https://app.test/dash", "{:?}", reply.refused);
            assert!(browser.is_signed_in().await);
            assert_eq!((world.store.calls(Operation::Admit), browser.attempts()), (1, Vec::new()));
        }
    }
}

#[tokio::test]
async fn lesson_38_c5_each_attack_on_the_way_back_ends_on_its_page_and_signs_nobody_in() {
    headline("on the way back");
    for (attacks, honest) in [
        (ID_TOKEN, Op::honest as fn() -> Op),
        (RESPONSE, Op::honest),
        (ANSWERS, Op::honest),
        (USERINFO, || Op::honest().asked_by_userinfo()),
    ] {
        for attack in attacks {
            come_back(attack, honest).await;
        }
    }
}

async fn come_back(&(name, make, fault, word): &Attack, honest: fn() -> Op) {
    let make = || {
        let mut op = honest();
        make(&mut op);
        Arc::new(op)
    };
    // The engine finds an attempt by the response's state: a foreign one names none of this browser's, and leaves them.
    let names_it =
        make().response.iter().find(|(name, _)| name == "state").is_some_and(|(_, value)| value.is_empty());
    let (code, words) = told(if names_it { fault } else { Code::BadAttempt });
    for (dialect, expected) in ALL.into_iter().zip(words) {
        let op = make();
        let world = with(&op, dialect);
        let mut browser = world.browser();
        let reply = return_from(&op, &mut browser).await;
        let detail = is_told(&reply, dialect, expected, code, name);
        assert!(!names_it || detail.contains(word), "{name}: {detail}");
        is_shown(&mut browser, location(&reply), dialect, expected, code).await;
        nothing_happened(&world, &mut browser, usize::from(!names_it), name).await;
        assert!(words != CHECK || op.asked("/token") == 0, "{name}: the code left the house");
    }
    row(name, code, words);
}

#[tokio::test]
async fn c5_each_attack_at_the_start_ends_on_its_page_and_begins_nothing() {
    headline("when a person sets out");
    for &(name, make, fault, word) in METADATA {
        let (code, _) = told(fault);
        for (dialect, expected) in ALL.into_iter().zip(START) {
            let mut op = Op::honest();
            make(&mut op);
            let op = Arc::new(op);
            let world = with(&op, dialect);
            let mut browser = world.browser();
            let reply = browser.post("signin/op", &[("callbackUrl", "/dash")]).await;
            assert_eq!(reply.status, 200, "{name}");
            let place = json(&reply)["url"].as_str().expect("a url").to_owned();
            let detail = says(&place, &reply, dialect, expected, code, name);
            assert!(detail.contains(word), "{name}: {detail}");
            is_shown(&mut browser, &place, dialect, expected, code).await;
            nothing_happened(&world, &mut browser, 0, name).await;
        }
        row(name, code, START);
    }
}

/// What somebody in the middle, or with a browser of their own, makes of two sign-ins that were begun in one browser:
/// which answer arrives at which provider's callback, how many attempts the browser has afterwards, and the fault.
struct Exchange {
    name: &'static str,
    make: fn(&mut Browser<'_>, Begun) -> (&'static str, Response),
    left: usize,
    fault: Code,
}

/// The answers of the hostile provider and of the honest Hub to sign-ins that were begun in this order.
struct Begun {
    op: Response,
    hub: Response,
}

const EXCHANGES: &[Exchange] = &[
    Exchange {
        name: "mix-up: the Hub's answer at the hostile callback",
        make: |_, begun| ("op", begun.hub),
        left: 1,
        fault: Code::BadAttempt,
    },
    Exchange {
        name: "mix-up: the hostile answer at the Hub's callback",
        make: |_, begun| ("hub", begun.op),
        left: 1,
        fault: Code::BadAttempt,
    },
    Exchange {
        name: "mix-up: the Hub's code and iss in the hostile answer",
        make: |_, mut begun| {
            begun.op[0].1 = begun.hub.swap_remove(0).1;
            begun.op[2].1 = "https://hub.example".to_owned();
            ("op", begun.op)
        },
        left: 1,
        fault: Code::BadIssuer,
    },
    Exchange {
        name: "lesson_28 swapped check cookies, the hostile answer",
        make: |browser, begun| {
            swap_attempts(browser);
            ("op", begun.op)
        },
        left: 1,
        fault: Code::BadAttempt,
    },
    Exchange {
        name: "lesson_28 swapped check cookies, the Hub's answer",
        make: |browser, begun| {
            swap_attempts(browser);
            ("hub", begun.hub)
        },
        left: 1,
        fault: Code::BadAttempt,
    },
    Exchange {
        name: "lesson_28 a check cookie that was cut short",
        make: |browser, begun| {
            for (_, value, _) in attempts(browser) {
                value.pop();
            }
            ("op", begun.op)
        },
        left: 1,
        fault: Code::BadAttempt,
    },
    Exchange {
        name: "an answer in a browser that asked for none",
        make: |browser, begun| {
            browser.cookies.clear();
            ("op", begun.op)
        },
        left: 0,
        fault: Code::BadAttempt,
    },
];

#[tokio::test]
async fn lesson_28_c5_answers_and_cookies_that_were_exchanged_end_on_their_page() {
    headline("exchanged between two sign-ins");
    for Exchange { name, make, left, fault } in EXCHANGES {
        let (code, words) = told(*fault);
        for (dialect, expected) in ALL.into_iter().zip(words) {
            let op = Arc::new(Op::honest());
            let world = with(&op, dialect);
            let mut browser = world.browser();
            let there = browser.depart("op", "/dash").await;
            let hub = browser.depart("hub", "/dash").await;
            let begun = Begun { op: op.agrees(&there), hub: world.upstream.agree(&hub, &ADA) };
            let (provider, response) = make(&mut browser, begun);
            let reply = browser.arrive(provider, &response).await;
            is_told(&reply, dialect, expected, code, name);
            is_shown(&mut browser, location(&reply), dialect, expected, code).await;
            nothing_happened(&world, &mut browser, *left, name).await;
            assert_eq!(
                (op.asked("/token"), world.upstream.calls().len()),
                (0, 0),
                "{name}: a code left the house"
            );
        }
        row(name, code, words);
    }
}

#[tokio::test]
async fn c5_a_replayed_code_ends_on_its_page_in_the_same_browser_and_in_a_thiefs() {
    headline("replayed");
    let (code, words) = told(Code::BadAttempt);
    for (dialect, expected) in ALL.into_iter().zip(words) {
        let op = Arc::new(Op::honest());
        let world = with(&op, dialect);
        let mut browser = world.browser();
        let asked = browser.depart("op", "/dash").await;
        let response = op.agrees(&asked);
        let mut thief = world.browser();
        thief.cookies = browser.cookies.clone();
        assert_eq!(location(&browser.arrive("op", &response).await), "https://app.test/dash");

        for (name, who) in [("the same browser", &mut browser), ("who kept the cookie", &mut thief)] {
            let reply = who.arrive("op", &response).await;
            is_told(&reply, dialect, expected, code, name);
            is_shown(who, location(&reply), dialect, expected, code).await;
            assert_eq!(who.attempts(), [], "{name}");
        }
        assert!(!thief.is_signed_in().await);
        assert!(browser.is_signed_in().await, "the session from before stays");
        assert_eq!((op.asked("/token"), world.store.calls(Operation::Admit)), (1, 1));
    }
    row("a code that comes again in the same browser", code, words);
    row("a code that comes again from who kept the cookie", code, words);
}

/// One sign-in at `op`, with the attempt changed on its way as the attack has it.
async fn return_from(op: &Op, browser: &mut Browser<'_>) -> Reply {
    let asked = browser.depart("op", "/dash").await;
    let response = op.agrees(&asked);
    let sealer = Sealer::new(&[Secret::from(SECRET)]);
    for (_, value, _) in attempts(browser) {
        let mut attempt = sealer.open(value, "op", op.clock.now()).expect("ours");
        (op.attempt)(&mut attempt);
        *value = sealer.seal(&attempt, &op.random).expect("sealed");
    }
    browser.arrive("op", &response).await
}

fn attempts<'b>(browser: &'b mut Browser<'_>) -> impl Iterator<Item = &'b mut (String, String, bool)> {
    browser.cookies.iter_mut().filter(|(name, ..)| name.contains("keyward.attempt."))
}

/// Each attempt under the other's name.
fn swap_attempts(browser: &mut Browser<'_>) {
    let [left, right] = &mut attempts(browser).collect::<Vec<_>>()[..] else { unreachable!("two attempts") };
    std::mem::swap(&mut left.1, &mut right.1);
}

fn is_told(reply: &Reply, dialect: Dialect, word: &str, code: &str, name: &str) -> String {
    assert_eq!(reply.status, 302, "{name}: {:?}", reply.body);
    says(location(reply), reply, dialect, word, code, name)
}

/// The address has word and code and nothing else, the log has the same code. Gives the log's detail.
fn says(place: &str, reply: &Reply, dialect: Dialect, word: &str, code: &str, name: &str) -> String {
    let url: Url = place.parse().expect("absolute");
    let page = if word == "OAuthCallbackError" { "signin" } else { "error" };
    assert_eq!(url.path(), format!("/api/auth/{page}"), "{name} {dialect:?}");
    let query: Response = url.query_pairs().into_owned().collect();
    assert_eq!(query, [pair("error", word), pair("code", code)], "{name} {dialect:?}");
    let (logged, detail) = reply.refused.clone().expect("a line for the log");
    let detail = detail.expect("a cause");
    assert_eq!(logged, code, "{name} {dialect:?}: {detail}");
    detail
}

/// The page that the person ends on: where they can choose again, or generation 5's error page, with the exact code.
async fn is_shown(browser: &mut Browser<'_>, place: &str, dialect: Dialect, word: &str, code: &str) {
    let mut place = place.to_owned();
    let reply = loop {
        let target = place.strip_prefix("https://app.test/api/auth/").expect("a page of ours");
        let reply = browser.get(target).await;
        if reply.status != 302 {
            break reply;
        }
        location(&reply).clone_into(&mut place);
    };
    let shown = match reply.body {
        ReplyBody::Page(Page::SignIn { error, .. }) => ("signin", error),
        ReplyBody::Page(Page::Error { error, .. }) => ("error", error),
        other => unreachable!("{dialect:?} {word}: {other:?}"),
    };
    let on_error_page = dialect == Dialect::AuthJs5 && word == "Configuration";
    let page = if on_error_page { "error" } else { "signin" };
    assert_eq!(shown, (page, Some(code.to_owned())), "{dialect:?} {word}");
}

/// Nobody is signed in or made, and so many attempts are left.
async fn nothing_happened(world: &World, browser: &mut Browser<'_>, left: usize, name: &str) {
    assert!(!browser.is_signed_in().await, "{name}");
    assert_eq!(world.store.calls(Operation::Admit), 0, "{name}");
    assert_eq!(browser.attempts().len(), left, "{name}");
}

#[expect(clippy::print_stdout, reason = "the table is there to be read")]
fn headline(what: &str) {
    println!("{what:52} {:22} {:14} {:14} v5", "code", "v3", "v4");
}

#[expect(clippy::print_stdout, reason = "the table is there to be read")]
fn row(name: &str, code: &str, [three, four, five]: Words) {
    println!("{name:52} {code:22} {three:14} {four:14} {five}");
}

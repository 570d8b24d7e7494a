//! Starts at a provider that no page of ours asked for.

use keyward_core::{
    dialect::Dialect,
    reply::Reply,
    request::{Body, Method, Pairs},
    settings::Strategy,
};

use crate::support::{ALL, Browser, World, json, location, world};

/// Providers, and whether NextAuth's client starts there or a form without a script.
const STARTS: [(&str, bool); 4] = [("hub", true), ("hub", false), ("op", true), ("post", true)];

/// Somebody else's site could make a browser send it: the sign-in that follows would be into the attacker's account.
#[tokio::test]
async fn a_start_without_its_token_sends_nobody_anywhere_and_begins_nothing() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let (mut browser, mut other) = (world.browser(), world.browser());
        let (own, cookie) = csrf(&mut browser).await;
        let (others, others_cookie) = csrf(&mut other).await;
        let made_up = format!("aa|{}", "b".repeat(64));
        let tokens = Tokens { own, cookie, others, others_cookie, made_up };
        let (asked, _) = (world.store.all_calls(), world.limits.taken());
        for forgery in &FORGERIES {
            for (provider, by_client) in STARTS {
                let told = format!("{dialect:?} {provider} {by_client} {}", forgery.what);
                let cookie = (forgery.cookie)(&tokens);
                let reply = start(&world, provider, (forgery.token)(&tokens), cookie, by_client).await;
                let page = match dialect {
                    Dialect::NextAuth3 | Dialect::NextAuth4 => "?csrf=true",
                    Dialect::AuthJs5 => "?error=MissingCSRF",
                };
                let page = format!("https://app.test/api/auth/signin{page}");
                match by_client {
                    true => assert_eq!((reply.status, &json(&reply)["url"]), (200, &page.into()), "{told}"),
                    false => assert_eq!((reply.status, location(&reply)), (302, &*page), "{told}"),
                }
                let begun = reply.cookies.iter().any(|cookie| cookie.contains("keyward.attempt."));
                assert!(!begun, "{told}: {:?}", reply.cookies);
            }
        }
        assert_eq!(world.upstream.calls(), Vec::<String>::new(), "{dialect:?}: no provider was asked");
        assert_eq!(world.store.all_calls(), asked, "{dialect:?}: nor the store");
        assert_eq!(world.limits.taken(), [], "{dialect:?}: and no allowance was drawn on");

        for (provider, by_client) in STARTS {
            let right = (Some(&*tokens.own), Some(&*tokens.cookie));
            let reply = start(&world, provider, right.0, right.1, by_client).await;
            let url = match by_client {
                true => json(&reply)["url"].as_str().expect("a url").to_owned(),
                false => location(&reply).to_owned(),
            };
            let told = format!("{dialect:?} {provider} with the right token: {url}");
            assert!(url.contains(".example/authorize?") && url.contains("state="), "{told}");
            let begun = reply.cookies.iter().filter(|cookie| cookie.contains("keyward.attempt."));
            assert_eq!(begun.count(), 1, "{told}");
        }
    }
}

/// A start that is tried without the right to it: what comes in the body as its token, and whose CSRF cookie goes along.
struct Forgery {
    what: &'static str,
    token: fn(&Tokens) -> Option<&str>,
    cookie: fn(&Tokens) -> Option<&str>,
}

/// The CSRF tokens and cookies of two browsers.
struct Tokens {
    own: String,
    cookie: String,
    others: String,
    others_cookie: String,
    /// A token of the attacker's choice, and a hash that is none of ours.
    made_up: String,
}

const FORGERIES: [Forgery; 9] = [
    Forgery { what: "no token", token: |_| None, cookie: |t| Some(&t.cookie) },
    Forgery { what: "an empty token", token: |_| Some(""), cookie: |t| Some(&t.cookie) },
    Forgery { what: "a wrong token", token: |_| Some("wrong"), cookie: |t| Some(&t.cookie) },
    Forgery { what: "another's token", token: |t| Some(&t.others), cookie: |t| Some(&t.cookie) },
    Forgery { what: "the whole cookie", token: |t| Some(&t.cookie), cookie: |t| Some(&t.cookie) },
    Forgery { what: "no cookie", token: |t| Some(&t.own), cookie: |_| None },
    Forgery { what: "another's cookie", token: |t| Some(&t.own), cookie: |t| Some(&t.others_cookie) },
    Forgery { what: "a cookie without a hash", token: |t| Some(&t.own), cookie: |t| Some(&t.own) },
    Forgery { what: "a cookie made up", token: |_| Some("aa"), cookie: |t| Some(&t.made_up) },
];

/// A browser's CSRF token and the cookie beside it.
async fn csrf(browser: &mut Browser<'_>) -> (String, String) {
    let token = json(&browser.get("csrf").await)["csrfToken"].as_str().expect("a token").to_owned();
    let cookie = browser.cookies.iter().find(|(name, ..)| name.contains("csrf-token")).expect("a cookie");
    (token, cookie.1.clone())
}

/// Posts a start with this token and this CSRF cookie and nothing else, as NextAuth's client does or as a form.
async fn start(
    world: &World,
    provider: &str,
    token: Option<&str>,
    cookie: Option<&str>,
    by_client: bool,
) -> Reply {
    let mut browser = world.browser();
    browser.json = by_client;
    let name = world.engine.settings().dialect.cookie_names(true).csrf;
    browser.cookies.extend(cookie.map(|value| (name.to_owned(), value.to_owned(), false)));
    let fields = token.map(|token| ("csrfToken", token)).into_iter();
    let fields = fields.chain(by_client.then_some(("json", "true"))).chain([("callbackUrl", "/dash")]);
    let form = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    browser.send(Method::Post, &format!("signin/{provider}"), Body::Form(Pairs(form)), false).await
}

//! A person's own accounts: listed, unlinked, and never the last one.

use keyward_core::{
    dialect::Dialect,
    port::{Admitted, Directory as _, SignIns as _},
    reply::{Reply, ReplyBody},
    request::{Body, Method},
    settings::Strategy,
    time::Timestamp,
    user::{AccountKey, Address, Admission, Ground, Place, Profile, UserId, Vouched},
};
use keyward_testkit::Operation;
use serde_json::{Map, Value, json};

use crate::{
    support::{ALL, BOTH, Browser, Options, PASSWORD, World, build, json, refused, world},
    upstream::{ADA, Person},
};

const BOB: Person = Person { id: "bob-1", name: "Bob", email: "bob@example.com", email_verified: true };
const LIST: &str = "-/v1/accounts";
const UNLINK: &str = "-/v1/accounts/unlink";

fn everywhere() -> impl Iterator<Item = (Dialect, Strategy)> {
    ALL.into_iter().flat_map(|dialect| BOTH.map(|strategy| (dialect, strategy)))
}

async fn unlink(browser: &mut Browser<'_>, provider: &str, id: &str) -> Reply {
    browser.post(UNLINK, &[("provider", provider), ("providerAccountId", id)]).await
}

/// Provider and id of the accounts that the list shows.
async fn listed(browser: &mut Browser<'_>) -> Vec<(String, String)> {
    let reply = browser.get(LIST).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let text = |account: &Value, name: &str| account[name].as_str().expect("a text").to_owned();
    let accounts = json(&reply)["accounts"].as_array().expect("a list").clone();
    accounts.iter().map(|one| (text(one, "provider"), text(one, "providerAccountId"))).collect()
}

fn assert_refused(reply: &Reply, status: u16, code: &str, told: &str) {
    let answer = json(reply);
    assert_eq!((reply.status, answer["error"].as_str()), (status, Some(code)), "{told}: {answer}");
    assert_eq!(answer["url"], format!("https://app.test/api/auth/error?error={code}"), "{told}");
    assert_eq!(reply.refused.as_ref().map(|(code, _)| *code), Some(code), "{told}: for the log");
    assert_eq!(reply.cookies, [""; 0], "{told}: cookies are kept");
}

/// Ada with two accounts, signed in.
async fn two_accounts(world: &World) -> Browser<'_> {
    let mut browser = world.browser();
    browser.sign_in("hub", &ADA).await;
    browser.sign_in("op", &ADA).await;
    assert_eq!(listed(&mut browser).await.len(), 2);
    browser
}

#[tokio::test]
async fn everybody_sees_their_own_accounts_in_order_and_no_tokens() {
    for (dialect, strategy) in everywhere() {
        let told = format!("{dialect:?} {strategy:?}");
        let world = world(dialect, strategy);
        world.browser().sign_in("hub", &BOB).await;
        let mut browser = two_accounts(&world).await;
        let reply = browser.get(LIST).await;
        let account = |provider: &str, kind: &str, linked_at: &Value| {
            let (id, name, email) = (ADA.id, ADA.name, ADA.email);
            json!({"provider": provider, "type": kind, "providerAccountId": id, "name": name, "email": email, "linkedAt": linked_at})
        };
        let answer = json(&reply);
        let at = &answer["accounts"][0]["linkedAt"];
        assert!(at.as_str().is_some_and(|at| at.ends_with('Z') && at.contains('T')), "{told}: {at}");
        let expected = json!({
            "accounts": [account("hub", "oauth", at), account("op", "oidc", at)],
            "password": false,
            "email": {"address": ADA.email, "verified": true},
        });
        assert_eq!(answer, expected, "{told}");
        let ReplyBody::Json(text) = &reply.body else { unreachable!("JSON") };
        assert!(!text.contains("at-ada") && !text.contains("rt-1"), "{told}: {text}");
        assert_eq!(reply.cookies, [""; 0], "{told}");
        let cache = reply.headers.iter().find(|(name, _)| *name == "cache-control");
        assert!(cache.is_some_and(|(_, rule)| rule.contains("no-store")), "{told}");
        assert_eq!(browser.head(LIST).await.status, 200);

        let mut own = world.browser();
        own.sign_up("own@example.com").await;
        let expected = json!({
            "accounts": [],
            "password": true,
            "email": {"address": "own@example.com", "verified": false},
        });
        assert_eq!(json(&own.get(LIST).await), expected, "{told}");
    }
}

#[tokio::test]
async fn an_account_is_unlinked_and_the_last_one_is_not() {
    for (dialect, strategy) in everywhere() {
        let told = format!("{dialect:?} {strategy:?}");
        let world = world(dialect, strategy);
        let mut browser = two_accounts(&world).await;
        let mut through_hub = world.browser();
        through_hub.sign_in("hub", &ADA).await;
        let mut through_op = world.browser();
        through_op.sign_in("op", &ADA).await;

        // A form, as it was sent; and the list shows it at once.
        let reply = unlink(&mut browser, "hub", ADA.id).await;
        assert_eq!((reply.status, json(&reply)), (200, json!({"unlinked": true})), "{told}");
        assert_eq!(reply.cookies, [""; 0], "{told}");
        assert_eq!(listed(&mut browser).await, [("op".to_owned(), ADA.id.to_owned())], "{told}");
        let key = AccountKey { source: "hub".to_owned(), id: ADA.id.to_owned() };
        let tokens = world.store.inner().account_tokens(&key).await.expect("a store");
        assert_eq!(tokens, None, "{told}: its tokens went with it");

        // Who came by it is out at once; the others stay.
        assert!(!through_hub.is_signed_in().await, "{told}");
        assert!(through_op.is_signed_in().await, "{told}");
        assert!(browser.is_signed_in().await, "{told}");

        // It opens nothing any more.
        let reply = world.browser().sign_in("hub", &ADA).await;
        assert_eq!(refused(&reply).1, "OAuthAccountNotLinked", "{told}");

        assert_refused(&unlink(&mut browser, "op", ADA.id).await, 409, "last_way_in", &told);
        assert_eq!(listed(&mut browser).await.len(), 1, "{told}");
        assert!(browser.is_signed_in().await && through_op.is_signed_in().await, "{told}");
    }
}

/// The session that asks stays also where it was opened by the account that goes; JSON does as well as a form.
#[tokio::test]
async fn who_unlinks_stays_signed_in_and_can_add_the_account_again() {
    for (dialect, strategy) in everywhere() {
        let told = format!("{dialect:?} {strategy:?}");
        let world = world(dialect, strategy);
        let mut browser = two_accounts(&world).await;
        let csrf = json(&browser.get("csrf").await)["csrfToken"].clone();
        let body = json!({"csrfToken": csrf, "provider": "op", "providerAccountId": ADA.id});
        let body = Body::Json(body.as_object().expect("an object").clone());
        let reply = browser.send(Method::Post, UNLINK, body, false).await;
        assert_eq!(reply.status, 200, "{told}: {reply:?}");
        assert!(browser.is_signed_in().await, "{told}");
        assert_eq!(listed(&mut browser).await.len(), 1, "{told}");
        browser.sign_in("op", &ADA).await;
        assert_eq!(listed(&mut browser).await.len(), 2, "{told}");
    }
}

#[tokio::test]
async fn lesson_50_nobody_unlinks_anothers_account_nor_learns_whether_there_is_one() {
    for dialect in ALL {
        let told = format!("{dialect:?}");
        let world = world(dialect, Strategy::Sealed);
        world.browser().sign_in("hub", &BOB).await;
        let mut browser = two_accounts(&world).await;
        let anothers = unlink(&mut browser, "hub", BOB.id).await;
        assert_refused(&anothers, 404, "account_unknown", &told);
        for (provider, id) in [("hub", "nobody"), ("nowhere", ADA.id), ("", "")] {
            let unknown = unlink(&mut browser, provider, id).await;
            assert_eq!((unknown.status, json(&unknown)), (404, json(&anothers)), "{told}");
        }
        // What stands in the address is not read.
        let csrf = json(&browser.get("csrf").await)["csrfToken"].as_str().expect("a token").to_owned();
        let target = format!("{UNLINK}?csrfToken={csrf}&provider=hub&providerAccountId={}", ADA.id);
        let reply = browser.send(Method::Post, &target, Body::None, false).await;
        assert_refused(&reply, 403, "MissingCSRF", &told);
        let reply = browser.post(&format!("{UNLINK}?provider=hub&providerAccountId={}", ADA.id), &[]).await;
        assert_refused(&reply, 400, "missing_field", &told);
        let target = format!("{UNLINK}?provider=hub&providerAccountId={}", ADA.id);
        let fields = [("provider", "hub"), ("providerAccountId", BOB.id)];
        assert_refused(&browser.post(&target, &fields).await, 404, "account_unknown", &told);
        let mut bob = world.browser();
        bob.sign_in("hub", &BOB).await;
        assert_eq!((listed(&mut bob).await.len(), listed(&mut browser).await.len()), (1, 2), "{told}");
    }
}

#[tokio::test]
async fn nobody_is_shown_or_changes_anything_without_a_live_session_and_a_good_token() {
    for (dialect, strategy) in everywhere() {
        let told = format!("{dialect:?} {strategy:?}");
        let world = world(dialect, strategy);
        let mut nobody = world.browser();
        assert_refused(&nobody.get(LIST).await, 401, "SessionRequired", &told);
        assert_refused(&unlink(&mut nobody, "hub", ADA.id).await, 401, "SessionRequired", &told);

        let mut browser = two_accounts(&world).await;
        let missing = browser.send(Method::Post, UNLINK, Body::None, false).await;
        assert_refused(&missing, 403, "MissingCSRF", &told);
        let copy = browser.cookies.clone();
        browser.post("signout", &[]).await;
        browser.cookies = copy;
        assert_refused(&browser.get(LIST).await, 401, "SessionRequired", &told);
        assert_refused(&unlink(&mut browser, "hub", ADA.id).await, 401, "SessionRequired", &told);

        // A sealed session is good until everybody has heard of its user's end; here it is asked for.
        let mut again = world.browser();
        again.sign_in("hub", &ADA).await;
        let until = Timestamp::from_secs(4_000_000_000);
        assert!(world.store.inner().delete_user(ADA.email, until).await.expect("a store"), "{told}");
        assert_refused(&again.get(LIST).await, 401, "SessionRequired", &told);
        assert_refused(&unlink(&mut again, "hub", ADA.id).await, 401, "SessionRequired", &told);
    }
}

/// Adds an account of a provider that is not offered any more.
async fn link_stale(world: &World, email: &str) {
    let user = world.store.inner().user_by_email(email).await.expect("a store").expect("there");
    let who = Vouched {
        key: AccountKey { source: "gone".to_owned(), id: "1".to_owned() },
        kind: "oauth".to_owned(),
        profile: Profile::default(),
        email: Some(Address { address: email.to_owned(), verified: false }),
        tokens: None,
        spent: None,
    };
    let place = Place::Link { user: UserId(user.id.0.clone()), by: Ground::Email };
    let now = Timestamp::from_secs(1);
    let admission = Admission::Vouched { who: Box::new(who), place, until: now };
    let admitted = world.store.inner().admit(&admission, None, now, &[]).await.expect("a store");
    assert_eq!(admitted, Admitted::As { user: user.id, is_new: false, claims: Map::new() });
}

#[tokio::test]
async fn only_what_lets_the_person_in_today_counts_as_another_way() {
    let unproven = Person { id: "eve-1", name: "Eve", email: "eve@example.com", email_verified: false };
    for dialect in ALL {
        let options = |change: fn(&mut Options)| {
            let mut options = Options::new(dialect, Strategy::Sealed);
            change(&mut options);
            build(options)
        };
        let told = format!("{dialect:?}");

        let none = options(|_| ());
        let mut browser = none.browser();
        browser.sign_in("hub", &ADA).await;
        link_stale(&none, ADA.email).await;
        assert_refused(&unlink(&mut browser, "hub", ADA.id).await, 409, "last_way_in", &told);
        assert_eq!(
            unlink(&mut browser, "gone", "1").await.status,
            200,
            "{told}: the other still lets her in"
        );

        let links = options(|options| options.links = true);
        for (person, status) in [(&ADA, 200), (&unproven, 409)] {
            let mut browser = links.browser();
            browser.sign_in("hub", person).await;
            assert_eq!(
                unlink(&mut browser, "hub", person.id).await.status,
                status,
                "{told}: {}",
                person.name
            );
        }

        for (passwords, status) in [(true, 200), (false, 409)] {
            let mut options = Options::new(dialect, Strategy::Sealed);
            options.passwords = passwords;
            let world = build(options);
            let mut browser = world.browser();
            browser.sign_up("own@example.com").await;
            browser.sign_in("hub", &BOB).await;
            assert_eq!(unlink(&mut browser, "hub", BOB.id).await.status, status, "{told}: {passwords}");
            let fields = [("email", "own@example.com"), ("password", PASSWORD)];
            let mut again = world.browser();
            again.post("callback/credentials", &fields).await;
            assert_eq!(again.is_signed_in().await, passwords, "{told}");
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_shows_and_changes_nothing_and_can_be_asked_again() {
    use Operation::{AccountsOf, SessionRecord, UnlinkAccount, User};
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = two_accounts(&world).await;
        for operation in [AccountsOf, SessionRecord, User, UnlinkAccount] {
            let told = format!("{strategy:?} {operation:?}");
            world.store.fail_all([operation]);
            let failing = match operation {
                AccountsOf | User => browser.get(LIST).await,
                _ => unlink(&mut browser, "hub", ADA.id).await,
            };
            world.store.heal();
            assert_refused(&failing, 503, "store_unavailable", &told);
            assert!(failing.headers.iter().any(|(name, _)| *name == "retry-after"), "{told}");
            assert_eq!(listed(&mut browser).await.len(), 2, "{told}");
        }
        assert_eq!(unlink(&mut browser, "hub", ADA.id).await.status, 200);
    }
}

#[tokio::test]
async fn of_two_tabs_that_unlink_the_last_two_accounts_at_once_one_is_refused() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut first = two_accounts(&world).await;
        let mut second = world.browser();
        second.cookies = first.cookies.clone();
        let (one, two) = tokio::join!(unlink(&mut first, "hub", ADA.id), unlink(&mut second, "op", ADA.id));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{strategy:?}");
        assert_eq!(listed(&mut first).await.len(), 1, "{strategy:?}");
    }
}

#[tokio::test]
async fn what_is_no_call_of_ours_is_refused_alike_in_every_generation() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = two_accounts(&world).await;
        for (method, target, status) in [
            (Method::Get, "-/v1/nothing", 404),
            (Method::Get, "-/v1", 404),
            (Method::Post, "-/v1/accounts/unlink/more", 404),
            (Method::Post, LIST, 405),
            (Method::Get, UNLINK, 405),
            (Method::Head, UNLINK, 405),
            (Method::Other, LIST, 405),
        ] {
            let reply = browser.send(method, target, Body::None, false).await;
            let answer = json(&reply);
            let code = if status == 404 { "not_found" } else { "method_not_allowed" };
            assert_eq!((reply.status, &answer["error"]), (status, &json!(code)), "{dialect:?} {target}");
            assert_eq!(answer["url"], format!("https://app.test/api/auth/error?error={code}"));
            assert_eq!(reply.cookies, [""; 0], "{dialect:?} {target}");
        }
    }
}

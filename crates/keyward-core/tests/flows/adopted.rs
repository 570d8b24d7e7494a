//! Sealed cookies that NextAuth made before Keyward took over: read on, listed, ended.

use std::time::Duration;

use keyward_core::{
    dialect::{Dialect, token::TokenKeys},
    port::{Clock, Directory},
    request::{Body, Method, Pairs},
    secret::Secret,
    settings::Strategy,
    time::Timestamp,
};
use keyward_testkit::{Operation, SeededRandom};
use serde_json::{Value, json};

use crate::support::{ADA, ALL, Browser, Options, World, json, world};

const DAY: Duration = Duration::from_secs(86_400);

/// A cookie as NextAuth makes it, sealed at this moment.
fn sealed_at(world: &World, claims: &Value, at: Timestamp) -> (String, String) {
    let dialect = world.engine.settings().dialect;
    let name = dialect.cookie_names(false).session.to_owned();
    let keys = TokenKeys::derive(dialect, &[Secret::from("keyward-test-secret-0123456789abcdef")], &name);
    let mut claims = claims.as_object().expect("an object").clone().into_iter().collect();
    let random = SeededRandom::new(at.millis().unsigned_abs());
    (name, keys.seal(&mut claims, at, 30 * DAY, &random).expect("short"))
}

fn browser_with<'w>(world: &'w World, cookie: &(String, String)) -> Browser<'w> {
    Browser { cookies: vec![cookie.clone()], ..world.browser() }
}

/// A cookie of somebody whom NextAuth signed in an hour ago.
fn original(world: &World, claims: &Value) -> (String, String) {
    sealed_at(world, claims, world.clock.now().minus(Duration::from_secs(3600)))
}

fn bea() -> Value {
    json!({"name": "Bea", "email": "bea@example.com", "picture": null, "sub": "7"})
}

/// Two processes on one store.
fn processes(dialect: Dialect) -> (World, World) {
    let here = world(dialect, Strategy::Sealed);
    let there = here.another(Options::new(dialect, Strategy::Sealed));
    (here, there)
}

async fn is_in(world: &World, cookie: &(String, String)) -> bool {
    browser_with(world, cookie).is_signed_in().await
}

async fn by_operator(world: &World, method: Method, target: &str, body: Value) -> Value {
    let body = body.as_object().cloned().map_or(Body::None, Body::Json);
    let reply = world.operator().send(method, target, body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    json(&reply)
}

async fn listed(world: &World, user: &str) -> Vec<Value> {
    let answer =
        by_operator(world, Method::Get, &format!("-/v1/admin/users/{user}/sessions"), json!(null)).await;
    answer["sessions"].as_array().expect("a list").clone()
}

/// Whoever the directory knows by this address.
async fn id_of(world: &World, email: &str) -> String {
    let directory: &dyn Directory = &*world.store;
    directory.user_by_email(email).await.expect("a store").expect("there").id.0
}

#[tokio::test]
async fn a_cookie_of_nextauths_is_adopted_at_its_first_read_and_costs_nothing_afterwards() {
    for dialect in ALL {
        let (here, there) = processes(dialect);
        let cookie = original(&here, &bea());
        let mut browser = browser_with(&here, &cookie);
        assert_eq!(browser.session().await["user"]["name"], "Bea", "{dialect:?}");
        assert_eq!(here.store.asked(), [Operation::Adopt], "{dialect:?}");
        assert!(browser.is_signed_in().await);
        browser.world = &there;
        assert!(browser.is_signed_in().await);
        assert_eq!(here.store.all_calls(), 1, "{dialect:?}: its renewed cookie is one of ours");
        assert!(is_in(&there, &cookie).await && is_in(&here, &cookie).await);
        let sessions = listed(&there, "7").await;
        assert_eq!(sessions.len(), 1, "{dialect:?}: every process comes to the same record: {sessions:?}");
        assert_eq!(
            (&sessions[0]["userAgent"], &sessions[0]["network"]),
            (&json!("test"), &json!("127.0.0.0/24"))
        );
        let created = here.clock.now().minus(Duration::from_secs(3600)).secs();
        assert_eq!(sessions[0]["createdAt"], json!(Timestamp::from_secs(created).iso()));
        assert_eq!(sessions[0]["expires"], json!(here.clock.now().plus(30 * DAY).iso()));
    }
}

#[tokio::test]
async fn an_adopted_session_rolls_on_like_any_other() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = browser_with(&world, &original(&world, &bea()));
    for _ in 0..5 {
        assert!(browser.is_signed_in().await);
        world.clock.advance(20 * DAY);
        world.engine.sweep().await.expect("a store");
    }
    assert_eq!(listed(&world, "7").await.len(), 1);
    by_operator(&world, Method::Delete, "-/v1/admin/users/7/sessions", json!(null)).await;
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn b5_who_signs_out_of_an_adopted_session_is_out_with_the_old_cookie_too() {
    for dialect in ALL {
        for read_first in [true, false] {
            let (here, there) = processes(dialect);
            let cookie = original(&here, &bea());
            let mut browser = browser_with(&here, &cookie);
            if read_first {
                assert!(browser.is_signed_in().await && is_in(&there, &cookie).await);
            }
            assert_eq!(browser.post("signout", &[]).await.status, 200);
            assert!(!browser.is_signed_in().await);
            assert!(!is_in(&here, &cookie).await, "{dialect:?} {read_first}: in the same process");
            there.engine.follow_changes().await.expect("a store");
            assert!(!is_in(&there, &cookie).await, "{dialect:?} {read_first}: in the other one");
            // As long as the old cookie lives; in a process that was started since.
            here.clock.advance(29 * DAY);
            here.engine.sweep().await.expect("a store");
            let fresh = here.another(Options::new(dialect, Strategy::Sealed));
            assert!(!is_in(&fresh, &cookie).await, "{dialect:?} {read_first}: to its last day");
        }
    }
}

#[tokio::test]
async fn lesson_57_who_is_disabled_is_out_with_cookies_of_nextauths() {
    for dialect in ALL {
        let (here, there) = processes(dialect);
        here.browser().sign_up(ADA).await;
        let user = id_of(&here, ADA).await;
        // Migrated with their ids.
        let claims = json!({"name": "Ada", "email": ADA, "sub": user});
        let read = original(&here, &claims);
        let unread = sealed_at(&here, &claims, here.clock.now().minus(2 * DAY));
        let mut browser = browser_with(&here, &read);
        assert!(browser.is_signed_in().await && is_in(&there, &read).await);
        assert_eq!(listed(&here, &user).await.len(), 2, "{dialect:?}: with the one of the sign-up");
        by_operator(&here, Method::Patch, &format!("-/v1/admin/users/{user}"), json!({"disabled": true}))
            .await;
        assert!(!is_in(&here, &read).await && !is_in(&here, &unread).await, "{dialect:?}");
        there.engine.follow_changes().await.expect("a store");
        browser.world = &there;
        assert!(!browser.is_signed_in().await, "{dialect:?}: the renewed cookie, in the other process");
        assert!(!is_in(&there, &read).await && !is_in(&there, &unread).await, "{dialect:?}");
        by_operator(&here, Method::Patch, &format!("-/v1/admin/users/{user}"), json!({"disabled": false}))
            .await;
        assert!(
            !is_in(&here, &read).await && !is_in(&here, &unread).await,
            "{dialect:?}: what was over stays so"
        );
    }
}

#[tokio::test]
async fn lesson_56_who_is_deleted_is_out_with_cookies_of_nextauths() {
    let (here, there) = processes(Dialect::NextAuth4);
    here.browser().sign_up(ADA).await;
    let user = id_of(&here, ADA).await;
    let read = original(&here, &json!({"name": "Ada", "sub": user}));
    let unread = sealed_at(&here, &json!({"name": "Ada", "sub": user}), here.clock.now().minus(2 * DAY));
    assert!(is_in(&here, &read).await && is_in(&there, &read).await);
    by_operator(&here, Method::Delete, &format!("-/v1/admin/users/{user}"), json!(null)).await;
    there.engine.follow_changes().await.expect("a store");
    for world in [&here, &there] {
        assert!(!is_in(world, &read).await && !is_in(world, &unread).await);
    }
    let another = original(&here, &bea());
    assert!(is_in(&here, &another).await);
}

/// Nobody in the directory is called so: by what the token calls them.
#[tokio::test]
async fn demand_4_an_operator_ends_and_changes_adopted_sessions_of_people_whom_the_directory_does_not_know() {
    let (here, there) = processes(Dialect::AuthJs5);
    let (one, two) = (original(&here, &bea()), sealed_at(&here, &bea(), here.clock.now().minus(DAY)));
    assert!(is_in(&here, &one).await && is_in(&here, &two).await);
    let ids: Vec<_> = listed(&here, "7").await.iter().map(|session| session["id"].clone()).collect();
    assert_eq!(ids.len(), 2);
    let (first, second) = (ids[0].as_str().expect("a text"), ids[1].as_str().expect("a text"));
    let changed = json!({"claims": {"role": "reader"}});
    by_operator(&here, Method::Patch, &format!("-/v1/admin/sessions/{first}"), changed).await;
    let mut roles = Vec::new();
    for cookie in [&one, &two] {
        let seen = here.engine.session(&Pairs(vec![cookie.clone()]), false, None).await;
        let claims = seen.expect("a store").expect("alive").claims;
        roles.push(claims.text("role").map(str::to_owned));
    }
    roles.sort();
    assert_eq!(roles, [None, Some("reader".to_owned())], "one of them says it, by its old cookie too");
    by_operator(&here, Method::Delete, &format!("-/v1/admin/sessions/{second}"), json!(null)).await;
    assert_eq!(listed(&here, "7").await.len(), 1);
    by_operator(&here, Method::Delete, "-/v1/admin/users/7/sessions", json!(null)).await;
    there.engine.follow_changes().await.expect("a store");
    for cookie in [&one, &two] {
        assert!(!is_in(&here, cookie).await && !is_in(&there, cookie).await);
    }
    let unknown = here.operator().get("-/v1/admin/users/nobody/sessions").await;
    assert_eq!(unknown.status, 404);
}

/// Who signs in by the same back end later is the same person, whose sessions it is among then.
#[tokio::test]
async fn an_adopted_session_is_among_those_of_who_signs_in_later() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let cookie = original(&world, &bea());
    assert!(is_in(&world, &cookie).await);
    world.http.json(200, &json!({"id": "7", "name": "Bea"}));
    let mut browser = world.browser();
    browser.post("callback/login", &[("email", "bea"), ("password", "x")]).await;
    let sessions = json(&browser.get("-/v1/sessions").await)["sessions"].as_array().expect("a list").clone();
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    let csrf = browser.csrf().await;
    let body = json!({"csrfToken": csrf, "others": true}).as_object().cloned().expect("an object");
    assert_eq!(browser.send(Method::Post, "-/v1/sessions/end", Body::Json(body)).await.status, 200);
    assert!(!is_in(&world, &cookie).await);
    assert!(browser.is_signed_in().await);
}

/// It says who its person is for the application, as before; what is theirs here opens by a sign-in here.
#[tokio::test]
async fn lesson_63_an_adopted_session_opens_nothing_of_the_account() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.browser().sign_up(ADA).await;
    let user = id_of(&world, ADA).await;
    let mut browser = browser_with(&world, &original(&world, &json!({"email": ADA, "sub": user})));
    assert!(browser.is_signed_in().await);
    for call in ["-/v1/sessions", "-/v1/accounts", "-/v1/activity"] {
        assert_eq!(browser.get(call).await.status, 401, "{call}");
    }
}

#[tokio::test]
async fn a_store_that_fails_at_an_adoption_is_503_and_the_cookie_stays() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let cookie = original(&world, &bea());
    let mut browser = browser_with(&world, &cookie);
    for fail in [
        |world: &World| world.store.fail_next(Operation::Adopt),
        |world: &World| {
            world.store.fail_after(Operation::Adopt);
        },
    ] {
        fail(&world);
        let reply = browser.get("session").await;
        assert_eq!((reply.status, json(&reply)), (503, json!({})));
        assert_eq!(browser.session_cookie(), Some(cookie.1.as_str()));
    }
    assert!(browser.is_signed_in().await);
    assert_eq!(listed(&world, "7").await.len(), 1);
}

/// Each way to read one: an application on the same host, and `update()`.
#[tokio::test]
async fn an_adopted_session_is_read_wherever_sessions_are() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Sealed);
    options.session.update = vec!["name".to_owned()];
    let world = crate::support::build(options);
    let cookie = original(&world, &bea());
    let seen =
        async || world.engine.session(&Pairs(vec![cookie.clone()]), false, None).await.expect("a store");
    assert_eq!(seen().await.expect("alive").claims.text("name"), Some("Bea"));
    let mut browser = browser_with(&world, &cookie);
    let body = json!({"csrfToken": browser.csrf().await, "data": {"name": "Beatrice"}});
    let body = Body::Json(body.as_object().expect("an object").clone());
    assert_eq!(browser.send(Method::Post, "session", body).await.status, 200);
    assert_eq!(browser.session().await["user"]["name"], "Beatrice");
    by_operator(&world, Method::Delete, "-/v1/admin/users/7/sessions", json!(null)).await;
    assert!(seen().await.is_none());
}

/// What was remembered as ended is forgotten when no cookie of it can be alive.
#[tokio::test]
async fn a_cookie_of_nextauths_lives_no_longer_than_one_of_ours() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Sealed);
    options.session.max_age = 7 * DAY;
    let world = crate::support::build(options);
    let now = world.clock.now();
    assert!(is_in(&world, &sealed_at(&world, &bea(), now.minus(6 * DAY))).await);
    assert!(!is_in(&world, &sealed_at(&world, &bea(), now.minus(7 * DAY))).await);
    assert!(
        is_in(&world, &sealed_at(&world, &bea(), now.plus(Duration::from_secs(30)))).await,
        "clocks differ"
    );
    assert!(!is_in(&world, &sealed_at(&world, &bea(), now.plus(DAY))).await);
}

/// Applications keep the id of the provider's session under this name.
#[tokio::test]
async fn a_session_id_that_an_application_wrote_is_none_of_ours() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let claims = json!({"name": "Bea", "sub": "7", "sid": "of the provider"});
    let mut browser = browser_with(&world, &original(&world, &claims));
    assert!(browser.is_signed_in().await && browser.is_signed_in().await);
    assert_ne!(listed(&world, "7").await[0]["id"], "of the provider");
}

//! Sessions: read, renewed, updated, ended (B3, B5, C3).

use std::time::Duration;

use crate::support::{ALL, BOTH, Options, PASSWORD, build, path, world};
use keyward_core::{
    dialect::Dialect,
    method::{CredentialsCheck, Submitted, password::PasswordSignIn},
    port::{Admitted, Clock, Directory, SignIns},
    request::{Body, Method, Pairs},
    settings::Strategy,
};
use keyward_testkit::Operation;
use serde_json::{Value, json};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn c3_a_session_lives_for_its_age_since_the_last_read() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let mut browser = world.browser();
            browser.sign_up("ada@example.com").await;
            for _ in 0..3 {
                world.clock.advance(29 * DAY);
                assert!(browser.is_signed_in().await, "{dialect:?} {strategy:?}");
            }
            world.clock.advance(30 * DAY + Duration::from_secs(16));
            assert!(!browser.is_signed_in().await, "{dialect:?} {strategy:?}");
            assert_eq!(browser.session_cookie(), None, "the cookie is removed");
        }
    }
}

#[tokio::test]
async fn an_empty_session_is_what_the_generation_takes_for_nobody() {
    for (dialect, empty) in
        [(Dialect::NextAuth3, json!({})), (Dialect::NextAuth4, json!({})), (Dialect::AuthJs5, Value::Null)]
    {
        assert_eq!(world(dialect, Strategy::Sealed).browser().session().await, empty);
    }
}

#[tokio::test]
async fn invariant_11_a_sealed_session_is_read_without_the_store_and_a_stored_one_with_one_trip() {
    for (strategy, trips) in [(Strategy::Sealed, 0), (Strategy::Stored, 1)] {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up("ada@example.com").await;
        let before = world.store.all_calls();
        assert!(browser.is_signed_in().await);
        assert_eq!(world.store.all_calls() - before, trips);
    }
}

#[tokio::test]
async fn a_store_that_fails_is_503_and_the_cookie_stays() {
    let world = world(Dialect::NextAuth4, Strategy::Stored);
    let mut browser = world.browser();
    browser.sign_up("ada@example.com").await;
    world.store.fail_next(Operation::Session);
    let reply = browser.get("session").await;
    assert_eq!((reply.status, crate::support::json(&reply)), (503, json!({})));
    assert!(browser.is_signed_in().await, "the next read finds it again");
}

#[tokio::test]
async fn b3_update_changes_what_is_allowed_and_nothing_else() {
    for dialect in [Dialect::NextAuth4, Dialect::AuthJs5] {
        for strategy in BOTH {
            let mut options = Options::new(dialect, strategy);
            options.session.update = vec!["name".to_owned(), "sub".to_owned()];
            options.session.show =
                vec![(path("user.role"), "role".to_owned()), (path("user.id"), "sub".to_owned())];
            options.session.add = vec![(path("user.isLoggedIn"), json!(true))];
            let world = build(options);
            let mut browser = world.browser();
            browser.sign_up("ada@example.com").await;
            let id = browser.session().await["user"]["id"].clone();
            let csrf = browser.csrf().await;
            let data = json!({"name": "Countess", "role": "admin", "sub": "root"});
            let body = json!({"csrfToken": csrf, "data": data});
            let body = Body::Json(body.as_object().expect("object").clone());
            let answer = crate::support::json(&browser.send(Method::Post, "session", body).await);
            assert_eq!(answer["user"]["name"], "Countess");
            let session = browser.session().await;
            let user = json!({"name": "Countess", "email": "ada@example.com", "id": id, "isLoggedIn": true});
            assert_eq!(session["user"], user, "{dialect:?} {strategy:?}");
        }
    }
}

#[tokio::test]
async fn b3_update_without_a_csrf_token_is_400_and_changes_nothing() {
    let world = world(Dialect::AuthJs5, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up("ada@example.com").await;
    let body = Body::Json(json!({"data": {"name": "Eve"}}).as_object().expect("object").clone());
    let reply = browser.send(Method::Post, "session", body).await;
    assert_eq!((reply.status, crate::support::json(&reply)), (400, Value::Null));
    assert_eq!(browser.session().await["user"]["name"], "Ada");
}

#[tokio::test]
async fn b5_sign_out_ends_the_session_wherever_its_cookie_was_copied() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let mut browser = world.browser();
            browser.sign_up("ada@example.com").await;
            let mut copy = world.browser();
            copy.cookies = browser.cookies.clone();
            let reply = browser.post("signout", &[("callbackUrl", "/bye")]).await;
            assert_eq!(crate::support::json(&reply)["url"], "http://app.test/bye");
            assert!(!browser.is_signed_in().await);
            assert!(!copy.is_signed_in().await, "{dialect:?} {strategy:?}: the copy is dead too");
        }
    }
}

#[tokio::test]
async fn lesson_30_a_sign_out_that_the_store_did_not_take_is_not_called_one() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up("ada@example.com").await;
        world.store.fail_next(Operation::EndSession);
        assert_eq!(browser.post("signout", &[]).await.status, 503);
        assert!(browser.is_signed_in().await);
        assert_eq!(browser.post("signout", &[]).await.status, 200);
        assert!(!browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn lesson_55_each_sign_in_has_a_session_of_its_own_and_ends_the_one_before() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up("ada@example.com").await;
        let mut planted = world.browser();
        planted.cookies = browser.cookies.clone();
        browser.sign_in("ada@example.com", PASSWORD).await;
        assert_ne!(browser.session_cookie(), planted.session_cookie());
        assert!(!planted.is_signed_in().await, "{strategy:?}");
        assert!(browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn a_malformed_session_cookie_is_nobody_with_200_and_is_removed() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let name = dialect.cookie_names(false).session;
            for junk in ["x", "a.b.c", "a..b.c.d", "\u{fffd}", "%", "eyJhbGciOiJub25lIn0.e30."] {
                let mut browser = world.browser();
                browser.cookies.push((name.to_owned(), junk.to_owned()));
                assert!(!browser.is_signed_in().await);
                assert_eq!(browser.session_cookie(), None, "{dialect:?} {strategy:?} {junk}");
            }
        }
    }
}

#[tokio::test]
async fn the_sweep_takes_what_expired_and_leaves_what_lives() {
    let world = world(Dialect::NextAuth4, Strategy::Stored);
    world.browser().sign_up("ada@example.com").await;
    world.clock.advance(20 * DAY);
    let mut young = world.browser();
    young.sign_in("ada@example.com", PASSWORD).await;
    world.clock.advance(11 * DAY);
    assert_eq!(world.engine.sweep().await.expect("a store"), 1);
    assert!(young.is_signed_in().await);
}

#[tokio::test]
async fn lesson_56_a_sealed_session_that_rolled_on_for_months_still_ends_with_its_person() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up("ada@example.com").await;
    for _ in 0..10 {
        world.clock.advance(20 * DAY);
        assert!(browser.is_signed_in().await);
        world.engine.sweep().await.expect("a store");
    }
    let now = keyward_core::port::Clock::now(world.clock.as_ref());
    let directory: &dyn keyward_core::port::Store = world.store.as_ref();
    assert!(directory.delete_user("ada@example.com", now.plus(31 * DAY)).await.expect("a store"));
    world.engine.follow_changes().await.expect("a store");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_sealed_sessions_record_is_kept_once_per_update_age_and_a_failing_store_does_not_end_it() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up("ada@example.com").await;
    world.clock.advance(DAY);
    world.store.fail_next(Operation::TouchSession);
    assert!(browser.is_signed_in().await, "the next read tries again");
    for _ in 0..3 {
        assert!(browser.is_signed_in().await);
    }
    assert_eq!(world.store.calls(Operation::TouchSession), 2, "one that failed, one that worked");
}

#[tokio::test]
async fn lesson_56_a_sealed_session_does_not_outlive_the_record_by_which_it_is_ended() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up("ada@example.com").await;
    // Renewed once more without the record being due, then left alone until the record is swept.
    world.clock.advance(Duration::from_secs(23 * 3600));
    assert!(browser.is_signed_in().await);
    world.clock.advance(Duration::from_secs(29 * 24 * 3600 + 2 * 3600));
    assert_eq!(world.engine.sweep().await.expect("a store"), 1);
    let until = world.clock.now().plus(DAY);
    assert!(world.store.delete_user("ada@example.com", until).await.expect("a store"));
    // As an application on the same host reads it: nothing asks the store.
    let seen = world.engine.session(&Pairs(browser.cookies.clone()), false, None).await;
    assert!(seen.expect("readable").is_none());
}

#[tokio::test]
async fn a_password_that_is_replaced_while_it_is_being_checked_opens_no_session() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.browser().sign_up("ada@example.com").await;
    let checked = PasswordSignIn { store: world.store.clone(), hasher: world.hasher.clone() };
    let mut fields = serde_json::Map::new();
    fields.insert("email".to_owned(), "ada@example.com".into());
    fields.insert("password".to_owned(), PASSWORD.into());
    let proof =
        checked.check(&Submitted { fields, client: [127, 0, 0, 1].into() }).await.expect("the password");
    let (store, now) = (&world.store, world.clock.now());
    assert!(store.set_password("ada@example.com", "new", now, &[]).await.expect("a store"));
    assert_eq!(store.admit(&proof.admission, None, now, &[]).await.expect("a store"), Admitted::Gone);
}

#[tokio::test]
async fn an_update_that_fits_into_no_cookie_is_413_and_the_session_stays() {
    for dialect in [Dialect::NextAuth4, Dialect::AuthJs5] {
        let mut options = Options::new(dialect, Strategy::Sealed);
        options.session.update = vec!["name".to_owned()];
        let world = build(options);
        let mut browser = world.browser();
        browser.sign_up("ada@example.com").await;
        let body = json!({"csrfToken": browser.csrf().await, "data": {"name": "x".repeat(40_000)}});
        let body = Body::Json(body.as_object().expect("object").clone());
        let reply = browser.send(Method::Post, "session", body).await;
        assert_eq!((reply.status, reply.refused.map(|(code, _)| code)), (413, Some("session_too_large")));
        assert_eq!(browser.session().await["user"]["name"], "Ada", "{dialect:?}");
    }
}

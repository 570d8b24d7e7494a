//! Keyward's own accounts: sign-up, sign-in, and what they must not reveal (F1).

use crate::support::{ALL, BOTH, Options, PASSWORD, build, error_of, world};
use keyward_core::{dialect::Dialect, port::Directory, settings::Strategy};
use keyward_testkit::{CountingHasher, Operation};

#[tokio::test]
async fn f1_who_signs_up_is_signed_in_and_can_sign_in_again_in_every_dialect_and_strategy() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let mut browser = world.browser();
            assert!(!browser.is_signed_in().await);
            let reply = browser.sign_up(" Ada@Example.com ").await;
            assert_eq!((reply.status, error_of(&reply)), (200, (None, None)), "{dialect:?} {strategy:?}");
            let session = browser.session().await;
            assert_eq!(session["user"]["name"], "Ada");
            assert_eq!(session["user"]["email"], "ada@example.com");

            let mut other = world.browser();
            assert_eq!(other.sign_in("ADA@example.com", PASSWORD).await.status, 200);
            assert!(other.is_signed_in().await, "{dialect:?} {strategy:?}");
            // A password proves who one is, and not that the address is theirs (lesson 43).
            let user = world.store.user_by_email("ada@example.com").await.expect("a store").expect("made");
            assert_eq!(user.email_verified, None);
        }
    }
}

#[tokio::test]
async fn f1_an_unknown_address_and_a_wrong_password_are_told_alike_after_one_hash_each() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.browser().sign_up("ada@example.com").await;
        let before = world.hasher.spent();
        let wrong = world.browser().sign_in("ada@example.com", "not the password").await;
        assert_eq!(world.hasher.spent(), before + 1);
        let unknown = world.browser().sign_in("eve@example.com", "not the password").await;
        assert_eq!(world.hasher.spent(), before + 2);
        let none = world.browser().sign_in("not an address", "not the password").await;
        assert_eq!(world.hasher.spent(), before + 3);
        assert_eq!(error_of(&wrong).0.as_deref(), Some("CredentialsSignin"));
        for other in [unknown, none] {
            assert_eq!(wrong.status, other.status);
            assert_eq!(crate::support::json(&wrong), crate::support::json(&other));
            assert_eq!(wrong.headers, other.headers);
        }
    }
}

#[tokio::test]
async fn f1_a_hash_with_outdated_parameters_is_replaced_at_sign_in() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.browser().sign_up("ada@example.com").await;
    let now = keyward_core::port::Clock::now(world.clock.as_ref());
    let hash = CountingHasher::outdated(PASSWORD);
    let directory: &dyn keyward_core::port::Store = world.store.as_ref();
    assert!(directory.set_password("ada@example.com", &hash, now, &[]).await.expect("a store"));
    let before = world.hasher.hashed();
    assert_eq!(world.browser().sign_in("ada@example.com", PASSWORD).await.status, 200);
    assert_eq!(world.hasher.hashed(), before + 1, "hashed anew");
    assert_eq!(world.browser().sign_in("ada@example.com", PASSWORD).await.status, 200);
    assert_eq!(world.hasher.hashed(), before + 1, "and only once");
}

#[tokio::test]
async fn lesson_30_a_hash_whose_replacement_was_not_answered_keeps_nobody_out() {
    for after in [false, true] {
        let world = world(Dialect::NextAuth4, Strategy::Sealed);
        world.browser().sign_up("ada@example.com").await;
        let now = keyward_core::port::Clock::now(world.clock.as_ref());
        let hash = CountingHasher::outdated(PASSWORD);
        let directory: &dyn keyward_core::port::Store = world.store.as_ref();
        assert!(directory.set_password("ada@example.com", &hash, now, &[]).await.expect("a store"));
        if after {
            world.store.fail_after(Operation::ReplacePassword);
        } else {
            world.store.fail_next(Operation::ReplacePassword);
        }
        let reply = world.browser().sign_in("ada@example.com", PASSWORD).await;
        assert_eq!((reply.status, error_of(&reply)), (200, (None, None)), "after={after}");
    }
}

#[tokio::test]
async fn f1_a_sign_up_that_cannot_be_says_why_and_writes_nothing() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.browser().sign_up("ada@example.com").await;
    let long = "x1-".repeat(500);
    let table = [
        ("ada@example.com", PASSWORD, "email_taken"),
        ("bob", PASSWORD, "invalid_email"),
        ("bob@example.com", "password1", "weak_password"),
        ("bob@example.com", "bob@example.com", "weak_password"),
        ("bob@example.com", long.as_str(), "password_too_long"),
        ("bob@example.com", "", "missing_field"),
        ("", PASSWORD, "missing_field"),
    ];
    for (email, password, code) in table {
        let mut browser = world.browser();
        let reply = browser.post("callback/signup", &[("email", email), ("password", password)]).await;
        assert_eq!((reply.status, error_of(&reply).0.as_deref()), (401, Some(code)));
        assert!(!browser.is_signed_in().await);
    }
    assert_eq!(
        error_of(&world.browser().sign_in("bob@example.com", PASSWORD).await).0.as_deref(),
        Some("CredentialsSignin")
    );
}

#[tokio::test]
async fn f1_where_sign_up_reveals_nothing_a_known_and_a_new_address_are_answered_alike() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Sealed);
    options.reveals_existing = false;
    let world = build(options);
    let (mut first, mut second) = (world.browser(), world.browser());
    let new = first.sign_up("ada@example.com").await;
    let known = second.sign_up("ada@example.com").await;
    assert_eq!(new.status, known.status);
    assert_eq!(crate::support::json(&new), crate::support::json(&known));
    assert!(!first.is_signed_in().await);
    assert!(!second.is_signed_in().await);
    assert_eq!(world.browser().sign_in("ada@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn overload_and_a_failing_store_are_503_with_a_time_to_retry_and_an_absolute_url() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.browser().sign_up("ada@example.com").await;
        world.hasher.overload(Some(std::time::Duration::from_secs(2)));
        let reply = world.browser().sign_in("ada@example.com", PASSWORD).await;
        assert_eq!(reply.status, 503);
        assert!(reply.headers.contains(&("retry-after", "2".into())));
        let (error, code) = error_of(&reply);
        assert!([error, code].contains(&Some("overloaded".to_owned())), "{dialect:?}");
        world.hasher.overload(None);

        world.store.fail_next(Operation::Admit);
        let mut browser = world.browser();
        let reply = browser.sign_in("ada@example.com", PASSWORD).await;
        assert_eq!(reply.status, 503);
        assert!(!browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn lesson_56_a_deleted_user_cannot_sign_in_and_their_sessions_are_over() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up("ada@example.com").await;
        let now = keyward_core::port::Clock::now(world.clock.as_ref());
        let until = now.plus(std::time::Duration::from_secs(3600));
        let directory: &dyn keyward_core::port::Store = world.store.as_ref();
        assert!(directory.delete_user("ada@example.com", until).await.expect("a store"));
        world.engine.follow_changes().await.expect("a store");
        assert!(!browser.is_signed_in().await, "{strategy:?}");
        let reply = world.browser().sign_in("ada@example.com", PASSWORD).await;
        assert_eq!(error_of(&reply).0.as_deref(), Some("CredentialsSignin"));
    }
}

#[tokio::test]
async fn where_sign_up_reveals_nothing_it_leaves_the_present_session_alone() {
    for strategy in BOTH {
        let mut options = Options::new(Dialect::NextAuth4, strategy);
        options.reveals_existing = false;
        let world = build(options);
        let mut browser = world.browser();
        browser.sign_up("ada@example.com").await;
        browser.sign_in("ada@example.com", PASSWORD).await;
        for address in ["bob@example.com", "bob@example.com"] {
            browser.sign_up(address).await;
            assert_eq!(browser.session().await["user"]["email"], "ada@example.com", "{strategy:?}");
        }
    }
}

#[test]
fn what_was_submitted_is_not_shown_by_debug() {
    let mut fields = serde_json::Map::new();
    fields.insert("password".to_owned(), PASSWORD.into());
    let submitted =
        keyward_core::method::Submitted { fields, client: std::net::IpAddr::from([127, 0, 0, 1]) };
    let shown = format!("{submitted:?}");
    assert!(shown.contains("password") && !shown.contains(PASSWORD), "{shown}");
}

//! What is told when something has happened (protocol notes §8.3).

use std::sync::atomic::Ordering;

use keyward_core::{
    dialect::Dialect,
    event::EventKind,
    port::Clock,
    request::{Body, Method},
    settings::Strategy,
};
use keyward_testkit::Operation;
use serde_json::{Value, json};

use crate::support::{ADA, ALL, BOTH, Options, PASSWORD, World, build};

fn telling(dialect: Dialect, strategy: Strategy, kinds: &[EventKind]) -> World {
    let mut options = Options::new(dialect, strategy);
    options.events = kinds.to_vec();
    options.session.update = vec!["name".to_owned()];
    build(options)
}

/// The same with each way to keep sessions, in each dialect.
async fn everywhere(test: impl AsyncFn(World, Dialect, Strategy)) {
    for dialect in ALL {
        for strategy in BOTH {
            test(telling(dialect, strategy, &EventKind::DEFAULT), dialect, strategy).await;
        }
    }
}

#[tokio::test]
async fn c6_a_sign_up_tells_of_the_user_and_of_the_sign_in_and_a_sign_in_of_itself_alone() {
    everywhere(async |world, dialect, strategy| {
        world.browser().sign_up(ADA).await;
        let told = world.told().await;
        let [(created, user), (signed_in, entry)] = told.as_slice() else { unreachable!("{told:?}") };
        assert_eq!([created, signed_in], ["createUser", "signIn"], "{dialect:?} {strategy:?}");
        let id = &user["user"]["id"];
        let ada = json!({"id": id, "name": "Ada", "email": ADA, "image": null});
        let mut stored = ada.clone();
        stored["emailVerified"] = Value::Null;
        assert_eq!(user, &json!({ "user": stored }));
        let account = json!({"provider": "signup", "type": "credentials", "providerAccountId": id});
        assert_eq!(entry, &json!({"user": ada, "account": account, "isNewUser": true}));

        world.browser().sign_in(ADA, PASSWORD).await;
        let told = world.told().await;
        let account = json!({"provider": "credentials", "type": "credentials", "providerAccountId": id});
        assert_eq!(
            told,
            [("signIn".to_owned(), json!({"user": ada, "account": account, "isNewUser": false}))]
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_tells_nothing() {
    everywhere(async |world, _, _| {
        world.browser().sign_up(ADA).await;
        world.told().await;
        world.browser().sign_in(ADA, "wrong").await;
        world.browser().sign_up(ADA).await;
        world.store.fail_next(Operation::Admit);
        world.browser().sign_in(ADA, PASSWORD).await;
        assert_eq!(world.told_types().await, [] as [&str; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_sign_up_that_opens_no_session_tells_of_the_user_and_of_no_sign_in() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Sealed);
    options.events = EventKind::DEFAULT.to_vec();
    options.reveals_existing = false;
    let world = build(options);
    world.browser().sign_up(ADA).await;
    world.browser().sign_up(ADA).await;
    assert_eq!(world.told_types().await, ["createUser"]);
}

#[tokio::test]
async fn c6_b2_a_back_ends_person_is_told_of_as_new_once_and_without_the_back_ends_tokens() {
    everywhere(async |world, _, _| {
        let answer = json!({"id": "u7", "name": "Ada", "role": "admin", "accessToken": "back-end-secret"});
        let sign_in = async || {
            world.http.json(200, &answer);
            world.browser().post("callback/login", &[("email", ADA), ("password", "pw")]).await;
            world.told().await
        };
        let told = sign_in().await;
        let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["createUser", "linkAccount", "signIn"]);
        let ada = json!({"id": "u7", "name": "Ada", "email": null, "image": null});
        let account = json!({"provider": "login", "type": "credentials", "providerAccountId": "u7"});
        assert_eq!(told[1].1, json!({"user": ada, "account": account, "profile": ada}));
        assert_eq!(told[2].1, json!({"user": ada, "account": account, "isNewUser": true}));
        assert!(!format!("{told:?}").contains("secret"), "{told:?}");

        let told = sign_in().await;
        assert_eq!(
            told,
            [("signIn".to_owned(), json!({"user": ada, "account": account, "isNewUser": false}))]
        );
    })
    .await;
}

#[tokio::test]
async fn c6_c1_a_followed_link_tells_of_a_new_user_of_a_first_proof_and_of_the_sign_in() {
    everywhere(async |world, _, _| {
        let follow = async |address: &str| {
            let mut browser = world.browser();
            browser.post("signin/email", &[("email", address)]).await;
            assert_eq!(world.told_types().await, [] as [&str; 0], "a link that was asked for is no event");
            let link = world.mail.sent().pop().expect("a mail").text;
            browser.get(link.strip_prefix("http://app.test/api/auth/").expect("ours")).await;
            world.told().await
        };
        let told = follow(ADA).await;
        let [(created, user), (signed_in, entry)] = told.as_slice() else { unreachable!("{told:?}") };
        assert_eq!([created, signed_in], ["createUser", "signIn"]);
        assert_eq!(user["user"]["emailVerified"], world.clock.now().iso());
        assert_eq!(entry["account"], json!({"provider": "email", "type": "email", "providerAccountId": ADA}));
        assert_eq!((&entry["isNewUser"], &entry["user"]["id"]), (&json!(true), &user["user"]["id"]));
        assert_eq!(follow(ADA).await.len(), 1, "nothing but the sign-in is new");

        let bob = "bob@example.com";
        world.browser().sign_up(bob).await;
        world.told().await;
        let told = follow(bob).await;
        let [(updated, user), (signed_in, entry)] = told.as_slice() else { unreachable!("{told:?}") };
        assert_eq!([updated, signed_in], ["updateUser", "signIn"]);
        assert_eq!(user["user"]["emailVerified"], world.clock.now().iso());
        assert_eq!(entry["isNewUser"], false);
    })
    .await;
}

#[tokio::test]
async fn c6_a_sign_out_is_told_once_with_who_it_was_and_no_token() {
    everywhere(async |world, _, strategy| {
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let cookie = browser.session_cookie().expect("signed in").to_owned();
        let told = world.told().await;
        let id = told[1].1["user"]["id"].clone();
        let mut copy = world.browser();
        copy.cookies = browser.cookies.clone();
        browser.post("signout", &[]).await;
        let told = world.told().await;
        let [(kind, data)] = told.as_slice() else { unreachable!("{told:?}") };
        assert_eq!(kind, "signOut");
        match strategy {
            Strategy::Sealed => {
                assert_eq!([&data["token"]["sub"], &data["token"]["email"]], [&id, &json!(ADA)]);
            }
            Strategy::Stored => assert_eq!(data["session"]["userId"], id),
        }
        assert!(!data.to_string().contains(&cookie[..20]));
        copy.post("signout", &[]).await;
        world.browser().post("signout", &[]).await;
        assert_eq!(world.told_types().await, [] as [&str; 0], "there was nobody to be signed out");
    })
    .await;
}

#[tokio::test]
async fn a_session_that_a_new_sign_in_replaces_is_no_sign_out() {
    everywhere(async |world, _, _| {
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        world.told().await;
        browser.sign_in(ADA, PASSWORD).await;
        assert_eq!(world.told_types().await, ["signIn"]);
    })
    .await;
}

#[tokio::test]
async fn c6_reading_and_updating_a_session_is_told_only_where_it_was_asked_for() {
    for strategy in BOTH {
        let world = telling(Dialect::NextAuth4, strategy, &[EventKind::Session]);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        assert_eq!(world.told_types().await, [] as [&str; 0], "nothing else was asked for");
        let session = browser.session().await;
        let told = world.told().await;
        let [(kind, data)] = told.as_slice() else { unreachable!("{told:?}") };
        assert_eq!(
            (kind.as_str(), &data["session"], &data["token"]["email"]),
            ("session", &session, &json!(ADA))
        );
        let csrf = browser.csrf().await;
        let update = json!({"csrfToken": csrf, "data": {"name": "Ada L."}});
        browser
            .send(Method::Post, "session", Body::Json(update.as_object().expect("an object").clone()))
            .await;
        assert_eq!(world.told().await[0].1["session"]["user"]["name"], "Ada L.");
        assert!(!world.browser().is_signed_in().await);
        world.store.fail_next(Operation::WriteEvents);
        assert!(browser.is_signed_in().await, "it is read all the same");
        assert_eq!(world.told_types().await, [] as [&str; 0]);
    }
}

#[tokio::test]
async fn where_nothing_is_told_the_store_is_asked_no_more_than_before() {
    for strategy in BOTH {
        let calls = async |kinds: &[EventKind]| {
            let world = telling(Dialect::NextAuth4, strategy, kinds);
            let mut browser = world.browser();
            browser.sign_up(ADA).await;
            browser.session().await;
            browser.post("signout", &[]).await;
            let rung = world.rung.load(Ordering::SeqCst);
            (world.store.all_calls(), world.told_types().await.len(), rung)
        };
        let silent = calls(&[]).await;
        let told = calls(&EventKind::DEFAULT).await;
        assert_eq!((silent.1, silent.2, told.1, told.2), (0, 0, 3, 2));
        // Who signs out has to be known; nothing else is asked for events.
        let reads = usize::from(strategy == Strategy::Stored);
        assert_eq!(told.0, silent.0 + reads, "{strategy:?}");
    }
}

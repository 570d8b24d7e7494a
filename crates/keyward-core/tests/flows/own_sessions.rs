//! A person's own sessions, listed and ended; changes that a process hears of.

use std::time::Duration;

use keyward_core::{
    dialect::Dialect,
    port::{Clock, Directory},
    request::{Body, Method},
    settings::Strategy,
};
use keyward_testkit::Operation;
use serde_json::{Value, json};

use crate::support::{ADA, BOTH, Browser, Options, PASSWORD, World, json, world};

async fn signed_up<'w>(world: &'w World, email: &str) -> Browser<'w> {
    let mut browser = world.browser();
    browser.sign_up(email).await;
    browser
}

/// The same person in another browser.
async fn signed_in<'w>(world: &'w World, email: &str) -> Browser<'w> {
    let mut browser = world.browser();
    browser.sign_in(email, PASSWORD).await;
    browser
}

async fn listed(browser: &mut Browser<'_>) -> Vec<Value> {
    let reply = browser.get("-/v1/sessions").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.cookies.is_empty(), "our own calls set none");
    json(&reply)["sessions"].as_array().expect("a list").clone()
}

async fn end(browser: &mut Browser<'_>, what: Value) -> (u16, Value) {
    let csrf = browser.csrf().await;
    let mut body = what.as_object().cloned().expect("an object");
    body.insert("csrfToken".to_owned(), csrf.into());
    let reply = browser.send(Method::Post, "-/v1/sessions/end", Body::Json(body)).await;
    (reply.status, json(&reply))
}

#[tokio::test]
async fn a_person_sees_their_sessions_with_device_and_time() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut eve = signed_up(&world, "eve@example.com").await;
        let mut first = signed_up(&world, ADA).await;
        world.clock.advance(Duration::from_secs(3600));
        let mut second = world.browser();
        second.address = "203.0.113.77".parse().expect("an address");
        second.sign_in(ADA, PASSWORD).await;
        let sessions = listed(&mut first).await;
        let now = world.clock.now();
        assert_eq!(sessions.len(), 2, "{strategy:?}: {sessions:?}");
        let newer = json!({
            "id": sessions[0]["id"],
            "createdAt": now.iso(),
            "seenAt": now.iso(),
            "expires": now.plus(Duration::from_secs(30 * 86_400)).iso(),
            "userAgent": "test",
            "network": "203.0.113.0/24",
            "provider": null,
            "current": false,
        });
        assert_eq!(sessions[0], newer);
        assert_eq!(
            (&sessions[1]["current"], &sessions[1]["network"]),
            (&json!(true), &json!("127.0.0.0/24"))
        );
        assert_eq!(listed(&mut second).await[0]["current"], true);
        assert_eq!(listed(&mut eve).await.len(), 1);
        let nobody = world.browser().get("-/v1/sessions").await;
        assert_eq!((nobody.status, &json(&nobody)["error"]), (401, &json!("SessionRequired")));
    }
}

#[tokio::test]
async fn lesson_50_a_person_ends_one_of_their_sessions_and_nobody_else_s() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut eve = signed_up(&world, "eve@example.com").await;
        let mut first = signed_up(&world, ADA).await;
        let mut second = signed_in(&world, ADA).await;
        let of_second =
            listed(&mut second).await.iter().find(|one| one["current"] == true).expect("there")["id"].clone();
        let (status, answer) = end(&mut eve, json!({ "id": of_second })).await;
        assert_eq!((status, &answer["error"]), (404, &json!("session_unknown")));
        assert!(second.is_signed_in().await);
        assert_eq!(end(&mut first, json!({ "id": of_second })).await, (200, json!({ "ended": 1 })));
        assert!(!second.is_signed_in().await, "{strategy:?}: in the same process at once");
        assert!(first.is_signed_in().await && eve.is_signed_in().await);
        let (status, _) = end(&mut first, json!({ "id": of_second })).await;
        assert_eq!(status, 404, "it is over");
    }
}

#[tokio::test]
async fn a_person_ends_all_their_other_sessions_or_all_of_them() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut here = signed_up(&world, ADA).await;
        let (mut there, mut elsewhere) = (signed_in(&world, ADA).await, signed_in(&world, ADA).await);
        assert_eq!(end(&mut here, json!({ "others": true })).await, (200, json!({ "ended": 2 })));
        assert!(!there.is_signed_in().await && !elsewhere.is_signed_in().await && here.is_signed_in().await);
        let mut again = signed_in(&world, ADA).await;
        assert_eq!(end(&mut again, json!({ "all": true })).await, (200, json!({ "ended": 2 })));
        assert!(!again.is_signed_in().await && !here.is_signed_in().await, "{strategy:?}");
        let (status, answer) = end(&mut again, json!({ "all": true })).await;
        assert_eq!((status, &answer["error"]), (401, &json!("SessionRequired")));
    }
}

#[tokio::test]
async fn what_does_not_say_which_session_ends_none() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = signed_up(&world, ADA).await;
    for unclear in
        [json!({}), json!({"others": false}), json!({"others": true, "all": true}), json!({"id": 7})]
    {
        let (status, answer) = end(&mut browser, unclear.clone()).await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_field")), "{unclear}");
    }
    let body = json!({"others": true}).as_object().cloned().expect("an object");
    let reply = browser.send(Method::Post, "-/v1/sessions/end", Body::Json(body)).await;
    assert_eq!((reply.status, &json(&reply)["error"]), (403, &json!("MissingCSRF")));
    assert_eq!(world.store.calls(Operation::EndSessions), 0);
}

#[tokio::test]
async fn lesson_30_a_session_whose_end_could_not_be_written_is_not_said_to_be_over() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut here = signed_up(&world, ADA).await;
        let mut there = signed_in(&world, ADA).await;
        world.store.fail_next(Operation::EndSessions);
        let (status, answer) = end(&mut here, json!({ "others": true })).await;
        assert_eq!((status, &answer["error"]), (503, &json!("store_unavailable")));
        assert!(there.is_signed_in().await);
        // Written, and the answer lost: nobody is told that it worked, but it did.
        world.store.fail_after(Operation::EndSessions);
        assert_eq!(end(&mut here, json!({ "others": true })).await.0, 503);
        world.engine.follow_changes().await.expect("a store");
        assert!(!there.is_signed_in().await, "{strategy:?}");
        // The feed is away just then: within a second this process hears of it all the same.
        let mut third = signed_in(&world, ADA).await;
        world.store.fail_next(Operation::ChangesSince);
        assert_eq!(end(&mut here, json!({ "others": true })).await, (200, json!({ "ended": 1 })));
        world.engine.follow_changes().await.expect("a store");
        assert!(!third.is_signed_in().await && here.is_signed_in().await);
    }
}

#[tokio::test]
async fn demand_19_a_hundred_reads_in_flight_do_not_bring_an_ended_session_back() {
    for strategy in BOTH {
        let mut options = Options::new(Dialect::NextAuth4, strategy);
        options.session.update_age = Duration::ZERO;
        options.session.update = vec!["name".to_owned()];
        let world = std::sync::Arc::new(crate::support::build(options));
        let cookies = {
            let mut browser = signed_up(&world, ADA).await;
            browser.csrf().await;
            browser.cookies.clone()
        };
        let start = std::sync::Arc::new(tokio::sync::Barrier::new(101));
        let tasks: Vec<_> = (0..101)
            .map(|n| {
                let (world, cookies, start) = (world.clone(), cookies.clone(), start.clone());
                tokio::spawn(async move {
                    let mut browser = world.browser();
                    browser.cookies = cookies;
                    start.wait().await;
                    match n {
                        50 => drop(browser.post("signout", &[]).await),
                        n if n % 2 == 0 => drop(browser.get("session").await),
                        n => {
                            let csrf = browser.csrf().await;
                            let data = json!({"csrfToken": csrf, "data": {"name": format!("Ada {n}")}});
                            let body = Body::Json(data.as_object().cloned().expect("an object"));
                            browser.send(Method::Post, "session", body).await;
                        }
                    }
                    browser.cookies
                })
            })
            .collect();
        let mut browsers = vec![cookies];
        for task in tasks {
            browsers.push(task.await.expect("no task panics"));
        }
        let directory: &dyn Directory = &*world.store;
        let user = directory.user_by_email(ADA).await.expect("a store").expect("there");
        let left =
            keyward_core::port::Sessions::sessions_of(&*world.store, &user.id, world.clock.now()).await;
        assert_eq!(left.expect("a store"), []);
        for cookies in browsers {
            let mut browser = world.browser();
            browser.cookies = cookies;
            assert!(!browser.is_signed_in().await, "{strategy:?}: an ended session is back");
        }
    }
}

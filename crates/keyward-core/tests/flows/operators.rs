//! People and sessions changed from outside, and every process that hears of it.

use keyward_core::{
    audit::{AuditFilter, AuditKind},
    dialect::Dialect,
    event::EventKind,
    port::{AuditTrail, Directory, UserChange},
    reply::Reply,
    request::{Body, Method},
    settings::Strategy,
    user::UserId,
};
use keyward_testkit::Operation;
use serde_json::{Value, json};

use crate::support::{ADA, ALL, BOTH, Browser, Options, PASSWORD, World, build, json, location, path, world};

fn options(dialect: Dialect, strategy: Strategy) -> Options {
    let mut options = Options::new(dialect, strategy);
    options.session.show = vec![(path("user.role"), "role".to_owned())];
    options.session.update = vec!["name".to_owned(), "role".to_owned()];
    options
}

async fn id_of(world: &World, email: &str) -> String {
    let directory: &dyn Directory = &*world.store;
    directory.user_by_email(email).await.expect("a store").expect("there").id.0
}

async fn call(operator: &mut Browser<'_>, method: Method, target: &str, body: Value) -> (u16, Value) {
    let body = body.as_object().cloned().map_or(Body::None, Body::Json);
    let reply: Reply = operator.send(method, target, body).await;
    assert!(reply.cookies.is_empty());
    (reply.status, json(&reply))
}

async fn patch(world: &World, target: &str, body: Value) {
    let (status, answer) = call(&mut world.operator(), Method::Patch, target, body).await;
    assert_eq!(status, 200, "{answer}");
}

/// What the session shows of its person; generation 3 shows what nobody said as null.
async fn user_of(browser: &mut Browser<'_>) -> Value {
    let mut user = browser.session().await["user"].clone();
    if let Some(members) = user.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    user
}

#[tokio::test]
async fn demand_4_what_an_operator_changes_the_next_read_shows_in_every_process() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = build(options(dialect, strategy));
            let other = world.another(options(dialect, strategy));
            let mut here = world.browser();
            here.sign_up(ADA).await;
            let told = format!("{dialect:?} {strategy:?}");
            let before = json!({"name": "Ada", "email": ADA});
            let mut there = Browser { cookies: here.cookies.clone(), ..other.browser() };
            assert_eq!(user_of(&mut there).await, before, "{told}");
            let user = format!("-/v1/admin/users/{}", id_of(&world, ADA).await);
            patch(&world, &user, json!({"name": "Countess", "claims": {"role": "admin"}})).await;
            let after = json!({"name": "Countess", "email": ADA, "role": "admin"});
            assert_eq!(user_of(&mut here).await, after, "{told}: in the same process at once");
            other.engine.follow_changes().await.expect("a store");
            assert_eq!(user_of(&mut there).await, after, "{told}: in the other one");
            patch(&world, &user, json!({"claims": {"role": null}})).await;
            assert_eq!(user_of(&mut here).await, json!({"name": "Countess", "email": ADA}), "{told}");
            // The other browser's cookie is two versions behind by then.
            other.engine.follow_changes().await.expect("a store");
            assert_eq!(user_of(&mut there).await, json!({"name": "Countess", "email": ADA}), "{told}");
        }
    }
}

#[tokio::test]
async fn invariant_11_a_changed_sealed_session_asks_the_store_once_and_an_unchanged_one_never() {
    let world = build(options(Dialect::NextAuth4, Strategy::Sealed));
    let (mut ada, mut eve) = (world.browser(), world.browser());
    ada.sign_up(ADA).await;
    eve.sign_up("eve@example.com").await;
    let old = ada.cookies.clone();
    let user = format!("-/v1/admin/users/{}", id_of(&world, ADA).await);
    patch(&world, &user, json!({"claims": {"role": "admin"}})).await;
    let trips = |before: usize| world.store.all_calls() - before;
    let before = world.store.all_calls();
    assert!(eve.is_signed_in().await);
    assert_eq!(trips(before), 0, "hers was not changed");
    assert_eq!(user_of(&mut ada).await["role"], "admin");
    assert_eq!(trips(before), 1, "what changed");
    for _ in 0..3 {
        assert_eq!(user_of(&mut ada).await["role"], "admin");
    }
    // A tab that keeps sending its oldest cookie, and an application that only reads.
    for _ in 0..3 {
        ada.cookies.clone_from(&old);
        assert_eq!(user_of(&mut ada).await["role"], "admin");
    }
    assert_eq!(trips(before), 1, "it is known since");
}

#[tokio::test]
async fn what_a_person_changes_after_an_operator_stands_and_what_an_operator_changes_after_them_does_too() {
    for strategy in BOTH {
        let world = build(options(Dialect::NextAuth4, strategy));
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let user = format!("-/v1/admin/users/{}", id_of(&world, ADA).await);
        let update = async |browser: &mut Browser<'_>, data: Value| {
            let csrf = browser.csrf().await;
            let body = json!({"csrfToken": csrf, "data": data}).as_object().cloned().expect("an object");
            json(&browser.send(Method::Post, "session", Body::Json(body)).await)["user"].clone()
        };
        patch(&world, &user, json!({"claims": {"role": "editor"}})).await;
        assert_eq!(update(&mut browser, json!({"role": "own"})).await["role"], "own");
        patch(&world, &user, json!({"claims": {"plan": "free"}})).await;
        assert_eq!(user_of(&mut browser).await["role"], "own", "{strategy:?}: nobody changed it since");
        patch(&world, &user, json!({"claims": {"role": "admin"}})).await;
        assert_eq!(user_of(&mut browser).await["role"], "admin");
        assert_eq!(update(&mut browser, json!({"name": "Countess"})).await["role"], "admin", "{strategy:?}");
    }
}

#[tokio::test]
async fn a_session_alone_is_changed_and_ended_by_its_id() {
    for strategy in BOTH {
        let world = build(options(Dialect::NextAuth4, strategy));
        let (mut here, mut there) = (world.browser(), world.browser());
        here.sign_up(ADA).await;
        there.sign_in(ADA, PASSWORD).await;
        let listed = json(&here.get("-/v1/sessions").await)["sessions"].clone();
        let mine = listed.as_array().and_then(|all| all.iter().find(|one| one["current"] == true));
        let target = format!("-/v1/admin/sessions/{}", mine.expect("there")["id"].as_str().expect("a text"));
        patch(&world, &target, json!({"claims": {"role": "guest"}})).await;
        assert_eq!(user_of(&mut here).await["role"], "guest");
        assert_eq!(user_of(&mut there).await["role"], Value::Null, "{strategy:?}");
        let mut operator = world.operator();
        let ended = call(&mut operator, Method::Delete, &target, Value::Null).await;
        assert_eq!(ended, (200, json!({"ended": 1})));
        assert!(!here.is_signed_in().await && there.is_signed_in().await, "{strategy:?}");
        for method in [Method::Delete, Method::Patch] {
            let (status, answer) = call(&mut operator, method, &target, json!({"claims": {"a": 1}})).await;
            assert_eq!((status, &answer["error"]), (404, &json!("session_unknown")));
        }
        let user = format!("-/v1/admin/users/{}/sessions", id_of(&world, ADA).await);
        let (status, answer) = call(&mut operator, Method::Get, &user, Value::Null).await;
        assert_eq!((status, answer["sessions"].as_array().map(Vec::len)), (200, Some(1)));
        let ended = call(&mut operator, Method::Delete, &user, Value::Null).await;
        assert_eq!(ended, (200, json!({"ended": 1})));
        assert!(!there.is_signed_in().await, "{strategy:?}");
    }
}

/// Every way in that this deployment has; providers of other sites are in the tests of their own crate.
async fn by_every_way(world: &World, link: &str) -> Vec<(&'static str, Reply)> {
    let mut replies = Vec::new();
    let (mut password, mut backend, mut mail) = (world.browser(), world.browser(), world.browser());
    replies.push(("password", password.sign_in(ADA, PASSWORD).await));
    world.http.json(200, &json!({"id": 7, "name": "Bob"}));
    replies.push(("back end", backend.post("callback/login", &[("email", "b"), ("password", "p")]).await));
    replies.push(("link", mail.get(link).await));
    for (way, browser) in [("password", &password), ("back end", &backend), ("link", &mail)] {
        let opened = browser.session_cookie().is_some();
        assert!(!opened, "{way} opened a session");
    }
    replies
}

#[tokio::test]
async fn lesson_57_who_is_disabled_is_out_at_once_and_comes_in_by_no_way() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = build(options(dialect, strategy));
            let other = world.another(options(dialect, strategy));
            let mut ada = world.browser();
            ada.sign_up(ADA).await;
            let mut bob = world.browser();
            world.http.json(200, &json!({"id": 7, "name": "Bob"}));
            bob.post("callback/login", &[("email", "b"), ("password", "p")]).await;
            assert!(bob.is_signed_in().await, "{dialect:?}");
            let mut asker = world.browser();
            let link = asker.link("email", ADA).await;
            let mut operator = world.operator();
            let found = call(
                &mut operator,
                Method::Get,
                "-/v1/admin/users?provider=shop&providerAccountId=7",
                Value::Null,
            );
            let (_, found) = found.await;
            let ids = [id_of(&world, ADA).await, found["users"][0]["id"].as_str().expect("an id").to_owned()];
            for id in &ids {
                patch(&world, &format!("-/v1/admin/users/{id}"), json!({"disabled": true})).await;
            }
            let told = format!("{dialect:?} {strategy:?}");
            let mut there = Browser { cookies: ada.cookies.clone(), ..other.browser() };
            assert!(!ada.is_signed_in().await && !bob.is_signed_in().await, "{told}");
            other.engine.follow_changes().await.expect("a store");
            assert!(!there.is_signed_in().await, "{told}: in another process");
            for (way, reply) in by_every_way(&world, &link).await {
                let refused = reply.refused.as_ref().map(|(code, _)| *code);
                assert_eq!(refused, Some("account_disabled"), "{told} {way}: {reply:?}");
            }
            let mut mail = world.browser();
            let followed = mail.get(&link).await;
            let place = location(&followed);
            assert!(place.ends_with("error?error=AccessDenied&code=account_disabled"), "{told}: {place}");
            let shown = world.browser().sign_in(ADA, PASSWORD).await;
            let expected = match dialect {
                Dialect::AuthJs5 => ("CredentialsSignin", Some("account_disabled"), 200),
                Dialect::NextAuth3 | Dialect::NextAuth4 => ("account_disabled", None, 403),
            };
            let (error, code) = crate::support::error_of(&shown);
            assert_eq!(
                (error.as_deref(), code.as_deref(), shown.status),
                (Some(expected.0), expected.1, expected.2)
            );
            // Without the proof nobody learns of it.
            let wrong = world.browser().sign_in(ADA, "not the password 1").await;
            assert_eq!(wrong.refused.map(|(code, _)| code), Some("CredentialsSignin"), "{told}");
            for id in &ids {
                patch(&world, &format!("-/v1/admin/users/{id}"), json!({"disabled": false})).await;
            }
            assert!(!ada.is_signed_in().await, "{told}: what was ended stays ended");
            let mut again = world.browser();
            again.sign_in(ADA, PASSWORD).await;
            assert!(again.is_signed_in().await, "{told}");
        }
    }
}

#[tokio::test]
async fn lesson_56_who_is_deleted_is_out_at_once_in_store_and_cache() {
    for strategy in BOTH {
        let world = build(options(Dialect::NextAuth4, strategy));
        let other = world.another(options(Dialect::NextAuth4, strategy));
        let mut ada = world.browser();
        ada.sign_up(ADA).await;
        let mut there = Browser { cookies: ada.cookies.clone(), ..other.browser() };
        let user = format!("-/v1/admin/users/{}", id_of(&world, ADA).await);
        let mut operator = world.operator();
        let deleted = call(&mut operator, Method::Delete, &user, Value::Null).await;
        assert_eq!(deleted, (200, json!({"deleted": true})));
        assert!(!ada.is_signed_in().await, "{strategy:?}");
        other.engine.follow_changes().await.expect("a store");
        assert!(!there.is_signed_in().await, "{strategy:?}");
        let mut again = world.browser();
        again.sign_in(ADA, PASSWORD).await;
        assert!(!again.is_signed_in().await);
        for method in [Method::Get, Method::Delete, Method::Patch] {
            let (status, answer) = call(&mut operator, method, &user, json!({"disabled": true})).await;
            assert_eq!((status, &answer["error"]), (404, &json!("user_unknown")));
        }
    }
}

#[tokio::test]
async fn what_an_operator_says_of_a_person_is_in_every_session_that_they_open_later() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = build(options(dialect, strategy));
            world.browser().sign_up(ADA).await;
            let user = format!("-/v1/admin/users/{}", id_of(&world, ADA).await);
            patch(&world, &user, json!({"claims": {"role": "admin"}})).await;
            let mut again = world.browser();
            again.sign_in(ADA, PASSWORD).await;
            assert_eq!(user_of(&mut again).await["role"], "admin", "{dialect:?} {strategy:?}");
            assert_eq!(user_of(&mut again).await["role"], "admin", "and by the next read");
        }
    }
}

#[tokio::test]
async fn lesson_65_nobody_without_a_key_changes_or_learns_anything() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut ada = world.browser();
    ada.sign_up(ADA).await;
    let id = id_of(&world, ADA).await;
    let before = world.store.all_calls();
    let right = crate::support::ADMIN_KEY;
    for header in [
        None,
        Some(String::new()),
        Some("Bearer ".to_owned()),
        Some(right.to_owned()),
        Some(format!("bearer {right}")),
        Some(format!("Bearer  {right}")),
        Some(format!("Bearer {right} ")),
        Some(format!("Bearer {}", &right[1..])),
        Some(format!("Bearer {}", &right[..right.len() - 1])),
        Some(format!("Bearer {right}x")),
        Some(format!("Basic {right}")),
        Some("Bearer keyward-test-secret-0123456789abcdef".to_owned()),
    ] {
        // With a session of one's own it is no better.
        let mut caller =
            Browser { cookies: ada.cookies.clone(), authorization: header.clone(), ..world.browser() };
        for (method, target) in [
            (Method::Get, format!("-/v1/admin/users?email={ADA}")),
            (Method::Get, format!("-/v1/admin/users/{id}")),
            (Method::Patch, format!("-/v1/admin/users/{id}")),
            (Method::Delete, format!("-/v1/admin/users/{id}")),
            (Method::Get, format!("-/v1/admin/users/{id}/sessions")),
            (Method::Delete, format!("-/v1/admin/users/{id}/sessions")),
            (Method::Patch, "-/v1/admin/sessions/s1".to_owned()),
            (Method::Delete, "-/v1/admin/sessions/s1".to_owned()),
        ] {
            let (status, answer) = call(&mut caller, method, &target, json!({"disabled": true})).await;
            assert_eq!(
                (status, &answer["error"]),
                (401, &json!("admin_key_required")),
                "{header:?} {target}"
            );
        }
    }
    assert_eq!(world.store.all_calls(), before, "the store was not asked");
    let mut earlier = world.browser();
    earlier.authorization = Some("Bearer key-of-an-earlier-operator-0123456789".to_owned());
    let (status, _) = call(&mut earlier, Method::Get, &format!("-/v1/admin/users/{id}"), Value::Null).await;
    assert_eq!(status, 200, "each of the keys is one");
}

#[tokio::test]
async fn an_operator_sees_what_the_directory_holds_and_is_told_what_is_wrong_with_a_change() {
    let world = world(Dialect::NextAuth4, Strategy::Stored);
    world.browser().sign_up(ADA).await;
    let id = id_of(&world, ADA).await;
    let mut operator = world.operator();
    let user = format!("-/v1/admin/users/{id}");
    let ada = json!({
        "id": id, "name": "Ada", "email": ADA, "emailVerified": null, "image": null,
        "disabled": false, "disabledAt": null, "claims": {},
    });
    assert_eq!(call(&mut operator, Method::Get, &user, Value::Null).await, (200, ada.clone()));
    for (target, found) in [
        (format!("-/v1/admin/users?email={}", ADA.to_uppercase()), vec![ada.clone()]),
        ("-/v1/admin/users?email=nobody@example.com".to_owned(), vec![]),
        ("-/v1/admin/users?email=none".to_owned(), vec![]),
        ("-/v1/admin/users?provider=shop&providerAccountId=7".to_owned(), vec![]),
    ] {
        let answer = call(&mut operator, Method::Get, &target, Value::Null).await;
        assert_eq!(answer, (200, json!({ "users": found })), "{target}");
    }
    let long = json!({"claims": {"large": "x".repeat(9000)}});
    for (body, status, code) in [
        (json!({}), 400, "invalid_field"),
        (json!({"email": "eve@example.com"}), 400, "invalid_field"),
        (json!({"claims": {"sub": "root"}}), 400, "claim_reserved"),
        (json!({"claims": {"ver": 0}}), 400, "claim_reserved"),
        (json!({"claims": {"email": "eve@example.com"}}), 400, "claim_reserved"),
        (long, 413, "claims_too_large"),
    ] {
        let (answered, answer) = call(&mut operator, Method::Patch, &user, body.clone()).await;
        assert_eq!((answered, &answer["error"]), (status, &json!(code)), "{body}");
    }
    let (status, _) = call(&mut operator, Method::Get, "-/v1/admin/users", Value::Null).await;
    assert_eq!(status, 400);
    assert_eq!(call(&mut operator, Method::Get, &user, Value::Null).await, (200, ada), "nothing was changed");
}

#[tokio::test]
async fn lesson_30_a_change_that_could_not_be_written_is_not_said_to_stand() {
    for strategy in BOTH {
        let world = build(options(Dialect::NextAuth4, strategy));
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let user = format!("-/v1/admin/users/{}", id_of(&world, ADA).await);
        let mut operator = world.operator();
        for operation in [Operation::ChangeUser, Operation::User] {
            world.store.fail_next(operation);
            let (status, answer) = call(&mut operator, Method::Patch, &user, json!({"disabled": true})).await;
            assert_eq!((status, &answer["error"]), (503, &json!("store_unavailable")));
            assert!(browser.is_signed_in().await, "{strategy:?}");
        }
        world.store.fail_after(Operation::ChangeUser);
        let (status, _) = call(&mut operator, Method::Patch, &user, json!({"disabled": true})).await;
        assert_eq!(status, 503);
        assert_eq!(
            call(&mut operator, Method::Patch, &user, json!({"disabled": true})).await.0,
            200,
            "once more"
        );
        assert!(!browser.is_signed_in().await, "{strategy:?}");
    }
}

#[tokio::test]
async fn lesson_30_each_of_an_operators_calls_tells_of_a_store_that_failed_before_or_after() {
    for strategy in BOTH {
        let world = build(options(Dialect::NextAuth4, strategy));
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let id = id_of(&world, ADA).await;
        let user = format!("-/v1/admin/users/{id}");
        let sessions = format!("{user}/sessions");
        let mut operator = world.operator();
        let (_, listed) = call(&mut operator, Method::Get, &sessions, Value::Null).await;
        let session = format!("-/v1/admin/sessions/{}", listed["sessions"][0]["id"].as_str().expect("an id"));
        let role = json!({"claims": {"role": "admin"}});
        for (operation, method, target, body) in [
            (Operation::SessionsOf, Method::Get, &sessions, Value::Null),
            (Operation::ChangeSession, Method::Patch, &session, role.clone()),
            (Operation::SessionRecord, Method::Delete, &session, Value::Null),
            (Operation::UserByEmail, Method::Get, &format!("-/v1/admin/users?email={ADA}"), Value::Null),
            (Operation::RemoveUser, Method::Delete, &user, Value::Null),
        ] {
            world.store.fail_next(operation);
            let (status, answer) = call(&mut operator, method, target, body).await;
            assert_eq!((status, &answer["error"]), (503, &json!("store_unavailable")), "{operation:?}");
            assert_eq!(
                user_of(&mut browser).await,
                json!({"name": "Ada", "email": ADA}),
                "{operation:?}: nothing"
            );
        }
        world.store.fail_after(Operation::ChangeSession);
        assert_eq!(call(&mut operator, Method::Patch, &session, role).await.0, 503);
        world.engine.follow_changes().await.expect("a store");
        assert_eq!(user_of(&mut browser).await["role"], "admin", "{strategy:?}: all of it");
        world.store.fail_after(Operation::RemoveUser);
        assert_eq!(call(&mut operator, Method::Delete, &user, Value::Null).await.0, 503);
        world.engine.follow_changes().await.expect("a store");
        assert!(!browser.is_signed_in().await, "{strategy:?}: all of it");
        let (status, answer) = call(&mut operator, Method::Delete, &user, Value::Null).await;
        assert_eq!((status, &answer["error"]), (404, &json!("user_unknown")), "and no second time");
    }
}

#[tokio::test]
async fn what_changed_cannot_be_read_the_cookie_is_kept() {
    let world = build(options(Dialect::NextAuth4, Strategy::Sealed));
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    let user = format!("-/v1/admin/users/{}", id_of(&world, ADA).await);
    patch(&world, &user, json!({"claims": {"role": "admin"}})).await;
    world.store.fail_next(Operation::Overlay);
    let reply = browser.get("session").await;
    assert_eq!((reply.status, json(&reply)), (503, json!({})));
    assert_eq!(user_of(&mut browser).await["role"], "admin", "the next read");
}

#[tokio::test]
async fn who_changed_what_stands_in_the_trail_and_applications_are_told() {
    let mut options = options(Dialect::NextAuth4, Strategy::Sealed);
    options.events = vec![EventKind::UpdateUser];
    let world = build(options);
    world.browser().sign_up(ADA).await;
    let id = id_of(&world, ADA).await;
    let user = format!("-/v1/admin/users/{id}");
    patch(&world, &user, json!({"name": "Countess", "claims": {"role": "s3cret-role"}})).await;
    patch(&world, &user, json!({"disabled": true})).await;
    patch(&world, &user, json!({"disabled": true})).await;
    patch(&world, &user, json!({"disabled": false})).await;
    call(&mut world.operator(), Method::Delete, &user, Value::Null).await;
    let trail = world.store.audit(&AuditFilter::default(), 100).await.expect("a store");
    let told: Vec<_> =
        trail.iter().rev().filter(|record| record.detail.get("by") == Some(&json!("admin"))).collect();
    let kinds: Vec<_> = told.iter().map(|record| record.kind.as_str()).collect();
    let expected =
        [AuditKind::UserChanged, AuditKind::UserDisabled, AuditKind::UserEnabled, AuditKind::UserDeleted];
    assert_eq!(kinds, expected.map(AuditKind::as_str));
    assert!(told.iter().all(|record| record.user == Some(UserId(id.clone()))), "{told:?}");
    assert!(!format!("{trail:?}").contains("s3cret-role"), "values of claims stand in no log");
    let events = keyward_core::port::Outbox::due_events(
        &*world.store,
        keyward_core::port::Clock::now(&*world.clock),
        keyward_core::port::Clock::now(&*world.clock),
        100,
    );
    let events = events.await.expect("a store");
    let bodies: Vec<Value> =
        events.iter().map(|event| serde_json::from_str(&event.body).expect("JSON")).collect();
    let updated = bodies.iter().find(|body| body["type"] == "updateUser").expect("told");
    assert_eq!(updated["data"]["user"]["name"], "Countess");
}

#[tokio::test]
async fn an_embedder_does_the_same_by_the_engine() {
    let world = build(options(Dialect::NextAuth4, Strategy::Sealed));
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    let people = world.engine.people();
    let id = UserId(id_of(&world, ADA).await);
    let change = UserChange {
        claims: json!({"role": "admin"}).as_object().cloned().expect("an object"),
        ..UserChange::default()
    };
    people.change(&id, &change, &[]).await.expect("changed");
    assert_eq!(user_of(&mut browser).await["role"], "admin");
    let session = people.sessions(&id).await.expect("a store")[0].id.clone();
    let patch = json!({"role": "guest"}).as_object().cloned().expect("an object");
    people.change_session(&session, &patch, &[]).await.expect("changed");
    assert_eq!(user_of(&mut browser).await["role"], "guest");
    let patch = json!({"sid": "x"}).as_object().cloned().expect("an object");
    assert_eq!(
        people.change_session(&session, &patch, &[]).await.expect_err("refused").code.as_str(),
        "claim_reserved"
    );
    people.delete(&id, &[]).await.expect("deleted");
    assert!(!browser.is_signed_in().await);
}

/// Shows a label that stands on the role; may be told to fail.
struct Labels {
    fails: std::sync::atomic::AtomicBool,
    asked: std::sync::atomic::AtomicUsize,
}

#[async_trait::async_trait]
impl keyward_core::rules::Rules for Labels {
    async fn session(
        &self,
        _session: &Value,
        claims: &keyward_core::claims::Claims,
    ) -> Result<serde_json::Map<String, Value>, keyward_core::error::Refusal> {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if self.fails.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(keyward_core::error::Refusal::new(keyward_core::error::Code::HookUnavailable));
        }
        let label = format!("label of {}", claims.text("role").unwrap_or("nobody"));
        Ok(json!({"user": {"label": label}}).as_object().cloned().expect("an object"))
    }
}

#[tokio::test]
async fn a3_what_a_rule_shows_follows_what_an_operator_changed_and_no_other_read_asks_it() {
    use std::sync::atomic::Ordering::SeqCst;
    for strategy in BOTH {
        let rule = std::sync::Arc::new(Labels { fails: false.into(), asked: 0.into() });
        let mut options = options(Dialect::NextAuth4, strategy);
        options.rules = vec![rule.clone()];
        let world = build(options);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        assert_eq!(user_of(&mut browser).await["label"], "label of nobody");
        let user = format!("-/v1/admin/users/{}", id_of(&world, ADA).await);
        let asked = rule.asked.load(SeqCst);
        patch(&world, &user, json!({"claims": {"role": "admin"}})).await;
        for _ in 0..3 {
            let shown = user_of(&mut browser).await;
            assert_eq!(
                (&shown["role"], &shown["label"]),
                (&json!("admin"), &json!("label of admin")),
                "{strategy:?}"
            );
        }
        assert_eq!(rule.asked.load(SeqCst), asked + 1, "{strategy:?}: once");
        // Who comes later is shown with it from the beginning.
        let mut later = world.browser();
        later.sign_in(ADA, PASSWORD).await;
        assert_eq!(user_of(&mut later).await["label"], "label of admin", "{strategy:?}");
        rule.fails.store(true, SeqCst);
        patch(&world, &user, json!({"claims": {"role": "editor"}})).await;
        let shown = user_of(&mut browser).await;
        assert_eq!(
            (&shown["role"], &shown["label"]),
            (&json!("editor"), &json!("label of admin")),
            "as before"
        );
        rule.fails.store(false, SeqCst);
        assert_eq!(user_of(&mut browser).await["label"], "label of editor", "{strategy:?}: the next read");
    }
}

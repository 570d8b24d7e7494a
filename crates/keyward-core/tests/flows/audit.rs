//! What flows write into the audit trail, and what never stands in it.

use std::time::Duration;

use keyward_core::{
    audit::{AuditFilter, AuditRecord},
    dialect::Dialect,
    port::Directory,
    request::{Body, Method},
    settings::{Strategy, Verification},
};
use keyward_testkit::Operation;
use serde_json::json;

use crate::support::{ADA, BOTH, Options, PASSWORD, World, build, json, world};

/// The whole trail, oldest first.
async fn trail(world: &World) -> Vec<AuditRecord> {
    let mut records = world.store.inner().audit(&AuditFilter::default(), 1000).await.expect("answers");
    records.reverse();
    records
}

fn kinds(records: &[AuditRecord]) -> Vec<&str> {
    records.iter().map(|record| record.kind.as_str()).collect()
}

#[tokio::test]
async fn a_person_who_signs_up_out_and_in_again_leaves_a_trail_of_it() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        browser.post("signout", &[]).await;
        browser.sign_in(ADA, PASSWORD).await;
        let records = trail(&world).await;
        assert_eq!(kinds(&records), ["user_created", "signed_in", "signed_out", "signed_in"], "{strategy:?}");
        assert!(records.iter().all(|record| record.user.is_some() && record.user == records[0].user));
        assert!(records.iter().all(|record| record.network.as_deref() == Some("127.0.0.1")));
        assert!(records[1].session.is_some() && records[1].session != records[3].session);
        assert_eq!(records[1].detail["method"], "signup");
        assert_eq!(records[3].detail["method"], "credentials");
        assert_eq!(records[3].user_agent.as_deref(), Some("test"));
    }
}

#[tokio::test]
async fn who_proves_themselves_anew_leaves_a_trail_of_it_in_their_new_session() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        browser.post("-/confirm", &[("password", "wrong")]).await;
        world.store.fail_next(Operation::Admit);
        browser.post("-/confirm", &[("password", PASSWORD)]).await;
        browser.post("-/confirm", &[("password", PASSWORD)]).await;
        let (app, codes) = browser.set_up().await;
        browser.post("-/confirm", &[("code", &app.code(&world, 0))]).await;
        browser.post("-/confirm", &[("code", &codes[0])]).await;
        let records = trail(&world).await;
        let expected = [
            ("sign_in_refused", "credentials"),
            ("sign_in_confirmed", "pwd"),
            ("factor_added", ""),
            ("sign_in_confirmed", "otp"),
            ("sign_in_confirmed", "recovery"),
            ("recovery_code_used", "recovery"),
        ];
        let method = |record: &AuditRecord| {
            record.detail.get("method").and_then(|way| way.as_str()).unwrap_or_default().to_owned()
        };
        assert_eq!(kinds(&records[2..]), expected.map(|(kind, _)| kind), "{strategy:?}");
        assert_eq!(records[2..].iter().map(method).collect::<Vec<_>>(), expected.map(|(_, way)| way));
        assert!(records.iter().all(|record| record.user == records[0].user));
        let here = json(&browser.get("-/v1/sessions").await)["sessions"][0]["id"].clone();
        assert_eq!(records[7].session.as_ref().map(|id| id.0.as_str()), here.as_str(), "{strategy:?}");
    }
}

#[tokio::test]
async fn a_refused_sign_in_is_in_the_trail_of_its_account_and_others_under_a_name_that_tells_nothing() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.browser().sign_up(ADA).await;
    for _ in 0..3 {
        world.browser().sign_in(ADA, "a wrong secret").await;
    }
    world.browser().sign_in("hunter2-typed-into-the-wrong-field", "x").await;
    let records = trail(&world).await;
    assert_eq!(kinds(&records), ["user_created", "signed_in", "sign_in_refused", "sign_in_refused"]);
    let [theirs, nobodys] = [&records[2], &records[3]];
    assert_eq!((theirs.user.clone(), theirs.count), (records[0].user.clone(), 3));
    assert_eq!(theirs.detail["code"], "CredentialsSignin");
    assert_eq!((nobodys.user.clone(), nobodys.subject.as_deref().map(str::len)), (None, Some(32)));
}

#[tokio::test]
async fn no_secret_and_nothing_that_was_typed_is_in_the_trail() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    for typed in ["typed-secret-1", ADA] {
        browser.sign_in(typed, "typed-secret-2").await;
        browser.post("callback/signup", &[("email", typed), ("password", "typed-secret-3")]).await;
        browser.post("signin/email", &[("email", typed)]).await;
        let link = format!("callback/email?token=typed-secret-4&email={typed}");
        browser.get(&link).await;
    }
    browser.post("callback/nothing-typed-secret-5", &[]).await;
    let text = format!("{:?}", trail(&world).await);
    assert!(text.contains("sign_in_refused"), "{text}");
    for secret in ["typed-secret", PASSWORD, ADA] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn what_did_not_happen_is_not_in_the_trail_and_what_did_is() {
    let world = world(Dialect::NextAuth4, Strategy::Stored);
    world.store.fail_next(Operation::Admit);
    assert_eq!(world.browser().sign_up(ADA).await.status, 503);
    assert_eq!(kinds(&trail(&world).await), Vec::<&str>::new());
    world.store.fail_after(Operation::Admit);
    assert_eq!(world.browser().sign_up(ADA).await.status, 503);
    assert_eq!(
        kinds(&trail(&world).await),
        ["user_created", "signed_in"],
        "the user is there, and so is this"
    );
    world.store.fail_next(Operation::EndSession);
    let mut browser = world.browser();
    browser.sign_in(ADA, PASSWORD).await;
    assert_eq!(browser.post("signout", &[]).await.status, 503);
    assert_eq!(kinds(&trail(&world).await).last(), Some(&"signed_in"));
}

#[tokio::test]
async fn where_no_trail_is_kept_nothing_is_written_into_one() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Stored);
    options.audit.keep = Duration::ZERO;
    options.verification = Some(Verification::Off);
    let world = build(options);
    let (mut browser, mut other) = (world.browser(), world.browser());
    browser.sign_up(ADA).await;
    other.sign_in(ADA, "wrong").await;
    other.sign_in(ADA, PASSWORD).await;
    other.post("-/confirm", &[("password", PASSWORD)]).await;
    browser.set_up().await;
    let new = "brisk walnut ferry 77";
    let told = [
        ("password", json!({ "password": PASSWORD, "newPassword": new })),
        ("reset", json!({ "email": ADA })),
        ("email", json!({ "email": "new@example.com" })),
        ("export", json!({})),
    ];
    for (call, body) in told {
        let reply = browser.call(call, body).await;
        assert!(reply.status < 300, "{call}: {reply:?}");
    }
    let ended = browser.post("-/v1/sessions/end", &[("all", "true")]).await;
    assert!(ended.status < 300, "{ended:?}");
    let directory: &dyn Directory = &*world.store;
    let user = directory.user_by_email(ADA).await.expect("a store").expect("there").id.0;
    let target = format!("-/v1/admin/users/{user}");
    let disable = Body::Json(serde_json::Map::from_iter([("disabled".to_owned(), json!(true))]));
    for (method, body) in [(Method::Patch, disable), (Method::Delete, Body::None)] {
        let reply = world.operator().send(method, &target, body).await;
        assert!(reply.status < 300, "{reply:?}");
    }
    assert_eq!(kinds(&trail(&world).await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_refusal_stands_where_it_cannot_be_written_down() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.store.fail_all([Operation::WriteEvents]);
    let reply = world.browser().get("callback/email?token=x&email=ada@example.com").await;
    assert_eq!(reply.status, 302);
    world.store.heal();
    assert_eq!(kinds(&trail(&world).await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_flood_of_refusals_writes_a_bounded_number_of_rows_and_tells_how_many_there_were() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    for n in 0..300 {
        let mut browser = world.browser();
        browser.address = format!("10.0.{}.{}", n / 250, n % 250).parse().expect("an address");
        browser.get("callback/email?token=x&email=ada@example.com").await;
    }
    assert_eq!(trail(&world).await.len(), 200);
    world.clock.advance(Duration::from_secs(60));
    world.browser().get("callback/email?token=x&email=ada@example.com").await;
    let records = trail(&world).await;
    assert_eq!(kinds(&records[200..]), ["refusals_dropped", "sign_in_refused"]);
    assert_eq!(records[200].count, 100);
}

#[tokio::test]
async fn lesson_80_a_browser_that_names_itself_at_length_is_cut_wherever_it_is_written() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.agent = "x\n".repeat(10_000);
    browser.sign_up(ADA).await;
    browser.sign_in(ADA, "wrong").await;
    browser.post("-/v1/sessions/end", &[("others", "true")]).await;
    browser.post("signout", &[]).await;
    for record in trail(&world).await {
        let agent = record.user_agent.expect("a browser");
        assert!(agent.chars().count() <= 256 && !agent.contains('\n'), "{}: {}", record.kind, agent.len());
    }
}

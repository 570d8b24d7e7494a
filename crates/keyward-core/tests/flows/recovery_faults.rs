//! Each operation of the store fails once before it took effect and once after: nothing is half done, and nothing is
//! reported that did not happen.

use keyward_core::{
    dialect::Dialect,
    reply::Reply,
    settings::{Strategy, Verification},
};
use keyward_testkit::Operation;
use serde_json::json;

use crate::{
    recovery::{NEW, world},
    support::{ADA, BOTH, Browser, PASSWORD, World, location, parts},
};

const OPERATIONS: [Operation; 12] = [
    Operation::Ticket,
    Operation::UserByEmail,
    Operation::User,
    Operation::PasswordByEmail,
    Operation::SessionRecord,
    Operation::IssueByMail,
    Operation::ProveAddress,
    Operation::ResetPassword,
    Operation::ChangePassword,
    Operation::ChangeAddress,
    Operation::ReturnAddress,
    Operation::Depart,
];

fn is_success(reply: &Reply) -> bool {
    reply.status == 200 || (reply.status == 303 && location(reply).contains("done="))
}

/// Runs `flow` with each operation failing once in each way; `is_done` says whether its effect stands.
async fn with_faults(
    strategy: Strategy,
    prepare: impl AsyncFn(&mut Browser<'_>) -> (String, String),
    flow: impl AsyncFn(&mut Browser<'_>, &str, &str) -> Reply,
    is_done: impl AsyncFn(&World) -> bool,
) {
    for operation in OPERATIONS {
        for after in [false, true] {
            let told = format!("{operation:?} after={after} {strategy:?}");
            let world = world(Dialect::NextAuth4, strategy, Verification::Off);
            let mut browser = world.browser();
            browser.sign_up(ADA).await;
            let (token, subject) = prepare(&mut browser).await;
            world.post().await;
            if after {
                world.store.fail_after(operation);
            } else {
                world.store.fail_next(operation);
            };
            let calls = world.store.calls(operation);
            let reply = flow(&mut browser, &token, &subject).await;
            let was_asked = world.store.calls(operation) > calls;
            world.store.heal();
            let (reported, done) = (is_success(&reply), is_done(&world).await);
            assert!(!reported || done, "{told}: reported, and did not happen: {reply:?}");
            assert_eq!(reported, !was_asked, "{told}: {reply:?}");
            if was_asked {
                let refused = reply.refused.as_ref().map(|(code, _)| *code);
                assert_eq!((reply.status, refused), (503, Some("store_unavailable")), "{told}");
                assert!(world.user(ADA).await.is_some() || done, "{told}");
            }
            if !done {
                assert!(world.post().await.is_empty(), "{told}: a mail of what was not done");
                let again = flow(&mut browser, &token, &subject).await;
                assert!(
                    is_success(&again) && is_done(&world).await,
                    "{told}: nothing was used up: {again:?}"
                );
            } else if was_asked {
                assert!(!world.post().await.is_empty(), "{told}: done, and its mail with it");
            }
        }
    }
}

async fn reset_token(browser: &mut Browser<'_>) -> (String, String) {
    browser.call("reset", json!({ "email": ADA })).await;
    parts(&browser.world.letter().await.text)
}

#[tokio::test]
async fn a_reset_is_done_or_not_whatever_fails() {
    for strategy in BOTH {
        with_faults(
            strategy,
            reset_token,
            async |browser, token, subject| {
                browser.call("reset", json!({ "token": token, "for": subject, "newPassword": NEW })).await
            },
            async |world| world.hash(ADA).await.is_some_and(|hash| hash.ends_with(NEW)),
        )
        .await;
    }
}

#[tokio::test]
async fn a_changed_password_is_changed_or_not_whatever_fails() {
    with_faults(
        Strategy::Stored,
        async |_| (String::new(), String::new()),
        async |browser, _, _| {
            browser.call("password", json!({ "password": PASSWORD, "newPassword": NEW })).await
        },
        async |world| world.hash(ADA).await.is_some_and(|hash| hash.ends_with(NEW)),
    )
    .await;
}

#[tokio::test]
async fn a_changed_address_is_changed_or_not_whatever_fails() {
    with_faults(
        Strategy::Sealed,
        async |browser| {
            browser.call("email", json!({ "email": "new@example.com" })).await;
            parts(&browser.world.letter().await.text)
        },
        async |browser, token, subject| {
            browser.call("email/confirm", json!({ "token": token, "for": subject })).await
        },
        async |world| world.user("new@example.com").await.is_some(),
    )
    .await;
}

#[tokio::test]
async fn a_deletion_is_done_or_not_whatever_fails() {
    with_faults(
        Strategy::Stored,
        async |_| (String::new(), String::new()),
        async |browser, _, _| browser.call("delete", json!({})).await,
        async |world| world.store.inner().user_by_email(ADA).await.is_ok_and(|user| user.is_none()),
    )
    .await;
}

#[tokio::test]
async fn a_link_is_issued_with_its_mail_or_not_at_all_whatever_fails() {
    for (call, body) in [
        ("reset", json!({ "email": ADA })),
        ("verify-email", json!({ "email": ADA })),
        ("email", json!({ "email": "n@e.org" })),
    ] {
        for operation in [Operation::IssueByMail, Operation::UserByEmail, Operation::User] {
            for after in [false, true] {
                let world = world(Dialect::NextAuth4, Strategy::Sealed, Verification::Off);
                let mut browser = world.browser();
                browser.sign_up(ADA).await;
                if after {
                    world.store.fail_after(operation);
                } else {
                    world.store.fail_next(operation);
                };
                let calls = world.store.calls(operation);
                let reply = browser.call(call, body.clone()).await;
                let was_asked = world.store.calls(operation) > calls;
                world.store.heal();
                assert_eq!(is_success(&reply), !was_asked, "{call} {operation:?} {after}");
                let is_written = !was_asked || (after && operation == Operation::IssueByMail);
                assert_eq!(world.post().await.len(), usize::from(is_written), "{call} {operation:?} {after}");
            }
        }
    }
}

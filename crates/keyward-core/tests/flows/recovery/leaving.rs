//! A password is changed, data are taken along, somebody leaves.

use keyward_core::{action::State, dialect::Dialect, settings::Verification};
use serde_json::json;

use super::{BOB, HOME, HOUR, NEW, RECENT, code, page, usual, world};
use crate::support::{ADA, BOTH, PASSWORD, error_of, json as parsed, location};

#[tokio::test]
async fn a_changed_password_needs_the_old_one_and_ends_the_other_sessions() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy, Verification::Off);
        let (mut browser, mut other) = (world.browser(), world.browser());
        browser.sign_up(ADA).await;
        other.sign_in(ADA, PASSWORD).await;
        // Long after signing in: the old password is the proof.
        world.clock.advance(HOUR);
        assert_eq!(page(&browser.get("-/account/password").await).state, State::WithPassword);
        let refused = [
            (json!({ "password": "wrong", "newPassword": NEW }), 403, "wrong_password"),
            (json!({ "newPassword": NEW }), 400, "missing_field"),
            (json!({ "password": PASSWORD }), 400, "missing_field"),
            (json!({ "password": PASSWORD, "newPassword": "password" }), 400, "weak_password"),
            (json!({ "password": PASSWORD, "newPassword": ["x"] }), 400, "missing_field"),
        ];
        for (body, status, expected) in refused {
            let hashes = world.hasher.spent();
            let reply = browser.call("password", body.clone()).await;
            assert_eq!((reply.status, code(&reply)), (status, expected.to_owned()), "{body}");
            assert!(world.hasher.spent() - hashes <= 1, "{body}");
        }
        let nobody =
            world.browser().call("password", json!({ "password": PASSWORD, "newPassword": NEW })).await;
        assert_eq!((nobody.status, code(&nobody)), (401, "SessionRequired".to_owned()));

        let fields = [("password", PASSWORD), ("newPassword", NEW)];
        let reply = browser.form("-/account/password", &fields).await;
        assert_eq!(location(&reply), format!("{HOME}-/account/password?done=yes"));
        assert!(browser.is_signed_in().await && !other.is_signed_in().await, "{strategy:?}");
        let mail = world.letter().await;
        assert_eq!(
            (&*mail.subject, &*mail.text),
            ("Password at app.test", "http://app.test/api/auth/-/reset")
        );
        assert!(error_of(&other.sign_in(ADA, PASSWORD).await).0.is_some());
        let reply = browser.call("password", json!({ "password": NEW, "newPassword": PASSWORD })).await;
        assert_eq!((reply.status, parsed(&reply)), (200, json!({ "done": true })));
    }
}

#[tokio::test]
async fn what_cannot_be_taken_back_needs_a_recent_sign_in() {
    let world = usual();
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    world.clock.advance(RECENT);
    for (call, body) in [("delete", json!({})), ("export", json!({})), ("email", json!({ "email": BOB }))] {
        let reply = browser.call(call, body).await;
        assert_eq!((reply.status, code(&reply)), (403, "recent_sign_in_required".to_owned()), "{call}");
        let reply = browser.get(&format!("-/account/{call}")).await;
        assert_eq!(reply.status, 303);
        let expected = format!(
            "{HOME}signin?callbackUrl=http%3A%2F%2Fapp.test%2Fapi%2Fauth%2F-%2Faccount%2F{call}&error=recent_sign_in_required"
        );
        assert_eq!(location(&reply), expected);
    }
    assert!(world.user(ADA).await.is_some() && world.post().await.is_empty());
    browser.sign_in(ADA, PASSWORD).await;
    assert_eq!(page(&browser.get("-/account/delete").await).state, State::Open);
    assert_eq!(browser.call("export", json!({})).await.status, 200);
}

#[tokio::test]
async fn lesson_56_who_deletes_themselves_is_gone_everywhere() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy, Verification::Off);
        let (mut browser, mut other) = (world.browser(), world.browser());
        browser.sign_up(ADA).await;
        other.sign_in(ADA, PASSWORD).await;
        let copy = browser.cookies.clone();
        let reply = browser.form("-/account/delete", &[]).await;
        assert_eq!(location(&reply), format!("{HOME}-/account/delete?done=yes"));
        assert!(browser.session_cookie().is_none());
        assert_eq!(page(&browser.get("-/account/delete?done=yes").await).state, State::Done);
        browser.cookies = copy;
        assert!(!browser.is_signed_in().await && !other.is_signed_in().await, "{strategy:?}");
        assert!(world.user(ADA).await.is_none());
        let mail = world.letter().await;
        assert_eq!((&*mail.to, &*mail.subject), (ADA, "Deleted at app.test"));
        browser.cookies.clear();
        browser.sign_up(ADA).await;
        assert!(browser.is_signed_in().await, "the address is free");
    }
}

#[tokio::test]
async fn ones_own_data_hold_everything_but_hashes_and_tokens() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy, Verification::Off);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        world.browser().sign_up(BOB).await;
        let reply = browser.form("-/account/export", &[]).await;
        assert_eq!(reply.status, 200);
        let attachment = reply.headers.iter().find(|(name, _)| *name == "content-disposition");
        assert!(attachment.is_some_and(|(_, value)| value.contains("attachment")));
        let data = parsed(&reply);
        assert_eq!(data["user"]["email"], ADA);
        assert_eq!(data["user"]["name"], "Ada");
        assert_eq!((&data["password"], &data["accounts"]), (&json!(true), &json!([])));
        assert_eq!(data["sessions"].as_array().map(Vec::len), Some(1));
        assert_eq!(data["sessions"][0]["userAgent"], "test");
        assert_eq!(data["secondFactors"], json!({ "app": false, "recoveryCodes": 0, "passkeys": [] }));
        let kinds = data["activity"].as_array().expect("a list").iter().map(|entry| entry["kind"].clone());
        assert!(kinds.collect::<Vec<_>>().contains(&json!("signed_in")), "{}", data["activity"]);
        let text = data.to_string();
        let hash = world.hash(ADA).await.expect("there");
        for secret in [hash.as_str(), PASSWORD, browser.session_cookie().expect("signed in"), BOB] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

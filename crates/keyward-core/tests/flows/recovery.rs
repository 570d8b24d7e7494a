//! What people do about their own accounts: prove and change an address, reset and change a password, have their data,
//! leave. Through pages without a script, and through calls.

mod addresses;
mod leaving;

use std::time::Duration;

use keyward_core::{
    action::{State, Step},
    dialect::Dialect,
    port::Limit,
    reply::{Page, RecoveryPage, Reply, ReplyBody},
    request::{Body, Method, Pairs},
    settings::{Strategy, Verification},
};
use serde_json::json;

use crate::support::{
    ADA, ALL, BOTH, Browser, Options, PASSWORD, World, build, error_of, json as parsed, location, parts,
    target,
};

pub(crate) const NEW: &str = "brass-lantern-otter-47";
const BOB: &str = "bob@example.com";
const RECENT: Duration = Duration::from_secs(10 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const HOME: &str = "http://app.test/api/auth/";

pub(crate) fn world(dialect: Dialect, strategy: Strategy, verification: Verification) -> World {
    build(Options { verification: Some(verification), ..Options::new(dialect, strategy) })
}

fn usual() -> World {
    world(Dialect::NextAuth4, Strategy::Sealed, Verification::Off)
}

/// The call beside a page.
fn call_of(step: Step) -> &'static str {
    match step {
        Step::VerifyEmail => "verify-email",
        Step::Reset => "reset",
        Step::ChangeEmail => "email/confirm",
        Step::ReturnEmail => "email/return",
        Step::Password => "password",
        Step::Email => "email",
        Step::Delete => "delete",
        Step::Export => "export",
    }
}

pub(crate) fn page(reply: &Reply) -> &RecoveryPage {
    let ReplyBody::Page(Page::Recovery(page)) = &reply.body else { unreachable!("{:?}", reply.body) };
    page
}

fn code(reply: &Reply) -> String {
    parsed(reply)["error"].as_str().expect("a code").to_owned()
}

async fn reset_link(browser: &mut Browser<'_>, email: &str) -> String {
    browser.form("-/reset", &[("email", email)]).await;
    browser.world.letter().await.text
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_the_link_in_a_mail_and_everybody_is_signed_out() {
    for dialect in ALL {
        for strategy in BOTH {
            let told = format!("{dialect:?} {strategy:?}");
            let world = world(dialect, strategy, Verification::Off);
            let mut signed_in = world.browser();
            signed_in.sign_up(ADA).await;
            assert!(signed_in.is_signed_in().await, "{told}");

            let mut browser = world.browser();
            assert_eq!(page(&browser.get("-/reset").await).state, State::Open);
            let reply = browser.form("-/reset", &[("email", " ADA@example.com")]).await;
            assert_eq!((reply.status, location(&reply)), (303, "http://app.test/api/auth/-/reset?done=sent"));
            let mail = world.letter().await;
            assert_eq!((&*mail.to, &*mail.subject), (ADA, "Reset at app.test"), "{told}");
            let link = mail.text;
            assert!(link.starts_with(&format!("{HOME}-/reset?token=")), "{link}");

            for _ in 0..3 {
                let reply = browser.get(&target(&link)).await;
                assert_eq!((page(&reply).step, page(&reply).state), (Step::Reset, State::Open));
            }
            let weak = browser.press(&link, &[("newPassword", "password")]).await;
            assert_eq!((weak.status, page(&weak).error.as_deref()), (400, Some("weak_password")), "{told}");
            assert!(page(&weak).link.is_some(), "they try again");
            let reply = browser.press(&link, &[("newPassword", NEW)]).await;
            assert_eq!((reply.status, location(&reply)), (303, "http://app.test/api/auth/-/reset?done=yes"));
            assert!(browser.session_cookie().is_none(), "{told}: nobody is signed in by it");
            assert!(!signed_in.is_signed_in().await, "{told}: in this process at once");
            assert_eq!(world.letter().await.subject, "Password at app.test", "{told}: they are told");

            assert!(error_of(&browser.sign_in(ADA, PASSWORD).await).0.is_some(), "{told}: the old one");
            browser.sign_in(ADA, NEW).await;
            assert!(browser.is_signed_in().await, "{told}");

            let again = world.browser().press(&link, &[("newPassword", PASSWORD)]).await;
            assert_eq!(
                (again.status, page(&again).error.as_deref()),
                (403, Some("link_not_valid")),
                "{told}"
            );
            assert_eq!(
                (page(&again).state, page(&again).link.is_none()),
                (State::Open, true),
                "ask for another"
            );
            assert!(browser.is_signed_in().await, "{told}");
        }
    }
}

#[tokio::test]
async fn a_reset_answers_the_same_and_costs_the_same_whoever_has_the_address() {
    for by_call in [false, true] {
        let world = usual();
        world.browser().sign_up(ADA).await;
        let mut answers = Vec::new();
        for (email, subject) in [(ADA, "Reset at app.test"), (BOB, "Reset at app.test")] {
            let mut browser = world.browser();
            let (calls, hashes) = (world.store.all_calls(), world.hasher.spent());
            let reply = if by_call {
                browser.call("reset", json!({ "email": email })).await
            } else {
                browser.form("-/reset", &[("email", email)]).await
            };
            let spent = (world.store.all_calls() - calls, world.hasher.spent() - hashes);
            let body = format!("{:?}", reply.body);
            answers.push((reply.status, location(&reply).to_owned(), body, reply.refused, spent));
            let mail = world.letter().await;
            assert_eq!((&*mail.to, &*mail.subject), (email, subject));
            assert_eq!(mail.text.starts_with("http"), email == ADA, "nobody else gets a link: {}", mail.text);
        }
        assert_eq!(answers[0], answers[1]);
    }
}

#[tokio::test]
async fn verification_asked_for_again_answers_the_same_whoever_has_the_address() {
    let world = usual();
    world.browser().sign_up(ADA).await;
    let mut proven = world.browser();
    proven.sign_up(BOB).await;
    proven.form("-/verify-email", &[("email", BOB)]).await;
    proven.press(&world.letter().await.text, &[]).await;
    let mut answers = Vec::new();
    for (email, has_link) in [(ADA, true), (BOB, false), ("nobody@example.com", false)] {
        let calls = world.store.all_calls();
        let reply = world.browser().form("-/verify-email", &[("email", email)]).await;
        answers.push((reply.status, location(&reply).to_owned(), world.store.all_calls() - calls));
        assert_eq!(world.letter().await.text.starts_with("http"), has_link, "{email}");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn asking_for_mails_draws_on_the_allowances_of_links() {
    for step in ["-/reset", "-/verify-email"] {
        let world = usual();
        world.browser().form(step, &[("email", ADA)]).await;
        let taken = world.limits.taken();
        for (limit, key) in [(Limit::LinkPerAddress, "127.0.0.1"), (Limit::LinkPerAccount, ADA)] {
            assert!(taken.contains(&(limit, key.to_owned())), "{step} {taken:?}");
        }
    }
}

#[tokio::test]
async fn an_address_that_is_none_and_a_form_without_a_token_send_nothing() {
    let world = usual();
    let mut browser = world.browser();
    for bad in ["", "ada", "a@b@c.example", "ada@example.com,bob@example.com"] {
        let reply = browser.form("-/reset", &[("email", bad)]).await;
        assert_eq!((reply.status, page(&reply).error.as_deref()), (400, Some("invalid_email")), "{bad}");
        assert_eq!(page(&reply).typed, bad, "to be put right");
    }
    let form = Body::Form(Pairs(vec![("email".to_owned(), ADA.to_owned())]));
    for step in Step::ALL {
        let reply = browser.send(Method::Post, step.page(), form.clone()).await;
        assert_eq!((reply.status, page(&reply).error.as_deref()), (403, Some("MissingCSRF")), "{step:?}");
        let call = format!("-/v1/account/{}", call_of(step));
        let reply = browser.send(Method::Post, &call, form.clone()).await;
        assert_eq!((reply.status, code(&reply)), (403, "MissingCSRF".to_owned()), "{step:?}");
    }
    assert!(world.post().await.is_empty());
}

#[tokio::test]
async fn lesson_47_lesson_48_lesson_52_a_link_opens_what_it_is_for_while_it_lasts_and_nothing_else() {
    let world = usual();
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    let verify = {
        browser.form("-/verify-email", &[("email", ADA)]).await;
        parts(&world.letter().await.text)
    };
    let reset = reset_link(&mut browser, ADA).await;
    let (token, _) = parts(&reset);
    let mut stranger = world.browser();
    let wrong = [
        ("-/reset", verify.0.as_str(), ADA, "another purpose"),
        ("-/verify-email", token.as_str(), ADA, "another purpose"),
        ("-/change-email", token.as_str(), ADA, "another purpose"),
        ("-/return-email", token.as_str(), ADA, "another purpose"),
        ("-/reset", token.as_str(), BOB, "another address"),
        ("-/reset", token.as_str(), "", "no address"),
        ("-/reset", &token[..63], ADA, "cut off"),
        ("-/reset", &token.to_uppercase(), ADA, "another case"),
    ];
    for (step, token, subject, told) in wrong {
        let fields = [("token", token), ("for", subject), ("newPassword", NEW)];
        let reply = stranger.form(step, &fields).await;
        let refused = reply.refused.as_ref().map(|(code, _)| *code);
        let sent_away = location(&reply).contains("error=SessionRequired");
        assert!(refused == Some("link_not_valid") || sent_away, "{told} {reply:?}");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("token", token), ("for", subject)])
            .finish();
        let reply = stranger.get(&format!("{step}?{query}")).await;
        assert_ne!(reply.refused, None, "{told}");
    }
    assert_eq!(world.hasher.hashed(), 1, "a link that opens nothing costs no hash");
    world.clock.advance(HOUR + Duration::from_millis(1));
    let late = stranger.press(&reset, &[("newPassword", NEW)]).await;
    assert_eq!(page(&late).error.as_deref(), Some("link_not_valid"), "lesson 48: no sweep has been");
    assert!(world.hash(ADA).await.is_some_and(|hash| hash.ends_with(PASSWORD)));
}

#[tokio::test]
async fn lesson_37_looking_at_a_link_uses_nothing_up() {
    let world = usual();
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    let link = reset_link(&mut browser, ADA).await;
    for method in [Method::Head, Method::Get, Method::Head] {
        assert_eq!(world.browser().send(method, &target(&link), Body::None).await.status, 200);
    }
    let reply = browser.press(&link, &[("newPassword", NEW)]).await;
    assert_eq!(location(&reply), format!("{HOME}-/reset?done=yes"));
}

/// Every field of every call, in every spelling, changes nothing but what the call is about.
#[tokio::test]
async fn lesson_45_no_call_takes_a_field_that_is_not_its_own() {
    let extra = || {
        json!({
            "id": "root", "user": "root", "userId": "root", "sub": "root", "name": "Mallory", "role": "admin",
            "email_verified": true, "emailVerified": "2020-01-01T00:00:00Z", "verified": true,
            "image": "https://evil.example/x.png", "disabled": false, "claims": { "role": "admin" },
            "hash": "$x$", "password_hash": "$x$", "session": "s", "sid": "s", "auth_time": 9_999_999_999_u64,
            "created": 0, "expires": 0, "organisation": "o", "accounts": [], "sessions": [], "version": 7,
        })
    };
    for step in Step::ALL {
        let world = usual();
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let before = (world.user(ADA).await, world.hash(ADA).await, browser.session().await["user"].clone());
        let mut body = extra();
        match step {
            Step::Password => body["password"] = PASSWORD.into(),
            Step::Email | Step::Reset | Step::VerifyEmail => body["email"] = "other@example.com".into(),
            _ => {}
        }
        if step == Step::Password {
            body["newPassword"] = NEW.into();
        }
        if step == Step::Delete {
            continue;
        }
        browser.call(call_of(step), body).await;
        let after = (world.user(ADA).await, world.hash(ADA).await, browser.session().await["user"].clone());
        assert_eq!((&before.0, &before.2), (&after.0, &after.2), "{step:?}");
        assert_eq!(before.1 == after.1, step != Step::Password, "{step:?}");
    }
    // Nor does a link: it changes what its mail said, whatever else comes along.
    let world = usual();
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    browser.call("email", json!({ "email": "new@example.com" })).await;
    let (token, subject) = parts(&world.letter().await.text);
    let mut body = extra();
    body["token"] = token.into();
    body["for"] = subject.into();
    body["email"] = BOB.into();
    assert_eq!(browser.call("email/confirm", body).await.status, 200);
    let ada = world.user("new@example.com").await.expect("there");
    assert_eq!((ada.name.as_deref(), ada.image, ada.claims.len()), (Some("Ada"), None, 0));
    assert!(world.user(BOB).await.is_none());
}

/// Lesson 64: steps that come empty, twice or in another order do nothing.
#[tokio::test]
async fn lesson_64_an_empty_or_repeated_or_early_step_does_nothing() {
    let world = usual();
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    for fields in [&[][..], &[("token", "")], &[("token", ""), ("for", ADA), ("newPassword", NEW)]] {
        let reply = world.browser().form("-/reset", fields).await;
        assert_eq!((reply.status, page(&reply).error.as_deref()), (400, Some("missing_field")), "{fields:?}");
    }
    let link = reset_link(&mut browser, ADA).await;
    for fields in [&[][..], &[("newPassword", "")], &[("password", NEW)]] {
        let reply = browser.press(&link, fields).await;
        assert_eq!(page(&reply).error.as_deref(), Some("missing_field"), "{fields:?}");
    }
    assert!(world.hash(ADA).await.is_some_and(|hash| hash.ends_with(PASSWORD)));
    let reply = browser.press(&link, &[("newPassword", NEW), ("newPassword", PASSWORD)]).await;
    assert_eq!(location(&reply), format!("{HOME}-/reset?done=yes"));
    assert!(world.hash(ADA).await.is_some_and(|hash| hash.ends_with(NEW)), "the first counts");
}

#[tokio::test]
async fn what_a_deployment_does_not_offer_is_not_there() {
    let world = crate::support::world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    for step in Step::ALL {
        let is_there = matches!(step, Step::Delete | Step::Export);
        let reply = browser.get(step.page()).await;
        assert_eq!(reply.status != 400, is_there, "{step:?}");
        let reply = browser.call(call_of(step), json!({})).await;
        assert_eq!(reply.status == 404, !is_there, "{step:?}");
    }
}

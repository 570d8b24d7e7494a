//! What stands between a followed link and a session: the page with a button, closed sign-up, proofs, rules.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_core::{
    dialect::Dialect,
    error::Refusal,
    port::{Clock, Directory},
    reply::{Page, ReplyBody},
    request::{Body, Method, Pairs},
    rules::{Candidate, Rules, Verdict},
    settings::Strategy,
};
use keyward_testkit::Operation;
use serde_json::Value;

use crate::{
    email_links::refused,
    support::{ADA, ALL, BOTH, Options, PASSWORD, World, build, location, target, url, world},
};

#[tokio::test]
async fn lesson_37_where_it_is_asked_for_a_link_opens_a_page_with_a_button() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let link = world.browser().link("confirmed", ADA).await;
        let mut scanner = world.browser();
        for _ in 0..3 {
            let reply = scanner.get(&link).await;
            assert!(
                matches!(reply.body, ReplyBody::Page(Page::ConfirmLink { .. })),
                "{dialect:?}: {reply:?}"
            );
            assert!(scanner.session_cookie().is_none());
        }
        let mut person = world.browser();
        let reply = person.get(&link).await;
        let ReplyBody::Page(Page::ConfirmLink { csrf_token, action, callback_url, token, email, host }) =
            reply.body
        else {
            unreachable!("asserted above")
        };
        assert_eq!((&*email, &*host), (ADA, "app.test"));
        let fields = |csrf: &str| {
            let fields = [
                ("csrfToken", csrf),
                ("callbackUrl", &*callback_url),
                ("token", &*token),
                ("email", &*email),
            ];
            Body::Form(Pairs(fields.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec()))
        };
        let action = target(&action);
        // A page of another site presses the button: its visitor's browser sends no token that fits.
        let forged = world.browser().send(Method::Post, &action, fields("0")).await;
        assert!(matches!(forged.body, ReplyBody::Page(Page::ConfirmLink { .. })), "{forged:?}");
        person.send(Method::Post, &action, fields(&csrf_token)).await;
        assert_eq!(person.session().await["user"]["email"], ADA, "{dialect:?}");
        let reply = person.send(Method::Post, &action, fields(&csrf_token)).await;
        // Generation 5's browser asks for JSON with each post.
        let place = match dialect {
            Dialect::AuthJs5 => url(&reply),
            Dialect::NextAuth3 | Dialect::NextAuth4 => location(&reply).to_owned(),
        };
        assert_eq!(place, "http://app.test/api/auth/error?error=Verification", "{dialect:?}: {reply:?}");
        assert_eq!(person.session().await["user"]["email"], ADA, "{dialect:?}: who is in stays in");
    }
}

#[tokio::test]
async fn the_browser_that_asked_passes_straight_through_the_page_with_the_button() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Stored);
        let mut browser = world.browser();
        let (first, second) = (browser.link("confirmed", ADA).await, browser.link("confirmed", ADA).await);
        for link in [second, first] {
            let reply = browser.get(&link).await;
            assert_eq!((reply.status, location(&reply)), (302, "http://app.test/dash?a=1"), "{dialect:?}");
        }
        let mut other = world.browser();
        let own = other.link("confirmed", "grace@example.com").await;
        let reply = browser.get(&own).await;
        assert!(
            matches!(reply.body, ReplyBody::Page(Page::ConfirmLink { .. })),
            "it asked, but not for this one"
        );
    }
}

#[tokio::test]
async fn without_the_page_with_the_button_no_cookie_follows_anybody() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.ask("email", ADA).await;
    assert!(!browser.cookies.iter().any(|(name, _)| name.contains("asker")));
    browser.ask("confirmed", ADA).await;
    assert!(browser.cookies.iter().any(|(name, _)| name == "keyward.asker"));
}

#[tokio::test]
async fn where_sign_up_is_closed_nothing_but_the_mail_tells_who_has_an_account() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.browser().sign_up(ADA).await;
        let known = world.browser().ask("closed", ADA).await;
        let link = target(&world.mail.sent().pop().expect("a mail").text);
        let unknown = world.browser().ask("closed", "grace@example.com").await;
        assert_eq!(world.mail.sent().pop().expect("a mail").text, "nobody has this address");
        assert_eq!((known.status, url(&known)), (unknown.status, url(&unknown)));
        assert_eq!(known.cookies.len(), unknown.cookies.len());

        let mut browser = world.browser();
        browser.get(&link).await;
        assert_eq!(browser.session().await["user"]["email"], ADA);
        assert!(world.store.user_by_email("grace@example.com").await.expect("the store").is_none());
    }
}

#[tokio::test]
async fn who_was_deleted_meanwhile_is_not_made_again_where_sign_up_is_closed() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.browser().sign_up(ADA).await;
    let link = world.browser().link("closed", ADA).await;
    let now = world.clock.now();
    world.store.delete_user(ADA, now).await.expect("deleted");
    let mut browser = world.browser();
    assert!(refused(&mut browser, &link).await.ends_with("error=AccessDenied"));
}

#[tokio::test]
async fn lesson_55_another_persons_session_in_that_browser_is_replaced_and_ended() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up("grace@example.com").await;
        let graces = browser.cookies.clone();
        let link = browser.link("email", ADA).await;
        browser.get(&link).await;
        assert_eq!(browser.session().await["user"]["email"], ADA);
        let mut kept = world.browser();
        kept.cookies = graces;
        assert!(!kept.is_signed_in().await, "{strategy:?}");
    }
}

#[tokio::test]
async fn lesson_43_the_first_followed_link_ends_a_password_and_sessions_set_up_without_proof() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut squatter = world.browser();
        squatter.sign_up(ADA).await;
        assert!(squatter.is_signed_in().await);

        let mut ada = world.browser();
        let link = ada.link("email", ADA).await;
        ada.get(&link).await;
        assert!(ada.is_signed_in().await);
        assert!(!squatter.is_signed_in().await, "{strategy:?}: at once, in this process too");
        squatter.sign_in(ADA, PASSWORD).await;
        assert!(squatter.session_cookie().is_none(), "{strategy:?}: the password is gone");

        let link = ada.link("email", ADA).await;
        let mut phone = world.browser();
        phone.get(&link).await;
        assert!(phone.is_signed_in().await && ada.is_signed_in().await, "a second proof ends nothing");
    }
}

#[tokio::test]
async fn a_first_sign_in_is_welcomed_and_later_ones_are_not() {
    let mut options = Options::new(Dialect::NextAuth4, Strategy::Sealed);
    options.pages.new_user = Some("/welcome".to_owned());
    let world = build(options);
    let mut browser = world.browser();
    let link = browser.link("email", ADA).await;
    let reply = browser.get(&link).await;
    assert_eq!(location(&reply), "/welcome?callbackUrl=http%3A%2F%2Fapp.test%2Fdash%3Fa%3D1");
    let link = browser.link("email", ADA).await;
    let reply = browser.get(&link).await;
    assert_eq!(location(&reply), "http://app.test/dash?a=1");
}

/// Says one thing of Ada while she asks for a link, and another when she follows it.
struct Door {
    asking: Verdict,
    following: Verdict,
}

#[async_trait]
impl Rules for Door {
    async fn sign_in(&self, candidate: &Candidate) -> Result<Verdict, Refusal> {
        Ok(match candidate.user.get("email").and_then(Value::as_str) {
            Some(ADA) if candidate.verification_request => self.asking.clone(),
            Some(ADA) => self.following.clone(),
            _ => Verdict::allow(),
        })
    }
}

fn behind(asking: Verdict, following: Verdict, dialect: Dialect) -> World {
    let mut options = Options::new(dialect, Strategy::Sealed);
    options.rules = vec![Arc::new(Door { asking, following })];
    build(options)
}

#[tokio::test]
async fn whom_a_rule_denies_gets_no_mail() {
    for dialect in ALL {
        let world = behind(Verdict::Deny, Verdict::allow(), dialect);
        let reply = world.browser().ask("email", ADA).await;
        assert!(url(&reply).contains("error=AccessDenied"), "{dialect:?}: {reply:?}");
        assert!(world.mail.sent().is_empty());
        assert_eq!(world.store.calls(Operation::IssueTicket), 0);
    }
}

#[tokio::test]
async fn whom_a_rule_stops_at_the_link_keeps_session_and_link() {
    for (verdict, place) in [
        (Verdict::Deny, "http://app.test/api/auth/error?error=AccessDenied"),
        (Verdict::Redirect("/terms".to_owned()), "http://app.test/terms"),
    ] {
        let world = behind(Verdict::allow(), verdict, Dialect::NextAuth4);
        let mut browser = world.browser();
        let graces = browser.link("email", "grace@example.com").await;
        browser.get(&graces).await;
        let link = browser.link("email", ADA).await;
        let reply = browser.get(&link).await;
        assert_eq!(location(&reply), place);
        assert_eq!(
            browser.session().await["user"]["email"],
            "grace@example.com",
            "nobody is signed out by it"
        );
        assert_eq!(world.store.calls(Operation::EndSession), 0);
        assert_eq!(location(&browser.get(&link).await), place, "the link is not used up");
    }
}

#[tokio::test]
async fn a_link_is_good_at_the_provider_that_sent_it_and_at_no_other() {
    for (sent_by, taken_to) in [("confirmed", "email"), ("email", "confirmed"), ("email", "closed")] {
        let world = world(Dialect::NextAuth4, Strategy::Sealed);
        world.browser().sign_up(ADA).await;
        let link = world.browser().link(sent_by, ADA).await;
        let elsewhere = link.replace(&format!("callback/{sent_by}"), &format!("callback/{taken_to}"));
        let mut browser = world.browser();
        let reply = browser.get(&elsewhere).await;
        assert!(location(&reply).ends_with("error=Verification"), "{sent_by} {taken_to}: {reply:?}");
        assert!(browser.session_cookie().is_none(), "{sent_by} {taken_to}");
    }
}

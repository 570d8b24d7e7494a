//! Signing in by a link in a mail (C1; protocol notes §6).

use std::{sync::Arc, time::Duration};

use keyward_core::{
    dialect::Dialect,
    mail::MailFaultKind,
    method::email::EmailProvider,
    port::{Clock, Directory, Limit, Tickets},
    reply::{Page, ReplyBody},
    request::{Body, Method, Pairs},
    settings::Strategy,
    ticket::{Purpose, TicketKey},
};
use keyward_jose::digest::sha256_hex;
use keyward_testkit::Operation;
use serde_json::Value;
use url::Url;

use crate::support::{ADA, ALL, BOTH, Browser, World, json, location, target, url, world};

/// Where a link leads that is none any more.
const USED_UP: &str = "http://app.test/api/auth/error?error=Verification";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn word(dialect: Dialect, three: &'static str, four: &'static str, five: &'static str) -> &'static str {
    match dialect {
        Dialect::NextAuth3 => three,
        Dialect::NextAuth4 => four,
        Dialect::AuthJs5 => five,
    }
}

/// Where a followed link ended. Nobody was signed in by it.
pub(crate) async fn refused(browser: &mut Browser<'_>, link: &str) -> String {
    let mut other = browser.world.browser();
    let reply = other.get(link).await;
    assert!(other.session_cookie().is_none(), "{link}");
    location(&reply).to_owned()
}

#[tokio::test]
async fn c1_a_link_signs_in_once_and_lands_where_the_person_wanted() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let mut browser = world.browser();
            let reply = browser.ask("email", " ADA@Example.com ").await;
            assert_eq!(reply.status, 200);
            assert_eq!(url(&reply), "http://app.test/api/auth/verify-request?provider=email&type=email");
            let [mail] = world.mail.sent().try_into().expect("one mail");
            assert_eq!((&*mail.to, &*mail.subject), (ADA, "Sign in to app.test"));
            let link = target(&mail.text);

            let mut elsewhere = world.browser();
            let reply = elsewhere.get(&link).await;
            assert_eq!((reply.status, location(&reply)), (302, "http://app.test/dash?a=1"), "{dialect:?}");
            let session = elsewhere.session().await;
            assert_eq!(session["user"]["email"], ADA);
            assert_eq!(session["user"]["name"], Value::Null);
            let user = world.store.user_by_email(ADA).await.expect("the store").expect("a user");
            assert!(user.email_verified.is_some(), "the link proves the address");

            assert_eq!(refused(&mut browser, &link).await, USED_UP, "used");
            assert!(elsewhere.is_signed_in().await, "a second use takes nothing from the first");
        }
    }
}

#[tokio::test]
async fn c1_the_link_has_the_parameters_of_each_generation_in_their_order() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.browser().ask("email", "ada+x@example.com").await;
        let link = world.mail.sent().pop().expect("a mail").text;
        let token = Url::parse(&link).expect("a URL");
        let token = token.query_pairs().find(|(name, _)| name == "token").expect("a token").1.into_owned();
        assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
        let (landing, email) = ("http%3A%2F%2Fapp.test%2Fdash%3Fa%3D1", "ada%2Bx%40example.com");
        let query = match dialect {
            Dialect::NextAuth3 => format!("email={email}&token={token}&callbackUrl={landing}"),
            Dialect::NextAuth4 | Dialect::AuthJs5 => {
                format!("callbackUrl={landing}&token={token}&email={email}")
            }
        };
        assert_eq!(link, format!("http://app.test/api/auth/callback/email?{query}"));
    }
}

#[tokio::test]
async fn the_store_keeps_nextauths_hash_of_the_token_and_nothing_else_of_it() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let link = world.browser().link("email", ADA).await;
    let token = link.split("token=").nth(1).and_then(|rest| rest.split('&').next()).expect("a token");
    let hash = sha256_hex(&[token.as_bytes(), b"keyward-test-secret-0123456789abcdef"]);
    let key = TicketKey { purpose: Purpose::EMAIL_LINK, subject: ADA.to_owned(), hash };
    let now = world.clock.now();
    let ticket = world.store.ticket(&key, now).await.expect("the store").expect("kept under NextAuth's hash");
    assert!(!format!("{ticket:?}").contains(token));
    assert_eq!(ticket.expires, now.plus(DAY));
}

#[tokio::test]
async fn lesson_37_of_fifty_at_once_a_link_admits_one() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let link = world.browser().link("email", ADA).await;
        let mut tries = tokio::task::JoinSet::new();
        let world = Arc::new(world);
        for _ in 0..50 {
            let (world, link) = (world.clone(), link.clone());
            tries.spawn(async move {
                let mut browser = world.browser();
                browser.get(&link).await;
                browser.session_cookie().is_some()
            });
        }
        let admitted = tries.join_all().await.into_iter().filter(|admitted| *admitted).count();
        assert_eq!(admitted, 1);
    }
}

#[tokio::test]
async fn two_links_to_a_new_address_followed_at_once_make_one_user() {
    let world = Arc::new(world(Dialect::AuthJs5, Strategy::Stored));
    let mut links = Vec::new();
    for _ in 0..10 {
        links.push(world.browser().link("email", ADA).await);
    }
    let mut tries = tokio::task::JoinSet::new();
    for link in links {
        let world = world.clone();
        tries.spawn(async move {
            let mut browser = world.browser();
            browser.get(&link).await;
            browser.is_signed_in().await
        });
    }
    assert_eq!(tries.join_all().await, [true; 10], "an earlier link stays good when another is asked for");
}

#[tokio::test]
async fn lesson_37_a_look_by_head_uses_nothing_up() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let link = browser.link("email", ADA).await;
        let mut scanner = world.browser();
        let reply = scanner.send(Method::Head, &link, Body::None).await;
        assert_eq!(reply.status, 200);
        assert!(scanner.session_cookie().is_none());
        browser.get(&link).await;
        assert!(browser.is_signed_in().await, "{dialect:?}");
    }
}

#[tokio::test]
async fn lesson_52_a_link_is_found_by_token_and_address_together() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let ada = browser.link("email", ADA).await;
        let grace = browser.link("email", "grace@example.com").await;
        let token =
            |link: &str| link.split("token=").nth(1).and_then(|r| r.split('&').next()).map(str::to_owned);
        let mixed = [
            ada.replace("ada%40", "grace%40"),
            ada.replace(&token(&ada).expect("a token"), &token(&grace).expect("a token")),
            ada.replace(&token(&ada).expect("a token"), &"0".repeat(64)),
            ada.replace("ada%40", "Ada%40"),
            ada.replace("email=ada%40example.com", "x=y"),
        ];
        for link in &mixed {
            assert_eq!(refused(&mut browser, link).await, USED_UP, "{link}");
        }
        for link in [ada, grace] {
            let mut person = world.browser();
            person.get(&link).await;
            assert!(person.is_signed_in().await, "a failed try uses nothing up: {dialect:?}");
        }
    }
}

#[tokio::test]
async fn a_link_lives_its_time_and_no_longer() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let (early, late) = (browser.link("email", ADA).await, browser.link("email", ADA).await);
        world.clock.advance(DAY);
        browser.get(&early).await;
        assert!(browser.is_signed_in().await, "at its last moment");
        world.clock.advance(Duration::from_millis(1));
        assert_eq!(refused(&mut browser, &late).await, USED_UP);
    }
}

#[tokio::test]
async fn a_link_without_its_token_is_answered_as_the_original_does() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        for link in ["callback/email", "callback/email?email=ada%40example.com&token="] {
            let reply = world.browser().get(link).await;
            let expected = word(dialect, "Verification", "configuration", "Configuration");
            assert_eq!(location(&reply), format!("http://app.test/api/auth/error?error={expected}"));
            assert_eq!(reply.refused.as_ref().map(|(code, _)| *code), Some("link_incomplete"));
        }
    }
}

#[tokio::test]
async fn lesson_72_lesson_73_no_mail_goes_to_what_is_not_exactly_one_address() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        for bad in [
            "",
            "ada",
            "a@b.example,c@d.example",
            "a@b.example;c@d.example",
            "a@b.example c@d.example",
            "a@b.example\r\nBcc: c@d.example",
            "a@b@c.example",
            "\"a@b.example\"@c.example",
            "<a@b.example>",
            "a@localhost",
            "a@b.example\u{ff20}c.example",
            "a\u{ff0c}b@c.example",
            "a@b.example\0",
        ] {
            let reply = world.browser().ask("email", bad).await;
            assert!(world.mail.sent().is_empty(), "{bad:?}");
            let expected = word(dialect, "EmailSignin", "EmailSignin", "Configuration");
            let expected = format!("http://app.test/api/auth/error?error={expected}&code=invalid_email");
            assert_eq!((reply.status, url(&reply)), (200, expected), "{dialect:?} {bad:?}");
        }
        let reply = world.browser().post("signin/email", &[]).await;
        assert!(url(&reply).contains("code=invalid_email"));
        let mut browser = world.browser();
        browser.ask("email", "\u{ff41}da\u{ff20}example.com").await;
        assert_eq!(
            world.mail.sent().pop().map(|mail| mail.to).as_deref(),
            Some(ADA),
            "normalised, then sent"
        );
        assert!(
            world.limits.taken().iter().all(|(limit, key)| *limit != Limit::LinkPerAccount || key == ADA)
        );
    }
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_is_said_and_can_be_tried_again() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let earlier = browser.link("email", ADA).await;
        for kind in [MailFaultKind::Refused, MailFaultKind::Unreachable, MailFaultKind::Timeout] {
            world.mail.fail(Some(kind));
            let reply = browser.ask("email", ADA).await;
            let expected = word(dialect, "EmailSignin", "EmailSignin", "Configuration");
            let expected = format!("http://app.test/api/auth/error?error={expected}&code=mail_not_sent");
            assert_eq!((reply.status, url(&reply)), (200, expected));
            let (code, detail) = reply.refused.expect("one log line with the cause");
            assert_eq!(code, "mail_not_sent");
            assert!(detail.is_some_and(|detail| detail.contains("as the test wants it")));
        }
        world.mail.fail(None);
        let link = browser.link("email", ADA).await;
        browser.get(&link).await;
        assert!(browser.is_signed_in().await);
        let mut other = world.browser();
        other.get(&earlier).await;
        assert!(other.is_signed_in().await, "an earlier link is still good");
    }
}

#[tokio::test]
async fn a_store_that_fails_sends_no_mail_and_uses_no_link_up() {
    for operation in [Operation::IssueTicket, Operation::UserByEmail, Operation::Ticket, Operation::Admit] {
        let world = world(Dialect::NextAuth4, Strategy::Stored);
        let mut browser = world.browser();
        let link = browser.link("email", ADA).await;
        world.store.fail_all([operation]);
        if operation == Operation::IssueTicket {
            let reply = browser.ask("email", ADA).await;
            assert_eq!(reply.status, 503);
            assert!(world.mail.sent().is_empty());
        } else {
            let reply = browser.get(&link).await;
            assert_eq!(reply.status, 503, "{operation:?}: {reply:?}");
            assert!(browser.session_cookie().is_none());
        }
        world.store.heal();
        browser.get(&link).await;
        assert!(browser.is_signed_in().await, "{operation:?}");
    }
}

#[tokio::test]
async fn each_request_draws_on_the_allowances_of_network_address_and_mail_address() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    browser.address = "2001:db8:7:1::9".parse().expect("an address");
    browser.ask("email", " ADA@example.com").await;
    let taken = world.limits.taken();
    let taken: Vec<_> = taken.iter().map(|(limit, key)| (*limit, key.as_str())).collect();
    let expected = [
        (Limit::LinkPerSite, "2001:db8:7::/48"),
        (Limit::LinkPerAddress, "2001:db8:7:1::/64"),
        (Limit::LinkPerAccount, ADA),
    ];
    assert_eq!(taken, expected);
}

#[tokio::test]
async fn a_request_needs_the_forms_token() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let form = Body::Form(Pairs(vec![("email".to_owned(), ADA.to_owned())]));
        let reply = world.browser().send(Method::Post, "signin/email", form).await;
        assert!(world.mail.sent().is_empty(), "{dialect:?}: {reply:?}");
        assert!(world.limits.taken().is_empty());
    }
}

#[tokio::test]
async fn lesson_2_a_foreign_landing_place_written_into_a_link_is_not_gone_to() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let link = world.browser().link("email", ADA).await;
        let landing = "callbackUrl=http%3A%2F%2Fapp.test%2Fdash%3Fa%3D1";
        let foreign = link.replace(landing, "callbackUrl=https%3A%2F%2Fevil.test%2F");
        assert_ne!(foreign, link);
        let reply = world.browser().get(&foreign).await;
        assert_eq!(location(&reply), "http://app.test", "{dialect:?}");
    }
}

#[tokio::test]
async fn the_sign_in_page_and_the_list_of_providers_name_email_as_the_original_does() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        let listed = json(&browser.get("providers").await);
        assert_eq!(listed["email"]["type"], "email");
        assert_eq!(listed["email"]["signinUrl"], "http://app.test/api/auth/signin/email");
        assert_eq!(listed["email"]["callbackUrl"], "http://app.test/api/auth/callback/email");
        let ReplyBody::Page(Page::SignIn { providers, .. }) = browser.get("signin?email=a%40b.c").await.body
        else {
            unreachable!("the sign-in page")
        };
        let form = providers.iter().find(|form| form.id == "email").expect("a form");
        assert_eq!(form.action, "http://app.test/api/auth/signin/email");
        assert!(format!("{:?}", form.kind).contains("a@b.c"));
    }
}

#[test]
fn a_provider_is_printed_without_what_it_sends_through() {
    let world: World = world(Dialect::NextAuth4, Strategy::Sealed);
    let provider: &EmailProvider = world.engine.settings().email("email").expect("configured");
    assert_eq!(format!("{provider:?}"), "EmailProvider { id: \"email\", .. }");
}

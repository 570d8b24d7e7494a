//! Who guesses passwords has to wait longer and longer; who is known to the account does not wait with them.

use std::{net::IpAddr, time::Duration};

use keyward_core::{
    dialect::Dialect,
    port::{HttpAnswer, HttpFault},
    settings::Strategy,
};
use keyward_testkit::Operation;

use crate::support::{ADA, BOTH, Browser, PASSWORD, World, error_of, world};
use serde_json::json;

fn deployment() -> World {
    world(Dialect::NextAuth4, Strategy::Sealed)
}

fn from<'w>(world: &'w World, address: &str) -> Browser<'w> {
    Browser { address: address.parse::<IpAddr>().expect("an address"), ..world.browser() }
}

/// A stranger from an address of their own: what the refusal says, and after how many seconds to come again.
async fn guess(world: &World, address: &str, account: &str) -> (String, Option<String>) {
    let reply = from(world, address).sign_in(account, "wrong").await;
    let again =
        reply.headers.iter().find(|(name, _)| *name == "retry-after").map(|(_, value)| value.to_string());
    (error_of(&reply).0.expect("an error"), again)
}

#[tokio::test]
async fn each_wrong_password_after_the_fifth_costs_twice_the_time_and_no_hash_until_then() {
    let world = deployment();
    world.browser().sign_up(ADA).await;
    for _ in 0..5 {
        assert_eq!(guess(&world, "192.0.2.1", ADA).await, ("CredentialsSignin".to_owned(), None));
    }
    for seconds in [1, 2, 4, 8] {
        let hashed = world.hasher.spent();
        assert_eq!(
            guess(&world, "192.0.2.1", ADA).await,
            ("rate_limited".to_owned(), Some(seconds.to_string()))
        );
        assert_eq!(world.hasher.spent(), hashed, "nothing is hashed for who has to wait");
        world.clock.advance(Duration::from_secs(seconds));
        assert_eq!(guess(&world, "192.0.2.1", ADA).await.0, "CredentialsSignin");
    }
    world.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(guess(&world, "192.0.2.1", ADA).await.0, "CredentialsSignin", "a day later it is forgotten");
    assert_eq!(guess(&world, "192.0.2.1", ADA).await.0, "CredentialsSignin");
}

#[tokio::test]
async fn an_account_that_does_not_exist_answers_like_one_that_does() {
    let world = deployment();
    world.browser().sign_up(ADA).await;
    for n in 0..12 {
        let [theirs, nobodys] = [ADA, "nobody@example.com"].map(|account| (account, format!("192.0.2.{n}")));
        let (a, b) =
            (guess(&world, "192.0.2.1", theirs.0).await, guess(&world, "198.51.100.1", nobodys.0).await);
        assert_eq!(a, b, "{n}");
    }
}

#[tokio::test]
async fn strangers_lock_each_other_out_and_never_a_device_or_a_network_that_the_account_knows() {
    let world = deployment();
    let mut laptop = from(&world, "203.0.113.5");
    laptop.sign_up(ADA).await;
    for n in 0..40 {
        guess(&world, &format!("192.0.2.{n}"), ADA).await;
    }
    let (error, again) = guess(&world, "198.51.100.77", ADA).await;
    assert_eq!(error, "rate_limited", "a stranger who never failed waits with the others");
    assert!(again.is_some());

    let reply = laptop.sign_in(ADA, PASSWORD).await;
    assert_eq!(error_of(&reply).0, None, "the device on which the owner signed up");
    laptop.address = "198.51.100.80".parse().expect("an address");
    assert_eq!(error_of(&laptop.sign_in(ADA, PASSWORD).await).0, None, "wherever it is");
    let reply = from(&world, "203.0.113.5").sign_in(ADA, PASSWORD).await;
    assert_eq!(error_of(&reply).0, None, "another browser at home");
    assert_eq!(guess(&world, "198.51.100.78", ADA).await.0, "rate_limited", "and strangers still wait");
}

#[tokio::test]
async fn a_known_device_is_held_back_by_its_own_failures_and_at_its_own_account_alone() {
    let world = deployment();
    let mut eve = from(&world, "203.0.113.9");
    eve.sign_up("eve@example.com").await;
    world.browser().sign_up(ADA).await;
    for n in 0..40 {
        guess(&world, &format!("192.0.2.{n}"), ADA).await;
    }
    let reply = eve.sign_in(ADA, "wrong").await;
    assert_eq!(error_of(&reply).0.as_deref(), Some("rate_limited"), "to Ada's account it is a stranger");
    for _ in 0..5 {
        assert_eq!(
            error_of(&eve.sign_in("eve@example.com", "wrong").await).0.as_deref(),
            Some("CredentialsSignin")
        );
    }
    let reply = eve.sign_in("eve@example.com", "wrong").await;
    assert_eq!(error_of(&reply).0.as_deref(), Some("rate_limited"));
}

#[tokio::test]
async fn who_found_a_session_cannot_guess_the_password_at_step_up() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let mut confirm = async |password| {
            let reply = browser.post("-/confirm", &[("password", password)]).await;
            error_of(&reply).0
        };
        for _ in 0..5 {
            assert_eq!(confirm("wrong").await.as_deref(), Some("CredentialsSignin"));
        }
        let hashed = world.hasher.spent();
        for password in ["wrong", PASSWORD] {
            assert_eq!(confirm(password).await.as_deref(), Some("rate_limited"), "{strategy:?}");
        }
        assert_eq!(world.hasher.spent(), hashed, "nothing is hashed for who has to wait");
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(confirm(PASSWORD).await, None, "{strategy:?}");
        assert_eq!(confirm("wrong").await.as_deref(), Some("CredentialsSignin"));
        assert_eq!(confirm(PASSWORD).await, None, "one's own failures were forgotten: {strategy:?}");
    }
}

#[tokio::test]
async fn signing_in_forgets_ones_own_failures_and_gives_strangers_no_new_guesses() {
    let world = deployment();
    let mut laptop = from(&world, "203.0.113.5");
    laptop.sign_up(ADA).await;
    for _ in 0..4 {
        laptop.sign_in(ADA, "wrong").await;
    }
    laptop.sign_in(ADA, PASSWORD).await;
    for _ in 0..4 {
        let reply = laptop.sign_in(ADA, "wrong").await;
        assert_eq!(error_of(&reply).0.as_deref(), Some("CredentialsSignin"));
    }
    for n in 0..25 {
        guess(&world, &format!("192.0.2.{n}"), ADA).await;
    }
    laptop.sign_in(ADA, PASSWORD).await;
    assert_eq!(guess(&world, "192.0.2.99", ADA).await.0, "rate_limited");
}

#[tokio::test]
async fn a_link_in_a_mail_makes_a_device_known_while_strangers_lock_each_other_out() {
    let world = deployment();
    from(&world, "203.0.113.5").sign_up(ADA).await;
    world.mail.sent();
    for n in 0..40 {
        guess(&world, &format!("192.0.2.{n}"), ADA).await;
    }
    let mut phone = from(&world, "198.51.100.7");
    assert_eq!(error_of(&phone.sign_in(ADA, PASSWORD).await).0.as_deref(), Some("rate_limited"));
    phone.post("signin/email", &[("email", ADA)]).await;
    let link = world.mail.sent().remove(0).text;
    let path = link.split("/api/auth/").nth(1).expect("a link").to_owned();
    phone.get(&path).await;
    // The first proof of the address took the password away; what is left to see is that the phone may try again.
    let reply = phone.sign_in(ADA, PASSWORD).await;
    assert_eq!(error_of(&reply).0.as_deref(), Some("CredentialsSignin"));
}

#[tokio::test]
async fn a_failure_that_cannot_be_counted_is_not_answered() {
    let world = deployment();
    world.browser().sign_up(ADA).await;
    for fail in [Operation::Failures, Operation::CountFailure] {
        world.store.fail_next(fail);
        let reply = world.browser().sign_in(ADA, "wrong").await;
        assert_eq!(
            (reply.status, error_of(&reply).0.as_deref()),
            (503, Some("store_unavailable")),
            "{fail:?}"
        );
    }
    world.store.fail_after(Operation::CountFailure);
    let reply = world.browser().sign_in(ADA, "wrong").await;
    assert_eq!(reply.status, 503, "counted, and not answered");
}

#[tokio::test]
async fn what_is_forgotten_or_not_afterwards_changes_no_sign_in() {
    let world = deployment();
    let mut laptop = world.browser();
    laptop.sign_up(ADA).await;
    laptop.sign_in(ADA, "wrong").await;
    world.store.fail_next(Operation::ForgetFailures);
    assert_eq!(error_of(&laptop.sign_in(ADA, PASSWORD).await).0, None);
}

/// At the back end's provider: the error.
async fn at_back_end(world: &World, address: &str, status: u16) -> Option<String> {
    world.http.json(status, &json!({"id": "u7", "message": "No."}));
    let fields = [("email", ADA), ("password", "pw")];
    error_of(&from(world, address).post("callback/login", &fields).await).0
}

#[tokio::test]
async fn b2_whom_a_back_end_refuses_as_wrong_waits_longer_and_longer_and_it_is_not_asked_until_then() {
    let world = deployment();
    for _ in 0..5 {
        assert_eq!(at_back_end(&world, "192.0.2.1", 401).await.as_deref(), Some("CredentialsSignin"));
    }
    for seconds in [1, 2, 4] {
        let asked = world.http.calls().len();
        assert_eq!(at_back_end(&world, "192.0.2.1", 200).await.as_deref(), Some("rate_limited"));
        assert_eq!(world.http.calls().len(), asked, "the back end is not asked");
        world.http.forget();
        world.clock.advance(Duration::from_secs(seconds));
        assert_eq!(at_back_end(&world, "192.0.2.1", 401).await.as_deref(), Some("CredentialsSignin"));
    }
    // Our own passwords are another account.
    assert_eq!(guess(&world, "192.0.2.1", ADA).await.0, "CredentialsSignin");
}

#[tokio::test]
async fn b2_a_back_end_that_fails_or_refuses_for_another_reason_makes_nobody_wait() {
    let world = deployment();
    let fields = [("email", ADA), ("password", "pw")];
    for n in 0..40 {
        match n % 4 {
            0 => world.http.answer(Err(HttpFault::Timeout(Duration::from_secs(5)))),
            1 => world.http.answer(Ok(HttpAnswer { status: 500, body: Vec::new() })),
            2 => world.http.json(422, &json!({"message": "Locked"})),
            _ => world.http.answer(Ok(HttpAnswer { status: 200, body: b"<html>".to_vec() })),
        }
        let (error, _) = error_of(&world.browser().post("callback/login", &fields).await);
        assert_ne!(error.as_deref(), Some("rate_limited"), "{n}");
    }
}

#[tokio::test]
async fn b2_strangers_at_a_back_end_keep_nobody_out_who_came_from_this_network_before() {
    let world = deployment();
    assert_eq!(at_back_end(&world, "203.0.113.5", 200).await, None);
    for n in 0..40 {
        at_back_end(&world, &format!("192.0.2.{n}"), 401).await;
        world.http.forget();
    }
    assert_eq!(at_back_end(&world, "198.51.100.77", 200).await.as_deref(), Some("rate_limited"));
    world.http.forget();
    assert_eq!(at_back_end(&world, "203.0.113.5", 200).await, None, "the owner at home");
    assert_eq!(at_back_end(&world, "198.51.100.78", 200).await.as_deref(), Some("rate_limited"));
}

#[tokio::test]
async fn b2_failures_that_become_too_many_to_remember_make_nobody_at_a_back_end_a_stranger_at_home() {
    let world = deployment();
    assert_eq!(at_back_end(&world, "203.0.113.5", 200).await, None);
    world.store.inner().cap_failures(0).await.expect("answers");
    for n in 0..40 {
        at_back_end(&world, &format!("192.0.2.{n}"), 401).await;
        world.http.forget();
    }
    assert_eq!(at_back_end(&world, "198.51.100.77", 200).await.as_deref(), Some("rate_limited"));
    world.http.forget();
    assert_eq!(at_back_end(&world, "203.0.113.5", 200).await, None, "the owner at home");
}

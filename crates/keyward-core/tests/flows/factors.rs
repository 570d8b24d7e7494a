//! Second factors and passkeys: on every way in, once, and readable as nothing before.

use std::time::Duration;

use keyward_core::port::{Administration as _, Directory as _};
use keyward_core::{
    dialect::Dialect,
    method::passkey::PasskeySettings,
    port::{Clock, FactorStore, UserChange},
    settings::Strategy,
    user::UserId,
};
use keyward_testkit::{Operation, Said, SoftPasskey};
use serde_json::json;

use crate::{
    programs,
    support::{
        ADA, ALL, BOTH, ORIGIN, Options, PASSWORD, World, assert_needs_factor, build, json as body_of,
        location, protected, refresh_token, url,
    },
};

fn options(dialect: Dialect, strategy: Strategy) -> Options {
    Options { passkeys: Some(PasskeySettings::default()), ..Options::new(dialect, strategy) }
}

fn world(dialect: Dialect, strategy: Strategy) -> World {
    build(options(dialect, strategy))
}

#[tokio::test]
async fn lesson_53_lesson_63_a_password_alone_is_no_session_and_its_other_half_makes_one() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let (app, _) = protected(&world, ADA).await;
            let mut browser = world.browser();
            let half = browser
                .post(
                    "callback/credentials",
                    &[("email", ADA), ("password", PASSWORD), ("callbackUrl", "/dash")],
                )
                .await;
            assert_needs_factor(dialect, &half);
            assert!(browser.session_cookie().is_none());
            assert!(!browser.is_signed_in().await);
            let done = browser.post("-/factor", &[("code", &app.code(&world, 0))]).await;
            assert_eq!((done.status, url(&done)), (200, "http://app.test/dash".to_owned()));
            assert_eq!(browser.session().await["user"]["email"], ADA);
        }
    }
}

#[tokio::test]
async fn lesson_63_a_back_end_and_a_link_ask_for_the_second_factor_too() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Stored);
        let person = json!({"id": 7, "name": "Grace", "email": "grace@example.com"});
        let fields = [("email", "grace@example.com"), ("password", "pw")];
        world.http.json(200, &person);
        let mut browser = world.browser();
        browser.post("callback/login", &fields).await;
        let (app, _) = browser.set_up().await;
        world.http.json(200, &person);
        let mut again = world.browser();
        assert_needs_factor(dialect, &again.post("callback/login", &fields).await);
        assert!(!again.is_signed_in().await);
        again.post("-/factor", &[("code", &app.code(&world, 0))]).await;
        assert_eq!(again.session().await["user"]["name"], "Grace");

        // By a link first, so that the address is proven and keeps its factors.
        let mut browser = world.browser();
        let link = browser.link("email", ADA).await;
        browser.get(&link).await;
        let (app, _) = browser.set_up().await;
        let mut again = world.browser();
        let link = again.link("email", ADA).await;
        let half = again.get(&link).await;
        assert!(location(&half).contains("/-/factor?error=SecondFactorRequired"), "{half:?}");
        assert!(!again.is_signed_in().await);
        let used = again.get(&link).await;
        assert!(location(&used).contains("error=Verification"), "the link is used up: {used:?}");
        again.post("-/factor", &[("code", &app.code(&world, 0))]).await;
        assert!(again.is_signed_in().await);
    }
}

#[tokio::test]
async fn lesson_55_the_session_from_before_stays_until_the_second_factor_and_ends_with_it() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let (app, _) = protected(&world, ADA).await;
        let mut browser = world.browser();
        browser.sign_up("bob@example.com").await;
        let mut bob = world.browser();
        bob.cookies.clone_from(&browser.cookies);
        browser.sign_in(ADA, PASSWORD).await;
        assert_eq!(browser.session().await["user"]["email"], "bob@example.com");
        browser.post("-/factor", &[("code", &app.code(&world, 0))]).await;
        assert_eq!(browser.session().await["user"]["email"], ADA);
        assert!(!bob.is_signed_in().await, "bob's session is over, wherever its cookie was copied");
    }
}

#[tokio::test]
async fn lesson_58_a_half_finished_sign_in_is_its_browsers_alone_and_over_in_ten_minutes() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let (app, codes) = protected(&world, ADA).await;
    let mut browser = world.browser();
    browser.sign_in(ADA, PASSWORD).await;
    let mut other = world.browser();
    let reply = other.post("-/factor", &[("code", &app.code(&world, 0))]).await;
    assert!(url(&reply).contains("second_factor_expired"));
    let pending = browser.cookies.iter().find(|(name, _)| name == "keyward.pending").expect("set").1.clone();
    for cut in [&pending[1..], &pending[..pending.len() - 1], "", ".", "a.b"] {
        let mut forged = world.browser();
        forged.cookies.push(("keyward.pending".to_owned(), cut.to_owned()));
        let reply = forged.post("-/factor", &[("code", &app.code(&world, 0))]).await;
        assert!(url(&reply).contains("second_factor_expired"), "{cut}");
    }
    world.clock.advance(Duration::from_secs(601));
    let reply = browser.post("-/factor", &[("code", &codes[0])]).await;
    assert!(url(&reply).contains("second_factor_expired"));
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn lesson_57_who_is_kept_out_between_the_two_steps_stays_out() {
    let world = world(Dialect::NextAuth4, Strategy::Stored);
    let (app, _) = protected(&world, ADA).await;
    let mut browser = world.browser();
    browser.sign_in(ADA, PASSWORD).await;
    let user = world.store.inner().user_by_email(ADA).await.expect("answers").expect("there").id;
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    world
        .store
        .change_user(&user, &change, world.clock.now(), world.clock.now(), &[])
        .await
        .expect("answers");
    browser.post("-/factor", &[("code", &app.code(&world, 0))]).await;
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn step_up_renews_the_session_by_what_the_person_has_and_says_so_in_its_claims() {
    for strategy in BOTH {
        let mut chosen = options(Dialect::NextAuth4, strategy);
        chosen.session.show =
            ["amr", "auth_time"].map(|claim| (vec![claim.to_owned()], claim.to_owned())).to_vec();
        let world = build(chosen);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        let first = browser.session().await;
        assert_eq!(first["amr"], json!(["pwd"]));
        world.clock.advance(Duration::from_secs(3600));
        let away = browser.get("-/account/totp").await;
        assert!(location(&away).contains("/-/confirm?callbackUrl="), "not recent: {away:?}");
        let wrong = browser.post("-/confirm", &[("password", "wrong")]).await;
        assert!(url(&wrong).contains("/-/confirm?error=CredentialsSignin"));
        let mut thief = world.browser();
        thief.cookies.clone_from(&browser.cookies);
        let done = browser.post("-/confirm", &[("password", PASSWORD), ("callbackUrl", "/there")]).await;
        assert_eq!(url(&done), "http://app.test/there");
        let after = browser.session().await;
        assert!(after["auth_time"].as_i64() > first["auth_time"].as_i64());
        assert!(!thief.is_signed_in().await, "the session from before is over");
        let (app, _) = browser.set_up().await;
        world.clock.advance(Duration::from_secs(3600));
        let refused = browser.post("-/confirm", &[("password", PASSWORD)]).await;
        assert!(url(&refused).contains("SecondFactorRequired"), "who has two shows the second");
        browser.post("-/confirm", &[("code", &app.code(&world, 0))]).await;
        assert_eq!(browser.session().await["amr"], json!(["pwd", "otp", "mfa"]));
    }
}

#[tokio::test]
async fn a_passkey_signs_in_and_answers_each_challenge_once() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let mut browser = world.browser();
            browser.sign_up(ADA).await;
            let passkey = SoftPasskey::new("adas passkey");
            browser.add_passkey(&passkey).await;
            let mut again = world.browser();
            let answer = again.answer_with(&passkey).await;
            let challenge = again.cookies.clone();
            let fields = [("action", "authenticate"), ("data", answer.as_str()), ("callbackUrl", "/dash")];
            let done = again.post("callback/passkey", &fields).await;
            assert_eq!(url(&done), "http://app.test/dash");
            assert_eq!(again.session().await["user"]["email"], ADA);
            let mut replay = world.browser();
            replay.cookies = challenge;
            replay.post("callback/passkey", &fields).await;
            assert!(!replay.is_signed_in().await, "the challenge is spent");
        }
    }
}

#[tokio::test]
async fn lesson_44_a_passkey_is_added_to_who_asked_for_it_and_to_nobody_else() {
    let world = world(Dialect::AuthJs5, Strategy::Stored);
    let (mut ada, mut bob) = (world.browser(), world.browser());
    ada.sign_up(ADA).await;
    bob.sign_up("bob@example.com").await;
    let passkey = SoftPasskey::new("bobs passkey");
    let asked = bob.asked("register").await;
    let answer = passkey.register(&Said::on(ORIGIN, asked["challenge"].as_str().expect("a challenge")));
    let challenge = bob.cookies.iter().find(|(name, _)| name == "keyward.challenge").expect("set").clone();
    ada.cookies.push(challenge);
    let refused = ada.post("-/account/passkeys", &[("data", &answer)]).await;
    assert!(url(&refused).contains("WebAuthnVerificationError"), "bob's challenge in ada's browser");
    let user = world.store.user_by_email(ADA).await.expect("answers").expect("there").id;
    assert!(world.store.factors(&user).await.expect("answers").passkeys.is_empty());
    world.clock.advance(Duration::from_secs(3600));
    let options = bob.get("webauthn-options/passkey?action=register").await;
    assert_eq!((options.status, &body_of(&options)["error"]), (403, &json!("recent_sign_in_required")));
}

#[tokio::test]
async fn without_sign_up_by_passkey_nothing_tells_who_has_an_account() {
    let world = world(Dialect::AuthJs5, Strategy::Sealed);
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    browser.add_passkey(&SoftPasskey::new("adas passkey")).await;
    let mut stranger = world.browser();
    for email in [ADA, "nobody@example.com"] {
        let asked = body_of(&stranger.get(&format!("webauthn-options/passkey?email={email}")).await);
        assert_eq!(
            (&asked["action"], &asked["options"]["allowCredentials"]),
            (&json!("authenticate"), &json!([]))
        );
        let refused = stranger.get(&format!("webauthn-options/passkey?action=register&email={email}")).await;
        assert_eq!((refused.status, body_of(&refused)), (400, json!({"error": "Invalid request"})));
    }
    let odd = stranger.get("webauthn-options/passkey?action=other").await;
    assert_eq!((odd.status, body_of(&odd)), (400, json!({"error": "Invalid action"})));
}

#[tokio::test]
async fn lesson_24_a_program_shows_the_second_factor_of_what_it_began_itself() {
    for strategy in BOTH {
        let world = build(Options::for_programs(Dialect::NextAuth4, strategy));
        let (app, codes) = protected(&world, ADA).await;
        let fields = json!({ "email": ADA, "password": PASSWORD });
        let half = world.client("shop").post("sign-in", fields.clone()).await;
        assert_eq!((half.0, &half.1["error"]), (401, &json!("SecondFactorRequired")), "{}", half.1);
        assert!(half.1.get("accessToken").is_none() && half.1.get("refreshToken").is_none());
        let shows = |code: &str| json!({ "pending": half.1["pending"], "code": code });
        for other in [world.program(), world.client("blog")] {
            programs::refused(&other.post("factor", shows(&codes[0])).await, 401, "second_factor_expired");
        }
        let mut browser = world.browser();
        let pending = half.1["pending"].as_str().expect("a text").to_owned();
        browser.cookies.push(("keyward.pending".to_owned(), pending));
        browser.post("-/factor", &[("code", &codes[0])]).await;
        assert!(!browser.is_signed_in().await, "no browser completes it");
        programs::refused(
            &world.client("shop").post("factor", json!({})).await,
            401,
            "second_factor_expired",
        );
        programs::refused(&world.client("shop").post("factor", shows("000000")).await, 401, "wrong_code");
        let (status, tokens) = world.client("shop").post("factor", shows(&app.code(&world, 0))).await;
        assert_eq!(status, 200, "{tokens}");
        assert_eq!(programs::claims(&world, &tokens).await["client_id"], "shop");
        assert_eq!(world.client("shop").refresh(refresh_token(&tokens)).await.0, 200);
        programs::refused(
            &world.client("shop").post("factor", shows(&codes[1])).await,
            401,
            "second_factor_expired",
        );
        let browsers = world.browser().sign_in(ADA, PASSWORD).await;
        assert_needs_factor(Dialect::NextAuth4, &browsers);
    }
}

#[tokio::test]
async fn lesson_24_a_program_that_has_no_secret_shows_the_second_factor_too_and_no_other_in_its_place() {
    for strategy in BOTH {
        let world = build(Options::for_programs(Dialect::NextAuth4, strategy));
        let (app, codes) = protected(&world, ADA).await;
        let half = world.program().post("sign-in", json!({ "email": ADA, "password": PASSWORD })).await;
        assert_eq!((half.0, &half.1["error"]), (401, &json!("SecondFactorRequired")), "{}", half.1);
        let shows = |code: &str| json!({ "pending": half.1["pending"], "code": code });
        programs::refused(
            &world.client("shop").post("factor", shows(&codes[0])).await,
            401,
            "second_factor_expired",
        );
        let mut browser = world.browser();
        let pending = half.1["pending"].as_str().expect("a text").to_owned();
        browser.cookies.push(("keyward.pending".to_owned(), pending));
        browser.post("-/factor", &[("code", &codes[0])]).await;
        assert!(!browser.is_signed_in().await, "no browser completes it");
        let (status, tokens) = world.program().post("factor", shows(&app.code(&world, 0))).await;
        assert_eq!(status, 200, "{tokens}");
        assert_eq!(world.program().refresh(refresh_token(&tokens)).await.0, 200);
    }
}

const OPERATIONS: [Operation; 11] = [
    Operation::Ticket,
    Operation::IssueTicket,
    Operation::ConsumeTicket,
    Operation::Factors,
    Operation::Passkey,
    Operation::TryCode,
    Operation::ChangeFactors,
    Operation::Admit,
    Operation::User,
    Operation::Session,
    Operation::SessionRecord,
];

/// Each operation of the store fails once, before it took effect and after. Nothing is half done, nothing is reported
/// that did not happen, and who tries again with what is still good gets through.
#[tokio::test]
async fn a_store_that_fails_leaves_no_half_of_a_second_factor() {
    for strategy in BOTH {
        for operation in OPERATIONS {
            for after in [false, true] {
                let told = format!("{operation:?} after={after} {strategy:?}");
                let fail = |world: &World| match after {
                    true => world.store.fail_after(operation),
                    false => world.store.fail_next(operation),
                };
                let world = world(Dialect::NextAuth4, strategy);
                let (app, codes) = protected(&world, ADA).await;
                let mut browser = world.browser();
                fail(&world);
                browser.sign_in(ADA, PASSWORD).await;
                world.store.heal();
                assert!(!browser.is_signed_in().await, "{told}: one factor");
                browser.sign_in(ADA, PASSWORD).await;
                fail(&world);
                let reply = browser.post("-/factor", &[("code", &app.code(&world, 0))]).await;
                world.store.heal();
                let reported = reply.status == 200;
                assert_eq!(browser.is_signed_in().await, reported, "{told}: {reply:?}");
                if !reported {
                    // What was used up is used up; the next code is not.
                    world.clock.advance(Duration::from_secs(30));
                    browser.sign_in(ADA, PASSWORD).await;
                    browser.post("-/factor", &[("code", &app.code(&world, 0))]).await;
                }
                assert!(browser.is_signed_in().await, "{told}: again");

                world.clock.advance(Duration::from_secs(30));
                let user = world.store.user_by_email(ADA).await.expect("answers").expect("there").id;
                let has_app = async |world: &World, user: &UserId| {
                    world.store.factors(user).await.expect("answers").app.is_some()
                };
                fail(&world);
                let reply = browser.post("-/account/totp/remove", &[]).await;
                world.store.heal();
                assert!(reply.status != 200 || !has_app(&world, &user).await, "{told}: {reply:?}");
                browser.post("-/account/totp/remove", &[]).await;
                assert!(!has_app(&world, &user).await, "{told}");
                assert_eq!(codes.len(), 10);
            }
        }
    }
}

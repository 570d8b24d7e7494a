//! An address is proven, changed, and taken back.

use keyward_core::{
    action::{State, Step},
    dialect::Dialect,
    port::{Clock as _, Limit},
    settings::{Strategy, Verification},
};
use serde_json::json;

use super::{BOB, HOME, HOUR, NEW, page, reset_link, usual, world};
use crate::support::{ADA, ALL, BOTH, Options, PASSWORD, build, error_of, json as parsed, location, target};

#[tokio::test]
async fn a_sign_up_is_told_to_the_address_and_proven_in_the_browser_that_signed_up() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy, Verification::Sent);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        assert!(browser.is_signed_in().await, "they go on meanwhile");
        let link = world.letter().await.text;
        assert_eq!(page(&browser.get(&target(&link)).await).state, State::Open);
        let reply = browser.press(&link, &[]).await;
        assert_eq!(location(&reply), format!("{HOME}-/verify-email?done=yes"));
        let ada = world.user(ADA).await.expect("there");
        assert_eq!(ada.email_verified, Some(world.clock.now()));
        assert!(browser.is_signed_in().await && world.hash(ADA).await.is_some(), "nothing ends");
        let again = browser.press(&link, &[]).await;
        assert_eq!(page(&again).error.as_deref(), Some("link_not_valid"));
        assert!(world.post().await.is_empty());
    }
}

#[tokio::test]
async fn lesson_43_whoever_else_has_the_mailbox_shows_the_password_or_sets_another() {
    let world = world(Dialect::NextAuth4, Strategy::Stored, Verification::Sent);
    let mut squatter = world.browser();
    squatter.sign_up(ADA).await;
    let link = world.letter().await.text;
    // Ada, who never signed up here, follows the link that a stranger had sent to her.
    let mut ada = world.browser();
    assert_eq!(page(&ada.get(&target(&link)).await).state, State::WithPassword);
    let reply = ada.press(&link, &[]).await;
    assert_eq!(
        (page(&reply).state, world.user(ADA).await.and_then(|ada| ada.email_verified)),
        (State::WithPassword, None)
    );
    let reply = ada.press(&link, &[("password", "a guess of hers")]).await;
    assert_eq!((reply.status, page(&reply).error.as_deref()), (403, Some("wrong_password")));
    assert!(page(&reply).reset.is_some());
    assert_eq!(world.user(ADA).await.and_then(|ada| ada.email_verified), None);

    let link = reset_link(&mut ada, ADA).await;
    ada.press(&link, &[("newPassword", NEW)]).await;
    assert!(world.user(ADA).await.is_some_and(|ada| ada.email_verified.is_some()));
    assert!(!squatter.is_signed_in().await, "who set it up without proof is out");
    assert!(error_of(&squatter.sign_in(ADA, PASSWORD).await).0.is_some());
    ada.sign_in(ADA, NEW).await;
    assert!(ada.is_signed_in().await);
}

#[tokio::test]
async fn an_address_is_proven_elsewhere_by_the_password_of_the_account() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed, Verification::Sent);
    world.browser().sign_up(ADA).await;
    let link = world.letter().await.text;
    let mut phone = world.browser();
    let hashes = world.hasher.verified();
    phone.press(&link, &[("password", PASSWORD)]).await;
    assert_eq!(world.hasher.verified() - hashes, 1);
    assert!(world.user(ADA).await.is_some_and(|ada| ada.email_verified.is_some()));
    let taken = world.limits.taken();
    assert!(taken.contains(&(Limit::SignInPerAccount, ADA.to_owned())), "guesses are counted: {taken:?}");
}

#[tokio::test]
async fn where_it_is_required_nobody_signs_in_before_they_have_proven_their_address() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed, Verification::Required);
        let mut browser = world.browser();
        let reply = browser.sign_up(ADA).await;
        assert_eq!(parsed(&reply)["url"], format!("{HOME}-/verify-email?done=sent"), "{dialect:?}");
        assert_eq!(error_of(&reply), (None, None));
        assert!(!browser.is_signed_in().await, "{dialect:?}");

        let refused = browser.sign_in(ADA, PASSWORD).await;
        let (error, more) = error_of(&refused);
        let expected = if dialect == Dialect::AuthJs5 {
            (Some("CredentialsSignin".to_owned()), Some("email_not_verified".to_owned()))
        } else {
            (Some("email_not_verified".to_owned()), None)
        };
        assert_eq!((error, more), expected, "{dialect:?}");
        let url = parsed(&refused)["url"].as_str().expect("a url").to_owned();
        let shown = browser.get(&target(&url)).await;
        assert_eq!(page(&shown).error.as_deref(), Some("email_not_verified"), "{dialect:?}");
        assert_eq!((page(&shown).step, &*page(&shown).typed), (Step::VerifyEmail, ADA), "it sends another");
        // Only after the right password: with another it is as if nobody had the address.
        let wrong = error_of(&browser.sign_in(ADA, "not it").await);
        assert_eq!(wrong, error_of(&browser.sign_in(BOB, "not it").await), "{dialect:?}");
        assert_ne!(wrong, expected);

        let link = world.letter().await.text;
        assert_eq!(page(&browser.get(&target(&link)).await).state, State::Open, "the browser that signed up");
        browser.press(&link, &[]).await;
        browser.sign_in(ADA, PASSWORD).await;
        assert!(browser.is_signed_in().await, "{dialect:?}");
    }
}

#[tokio::test]
async fn a_sign_up_that_reveals_nothing_tells_who_has_an_account_by_mail() {
    let options = Options {
        verification: Some(Verification::Required),
        reveals_existing: false,
        ..Options::new(Dialect::NextAuth4, Strategy::Sealed)
    };
    let world = build(options);
    let first = world.browser().sign_up(ADA).await;
    assert_eq!(world.letter().await.subject, "Verify at app.test");
    let second = world.browser().sign_up(ADA).await;
    assert_eq!(world.letter().await.subject, "Existing at app.test");
    assert_eq!((first.status, parsed(&first)), (second.status, parsed(&second)));
}

#[tokio::test]
async fn an_address_is_changed_by_a_link_to_the_new_one_and_a_notice_goes_to_the_old() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy, Verification::Sent);
        let mut browser = world.browser();
        browser.sign_up(ADA).await;
        browser.press(&world.letter().await.text, &[]).await;
        let reply = browser.form("-/account/email", &[("email", "New@Example.com")]).await;
        assert_eq!(location(&reply), format!("{HOME}-/account/email?done=sent"));
        let mail = world.letter().await;
        assert_eq!((&*mail.to, &*mail.subject), ("new@example.com", "Change at app.test"));
        assert_eq!(browser.session().await["user"]["email"], ADA, "nothing changed yet");

        // Somebody else at that mailbox gets nowhere with it (lesson 58).
        let mut stranger = world.browser();
        let reply = stranger.get(&target(&mail.text)).await;
        assert!(location(&reply).contains("signin?callbackUrl="), "{reply:?}");
        stranger.sign_up(BOB).await;
        world.post().await;
        let reply = stranger.press(&mail.text, &[]).await;
        assert_eq!(
            (page(&reply).state, page(&reply).error.as_deref()),
            (State::Dead, Some("link_not_valid"))
        );

        assert_eq!(page(&browser.get(&target(&mail.text)).await).email, "new@example.com");
        let reply = browser.press(&mail.text, &[]).await;
        assert_eq!(location(&reply), format!("{HOME}-/change-email?done=yes"));
        assert_eq!(browser.session().await["user"]["email"], "new@example.com", "{strategy:?}: at once");
        let ada = world.user("new@example.com").await.expect("there");
        assert!(ada.email_verified.is_some() && world.user(ADA).await.is_none());

        let notice = world.letter().await;
        assert_eq!((&*notice.to, &*notice.subject), (ADA, "Changed at app.test"));
        assert!(!notice.text.contains("new@example.com"), "the old mailbox does not learn the new one");

        // A week later it is too late, within it the old mailbox takes everything back.
        world.clock.advance(HOUR * 24 * 6);
        let mut owner = world.browser();
        assert_eq!(page(&owner.get(&target(&notice.text)).await).email, ADA);
        let reply = owner.press(&notice.text, &[]).await;
        let next = location(&reply).to_owned();
        assert!(next.starts_with(&format!("{HOME}-/reset?token=")), "{next}");
        assert!(!browser.is_signed_in().await, "{strategy:?}");
        assert_eq!(world.hash(ADA).await, None);
        owner.press(&next, &[("newPassword", NEW)]).await;
        owner.sign_in(ADA, NEW).await;
        assert_eq!(owner.session().await["user"]["email"], ADA);
    }
}

#[tokio::test]
async fn an_unproven_old_address_hears_of_a_change_and_can_do_nothing() {
    let world = usual();
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    browser.call("email", json!({ "email": "new@example.com" })).await;
    let link = world.letter().await.text;
    browser.press(&link, &[]).await;
    assert_eq!(world.letter().await.text, "nothing to do");
}

#[tokio::test]
async fn an_address_that_somebody_has_is_asked_for_like_any_other_and_not_given() {
    let world = usual();
    world.browser().sign_up(BOB).await;
    let mut browser = world.browser();
    browser.sign_up(ADA).await;
    let calls = world.store.all_calls();
    let taken = browser.call("email", json!({ "email": BOB })).await;
    let cost = world.store.all_calls() - calls;
    let link = world.letter().await.text;
    let calls = world.store.all_calls();
    let free = browser.call("email", json!({ "email": "free@example.com" })).await;
    assert_eq!((taken.status, parsed(&taken)), (free.status, parsed(&free)));
    assert_eq!(cost, world.store.all_calls() - calls);
    world.post().await;
    let reply = browser.press(&link, &[]).await;
    assert_eq!((page(&reply).state, page(&reply).error.as_deref()), (State::Dead, Some("email_taken")));
    assert_eq!(browser.session().await["user"]["email"], ADA);
}

#[tokio::test]
async fn lesson_58_a_link_to_a_new_address_ends_with_the_session_that_asked_for_it() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy, Verification::Off);
        let (mut thief, mut owner) = (world.browser(), world.browser());
        owner.sign_up(ADA).await;
        thief.sign_in(ADA, PASSWORD).await;
        thief.call("email", json!({ "email": "thief@example.com" })).await;
        let link = world.letter().await.text;
        owner.call("password", json!({ "password": PASSWORD, "newPassword": NEW })).await;
        world.post().await;
        let reply = thief.press(&link, &[]).await;
        assert!(location(&reply).contains("error=SessionRequired"), "{reply:?}");
        let reply = owner.press(&link, &[]).await;
        assert!(
            location(&reply).contains("error=SessionRequired"),
            "not even in a session of hers: {reply:?}"
        );
        assert!(world.user("thief@example.com").await.is_none());
    }
}

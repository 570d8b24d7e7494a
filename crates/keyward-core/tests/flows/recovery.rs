//! What people do about their own accounts: prove and change an address, reset and change a password, have their data,
//! leave. Through pages without a script, and through calls.

use std::time::Duration;

use keyward_core::{
    action::{State, Step},
    dialect::Dialect,
    port::{Clock as _, Limit},
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

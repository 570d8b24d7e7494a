//! Who is signed in as whom: accounts, addresses, and who may add what to whom (protocol notes §5.6).

use std::time::Duration;

use keyward_core::{
    dialect::Dialect,
    port::{Clock as _, Directory as _, Post as _},
    reply::Page,
    settings::Strategy,
    user::User,
};
use keyward_testkit::Operation;
use serde_json::json;

use crate::{
    support::{
        ALL, BOTH, Options, PASSWORD, World, build, json as body_of, location, page_behind, refused, world,
    },
    upstream::{ADA, Person},
};

const BOB: Person = Person { id: "bob-1", name: "Bob", email: "bob@example.com", email_verified: true };

async fn user(world: &World, email: &str) -> User {
    let found = world.store.inner().user_by_email(email).await.expect("a store");
    found.unwrap_or_else(|| unreachable!("nobody has {email}"))
}

async fn sources(world: &World, email: &str) -> Vec<String> {
    let user = user(world, email).await;
    let accounts = world.store.inner().accounts_of(&user.id).await.expect("a store");
    accounts.into_iter().map(|account| account.key.source).collect()
}

#[tokio::test]
async fn c5_who_is_signed_in_adds_an_account_and_stays_who_they_are() {
    for dialect in ALL {
        for strategy in BOTH {
            for (first, second) in [("hub", "op"), ("hub", "post"), ("post", "hub")] {
                let told = format!("{dialect:?} {strategy:?} {first} {second}");
                let world = world(dialect, strategy);
                let mut browser = world.browser();
                browser.sign_in(first, &ADA).await;
                let before = browser.cookies.clone();
                // Another address: NextAuth does not compare them.
                let reply = browser.sign_in(second, &BOB).await;
                assert_eq!(location(&reply), "https://app.test/dash", "{told}: {:?}", reply.refused);
                assert_eq!(sources(&world, ADA.email).await, [first, second], "{told}");
                assert_eq!(browser.session().await["user"]["email"], ADA.email, "{told}");

                // From now on both lead to the same person, and the session from before is over (lesson 55).
                let mut other = world.browser();
                other.sign_in(second, &BOB).await;
                assert_eq!(other.session().await["user"]["email"], ADA.email, "{told}");
                let mut copy = world.browser();
                copy.cookies = before;
                assert!(!copy.is_signed_in().await, "{told}");
            }
        }
    }
}

#[tokio::test]
async fn c5_an_account_of_somebody_else_is_not_taken_over() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.browser().sign_in("hub", &BOB).await;
        let mut browser = world.browser();
        browser.sign_in("op", &ADA).await;
        let reply = browser.sign_in("hub", &BOB).await;
        assert_eq!(refused(&reply).1, "OAuthAccountNotLinked", "{dialect:?}");
        assert_eq!(browser.session().await["user"]["email"], ADA.email, "nothing changed");
        assert_eq!(sources(&world, BOB.email).await, ["hub"]);
    }
}

#[tokio::test]
async fn c5_an_address_that_somebody_has_links_nothing_without_a_proof_of_the_account() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.browser().sign_in("hub", &ADA).await;
        let mut browser = world.browser();
        let reply = browser.sign_in("op", &Person { id: "ada-2", ..ADA }).await;
        let page = if dialect == Dialect::AuthJs5 { "/api/auth/signin" } else { "/api/auth/error" };
        let (path, word, _) = refused(&reply);
        assert_eq!((path.as_str(), word.as_str()), (page, "OAuthAccountNotLinked"), "{dialect:?}");
        assert!(!browser.is_signed_in().await);
        assert_eq!(sources(&world, ADA.email).await, ["hub"]);
    }
}

#[tokio::test]
async fn c5_who_comes_with_a_second_provider_is_told_the_first_proves_it_and_adds_the_second() {
    let again = Person { id: "ada-2", ..ADA };
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.browser().sign_in("hub", &ADA).await;
        let mut browser = world.browser();
        browser.json = false;

        let reply = browser.sign_in("op", &again).await;
        let page = page_behind(&mut browser, reply).await;
        let Page::SignIn { error, providers, callback_url, adds, .. } = page else {
            unreachable!("{page:?}")
        };
        assert_eq!(error.as_deref(), Some("OAuthAccountNotLinked"), "{dialect:?}");
        assert_eq!(providers.iter().map(|form| form.id.as_str()).collect::<Vec<_>>(), ["hub"], "{dialect:?}");
        assert_eq!(adds.as_deref(), Some("The Provider"));

        // She proves herself and is asked.
        let url = browser.depart("hub", &callback_url.expect("a place")).await;
        let response = world.upstream.agree(&url, &ADA);
        let reply = browser.arrive("hub", &response).await;
        let page = page_behind(&mut browser, reply).await;
        let Page::AddAccount { action, callback_url, provider, .. } = page else { unreachable!("{page:?}") };
        assert_eq!(
            (action.as_str(), provider.as_str()),
            ("https://app.test/api/auth/signin/op", "The Provider")
        );
        assert_eq!(callback_url, "https://app.test/dash", "where she wanted to be at first");

        // She agrees.
        let url = browser.depart("op", &callback_url).await;
        let response = world.upstream.agree(&url, &again);
        assert_eq!(location(&browser.arrive("op", &response).await), "https://app.test/dash");
        assert_eq!(sources(&world, ADA.email).await, ["hub", "op"], "{dialect:?}");
    }
}

#[tokio::test]
async fn c5_how_somebody_came_before_is_told_to_nobody_whose_address_is_not_vouched_for() {
    let stranger = Person { id: "eve-1", email_verified: false, ..ADA };
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        world.browser().sign_in("hub", &ADA).await;
        let reply = world.browser().sign_in("op", &stranger).await;
        // What they tried themselves, and no way of the holder's.
        let told = "?error=OAuthAccountNotLinked&link=op";
        assert!(location(&reply).ends_with(told), "{}", location(&reply));
    }
}

#[tokio::test]
async fn an_address_that_asks_to_add_a_provider_adds_nothing_by_itself() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        browser.json = false;
        browser.sign_in("hub", &ADA).await;
        for target in
            ["signin?link=op&callbackUrl=%2Fx", "signin?link=nobody", "signin?link=op&with=hub,x,%3Cb%3E"]
        {
            let reply = browser.get(target).await;
            page_behind(&mut browser, reply).await;
        }
        assert_eq!(sources(&world, ADA.email).await, ["hub"]);
        // Whoever isn't signed in gets the sign-in page, with every way where none is named.
        let mut nobody = world.browser();
        nobody.json = false;
        for (target, ways) in
            [("signin?link=op", 4), ("signin?link=op&with=hub", 1), ("signin?link=nobody&with=hub", 4)]
        {
            let reply = nobody.get(target).await;
            let Page::SignIn { providers, .. } = page_behind(&mut nobody, reply).await else {
                unreachable!("{target}")
            };
            assert_eq!(providers.len(), ways, "{dialect:?} {target}");
        }
    }
}

#[tokio::test]
async fn c5_the_dangerous_setting_links_by_address() {
    for dialect in ALL {
        let mut options = Options::new(dialect, Strategy::Sealed);
        options.dangerous = true;
        let world = build(options);
        world.browser().sign_in("hub", &ADA).await;
        let mut browser = world.browser();
        let reply = browser.sign_in("op", &Person { id: "ada-2", name: "Other", ..ADA }).await;
        assert_eq!(location(&reply), "https://app.test/dash");
        assert_eq!(browser.session().await["user"]["name"], "Ada", "as the directory knows her");
        assert_eq!(sources(&world, ADA.email).await, ["hub", "op"]);
    }
}

#[tokio::test]
async fn lesson_43_who_waited_with_a_password_for_the_owner_of_an_address_is_out_when_she_links() {
    for strategy in BOTH {
        let mut options = Options::new(Dialect::NextAuth4, strategy);
        options.dangerous = true;
        let world = build(options);
        let mut squatter = world.browser();
        squatter.sign_up(ADA.email).await;
        assert!(squatter.is_signed_in().await);
        let mut owner = world.browser();
        owner.sign_in("op", &ADA).await;
        assert!(owner.is_signed_in().await, "{strategy:?}");
        assert!(!squatter.is_signed_in().await, "{strategy:?}: the session from before the proof");
        let fields = [("email", ADA.email), ("password", PASSWORD)];
        let reply = squatter.post("callback/credentials", &fields).await;
        assert_eq!(reply.status, 401, "{strategy:?}: the password from before the proof");
    }
}

#[tokio::test]
async fn lesson_43_who_loses_a_password_by_adding_a_provider_is_told_by_mail_and_in_their_activity() {
    for strategy in BOTH {
        let mut options = Options::new(Dialect::NextAuth4, strategy);
        options.links = true;
        let world = build(options);
        let mut ada = world.browser();
        ada.sign_up(ADA.email).await;
        subjects(&world).await;
        ada.sign_in("op", &ADA).await;
        assert_eq!(subjects(&world).await, [(ADA.email.to_owned(), "Ended at app.test".to_owned())]);
        let told = body_of(&ada.get("-/v1/activity").await)["activity"].clone();
        let kinds: Vec<_> = told.as_array().expect("entries").iter().map(|entry| &entry["kind"]).collect();
        assert!(kinds.contains(&&json!("password_ended")), "{strategy:?}: {kinds:?}");
        ada.sign_in("hub", &ADA).await;
        assert_eq!(subjects(&world).await, [], "once");
    }
}

/// Whom the mails that wait go to, and what they are about.
async fn subjects(world: &World) -> Vec<(String, String)> {
    let (store, now) = (world.store.inner(), world.clock.now());
    let mut mails = Vec::new();
    for due in store.due_mails(now, now.plus(Duration::from_secs(1)), 100).await.expect("answers") {
        let mail = world.engine.open_mail(&due.sealed).expect("sealed here");
        store.settle_mail(&due, None).await.expect("answers");
        mails.push((mail.to, mail.subject));
    }
    mails
}

#[tokio::test]
async fn lesson_43_the_owner_keeps_the_session_in_which_she_proved_her_address() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_up(ADA.email).await;
        let reply = browser.sign_in("op", &ADA).await;
        assert_eq!(location(&reply), "https://app.test/dash", "{:?}", reply.refused);
        assert!(browser.is_signed_in().await, "{strategy:?}");
        assert!(user(&world, ADA.email).await.email_verified.is_some());
    }
}

#[tokio::test]
async fn lesson_44_an_account_is_added_to_who_asked_for_it_and_to_nobody_else() {
    for dialect in ALL {
        for provider in ["op", "post"] {
            let world = world(dialect, Strategy::Sealed);
            let told = format!("{dialect:?} {provider}");
            // Ada begins, signs out, and Bob signs in in the same browser: what comes back is nobody's.
            let mut browser = world.browser();
            browser.sign_in("hub", &ADA).await;
            let url = browser.depart(provider, "/").await;
            let response = world.upstream.agree(&url, &Person { id: "x-1", email: "x@example.com", ..ADA });
            browser.post("signout", &[]).await;
            let attempts = browser.cookies.clone();
            browser.sign_in("hub", &BOB).await;
            let reply = browser.arrive(provider, &response).await;
            assert_eq!(refused(&reply).2, "provider_session", "{told}");
            assert_eq!(browser.session().await["user"]["email"], BOB.email, "{told}");

            // Nor is she when she is just signed out.
            let mut again = world.browser();
            again.cookies = attempts;
            let url = again.depart(provider, "/").await;
            let response = world.upstream.agree(&url, &Person { id: "x-1", email: "x@example.com", ..ADA });
            assert_eq!(location(&again.arrive(provider, &response).await), "https://app.test/", "{told}");
            assert_eq!(sources(&world, ADA.email).await, ["hub"], "{told}");
            assert_eq!(sources(&world, BOB.email).await, ["hub"], "{told}");
        }
    }
}

#[tokio::test]
async fn lesson_44_an_attempt_to_sign_in_adds_nothing_to_who_signed_in_meanwhile() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let mut browser = world.browser();
    let url = browser.depart("op", "/").await;
    let response = world.upstream.agree(&url, &ADA);
    browser.sign_in("hub", &BOB).await;
    browser.arrive("op", &response).await;
    assert_eq!(sources(&world, BOB.email).await, ["hub"]);
    assert_eq!(browser.session().await["user"]["email"], ADA.email);
}

#[tokio::test]
async fn lesson_74_what_is_no_address_by_our_grammar_is_left_out() {
    for email in
        ["ada@evil.example,ada@example.com", "ada@evil.example@example.com", "<ada@example.com>", "ada"]
    {
        let world = world(Dialect::NextAuth4, Strategy::Sealed);
        let mut browser = world.browser();
        browser.sign_in("op", &Person { email, ..ADA }).await;
        assert_eq!(
            browser.session().await["user"],
            json!({"name": "Ada", "email": null, "image": null}),
            "{email}"
        );
    }
    // One address in another spelling is the same address.
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    world.browser().sign_in("op", &ADA).await;
    let reply =
        world.browser().sign_in("hub", &Person { id: "2", email: "ADA\u{ff20}Example.com", ..ADA }).await;
    assert_eq!(refused(&reply).1, "OAuthAccountNotLinked");
}

#[tokio::test]
async fn lesson_73_an_address_that_only_our_normal_form_makes_somebodys_proves_nothing() {
    // A ligature, full-width letters, the Kelvin sign: mailboxes of their own at the provider, if it has them at all.
    for (email, folded) in [
        ("o\u{fb03}ce@example.com", "office@example.com"),
        ("\u{ff41}da@example.com", ADA.email),
        ("\u{212a}ate@example.com", "kate@example.com"),
    ] {
        for provider in ["op", "hub"] {
            let world = world(Dialect::NextAuth4, Strategy::Sealed);
            let mut holder = world.browser();
            holder.sign_up(folded).await;
            let reply = world.browser().sign_in(provider, &Person { id: "eve-1", email, ..ADA }).await;
            let told = format!("?error=OAuthAccountNotLinked&link={provider}");
            assert!(location(&reply).ends_with(&told), "{}", location(&reply));
            assert!(holder.is_signed_in().await, "{email}");
            assert_eq!(user(&world, folded).await.email_verified, None, "{email}");
        }
        let world = world(Dialect::NextAuth4, Strategy::Sealed);
        world.browser().sign_in("op", &Person { id: "eve-1", email, ..ADA }).await;
        assert_eq!(
            user(&world, folded).await.email_verified,
            None,
            "{email}: who owns it has still to prove it"
        );
    }
}

#[tokio::test]
async fn a_decision_on_what_changed_meanwhile_is_made_anew_and_given_up_after_a_while() {
    for dialect in ALL {
        let world = world(dialect, Strategy::Sealed);
        let mut browser = world.browser();
        world.store.change_next(2);
        assert_eq!(browser.sign_in("op", &ADA).await.status, 302);
        assert_eq!((world.store.calls(Operation::Standing), world.store.calls(Operation::Admit)), (3, 3));
        assert!(browser.is_signed_in().await);

        let mut other = world.browser();
        world.store.change_next(100);
        let reply = other.sign_in("op", &BOB).await;
        assert_eq!(
            (reply.status, reply.refused.expect("refused").0),
            (503, "store_unavailable"),
            "{dialect:?}"
        );
        assert!(!other.is_signed_in().await);
        assert_eq!(world.store.inner().user_by_email(BOB.email).await.expect("a store"), None);
    }
}

#[tokio::test]
async fn tokens_are_sealed_updated_at_each_sign_in_and_the_refresh_token_stays() {
    let world = world(Dialect::NextAuth4, Strategy::Sealed);
    let kept = async || {
        let user = user(&world, ADA.email).await;
        let account = world.store.inner().accounts_of(&user.id).await.expect("a store").remove(0);
        let sealed =
            world.store.inner().account_tokens(&account.key).await.expect("a store").expect("tokens");
        assert!(!String::from_utf8_lossy(&sealed).contains("rt-1"), "sealed");
        let secret = keyward_core::secret::Secret::from("keyward-test-secret-0123456789abcdef");
        keyward_core::vault::Vault::new(&[secret]).open(&account.key, &sealed).expect("opened")
    };
    world.browser().sign_in("op", &ADA).await;
    assert_eq!(
        (&kept().await["refresh_token"], &kept().await["access_token"]),
        (&json!("rt-1"), &json!("at-ada-1"))
    );
    world.upstream.hands_out(json!({"scope": "more"}));
    world.browser().sign_in("op", &ADA).await;
    assert_eq!((&kept().await["refresh_token"], &kept().await["scope"]), (&json!("rt-1"), &json!("more")));
    world.upstream.hands_out(json!({"refresh_token": "rt-2"}));
    world.browser().sign_in("op", &ADA).await;
    assert_eq!(kept().await["refresh_token"], json!("rt-2"));
}

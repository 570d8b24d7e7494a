//! A second way in: who is offered one, and what stays as it was when somebody adds it.

use keyward_core::{
    dialect::Dialect,
    policy::ways::WaysIn,
    port::{
        Admitted, Clock as _, Directory as _, FactorChange, FactorChanged, FactorEdit, FactorStore as _,
        KeptApp, SignIns as _, Tickets as _,
    },
    reply::{Page, Reply},
    settings::{SignOutScope, Strategy},
    ticket::{Purpose, Ticket, TicketKey},
    user::{Admission, User, UserId},
};
use keyward_testkit::Operation;
use serde_json::{Value, json};

use crate::{
    support::{ALL, BOTH, Browser, Options, World, build, json as body_of, location, page_behind, refused},
    upstream::{ADA, Person},
};

const AGAIN: Person = Person { id: "ada-2", ..ADA };

fn deployment(dialect: Dialect, strategy: Strategy, change: impl FnOnce(&mut Options)) -> World {
    let mut options = Options::new(dialect, strategy);
    change(&mut options);
    build(options)
}

/// Sessions say what the provider hands out beside its tokens.
fn keeping(dialect: Dialect, strategy: Strategy) -> World {
    let path = ["account", "shop"].map(str::to_owned).to_vec();
    let world = deployment(dialect, strategy, |options| options.keep = vec![("shop".to_owned(), path)]);
    world.upstream.hands_out(json!({"shop": "the first"}));
    world
}

async fn user(world: &World) -> User {
    let found = world.store.inner().user_by_email(ADA.email).await.expect("a store");
    found.unwrap_or_else(|| unreachable!("nobody has the address"))
}

async fn sources(world: &World) -> Vec<String> {
    let accounts = world.store.inner().accounts_of(&user(world).await.id).await.expect("a store");
    accounts.into_iter().map(|account| account.key.source).collect()
}

/// Ada has followed one link, and nothing else.
async fn came_by_link(world: &World) {
    let (store, now) = (world.store.inner(), world.clock.now());
    let key =
        TicketKey { purpose: Purpose::EMAIL_LINK, subject: ADA.email.to_owned(), hash: "link".to_owned() };
    let expires = now.plus(std::time::Duration::from_secs(60));
    let ticket = Ticket { key: key.clone(), data: String::new(), created: now, expires };
    store.issue_ticket(&ticket).await.expect("a store");
    let who = Admission::EmailLink { ticket: key, user: UserId("ada".to_owned()), is_new: true, until: now };
    let admitted = store.admit(&who, None, now, &[]).await.expect("a store");
    assert!(matches!(admitted, Admitted::As { is_new: true, .. }), "{admitted:?}");
}

/// Ada is asked for a code from now on.
async fn set_up_an_app(world: &World) {
    let edit = FactorEdit::AddApp { app: KeptApp { secret: b"sealed".to_vec(), step: 1 }, codes: Vec::new() };
    let change = FactorChange { user: user(world).await.id, session: None, ways: WaysIn::default(), edit };
    let changed = world.store.inner().change_factors(&change, world.clock.now(), &[]).await;
    assert_eq!(changed.expect("a store"), FactorChanged::Done);
}

/// The ways in that the sign-in page behind a refusal offers, and what it says that it adds.
async fn offered(browser: &mut Browser<'_>, reply: Reply) -> (Vec<String>, Option<String>) {
    let Page::SignIn { error, providers, adds, .. } = page_behind(browser, reply).await else {
        unreachable!("a sign-in page")
    };
    assert_eq!(error.as_deref(), Some("OAuthAccountNotLinked"));
    (providers.into_iter().map(|form| form.id).collect(), adds)
}

#[tokio::test]
async fn c5_who_came_by_link_before_is_told_so_and_may_add_the_provider() {
    for dialect in ALL {
        let world = deployment(dialect, Strategy::Sealed, |options| options.links = true);
        came_by_link(&world).await;
        let mut browser = world.browser();
        browser.json = false;
        let reply = browser.sign_in("op", &ADA).await;
        assert_eq!(refused(&reply).1, "OAuthAccountNotLinked", "{dialect:?}");
        let (ways, adds) = offered(&mut browser, reply).await;
        assert_eq!((ways, adds.as_deref()), (vec!["email".to_owned()], Some("The Provider")), "{dialect:?}");
    }
}

#[tokio::test]
async fn c5_whom_no_way_may_be_named_to_may_prove_themselves_by_any_and_add_the_provider() {
    let not_vouched_for = Person { id: "ada-2", email_verified: false, ..ADA };
    for dialect in ALL {
        let world = deployment(dialect, Strategy::Sealed, |_| ());
        world.browser().sign_in("hub", &ADA).await;
        let mut browser = world.browser();
        browser.json = false;
        let reply = browser.sign_in("op", &not_vouched_for).await;
        let (ways, adds) = offered(&mut browser, reply).await;
        assert_eq!(ways, ["op", "credentials", "hub", "post"], "{dialect:?}: every way there is");
        assert_eq!(adds.as_deref(), Some("The Provider"));
    }
}

#[tokio::test]
async fn who_is_signed_in_as_another_than_the_accounts_owner_is_offered_nothing_to_add() {
    let bob = Person { id: "bob-1", email: "bob@example.com", ..ADA };
    for dialect in ALL {
        let world = deployment(dialect, Strategy::Sealed, |_| ());
        world.browser().sign_in("op", &bob).await;
        let mut browser = world.browser();
        browser.sign_in("hub", &ADA).await;
        let reply = browser.sign_in("op", &bob).await;
        assert!(location(&reply).ends_with("?error=OAuthAccountNotLinked"), "{}", location(&reply));
    }
}

/// A form post from another site brings no session along.
#[tokio::test]
async fn who_adds_a_provider_keeps_what_their_session_said_also_where_it_answers_by_post() {
    for dialect in ALL {
        for strategy in BOTH {
            for second in ["op", "post"] {
                let told = format!("{dialect:?} {strategy:?} {second}");
                let world = keeping(dialect, strategy);
                let mut browser = world.browser();
                browser.sign_in("hub", &ADA).await;
                let before = browser.session().await;
                assert_eq!(before["shop"], "the first", "{told}");
                world.upstream.hands_out(json!({}));
                let reply = browser.sign_in(second, &AGAIN).await;
                assert_eq!(location(&reply), "https://app.test/dash", "{told}: {:?}", reply.refused);
                assert_eq!(sources(&world).await, ["hub", second], "{told}");
                let after = browser.session().await;
                assert_eq!((&after["user"], &after["shop"]), (&before["user"], &before["shop"]), "{told}");
            }
        }
    }
}

/// What was kept for the way lies sealed in the store, and serves the attempt for which it was kept once.
#[tokio::test]
async fn what_a_session_says_waits_for_its_own_attempt_alone() {
    for strategy in BOTH {
        let world = keeping(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_in("hub", &ADA).await;
        world.upstream.hands_out(json!({}));
        let (first, second) = (browser.depart("post", "/one").await, browser.depart("post", "/two").await);
        for (url, landing) in [(second, "https://app.test/two"), (first, "https://app.test/one")] {
            let response = world.upstream.agree(&url, &AGAIN);
            let reply = browser.arrive("post", &response).await;
            // The second one finds its session replaced: it was asked for in the one from before.
            if landing.ends_with("two") {
                assert_eq!(location(&reply), landing, "{strategy:?}");
            } else {
                assert_eq!(refused(&reply).2, "provider_session", "{strategy:?}");
            }
            assert_eq!(browser.session().await["shop"], "the first", "{strategy:?}");
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_to_keep_or_give_back_what_a_session_says_adds_nothing() {
    for strategy in BOTH {
        let world = keeping(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_in("hub", &ADA).await;
        world.store.fail_next(Operation::IssueTicket);
        let reply = browser.post("signin/post", &[]).await;
        let url = body_of(&reply)["url"].as_str().unwrap_or_default().to_owned();
        assert!(url.contains("error=store_unavailable"), "{strategy:?}: {reply:?}");
        assert_eq!(browser.attempts(), [], "{strategy:?}: nobody set out");

        let url = browser.depart("post", "/dash").await;
        world.store.fail_next(Operation::ConsumeTicket);
        let response = world.upstream.agree(&url, &AGAIN);
        let reply = browser.arrive("post", &response).await;
        let code = reply.refused.as_ref().map(|(code, _)| *code);
        assert_eq!((reply.status, code), (503, Some("store_unavailable")), "{strategy:?}");
        assert_eq!(sources(&world).await, ["hub"], "{strategy:?}");
        assert_eq!(browser.session().await["shop"], "the first", "{strategy:?}");
        let reply = browser.sign_in("post", &AGAIN).await;
        assert_eq!(location(&reply), "https://app.test/dash", "{strategy:?}: {:?}", reply.refused);
        assert_eq!(sources(&world).await, ["hub", "post"], "{strategy:?}");
    }
}

#[tokio::test]
async fn who_adds_a_provider_is_asked_for_no_factor_that_was_set_up_since_they_signed_in() {
    for dialect in ALL {
        for second in ["op", "post"] {
            let told = format!("{dialect:?} {second}");
            let world = deployment(dialect, Strategy::Stored, |_| ());
            let mut browser = world.browser();
            browser.sign_in("hub", &ADA).await;
            set_up_an_app(&world).await;
            let reply = browser.sign_in(second, &AGAIN).await;
            assert_eq!(location(&reply), "https://app.test/dash", "{told}: {:?}", reply.refused);
            assert_eq!(browser.session().await["user"]["email"], ADA.email, "{told}");
            let told_of = body_of(&browser.get("-/v1/activity").await)["activity"].clone();
            let kinds: Vec<_> =
                told_of.as_array().expect("entries").iter().map(|entry| &entry["kind"]).collect();
            assert!(kinds.contains(&&json!("account_linked")), "{told}: {kinds:?}");
            // To come in by it asks for both.
            let mut other = world.browser();
            let reply = other.sign_in(second, &AGAIN).await;
            assert!(location(&reply).contains("/-/factor"), "{told}: {}", location(&reply));
            assert!(!other.is_signed_in().await, "{told}");
        }
    }
}

#[tokio::test]
async fn the_dangerous_setting_adds_nothing_by_address_to_who_has_a_second_factor() {
    for dialect in ALL {
        let world = deployment(dialect, Strategy::Stored, |options| options.dangerous = true);
        world.browser().sign_in("hub", &ADA).await;
        set_up_an_app(&world).await;
        let mut stranger = world.browser();
        let reply = stranger.sign_in("op", &AGAIN).await;
        assert_eq!(refused(&reply).1, "OAuthAccountNotLinked", "{dialect:?}");
        assert_eq!(sources(&world).await, ["hub"], "{dialect:?}");
        assert!(!stranger.is_signed_in().await, "{dialect:?}");
    }
}

#[tokio::test]
async fn a_session_stays_that_of_the_account_which_opened_it_when_another_is_added() {
    for dialect in ALL {
        for strategy in BOTH {
            for second in ["hub", "post"] {
                let told = format!("{dialect:?} {strategy:?} {second}");
                let world = deployment(dialect, strategy, |options| options.sign_out = SignOutScope::Both);
                let mut browser = world.browser();
                browser.sign_in("op", &ADA).await;
                browser.sign_in(second, &AGAIN).await;
                assert_eq!(sources(&world).await, ["op", second], "{told}");
                let sessions = body_of(&browser.get("-/v1/sessions").await)["sessions"].clone();
                let sessions = sessions.as_array().expect("a list").clone();
                let opened_by: Vec<&Value> = sessions.iter().map(|session| &session["provider"]).collect();
                assert_eq!(opened_by, [&json!("op")], "{told}");
                // Whoever came through it is signed out there.
                let out = body_of(&browser.post("signout", &[("callbackUrl", "/bye")]).await);
                assert!(
                    out["url"].as_str().expect("a url").starts_with("https://op.example/logout"),
                    "{told}"
                );
            }
        }
    }
}

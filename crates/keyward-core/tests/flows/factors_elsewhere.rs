//! The second factor of who signs in somewhere else: at another site, at a back end, by a link. Nobody there knows of
//! it, and what they say is one factor.

use std::time::Duration;

use keyward_core::{
    dialect::Dialect,
    reply::{FactorPage, Reply},
    request::Method,
    settings::Strategy,
};
use keyward_testkit::driver::{App, factor_page};

use crate::support::{ADA, ALL, BOTH, Browser, FakeProvider, Options, Person, World, build, location, url};

const PERSON: Person<'_> = Person { id: "ada-at-hub", email: ADA };
const STEP: Duration = Duration::from_secs(30);
const FACTOR: &str = "http://app.test/api/auth/-/factor?error=SecondFactorRequired";

fn world(dialect: Dialect, strategy: Strategy) -> World {
    build(Options { redirects: vec![FakeProvider::listed("hub")], ..Options::new(dialect, strategy) })
}

/// Somebody who signs in at another site and has an app here.
async fn protected(world: &World) -> App {
    let mut browser = world.browser();
    browser.sign_in_at("hub", &PERSON).await;
    assert!(browser.is_signed_in().await);
    let (app, _) = browser.set_up().await;
    app
}

/// Half of a sign-in: back from the other site, and no session.
async fn half(browser: &mut Browser<'_>) {
    let reply = browser.sign_in_at("hub", &PERSON).await;
    assert_eq!(reply.status, 302, "{reply:?}");
    assert!(location(&reply).starts_with(FACTOR), "{reply:?}");
    assert_eq!(browser.session_cookie(), None);
    assert!(!browser.is_signed_in().await);
}

async fn show(browser: &mut Browser<'_>, code: &str) -> Reply {
    browser.post("-/factor", &[("code", code)]).await
}

#[tokio::test]
async fn lesson_63_who_comes_back_from_another_site_gets_a_page_that_asks_for_the_code_and_no_session() {
    for dialect in ALL {
        for strategy in BOTH {
            let world = world(dialect, strategy);
            let app = protected(&world).await;
            let mut browser = world.browser();
            half(&mut browser).await;
            assert!(matches!(factor_page(&browser.get("-/factor").await), FactorPage::Factor(_)));
            let done = show(&mut browser, &app.code(&world, 0)).await;
            assert_eq!((done.status, url(&done)), (200, "http://app.test/dash".to_owned()));
            assert_eq!(browser.session().await["user"]["email"], ADA, "{dialect:?} {strategy:?}");
        }
    }
}

#[tokio::test]
async fn lesson_64_a_wrong_code_and_one_that_was_used_open_nothing_and_five_of_them_end_it() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let app = protected(&world).await;
        let mut browser = world.browser();
        half(&mut browser).await;
        let wrong = show(&mut browser, "000000").await;
        assert!(url(&wrong).contains("wrong_code"), "{wrong:?}");
        let code = app.code(&world, 0);
        show(&mut browser, &code).await;
        assert!(browser.is_signed_in().await, "{strategy:?}: a wrong one does not end it");

        let mut again = world.browser();
        half(&mut again).await;
        let used = show(&mut again, &code).await;
        assert!(url(&used).contains("wrong_code"), "{strategy:?}: a step is good once: {used:?}");
        for _ in 0..4 {
            show(&mut again, "000000").await;
        }
        world.clock.advance(STEP);
        let late = show(&mut again, &app.code(&world, 0)).await;
        assert!(url(&late).contains("second_factor_expired"), "{late:?}");
        assert!(!again.is_signed_in().await, "{strategy:?}");
    }
}

#[tokio::test]
async fn lesson_58_half_of_a_sign_in_elsewhere_is_over_in_ten_minutes_and_is_its_browsers_alone() {
    for strategy in BOTH {
        let world = world(Dialect::AuthJs5, strategy);
        let app = protected(&world).await;
        let mut browser = world.browser();
        half(&mut browser).await;
        let stranger = show(&mut world.browser(), &app.code(&world, 0)).await;
        assert!(url(&stranger).contains("second_factor_expired"), "{stranger:?}");
        world.clock.advance(Duration::from_secs(601));
        let late = show(&mut browser, &app.code(&world, 0)).await;
        assert!(url(&late).contains("second_factor_expired"), "{late:?}");
        assert!(!browser.is_signed_in().await, "{strategy:?}");
        half(&mut browser).await;
        show(&mut browser, &app.code(&world, 0)).await;
        assert!(browser.is_signed_in().await, "{strategy:?}: from the beginning");
    }
}

#[tokio::test]
async fn who_gives_up_at_the_other_site_or_leaves_the_code_is_who_they_were() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let app = protected(&world).await;
        let mut browser = world.browser();
        let state = browser.depart("hub", "/dash").await.expect("it is sent there");
        let target = format!("callback/hub?state={state}&error=access_denied");
        let denied = browser.send(Method::Get, &target, keyward_core::request::Body::None).await;
        assert!(location(&denied).contains("error="), "{denied:?}");
        let nothing = show(&mut browser, &app.code(&world, 0)).await;
        assert!(url(&nothing).contains("second_factor_expired"), "nothing waits: {nothing:?}");
        // Bob leaves hers half done, and is who he was.
        browser.sign_up("bob@example.com").await;
        browser.post("signout", &[]).await;
        half(&mut browser).await;
        browser.sign_in("bob@example.com", crate::support::PASSWORD).await;
        assert_eq!(browser.session().await["user"]["email"], "bob@example.com", "{strategy:?}");
    }
}

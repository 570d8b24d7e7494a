//! What counts as having signed in just now.

use std::time::Duration;

use keyward_core::{
    dialect::Dialect,
    policy::recent::{AUTH_TIME, RECENT, is_recent},
    port::Clock as _,
    request::Pairs,
};

use crate::{
    support::{BOTH, Browser, World, world},
    upstream::{ADA, Person},
};

const BOB: Person = Person { id: "bob-1", name: "Bob", email: "bob@example.com", email_verified: true };

async fn is_recently_signed_in(world: &World, browser: &Browser<'_>) -> bool {
    let cookies = browser.cookies.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect();
    let view = world.engine.session(&Pairs(cookies), true, None).await.expect("a store").expect("a session");
    assert!(view.claims.get(AUTH_TIME).is_some());
    is_recent(&view.claims, world.clock.now(), RECENT)
}

#[tokio::test]
async fn a_sign_in_is_recent_until_its_time_is_over_and_no_renewal_prolongs_it() {
    for strategy in BOTH {
        let world = world(Dialect::NextAuth4, strategy);
        let mut browser = world.browser();
        browser.sign_in("op", &ADA).await;
        assert!(is_recently_signed_in(&world, &browser).await, "{strategy:?}");
        world.clock.advance(RECENT - Duration::from_secs(1));
        assert!(browser.is_signed_in().await, "renewed");
        assert!(is_recently_signed_in(&world, &browser).await, "{strategy:?}");
        world.clock.advance(Duration::from_secs(1));
        assert!(browser.is_signed_in().await, "renewed");
        assert!(!is_recently_signed_in(&world, &browser).await, "{strategy:?}");
        browser.sign_in("op", &ADA).await;
        assert!(is_recently_signed_in(&world, &browser).await, "{strategy:?}: signed in again");
    }
}

#[tokio::test]
async fn lesson_44_adding_an_account_to_an_old_session_is_no_sign_in() {
    for strategy in BOTH {
        for second in ["op", "post"] {
            let world = world(Dialect::NextAuth4, strategy);
            let mut browser = world.browser();
            browser.sign_in("hub", &ADA).await;
            world.clock.advance(RECENT);
            // Whoever found the browser open has an account somewhere, too.
            browser.sign_in(second, &BOB).await;
            assert_eq!(browser.session().await["user"]["email"], ADA.email);
            assert!(!is_recently_signed_in(&world, &browser).await, "{strategy:?} {second}");
        }
    }
}

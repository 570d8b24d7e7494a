//! What comes in between two steps of a sign-in.

use std::sync::Arc;

use keyward_core::{
    dialect::Dialect,
    port::{Clock as _, Directory as _, Sessions as _, Which},
};
use keyward_testkit::{CountingHasher, Operation};

use crate::support::{ADA, BOTH, PASSWORD, World, protected, url, world};

#[tokio::test]
async fn lesson_58_what_ends_all_sessions_ends_a_sign_in_that_is_just_found_to_need_a_second_factor() {
    for strategy in BOTH {
        for step in [Operation::IssueTicket, Operation::ConsumeTicket] {
            for by_password in [true, false] {
                let told = format!("{strategy:?} {step:?} {by_password}");
                let world = Arc::new(world(Dialect::NextAuth4, strategy));
                let (app, _) = protected(&world, ADA).await;
                let other = Arc::clone(&world);
                world.store.meanwhile(step, async move { end_all(&other, by_password).await });
                let mut browser = world.browser();
                let half = browser.sign_in(ADA, PASSWORD).await;
                assert!(url(&half).contains("second_factor_expired"), "{told}: {half:?}");
                let code = app.code(&world, 0);
                let late = browser.post("-/factor", &[("code", &code)]).await;
                assert!(url(&late).contains("second_factor_expired"), "{told}: {late:?}");
                assert!(!browser.is_signed_in().await, "{told}");
            }
        }
    }
}

/// By a new password, or from one of their sessions elsewhere.
async fn end_all(world: &World, by_password: bool) {
    let (store, until) = (&world.store, world.clock.now());
    if by_password {
        let new = CountingHasher::outdated("another-plum-teapot-17");
        assert!(store.set_password(ADA, &new, until, &[]).await.expect("answers"));
    } else {
        let user = store.user_by_email(ADA).await.expect("answers").expect("there").id;
        store.end_sessions(&user, &Which::All, None, until, &[]).await.expect("answers");
    }
}

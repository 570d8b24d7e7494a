//! What comes in between two steps of a sign-in.

use std::sync::Arc;

use keyward_core::{
    dialect::Dialect,
    port::{Clock as _, Directory as _, Sessions as _, Which},
};
use keyward_testkit::{CountingHasher, Operation};

use crate::support::{ADA, BOTH, PASSWORD, World, error_of, protected, url, world};

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

/// All of them read the hash that was made with the parameters of yesterday.
#[tokio::test]
async fn f1_who_signs_in_while_another_replaces_their_outdated_hash_is_let_in_and_with_another_password_nobody()
 {
    for strategy in BOTH {
        for reset in [false, true] {
            let world = Arc::new(world(Dialect::NextAuth4, strategy));
            world.browser().sign_up(ADA).await;
            let old = CountingHasher::outdated(PASSWORD);
            let now = world.clock.now();
            assert!(world.store.set_password(ADA, &old, now, &[]).await.expect("answers"));
            let other = Arc::clone(&world);
            world.store.meanwhile(Operation::ReplacePassword, async move {
                if reset {
                    end_all(&other, true).await;
                } else {
                    let mut browser = other.browser();
                    browser.sign_in(ADA, PASSWORD).await;
                    assert!(browser.is_signed_in().await);
                }
            });
            let mut browser = world.browser();
            let reply = browser.sign_in(ADA, PASSWORD).await;
            let refused = reset.then(|| "CredentialsSignin".to_owned());
            assert_eq!(error_of(&reply).0, refused, "{strategy:?} {reset}");
            assert_eq!(browser.is_signed_in().await, !reset, "{strategy:?} {reset}");
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

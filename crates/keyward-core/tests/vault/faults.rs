//! A store that fails before or after each operation of a refresh: nothing is half done, and nothing is sent twice.

use std::time::Duration;

use keyward_core::vault::{Lost, Trouble};
use keyward_testkit::Operation;

use crate::support::World;

const OPERATIONS: [Operation; 4] =
    [Operation::VaultEntry, Operation::BeginRefresh, Operation::MarkSent, Operation::SettleRefresh];

#[tokio::test(start_paused = true)]
async fn d4_a_store_that_fails_once_before_or_after_any_operation_costs_no_sign_in() {
    for operation in OPERATIONS {
        for after in [false, true] {
            let world = World::new(None).await;
            world.until_due();
            if after {
                world.store.fail_after(operation);
            } else {
                world.store.fail_next(operation);
            }
            // An error, the old token, or the new one: but never one that the back end does not know.
            match world.read(0).await {
                Ok(held) => {
                    assert_ne!(held.trouble, Some(Trouble::ForGood), "{operation:?} {after}");
                    let token = held.tokens.expect("opened").access_token.expose().to_owned();
                    assert!(token == "a0" || world.back_end.arrived().len() == 1, "{operation:?} {after}");
                }
                Err(lost) => assert!(matches!(lost, Lost::Store(_)), "{operation:?} {after}: {lost:?}"),
            }
            world.until_all_is_over();
            for process in [1, 0] {
                assert_eq!(world.token(process).await, ("a1".to_owned(), None), "{operation:?} {after}");
            }
            assert_eq!(world.back_end.arrived().len(), 1, "{operation:?} {after}");
            assert_eq!(world.back_end.reuses(), 0, "{operation:?} {after}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lesson_30_new_tokens_that_the_store_does_not_take_are_offered_until_it_does() {
    let world = World::new(None).await;
    world.until_due();
    world.store.fail_all([Operation::SettleRefresh]);
    let heal = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.store.heal();
    };
    let (read, ()) = tokio::join!(world.token(0), heal);
    assert_eq!(read, ("a1".to_owned(), None));
    assert!(world.store.calls(Operation::SettleRefresh) > 2);
    assert_eq!(world.back_end.arrived().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lesson_30_tokens_that_were_never_taken_are_not_reported_and_their_loss_is_said() {
    for (grace, expected) in [
        (None, ("a0".to_owned(), Some(Trouble::ForGood))),
        (Some(Duration::from_secs(20)), ("a1".to_owned(), None)),
    ] {
        let world = World::new(grace).await;
        world.until_due();
        world.store.fail_all([Operation::SettleRefresh]);
        let read = world.read(0).await;
        assert!(matches!(read, Err(Lost::Store(_))), "{read:?}");
        world.store.heal();
        world.clock.advance(Duration::from_secs(10));
        assert_eq!(world.token(1).await, expected);
        assert_eq!(world.back_end.arrived().len(), if grace.is_some() { 2 } else { 1 });
        assert_eq!(world.back_end.reuses(), 0);
    }
}

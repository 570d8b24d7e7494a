//! What comes of a refresh, and how often the back end hears of it.

use std::time::Duration;

use keyward_core::{
    port::{Clock, Ending, Ledger, TokenVault},
    vault::{Lost, Trouble},
};

use crate::support::{Deed, TIMEOUT, World};

const GRACE: Option<Duration> = Some(Duration::from_secs(20));

#[tokio::test(start_paused = true)]
async fn d2_d4_a_hundred_reads_at_two_processes_make_one_refresh() {
    let world = World::new(None).await;
    assert_eq!(world.token(0).await, ("a0".to_owned(), None), "not due: nobody is asked");
    assert_eq!(world.back_end.arrived(), []);
    world.until_due();
    let reads = (0..100).map(|n| world.token(n % 2));
    for token in futures_util::future::join_all(reads).await {
        assert_eq!(token, ("a1".to_owned(), None));
    }
    assert_eq!(world.back_end.arrived().len(), 1);
    assert_eq!(world.token(1).await.0, "a1");
    assert_eq!(world.back_end.arrived().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn d4_who_stops_waiting_stops_nothing() {
    let world = World::new(None).await;
    world.until_due();
    let read = tokio::time::timeout(Duration::from_millis(50), world.read(0)).await;
    assert!(read.is_err(), "gave up waiting");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.token(1).await, ("a1".to_owned(), None));
    assert_eq!(world.back_end.arrived().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn d3_d4_each_outcome_is_shown_as_what_it_is_and_asked_no_more_often_than_it_may() {
    use Deed::{Answer, Away, Fail, Lose, Refuse};
    let (passing, for_good) = (Some(Trouble::Passing), Some(Trouble::ForGood));
    for (deeds, grace, when_valid, when_over, arrived) in [
        // Not sent, or answered with a failure: again later, and the old token serves.
        (&[Away, Away, Answer][..], None, None, passing, 1),
        (&[Fail, Fail, Answer], None, None, passing, 3),
        (&[Fail, Away, Answer], GRACE, None, passing, 2),
        // Refused, or lost without a promise: never again.
        (&[Refuse, Answer], None, for_good, for_good, 1),
        (&[Refuse, Answer], GRACE, for_good, for_good, 1),
        (&[Lose, Answer], None, for_good, for_good, 1),
        // Lost with a promise: once more at once, and then never again.
        (&[Lose, Lose, Answer], GRACE, for_good, for_good, 2),
    ] {
        let world = World::new(grace).await;
        world.back_end.does(deeds);
        world.until_due();
        assert_eq!(world.token(0).await, ("a0".to_owned(), when_valid), "{deeds:?} {grace:?}");
        assert_eq!(world.token(1).await.1, when_valid, "{deeds:?}: everybody sees the same");
        world.clock.advance(Duration::from_secs(25));
        assert_eq!(world.token(1).await.1, when_over, "{deeds:?} {grace:?}");
        world.until_all_is_over();
        let last = world.token(0).await;
        let expected = if when_over == for_good { ("a0", for_good) } else { ("a1", None) };
        assert_eq!((last.0.as_str(), last.1), expected, "{deeds:?} {grace:?}");
        assert_eq!(
            (world.back_end.arrived().len(), world.back_end.reuses()),
            (arrived, 0),
            "{deeds:?} {grace:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn d4_with_a_promise_a_lost_answer_is_asked_for_once_more_under_the_same_key() {
    let world = World::new(GRACE).await;
    world.back_end.does(&[Deed::Lose]);
    world.until_due();
    assert_eq!(world.token(0).await, ("a1".to_owned(), None));
    let arrived = world.back_end.arrived();
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0], arrived[1]);
    assert_eq!(world.back_end.reuses(), 0);
}

#[tokio::test(start_paused = true)]
async fn d4_a_second_try_that_is_not_sent_is_tried_again_within_the_promise() {
    for (deeds, expected) in [
        (&[Deed::Lose, Deed::Away][..], ("a1".to_owned(), None)),
        (&[Deed::Lose, Deed::Away, Deed::Lose], ("a0".to_owned(), Some(Trouble::ForGood))),
    ] {
        let world = World::new(GRACE).await;
        world.back_end.does(deeds);
        world.until_due();
        let read = world.token(0);
        let ticking = async {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                world.clock.advance(Duration::from_millis(100));
            }
        };
        let (read, ()) = tokio::join!(read, ticking);
        assert_eq!(read, expected, "{deeds:?}");
        assert_eq!((world.back_end.arrived().len(), world.back_end.reuses()), (2, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn d4_what_could_not_be_prepared_was_not_sent() {
    let world = World::new(None).await;
    world.back_end.unprepared(1);
    world.until_due();
    assert_eq!(world.token(0).await, ("a0".to_owned(), None));
    assert_eq!(world.back_end.arrived(), []);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.token(1).await, ("a1".to_owned(), None));
    assert_eq!(world.back_end.arrived().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn d4_an_owner_who_died_before_sending_is_followed_by_another_and_after_sending_by_none() {
    for (sent, expected) in [(false, ("a1", None)), (true, ("a0", Some(Trouble::ForGood)))] {
        let world = World::new(None).await;
        world.until_due();
        // What a process leaves behind that was killed.
        let attempt = keyward_core::policy::refresh::Attempt {
            until: world.clock.now().plus(TIMEOUT),
            sent: sent.then(|| world.clock.now()),
            key: "of the dead".to_owned(),
            again: false,
        };
        assert!(world.store.begin_refresh(&world.entry, 0, &attempt).await.expect("answers"));
        let waiting = tokio::time::timeout(Duration::from_secs(3), world.read(0)).await;
        assert!(waiting.is_err(), "it may still live");
        world.clock.advance(TIMEOUT);
        let (token, trouble) = world.token(1).await;
        assert_eq!((token.as_str(), trouble), expected);
        assert_eq!(world.back_end.arrived().len(), usize::from(!sent));
        assert_eq!(world.back_end.reuses(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn invariant_8_a_sign_out_while_a_refresh_is_in_flight_wins() {
    let world = World::new(None).await;
    world.until_due();
    let until = world.clock.now().plus(Duration::from_secs(60));
    let sign_out = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.store.end_session(&Ending::Id(world.session.clone()), until, &[]).await.expect("answers");
    };
    let (here, there, ()) = tokio::join!(world.read(0), world.read(1), sign_out);
    assert_eq!(here.err(), Some(Lost::Gone));
    assert_eq!(there.err(), Some(Lost::Gone));
    assert_eq!(world.store.vault_entry(&world.entry).await.expect("answers"), None);
    assert_eq!(world.back_end.arrived().len(), 1);
}

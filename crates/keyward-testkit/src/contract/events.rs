//! The outbox: events written with what they tell, leased by one, settled.

use std::{collections::HashSet, sync::Arc, time::Duration};

use keyward_core::{
    event::{About, EventKind, NewEvent},
    port::{Admitted, DueEvent, Ending, Settled, Store},
    time::Timestamp,
};
use serde_json::json;

use super::{LATER, NOW, UNTIL, account, admit, at_once, id, sid, sign_up, stored, token};

const LEASE: Duration = Duration::from_secs(30);
const INSTANT: Duration = Duration::from_millis(1);

fn event(id: &str, about: About) -> NewEvent {
    NewEvent::new(id.to_owned(), EventKind::SignIn, about, json!({"n": id}), NOW)
}

fn events(ids: &[&str]) -> Vec<NewEvent> {
    ids.iter().map(|id| event(id, About::Anybody)).collect()
}

/// Leases all that is due at `now`, for [`LEASE`].
async fn lease(store: &dyn Store, now: Timestamp) -> Vec<DueEvent> {
    store.due_events(now, now.plus(LEASE), 1000).await.expect("answers")
}

fn ids(events: &[DueEvent]) -> Vec<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

async fn settle(store: &dyn Store, event: &DueEvent, settled: Settled) {
    store.settle_event(event, settled).await.expect("answers");
}

/// With the user and the session, or not at all.
pub async fn an_event_is_written_with_the_admission_that_it_tells_of(store: Arc<dyn Store>) {
    let told = events(&["m1", "m2"]);
    store.admit(&sign_up("ada"), Some(&stored("s1")), NOW, &told).await.expect("answers");
    let leased = lease(&*store, NOW).await;
    assert_eq!(ids(&leased), ["m1", "m2"]);
    assert_eq!(leased[0].body, told[0].body);
    assert_eq!(leased[0].attempt, 1);
}

/// A refusal, a decision that no longer holds, and a session that cannot be written.
pub async fn what_is_not_admitted_tells_nothing(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let told = events(&["m1"]);
    let again = store.admit(&sign_up("ada"), None, NOW, &told).await.expect("answers");
    assert_eq!(again, Admitted::EmailTaken);
    let gone = keyward_core::user::Admission::User(id("nobody"));
    assert_eq!(store.admit(&gone, None, NOW, &told).await.expect("answers"), Admitted::Gone);
    assert!(store.admit(&sign_up("bob"), Some(&stored("s1")), NOW, &told).await.is_err());
    assert_eq!(lease(&*store, NOW).await, []);
}

/// Who comes from a back end is found or made: the store knows which.
pub async fn an_event_is_about_who_is_new_or_about_who_is_known(store: Arc<dyn Store>) {
    for (told, expected) in [(["new 1", "known 1"], "new 1"), (["new 2", "known 2"], "known 2")] {
        let told = [event(told[0], About::New), event(told[1], About::Known)];
        let who = account("shop", "7", "ada", told[0].id.as_str());
        store.admit(&who, None, NOW, &told).await.expect("answers");
        assert_eq!(ids(&lease(&*store, NOW).await), [expected]);
    }
}

/// Sealed and stored, by id and by token; signing out twice is told once.
pub async fn a_sign_out_is_told_once_and_only_where_there_was_a_session(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s2"))).await;
    let endings = [
        (Ending::Token(token("s1")), "m1"),
        (Ending::Token(token("s1")), "m2"),
        (Ending::Id(sid("s2")), "m3"),
        (Ending::Id(sid("s2")), "m4"),
        (Ending::Id(sid("elsewhere")), "m5"),
    ];
    for (ending, told) in endings {
        store.end_session(&ending, UNTIL, &events(&[told])).await.expect("answers");
    }
    assert_eq!(ids(&lease(&*store, NOW).await), ["m1", "m3"]);
}

/// Also where there are more than are asked for.
pub async fn events_come_in_the_order_in_which_they_were_written(store: Arc<dyn Store>) {
    for told in [events(&["m1", "m2"]), events(&["m3"]), events(&["m4", "m5"])] {
        store.write_events(&told).await.expect("answers");
    }
    let mut seen = Vec::new();
    for most in [2, 2, 2] {
        seen.extend(store.due_events(NOW, NOW.plus(LEASE), most).await.expect("answers"));
    }
    assert_eq!(ids(&seen), ["m1", "m2", "m3", "m4", "m5"]);
    assert!(seen.is_sorted_by(|a, b| a.place < b.place));
    assert_eq!(store.due_events(NOW, NOW.plus(LEASE), 2).await.expect("answers"), []);
}

/// Who leased it may have died: then another gets it, as the next attempt, with the same id.
pub async fn a_leased_event_is_nobody_elses_until_its_lease_is_over(store: Arc<dyn Store>) {
    store.write_events(&events(&["m1"])).await.expect("answers");
    assert_eq!(lease(&*store, NOW.minus(INSTANT)).await, [], "it has not happened yet");
    let first = lease(&*store, NOW).await;
    assert_eq!(lease(&*store, NOW.plus(LEASE).minus(INSTANT)).await, []);
    let second = lease(&*store, NOW.plus(LEASE)).await;
    assert_eq!((ids(&first), ids(&second)), (vec!["m1"], vec!["m1"]));
    assert_eq!((first[0].attempt, second[0].attempt), (1, 2));
}

/// As several processes do.
pub async fn of_many_who_ask_for_events_at_once_each_gets_others(store: Arc<dyn Store>) {
    let told: Vec<_> = (0..100).map(|n| event(&n.to_string(), About::Anybody)).collect();
    store.write_events(&told).await.expect("answers");
    let leased = at_once(20, |_| {
        let store = Arc::clone(&store);
        async move { store.due_events(NOW, NOW.plus(LEASE), 5).await.expect("answers") }
    })
    .await;
    let unique: HashSet<_> = leased.iter().flatten().map(|event| &event.id).collect();
    assert_eq!((unique.len(), leased.iter().flatten().count()), (100, 100));
}

/// Not even when its lease is over.
pub async fn an_event_that_was_delivered_never_comes_again(store: Arc<dyn Store>) {
    store.write_events(&events(&["m1", "m2"])).await.expect("answers");
    let leased = lease(&*store, NOW).await;
    settle(&*store, &leased[0], Settled::Delivered).await;
    assert_eq!(ids(&lease(&*store, LATER).await), ["m2"]);
    settle(&*store, &leased[0], Settled::Delivered).await;
}

/// With the same id and body.
pub async fn an_event_comes_again_when_it_is_to_be_tried_again_and_not_before(store: Arc<dyn Store>) {
    store.write_events(&events(&["m1"])).await.expect("answers");
    let first = lease(&*store, NOW).await;
    settle(&*store, &first[0], Settled::Retry { at: LATER }).await;
    assert_eq!(lease(&*store, LATER.minus(INSTANT)).await, []);
    let second = lease(&*store, LATER).await;
    assert_eq!(second, [DueEvent { attempt: 2, ..first[0].clone() }]);
}

/// It was slow, another has it by now: what that one does stands.
pub async fn who_lost_the_lease_decides_nothing_but_that_it_was_delivered(store: Arc<dyn Store>) {
    store.write_events(&events(&["m1"])).await.expect("answers");
    let slow = lease(&*store, NOW).await;
    let taken_over = NOW.plus(LEASE);
    let other = lease(&*store, taken_over).await;
    settle(&*store, &slow[0], Settled::Retry { at: taken_over }).await;
    assert_eq!(lease(&*store, taken_over).await, [], "the other still has it");
    settle(&*store, &slow[0], Settled::Dead { until: NOW }).await;
    settle(&*store, &other[0], Settled::Retry { at: taken_over }).await;
    assert_eq!(ids(&lease(&*store, taken_over).await), ["m1"], "it is not given up");
    settle(&*store, &slow[0], Settled::Delivered).await;
    assert_eq!(lease(&*store, taken_over.plus(LEASE)).await, []);
}

/// It is there for whoever wants to look, until then.
pub async fn an_event_that_was_given_up_is_never_due_and_is_swept_in_the_end(store: Arc<dyn Store>) {
    store.write_events(&events(&["m1", "m2"])).await.expect("answers");
    let leased = lease(&*store, NOW).await;
    settle(&*store, &leased[0], Settled::Dead { until: LATER }).await;
    assert_eq!(ids(&lease(&*store, UNTIL).await), ["m2"]);
    assert_eq!(store.sweep(LATER.minus(INSTANT)).await.expect("answers"), 0);
    assert_eq!(store.sweep(LATER).await.expect("answers"), 1);
    assert_eq!(store.sweep(LATER).await.expect("answers"), 0, "what waits is never swept");
}

/// Those that were given up count, too.
pub async fn beyond_the_cap_the_oldest_events_go(store: Arc<dyn Store>) {
    store.write_events(&events(&["m1", "m2", "m3", "m4"])).await.expect("answers");
    let leased = store.due_events(NOW, NOW.plus(LEASE), 1).await.expect("answers");
    settle(&*store, &leased[0], Settled::Dead { until: UNTIL }).await;
    assert_eq!(store.cap_events(4).await.expect("answers"), 0);
    assert_eq!(store.cap_events(2).await.expect("answers"), 2);
    assert_eq!(ids(&lease(&*store, NOW).await), ["m3", "m4"]);
    assert_eq!(store.cap_events(0).await.expect("answers"), 2);
    assert_eq!(store.cap_events(0).await.expect("answers"), 0);
}

//! Families of refresh tokens.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    port::{Ending, Grant, NewGrant, NewSession, Rotated, Rotation, Store, TokenHash},
    time::Timestamp,
};

use super::{LATER, NOW, UNTIL, at_once, ended_ids, id, sealed, sid, sign_up, token};

const GRACE: Duration = Duration::from_secs(10);

/// A session for a program, whose first refresh token is [`token`] of `first`.
fn granted(session: &str, client: Option<&str>) -> NewSession {
    let grant = NewGrant {
        client: client.map(str::to_owned),
        terms: format!("{{\"of\":\"{session}\"}}"),
        token: token("first"),
    };
    NewSession { grant: Some(grant), ..sealed(session) }
}

async fn begun(store: &dyn Store, session: &str, client: Option<&str>) {
    let session = granted(session, client);
    store.admit(&sign_up("ada"), Some(&session), NOW, &[]).await.expect("admitted");
}

fn rotation(from: &str, to: &str, now: Timestamp) -> Rotation {
    Rotation {
        session: sid("s1"),
        client: None,
        given: token(from),
        next: token(to),
        salt: salt(to),
        now,
        grace: GRACE,
        expires: LATER.plus(GRACE),
        until: UNTIL,
        events: Vec::new(),
    }
}

fn salt(text: &str) -> [u8; 32] {
    let TokenHash(bytes) = token(text);
    bytes
}

fn grant() -> Grant {
    Grant { user: id("ada"), terms: "{\"of\":\"s1\"}".to_owned() }
}

fn already(next: &str) -> Rotated {
    Rotated::Already { grant: grant(), salt: salt(next), next: token(next) }
}

async fn rotate(store: &dyn Store, rotation: &Rotation) -> Rotated {
    store.rotate_grant(rotation).await.expect("the store answers")
}

fn seconds(after: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(after))
}

/// A token becomes the next, and the session lives on.
pub async fn f2_a_refresh_token_is_given_for_its_successor(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    assert_eq!(rotate(&*store, &rotation("first", "second", seconds(1))).await, Rotated::Done(grant()));
    let record = store.session_record(&sid("s1")).await.expect("answers").expect("there");
    assert_eq!(record.expires, LATER.plus(GRACE));
    assert_eq!(rotate(&*store, &rotation("second", "third", seconds(2))).await, Rotated::Done(grant()));
}

/// Within the grace whoever comes with a used token hears of the same successor, also when that was used already.
pub async fn f2_within_the_grace_a_used_token_has_the_same_successor(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    rotate(&*store, &rotation("first", "second", seconds(1))).await;
    assert_eq!(rotate(&*store, &rotation("first", "other", seconds(10))).await, already("second"));
    rotate(&*store, &rotation("second", "third", seconds(2))).await;
    assert_eq!(rotate(&*store, &rotation("first", "other", seconds(10))).await, already("second"));
    assert_eq!(rotate(&*store, &rotation("second", "other", seconds(10))).await, already("third"));
    assert_eq!(rotate(&*store, &rotation("third", "fourth", seconds(3))).await, Rotated::Done(grant()));
}

/// After it, it was copied: the family is over, for the current token too.
pub async fn lesson_22_a_token_that_is_used_after_the_grace_ends_its_family(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    rotate(&*store, &rotation("first", "second", seconds(1))).await;
    assert_eq!(rotate(&*store, &rotation("first", "other", seconds(11))).await, Rotated::Reused(id("ada")));
    assert_eq!(rotate(&*store, &rotation("second", "third", seconds(11))).await, Rotated::Gone);
    assert_eq!(rotate(&*store, &rotation("first", "third", seconds(11))).await, Rotated::Gone);
    assert_eq!(store.session_record(&sid("s1")).await.expect("answers"), None);
    assert_eq!(ended_ids(&*store).await, ["s1"]);
}

/// Without a grace the second use is a reuse at once.
pub async fn f2_where_there_is_no_grace_a_token_is_good_once(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    let strict = |rotation: Rotation| Rotation { grace: Duration::ZERO, ..rotation };
    rotate(&*store, &strict(rotation("first", "second", seconds(1)))).await;
    let again = rotate(&*store, &strict(rotation("first", "other", seconds(1)))).await;
    assert_eq!(again, Rotated::Reused(id("ada")));
}

/// A family is its application's alone; nothing happens to it when another comes.
pub async fn lesson_24_a_family_is_bound_to_its_client(store: Arc<dyn Store>) {
    begun(&*store, "s1", Some("shop")).await;
    for client in [None, Some("blog"), Some("Shop"), Some("")] {
        let client = client.map(str::to_owned);
        let other = Rotation { client, ..rotation("first", "second", seconds(1)) };
        assert_eq!(rotate(&*store, &other).await, Rotated::OtherClient);
    }
    let own = Rotation { client: Some("shop".to_owned()), ..rotation("first", "second", seconds(1)) };
    assert_eq!(rotate(&*store, &own).await, Rotated::Done(grant()));
    let stolen = rotation("first", "other", seconds(60));
    assert_eq!(rotate(&*store, &stolen).await, Rotated::OtherClient, "no way to end it from outside");
}

/// A family ends with its session.
pub async fn lesson_58_a_family_ends_with_its_session(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    store.end_session(&Ending::Id(sid("s1")), UNTIL, &[]).await.expect("answers");
    assert_eq!(rotate(&*store, &rotation("first", "second", seconds(1))).await, Rotated::Gone);
}

/// Nor does it outlive its session where no sweep has been.
pub async fn lesson_48_an_expired_family_is_over_while_no_sweep_has_been(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    assert_eq!(rotate(&*store, &rotation("first", "second", LATER)).await, Rotated::Gone);
    let in_time = LATER.minus(Duration::from_millis(1));
    assert_eq!(rotate(&*store, &rotation("first", "second", in_time)).await, Rotated::Done(grant()));
}

/// A token of another session's family is none of this one's, and ends nothing that it is not part of.
pub async fn lesson_58_a_token_is_looked_for_in_its_own_family_alone(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    let none = Rotation { session: sid("s2"), ..rotation("first", "second", seconds(1)) };
    assert_eq!(rotate(&*store, &none).await, Rotated::Gone);
    store.admit(&sign_up("bob"), Some(&sealed("s2")), NOW, &[]).await.expect("admitted");
    assert_eq!(rotate(&*store, &none).await, Rotated::Gone, "a session of a browser has no family");
    assert!(store.session_record(&sid("s2")).await.expect("answers").is_some());
}

/// Of fifty at once one rotates, and the others hear of what it wrote.
pub async fn lesson_21_lesson_22_of_fifty_refreshes_with_one_token_one_rotates(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    let answers = at_once(50, |n| {
        let store = Arc::clone(&store);
        let rotation = rotation("first", &format!("next {n}"), seconds(1));
        async move { (n, store.rotate_grant(&rotation).await.expect("the store answers")) }
    })
    .await;
    let done: Vec<_> = answers.iter().filter(|(_, answer)| *answer == Rotated::Done(grant())).collect();
    assert_eq!(done.len(), 1);
    let next = format!("next {}", done[0].0);
    assert_eq!(answers.iter().filter(|(_, answer)| *answer == already(&next)).count(), 49);
    assert_eq!(rotate(&*store, &rotation(&next, "last", seconds(2))).await, Rotated::Done(grant()));
}

/// Sign-out wins: no refresh in flight revives the family.
pub async fn invariant_8_no_refresh_in_flight_recreates_a_family(store: Arc<dyn Store>) {
    begun(&*store, "s1", None).await;
    at_once(20, |n| {
        let store = Arc::clone(&store);
        async move {
            if n == 10 {
                store.end_session(&Ending::Id(sid("s1")), UNTIL, &[]).await.expect("answers");
            } else {
                store
                    .rotate_grant(&rotation("first", &format!("next {n}"), seconds(1)))
                    .await
                    .expect("answers");
            }
        }
    })
    .await;
    for n in 0..20 {
        let next = rotation(&format!("next {n}"), "last", seconds(2));
        assert_eq!(rotate(&*store, &next).await, Rotated::Gone);
    }
}

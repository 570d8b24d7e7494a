//! The vault: one attempt at a time, nothing lost, and nothing made that was ended.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    policy::refresh::{Attempt, Standing, State},
    port::{Ending, Entry, EntryId, NewEntry, NewSession, Settlement, Store, Vaulted},
    time::Timestamp,
};

use super::{LATER, NOW, UNTIL, account, admit, at_once, sealed, sid, sign_up, stored, token};

const DUE: Timestamp = Timestamp::from_millis(1_780_000_060_000);
const EXPIRES: Timestamp = Timestamp::from_millis(1_780_000_090_000);
const AFTER: Timestamp = Timestamp::from_millis(1_780_000_100_001);

fn eid(id: &str) -> EntryId {
    EntryId(id.to_owned())
}

/// `session` with tokens in the entry `entry`.
fn with_tokens(session: NewSession, entry: &str) -> NewSession {
    let (id, provider) = (eid(entry), "login".to_owned());
    let new = NewEntry { id, provider, sealed: b"first".to_vec(), due: Some(DUE), expires: Some(EXPIRES) };
    NewSession { vault: Some(Vaulted::New(new)), ..session }
}

/// Ada's session `s1`, with the entry `e1`.
async fn signed_in(store: &dyn Store) -> Entry {
    admit(store, &sign_up("ada"), Some(&with_tokens(sealed("s1"), "e1"))).await;
    entry(store, "e1").await.expect("written")
}

async fn entry(store: &dyn Store, id: &str) -> Option<Entry> {
    store.vault_entry(&eid(id)).await.expect("the store answers")
}

fn attempt(key: &str) -> Attempt {
    Attempt { until: LATER, sent: None, key: key.to_owned(), again: false }
}

fn renewed(generation: u64, tokens: &str) -> Settlement {
    let sealed = tokens.as_bytes().to_vec();
    Settlement::Renewed { generation, sealed, due: Some(AFTER), expires: None }
}

async fn begin(store: &dyn Store, version: u64, key: &str) -> bool {
    store.begin_refresh(&eid("e1"), version, &attempt(key)).await.expect("answers")
}

async fn settle(store: &dyn Store, how: Settlement) -> bool {
    store.settle_refresh(&eid("e1"), &how).await.expect("answers")
}

/// Sealed or stored, in one transition with its session.
pub async fn d1_a_sessions_tokens_are_written_with_it_and_read_as_they_were_written(store: Arc<dyn Store>) {
    let standing = Standing {
        due: Some(DUE),
        expires: Some(EXPIRES),
        state: State::Good,
        attempt: None,
        failures: 0,
        retry_at: None,
    };
    let expected = Entry {
        id: eid("e1"),
        session: sid("s1"),
        provider: "login".to_owned(),
        sealed: b"first".to_vec(),
        generation: 0,
        version: 0,
        standing,
    };
    assert_eq!(signed_in(&*store).await, expected);
    let of_back_end = account("https://api", "7", "Bob", "bob");
    admit(&*store, &of_back_end, Some(&with_tokens(stored("s2"), "e2"))).await;
    let read = store.session(&token("s2")).await.expect("answers").expect("open");
    assert_eq!(read.tokens, entry(&*store, "e2").await, "with the session, in one read");
    admit(&*store, &of_back_end, Some(&stored("s3"))).await;
    assert_eq!(store.session(&token("s3")).await.expect("answers").expect("open").tokens, None);
    assert_eq!(entry(&*store, "e3").await, None);
}

/// A whole refresh.
pub async fn d2_a_refresh_replaces_the_tokens_and_forgets_the_attempt(store: Arc<dyn Store>) {
    signed_in(&*store).await;
    assert!(begin(&*store, 0, "k").await);
    let begun = entry(&*store, "e1").await.expect("there");
    assert_eq!((begun.version, begun.standing.attempt), (1, Some(attempt("k"))));
    assert!(store.mark_sent(&eid("e1"), 1, NOW, UNTIL).await.expect("answers"));
    let sent = entry(&*store, "e1").await.expect("there").standing.attempt.expect("under way");
    assert_eq!((sent.sent, sent.until), (Some(NOW), UNTIL));
    assert!(settle(&*store, renewed(0, "second")).await);
    let done = entry(&*store, "e1").await.expect("there");
    assert_eq!((done.sealed.as_slice(), done.generation), (b"second".as_slice(), 1));
    assert_eq!((done.standing.due, done.standing.expires), (Some(AFTER), None));
    assert_eq!((done.standing.attempt, done.standing.state), (None, State::Good));
}

/// Everybody read the same version.
pub async fn lesson_22_of_fifty_who_want_to_refresh_one_begins(store: Arc<dyn Store>) {
    signed_in(&*store).await;
    let begun = at_once(50, |n| {
        let store = Arc::clone(&store);
        async move { begin(&*store, 0, &format!("k{n}")).await }
    });
    let begun = begun.await;
    assert_eq!(begun.iter().filter(|begun| **begun).count(), 1);
    let winner = begun.iter().position(|begun| *begun).expect("one");
    let attempt = entry(&*store, "e1").await.expect("there").standing.attempt.expect("under way");
    assert_eq!(attempt.key, format!("k{winner}"));
}

/// Neither tokens nor an ending of an attempt that is not theirs.
pub async fn lesson_22_who_lost_the_attempt_writes_nothing_but_the_successor(store: Arc<dyn Store>) {
    signed_in(&*store).await;
    assert!(begin(&*store, 0, "first").await);
    assert!(begin(&*store, 1, "second").await, "the first one's time was over");
    let of_first = [
        Settlement::Failed { version: 1, retry_at: LATER },
        Settlement::Unanswered { version: 1, until: LATER, again: true },
        Settlement::Over { version: 1, state: State::Lost },
    ];
    let before = entry(&*store, "e1").await;
    for how in of_first {
        assert!(!settle(&*store, how).await);
    }
    assert!(!store.mark_sent(&eid("e1"), 1, NOW, UNTIL).await.expect("answers"));
    assert_eq!(entry(&*store, "e1").await, before);
    assert!(settle(&*store, renewed(0, "from the first")).await, "these are the successors of what is there");
    assert!(!settle(&*store, renewed(0, "from the second")).await);
    assert!(!settle(&*store, Settlement::Over { version: 2, state: State::Refused }).await);
    let now = entry(&*store, "e1").await.expect("there");
    assert_eq!((now.sealed.as_slice(), now.standing.state), (b"from the first".as_slice(), State::Good));
}

/// The moment at which it was first sent stays, also over a second time.
pub async fn d4_an_attempt_that_nobody_answered_stays_known_as_sent(store: Arc<dyn Store>) {
    signed_in(&*store).await;
    assert!(!settle(&*store, Settlement::Unanswered { version: 0, until: NOW, again: false }).await);
    assert!(begin(&*store, 0, "k").await);
    assert!(store.mark_sent(&eid("e1"), 1, NOW, LATER).await.expect("answers"));
    assert!(settle(&*store, Settlement::Unanswered { version: 1, until: NOW, again: false }).await);
    let left = entry(&*store, "e1").await.expect("there").standing.attempt.expect("kept");
    assert_eq!(left, Attempt { until: NOW, sent: Some(NOW), key: "k".to_owned(), again: false });
    let again = Attempt { until: LATER, again: true, ..left };
    assert!(store.begin_refresh(&eid("e1"), 2, &again).await.expect("answers"));
    let later = NOW.plus(Duration::from_secs(5));
    assert!(store.mark_sent(&eid("e1"), 3, later, UNTIL).await.expect("answers"));
    let again = entry(&*store, "e1").await.expect("there").standing.attempt.expect("under way");
    assert_eq!((again.sent, again.again, again.until), (Some(NOW), true, UNTIL));
    assert!(settle(&*store, Settlement::Over { version: 3, state: State::Lost }).await);
    let over = entry(&*store, "e1").await.expect("there");
    assert_eq!((over.standing.state, over.standing.attempt), (State::Lost, None));
    assert_eq!(over.sealed, b"first");
    assert!(settle(&*store, renewed(0, "late")).await, "an answer after all");
    assert_eq!(entry(&*store, "e1").await.expect("there").standing.state, State::Good);
}

/// Until a refresh works.
pub async fn d3_failures_are_counted_until_a_refresh_works(store: Arc<dyn Store>) {
    signed_in(&*store).await;
    for round in 0..3_u32 {
        let version = u64::from(round) * 2;
        assert!(begin(&*store, version, "k").await);
        assert!(settle(&*store, Settlement::Failed { version: version + 1, retry_at: AFTER }).await);
        let failed = entry(&*store, "e1").await.expect("there").standing;
        assert_eq!((failed.failures, failed.retry_at, failed.attempt), (round + 1, Some(AFTER), None));
    }
    assert!(begin(&*store, 6, "k").await);
    assert!(settle(&*store, renewed(0, "second")).await);
    let works = entry(&*store, "e1").await.expect("there").standing;
    assert_eq!((works.failures, works.retry_at), (0, None));
}

/// However the session ends, and whoever is refreshing.
pub async fn invariant_8_tokens_end_with_their_session_and_no_refresh_in_flight_brings_them_back(
    store: Arc<dyn Store>,
) {
    signed_in(&*store).await;
    assert!(begin(&*store, 0, "k").await);
    store.end_session(&Ending::Id(sid("s1")), UNTIL, &[]).await.expect("answers");
    assert_eq!(entry(&*store, "e1").await, None);
    assert!(!store.mark_sent(&eid("e1"), 1, NOW, UNTIL).await.expect("answers"));
    assert!(!settle(&*store, renewed(0, "second")).await);
    assert!(!settle(&*store, Settlement::Failed { version: 1, retry_at: LATER }).await);
    assert_eq!(entry(&*store, "e1").await, None);

    let bob = sign_up("bob");
    admit(&*store, &bob, Some(&with_tokens(stored("s2"), "e2"))).await;
    store.end_session(&Ending::Token(token("s2")), UNTIL, &[]).await.expect("answers");
    assert_eq!(entry(&*store, "e2").await, None);

    admit(&*store, &sign_up("eve"), Some(&with_tokens(sealed("s3"), "e3"))).await;
    assert!(store.delete_user(&super::email("eve"), UNTIL).await.expect("answers"));
    assert_eq!(entry(&*store, "e3").await, None);

    admit(&*store, &sign_up("joe"), Some(&with_tokens(sealed("s4"), "e4"))).await;
    store.sweep(LATER.plus(Duration::from_millis(1))).await.expect("answers");
    assert_eq!(entry(&*store, "e4").await, None);
}

/// Who adds an account gets a new session, and keeps the tokens that they came with.
pub async fn tokens_move_to_the_session_that_replaces_theirs_also_while_they_are_refreshed(
    store: Arc<dyn Store>,
) {
    signed_in(&*store).await;
    assert!(begin(&*store, 0, "k").await);
    let next = NewSession { vault: Some(Vaulted::Moved(eid("e1"))), ..stored("s2") };
    let ada = keyward_core::user::Admission::User(super::id("ada"));
    admit(&*store, &ada, Some(&next)).await;
    store.end_session(&Ending::Id(sid("s1")), UNTIL, &[]).await.expect("answers");
    assert!(settle(&*store, renewed(0, "second")).await);
    let moved = entry(&*store, "e1").await.expect("kept");
    assert_eq!((moved.session, moved.sealed.as_slice()), (sid("s2"), b"second".as_slice()));
    let read = store.session(&token("s2")).await.expect("answers").expect("open");
    assert_eq!(read.tokens.map(|tokens| tokens.id), Some(eid("e1")));
}

//! Sessions: reading, renewing, ending, forgetting.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    claims::Claims,
    port::{Admitted, Change, Ending, NewSession, Renewed, Replaced, Store, StoredSession},
    user::Admission,
};

use super::{
    LATER, NOW, UNTIL, admit, ended_ids, endings, has_session, id, renew, sealed, sid, sign_up, stored, token,
};

const INSTANT: Duration = Duration::from_millis(1);

/// One row by key (C3).
pub async fn c3_a_stored_session_is_read_as_it_was_written(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&stored("s2"))).await;
    for session in ["s1", "s2"] {
        let expected = StoredSession {
            id: sid(session),
            user: id("ada"),
            claims: stored(session).claims,
            version: 0,
            tokens: None,
            expires: LATER,
        };
        assert_eq!(store.session(&token(session)).await.expect("answers"), Some(expected));
    }
}

/// Not found is not an error; and a sealed session has no token to be found by.
pub async fn c3_a_token_that_is_nobodys_reads_nothing(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&sealed("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&sealed("s2"))).await;
    assert_eq!(store.session(&token("s1")).await.expect("answers"), None);
    assert_eq!(store.session(&token("other")).await.expect("answers"), None);
}

/// Whether a session is over is decided by who reads it, with their clock; the store does not guess.
pub async fn lesson_48_an_expired_session_is_returned_as_it_is(store: Arc<dyn Store>) {
    let mut session = stored("s1");
    session.expires = NOW.minus(Duration::from_secs(86_400));
    admit(&*store, &sign_up("ada"), Some(&session)).await;
    let read = store.session(&token("s1")).await.expect("answers").expect("returned");
    assert_eq!(read.expires, session.expires);
}

/// In the transition that opens the one, the other ends; and where that opens nothing, nothing ends.
pub async fn lesson_55_a_session_ends_the_one_that_it_replaces_when_it_is_opened(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&sealed("s1"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s2"))).await;
    let replacing = |session: NewSession, which| NewSession {
        replaces: Some(Replaced { which, until: UNTIL }),
        ..session
    };
    let gone = replacing(sealed("s3"), Ending::Id(sid("s1")));
    assert_eq!(admit(&*store, &Admission::User(id("nobody")), Some(&gone)).await, Admitted::Gone);
    assert!(is_there(&*store, "s1").await && ended_ids(&*store).await.is_empty());
    admit(&*store, &Admission::User(id("ada")), Some(&gone)).await;
    assert!(!is_there(&*store, "s1").await && is_there(&*store, "s3").await);
    // Of another person, of another strategy: it is the browser's that counts.
    admit(&*store, &Admission::User(id("ada")), Some(&replacing(stored("s4"), Ending::Token(token("s2")))))
        .await;
    assert!(!has_session(&*store, "s2").await && has_session(&*store, "s4").await);
    assert_eq!(ended_ids(&*store).await, ["s1", "s2"]);
    let never_was = replacing(stored("s5"), Ending::Token(token("other")));
    admit(&*store, &Admission::User(id("ada")), Some(&never_was)).await;
    assert!(has_session(&*store, "s5").await);
}

/// Rolling renewal.
pub async fn c3_a_renewal_moves_the_expiry_and_keeps_what_the_session_says(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&stored("s2"))).await;
    assert_eq!(renew(&*store, "s1", None, UNTIL).await, Renewed::Done);
    let read = store.session(&token("s1")).await.expect("answers").expect("there");
    assert_eq!((read.expires, read.claims), (UNTIL, stored("s1").claims));
    let other = store.session(&token("s2")).await.expect("answers").expect("there");
    assert_eq!(other.expires, LATER);
}

/// `update()` with data.
pub async fn c3_a_renewal_with_claims_replaces_what_the_session_says(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let mut claims = Claims::default();
    claims.set("role", "admin");
    assert_eq!(renew(&*store, "s1", Some(&claims), UNTIL).await, Renewed::Done);
    let read = store.session(&token("s1")).await.expect("answers").expect("there");
    assert_eq!((read.expires, read.claims), (UNTIL, claims));
    let empty = Claims::default();
    assert_eq!(renew(&*store, "s1", Some(&empty), LATER).await, Renewed::Done);
    let read = store.session(&token("s1")).await.expect("answers").expect("there");
    assert_eq!((read.expires, read.claims), (LATER, empty));
}

/// The record of a sealed session, which has no token.
pub async fn c3_a_touch_moves_the_expiry_of_a_record_and_never_makes_one(store: Arc<dyn Store>) {
    let sealed = sealed("s1");
    admit(&*store, &sign_up("ada"), Some(&sealed)).await;
    assert!(store.touch_session(&sealed.id, NOW, UNTIL).await.expect("answers"));
    assert_eq!(store.sweep(LATER.plus(Duration::from_secs(1))).await.expect("answers"), 0, "it was moved");
    store.end_session(&Ending::Id(sealed.id.clone()), UNTIL, &[]).await.expect("answers");
    assert!(!store.touch_session(&sealed.id, NOW, UNTIL).await.expect("answers"), "sign-out wins");
    assert!(!store.touch_session(&sid("never"), NOW, UNTIL).await.expect("answers"));
}

/// Sign-out wins.
pub async fn invariant_8_a_renewal_never_creates_a_session(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    store.end_session(&Ending::Token(token("s1")), UNTIL, &[]).await.expect("answers");
    for claims in [None, Some(&Claims::default())] {
        assert_eq!(renew(&*store, "s1", claims, UNTIL).await, Renewed::Gone);
        assert_eq!(renew(&*store, "never", claims, UNTIL).await, Renewed::Gone);
    }
    assert!(!has_session(&*store, "s1").await && !has_session(&*store, "never").await);
}

/// A stored session that was ended is remembered too: its id may be in somebody's cache.
pub async fn c3_ending_by_token_removes_the_row_and_is_remembered(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&stored("s2"))).await;
    store.end_session(&Ending::Token(token("s1")), UNTIL, &[]).await.expect("answers");
    assert!(!has_session(&*store, "s1").await);
    assert!(has_session(&*store, "s2").await);
    let remembered = endings(&*store).await;
    assert_eq!(remembered.len(), 1);
    assert_eq!((&remembered[0].session, remembered[0].until), (&sid("s1"), UNTIL));
}

/// What a list of sessions ends.
pub async fn c3_ending_by_id_removes_the_row_of_a_stored_session_too(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    store.end_session(&Ending::Id(sid("s1")), UNTIL, &[]).await.expect("answers");
    assert!(!has_session(&*store, "s1").await);
    assert_eq!(ended_ids(&*store).await, ["s1"]);
}

/// A sealed session's row may be gone, or never have been here.
pub async fn an_ending_by_id_is_remembered_without_a_row(store: Arc<dyn Store>) {
    store.end_session(&Ending::Id(sid("elsewhere")), UNTIL, &[]).await.expect("answers");
    assert_eq!(ended_ids(&*store).await, ["elsewhere"]);
}

/// A stranger's token fills no table.
pub async fn ending_what_a_token_does_not_open_changes_nothing(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    store.end_session(&Ending::Token(token("other")), UNTIL, &[]).await.expect("answers");
    assert!(has_session(&*store, "s1").await);
    assert_eq!(endings(&*store).await, []);
}

/// Signing out with one sealed token again and again must not fill a table. A reader that has seen the first
/// ending sees the second one as well, for it may have to remember it longer.
pub async fn ending_twice_is_remembered_once_and_until_the_later_time(store: Arc<dyn Store>) {
    let end = async |until| {
        store.end_session(&Ending::Id(sid("s1")), until, &[]).await.expect("the store answers");
        let remembered = endings(&*store).await;
        assert_eq!(remembered.len(), 1);
        remembered[0].clone()
    };
    let first = end(LATER).await;
    let second = end(UNTIL).await;
    assert_eq!((first.until, second.until), (LATER, UNTIL));
    assert!(second.change > first.change);
    assert_eq!(end(LATER).await.until, UNTIL);
}

/// How a process keeps its set of ended sessions fresh.
pub async fn endings_come_in_order_and_each_after_the_last_one_seen(store: Arc<dyn Store>) {
    assert_eq!(endings(&*store).await, []);
    for session in ["z", "a", "m"] {
        store.end_session(&Ending::Id(sid(session)), UNTIL, &[]).await.expect("answers");
    }
    let all = endings(&*store).await;
    assert_eq!(all.iter().map(|ended| ended.session.0.as_str()).collect::<Vec<_>>(), ["z", "a", "m"]);
    assert!(all[0].change > 0 && all.is_sorted_by(|a, b| a.change < b.change));
    for (seen, ended) in all.iter().enumerate() {
        assert_eq!(store.changes_since(ended.change).await.expect("answers"), all[seen + 1..]);
    }
    assert_eq!(store.changes_since(u64::MAX).await.expect("answers"), []);
}

/// A session that ends this very moment is not over yet; an ending that may be forgotten from now on is.
pub async fn a_sweep_takes_what_is_over_and_nothing_else(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let until = [("s-over", NOW.minus(INSTANT)), ("s-now", NOW), ("s-alive", NOW.plus(INSTANT))];
    for (session, expires) in until {
        let mut session = stored(session);
        session.expires = expires;
        admit(&*store, &Admission::User(id("ada")), Some(&session)).await;
    }
    let mut sealed = sealed("s-sealed");
    sealed.expires = NOW.minus(INSTANT);
    admit(&*store, &Admission::User(id("ada")), Some(&sealed)).await;
    for (session, until) in [("e-over", NOW.minus(INSTANT)), ("e-now", NOW), ("e-alive", NOW.plus(INSTANT))] {
        store.end_session(&Ending::Id(sid(session)), until, &[]).await.expect("answers");
    }
    assert_eq!(store.sweep(NOW).await.expect("answers"), 4);
    assert!(!has_session(&*store, "s-over").await);
    assert!(has_session(&*store, "s-now").await && has_session(&*store, "s-alive").await);
    assert_eq!(ended_ids(&*store).await, ["e-alive"]);
    assert_eq!(store.sweep(NOW).await.expect("answers"), 0);
    assert!(store.password_by_email("ada@example.org").await.expect("answers").is_some());
}

/// A reader that waits for changes above the last one it saw would miss a number that comes again.
pub async fn a_sweep_never_gives_a_change_number_again(store: Arc<dyn Store>) {
    store.end_session(&Ending::Id(sid("s1")), NOW, &[]).await.expect("answers");
    let [Change { change: seen, .. }] = endings(&*store).await[..] else { unreachable!("one was ended") };
    assert_eq!(store.sweep(NOW).await.expect("answers"), 1);
    store.end_session(&Ending::Id(sid("s2")), UNTIL, &[]).await.expect("answers");
    let after = store.changes_since(seen).await.expect("answers");
    assert_eq!(after.len(), 1, "{after:?}");
}

/// What `/readyz` asks.
pub async fn a_working_store_is_ready(store: Arc<dyn Store>) {
    assert!(store.ready().await.is_ok());
    assert_eq!(endings(&*store).await, []);
}

/// Of a sealed session, too, which has no token.
async fn is_there(store: &dyn Store, session: &str) -> bool {
    store.session_record(&sid(session)).await.expect("answers").is_some()
}

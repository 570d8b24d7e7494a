//! A person's sessions, and what changes in them from outside.

use std::{collections::HashSet, sync::Arc, time::Duration};

use keyward_core::{
    claims::Claims,
    overlay::Overlay,
    port::{Altered, Changed, Renewed, SessionEntry, Store, Which},
    time::Timestamp,
    user::{Admission, Extra},
};
use serde_json::{Value, json};

use super::{
    LATER, NOW, UNTIL, admit, at_once, ended_ids, endings, has_session, id, key, renew, sealed, sid, sign_up,
    stored, token,
};

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn session_extra(value: Value) -> Extra {
    let Value::Object(members) = value else { unreachable!("an object: {value}") };
    members
}

async fn open(store: &dyn Store, user: &str, sessions: &[&str]) {
    for session in sessions {
        admit(store, &Admission::User(id(user)), Some(&stored(session))).await;
    }
}

pub(super) async fn list(store: &dyn Store, user: &str) -> Vec<String> {
    let entries = store.sessions_of(&id(user), NOW).await.expect("the store answers");
    entries.into_iter().map(|entry| entry.id.0).collect()
}

async fn said(store: &dyn Store, session: &str) -> Value {
    let read = store.session(&token(session)).await.expect("the store answers").expect("there");
    serde_json::to_value(read.claims).expect("JSON")
}

pub(super) async fn session_change(store: &dyn Store, session: &str, patch: Value) -> Altered<()> {
    store.change_session(&sid(session), &session_extra(patch), UNTIL, &[]).await.expect("the store answers")
}

/// With device and time; sealed ones like the others, and nobody else's.
pub async fn a_person_s_sessions_are_listed_the_last_seen_first(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    admit(&*store, &sign_up("eve"), Some(&stored("of eve"))).await;
    let mut first = sealed("first");
    first.address = Some("203.0.113.0/24".to_owned());
    first.via = Some(key("shop", "7"));
    first.created = NOW.minus(HOUR);
    let mut over = stored("over");
    over.expires = NOW;
    for session in [&first, &stored("second"), &over] {
        admit(&*store, &Admission::User(id("ada")), Some(session)).await;
    }
    assert_eq!(list(&*store, "ada").await, ["second", "first"]);
    assert_eq!(list(&*store, "nobody").await, Vec::<String>::new());
    assert!(store.touch_session(&first.id, NOW.plus(HOUR), UNTIL).await.expect("answers"));
    let entries = store.sessions_of(&id("ada"), NOW).await.expect("answers");
    let expected = SessionEntry {
        id: first.id,
        created: first.created,
        seen: NOW.plus(HOUR),
        expires: UNTIL,
        user_agent: first.user_agent,
        address: first.address,
        via: first.via,
    };
    assert_eq!(entries[0], expected, "it was seen last now");
    let renewed = store.renew_session(&token("second"), None, NOW.plus(HOUR * 2), UNTIL).await;
    assert_eq!(renewed.expect("answers"), Renewed::Done);
    assert_eq!(list(&*store, "ada").await, ["second", "first"]);
}

/// One, all others, all: and never another person's (lesson 50).
pub async fn lesson_50_a_person_ends_their_own_sessions_and_nobody_else_s(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    admit(&*store, &sign_up("eve"), Some(&stored("of eve"))).await;
    open(&*store, "ada", &["a", "b", "c", "d"]).await;
    let end = async |which: Which, asked_in: Option<&str>| {
        let asked_in = asked_in.map(sid);
        store.end_sessions(&id("ada"), &which, asked_in.as_ref(), UNTIL, &[]).await.expect("answers")
    };
    assert_eq!(end(Which::One(sid("of eve")), Some("a")).await, Some(0));
    assert_eq!(end(Which::One(sid("never")), Some("a")).await, Some(0));
    assert_eq!(endings(&*store).await, []);
    assert_eq!(end(Which::One(sid("b")), Some("a")).await, Some(1));
    assert_eq!(list(&*store, "ada").await, ["d", "c", "a"]);
    assert_eq!(end(Which::One(sid("c")), Some("b")).await, None, "who was put out puts nobody out");
    assert_eq!(end(Which::One(sid("c")), Some("of eve")).await, None, "nor does another person");
    assert_eq!(end(Which::Others(sid("a")), Some("a")).await, Some(2));
    assert_eq!(list(&*store, "ada").await, ["a"]);
    assert_eq!(end(Which::All, None).await, Some(1));
    assert_eq!(end(Which::All, None).await, Some(0));
    assert_eq!(ended_ids(&*store).await, ["a", "b", "c", "d"]);
    assert!(has_session(&*store, "of eve").await);
}

/// A stored session says it at once, in one row as ever.
pub async fn a_change_is_what_a_stored_session_says_from_then_on(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    open(&*store, "ada", &["s2"]).await;
    assert_eq!(
        session_change(&*store, "s1", json!({"role": "admin", "plan": {"a": [1]}})).await,
        Altered::Done(())
    );
    assert_eq!(
        session_change(&*store, "s1", json!({"plan": null, "name": "Countess"})).await,
        Altered::Done(())
    );
    assert_eq!(said(&*store, "s1").await, json!({"name": "Countess", "sub": "s1", "role": "admin"}));
    assert_eq!(said(&*store, "s2").await, json!({"name": "Ada", "sub": "s2"}));
    let changes = endings(&*store).await;
    assert_eq!(changes.len(), 1, "a session has one place in the feed: {changes:?}");
    assert_eq!((&changes[0].session, changes[0].what, changes[0].until), (&sid("s1"), Changed::To(2), UNTIL));
}

/// A sealed session holds its own data: what was changed is kept beside it.
pub async fn a_change_of_a_sealed_session_is_kept_until_its_token_is_read(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&sealed("s1"))).await;
    let none = store.overlay(&sid("s1")).await.expect("answers");
    assert_eq!(none, Some((0, Overlay::default())));
    session_change(&*store, "s1", json!({"role": "editor", "plan": "free"})).await;
    session_change(&*store, "s1", json!({"role": "admin"})).await;
    session_change(&*store, "s1", json!({"plan": null})).await;
    let mut expected = Overlay::default();
    expected.add(1, &session_extra(json!({"role": "editor", "plan": "free"})));
    expected.add(2, &session_extra(json!({"role": "admin"})));
    expected.add(3, &session_extra(json!({"plan": null})));
    assert_eq!(store.overlay(&sid("s1")).await.expect("answers"), Some((3, expected)));
    store.end_sessions(&id("ada"), &Which::All, None, UNTIL, &[]).await.expect("answers");
    assert_eq!(store.overlay(&sid("s1")).await.expect("answers"), None);
    assert_eq!(endings(&*store).await.last().map(|change| change.what), Some(Changed::Ended));
}

/// Nothing grows without bound, and a session has to fit into cookies.
pub async fn a_session_that_is_over_or_full_is_not_changed(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    assert_eq!(session_change(&*store, "never", json!({"role": "admin"})).await, Altered::NotFound);
    assert_eq!(session_change(&*store, "s1", json!({"large": "x".repeat(9000)})).await, Altered::TooLarge);
    assert_eq!(endings(&*store).await, []);
    assert_eq!(said(&*store, "s1").await, json!({"name": "Ada", "sub": "s1"}));
    for n in 0..8 {
        session_change(&*store, "s1", json!({format!("large {n}"): "x".repeat(1000)})).await;
    }
    assert_eq!(session_change(&*store, "s1", json!({"large 9": "x".repeat(1000)})).await, Altered::TooLarge);
    assert_eq!(endings(&*store).await[0].what, Changed::To(8));
}

/// Who wrote what a session says had better read it first: otherwise `update()` undid what an operator changed.
pub async fn what_was_changed_meanwhile_is_not_overwritten(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let read = store.session(&token("s1")).await.expect("answers").expect("there");
    session_change(&*store, "s1", json!({"role": "admin"})).await;
    let mut claims = read.claims.clone();
    claims.set("theme", "dark");
    let new = keyward_core::port::NewClaims { claims: &claims, read_at: read.version };
    let renewed = store.renew_session(&token("s1"), Some(new), NOW, UNTIL).await.expect("answers");
    assert_eq!(renewed, Renewed::Changed);
    assert_eq!(said(&*store, "s1").await, json!({"name": "Ada", "sub": "s1", "role": "admin"}));
    let read = store.session(&token("s1")).await.expect("answers").expect("there");
    assert_eq!(read.expires, LATER, "nothing was written");
    let mut claims = read.claims;
    claims.set("theme", "dark");
    assert_eq!(renew(&*store, "s1", Some(&claims), UNTIL).await, Renewed::Done);
    let expected = json!({"name": "Ada", "sub": "s1", "role": "admin", "theme": "dark"});
    assert_eq!(said(&*store, "s1").await, expected);
    // A rolling renewal says nothing, so it may come at any time.
    let rolled = store.renew_session(&token("s1"), None, NOW, LATER).await.expect("answers");
    assert_eq!((rolled, said(&*store, "s1").await), (Renewed::Done, expected));
}

/// Fifty counts of one number: none is lost, whoever writes at once.
pub async fn of_many_who_write_what_a_session_says_none_is_lost(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    at_once(50, |n| {
        let store = Arc::clone(&store);
        async move {
            if n % 5 == 0 {
                session_change(&*store, "s1", json!({format!("c{n}"): n})).await;
                return;
            }
            loop {
                let read = store.session(&token("s1")).await.expect("answers").expect("there");
                let mut claims: Claims = read.claims;
                claims.set(&format!("u{n}"), n);
                let new = keyward_core::port::NewClaims { claims: &claims, read_at: read.version };
                let renewed =
                    store.renew_session(&token("s1"), Some(new), NOW, UNTIL).await.expect("answers");
                if renewed == Renewed::Done {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    let said = said(&*store, "s1").await;
    let names: HashSet<_> = said.as_object().expect("an object").keys().cloned().collect();
    for n in 0..50 {
        assert!(names.contains(&format!("{}{n}", if n % 5 == 0 { "c" } else { "u" })), "{n} is missing");
    }
}

/// A hundred renewals and changes against one sign-out by its person: whatever the order, the session is over.
pub async fn invariant_8_no_change_in_flight_recreates_an_ended_session(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&sealed("s2"))).await;
    at_once(101, |n| {
        let store = Arc::clone(&store);
        async move {
            match n {
                50 => {
                    let ended = store.end_sessions(&id("ada"), &Which::All, None, UNTIL, &[]).await;
                    assert_eq!(ended.expect("answers"), Some(2));
                }
                n if n % 4 == 0 => {
                    session_change(&*store, "s1", json!({"n": n})).await;
                }
                n if n % 4 == 1 => {
                    session_change(&*store, "s2", json!({"n": n})).await;
                }
                n if n % 4 == 2 => {
                    store.renew_session(&token("s1"), None, NOW, LATER).await.expect("answers");
                }
                _ => {
                    store.touch_session(&sid("s2"), NOW, LATER).await.expect("answers");
                }
            }
        }
    })
    .await;
    assert_eq!(list(&*store, "ada").await, Vec::<String>::new());
    assert_eq!(store.overlay(&sid("s2")).await.expect("answers"), None);
    assert!(!store.touch_session(&sid("s2"), NOW, LATER).await.expect("answers"));
    let changes = endings(&*store).await;
    assert!(changes.iter().all(|change| change.what == Changed::Ended), "{changes:?}");
    assert_eq!(changes.len(), 2);
}

/// A process that has seen a version hears of the next one, and of the end.
pub async fn every_change_moves_its_session_to_the_end_of_the_feed(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&sealed("s1"))).await;
    open(&*store, "ada", &["s2"]).await;
    session_change(&*store, "s1", json!({"role": 1})).await;
    let seen = endings(&*store).await[0].change;
    session_change(&*store, "s2", json!({"role": 1})).await;
    session_change(&*store, "s1", json!({"role": 2})).await;
    let news = store.changes_since(seen).await.expect("answers");
    let news: Vec<_> = news.into_iter().map(|change| (change.session.0, change.what)).collect();
    assert_eq!(news, [("s2".to_owned(), Changed::To(1)), ("s1".to_owned(), Changed::To(2))]);
    let later = UNTIL.plus(HOUR);
    store.change_session(&sid("s2"), &session_extra(json!({"role": 3})), later, &[]).await.expect("answers");
    let earlier: Timestamp = NOW;
    store
        .change_session(&sid("s2"), &session_extra(json!({"role": 4})), earlier, &[])
        .await
        .expect("answers");
    assert_eq!(endings(&*store).await.last().map(|change| change.until), Some(later));
}

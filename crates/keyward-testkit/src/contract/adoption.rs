//! Sessions that another implementation sealed: recorded when they are first read, and whose they are then.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    port::{Adopted, Adoption, Altered, Changed, Ending, PasswordChange, Store, UserChange, Which},
    time::Timestamp,
    user::{Admission, NewUser},
};
use serde_json::json;

use super::{
    LATER, NOW, UNTIL, account, admit, at_once, email, ended_ids, endings, has_session, id, list, new_user,
    session_change, session_extra, sid, sign_up, stored,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A session of somebody who is called so, sealed a minute ago.
fn foreign(session: &str, subject: Option<&str>, address: Option<&str>) -> Adoption {
    Adoption {
        id: sid(session),
        sealed: NOW.minus(MINUTE),
        expires: LATER,
        // As `UNTIL` is for what is ended now.
        outlived_by: UNTIL.minus(MINUTE),
        subject: subject.map(str::to_owned),
        email: address.map(str::to_owned),
        user_agent: Some("Mozilla/5.0".to_owned()),
        address: Some("203.0.113.0/24".to_owned()),
    }
}

async fn adopt(store: &dyn Store, what: &Adoption) -> Adopted {
    store.adopt(what, NOW).await.expect("the store answers")
}

async fn is_alive(store: &dyn Store, what: &Adoption) -> bool {
    adopt(store, what).await != Adopted::Over
}

async fn change(store: &dyn Store, user: &str, change: UserChange) {
    let changed = store.change_user(&id(user), &change, NOW, UNTIL, &[]).await.expect("answers");
    assert!(matches!(changed, Altered::Done(_)), "{changed:?}");
}

async fn disable(store: &dyn Store, user: &str, disabled: bool) {
    change(store, user, UserChange { disabled: Some(disabled), ..UserChange::default() }).await;
}

/// Ada, whose address is proven.
async fn proven_ada(store: &dyn Store) {
    let user = NewUser { email_verified: true, ..new_user("ada", &email("ada")) };
    admit(store, &Admission::NewUser { user, password_hash: "hash".to_owned() }, None).await;
}

/// The first read records it, and the others find it.
pub async fn a_session_of_another_implementation_is_adopted_once(store: Arc<dyn Store>) {
    let what = foreign("s1", Some("7"), Some("ada@example.org"));
    assert_eq!(adopt(&*store, &what).await, Adopted::Alive { seen: NOW });
    let later = NOW.plus(MINUTE);
    assert_eq!(store.adopt(&what, later).await.expect("answers"), Adopted::Alive { seen: NOW });
    assert!(store.touch_session(&what.id, later, UNTIL).await.expect("answers"), "it has a record");
    assert_eq!(store.adopt(&what, later).await.expect("answers"), Adopted::Alive { seen: later });
    let record = store.session_record(&what.id).await.expect("answers").expect("there");
    assert_eq!((record.user, record.via, record.expires), (None, None, UNTIL), "it is nobody's to act by");
    assert_eq!(endings(&*store).await, []);
    let bare = foreign("s2", None, None);
    assert!(is_alive(&*store, &bare).await, "who is called nothing has a session, too");
}

/// Fifty reads of one cookie at once, as from the tabs of a browser.
pub async fn of_fifty_who_adopt_one_session_all_find_it_alive(store: Arc<dyn Store>) {
    let alive = at_once(50, |_| {
        let store = Arc::clone(&store);
        async move { is_alive(&*store, &foreign("s1", Some("7"), None)).await }
    })
    .await;
    assert_eq!(alive, [true; 50]);
    assert_eq!(list(&*store, "7").await, ["s1"]);
}

/// Also where the account comes later, and where nobody in the directory is called so.
pub async fn an_adopted_session_is_listed_as_whoever_is_called_so(store: Arc<dyn Store>) {
    proven_ada(&*store).await;
    admit(&*store, &sign_up("eve"), None).await;
    admit(&*store, &account("shop", "7", "bea", "b1"), None).await;
    let sessions = [
        foreign("by id", Some("ada"), None),
        foreign("by address", Some("drawn"), Some(&email("ada"))),
        foreign("by account", Some("7"), Some("other@example.org")),
        foreign("of eve, unproven", None, Some(&email("eve"))),
        foreign("later", Some("8"), None),
        foreign("by an address that is no id", Some(&email("ada")), None),
    ];
    for what in &sessions {
        assert!(is_alive(&*store, what).await);
    }
    assert_eq!(list(&*store, "ada").await, ["by id", "by address"]);
    assert_eq!(list(&*store, "b1").await, ["by account"]);
    assert_eq!(list(&*store, "eve").await, Vec::<String>::new(), "whose address it is nobody has proven");
    assert_eq!(list(&*store, "8").await, ["later"]);
    admit(&*store, &account("github", "8", "cyd", "c1"), None).await;
    assert_eq!(list(&*store, "c1").await, ["later"]);
    let entries = store.sessions_of(&id("ada"), NOW).await.expect("answers");
    assert_eq!((entries[0].created, entries[0].seen), (NOW.minus(MINUTE), NOW));
    let device = (entries[0].user_agent.as_deref(), entries[0].address.as_deref());
    assert_eq!(device, (Some("Mozilla/5.0"), Some("203.0.113.0/24")));
    assert_eq!(store.sessions_of(&id("ada"), LATER).await.expect("answers"), []);
}

/// Whoever asks for a user without an id gets none, and nobody's sessions.
pub async fn nobody_is_no_user_and_has_no_sessions(store: Arc<dyn Store>) {
    let what = foreign("s1", Some("7"), None);
    assert!(is_alive(&*store, &what).await);
    let nobody = id("");
    assert_eq!(store.user(&nobody).await.expect("answers"), None);
    assert_eq!(store.sessions_of(&nobody, NOW).await.expect("answers"), []);
    let ended = store.end_sessions(&nobody, &Which::All, None, UNTIL, &[]).await;
    assert_eq!(ended.expect("answers"), Some(0));
    let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
    let changed = store.change_user(&nobody, &disabled, NOW, UNTIL, &[]).await;
    assert_eq!(changed.expect("answers"), Altered::NotFound);
    assert!(!store.remove_user(&nobody, UNTIL, &[]).await.expect("answers"));
    assert!(is_alive(&*store, &what).await && is_alive(&*store, &foreign("s2", None, None)).await);
    assert_eq!(list(&*store, "7").await, ["s1"]);
}

/// By its id, by who is called so, and whatever comes with the old token again.
pub async fn an_adopted_session_is_ended_like_any_other(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("own"))).await;
    let all: Vec<_> = ["a", "b", "c", "d"].map(|session| foreign(session, Some("ada"), None)).into();
    for what in &all {
        assert!(is_alive(&*store, what).await);
    }
    store.end_session(&Ending::Id(sid("a")), UNTIL, &[]).await.expect("answers");
    let end = async |which: Which| {
        store.end_sessions(&id("ada"), &which, Some(&sid("own")), UNTIL, &[]).await.expect("answers")
    };
    assert_eq!(end(Which::One(sid("b"))).await, Some(1));
    assert!(!is_alive(&*store, &all[1]).await && is_alive(&*store, &all[2]).await);
    let unread = foreign("never read", Some("ada"), None);
    assert_eq!(end(Which::Others(sid("own"))).await, Some(2));
    for what in all.iter().chain([&unread]) {
        assert_eq!(adopt(&*store, what).await, Adopted::Over, "{}", what.id.0);
    }
    assert_eq!(ended_ids(&*store).await, ["a", "b", "c", "d"]);
    assert!(has_session(&*store, "own").await);
    assert!(!is_alive(&*store, &foreign("a", Some("nobody else"), None)).await, "by its id, whoever it is");
    let of_another = foreign("of another", Some("eve"), None);
    assert!(is_alive(&*store, &of_another).await);
    assert_eq!(end(Which::One(sid("of another"))).await, Some(0), "lesson 50");
}

/// Ended before it was ever read: there is no row, but the ending is known.
pub async fn a_session_that_was_ended_before_it_was_read_is_not_adopted(store: Arc<dyn Store>) {
    let what = foreign("s1", Some("7"), None);
    store.end_session(&Ending::Id(what.id.clone()), UNTIL, &[]).await.expect("answers");
    assert_eq!(adopt(&*store, &what).await, Adopted::Over);
    assert_eq!(list(&*store, "7").await, Vec::<String>::new());
}

/// What was sealed after all sessions were ended stays: an application seals some of its own all the time.
pub async fn what_was_sealed_after_all_sessions_were_ended_is_adopted(store: Arc<dyn Store>) {
    store.end_sessions(&id("7"), &Which::All, None, UNTIL, &[]).await.expect("answers");
    assert!(!is_alive(&*store, &foreign("before", Some("7"), None)).await);
    let then = Adoption { outlived_by: UNTIL, ..foreign("at that moment", Some("7"), None) };
    assert!(!is_alive(&*store, &then).await);
    let after = UNTIL.plus(Duration::from_millis(1));
    let after = Adoption { sealed: NOW, outlived_by: after, ..foreign("after", Some("7"), None) };
    assert!(is_alive(&*store, &after).await);
}

/// Whatever their token calls them, whether it was read before or is read for the first time.
pub async fn lesson_57_who_is_disabled_has_no_session_of_another_implementation(store: Arc<dyn Store>) {
    proven_ada(&*store).await;
    admit(&*store, &account("shop", "7", "bea", "b1"), None).await;
    let read = [
        foreign("by id", Some("ada"), None),
        foreign("by address", None, Some(&email("ada"))),
        foreign("by account", Some("7"), None),
    ];
    for what in &read {
        assert!(is_alive(&*store, what).await);
    }
    disable(&*store, "ada", true).await;
    disable(&*store, "b1", true).await;
    assert_eq!(ended_ids(&*store).await, ["by account", "by address", "by id"]);
    let again = |n: usize| Adoption { id: sid(&format!("again {n}")), ..read[n].clone() };
    for (n, what) in read.iter().enumerate() {
        assert!(!is_alive(&*store, what).await);
        assert!(!is_alive(&*store, &again(n)).await, "never read");
        let since = Adoption { outlived_by: UNTIL.plus(MINUTE), ..again(n) };
        assert!(!is_alive(&*store, &since).await, "sealed since");
    }
    disable(&*store, "ada", false).await;
    assert!(
        !is_alive(&*store, &read[0]).await && !is_alive(&*store, &again(0)).await,
        "what was over stays so"
    );
    let since = Adoption { outlived_by: UNTIL.plus(MINUTE), ..again(0) };
    assert!(is_alive(&*store, &since).await);
}

/// What they were called is known for a while after them.
pub async fn lesson_56_who_is_deleted_has_no_session_of_another_implementation(store: Arc<dyn Store>) {
    proven_ada(&*store).await;
    admit(&*store, &account("shop", "7", "bea", "b1"), None).await;
    let read = foreign("read", Some("7"), None);
    assert!(is_alive(&*store, &read).await);
    assert!(store.remove_user(&id("ada"), UNTIL, &[]).await.expect("answers"));
    assert!(store.remove_user(&id("b1"), UNTIL, &[]).await.expect("answers"));
    assert_eq!(ended_ids(&*store).await, ["read"]);
    for what in [
        read,
        foreign("by id", Some("ada"), None),
        foreign("by address", None, Some(&email("ada"))),
        foreign("by account", Some("7"), None),
    ] {
        assert_eq!(adopt(&*store, &what).await, Adopted::Over, "{}", what.id.0);
    }
    assert!(is_alive(&*store, &foreign("of another", Some("8"), Some("eve@example.org"))).await);
}

/// It says nothing of theirs, so they come in again and say it then.
pub async fn what_changes_a_persons_sessions_ends_those_of_another_implementation(store: Arc<dyn Store>) {
    proven_ada(&*store).await;
    let (read, unread) = (foreign("read", Some("ada"), None), foreign("unread", None, Some(&email("ada"))));
    assert!(is_alive(&*store, &read).await);
    let renamed = UserChange { claims: session_extra(json!({"role": "reader"})), ..UserChange::default() };
    change(&*store, "ada", renamed).await;
    assert_eq!(endings(&*store).await.last().map(|change| change.what), Some(Changed::Ended));
    assert!(!is_alive(&*store, &read).await && !is_alive(&*store, &unread).await);
}

/// An operator may change what one session says.
pub async fn an_adopted_session_is_changed_by_its_id(store: Arc<dyn Store>) {
    let what = foreign("s1", Some("7"), None);
    assert!(is_alive(&*store, &what).await);
    assert_eq!(session_change(&*store, "s1", json!({"role": "reader"})).await, Altered::Done(()));
    let (version, _) = store.overlay(&what.id).await.expect("answers").expect("there");
    assert_eq!(version, 1);
    assert!(is_alive(&*store, &what).await);
}

/// A new password puts out who may know the old one, wherever they come from.
pub async fn a_new_password_ends_sessions_of_another_implementation(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("own"))).await;
    let (read, unread) = (foreign("read", Some("ada"), None), foreign("unread", Some("ada"), None));
    assert!(is_alive(&*store, &read).await);
    let what = PasswordChange {
        user: id("ada"),
        from: Some("hash of ada".to_owned()),
        to: "new".to_owned(),
        session: sid("own"),
        until: UNTIL,
    };
    store.change_password(&what, &[]).await.expect("answers");
    assert!(!is_alive(&*store, &read).await && !is_alive(&*store, &unread).await);
    assert!(has_session(&*store, "own").await);
}

/// Nothing is left of it: neither the record and its names, nor that a name was ended.
pub async fn a_sweep_takes_adopted_sessions_that_are_over(store: Arc<dyn Store>) {
    admit(&*store, &Admission::User(id("nobody")), None).await;
    let what = foreign("s1", Some("7"), None);
    assert!(is_alive(&*store, &what).await);
    store.end_sessions(&id("8"), &Which::All, None, UNTIL, &[]).await.expect("answers");
    assert_eq!(store.sweep(NOW).await.expect("answers"), 0);
    let over = Timestamp::from_millis(UNTIL.millis() + 1);
    assert_eq!(store.sweep(over).await.expect("answers"), 2);
    assert_eq!(list(&*store, "7").await, Vec::<String>::new());
    assert!(is_alive(&*store, &foreign("s2", Some("8"), None)).await);
}

/// Adoptions in flight while their person is disabled: whatever the order, none is alive afterwards.
pub async fn lesson_57_no_adoption_in_flight_survives_being_disabled(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    at_once(41, |n| {
        let store = Arc::clone(&store);
        async move {
            if n == 20 {
                disable(&*store, "ada", true).await;
            } else {
                adopt(&*store, &foreign(&format!("s{n}"), Some("ada"), None)).await;
            }
        }
    })
    .await;
    assert_eq!(list(&*store, "ada").await, Vec::<String>::new());
    for n in 0..41 {
        assert!(!is_alive(&*store, &foreign(&format!("s{n}"), Some("ada"), None)).await);
    }
}

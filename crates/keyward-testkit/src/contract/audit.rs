//! The audit trail and the memory of failed attempts.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    audit::{AuditEntry, AuditFilter, AuditKind, AuditRecord},
    event::{About, NewEvent},
    port::{Admitted, Ending, Failures, Store},
    time::Timestamp,
};

use super::{LATER, NOW, UNTIL, account, admit, at_once, email, id, sid, sign_up, stored, token};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn entry(kind: AuditKind) -> AuditEntry {
    AuditEntry {
        network: Some("192.0.2.7".to_owned()),
        user_agent: Some("Mozilla/5.0".to_owned()),
        ..AuditEntry::new(kind, NOW)
    }
}

fn refusal(network: &str, at: Timestamp) -> AuditEntry {
    let network = Some(network.to_owned());
    AuditEntry { network, at, ..entry(AuditKind::SignInRefused).saying("code", "CredentialsSignin") }
}

fn note(entry: AuditEntry) -> [NewEvent; 1] {
    [NewEvent::audit(entry, About::Anybody)]
}

async fn write(store: &dyn Store, entry: AuditEntry) {
    store.write_events(&note(entry)).await.expect("answers");
}

async fn read(store: &dyn Store, filter: AuditFilter) -> Vec<AuditRecord> {
    store.audit(&filter, 1000).await.expect("answers")
}

async fn all(store: &dyn Store) -> Vec<AuditRecord> {
    read(store, AuditFilter::default()).await
}

fn kinds(records: &[AuditRecord]) -> Vec<&str> {
    records.iter().map(|record| record.kind.as_str()).collect()
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// About the one who is admitted, with all that it says; and nothing goes into the outbox.
pub async fn an_entry_of_the_trail_is_written_with_the_admission_that_it_tells_of(store: Arc<dyn Store>) {
    let told = entry(AuditKind::SignedIn).saying("method", "credentials");
    store
        .admit(&account("shop", "7", "ada", "ada"), Some(&stored("s1")), NOW, &note(told))
        .await
        .expect("answers");
    let records = all(&*store).await;
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!((record.kind.as_str(), record.user.clone()), ("signed_in", Some(id("ada"))));
    assert_eq!((record.session.clone(), record.network.as_deref()), (Some(sid("s1")), Some("192.0.2.7")));
    assert_eq!(record.user_agent.as_deref(), Some("Mozilla/5.0"));
    assert_eq!(record.detail["method"], "credentials");
    assert_eq!((record.at, record.last, record.count), (NOW, NOW, 1));
    assert_eq!(store.due_events(NOW, LATER, 10).await.expect("answers"), []);
}

/// Neither where it is refused nor where it cannot be written.
pub async fn what_is_not_admitted_leaves_no_entry(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let told = note(entry(AuditKind::SignedIn));
    let again = store.admit(&sign_up("ada"), None, NOW, &told).await.expect("answers");
    assert_eq!(again, Admitted::EmailTaken);
    assert!(store.admit(&sign_up("bob"), Some(&stored("s1")), NOW, &told).await.is_err());
    assert_eq!(all(&*store).await, []);
}

/// Known and new alike; the store knows which.
pub async fn an_entry_is_about_who_is_new_or_about_who_is_known(store: Arc<dyn Store>) {
    for expected in ["user_created", "signed_in"] {
        let told = [
            NewEvent::audit(entry(AuditKind::UserCreated), About::New),
            NewEvent::audit(entry(AuditKind::SignedIn), About::Known),
        ];
        store.admit(&account("shop", "7", "ada", "ada"), None, NOW, &told).await.expect("answers");
        assert_eq!(all(&*store).await[0].kind, expected);
    }
}

/// About the session's person, once, and only where there was a session.
pub async fn the_end_of_a_session_is_in_the_trail_of_its_person(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s2"))).await;
    let told = note(entry(AuditKind::SignedOut));
    for ending in [Ending::Token(token("s1")), Ending::Token(token("s1")), Ending::Id(sid("s2"))] {
        store.end_session(&ending, UNTIL, &told).await.expect("answers");
    }
    let users: Vec<_> = all(&*store).await.into_iter().map(|record| record.user).collect();
    assert_eq!(users, [Some(id("bob")), Some(id("ada"))], "the newest first");
}

/// About whoever has the address, and only where somebody has it.
pub async fn a_password_that_is_set_is_in_the_trail_of_its_person(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let told = note(entry(AuditKind::PasswordChanged));
    for name in ["ada", "bob"] {
        let set = store.set_password(&email(name), "new", UNTIL, &told).await.expect("answers");
        assert_eq!(set, name == "ada");
    }
    let users: Vec<_> = all(&*store).await.into_iter().map(|record| record.user).collect();
    assert_eq!(users, [Some(id("ada"))]);
}

/// By whom, what, where and when, and a page after the other.
pub async fn entries_are_found_by_what_they_say(store: Arc<dyn Store>) {
    for (user, kind, at) in [
        ("ada", AuditKind::SignedIn, NOW),
        ("ada", AuditKind::PasswordChanged, NOW.plus(HOUR)),
        ("bob", AuditKind::SignedIn, NOW.plus(HOUR * 2)),
    ] {
        write(&*store, AuditEntry { at, ..entry(kind).of(&id(user)) }).await;
    }
    write(&*store, AuditEntry { network: Some("198.51.100.1".to_owned()), ..entry(AuditKind::UserDeleted) })
        .await;
    let filter = AuditFilter::default;
    let user = AuditFilter { user: Some(id("ada")), ..filter() };
    assert_eq!(kinds(&read(&*store, user).await), ["password_changed", "signed_in"]);
    let kind = AuditFilter { kind: Some("signed_in".to_owned()), ..filter() };
    assert_eq!(read(&*store, kind).await.len(), 2);
    let network = AuditFilter { network: Some("198.51.100.1".to_owned()), ..filter() };
    assert_eq!(kinds(&read(&*store, network).await), ["user_deleted"]);
    let span = AuditFilter { since: Some(NOW.plus(HOUR)), until: Some(NOW.plus(HOUR * 2)), ..filter() };
    assert_eq!(kinds(&read(&*store, span).await), ["password_changed"]);
    let first = store.audit(&filter(), 3).await.expect("answers");
    let rest = AuditFilter { before: Some(first[2].place), ..filter() };
    assert_eq!((first.len(), kinds(&read(&*store, rest).await)), (3, vec!["signed_in"]));
    assert_eq!(store.audit(&filter(), 0).await.expect("answers"), [], "lesson 84");
}

/// Also those that come at once; another network, or another hour, has a row of its own.
pub async fn equal_refusals_of_an_hour_are_counted_in_one_row(store: Arc<dyn Store>) {
    at_once(20, |_| {
        let store = Arc::clone(&store);
        async move { write(&*store, refusal("192.0.2.7", NOW)).await }
    })
    .await;
    write(&*store, AuditEntry { count: 5, ..refusal("192.0.2.7", NOW.plus(Duration::from_secs(1))) }).await;
    write(&*store, refusal("192.0.2.8", NOW)).await;
    write(&*store, refusal("192.0.2.7", NOW.plus(HOUR))).await;
    let counts: Vec<_> = all(&*store).await.iter().map(|record| record.count).collect();
    assert_eq!(counts, [1, 1, 25]);
    let first = &all(&*store).await[2];
    assert_eq!((first.at, first.last), (NOW, NOW.plus(Duration::from_secs(1))));
}

/// What an attacker can write goes first, and never what happened to accounts.
pub async fn the_trail_is_trimmed_by_age_and_refusals_by_number(store: Arc<dyn Store>) {
    write(&*store, entry(AuditKind::SignedIn).of(&id("ada"))).await;
    write(&*store, AuditEntry { at: LATER, ..entry(AuditKind::PasswordChanged) }).await;
    for n in 0..30 {
        write(&*store, refusal(&format!("192.0.2.{n}"), LATER)).await;
    }
    assert_eq!(store.trim_audit(NOW, 30).await.expect("answers"), 0);
    assert_eq!(store.trim_audit(NOW, 10).await.expect("answers"), 20);
    let left = all(&*store).await;
    assert_eq!(left[0].network.as_deref(), Some("192.0.2.29"), "the newest stay");
    assert_eq!(left.len(), 12);
    assert_eq!(store.trim_audit(LATER, 10).await.expect("answers"), 1);
    assert_eq!(store.trim_audit(LATER, 0).await.expect("answers"), 10);
    assert_eq!(kinds(&all(&*store).await), ["password_changed"]);
}

/// And from nowhere else, and not for ever.
pub async fn a_network_is_known_by_a_sign_in_from_there(store: Arc<dyn Store>) {
    for name in ["ada", "bob"] {
        admit(&*store, &sign_up(name), None).await;
    }
    write(&*store, entry(AuditKind::SignedIn).of(&id("ada"))).await;
    write(
        &*store,
        AuditEntry { network: Some("192.0.2.9".to_owned()), ..entry(AuditKind::SignedOut).of(&id("ada")) },
    )
    .await;
    let known = async |user: &str, network: &str, since| {
        store.has_come_from(&email(user), network, since).await.expect("answers")
    };
    assert!(known("ada", "192.0.2.7", NOW).await);
    assert!(!known("bob", "192.0.2.7", NOW).await);
    assert!(!known("ada", "192.0.2.9", NOW).await, "only a sign-in proves it");
    assert!(!known("ada", "192.0.2.7", NOW.plus(HOUR)).await);
}

/// Each for itself; those that come at once are all counted.
pub async fn failures_are_counted_under_their_keys(store: Arc<dyn Store>) {
    let told = note(refusal("192.0.2.7", NOW));
    at_once(20, |n| {
        let (store, told) = (Arc::clone(&store), told.clone());
        async move {
            let keys = if n % 2 == 0 { keys(&["a", "b"]) } else { keys(&["a"]) };
            store.count_failure(&keys, NOW, LATER, &told).await.expect("answers");
        }
    })
    .await;
    let known = store.failures(&keys(&["a", "b", "c"]), NOW).await.expect("answers");
    let at = |count| Failures { count, last: Some(NOW) };
    assert_eq!(known, [at(20), at(10), Failures::default()]);
    assert_eq!(all(&*store).await[0].count, 20, "with the entry of the trail");
}

/// By time, whether or not a sweep has been (lesson 48), and when told to.
pub async fn failures_are_forgotten_in_time_and_on_demand(store: Arc<dyn Store>) {
    store.count_failure(&keys(&["a", "b"]), NOW, LATER, &[]).await.expect("answers");
    let counts = async |now| {
        let known = store.failures(&keys(&["a", "b"]), now).await.expect("answers");
        known.iter().map(|known| known.count).collect::<Vec<_>>()
    };
    assert_eq!(counts(NOW.plus(HOUR)).await, [1, 1]);
    assert_eq!(counts(LATER).await, [0, 0]);
    store.count_failure(&keys(&["a"]), LATER, UNTIL, &[]).await.expect("answers");
    assert_eq!(counts(LATER).await, [1, 0], "it begins again");
    assert_eq!(store.sweep(LATER).await.expect("answers"), 1);
    store.forget_failures(&keys(&["a", "never"])).await.expect("answers");
    assert_eq!(counts(LATER).await, [0, 0]);
}

/// An attack from everywhere fills no disk.
pub async fn beyond_the_cap_the_oldest_failures_go(store: Arc<dyn Store>) {
    for n in 0..10 {
        let at = NOW.plus(Duration::from_secs(n));
        store.count_failure(&keys(&[&n.to_string()]), at, UNTIL, &[]).await.expect("answers");
    }
    assert_eq!(store.cap_failures(10).await.expect("answers"), 0);
    assert_eq!(store.cap_failures(4).await.expect("answers"), 6);
    let known = store.failures(&keys(&["5", "6", "9"]), NOW.plus(HOUR)).await.expect("answers");
    assert_eq!(known.iter().map(|known| known.count).collect::<Vec<_>>(), [0, 1, 1]);
}

/// Where people of a back end came from: failures are counted and dropped apart from it.
pub async fn a_network_that_is_remembered_is_known_until_its_time_is_over_however_many_fail(
    store: Arc<dyn Store>,
) {
    let known = async |key: &str, now| store.known_network(key, now).await.expect("answers");
    let remember = async |key: &str, now, until| {
        store.remember_network(key, now, until).await.expect("answers");
    };
    remember("home", NOW, LATER).await;
    store.count_failure(&keys(&["home", "other"]), NOW, UNTIL, &[]).await.expect("answers");
    assert_eq!((known("home", NOW).await, known("other", NOW).await), (Some(NOW), None));
    store.forget_failures(&keys(&["home"])).await.expect("answers");
    assert_eq!(store.cap_failures(0).await.expect("answers"), 1);
    assert_eq!(known("home", LATER.minus(HOUR)).await, Some(NOW));
    assert_eq!(known("home", LATER).await, None);
    let soon = NOW.plus(HOUR);
    remember("home", soon, UNTIL).await;
    assert_eq!(known("home", LATER).await, Some(soon));
    remember("work", NOW, LATER).await;
    assert_eq!(store.sweep(LATER).await.expect("answers"), 1);
    assert_eq!((known("home", NOW).await, known("work", NOW).await), (Some(soon), None));
}

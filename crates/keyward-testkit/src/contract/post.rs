//! Mail that waits: written with what it tells, leased, settled.

use std::{collections::HashSet, sync::Arc, time::Duration};

use keyward_core::{
    event::NewEvent,
    port::{DueMail, Store},
    time::Timestamp,
};

use super::{LATER, NOW, UNTIL, admit, at_once, sign_up};

const MINUTE: Duration = Duration::from_secs(60);

fn sealed(what: &str) -> NewEvent {
    NewEvent::mail(what.to_owned(), NOW, LATER)
}

async fn write(store: &dyn Store, mails: &[&str]) {
    let mails: Vec<_> = mails.iter().map(|what| sealed(what)).collect();
    store.write_events(&mails).await.expect("answers");
}

async fn due(store: &dyn Store, now: Timestamp) -> Vec<DueMail> {
    store.due_mails(now, now.plus(MINUTE), 100).await.expect("answers")
}

fn texts(mails: &[DueMail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.sealed.as_str()).collect()
}

/// Mails are no events: who delivers the ones never sees the others.
pub async fn mails_come_in_their_order_and_are_no_events(store: Arc<dyn Store>) {
    write(&*store, &["a", "b", "c"]).await;
    assert!(store.due_events(LATER, UNTIL, 100).await.expect("answers").is_empty());
    let mails = due(&*store, NOW).await;
    assert_eq!(texts(&mails), ["a", "b", "c"]);
    assert!(mails.iter().all(|mail| mail.attempt == 1 && mail.expires == LATER));
    assert_eq!(store.cap_events(0).await.expect("answers"), 0);
}

/// A mail is written where what it tells is done, and not where it is not.
pub async fn a_mail_is_written_with_the_admission_that_it_tells_of(store: Arc<dyn Store>) {
    let admitted = store.admit(&sign_up("ada"), None, NOW, &[sealed("hello")]).await;
    admitted.expect("answers");
    let again = store.admit(&sign_up("ada"), None, NOW, &[sealed("again")]).await;
    again.expect("answers");
    assert_eq!(texts(&due(&*store, NOW).await), ["hello"]);
    admit(&*store, &sign_up("bob"), None).await;
    assert!(due(&*store, NOW).await.is_empty());
}

/// Who died while sending loses the mail to another.
pub async fn a_leased_mail_is_nobody_elses_until_its_lease_is_over(store: Arc<dyn Store>) {
    write(&*store, &["a"]).await;
    let first = due(&*store, NOW).await;
    assert_eq!(texts(&first), ["a"]);
    assert!(due(&*store, NOW.plus(MINUTE / 2)).await.is_empty());
    let second = due(&*store, NOW.plus(MINUTE)).await;
    assert_eq!((texts(&second), second[0].attempt), (vec!["a"], 2));
    // The first one is back: late, and with nothing to decide but that it was sent.
    store.settle_mail(&first[0], Some(NOW)).await.expect("answers");
    assert!(due(&*store, NOW.plus(MINUTE)).await.is_empty());
    store.settle_mail(&first[0], None).await.expect("answers");
    assert!(due(&*store, NOW.plus(MINUTE * 5)).await.is_empty());
}

/// Tried again not before its time; what was sent never.
pub async fn a_mail_comes_again_when_it_is_to_be_tried_again_and_not_before(store: Arc<dyn Store>) {
    write(&*store, &["a", "b"]).await;
    let mails = due(&*store, NOW).await;
    store.settle_mail(&mails[0], Some(NOW.plus(MINUTE * 10))).await.expect("answers");
    store.settle_mail(&mails[1], None).await.expect("answers");
    assert!(due(&*store, NOW.plus(MINUTE * 9)).await.is_empty());
    assert_eq!(texts(&due(&*store, NOW.plus(MINUTE * 10)).await), ["a"]);
}

/// A link that has ended is not worth a mail; the clock alone decides (lesson 48).
pub async fn lesson_48_a_mail_whose_time_is_over_is_not_sent_and_swept(store: Arc<dyn Store>) {
    write(&*store, &["a"]).await;
    assert!(due(&*store, LATER).await.is_empty());
    let late = LATER.plus(Duration::from_millis(1));
    assert_eq!(store.sweep(LATER).await.expect("answers"), 0);
    assert_eq!(store.sweep(late).await.expect("answers"), 1);
    assert!(due(&*store, NOW).await.is_empty());
}

/// Of many processes each mail is sent by one.
pub async fn of_many_who_ask_for_mails_at_once_each_gets_others(store: Arc<dyn Store>) {
    let names: Vec<_> = (0..40).map(|n| format!("m{n}")).collect();
    write(&*store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let got = at_once(8, |_| {
        let store = Arc::clone(&store);
        async move { store.due_mails(NOW, LATER, 5).await.expect("answers") }
    })
    .await;
    let all: Vec<_> = got.into_iter().flatten().map(|mail| mail.sealed).collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "none twice");
    assert_eq!(all.len(), 40);
}

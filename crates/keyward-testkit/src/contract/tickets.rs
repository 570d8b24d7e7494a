//! Tickets: good once, until they expire, for exactly what they are bound to.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    port::{Admitted, Store},
    ticket::{Purpose, Ticket, TicketKey},
    user::{Admission, User, Vouched},
};

use super::{
    LATER, NOW, UNTIL, admit, admitted, email, has_session, id, key, made, new_user, owned, sid, sign_up,
    stored, user, vouched,
};

const INSTANT: Duration = Duration::from_millis(1);

/// The ticket of a link sent to `name`'s address.
pub(super) fn ticket(name: &str, hash: &str) -> Ticket {
    let key = TicketKey { purpose: Purpose::EMAIL_LINK, subject: email(name), hash: hash.to_owned() };
    Ticket { key, data: format!("{{\"for\":\"{name}\"}}"), created: NOW, expires: LATER }
}

/// Issues [`ticket`].
pub(super) async fn mail(store: &dyn Store, name: &str, hash: &str) -> Ticket {
    let ticket = ticket(name, hash);
    store.issue_ticket(&ticket).await.expect("the store answers");
    ticket
}

/// The link of this ticket, followed by `user`.
pub(super) fn link_to(ticket: &Ticket, user: &str, is_new: bool) -> Admission {
    Admission::EmailLink { ticket: ticket.key.clone(), user: id(user), is_new, until: UNTIL }
}

async fn is_good(store: &dyn Store, ticket: &Ticket) -> bool {
    let read = store.ticket(&ticket.key, NOW).await.expect("the store answers");
    assert!(read.as_ref().is_none_or(|read| read == ticket));
    read.is_some()
}

/// Lesson 37: once, and looking at it is no use.
pub async fn lesson_37_a_ticket_is_good_once(store: Arc<dyn Store>) {
    let ticket = mail(&*store, "ada", "h1").await;
    assert!(is_good(&*store, &ticket).await && is_good(&*store, &ticket).await);
    assert_eq!(store.consume_ticket(&ticket.key, NOW).await.expect("answers").as_ref(), Some(&ticket));
    assert_eq!(store.consume_ticket(&ticket.key, NOW).await.expect("answers"), None);
    assert!(!is_good(&*store, &ticket).await);
    assert_eq!(admit(&*store, &link_to(&ticket, "ada", true), None).await, Admitted::Gone);
}

/// The right address with a wrong hash is nothing; so is the right hash with another address, or for another
/// purpose. None of these tries uses the ticket up.
pub async fn lesson_52_a_ticket_is_found_by_all_that_it_is_bound_to_and_by_nothing_less(
    store: Arc<dyn Store>,
) {
    let good = mail(&*store, "ada", "h1").await;
    mail(&*store, "bob", "h2").await;
    let wrong = [
        TicketKey { hash: "h2".to_owned(), ..good.key.clone() },
        TicketKey { hash: String::new(), ..good.key.clone() },
        TicketKey { hash: "H1".to_owned(), ..good.key.clone() },
        TicketKey { subject: email("bob"), ..good.key.clone() },
        TicketKey { subject: String::new(), ..good.key.clone() },
        TicketKey { purpose: Purpose("something else"), ..good.key.clone() },
    ];
    for (n, key) in wrong.into_iter().enumerate() {
        let session = format!("s{n}");
        assert_eq!(store.ticket(&key, NOW).await.expect("answers"), None, "{key:?}");
        assert_eq!(store.consume_ticket(&key, NOW).await.expect("answers"), None, "{key:?}");
        let link = Admission::EmailLink { ticket: key, user: id("ada"), is_new: true, until: UNTIL };
        assert_eq!(admit(&*store, &link, Some(&stored(&session))).await, Admitted::Gone, "{link:?}");
        assert!(!has_session(&*store, &session).await);
    }
    assert_eq!(store.user(&id("ada")).await.expect("answers"), None);
    assert!(is_good(&*store, &good).await);
}

/// Nobody swept; the clock alone decides.
pub async fn lesson_48_an_expired_ticket_is_refused_while_no_sweep_has_been(store: Arc<dyn Store>) {
    let ticket = mail(&*store, "ada", "h1").await;
    let late = LATER.plus(INSTANT);
    assert_eq!(store.ticket(&ticket.key, late).await.expect("answers"), None);
    assert_eq!(store.consume_ticket(&ticket.key, late).await.expect("answers"), None);
    let link = link_to(&ticket, "ada", true);
    let answer = store.admit(&link, Some(&stored("s1")), late, &[]).await.expect("answers");
    assert_eq!(answer, Admitted::Gone);
    assert!(!has_session(&*store, "s1").await);
    assert_eq!(store.user(&id("ada")).await.expect("answers"), None);
    let last = store.admit(&link, Some(&stored("s1")), LATER, &[]).await.expect("answers");
    assert_eq!(last, admitted("ada", true), "at its last moment");
}

/// Who asks twice may follow either link.
pub async fn an_earlier_ticket_stays_good_when_another_is_issued_and_used(store: Arc<dyn Store>) {
    let (first, second) = (mail(&*store, "ada", "h1").await, mail(&*store, "ada", "h2").await);
    assert_eq!(admit(&*store, &link_to(&second, "ada", true), None).await, admitted("ada", true));
    assert_eq!(admit(&*store, &link_to(&first, "ada", false), None).await, admitted("ada", false));
    assert_eq!(admit(&*store, &link_to(&first, "ada", false), None).await, Admitted::Gone);
}

/// A caller whose randomness repeats itself gets an error.
pub async fn a_ticket_is_issued_under_a_key_of_its_own(store: Arc<dyn Store>) {
    let first = mail(&*store, "ada", "h1").await;
    let again = Ticket { data: "other".to_owned(), expires: UNTIL, ..first.clone() };
    assert!(store.issue_ticket(&again).await.is_err());
    assert!(is_good(&*store, &first).await, "as it was");
}

/// Nobody had the address: it makes a person of it.
pub async fn a_followed_link_makes_a_user_whose_address_is_proven(store: Arc<dyn Store>) {
    let ticket = mail(&*store, "ada", "h1").await;
    let answer = admit(&*store, &link_to(&ticket, "u1", true), Some(&stored("s1"))).await;
    assert_eq!(answer, admitted("u1", true));
    let expected = User { email: Some(email("ada")), email_verified: Some(NOW), ..User::new(id("u1")) };
    assert_eq!(user(&*store, "u1").await, expected);
    assert_eq!(store.accounts_of(&id("u1")).await.expect("answers"), [], "as in NextAuth: no account row");
    let record = store.session_record(&sid("s1")).await.expect("answers").expect("open");
    assert_eq!((record.user, record.via), (Some(id("u1")), None));
    assert!(!is_good(&*store, &ticket).await);
}

/// What was read before the admission may be over. The ticket is not used up by that.
pub async fn a_followed_link_whose_address_changed_hands_uses_nothing_up(store: Arc<dyn Store>) {
    let ticket = mail(&*store, "ada", "h1").await;
    let nobody = link_to(&ticket, "ada", false);
    assert_eq!(admit(&*store, &nobody, Some(&stored("s1"))).await, Admitted::Changed, "nobody has it");
    admit(&*store, &sign_up("ada"), None).await;
    admit(&*store, &sign_up("bob"), None).await;
    for (user, is_new) in [("u1", true), ("bob", false), ("ada", true)] {
        let link = link_to(&ticket, user, is_new);
        assert_eq!(admit(&*store, &link, Some(&stored("s1"))).await, Admitted::Changed, "{user}");
    }
    assert!(!has_session(&*store, "s1").await);
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_some());
    assert!(is_good(&*store, &ticket).await);
    let link = link_to(&ticket, "ada", false);
    assert_eq!(admit(&*store, &link, Some(&stored("s1"))).await, admitted("ada", false));
}

/// All or nothing: the ticket stays where the session cannot be written, or the user's id is somebody's.
pub async fn a_followed_link_that_cannot_be_carried_out_uses_nothing_up(store: Arc<dyn Store>) {
    let taken =
        Admission::NewUser { user: new_user("taken", &email("taken")), password_hash: "hash".to_owned() };
    admit(&*store, &taken, Some(&stored("s1"))).await;
    let ticket = mail(&*store, "ada", "h1").await;
    assert!(store.admit(&link_to(&ticket, "ada", true), Some(&stored("s1")), NOW, &[]).await.is_err());
    assert!(store.admit(&link_to(&ticket, "taken", true), Some(&stored("s2")), NOW, &[]).await.is_err());
    assert!(is_good(&*store, &ticket).await);
    assert_eq!(store.user_by_email(&email("ada")).await.expect("answers"), None);
    assert_eq!(store.user(&id("ada")).await.expect("answers"), None);
    assert!(!has_session(&*store, "s2").await);
    assert_eq!(admit(&*store, &link_to(&ticket, "ada", true), None).await, admitted("ada", true));
}

/// What somebody else made and is good once lets in once: another time it writes nothing.
pub async fn lesson_37_what_let_somebody_in_lets_in_nobody_again(store: Arc<dyn Store>) {
    let spent = |hash: &str| Some(spent(hash));
    let ada = Vouched { spent: spent("t1"), ..vouched(key("google", "1"), "ada", Some(true)) };
    admit(&*store, &sign_up("taken"), Some(&stored("s0"))).await;
    let clash = store.admit(&made(&ada, "u1"), Some(&stored("s0")), NOW, &[]).await;
    assert!(clash.is_err(), "it let nobody in, and is not used up");
    assert_eq!(admit(&*store, &made(&ada, "u1"), Some(&stored("s1"))).await, admitted("u1", true));
    assert_eq!(admit(&*store, &owned(&ada, "u1"), Some(&stored("s2"))).await, Admitted::Changed);
    let bob = Vouched { spent: spent("t1"), ..vouched(key("google", "2"), "bob", Some(true)) };
    assert_eq!(admit(&*store, &made(&bob, "u2"), Some(&stored("s2"))).await, Admitted::Changed);
    assert_eq!(store.user(&id("u2")).await.expect("answers"), None);
    assert!(!has_session(&*store, "s2").await);
    let again = Vouched { spent: spent("t2"), ..ada };
    assert_eq!(admit(&*store, &owned(&again, "u1"), Some(&stored("s2"))).await, admitted("u1", false));
    assert_eq!(
        store.sweep(LATER.plus(INSTANT)).await.expect("answers"),
        5,
        "with three sessions: forgotten in time"
    );
}

/// That something that admits was used.
pub(super) fn spent(hash: &str) -> Ticket {
    let key =
        TicketKey { purpose: Purpose::SPENT_ID_TOKEN, subject: "google".to_owned(), hash: hash.to_owned() };
    Ticket { key, data: String::new(), created: NOW, expires: LATER }
}

/// A ticket that is good until this very moment is not over yet.
pub async fn a_sweep_takes_expired_tickets_and_no_other(store: Arc<dyn Store>) {
    for (hash, expires) in [("over", NOW.minus(INSTANT)), ("now", NOW), ("alive", LATER)] {
        store.issue_ticket(&Ticket { expires, ..ticket("ada", hash) }).await.expect("answers");
    }
    assert_eq!(store.sweep(NOW).await.expect("answers"), 1);
    let before = NOW.minus(Duration::from_secs(60));
    for (hash, left) in [("over", false), ("now", true), ("alive", true)] {
        let read = store.ticket(&ticket("ada", hash).key, before).await.expect("answers");
        assert_eq!(read.is_some(), left, "{hash}");
    }
    assert_eq!(store.sweep(NOW).await.expect("answers"), 0);
}

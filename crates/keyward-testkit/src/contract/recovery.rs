//! What people prove, change, take back and give up: each whole or not at all, by a ticket that is good once.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    event::{About, EventKind, NewEvent},
    port::{
        AddressChange, AddressReturn, Changed, Departure, PasswordChange, Proving, Recovered, Reset, SetUpBy,
        Store, UserChange,
    },
    ticket::{Purpose, Ticket, TicketKey},
    time::Timestamp,
    user::{Address, Admission, Extra},
};
use serde_json::json;

use super::{
    LATER, NOW, UNTIL, account, admit, at_once, email, ended_ids, endings,
    factors::{code, protected, shows, strong, waiting},
    has_session, id, key, linked, made, sealed, sid, sign_up, stored, user, visit, vouched,
};

const SOON: Timestamp = Timestamp::from_millis(1_780_000_060_123);

fn ticket(purpose: Purpose, subject: &str, hash: &str) -> Ticket {
    let key = TicketKey { purpose, subject: subject.to_owned(), hash: hash.to_owned() };
    Ticket { key, data: "{}".to_owned(), created: NOW, expires: LATER }
}

fn told(what: &str) -> NewEvent {
    NewEvent::new(what.to_owned(), EventKind::UpdateUser, About::Anybody, json!({}), NOW)
}

async fn heard(store: &dyn Store) -> Vec<String> {
    let due = store.due_events(LATER, UNTIL, 100).await.expect("answers");
    due.into_iter().map(|event| event.id).collect()
}

/// Issues a ticket of this purpose for this subject.
async fn issue(store: &dyn Store, purpose: Purpose, subject: &str, hash: &str) -> TicketKey {
    let ticket = ticket(purpose, subject, hash);
    store.issue_by_mail(&ticket, &[]).await.expect("answers");
    ticket.key
}

async fn is_good(store: &dyn Store, key: &TicketKey) -> bool {
    store.ticket(key, NOW).await.expect("answers").is_some()
}

async fn password(store: &dyn Store, name: &str) -> Option<String> {
    store.password_by_email(&email(name)).await.expect("answers").map(|password| password.hash)
}

fn resetting(ticket: &TicketKey, name: &str, hash: &str) -> Reset {
    Reset { ticket: ticket.clone(), user: id(name), hash: hash.to_owned(), until: UNTIL }
}

async fn reset(store: &dyn Store, what: &Reset) -> Recovered {
    store.reset_password(what, SOON, &[told("reset")]).await.expect("answers")
}

async fn prove(store: &dyn Store, ticket: &TicketKey, name: &str, by: SetUpBy) -> Recovered {
    let what = Proving { ticket: ticket.clone(), user: id(name), by };
    store.prove_address(&what, SOON, &[told("proven")]).await.expect("answers")
}

fn changing(ticket: &TicketKey, name: &str, session: &str, verified: bool) -> AddressChange {
    AddressChange {
        ticket: ticket.clone(),
        user: id(name),
        from: Some(Address { address: email(name), verified }),
        session: sid(session),
        way_back: None,
        until: UNTIL,
    }
}

async fn change(store: &dyn Store, what: &AddressChange) -> Recovered {
    store.change_address(what, SOON, &[told("changed")]).await.expect("answers")
}

/// Keeps this user out.
async fn disable(store: &dyn Store, name: &str) {
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    store.change_user(&id(name), &change, NOW, UNTIL, &[]).await.expect("answers");
}

/// The mail and its ticket stand together, or neither does.
pub async fn a_ticket_is_issued_with_its_mail_or_not_at_all(store: Arc<dyn Store>) {
    let first = ticket(Purpose::PASSWORD_RESET, &email("ada"), "h1");
    store.issue_by_mail(&first, &[told("a")]).await.expect("answers");
    assert!(store.issue_by_mail(&first, &[told("b")]).await.is_err(), "the key is in use");
    assert!(is_good(&*store, &first.key).await);
    assert_eq!(heard(&*store).await, ["a"]);
}

/// Who signed up and proves it keeps all that they set up.
pub async fn an_address_is_proven_by_who_set_the_account_up_and_everything_stays(store: Arc<dyn Store>) {
    let ways =
        [SetUpBy::Session(sid("s-ada")), SetUpBy::Password("hash of ada".to_owned()), SetUpBy::Browser];
    admit(&*store, &sign_up("ada"), Some(&stored("s-ada"))).await;
    for (n, by) in ways.into_iter().enumerate() {
        let key = issue(&*store, Purpose::EMAIL_VERIFY, &email("ada"), &format!("h{n}")).await;
        assert_eq!(prove(&*store, &key, "ada", by.clone()).await, Recovered::Done, "{by:?}");
        assert_eq!(prove(&*store, &key, "ada", by).await, Recovered::Gone, "used up");
        assert_eq!(user(&*store, "ada").await.email_verified, Some(SOON), "the first time counts");
    }
    assert_eq!(password(&*store, "ada").await.as_deref(), Some("hash of ada"));
    assert!(has_session(&*store, "s-ada").await);
}

/// Whoever follows a link to an account that a stranger set up in their name does not make it theirs (lesson 43).
pub async fn lesson_43_an_address_is_not_proven_by_who_did_not_set_the_account_up(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s-ada"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s-bob"))).await;
    let key = issue(&*store, Purpose::EMAIL_VERIFY, &email("ada"), "h1").await;
    let refused = [
        (SetUpBy::Session(sid("s-bob")), Recovered::SignedOut),
        (SetUpBy::Session(sid("none")), Recovered::SignedOut),
        (SetUpBy::Password("hash of bob".to_owned()), Recovered::Changed),
    ];
    for (by, expected) in refused {
        assert_eq!(prove(&*store, &key, "ada", by).await, expected);
    }
    assert_eq!(prove(&*store, &key, "bob", SetUpBy::Browser).await, Recovered::Changed, "not his address");
    assert_eq!(user(&*store, "ada").await.email_verified, None);
    assert!(is_good(&*store, &key).await, "nothing was used up");
    assert_eq!(heard(&*store).await, Vec::<String>::new());
}

/// A reset is one transition: password, sessions, other tickets, and what is told of it.
pub async fn a_reset_sets_the_password_ends_every_session_and_voids_the_other_tickets(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s2"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&sealed("s3"))).await;
    let key = issue(&*store, Purpose::PASSWORD_RESET, &email("ada"), "h1").await;
    let other = issue(&*store, Purpose::PASSWORD_RESET, &email("ada"), "h2").await;
    let bobs = issue(&*store, Purpose::PASSWORD_RESET, &email("bob"), "h3").await;
    let link = issue(&*store, Purpose::EMAIL_LINK, &email("ada"), "h4").await;
    assert_eq!(reset(&*store, &resetting(&key, "ada", "new")).await, Recovered::Done);
    assert_eq!(password(&*store, "ada").await.as_deref(), Some("new"));
    assert_eq!(password(&*store, "bob").await.as_deref(), Some("hash of bob"));
    assert!(!has_session(&*store, "s1").await && has_session(&*store, "s2").await);
    assert_eq!(ended_ids(&*store).await, ["s1", "s3"], "sealed ones are remembered");
    assert!(!is_good(&*store, &key).await && !is_good(&*store, &other).await);
    assert!(is_good(&*store, &bobs).await && is_good(&*store, &link).await);
    assert_eq!(heard(&*store).await, ["reset"]);
    assert_eq!(reset(&*store, &resetting(&key, "ada", "newer")).await, Recovered::Gone);
    assert_eq!(password(&*store, "ada").await.as_deref(), Some("new"));
}

/// Who has the mailbox owns the account; who set it up without proof is out (lesson 43).
pub async fn lesson_43_a_reset_is_the_first_proof_of_an_address_and_ends_what_was_set_up_without(
    store: Arc<dyn Store>,
) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    visit(&*store, "ada").await;
    let squatter = linked(&vouched(key("github", "squatter"), "squatter", None), "ada");
    admit(&*store, &squatter, Some(&stored("s2"))).await;
    let key = issue(&*store, Purpose::PASSWORD_RESET, &email("ada"), "h1").await;
    assert_eq!(reset(&*store, &resetting(&key, "ada", "new")).await, Recovered::Done);
    assert_eq!(user(&*store, "ada").await.email_verified, Some(SOON));
    assert_eq!(store.accounts_of(&id("ada")).await.expect("answers"), []);
    assert!(!has_session(&*store, "s1").await && !has_session(&*store, "s2").await);
    assert_eq!(password(&*store, "ada").await.as_deref(), Some("new"));
}

/// What was proven before stays as it is.
pub async fn a_reset_leaves_accounts_of_a_proven_address_alone(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let verify = issue(&*store, Purpose::EMAIL_VERIFY, &email("ada"), "h0").await;
    assert_eq!(prove(&*store, &verify, "ada", SetUpBy::Browser).await, Recovered::Done);
    visit(&*store, "ada").await;
    let account = linked(&vouched(key("github", "7"), "ada", None), "ada");
    admit(&*store, &account, Some(&stored("s2"))).await;
    let key = issue(&*store, Purpose::PASSWORD_RESET, &email("ada"), "h1").await;
    assert_eq!(reset(&*store, &resetting(&key, "ada", "new")).await, Recovered::Done);
    assert_eq!(store.accounts_of(&id("ada")).await.expect("answers").len(), 1);
}

/// Lesson 47: a ticket for something else, of somebody else, or whose time is over (lesson 48) resets nothing.
pub async fn lesson_47_a_reset_takes_its_own_ticket_and_no_other(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &sign_up("bob"), None).await;
    let good = issue(&*store, Purpose::PASSWORD_RESET, &email("ada"), "h1").await;
    let bobs = issue(&*store, Purpose::PASSWORD_RESET, &email("bob"), "h2").await;
    let wrong = [
        (TicketKey { purpose: Purpose::EMAIL_VERIFY, ..good.clone() }, Recovered::Gone),
        (TicketKey { purpose: Purpose::EMAIL_LINK, ..good.clone() }, Recovered::Gone),
        (TicketKey { hash: "h2".to_owned(), ..good.clone() }, Recovered::Gone),
        (bobs, Recovered::Changed),
    ];
    for (key, expected) in wrong {
        assert_eq!(reset(&*store, &resetting(&key, "ada", "new")).await, expected, "{key:?}");
    }
    let late = LATER.plus(Duration::from_millis(1));
    let answer = store.reset_password(&resetting(&good, "ada", "new"), late, &[]).await.expect("answers");
    assert_eq!(answer, Recovered::Gone, "lesson 48: its time is over");
    disable(&*store, "ada").await;
    assert_eq!(reset(&*store, &resetting(&good, "ada", "new")).await, Recovered::Disabled, "lesson 57");
    assert_eq!(password(&*store, "ada").await.as_deref(), Some("hash of ada"));
    assert!(is_good(&*store, &good).await);
    assert_eq!(heard(&*store).await, Vec::<String>::new());
}

/// Lessons 21 and 37, under load.
pub async fn lesson_21_of_fifty_at_one_reset_link_one_wins(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let key = issue(&*store, Purpose::PASSWORD_RESET, &email("ada"), "h1").await;
    let answers = at_once(50, |n| {
        let (store, what) = (Arc::clone(&store), resetting(&key, "ada", &format!("new {n}")));
        async move { store.reset_password(&what, SOON, &[told("reset")]).await.expect("answers") }
    })
    .await;
    let winners: Vec<_> = (0..50).filter(|n| answers[*n] == Recovered::Done).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Recovered::Gone).count(), 49);
    assert_eq!(password(&*store, "ada").await, Some(format!("new {}", winners[0])));
    assert_eq!(heard(&*store).await.len(), 1);
}

/// The old password has to stand, the session has to be there; everybody else is put out.
pub async fn a_changed_password_ends_every_other_session(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let other = Admission::User(id("ada"));
    admit(&*store, &other, Some(&sealed("s2"))).await;
    let link = issue(&*store, Purpose::PASSWORD_RESET, &email("ada"), "h1").await;
    let what = |from: Option<&str>, session: &str| PasswordChange {
        user: id("ada"),
        from: from.map(str::to_owned),
        to: "new".to_owned(),
        session: sid(session),
        until: UNTIL,
    };
    for (from, session, expected) in [
        (Some("other"), "s1", Recovered::Changed),
        (None, "s1", Recovered::Changed),
        (Some("hash of ada"), "none", Recovered::SignedOut),
    ] {
        let answer = store.change_password(&what(from, session), &[told("x")]).await.expect("answers");
        assert_eq!(answer, expected);
    }
    assert!(is_good(&*store, &link).await && ended_ids(&*store).await.is_empty());
    let answer =
        store.change_password(&what(Some("hash of ada"), "s1"), &[told("y")]).await.expect("answers");
    assert_eq!(answer, Recovered::Done);
    assert_eq!(password(&*store, "ada").await.as_deref(), Some("new"));
    assert!(has_session(&*store, "s1").await);
    assert_eq!(ended_ids(&*store).await, ["s2"]);
    assert!(!is_good(&*store, &link).await, "a link from before opens nothing");
    assert_eq!(heard(&*store).await, ["y"]);
}

/// Somebody who comes by another way chooses their first password.
pub async fn a_first_password_is_set_where_there_is_none(store: Arc<dyn Store>) {
    admit(&*store, &made(&vouched(key("github", "7"), "ada", Some(true)), "ada"), Some(&stored("s1"))).await;
    let what = PasswordChange {
        user: id("ada"),
        from: None,
        to: "new".to_owned(),
        session: sid("s1"),
        until: UNTIL,
    };
    assert_eq!(store.change_password(&what, &[]).await.expect("answers"), Recovered::Done);
    assert_eq!(password(&*store, "ada").await.as_deref(), Some("new"));
    assert_eq!(store.change_password(&what, &[]).await.expect("answers"), Recovered::Changed, "now there is");
}

/// The new address is proven, and every session says it.
pub async fn a_changed_address_is_proven_and_every_session_says_it(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let key = issue(&*store, Purpose::EMAIL_CHANGE, "new@example.org", "h1").await;
    let what = changing(&key, "ada", "s1", false);
    assert_eq!(change(&*store, &what).await, Recovered::Done);
    let ada = user(&*store, "ada").await;
    assert_eq!((ada.email.as_deref(), ada.email_verified), (Some("new@example.org"), Some(SOON)));
    let session = store.session(&super::token("s1")).await.expect("answers").expect("open");
    assert_eq!(session.claims.text("email"), Some("new@example.org"));
    assert_eq!(endings(&*store).await.iter().map(|change| change.what).collect::<Vec<_>>(), [Changed::To(1)]);
    assert_eq!(store.user_by_email(&email("ada")).await.expect("answers"), None);
    assert_eq!(change(&*store, &what).await, Recovered::Gone);
    assert_eq!(heard(&*store).await, ["changed"]);
}

/// Lesson 58: the link works only while the session in which it was asked for is there, and for its user.
pub async fn lesson_58_an_address_is_changed_only_in_the_session_that_asked(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s2"))).await;
    let key = issue(&*store, Purpose::EMAIL_CHANGE, "new@example.org", "h1").await;
    let taken = issue(&*store, Purpose::EMAIL_CHANGE, &email("bob"), "h2").await;
    let good = changing(&key, "ada", "s1", false);
    let refused = [
        (AddressChange { session: sid("none"), ..good.clone() }, Recovered::SignedOut),
        (AddressChange { session: sid("s2"), ..good.clone() }, Recovered::SignedOut),
        (AddressChange { from: None, ..good.clone() }, Recovered::Changed),
        (changing(&key, "ada", "s1", true), Recovered::Changed),
        (changing(&taken, "ada", "s1", false), Recovered::Taken),
        (
            AddressChange {
                ticket: TicketKey { purpose: Purpose::EMAIL_VERIFY, ..key.clone() },
                ..good.clone()
            },
            Recovered::Gone,
        ),
    ];
    for (what, expected) in refused {
        assert_eq!(change(&*store, &what).await, expected, "{what:?}");
    }
    assert_eq!(user(&*store, "ada").await.email, Some(email("ada")));
    assert!(is_good(&*store, &key).await && is_good(&*store, &taken).await);
    assert_eq!(change(&*store, &good).await, Recovered::Done);
}

/// The way back is there with the change, and takes what whoever made it may have.
pub async fn a_change_of_address_is_taken_back_with_all_that_came_since(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let verify = issue(&*store, Purpose::EMAIL_VERIFY, &email("ada"), "h0").await;
    prove(&*store, &verify, "ada", SetUpBy::Browser).await;
    let change_at = |n: i64| SOON.plus(Duration::from_secs(60 * n.unsigned_abs()));
    let mut from = email("ada");
    let mut ways = Vec::new();
    for (n, to) in [(1, "thief@example.org"), (2, "other@example.org")] {
        let key = issue(&*store, Purpose::EMAIL_CHANGE, to, &format!("c{n}")).await;
        let way_back =
            Ticket { created: change_at(n), ..ticket(Purpose::EMAIL_RETURN, "ada", &format!("r{n}")) };
        let what = AddressChange {
            from: Some(Address { address: from.clone(), verified: true }),
            way_back: Some(way_back.clone()),
            ..changing(&key, "ada", "s1", true)
        };
        let answer = store.change_address(&what, change_at(n), &[]).await.expect("answers");
        assert_eq!(answer, Recovered::Done);
        ways.push((way_back.key, std::mem::replace(&mut from, to.to_owned()), change_at(n)));
    }
    let (first, second) = (&ways[0], &ways[1]);
    let what = |way: &(TicketKey, String, Timestamp), hash: &str| AddressReturn {
        ticket: way.0.clone(),
        user: id("ada"),
        address: way.1.clone(),
        since: way.2,
        reset: ticket(Purpose::PASSWORD_RESET, &way.1, hash),
        until: UNTIL,
    };
    let back = store.return_address(&what(first, "new"), LATER, &[told("back")]).await.expect("answers");
    assert_eq!(back, Recovered::Done);
    assert_eq!(user(&*store, "ada").await.email, Some(email("ada")));
    assert_eq!(password(&*store, "ada").await, None);
    assert!(!has_session(&*store, "s1").await);
    let again = store.return_address(&what(second, "newer"), LATER, &[]).await.expect("answers");
    assert_eq!(again, Recovered::Gone, "who changed it twice has no way back of their own");
    let reset_key = ticket(Purpose::PASSWORD_RESET, &email("ada"), "new").key;
    assert_eq!(reset(&*store, &resetting(&reset_key, "ada", "mine")).await, Recovered::Done);
    assert_eq!(password(&*store, "ada").await.as_deref(), Some("mine"));
}

/// What whoever changed the address set up locks nobody out; what was there before still protects its owner.
pub async fn lesson_63_a_change_of_address_is_taken_back_with_the_factors_that_came_since(
    store: Arc<dyn Store>,
) {
    for (name, since, are_left) in [("ada", NOW, false), ("bob", SOON, true)] {
        protected(&*store, name).await;
        let way = issue(&*store, Purpose::EMAIL_RETURN, name, "r1").await;
        let what = AddressReturn {
            ticket: way,
            user: id(name),
            address: email(name),
            since,
            reset: ticket(Purpose::PASSWORD_RESET, &email(name), "n"),
            until: UNTIL,
        };
        assert_eq!(store.return_address(&what, LATER, &[]).await.expect("answers"), Recovered::Done);
        let left = store.factors(&id(name)).await.expect("answers");
        let there = (left.app.is_some(), left.recovery_codes > 0, !left.passkeys.is_empty());
        assert_eq!(there, (are_left, are_left, are_left), "{name}");
    }
}

/// Lesson 53: who is half in by the old password does not get in by the second factor.
pub async fn lesson_53_a_new_password_ends_the_sign_ins_that_wait_for_their_second_factor(
    store: Arc<dyn Store>,
) {
    for by_reset in [true, false] {
        let name = if by_reset { "ada" } else { "bob" };
        protected(&*store, name).await;
        let half_open = waiting(name);
        store.issue_ticket(&half_open).await.expect("answers");
        let session = format!("s-{name}");
        let second = shows(name, None, code(12));
        admit(&*store, &second, Some(&strong(&session))).await;
        let done = if by_reset {
            let key = issue(&*store, Purpose::PASSWORD_RESET, &email(name), "h1").await;
            reset(&*store, &resetting(&key, name, "new")).await
        } else {
            let what = PasswordChange {
                user: id(name),
                from: Some(format!("hash of {name}")),
                to: "new".to_owned(),
                session: sid(&session),
                until: UNTIL,
            };
            store.change_password(&what, &[]).await.expect("answers")
        };
        assert_eq!(done, Recovered::Done);
        assert!(!is_good(&*store, &half_open.key).await, "by_reset={by_reset}");
    }
}

/// An older way back stays: the thief who took the newest one does not take the owner's.
pub async fn an_earlier_way_back_outlives_a_later_one(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let older = Ticket { created: NOW, ..ticket(Purpose::EMAIL_RETURN, "ada", "r1") };
    let newer = Ticket { created: SOON, ..ticket(Purpose::EMAIL_RETURN, "ada", "r2") };
    for way in [&older, &newer] {
        store.issue_ticket(way).await.expect("answers");
    }
    let what = AddressReturn {
        ticket: newer.key.clone(),
        user: id("ada"),
        address: email("thief"),
        since: SOON,
        reset: ticket(Purpose::PASSWORD_RESET, &email("thief"), "n"),
        until: UNTIL,
    };
    assert_eq!(store.return_address(&what, LATER, &[]).await.expect("answers"), Recovered::Done);
    assert!(is_good(&*store, &older.key).await);
}

/// An address that somebody else has by now does not come back, and a way back is good once.
pub async fn an_address_that_is_somebody_elses_by_now_does_not_come_back(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &sign_up("bob"), None).await;
    let way = issue(&*store, Purpose::EMAIL_RETURN, "ada", "r1").await;
    let what = |address: &str| AddressReturn {
        ticket: way.clone(),
        user: id("ada"),
        address: email(address),
        since: NOW,
        reset: ticket(Purpose::PASSWORD_RESET, &email(address), "n"),
        until: UNTIL,
    };
    let answer = store.return_address(&what("bob"), SOON, &[told("x")]).await.expect("answers");
    assert_eq!(answer, Recovered::Taken);
    disable(&*store, "ada").await;
    assert_eq!(store.return_address(&what("old"), SOON, &[]).await.expect("answers"), Recovered::Disabled);
    assert!(is_good(&*store, &way).await && password(&*store, "ada").await.is_some());
    assert!(!is_good(&*store, &ticket(Purpose::PASSWORD_RESET, &email("bob"), "n").key).await);
}

/// Lesson 56: nothing of them is left, and nobody else loses anything.
pub async fn lesson_56_who_departs_leaves_nothing_behind(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&sealed("s2"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s3"))).await;
    admit(&*store, &account("shop", "7", "carol", "carol"), None).await;
    let hers = issue(&*store, Purpose::PASSWORD_RESET, &email("ada"), "h1").await;
    let way = issue(&*store, Purpose::EMAIL_RETURN, "ada", "h2").await;
    let bobs = issue(&*store, Purpose::PASSWORD_RESET, &email("bob"), "h3").await;
    let what = |session: &str| Departure { user: id("ada"), session: sid(session), until: UNTIL };
    for session in ["none", "s3"] {
        let answer = store.depart(&what(session), &[told("x")]).await.expect("answers");
        assert_eq!(answer, Recovered::SignedOut, "{session}");
    }
    assert_eq!(store.depart(&what("s1"), &[told("gone")]).await.expect("answers"), Recovered::Done);
    assert_eq!(store.user(&id("ada")).await.expect("answers"), None);
    assert_eq!(store.user_by_email(&email("ada")).await.expect("answers"), None);
    assert_eq!(ended_ids(&*store).await, ["s1", "s2"]);
    assert!(!is_good(&*store, &hers).await && !is_good(&*store, &way).await);
    assert!(is_good(&*store, &bobs).await && has_session(&*store, "s3").await);
    assert_eq!(heard(&*store).await, ["gone"]);
    assert_eq!(store.depart(&what("s1"), &[]).await.expect("answers"), Recovered::SignedOut);
}

/// What an operator says of a user stays what it was through all of it.
pub async fn lesson_45_recovery_changes_nothing_that_an_operator_said(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let claims = Extra::from_iter([("role".to_owned(), json!("admin"))]);
    let said = UserChange { claims: claims.clone(), ..UserChange::default() };
    store.change_user(&id("ada"), &said, NOW, UNTIL, &[]).await.expect("answers");
    let key = issue(&*store, Purpose::EMAIL_CHANGE, "new@example.org", "h1").await;
    assert_eq!(change(&*store, &changing(&key, "ada", "s1", false)).await, Recovered::Done);
    let ada = user(&*store, "ada").await;
    assert_eq!((ada.claims, ada.name.as_deref(), ada.disabled), (claims, Some("ada"), None));
}

//! Second factors and passkeys: asked for, used up, changed.

use std::{sync::Arc, time::Duration};

use keyward_core::{
    event::{About, EventKind, NewEvent},
    method::passkey::Passkey,
    policy::{assurance::MOST_TRIES, ways::WaysIn},
    port::{
        Admitted, CodeKind, Ending, FactorChange, FactorChanged, FactorEdit, KeptApp, MOST_PASSKEYS,
        NewSession, Replaced, Shown, Store, Tried, Unlinked, Unlinking, UserChange, Which,
    },
    ticket::{Purpose, Ticket, TicketKey, first_half, half_finished_by},
    user::Admission,
};

use super::{
    LATER, NOW, UNTIL, account, admit, admitted, at_once, email, has_session, id, key, linked, new_user, sid,
    sign_up, stored, tickets::mail, token, unlinking, vouched,
};

fn app(step: i64) -> KeptApp {
    KeptApp { secret: b"sealed".to_vec(), step }
}

fn passkey(name: &str, user: &str) -> Passkey {
    Passkey {
        id: name.to_owned(),
        user: id(user),
        key: vec![1, 2, 3],
        counter: 5,
        transports: "internal,hybrid".to_owned(),
        backed_up: false,
        name: "Phone".to_owned(),
        created: NOW,
        used: None,
    }
}

fn spent(challenge: &str) -> Ticket {
    let key =
        TicketKey { purpose: Purpose::SPENT_CHALLENGE, subject: String::new(), hash: challenge.to_owned() };
    Ticket { key, data: String::new(), created: NOW, expires: LATER }
}

pub(super) fn waiting(user: &str) -> Ticket {
    let key = TicketKey {
        purpose: Purpose::SECOND_FACTOR,
        subject: half_finished_by(user),
        hash: format!("of {user}"),
    };
    Ticket { key, data: "sealed".to_owned(), created: NOW, expires: LATER }
}

/// A session that was opened with two factors.
pub(super) fn strong(session: &str) -> NewSession {
    NewSession { is_complete: true, ..stored(session) }
}

async fn edit(store: &dyn Store, user: &str, edit: FactorEdit) -> FactorChanged {
    let ways = WaysIn { password: true, passkey: true, ..WaysIn::default() };
    let change = FactorChange { user: id(user), session: None, ways, edit };
    store.change_factors(&change, NOW, &[]).await.expect("answers")
}

/// Somebody with an authenticator app (last period 10), two recovery codes and a passkey.
pub(super) async fn protected(store: &dyn Store, name: &str) {
    admit(store, &sign_up(name), None).await;
    protect(store, name).await;
    let (passkey, spent) = (passkey(&format!("key of {name}"), name), spent(&format!("made by {name}")));
    assert_eq!(edit(store, name, FactorEdit::AddPasskey { passkey, spent }).await, FactorChanged::Done);
}

/// `name` is asked for a code from now on.
pub(super) async fn protect(store: &dyn Store, name: &str) {
    let codes = vec!["c1".to_owned(), "c2".to_owned()];
    assert_eq!(edit(store, name, FactorEdit::AddApp { app: app(10), codes }).await, FactorChanged::Done);
}

pub(super) fn shows(user: &str, ticket: Option<&Ticket>, shown: Shown) -> Admission {
    Admission::Factor { user: id(user), ticket: ticket.map(|ticket| ticket.key.clone()), shown }
}

pub(super) fn code(step: i64) -> Shown {
    Shown::AppCode { step }
}

fn recovery(hash: &str) -> Shown {
    Shown::RecoveryCode { hash: hash.to_owned() }
}

fn signed(by: &str, counter: (u32, u32), challenge: &str) -> Shown {
    Shown::Passkey { id: by.to_owned(), counter, backed_up: true, spent: spent(challenge) }
}

/// Whatever the first factor was.
pub async fn lesson_63_no_first_factor_opens_a_session_for_who_has_a_second(store: Arc<dyn Store>) {
    let needs = Admitted::NeedsFactor { user: id("ada") };
    protected(&*store, "ada").await;
    let password = Admission::Password { user: id("ada"), hash: "hash of ada".to_owned() };
    for first in [Admission::User(id("ada")), password.clone()] {
        assert_eq!(admit(&*store, &first, Some(&stored("s1"))).await, needs, "{first:?}");
        assert!(takes_first_half(&*store, "ada").await, "{first:?}");
    }
    admit(&*store, &account("shop", "7", "Bob", "bob"), None).await;
    let codes = Vec::new();
    assert_eq!(edit(&*store, "bob", FactorEdit::AddApp { app: app(0), codes }).await, FactorChanged::Done);
    let back_end = admit(&*store, &account("shop", "7", "Bob", "new"), Some(&stored("s1"))).await;
    assert_eq!(back_end, Admitted::NeedsFactor { user: id("bob") });
    assert!(!takes_first_half(&*store, "ada").await && takes_first_half(&*store, "bob").await);
    assert!(!has_session(&*store, "s1").await);
    assert_eq!(store.session_record(&sid("s1")).await.expect("answers"), None);
    assert_eq!(
        admit(&*store, &password, None).await,
        admitted("ada", false),
        "without a session there is nothing to open"
    );
}

/// Whether the session `s1` of theirs waits for a second factor; not any more then.
async fn takes_first_half(store: &dyn Store, user: &str) -> bool {
    let first = first_half(user, "s1", NOW);
    store.consume_ticket(&first.key, NOW).await.expect("answers").is_some()
}

/// What it used up is used up, and nothing is told that did not happen.
pub async fn lesson_37_a_link_that_needs_a_second_factor_is_used_up(store: Arc<dyn Store>) {
    let first = mail(&*store, "ada", "h0").await;
    let link = |ticket: &Ticket, is_new| Admission::EmailLink {
        ticket: ticket.key.clone(),
        user: id("ada"),
        is_new,
        until: UNTIL,
    };
    admit(&*store, &link(&first, true), None).await;
    let codes = Vec::new();
    assert_eq!(edit(&*store, "ada", FactorEdit::AddApp { app: app(0), codes }).await, FactorChanged::Done);
    let again = mail(&*store, "ada", "h1").await;
    let told =
        [NewEvent::new("e1".to_owned(), EventKind::SignIn, About::Anybody, serde_json::json!({}), NOW)];
    let answer = store.admit(&link(&again, false), Some(&stored("s1")), NOW, &told).await.expect("answers");
    assert_eq!(answer, Admitted::NeedsFactor { user: id("ada") });
    assert_eq!(store.ticket(&again.key, NOW).await.expect("answers"), None);
    assert!(store.due_events(LATER, UNTIL, 10).await.expect("answers").is_empty());
}

/// Each of the three ways, with the ticket of the half-finished sign-in, and each once.
pub async fn lesson_64_a_second_factor_opens_the_session_and_is_used_up_with_its_ticket(
    store: Arc<dyn Store>,
) {
    protected(&*store, "ada").await;
    let shown = [code(11), recovery("c1"), signed("key of ada", (5, 6), "x1")];
    for (n, shown) in shown.into_iter().enumerate() {
        let (ticket, session) = (waiting("ada"), format!("s{n}"));
        store.issue_ticket(&ticket).await.expect("answers");
        let with = shows("ada", Some(&ticket), shown.clone());
        assert_eq!(admit(&*store, &with, Some(&strong(&session))).await, admitted("ada", false), "{shown:?}");
        assert!(has_session(&*store, &session).await);
        let late = NewSession { is_complete: true, ..stored("late") };
        assert_eq!(admit(&*store, &with, Some(&late)).await, Admitted::Gone, "the ticket is used up");
        let without = shows("ada", None, shown.clone());
        assert_eq!(admit(&*store, &without, Some(&late)).await, Admitted::Changed, "{shown:?} is used up");
        assert!(!has_session(&*store, "late").await);
    }
    let left = store.factors(&id("ada")).await.expect("answers");
    assert_eq!((left.app.expect("there").step, left.recovery_codes), (11, 1));
    let passkey = &left.passkeys[0];
    assert_eq!((passkey.counter, passkey.backed_up, passkey.used), (6, true, Some(NOW)));
}

/// An earlier period's code, another's recovery code or passkey, a counter that moved on: nothing of it is used up.
pub async fn lesson_44_a_second_factor_that_is_not_theirs_or_was_used_opens_nothing(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    admit(&*store, &sign_up("bob"), None).await;
    let ticket = waiting("ada");
    store.issue_ticket(&ticket).await.expect("answers");
    let session = strong("s1");
    let table = [
        ("ada", code(10)),
        ("ada", code(9)),
        ("ada", recovery("c3")),
        ("ada", recovery("")),
        ("ada", signed("key of ada", (4, 6), "x1")),
        ("ada", signed("key of bob", (5, 6), "x1")),
        ("ada", signed("key of ada", (5, 6), "made by ada")),
        ("bob", code(11)),
        ("bob", recovery("c1")),
        ("bob", signed("key of ada", (5, 6), "x1")),
    ];
    for (user, shown) in table {
        let who = shows(user, Some(&ticket), shown);
        assert_eq!(admit(&*store, &who, Some(&session)).await, Admitted::Changed, "{who:?}");
    }
    let nobody = shows("nobody", None, code(11));
    assert_eq!(admit(&*store, &nobody, Some(&session)).await, Admitted::Gone);
    assert!(!has_session(&*store, "s1").await);
    assert!(store.ticket(&ticket.key, NOW).await.expect("answers").is_some(), "it can still be finished");
}

/// Lesson 48: whether a sweep has been or not.
pub async fn lesson_48_a_sign_in_that_waited_too_long_is_over(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    let ticket = waiting("ada");
    store.issue_ticket(&ticket).await.expect("answers");
    let late = LATER.plus(Duration::from_millis(1));
    let who = shows("ada", Some(&ticket), code(11));
    assert_eq!(store.admit(&who, Some(&strong("s1")), late, &[]).await.expect("answers"), Admitted::Gone);
    let tried = store.try_code(&id("ada"), Some(&ticket.key), CodeKind::App, late).await.expect("answers");
    assert_eq!(tried, Tried::Ended);
}

/// Counted before they are looked at.
pub async fn lesson_64_a_ticket_has_five_tries_also_for_fifty_at_once(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    let ticket = waiting("ada");
    store.issue_ticket(&ticket).await.expect("answers");
    let answers = at_once(50, |_| {
        let (store, key) = (Arc::clone(&store), ticket.key.clone());
        async move { store.try_code(&id("ada"), Some(&key), CodeKind::Recovery, NOW).await.expect("answers") }
    })
    .await;
    let mut allowed: Vec<_> = answers
        .iter()
        .filter_map(|tried| if let Tried::Go(number) = tried { Some(*number) } else { None })
        .collect();
    allowed.sort_unstable();
    assert_eq!(allowed, (1..=MOST_TRIES).collect::<Vec<_>>());
    assert_eq!(answers.iter().filter(|tried| **tried == Tried::Ended).count(), 45);
}

/// New sign-ins give no new tries of an app's codes; recovery codes are held up by nothing, and a good code forgives.
pub async fn guesses_of_an_apps_codes_are_slowed_down_whatever_they_come_with(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    let tried = async |kind, now| store.try_code(&id("ada"), None, kind, now).await.expect("answers");
    for _ in 0..10 {
        assert_eq!(tried(CodeKind::App, NOW).await, Tried::Go(0));
    }
    let until = NOW.plus(Duration::from_secs(60));
    assert_eq!(tried(CodeKind::App, NOW).await, Tried::Held(until));
    assert_eq!(tried(CodeKind::Recovery, NOW).await, Tried::Go(0));
    assert_eq!(tried(CodeKind::App, until.minus(Duration::from_millis(1))).await, Tried::Held(until));
    assert_eq!(tried(CodeKind::App, until).await, Tried::Go(0));
    let longer = until.plus(Duration::from_secs(120));
    assert_eq!(tried(CodeKind::App, until).await, Tried::Held(longer));
    admit(&*store, &shows("ada", None, code(11)), Some(&strong("s1"))).await;
    assert_eq!(tried(CodeKind::App, until).await, Tried::Go(0));
}

/// Of many who bring the same code at the same moment, one gets in.
pub async fn lesson_21_of_fifty_uses_of_one_code_one_wins(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    for (n, shown) in [code(11), recovery("c1"), signed("key of ada", (5, 6), "x1")].into_iter().enumerate() {
        let answers = at_once(50, |task| {
            let (store, who) = (Arc::clone(&store), shows("ada", None, shown.clone()));
            async move { admit(&*store, &who, Some(&strong(&format!("s{n}-{task}")))).await }
        })
        .await;
        let admitted = answers.iter().filter(|answer| matches!(answer, Admitted::As { .. })).count();
        assert_eq!(admitted, 1, "{shown:?}");
    }
}

/// A passkey that cannot count is used again and again, for a new challenge each time.
pub async fn a_passkey_without_a_counter_answers_each_challenge_once(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let passkey = Passkey { counter: 0, ..passkey("k", "ada") };
    edit(&*store, "ada", FactorEdit::AddPasskey { passkey, spent: spent("made") }).await;
    for (challenge, session, answer) in [
        ("x1", "s1", admitted("ada", false)),
        ("x2", "s2", admitted("ada", false)),
        ("x1", "s3", Admitted::Changed),
    ] {
        let who = shows("ada", None, signed("k", (0, 0), challenge));
        assert_eq!(admit(&*store, &who, Some(&strong(session))).await, answer, "{challenge}");
    }
}

/// What one person holds.
pub async fn factors_are_changed_by_who_is_signed_in_and_come_back_as_they_went_in(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    admit(&*store, &sign_up("bob"), Some(&stored("bobs"))).await;
    let factors = store.factors(&id("ada")).await.expect("answers");
    assert_eq!((factors.app, factors.recovery_codes), (Some(app(10)), 2));
    assert_eq!(factors.passkeys, [passkey("key of ada", "ada")]);
    assert_eq!(store.passkey("key of ada").await.expect("answers"), Some(passkey("key of ada", "ada")));
    assert_eq!(store.passkey("key of bob").await.expect("answers"), None);
    assert_eq!(store.factors(&id("bob")).await.expect("answers"), keyward_core::port::Factors::default());
    let in_session = |user: &str, edit| FactorChange {
        user: id(user),
        session: Some(sid("bobs")),
        ways: WaysIn::default(),
        edit,
    };
    let theirs = in_session("ada", FactorEdit::RemoveApp);
    assert_eq!(store.change_factors(&theirs, NOW, &[]).await.expect("answers"), FactorChanged::SignedOut);
    let own = in_session("bob", FactorEdit::AddApp { app: app(0), codes: vec!["c1".to_owned()] });
    assert_eq!(store.change_factors(&own, NOW, &[]).await.expect("answers"), FactorChanged::Done);
    assert_eq!(store.change_factors(&own, NOW, &[]).await.expect("answers"), FactorChanged::Taken);
    assert_eq!(
        edit(&*store, "bob", FactorEdit::ReplaceCodes(vec!["d1".to_owned()])).await,
        FactorChanged::Done
    );
    let old = shows("bob", None, recovery("c1"));
    assert_eq!(admit(&*store, &old, Some(&strong("s1"))).await, Admitted::Changed);
    assert_eq!(edit(&*store, "bob", FactorEdit::RemoveApp).await, FactorChanged::Done);
    assert_eq!(edit(&*store, "bob", FactorEdit::RemoveApp).await, FactorChanged::NotFound);
    assert_eq!(edit(&*store, "bob", FactorEdit::ReplaceCodes(Vec::new())).await, FactorChanged::NotFound);
    assert_eq!(store.factors(&id("bob")).await.expect("answers").recovery_codes, 0);
    assert_eq!(edit(&*store, "nobody", FactorEdit::Reset { passkeys: true }).await, FactorChanged::SignedOut);
    assert_eq!(edit(&*store, "ada", FactorEdit::Reset { passkeys: false }).await, FactorChanged::Done);
    let left = store.factors(&id("ada")).await.expect("answers");
    assert_eq!((left.app, left.recovery_codes, left.passkeys.len()), (None, 0, 1));
    assert_eq!(edit(&*store, "ada", FactorEdit::Reset { passkeys: true }).await, FactorChanged::Done);
    assert!(store.factors(&id("ada")).await.expect("answers").passkeys.is_empty());
}

/// Ids are the authenticators': one that two people have is nobody's to take over.
pub async fn a_passkey_is_one_persons_and_nobody_has_too_many(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    admit(&*store, &sign_up("bob"), None).await;
    let add = |name: &str, challenge: &str| FactorEdit::AddPasskey {
        passkey: passkey(name, "ada"),
        spent: spent(challenge),
    };
    assert_eq!(edit(&*store, "bob", add("key of ada", "x1")).await, FactorChanged::Taken);
    assert_eq!(
        edit(&*store, "bob", add("k0", "made by ada")).await,
        FactorChanged::Taken,
        "a challenge that was answered"
    );
    for n in 0..MOST_PASSKEYS {
        assert_eq!(edit(&*store, "bob", add(&format!("k{n}"), &format!("y{n}"))).await, FactorChanged::Done);
    }
    assert_eq!(edit(&*store, "bob", add("one more", "z")).await, FactorChanged::TooMany);
    let bobs = store.factors(&id("bob")).await.expect("answers").passkeys;
    assert!(bobs.iter().all(|passkey| passkey.user == id("bob")));
    assert_eq!(bobs.iter().map(|passkey| &*passkey.id).collect::<Vec<_>>()[..3], ["k0", "k1", "k2"]);
    assert_eq!(
        edit(&*store, "ada", FactorEdit::RemovePasskey("k0".to_owned())).await,
        FactorChanged::NotFound
    );
    assert_eq!(edit(&*store, "bob", FactorEdit::RemovePasskey("k0".to_owned())).await, FactorChanged::Done);
}

/// Somebody who came with a passkey, and has nothing else.
pub async fn a_new_person_with_a_passkey_cannot_lose_it_unless_they_have_another_way(store: Arc<dyn Store>) {
    let sign_up = |name: &str, key: &str, challenge: &str| Admission::NewPasskey {
        user: new_user(name, &email(name)),
        passkey: Box::new(passkey(key, name)),
        spent: spent(challenge),
    };
    let made = admit(&*store, &sign_up("ada", "k1", "x1"), Some(&strong("s1"))).await;
    assert_eq!(made, admitted("ada", true));
    assert!(has_session(&*store, "s1").await);
    for (name, key, challenge, answer) in [
        ("bob", "k1", "x2", Admitted::Changed),
        ("bob", "k2", "x1", Admitted::Changed),
        ("ada", "k2", "x2", Admitted::EmailTaken),
    ] {
        assert_eq!(
            admit(&*store, &sign_up(name, key, challenge), Some(&strong("s2"))).await,
            answer,
            "{name} {key}"
        );
    }
    assert_eq!(store.user_by_email(&email("bob")).await.expect("answers"), None);
    assert_eq!(
        edit(&*store, "ada", FactorEdit::RemovePasskey("k1".to_owned())).await,
        FactorChanged::LastWay
    );
    let add = FactorEdit::AddPasskey { passkey: passkey("k3", "ada"), spent: spent("x3") };
    assert_eq!(edit(&*store, "ada", add).await, FactorChanged::Done);
    assert_eq!(edit(&*store, "ada", FactorEdit::RemovePasskey("k1".to_owned())).await, FactorChanged::Done);
}

/// Lesson 43: who set up a second factor under somebody else's address keeps its owner out with nothing.
pub async fn lesson_43_a_first_proof_ends_second_factors_and_passkeys(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    let ticket = mail(&*store, "ada", "h1").await;
    let link = Admission::EmailLink { ticket: ticket.key, user: id("ada"), is_new: false, until: UNTIL };
    assert_eq!(admit(&*store, &link, Some(&stored("s1"))).await, admitted("ada", false));
    assert_eq!(store.factors(&id("ada")).await.expect("answers"), keyward_core::port::Factors::default());
}

/// Lesson 56: nothing of them is left, and their passkey's id is free.
pub async fn lesson_56_deleting_a_user_deletes_second_factors_and_passkeys(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    store.delete_user(&email("ada"), UNTIL).await.expect("answers");
    assert_eq!(store.factors(&id("ada")).await.expect("answers"), keyward_core::port::Factors::default());
    assert_eq!(store.passkey("key of ada").await.expect("answers"), None);
    let who = shows("ada", None, code(11));
    assert_eq!(admit(&*store, &who, Some(&strong("s1"))).await, Admitted::Gone);
}

/// Whoever knew the old password gets no further with what it began.
pub async fn a_new_password_ends_half_finished_sign_ins_too(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    protected(&*store, "bob").await;
    let [adas, bobs] = ["ada", "bob"].map(waiting);
    for ticket in [&adas, &bobs] {
        store.issue_ticket(ticket).await.expect("answers");
    }
    store.set_password(&email("ada"), "another", UNTIL, &[]).await.expect("answers");
    let who = shows("ada", Some(&adas), code(11));
    assert_eq!(admit(&*store, &who, Some(&strong("s1"))).await, Admitted::Gone);
    let who = shows("bob", Some(&bobs), code(11));
    assert_eq!(admit(&*store, &who, Some(&strong("s2"))).await, admitted("bob", false));
}

/// What ends somebody's sessions from elsewhere ends what was about to become one, and nobody else's.
pub async fn lesson_58_who_ends_their_sessions_ends_what_waits_for_a_second_factor(store: Arc<dyn Store>) {
    for name in ["ada", "bob"] {
        protected(&*store, name).await;
    }
    let here = sid("here");
    admit(&*store, &shows("ada", None, signed("key of ada", (5, 6), "x1")), Some(&strong("here"))).await;
    let is_half_in =
        async |name: &str| store.ticket(&waiting(name).key, NOW).await.expect("answers").is_some();
    store.issue_ticket(&waiting("bob")).await.expect("answers");
    for (which, asked_in, ends) in [
        (Which::One(here.clone()), Some(sid("over")), false),
        (Which::All, Some(sid("over")), false),
        (Which::One(sid("another")), Some(here.clone()), false),
        (Which::Others(here.clone()), Some(here.clone()), true),
        (Which::All, None, true),
        // Who has no session, but is half in.
        (Which::All, None, true),
    ] {
        if !is_half_in("ada").await {
            store.issue_ticket(&waiting("ada")).await.expect("answers");
        }
        store.end_sessions(&id("ada"), &which, asked_in.as_ref(), UNTIL, &[]).await.expect("answers");
        assert_eq!(is_half_in("ada").await, !ends, "{which:?} {asked_in:?}");
        assert!(is_half_in("bob").await);
    }
    for disabled in [true, false] {
        let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
        store.change_user(&id("bob"), &change, NOW, UNTIL, &[]).await.expect("answers");
    }
    assert!(!is_half_in("bob").await, "who was kept out begins anew");
    store.issue_ticket(&waiting("ada")).await.expect("answers");
    assert!(store.remove_user(&id("ada"), UNTIL, &[]).await.expect("answers"));
    assert!(!is_half_in("ada").await);
}

/// An account that is unlinked lets in nobody who is half in by it.
pub async fn lesson_58_unlinking_an_account_ends_what_waits_for_a_second_factor(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    visit_strongly(&*store, "ada").await;
    let google = vouched(key("google", "1"), "ada", None);
    let session = NewSession { is_complete: true, ..stored("linked") };
    assert_eq!(admit(&*store, &linked(&google, "ada"), Some(&session)).await, admitted("ada", false));
    store.issue_ticket(&waiting("ada")).await.expect("answers");
    let what = Unlinking {
        ways: WaysIn { password: true, ..WaysIn::default() },
        ..unlinking("ada", &google.key, &[])
    };
    assert_eq!(store.unlink_account(&what).await.expect("answers"), Unlinked::Done);
    assert_eq!(store.ticket(&waiting("ada").key, NOW).await.expect("answers"), None);
}

async fn visit_strongly(store: &dyn Store, user: &str) {
    let session = NewSession { id: sid(&format!("of {user}")), token: None, ..strong("any") };
    let who = shows(user, None, signed(&format!("key of {user}"), (5, 6), "visit"));
    assert_eq!(admit(store, &who, Some(&session)).await, admitted(user, false));
}

/// Lesson 57: also at the second step.
pub async fn lesson_57_who_is_kept_out_gets_in_by_no_second_factor(store: Arc<dyn Store>) {
    protected(&*store, "ada").await;
    let ticket = waiting("ada");
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    store.change_user(&id("ada"), &change, NOW, UNTIL, &[]).await.expect("answers");
    store.issue_ticket(&ticket).await.expect("answers");
    for shown in [code(11), recovery("c1"), signed("key of ada", (5, 6), "x1")] {
        for ticket in [Some(&ticket), None] {
            let who = shows("ada", ticket, shown.clone());
            assert_eq!(admit(&*store, &who, Some(&strong("s1"))).await, Admitted::Disabled, "{who:?}");
        }
    }
}

/// Lesson 55: who is signed in stays so until the second factor is shown.
pub async fn what_needs_a_second_factor_replaces_no_session(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("before"))).await;
    let codes = Vec::new();
    assert_eq!(edit(&*store, "ada", FactorEdit::AddApp { app: app(10), codes }).await, FactorChanged::Done);
    let replaces = Some(Replaced { which: Ending::Token(token("before")), until: UNTIL });
    let new = |session: &str| NewSession { replaces: replaces.clone(), ..stored(session) };
    let answer = admit(&*store, &Admission::User(id("ada")), Some(&new("s1"))).await;
    assert_eq!(answer, Admitted::NeedsFactor { user: id("ada") });
    assert!(has_session(&*store, "before").await);
    let strong = NewSession { is_complete: true, ..new("s2") };
    assert_eq!(admit(&*store, &shows("ada", None, code(11)), Some(&strong)).await, admitted("ada", false));
    assert!(has_session(&*store, "s2").await && !has_session(&*store, "before").await);
}

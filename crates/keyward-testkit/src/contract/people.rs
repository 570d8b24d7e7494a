//! What an operator changes of people: their sessions follow, and who is kept out comes in by nothing.

use std::sync::Arc;

use keyward_core::{
    port::{Admitted, Altered, Changed, Store, UserChange, Which},
    user::{Admission, User},
};
use serde_json::{Value, json};

use super::{
    NOW, UNTIL, account, admit, at_once, email, ended_ids, endings, has_session, id, key, link_to, linked,
    list, made, mail, new_user, owned, sealed, session_change, sessions::session_extra as extra, sid,
    sign_up, stored, token, user, visit, vouched,
};

async fn change(store: &dyn Store, name: &str, change: &UserChange) -> Altered<User> {
    store.change_user(&id(name), change, NOW, UNTIL, &[]).await.expect("the store answers")
}

fn claims(patch: Value) -> UserChange {
    UserChange { claims: extra(patch), ..UserChange::default() }
}

fn disabled(disabled: bool) -> UserChange {
    UserChange { disabled: Some(disabled), ..UserChange::default() }
}

async fn said(store: &dyn Store, session: &str) -> Value {
    let read = store.session(&token(session)).await.expect("the store answers").expect("there");
    serde_json::to_value(read.claims).expect("JSON")
}

/// Whatever the strategy, in the same transition.
pub async fn a_change_of_a_person_reaches_every_session_of_theirs(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&sealed("s2"))).await;
    admit(&*store, &sign_up("eve"), Some(&stored("of eve"))).await;
    let what = UserChange {
        name: Some(Some("Countess".to_owned())),
        image: Some(None),
        ..claims(json!({"role": "admin", "plan": null}))
    };
    let expected = User {
        name: Some("Countess".to_owned()),
        claims: extra(json!({"role": "admin"})),
        ..user(&*store, "ada").await
    };
    assert_eq!(change(&*store, "ada", &what).await, Altered::Done(expected.clone()));
    assert_eq!(user(&*store, "ada").await, expected);
    assert_eq!(said(&*store, "s1").await, json!({"name": "Countess", "sub": "s1", "role": "admin"}));
    let (version, overlay) = store.overlay(&sid("s2")).await.expect("answers").expect("there");
    let mut sealed = [("name", json!("Ada")), ("picture", json!("x")), ("plan", json!("free"))]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
    overlay.lay_over(&mut sealed, 0);
    assert_eq!(version, 1);
    assert_eq!(serde_json::to_value(sealed).expect("JSON"), json!({"name": "Countess", "role": "admin"}));
    assert_eq!(said(&*store, "of eve").await, json!({"name": "Ada", "sub": "of eve"}));
    let told: Vec<_> = endings(&*store).await.into_iter().map(|change| change.what).collect();
    assert_eq!(told, [Changed::To(1), Changed::To(1)]);
}

/// Also in the sessions that are opened afterwards.
pub async fn what_an_operator_says_of_a_person_is_said_by_every_later_session(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    change(&*store, "ada", &claims(json!({"role": "admin", "name2": {"a": 1}}))).await;
    let own = extra(json!({"role": "admin", "name2": {"a": 1}}));
    let expected = Admitted::As { user: id("ada"), is_new: false, claims: own };
    for (session, shown) in [(stored("s1"), true), (sealed("s2"), false)] {
        let answer = admit(&*store, &Admission::User(id("ada")), Some(&session)).await;
        assert_eq!(answer, expected, "{shown}");
    }
    assert_eq!(
        said(&*store, "s1").await,
        json!({"name": "Ada", "sub": "s1", "role": "admin", "name2": {"a": 1}})
    );
    change(&*store, "ada", &claims(json!({"role": null, "name2": null}))).await;
    assert_eq!(user(&*store, "ada").await.claims, extra(json!({})));
    assert_eq!(said(&*store, "s1").await, json!({"name": "Ada", "sub": "s1"}));
}

/// What is not named stays, and nobody is made.
pub async fn a_change_of_nothing_changes_nothing(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let before = user(&*store, "ada").await;
    assert_eq!(change(&*store, "ada", &UserChange::default()).await, Altered::Done(before.clone()));
    assert_eq!(change(&*store, "nobody", &disabled(true)).await, Altered::NotFound);
    assert_eq!(change(&*store, "ada", &claims(json!({"large": "x".repeat(9000)}))).await, Altered::TooLarge);
    assert_eq!(user(&*store, "ada").await, before);
    assert_eq!(endings(&*store).await, []);
}

/// A session that has no room for a change is ended rather than left saying what is not so.
pub async fn a_session_without_room_for_a_change_is_ended(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("full"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&sealed("other"))).await;
    session_change(&*store, "full", json!({"large": "x".repeat(8000)})).await;
    change(&*store, "ada", &claims(json!({"role": "x".repeat(1000)}))).await;
    assert_eq!(list(&*store, "ada").await, ["other"]);
    assert_eq!(ended_of(&*store).await, ["full"]);
}

async fn ended_of(store: &dyn Store) -> Vec<String> {
    let ended = endings(store).await.into_iter().filter(|change| change.what == Changed::Ended);
    ended.map(|change| change.session.0).collect()
}

/// Once, and since when is kept; who is let in again comes in anew.
pub async fn lesson_57_who_is_disabled_has_no_session_left(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&sealed("s2"))).await;
    admit(&*store, &sign_up("eve"), Some(&stored("of eve"))).await;
    let Altered::Done(user) = change(&*store, "ada", &disabled(true)).await else { unreachable!("there") };
    assert_eq!(user.disabled, Some(NOW));
    assert!(!has_session(&*store, "s1").await && has_session(&*store, "of eve").await);
    assert_eq!(ended_ids(&*store).await, ["s1", "s2"]);
    let later = NOW.plus(std::time::Duration::from_secs(1));
    let again = store.change_user(&id("ada"), &disabled(true), later, UNTIL, &[]).await.expect("answers");
    assert_eq!(again, Altered::Done(user.clone()), "it was so already");
    let enabled = change(&*store, "ada", &disabled(false)).await;
    assert_eq!(enabled, Altered::Done(User { disabled: None, ..user }));
    let answer = admit(&*store, &Admission::User(id("ada")), Some(&stored("s3"))).await;
    assert!(matches!(answer, Admitted::As { .. }), "{answer:?}");
    assert_eq!(list(&*store, "ada").await, ["s3"]);
}

/// By password, by back end, by provider, by link, by whatever else admits: and nothing is written.
pub async fn lesson_57_who_is_disabled_comes_in_by_no_way_there_is(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    visit(&*store, "ada").await;
    let google = vouched(key("google", "7"), "ada", Some(true));
    admit(&*store, &linked(&google, "ada"), None).await;
    admit(&*store, &account("shop", "7", "bob", "u1"), None).await;
    let ticket = mail(&*store, "ada", "h1").await;
    for name in ["ada", "u1"] {
        change(&*store, name, &disabled(true)).await;
    }
    let before = (user(&*store, "ada").await, user(&*store, "u1").await);
    let changes = endings(&*store).await;
    // The address was proven by the provider just now, which took the password away.
    assert!(store.set_password(&email("ada"), "hash of ada", UNTIL, &[]).await.expect("answers"));
    let other = vouched(key("github", "7"), "ada", Some(true));
    let mut by_email = linked(&other, "ada");
    if let Admission::Vouched { place, .. } = &mut by_email {
        *place = keyward_core::user::Place::Link { user: id("ada"), by: keyward_core::user::Ground::Email };
    }
    for (n, who) in [
        Admission::User(id("ada")),
        Admission::Password { user: id("ada"), hash: "hash of ada".to_owned() },
        account("shop", "7", "changed", "u2"),
        owned(&google, "ada"),
        by_email,
        link_to(&ticket, "ada", false),
    ]
    .into_iter()
    .enumerate()
    {
        let session = stored(&format!("n{n}"));
        assert_eq!(admit(&*store, &who, Some(&session)).await, Admitted::Disabled, "{who:?}");
        assert_eq!(admit(&*store, &who, None).await, Admitted::Disabled, "{who:?}");
        assert!(!has_session(&*store, &format!("n{n}")).await);
    }
    // What proves nothing learns nothing of it.
    let wrong = Admission::Password { user: id("ada"), hash: "another".to_owned() };
    assert_eq!(admit(&*store, &wrong, None).await, Admitted::Gone);
    let taken = Admission::NewUser { user: new_user("eve", &email("ada")), password_hash: "h".to_owned() };
    assert_eq!(admit(&*store, &taken, None).await, Admitted::EmailTaken);
    let mut forged = ticket.clone();
    forged.key.hash = "h2".to_owned();
    assert_eq!(admit(&*store, &link_to(&forged, "ada", false), None).await, Admitted::Gone);
    assert_eq!((user(&*store, "ada").await, user(&*store, "u1").await), before);
    assert_eq!(endings(&*store).await, changes);
    // Enabled again, each way is as good as before: no ticket was used up.
    change(&*store, "ada", &disabled(false)).await;
    let answer = admit(&*store, &link_to(&ticket, "ada", false), None).await;
    assert!(matches!(answer, Admitted::As { .. }), "{answer:?}");
}

/// Each of them came before, and is ended, or after, and is refused.
pub async fn lesson_57_no_sign_in_in_flight_survives_being_disabled(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let answers = at_once(50, |n| {
        let (store, session) = (Arc::clone(&store), stored(&format!("s{n}")));
        async move {
            if n == 25 {
                change(&*store, "ada", &disabled(true)).await;
                return Admitted::Disabled;
            }
            store.admit(&Admission::User(id("ada")), Some(&session), NOW, &[]).await.expect("answers")
        }
    })
    .await;
    let mut let_in: Vec<_> =
        (0..50).filter(|n| answers[*n] != Admitted::Disabled).map(|n| format!("s{n}")).collect();
    let_in.sort();
    assert_eq!(ended_ids(&*store).await, let_in);
    assert_eq!(list(&*store, "ada").await, Vec::<String>::new());
}

/// By id, for whoever has no address.
pub async fn lesson_56_a_person_is_removed_with_all_that_is_theirs(store: Arc<dyn Store>) {
    admit(&*store, &account("shop", "7", "bob", "u1"), Some(&sealed("s1"))).await;
    admit(&*store, &sign_up("ada"), Some(&stored("s2"))).await;
    assert!(!store.remove_user(&id("nobody"), UNTIL, &[]).await.expect("answers"));
    assert!(store.remove_user(&id("u1"), UNTIL, &[]).await.expect("answers"));
    assert!(!store.remove_user(&id("u1"), UNTIL, &[]).await.expect("answers"));
    assert_eq!(ended_ids(&*store).await, ["s1"]);
    assert_eq!(store.user(&id("u1")).await.expect("answers"), None);
    assert_eq!(store.overlay(&sid("s1")).await.expect("answers"), None);
    assert!(store.remove_user(&id("ada"), UNTIL, &[]).await.expect("answers"));
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_none());
    assert!(!has_session(&*store, "s2").await);
    let back = admit(&*store, &account("shop", "7", "bob", "u2"), None).await;
    assert!(matches!(back, Admitted::As { is_new: true, .. }), "{back:?}");
    let new = made(&vouched(key("google", "1"), "ada", Some(true)), "again");
    assert!(matches!(admit(&*store, &new, None).await, Admitted::As { is_new: true, .. }));
    let none = store.end_sessions(&id("u1"), &Which::All, None, UNTIL, &[]).await.expect("answers");
    assert_eq!(none, Some(0));
}

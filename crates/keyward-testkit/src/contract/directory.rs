//! Passwords and the end of users.

use std::sync::Arc;

use keyward_core::{
    port::{Admitted, Renewed, Store},
    user::Admission,
};

use super::{
    UNTIL, admit, admitted, at_once, email, ended_ids, endings, has_session, id, renew, sealed, sign_up,
    stored,
};

/// A rehash after a sign-in must not undo a password that was changed meanwhile.
pub async fn a_password_is_replaced_only_if_it_is_still_the_one_that_was_checked(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &sign_up("bob"), None).await;
    let replace = async |from: &str, to: &str| {
        store.replace_password(&id("ada"), from, to).await.expect("the store answers")
    };
    assert!(!replace("not it", "new").await);
    assert!(replace("hash of ada", "new").await);
    assert!(!replace("hash of ada", "newer").await);
    assert!(!store.replace_password(&id("nobody"), "hash of ada", "new").await.expect("answers"));
    let hash = async |name: &str| {
        store.password_by_email(&email(name)).await.expect("answers").map(|password| password.hash)
    };
    assert_eq!(hash("ada").await.as_deref(), Some("new"));
    assert_eq!(hash("bob").await.as_deref(), Some("hash of bob"));
    assert!(has_session(&*store, "s1").await, "a rehash ends no session");
}

/// Compare-and-set, under a race.
pub async fn of_many_replacements_of_one_password_one_wins(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let answers = at_once(20, |n| {
        let store = Arc::clone(&store);
        async move { store.replace_password(&id("ada"), "hash of ada", &format!("new {n}")).await }
    })
    .await;
    let winners: Vec<_> =
        answers.iter().enumerate().filter(|(_, won)| matches!(won, Ok(true))).map(|(n, _)| n).collect();
    assert_eq!(winners.len(), 1);
    let password = store.password_by_email(&email("ada")).await.expect("answers").expect("there");
    assert_eq!(password.hash, format!("new {}", winners[0]));
}

/// Whoever learnt the old password is out.
pub async fn a_new_password_ends_every_session_of_its_user_and_no_other(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&sealed("s2"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s3"))).await;
    assert!(store.set_password(&email("ada"), "new", UNTIL, &[]).await.expect("answers"));
    let password = store.password_by_email(&email("ada")).await.expect("answers").expect("there");
    assert_eq!(password.hash, "new");
    assert!(!has_session(&*store, "s1").await);
    assert!(has_session(&*store, "s3").await);
    assert_eq!(ended_ids(&*store).await, ["s1", "s2"]);
    assert!(endings(&*store).await.iter().all(|ended| ended.until == UNTIL));
    let again = admit(&*store, &Admission::User(id("ada")), Some(&stored("s4"))).await;
    assert_eq!(again, admitted("ada", false));
    assert!(has_session(&*store, "s4").await, "a sign-in afterwards holds");
}

/// A sign-in that was checking the old password while a new one was set opens no session.
pub async fn a_sign_in_by_a_password_that_was_replaced_meanwhile_is_refused(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let by = |hash: &str| Admission::Password { user: id("ada"), hash: hash.to_owned() };
    assert_eq!(admit(&*store, &by("hash of ada"), Some(&stored("s1"))).await, admitted("ada", false));
    assert!(store.set_password(&email("ada"), "new", UNTIL, &[]).await.expect("answers"));
    assert_eq!(admit(&*store, &by("hash of ada"), Some(&stored("s2"))).await, Admitted::Gone);
    assert!(!has_session(&*store, "s2").await);
    assert_eq!(admit(&*store, &by("new"), Some(&stored("s3"))).await, admitted("ada", false));
    let nobody = Admission::Password { user: id("nobody"), hash: "new".to_owned() };
    assert_eq!(admit(&*store, &nobody, Some(&stored("s4"))).await, Admitted::Gone);
}

/// No session outlives its user, whether a row or a sealed token stands for it.
pub async fn lesson_56_deleting_a_user_ends_every_session_sealed_ones_included(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&sealed("s1"))).await;
    admit(&*store, &Admission::User(id("ada")), Some(&stored("s2"))).await;
    admit(&*store, &sign_up("bob"), Some(&stored("s3"))).await;
    assert!(store.delete_user(&email("ada"), UNTIL).await.expect("answers"));
    assert!(!has_session(&*store, "s2").await);
    assert!(has_session(&*store, "s3").await);
    assert_eq!(ended_ids(&*store).await, ["s1", "s2"]);
    assert!(endings(&*store).await.iter().all(|ended| ended.until == UNTIL));
    assert_eq!(renew(&*store, "s2", None, UNTIL).await, Renewed::Gone);
}

/// Nothing of a deleted user answers any more, and the next owner of the address starts afresh.
pub async fn lesson_56_deleting_a_user_deletes_the_password_and_frees_the_address(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    assert!(store.delete_user(&email("ada"), UNTIL).await.expect("answers"));
    assert_eq!(store.user(&id("ada")).await.expect("answers"), None);
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_none());
    assert!(!store.replace_password(&id("ada"), "hash of ada", "new").await.expect("answers"));
    assert!(!store.delete_user(&email("ada"), UNTIL).await.expect("answers"));
    assert_eq!(admit(&*store, &Admission::User(id("ada")), None).await, Admitted::Gone);
    assert_eq!(admit(&*store, &sign_up("ada"), None).await, admitted("ada", true));
}

/// "Nobody" is an answer, not an error.
pub async fn an_address_that_nobody_has_is_neither_given_a_password_nor_deleted(store: Arc<dyn Store>) {
    assert!(!store.set_password(&email("ada"), "new", UNTIL, &[]).await.expect("answers"));
    assert!(!store.delete_user(&email("ada"), UNTIL).await.expect("answers"));
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_none());
    assert_eq!(endings(&*store).await, []);
}

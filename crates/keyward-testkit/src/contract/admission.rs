//! Who is admitted, and what is written for them.

use std::sync::Arc;

use keyward_core::{
    port::{Admitted, Store, StoredSession},
    user::{Admission, User},
};

use super::{
    NOW, account, admit, admitted, email, endings, has_session, id, key, keys_of, linked, made, new_user,
    sealed, sid, sign_up, stored, token, user, visit, vouched,
};

/// A sign-up is there at once: the person, what proves them, and their session.
pub async fn a_sign_up_makes_a_user_with_a_password_and_a_session(store: Arc<dyn Store>) {
    let session = stored("s1");
    assert_eq!(admit(&*store, &sign_up("ada"), Some(&session)).await, admitted("ada", true));
    let user = User { email: Some(email("ada")), name: Some("ada".to_owned()), ..User::new(id("ada")) };
    assert_eq!(store.user(&id("ada")).await.expect("answers").as_ref(), Some(&user));
    let password = store.password_by_email(&email("ada")).await.expect("answers").expect("found");
    assert_eq!((password.user, password.hash.as_str()), (user, "hash of ada"));
    let read = store.session(&token("s1")).await.expect("answers");
    let (claims, expires) = (session.claims, session.expires);
    let expected =
        StoredSession { id: sid("s1"), user: id("ada"), claims, version: 0, tokens: None, expires };
    assert_eq!(read, Some(expected));
}

/// An address belongs to one person.
pub async fn an_address_is_taken_once_and_the_second_sign_up_writes_nothing(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let second =
        Admission::NewUser { user: new_user("eve", &email("ada")), password_hash: "hash of eve".to_owned() };
    assert_eq!(admit(&*store, &second, Some(&stored("s1"))).await, Admitted::EmailTaken);
    assert_eq!(store.user(&id("eve")).await.expect("answers"), None);
    assert!(!has_session(&*store, "s1").await);
    let password = store.password_by_email(&email("ada")).await.expect("answers").expect("found");
    assert_eq!((password.user.id, password.hash.as_str()), (id("ada"), "hash of ada"));
}

/// Who proved themselves gets one more session.
pub async fn b1_a_known_user_is_admitted_and_is_not_new(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let again = Admission::User(id("ada"));
    assert_eq!(admit(&*store, &again, Some(&stored("s2"))).await, admitted("ada", false));
    assert_eq!(admit(&*store, &again, None).await, admitted("ada", false));
    assert!(has_session(&*store, "s1").await && has_session(&*store, "s2").await);
    assert_eq!(endings(&*store).await, []);
}

/// Between the check of the password and the admission the user may be deleted.
pub async fn lesson_56_a_user_that_is_gone_is_not_admitted_and_nothing_is_written(store: Arc<dyn Store>) {
    let gone = Admission::User(id("nobody"));
    assert_eq!(admit(&*store, &gone, Some(&stored("s1"))).await, Admitted::Gone);
    assert_eq!(admit(&*store, &gone, None).await, Admitted::Gone);
    assert!(!has_session(&*store, "s1").await);
    assert_eq!(store.user(&id("nobody")).await.expect("answers"), None);
}

/// `login` and `signup` on one source are one person (B2).
pub async fn b2_an_account_is_found_again_by_its_key(store: Arc<dyn Store>) {
    let first = account("shop", "7", "ada", "u1");
    assert_eq!(admit(&*store, &first, Some(&sealed("s1"))).await, admitted("u1", true));
    let again = account("shop", "7", "ada", "u2");
    assert_eq!(admit(&*store, &again, Some(&stored("s2"))).await, admitted("u1", false));
    assert_eq!(store.user(&id("u2")).await.expect("answers"), None);
    let session = store.session(&token("s2")).await.expect("answers").expect("found");
    assert_eq!(session.user, id("u1"));
}

/// The back end knows its people best.
pub async fn b2_what_the_back_end_says_now_replaces_what_it_said_before(store: Arc<dyn Store>) {
    let admission = |name: Option<Option<&str>>, image: Option<Option<&str>>| {
        let mut admission = account("shop", "7", "", "u1");
        if let Admission::Account { profile, .. } = &mut admission {
            profile.name = name.map(|name| name.map(str::to_owned));
            profile.image = image.map(|image| image.map(str::to_owned));
        }
        admission
    };
    let user = |name: Option<&str>, image: Option<&str>| User {
        name: name.map(str::to_owned),
        image: image.map(str::to_owned),
        back_end_id: Some("7".to_owned()),
        ..User::new(id("u1"))
    };
    for (name, image) in [
        (Some(Some("Ada")), Some(Some("https://example.org/a.png"))),
        (Some(Some("Ada L.")), Some(None)),
        (Some(None), None),
        (None, Some(Some("https://example.org/b.png"))),
    ] {
        admit(&*store, &admission(name, image), None).await;
        let now = store.user(&id("u1")).await.expect("answers");
        assert_eq!(now, Some(user(name.flatten(), image.flatten())));
    }
}

/// Ids of one back end say nothing about those of another.
pub async fn an_id_at_another_source_is_another_person(store: Arc<dyn Store>) {
    assert_eq!(admit(&*store, &account("shop", "7", "ada", "u1"), None).await, admitted("u1", true));
    assert_eq!(admit(&*store, &account("forum", "7", "eve", "u2"), None).await, admitted("u2", true));
    assert_eq!(admit(&*store, &account("shop", "7", "ada", "u3"), None).await, admitted("u1", false));
}

/// An address in a profile is not proven: it is nobody's to sign in with, and keeps nobody from signing up.
pub async fn an_address_that_a_back_end_names_admits_nobody_and_blocks_nobody(store: Arc<dyn Store>) {
    admit(&*store, &account("shop", "7", "ada", "u1"), None).await;
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_none());
    assert!(!store.set_password(&email("ada"), "hash", NOW, &[]).await.expect("answers"));
    assert!(!store.delete_user(&email("ada"), NOW).await.expect("answers"));
    assert_eq!(admit(&*store, &sign_up("ada"), None).await, admitted("ada", true));
}

/// What `keyward user create` does.
pub async fn an_admission_without_a_session_makes_only_the_user(store: Arc<dyn Store>) {
    assert_eq!(admit(&*store, &sign_up("ada"), None).await, admitted("ada", true));
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_some());
    assert!(store.delete_user(&email("ada"), NOW).await.expect("answers"));
    assert_eq!(endings(&*store).await, []);
}

/// All or nothing, whichever kind of admission it is.
pub async fn an_admission_whose_session_cannot_be_written_leaves_nothing_behind(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("taken"))).await;
    admit(&*store, &sign_up("cyd"), None).await;
    visit(&*store, "cyd").await;
    admit(&*store, &account("shop", "7", "bob", "u1"), None).await;
    let same_token = {
        let mut session = stored("other");
        session.token = Some(token("taken"));
        session
    };
    for session in [stored("taken"), same_token] {
        for who in [
            sign_up("eve"),
            account("shop", "8", "eve", "u2"),
            account("shop", "7", "changed", "u3"),
            Admission::User(id("u1")),
            made(&vouched(key("google", "8"), "eve", Some(true)), "eve"),
            linked(&vouched(key("google", "8"), "cyd", Some(true)), "cyd"),
        ] {
            assert!(store.admit(&who, Some(&session), NOW, &[]).await.is_err(), "{who:?}");
        }
    }
    assert_eq!(store.user(&id("eve")).await.expect("answers"), None);
    assert!(store.password_by_email(&email("eve")).await.expect("answers").is_none());
    assert_eq!(admit(&*store, &account("shop", "8", "eve", "u4"), None).await, admitted("u4", true));
    assert_eq!(user(&*store, "cyd").await.email_verified, None);
    assert!(store.password_by_email(&email("cyd")).await.expect("answers").is_some());
    assert_eq!(keys_of(&*store, "cyd").await, []);
    let bob = store.user(&id("u1")).await.expect("answers").expect("there");
    assert_eq!(bob.name.as_deref(), Some("bob"));
    let session = store.session(&token("taken")).await.expect("answers").expect("there");
    assert_eq!((session.id, session.user), (sid("taken"), id("ada")));
}

/// A caller whose randomness repeats itself gets an error, not somebody else's record.
pub async fn an_id_of_a_user_is_never_given_twice(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let other =
        Admission::NewUser { user: new_user("ada", &email("eve")), password_hash: "hash of eve".to_owned() };
    assert!(store.admit(&other, Some(&stored("s1")), NOW, &[]).await.is_err());
    assert!(store.admit(&account("shop", "7", "eve", "ada"), Some(&stored("s2")), NOW, &[]).await.is_err());
    let eve = made(&vouched(key("google", "7"), "eve", Some(true)), "ada");
    assert!(store.admit(&eve, Some(&stored("s2")), NOW, &[]).await.is_err());
    assert!(!has_session(&*store, "s1").await && !has_session(&*store, "s2").await);
    let password = store.password_by_email(&email("ada")).await.expect("answers").expect("there");
    assert_eq!(password.hash, "hash of ada");
}

//! People who are brought along from another system.

use std::sync::Arc;

use keyward_core::{
    port::{Admitted, Departure, Imported, ImportedUser, KeptApp, Recovered, Store},
    user::{Account, Admission, Extra, User},
};
use serde_json::json;

use super::{
    NOW, UNTIL, account, admit, admitted, at_once, email, id, key, new_user, profile, sealed, sid, sign_up,
};

/// Somebody with a password and an account at GitHub, whom nobody vouches for.
fn imported(name: &str) -> ImportedUser {
    let user = User { email: Some(email(name)), name: Some(name.to_owned()), ..User::new(id(name)) };
    let account =
        Account { key: key("github", name), kind: "oauth".to_owned(), profile: profile(name), created: NOW };
    ImportedUser { user, password_hash: Some(format!("hash of {name}")), accounts: vec![account], app: None }
}

async fn import(store: &dyn Store, batch: &[ImportedUser]) -> Vec<Imported> {
    store.import_users(batch, false, NOW).await.expect("the store answers")
}

async fn restore(store: &dyn Store, batch: &[ImportedUser]) -> Vec<Imported> {
    store.import_users(batch, true, NOW).await.expect("the store answers")
}

/// With the id they had, and all that was known of them.
pub async fn who_is_brought_along_comes_back_as_they_were(store: Arc<dyn Store>) {
    let mut ada = imported("ada");
    ada.user.email_verified = Some(NOW);
    ada.user.image = Some("https://example.org/ada.png".to_owned());
    ada.user.claims = json!({"role": "admin", "teams": [1, 2]}).as_object().cloned().unwrap_or_default();
    let nobody =
        ImportedUser { user: User::new(id("bob")), password_hash: None, accounts: Vec::new(), app: None };
    assert_eq!(import(&*store, &[ada.clone(), nobody.clone()]).await, [Imported::Made; 2]);
    let kept = store.password_by_email(&email("ada")).await.expect("answers").expect("there");
    assert_eq!((&kept.user, kept.hash.as_str()), (&ada.user, "hash of ada"));
    assert_eq!(store.accounts_of(&id("ada")).await.expect("answers"), ada.accounts);
    assert_eq!(store.user(&id("bob")).await.expect("answers"), Some(nobody.user));
    assert_eq!(store.accounts_of(&id("bob")).await.expect("answers"), []);

    let by_password = Admission::Password { user: id("ada"), hash: "hash of ada".to_owned() };
    let claims = ada.user.claims;
    let expected = Admitted::As { user: id("ada"), is_new: false, claims };
    assert_eq!(admit(&*store, &by_password, Some(&sealed("s1"))).await, expected);
}

/// Who had a second factor has it from the first sign-in on.
pub async fn lesson_53_who_is_brought_along_with_an_app_is_asked_for_its_code(store: Arc<dyn Store>) {
    let app = KeptApp { secret: b"sealed".to_vec(), step: 0 };
    let ada = ImportedUser { app: Some(app.clone()), ..imported("ada") };
    assert_eq!(import(&*store, &[ada, imported("bob")]).await, [Imported::Made; 2]);
    assert_eq!(store.factors(&id("ada")).await.expect("answers").app, Some(app));
    assert_eq!(store.factors(&id("bob")).await.expect("answers").app, None);
    let by_password = Admission::Password { user: id("ada"), hash: "hash of ada".to_owned() };
    assert!(matches!(admit(&*store, &by_password, Some(&sealed("s1"))).await, Admitted::NeedsFactor { .. }));
}

/// Lesson 57 goes for them from the first moment.
pub async fn lesson_57_who_was_kept_out_before_is_kept_out_after_the_import(store: Arc<dyn Store>) {
    let mut ada = imported("ada");
    ada.user.disabled = Some(NOW);
    assert_eq!(import(&*store, &[ada]).await, [Imported::Made]);
    let by_password = Admission::Password { user: id("ada"), hash: "hash of ada".to_owned() };
    for who in [by_password, Admission::User(id("ada")), account("github", "ada", "ada", "new")] {
        assert_eq!(admit(&*store, &who, None).await, Admitted::Disabled);
    }
}

/// The same file twice, whatever happened in between, makes nobody twice and undoes nothing.
pub async fn an_import_that_is_run_again_finds_who_is_there_and_changes_nothing(store: Arc<dyn Store>) {
    let (ada, bob) = (imported("ada"), imported("bob"));
    assert_eq!(import(&*store, std::slice::from_ref(&ada)).await, [Imported::Made]);
    assert!(store.replace_password(&id("ada"), "hash of ada", "better").await.expect("answers"));
    assert_eq!(
        import(&*store, &[ada.clone(), bob, ada]).await,
        [Imported::There, Imported::Made, Imported::There]
    );
    let kept = store.password_by_email(&email("ada")).await.expect("answers").expect("there");
    assert_eq!(kept.hash, "better");
}

/// Whoever deleted them: the command line, an operator, themselves. Only who asks for it brings them back.
pub async fn lesson_56_who_was_deleted_is_left_out_of_the_next_import(store: Arc<dyn Store>) {
    let batch = ["ada", "bob", "cyd"].map(imported);
    assert_eq!(restore(&*store, &batch).await, [Imported::Made; 3]);
    let leave = async || {
        assert!(store.delete_user(&email("ada"), UNTIL).await.expect("answers"));
        assert!(store.remove_user(&id("bob"), UNTIL, &[]).await.expect("answers"));
        admit(&*store, &Admission::User(id("cyd")), Some(&sealed("s1"))).await;
        let what = Departure { user: id("cyd"), session: sid("s1"), until: UNTIL };
        assert_eq!(store.depart(&what, &[]).await.expect("answers"), Recovered::Done);
    };
    leave().await;
    for _ in 0..2 {
        let with_another = [&batch[..], &[imported("dan")]].concat();
        let answers = import(&*store, &with_another).await;
        assert_eq!(answers[..3], [Imported::Deleted; 3]);
        assert_eq!(store.user(&id("ada")).await.expect("answers"), None);
        assert_eq!(store.user_by_email(&email("bob")).await.expect("answers"), None);
        assert_eq!(store.standing(&key("github", "cyd"), None).await.expect("answers").owner, None);
    }
    assert_eq!(restore(&*store, &batch).await, [Imported::Made; 3]);
    assert_eq!(import(&*store, &batch).await, [Imported::There; 3]);
    leave().await;
    assert_eq!(import(&*store, &batch).await, [Imported::Deleted; 3], "also the second time");
}

/// Under the address that they had, as somebody new, who stays. Who never came along is not kept out either.
pub async fn lesson_56_who_comes_back_by_themselves_is_nobody_whom_an_import_knows(store: Arc<dyn Store>) {
    import(&*store, &[imported("ada")]).await;
    assert!(store.remove_user(&id("ada"), UNTIL, &[]).await.expect("answers"));
    let again = Admission::NewUser {
        user: new_user("ada again", &email("ada")),
        password_hash: "another".to_owned(),
    };
    assert_eq!(admit(&*store, &again, None).await, admitted("ada again", true));
    assert_eq!(import(&*store, &[imported("ada")]).await, [Imported::Deleted]);
    assert_eq!(restore(&*store, &[imported("ada")]).await, [Imported::EmailTaken]);
    let kept = store.password_by_email(&email("ada")).await.expect("answers").expect("there");
    assert_eq!((kept.user.id, kept.hash.as_str()), (id("ada again"), "another"));
    assert!(store.remove_user(&id("ada again"), UNTIL, &[]).await.expect("answers"));
    assert_eq!(import(&*store, &[imported("ada again")]).await, [Imported::Made], "made here, and forgotten");
}

/// Of those who can't be brought along nothing is written, and of the others in the batch everything.
pub async fn who_clashes_with_somebody_is_refused_and_takes_nobody_along(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    admit(&*store, &account("github", "carol", "carol", "c1"), None).await;
    let mut same_id = imported("x1");
    same_id.user.id = id("ada");
    let mut same_email = imported("x2");
    same_email.user.email = Some(email("ada"));
    let mut same_account = imported("x3");
    same_account.accounts.push(Account { key: key("github", "carol"), ..same_account.accounts[0].clone() });
    let mut without_account = imported("bob");
    without_account.accounts.clear();
    let batch = [same_id, same_email, same_account, imported("bob"), without_account, imported("dan")];
    assert_eq!(
        import(&*store, &batch).await,
        [
            Imported::IdTaken,
            Imported::EmailTaken,
            Imported::AccountTaken,
            Imported::Made,
            Imported::There,
            Imported::Made
        ]
    );
    for name in ["x1", "x2", "x3"] {
        assert_eq!(store.user(&id(name)).await.expect("answers"), None);
        assert_eq!(store.user_by_email(&email(name)).await.expect("answers"), None);
        assert_eq!(store.standing(&key("github", name), None).await.expect("answers").owner, None);
    }
    assert_eq!(admit(&*store, &Admission::User(id("dan")), None).await, admitted("dan", false));
    let other_accounts = ImportedUser { accounts: vec![], ..imported("ada") };
    assert_eq!(import(&*store, &[other_accounts]).await, [Imported::There]);
    assert_eq!(
        import(&*store, &[imported("ada")]).await,
        [Imported::IdTaken],
        "with an account it is another"
    );
}

/// Two who run the same import at once.
pub async fn of_many_imports_of_the_same_people_one_makes_each(store: Arc<dyn Store>) {
    let batch: Arc<Vec<_>> = Arc::new((0..10).map(|n| imported(&format!("p{n}"))).collect());
    let answers = at_once(10, |_| {
        let (store, batch) = (Arc::clone(&store), Arc::clone(&batch));
        async move { store.import_users(&batch, false, NOW).await.expect("answers") }
    })
    .await;
    for n in 0..10 {
        let made = answers.iter().filter(|answer| answer[n] == Imported::Made).count();
        let there = answers.iter().filter(|answer| answer[n] == Imported::There).count();
        assert_eq!((made, there), (1, 9));
    }
    assert_eq!(store.user(&id("p3")).await.expect("answers").map(|user| user.claims), Some(Extra::new()));
}

//! What must hold when many do it at once.

use std::{collections::HashSet, sync::Arc};

use keyward_core::{
    port::{Admitted, Ending, Store},
    user::Admission,
};

use super::{
    LATER, NOW, UNTIL, account, admit, admitted, at_once, email, ended_ids, has_session, id, new_user, sid,
    sign_up, stored, token,
};

/// A person who opens fifty tabs is one person.
pub async fn fifty_admissions_of_one_new_account_make_one_user(store: Arc<dyn Store>) {
    let answers = at_once(50, |n| {
        let store = Arc::clone(&store);
        let (who, session) = (account("shop", "7", "ada", &format!("u{n}")), stored(&format!("s{n}")));
        async move { store.admit(&who, Some(&session), NOW).await }
    })
    .await;
    let (mut users, mut made) = (HashSet::new(), 0);
    for answer in answers {
        let Ok(Admitted::As { user, is_new }) = answer else { unreachable!("admitted: {answer:?}") };
        users.insert(user);
        made += usize::from(is_new);
    }
    assert_eq!((users.len(), made), (1, 1));
    for n in 0..50 {
        let user = store.user(&id(&format!("u{n}"))).await.expect("answers");
        assert_eq!(user.is_some(), users.contains(&id(&format!("u{n}"))));
        let session = store.session(&token(&format!("s{n}"))).await.expect("answers").expect("open");
        assert!(users.contains(&session.user));
    }
}

/// Of fifty people who want one address, one gets it.
pub async fn fifty_sign_ups_of_one_address_make_one_user(store: Arc<dyn Store>) {
    let answers = at_once(50, |n| {
        let store = Arc::clone(&store);
        let who = Admission::NewUser {
            user: new_user(&format!("u{n}"), &email("ada")),
            password_hash: format!("hash {n}"),
        };
        let session = stored(&format!("s{n}"));
        async move { store.admit(&who, Some(&session), NOW).await.expect("the store answers") }
    })
    .await;
    let taken = answers.iter().filter(|answer| **answer == Admitted::EmailTaken).count();
    let winners: Vec<_> = (0..50).filter(|n| answers[*n] == admitted(&format!("u{n}"), true)).collect();
    assert_eq!((taken, winners.len()), (49, 1));
    let winner = winners[0];
    let password = store.password_by_email(&email("ada")).await.expect("answers").expect("there");
    assert_eq!((password.user.id, password.hash), (id(&format!("u{winner}")), format!("hash {winner}")));
    for n in 0..50 {
        assert_eq!(has_session(&*store, &format!("s{n}")).await, n == winner);
    }
}

/// A hundred renewals against one sign-out: whatever the order, the session is over.
pub async fn invariant_8_no_renewal_in_flight_recreates_an_ended_session(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    let claims = Arc::new(stored("s1").claims);
    at_once(101, |n| {
        let (store, claims) = (Arc::clone(&store), Arc::clone(&claims));
        async move {
            if n == 50 {
                store.end_session(&Ending::Token(token("s1")), UNTIL).await.expect("answers");
                assert!(!has_session(&*store, "s1").await, "it was there after the answer");
            } else {
                let with = (n % 2 == 0).then_some(&*claims);
                store.renew_session(&token("s1"), with, LATER).await.expect("answers");
            }
        }
    })
    .await;
    assert!(!has_session(&*store, "s1").await);
    assert!(!store.renew_session(&token("s1"), None, LATER).await.expect("answers"));
    assert_eq!(ended_ids(&*store).await, ["s1"]);
}

/// A deletion among sign-ins: each of them came before, and is ended, or after, and is refused.
pub async fn lesson_56_no_sign_in_in_flight_survives_the_deletion_of_its_user(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let answers = at_once(50, |n| {
        let (store, session) = (Arc::clone(&store), stored(&format!("s{n}")));
        async move {
            if n == 25 {
                assert!(store.delete_user(&email("ada"), UNTIL).await.expect("answers"));
                return Admitted::Gone;
            }
            store.admit(&Admission::User(id("ada")), Some(&session), NOW).await.expect("answers")
        }
    })
    .await;
    let mut let_in: Vec<_> =
        (0..50).filter(|n| answers[*n] != Admitted::Gone).map(|n| format!("s{n}")).collect();
    let_in.sort();
    assert_eq!(ended_ids(&*store).await, let_in);
    for n in 0..50 {
        assert!(!has_session(&*store, &format!("s{n}")).await);
    }
}

/// A change number must not become visible before a smaller one: a reader asks only for those above.
pub async fn no_ending_is_missed_by_a_reader_that_follows_the_changes(store: Arc<dyn Store>) {
    let enders = at_once(41, |n| {
        let store = Arc::clone(&store);
        async move {
            if n < 40 {
                store.end_session(&Ending::Id(sid(&format!("s{n}"))), UNTIL).await.expect("answers");
                return HashSet::new();
            }
            let (mut seen, mut last) = (HashSet::new(), 0);
            while seen.len() < 40 {
                let Ok(news) = store.ended_since(last).await else { break };
                last = news.last().map_or(last, |ended| ended.change);
                // Nothing new and all answered: a number was passed over.
                if news.is_empty() && store.ended_since(0).await.is_ok_and(|all| all.len() == 40) {
                    let rest = store.ended_since(last).await.expect("answers");
                    seen.extend(rest.into_iter().map(|ended| ended.session));
                    break;
                }
                seen.extend(news.into_iter().map(|ended| ended.session));
                tokio::task::yield_now().await;
            }
            seen
        }
    })
    .await;
    assert_eq!(enders[40].len(), 40);
}

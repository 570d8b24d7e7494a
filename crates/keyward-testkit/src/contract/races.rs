//! What must hold when many do it at once.

use std::{collections::HashSet, sync::Arc};

use keyward_core::{
    port::{Admitted, Ending, Renewed, Store, Unlinked},
    user::{Admission, Vouched},
};

use super::{
    LATER, NOW, UNTIL, account, admit, admitted, at_once, email, ended_ids, has_session, id, key, keys_of,
    link_to, linked, made, mail, new_user, owned, renew, sid, sign_up, spent, stored, token, unlinking,
    visit, vouched,
};

/// A person who opens fifty tabs is one person.
pub async fn fifty_admissions_of_one_new_account_make_one_user(store: Arc<dyn Store>) {
    let answers = at_once(50, |n| {
        let store = Arc::clone(&store);
        let (who, session) = (account("shop", "7", "ada", &format!("u{n}")), stored(&format!("s{n}")));
        async move { store.admit(&who, Some(&session), NOW, &[]).await }
    })
    .await;
    let (mut users, mut made) = (HashSet::new(), 0);
    for answer in answers {
        let Ok(Admitted::As { user, is_new, .. }) = answer else { unreachable!("admitted: {answer:?}") };
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
        async move { store.admit(&who, Some(&session), NOW, &[]).await.expect("the store answers") }
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

/// Fifty mail scanners and one person.
pub async fn lesson_21_of_fifty_consumers_of_one_ticket_one_wins(store: Arc<dyn Store>) {
    let ticket = mail(&*store, "ada", "h1").await;
    let answers = at_once(50, |_| {
        let (store, ticket) = (Arc::clone(&store), ticket.clone());
        async move { store.consume_ticket(&ticket.key, NOW).await.expect("the store answers") }
    })
    .await;
    let won: Vec<_> = answers.into_iter().flatten().collect();
    assert_eq!(won, [ticket]);
}

/// One link admits once, whoever follows it how often; nobody who lost is signed in.
pub async fn lesson_21_lesson_37_of_fifty_followers_of_one_link_one_is_admitted(store: Arc<dyn Store>) {
    let ticket = mail(&*store, "ada", "h1").await;
    let answers = at_once(50, |n| {
        let store = Arc::clone(&store);
        let (link, session) = (link_to(&ticket, &format!("u{n}"), true), stored(&format!("s{n}")));
        async move { store.admit(&link, Some(&session), NOW, &[]).await.expect("the store answers") }
    })
    .await;
    let lost = answers.iter().filter(|answer| **answer == Admitted::Gone).count();
    let winners: Vec<_> = (0..50).filter(|n| answers[*n] == admitted(&format!("u{n}"), true)).collect();
    assert_eq!((lost, winners.len()), (49, 1));
    let holder = store.user_by_email(&email("ada")).await.expect("answers").expect("made");
    assert_eq!(holder.id, id(&format!("u{}", winners[0])));
    for n in 0..50 {
        assert_eq!(has_session(&*store, &format!("s{n}")).await, n == winners[0]);
    }
}

/// One word of a provider lets in once, whoever brings it how often.
pub async fn lesson_21_of_fifty_who_bring_what_is_good_once_one_is_admitted(store: Arc<dyn Store>) {
    let ada = Vouched { spent: Some(spent("t1")), ..vouched(key("google", "1"), "ada", None) };
    let first = Vouched { spent: None, ..ada.clone() };
    assert_eq!(admit(&*store, &made(&first, "ada"), None).await, admitted("ada", true));
    let answers = at_once(50, |n| {
        let (store, who, session) = (Arc::clone(&store), owned(&ada, "ada"), stored(&format!("s{n}")));
        async move { store.admit(&who, Some(&session), NOW, &[]).await.expect("the store answers") }
    })
    .await;
    let lost = answers.iter().filter(|answer| **answer == Admitted::Changed).count();
    assert_eq!((lost, answers.iter().filter(|answer| **answer == admitted("ada", false)).count()), (49, 1));
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(has_session(&*store, &format!("s{n}")).await, *answer != Admitted::Changed);
    }
}

/// Fifty tabs come back from the provider at once, each with "nobody knows this account": one user is made, the
/// others are told to look again.
pub async fn of_fifty_first_sign_ins_through_one_account_one_makes_the_user(store: Arc<dyn Store>) {
    // With an address, without, and some of each.
    for (round, address) in [(0, [true, true]), (1, [false, false]), (2, [true, false])] {
        let at_provider = key("google", &round.to_string());
        let answers = at_once(50, |n| {
            let store = Arc::clone(&store);
            let who = vouched(at_provider.clone(), &round.to_string(), address[n % 2].then_some(true));
            let (admission, session) =
                (made(&who, &format!("{round} u{n}")), stored(&format!("{round} s{n}")));
            async move { store.admit(&admission, Some(&session), NOW, &[]).await.expect("the store answers") }
        })
        .await;
        let winners: Vec<_> =
            (0..50).filter(|n| answers[*n] == admitted(&format!("{round} u{n}"), true)).collect();
        let changed = answers.iter().filter(|answer| **answer == Admitted::Changed).count();
        assert_eq!((winners.len(), changed), (1, 49));
        let owner = store.standing(&at_provider, None).await.expect("answers").owner.expect("made");
        assert_eq!(owner.user.id, id(&format!("{round} u{}", winners[0])));
        for n in 0..50 {
            let there = store.user(&id(&format!("{round} u{n}"))).await.expect("answers").is_some();
            assert_eq!(there, n == winners[0]);
            assert_eq!(has_session(&*store, &format!("{round} s{n}")).await, n == winners[0]);
        }
    }
}

/// Two people link one account, others make a user of it: it becomes one person's.
pub async fn of_links_and_creations_with_one_account_one_wins(store: Arc<dyn Store>) {
    for name in ["ada", "bob"] {
        admit(&*store, &sign_up(name), None).await;
        visit(&*store, name).await;
    }
    let who = vouched(key("google", "7"), "eve", Some(true));
    let answers =
        at_once(51, |n| {
            let store = Arc::clone(&store);
            let admission = match n % 3 {
                0 => made(&who, &format!("u{n}")),
                1 => linked(&who, "ada"),
                _ => linked(&who, "bob"),
            };
            async move {
                store.admit(&admission, Some(&stored(&format!("s{n}"))), NOW, &[]).await.expect("answers")
            }
        })
        .await;
    let winners: Vec<_> = (0..51).filter(|n| answers[*n] != Admitted::Changed).collect();
    let [winner] = winners[..] else { unreachable!("one winner: {winners:?}") };
    let Admitted::As { user, .. } = &answers[winner] else { unreachable!("admitted") };
    let owner = store.standing(&who.key, None).await.expect("answers").owner.expect("somebody's");
    assert_eq!(owner.user.id, *user);
    let holder = store.user_by_email(&email("eve")).await.expect("answers");
    assert_eq!(holder.is_some(), winner % 3 == 0, "a user was made only if that won");
    for n in 0..51 {
        assert_eq!(has_session(&*store, &format!("s{n}")).await, n == winner);
    }
}

/// Each would leave the other; both would leave none.
pub async fn of_two_who_unlink_the_last_two_accounts_one_is_refused(store: Arc<dyn Store>) {
    for round in 0..20 {
        let user = format!("u{round}");
        let keys = [key("github", &user), key("gitlab", &user)];
        admit(&*store, &made(&vouched(keys[0].clone(), &user, None), &user), None).await;
        visit(&*store, &user).await;
        admit(&*store, &linked(&vouched(keys[1].clone(), &user, None), &user), None).await;
        let answers = at_once(2, |n| {
            let (store, what) = (Arc::clone(&store), unlinking(&user, &keys[n], &["github", "gitlab"]));
            async move { store.unlink_account(&what).await.expect("answers") }
        })
        .await;
        let done = answers.iter().filter(|answer| **answer == Unlinked::Done).count();
        let refused = answers.iter().filter(|answer| **answer == Unlinked::LastWay).count();
        assert_eq!((done, refused), (1, 1));
        assert_eq!(keys_of(&*store, &user).await.len(), 1);
    }
}

/// The owner proves the address while somebody who set a password signs in again and again: each of those came
/// before, and is ended, or after, and is refused.
pub async fn lesson_43_no_sign_in_in_flight_survives_the_first_proof(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    let ticket = mail(&*store, "ada", "h1").await;
    let answers = at_once(51, |n| {
        let (store, ticket) = (Arc::clone(&store), ticket.clone());
        async move {
            let session = stored(&format!("s{n:02}"));
            let who = match n {
                25 => link_to(&ticket, "ada", false),
                _ => Admission::Password { user: id("ada"), hash: "hash of ada".to_owned() },
            };
            store.admit(&who, Some(&session), NOW, &[]).await.expect("the store answers")
        }
    })
    .await;
    let before: Vec<_> =
        (0..51).filter(|n| *n != 25 && answers[*n] != Admitted::Gone).map(|n| format!("s{n:02}")).collect();
    assert_eq!(ended_ids(&*store).await, before);
    for n in 0..51 {
        assert_eq!(has_session(&*store, &format!("s{n:02}")).await, n == 25);
    }
}

/// Whoever waited in another's account links one account after the other while its owner proves the address: none of
/// them is left.
pub async fn lesson_43_no_link_in_flight_survives_the_first_proof(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), None).await;
    visit(&*store, "ada").await;
    let ticket = mail(&*store, "ada", "h1").await;
    let answers = at_once(51, |n| {
        let (store, ticket) = (Arc::clone(&store), ticket.clone());
        async move {
            let who = match n {
                25 => link_to(&ticket, "ada", false),
                _ => linked(&vouched(key("forum", &n.to_string()), "eve", None), "ada"),
            };
            store.admit(&who, Some(&stored(&format!("s{n}"))), NOW, &[]).await.expect("the store answers")
        }
    })
    .await;
    assert_eq!(answers[25], admitted("ada", false));
    assert_eq!(keys_of(&*store, "ada").await, []);
    for n in 0..51 {
        assert_eq!(has_session(&*store, &format!("s{n}")).await, n == 25);
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
                store.end_session(&Ending::Token(token("s1")), UNTIL, &[]).await.expect("answers");
                assert!(!has_session(&*store, "s1").await, "it was there after the answer");
            } else {
                let with = (n % 2 == 0).then_some(&*claims);
                renew(&*store, "s1", with, LATER).await;
            }
        }
    })
    .await;
    assert!(!has_session(&*store, "s1").await);
    assert_eq!(renew(&*store, "s1", None, LATER).await, Renewed::Gone);
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
            store.admit(&Admission::User(id("ada")), Some(&session), NOW, &[]).await.expect("answers")
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
                store.end_session(&Ending::Id(sid(&format!("s{n}"))), UNTIL, &[]).await.expect("answers");
                return HashSet::new();
            }
            let (mut seen, mut last) = (HashSet::new(), 0);
            while seen.len() < 40 {
                let Ok(news) = store.changes_since(last).await else { break };
                last = news.last().map_or(last, |ended| ended.change);
                // Nothing new and all answered: a number was passed over.
                if news.is_empty() && store.changes_since(0).await.is_ok_and(|all| all.len() == 40) {
                    let rest = store.changes_since(last).await.expect("answers");
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

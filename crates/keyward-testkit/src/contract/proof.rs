//! The first proof of an address: whoever set something up without one may have been somebody else (lesson 43).

use std::sync::Arc;

use keyward_core::{
    port::{Admitted, Store},
    user::{AccountKey, Admission, Ground, Place},
};

use super::{
    LATER, NOW, UNTIL, admit, admitted, email, ended_ids, endings, has_session, id, key, link_to, linked,
    made, mail, owned, put, sealed, sid, sign_up, stored, user, visit, vouched,
};

/// What somebody sets up who has not proven the address: a password, an account, sessions of both kinds.
async fn squat(store: &dyn Store, name: &str) -> AccountKey {
    let forum = vouched(key("forum", name), "someone", Some(true));
    admit(store, &sign_up(name), Some(&stored(&format!("of {name}")))).await;
    admit(store, &linked(&forum, name), Some(&sealed(&format!("{name} 2")))).await;
    forum.key
}

/// True if nothing of [`squat`] opens anything. `left` are the accounts that there should be.
async fn assert_squatter_is_out(store: &dyn Store, name: &str, left: &[AccountKey]) {
    assert!(store.password_by_email(&email(name)).await.expect("answers").is_none());
    let hash = format!("hash of {name}");
    let by_password = Admission::Password { user: id(name), hash: hash.clone() };
    assert_eq!(admit(store, &by_password, Some(&stored("late"))).await, Admitted::Gone, "under way");
    assert!(!store.replace_password(&id(name), &hash, "new").await.expect("answers"));
    assert_eq!(super::keys_of(store, name).await, left);
    let forum = vouched(key("forum", name), "someone", Some(true));
    assert_eq!(admit(store, &owned(&forum, name), Some(&stored("late"))).await, Admitted::Changed);
    assert!(!has_session(store, &format!("of {name}")).await && !has_session(store, "late").await);
    assert_eq!(store.session_record(&sid(&format!("{name} 2"))).await.expect("answers"), None);
    assert_eq!(ended_ids(store).await, [format!("{name} 2"), format!("of {name}")]);
    assert!(endings(store).await.iter().all(|ended| ended.until == UNTIL));
}

/// The owner of the address comes second, by a link that was sent to it.
pub async fn lesson_43_a_first_followed_link_ends_what_was_set_up_without_proof(store: Arc<dyn Store>) {
    squat(&*store, "ada").await;
    admit(&*store, &sign_up("bob"), Some(&stored("of bob"))).await;
    let ticket = mail(&*store, "ada", "h1").await;
    let answer = admit(&*store, &link_to(&ticket, "ada", false), Some(&stored("proven"))).await;
    assert_eq!(answer, admitted("ada", false));
    assert_eq!(user(&*store, "ada").await.email_verified, Some(NOW));
    assert!(has_session(&*store, "proven").await, "the session of the proof itself");
    assert_squatter_is_out(&*store, "ada", &[]).await;
    assert!(has_session(&*store, "of bob").await);
    assert!(store.password_by_email(&email("bob")).await.expect("answers").is_some());
}

/// The owner comes second, through a provider that vouches for the address: by their account, by being signed in,
/// by the address.
pub async fn lesson_43_a_provider_that_vouches_first_ends_what_was_set_up_without_proof(
    store: Arc<dyn Store>,
) {
    squat(&*store, "ada").await;
    let who = vouched(key("google", "7"), "ada", Some(true));
    let by_email = put(&who, Place::Link { user: id("ada"), by: Ground::Email });
    assert_eq!(admit(&*store, &by_email, Some(&stored("proven"))).await, admitted("ada", false));
    assert_eq!(user(&*store, "ada").await.email_verified, Some(NOW));
    assert!(has_session(&*store, "proven").await);
    assert_squatter_is_out(&*store, "ada", &[who.key]).await;
}

/// The provider did not vouch for the address at first, and does now.
pub async fn lesson_43_an_account_that_vouches_later_ends_the_other_ways_in(store: Arc<dyn Store>) {
    let mut google = vouched(key("google", "7"), "ada", Some(false));
    admit(&*store, &made(&google, "ada"), Some(&stored("before"))).await;
    visit(&*store, "ada").await;
    admit(&*store, &linked(&vouched(key("forum", "7"), "someone", None), "ada"), None).await;
    google.email = google.email.map(|email| keyward_core::user::Address { verified: true, ..email });
    assert_eq!(admit(&*store, &owned(&google, "ada"), Some(&stored("now"))).await, admitted("ada", false));
    assert_eq!(super::keys_of(&*store, "ada").await, [google.key]);
    assert!(!has_session(&*store, "before").await && has_session(&*store, "now").await);
    assert_eq!(user(&*store, "ada").await.email_verified, Some(NOW));
}

/// The other order: the owner was first. Whoever comes afterwards without a proof gets nothing and ends nothing.
pub async fn lesson_43_who_comes_after_the_proof_without_one_gets_nothing(store: Arc<dyn Store>) {
    let owner = vouched(key("google", "7"), "ada", Some(true));
    admit(&*store, &made(&owner, "ada"), Some(&stored("of ada"))).await;
    let mut squatter = sign_up("eve");
    if let Admission::NewUser { user, .. } = &mut squatter {
        user.email = Some(email("ada"));
    }
    assert_eq!(admit(&*store, &squatter, Some(&stored("s1"))).await, Admitted::EmailTaken);
    let forum = vouched(key("forum", "7"), "ada", Some(false));
    assert_eq!(admit(&*store, &made(&forum, "eve"), Some(&stored("s2"))).await, Admitted::Changed);
    assert_eq!(super::keys_of(&*store, "ada").await, [owner.key]);
    assert!(has_session(&*store, "of ada").await);
    assert!(!has_session(&*store, "s1").await && !has_session(&*store, "s2").await);
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_none());
    assert_eq!(endings(&*store).await, []);
}

/// What is no proof of this address ends nothing.
pub async fn an_address_is_proven_by_nothing_less_than_a_proof_of_it(store: Arc<dyn Store>) {
    admit(&*store, &sign_up("ada"), Some(&stored("s1"))).await;
    visit(&*store, "ada").await;
    let not_vouched = vouched(key("forum", "1"), "ada", Some(false));
    let another = vouched(key("forum", "2"), "ada.other", Some(true));
    let none = vouched(key("forum", "3"), "ada", None);
    for who in [not_vouched, another, none] {
        assert_eq!(admit(&*store, &linked(&who, "ada"), None).await, admitted("ada", false));
        assert_eq!(admit(&*store, &owned(&who, "ada"), None).await, admitted("ada", false));
    }
    let password = Admission::Password { user: id("ada"), hash: "hash of ada".to_owned() };
    assert_eq!(admit(&*store, &password, Some(&stored("s2"))).await, admitted("ada", false));
    assert_eq!(user(&*store, "ada").await.email_verified, None);
    assert_eq!(super::keys_of(&*store, "ada").await.len(), 3);
    assert!(has_session(&*store, "s1").await && has_session(&*store, "s2").await);
}

/// Once proven, further proofs end nothing: what was set up since was set up by the owner.
pub async fn a_second_proof_ends_nothing_and_moves_nothing(store: Arc<dyn Store>) {
    let owner = vouched(key("google", "7"), "ada", Some(true));
    admit(&*store, &made(&owner, "ada"), Some(&stored("s1"))).await;
    assert!(store.set_password(&email("ada"), "hash", UNTIL, &[]).await.expect("answers"));
    visit(&*store, "ada").await;
    admit(&*store, &linked(&vouched(key("forum", "7"), "ada", None), "ada"), Some(&stored("s2"))).await;
    let ticket = mail(&*store, "ada", "h1").await;
    let link = link_to(&ticket, "ada", false);
    let answer = store.admit(&link, Some(&stored("s3")), LATER, &[]).await.expect("answers");
    assert_eq!(answer, admitted("ada", false));
    store.admit(&owned(&owner, "ada"), None, LATER, &[]).await.expect("answers");
    assert_eq!(user(&*store, "ada").await.email_verified, Some(NOW), "when it was first proven");
    assert_eq!(super::keys_of(&*store, "ada").await.len(), 2);
    assert!(store.password_by_email(&email("ada")).await.expect("answers").is_some());
    assert!(has_session(&*store, "s2").await && has_session(&*store, "s3").await);
}

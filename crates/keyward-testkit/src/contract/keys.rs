//! Keys that sign access tokens.

use std::{sync::Arc, time::Duration};

use keyward_core::port::{Store, StoredKey};

use super::{LATER, NOW, UNTIL, at_once};

fn stored_key(kid: &str) -> StoredKey {
    StoredKey {
        kid: kid.to_owned(),
        algorithm: "ES256".to_owned(),
        public: format!("{{\"kid\":\"{kid}\"}}"),
        sealed: vec![0, 1, 255],
        signs_from: NOW,
        signs_until: LATER,
        published_until: UNTIL,
    }
}

async fn kids(store: &dyn Store) -> Vec<String> {
    store.signing_keys().await.expect("answers").into_iter().map(|key| key.kid).collect()
}

/// Keys come back as they went in, in their order.
pub async fn f2_keys_are_kept_in_the_order_in_which_they_were_added(store: Arc<dyn Store>) {
    assert_eq!(kids(&*store).await, Vec::<String>::new());
    assert!(store.add_signing_key(&stored_key("z"), None).await.expect("answers"));
    assert!(store.add_signing_key(&stored_key("a"), Some("z")).await.expect("answers"));
    assert_eq!(store.signing_keys().await.expect("answers"), [stored_key("z"), stored_key("a")]);
}

/// A key is added only after the one that its maker knew as the last.
pub async fn f2_a_key_is_added_only_after_the_last_one(store: Arc<dyn Store>) {
    assert!(!store.add_signing_key(&stored_key("b"), Some("a")).await.expect("answers"));
    assert!(store.add_signing_key(&stored_key("a"), None).await.expect("answers"));
    assert!(!store.add_signing_key(&stored_key("b"), None).await.expect("answers"));
    assert!(store.add_signing_key(&stored_key("b"), Some("a")).await.expect("answers"));
    assert!(!store.add_signing_key(&stored_key("c"), Some("a")).await.expect("answers"));
    assert_eq!(kids(&*store).await, ["a", "b"]);
}

/// Of many processes that rotate at once, one does.
pub async fn f2_of_fifty_who_add_the_next_key_one_does(store: Arc<dyn Store>) {
    let added = at_once(50, |n| {
        let store = Arc::clone(&store);
        async move { store.add_signing_key(&stored_key(&format!("k{n}")), None).await.expect("answers") }
    })
    .await;
    assert_eq!(added.into_iter().filter(|added| *added).count(), 1);
    assert_eq!(kids(&*store).await.len(), 1);
}

/// A key goes when nobody can hold a token of it any more.
pub async fn f2_a_sweep_takes_keys_that_are_published_no_more(store: Arc<dyn Store>) {
    store.add_signing_key(&stored_key("old"), None).await.expect("answers");
    let young = StoredKey { published_until: UNTIL.plus(Duration::from_secs(1)), ..stored_key("young") };
    store.add_signing_key(&young, Some("old")).await.expect("answers");
    store.sweep(UNTIL).await.expect("answers");
    assert_eq!(kids(&*store).await, ["old", "young"], "published to the end");
    store.sweep(UNTIL.plus(Duration::from_millis(1))).await.expect("answers");
    assert_eq!(kids(&*store).await, ["young"]);
}

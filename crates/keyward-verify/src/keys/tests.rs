//! When keys are fetched, with the clock of the runtime in the test's hand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use keyward_jose::jws::{Algorithm, SigningKey};
use tokio::time::{advance, sleep};

use super::*;

/// How long a fetch takes.
const TAKES: Duration = Duration::from_millis(200);

/// An issuer that counts.
#[derive(Default)]
struct Issuer {
    asked: AtomicUsize,
    /// `None` while it is down.
    document: Mutex<Option<Vec<u8>>>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Issuer>);

#[async_trait]
impl KeySource for Shared {
    async fn fetch(&self) -> Result<Vec<u8>, SourceError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        sleep(TAKES).await;
        self.0.document.lock().expect("no panic").clone().ok_or_else(|| "down".into())
    }
}

impl Shared {
    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    fn serves(&self, document: &str) {
        *self.0.document.lock().expect("no panic") = Some(document.as_bytes().to_vec());
    }

    fn serves_key(&self, kid: &str) {
        let key = SigningKey::generate(Algorithm::Es256).expect("memory").with_kid(kid);
        self.serves(&serde_json::json!({"keys": [key.public_jwk().to_json()]}).to_string());
    }

    fn is_down(&self) {
        *self.0.document.lock().expect("no panic") = None;
    }
}

fn has(keys: &Jwks, kid: &str) -> bool {
    keys.find(Some(kid), Algorithm::Es256).next().is_some()
}

async fn with_key_1() -> (Shared, Arc<Keys>, Arc<Jwks>) {
    let issuer = Shared::default();
    issuer.serves_key("1");
    let keys = Keys::new(issuer.clone());
    let held = keys.current().await.expect("keys");
    (issuer, keys, held)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_first_tokens_make_one_fetch_and_all_get_its_keys() {
    let issuer = Shared::default();
    issuer.serves_key("1");
    let keys = Keys::new(issuer.clone());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let keys = Arc::clone(&keys);
        all.spawn(async move { has(&keys.current().await.expect("keys"), "1") });
    }
    assert!(all.join_all().await.into_iter().all(|has| has));
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_at_once_and_a_flood_of_unknown_ones_makes_one_fetch_in_30_seconds() {
    let (issuer, keys, held) = with_key_1().await;
    advance(PAUSE).await;
    issuer.serves_key("2");
    let others = keys.other_than(&held).await.expect("others");
    assert!(has(&others, "2") && !has(&others, "1"));
    assert_eq!(issuer.asked(), 2);

    let began = Instant::now();
    let mut latest = others;
    while began.elapsed() < Duration::from_secs(90) {
        for _ in 0..20 {
            latest = keys.other_than(&latest).await.unwrap_or(latest);
        }
        advance(Duration::from_millis(500)).await;
    }
    assert_eq!(issuer.asked(), 4, "after 30 and after 60 seconds");
}

#[tokio::test(start_paused = true)]
async fn who_waits_while_keys_are_fetched_gets_them_too() {
    let (issuer, keys, held) = with_key_1().await;
    advance(PAUSE).await;
    issuer.serves_key("2");
    let both = tokio::join!(keys.other_than(&held), async {
        sleep(TAKES / 2).await; // the first one's fetch is under way
        keys.other_than(&held).await
    });
    assert!(has(&both.0.expect("others"), "2") && has(&both.1.expect("others"), "2"));
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_up_does_not_use_up_the_one_fetch() {
    let (issuer, keys, held) = with_key_1().await;
    advance(PAUSE).await;
    issuer.serves_key("2");
    let gave_up = tokio::time::timeout(TAKES / 2, keys.other_than(&held)).await;
    assert!(gave_up.is_err());
    let others = keys.other_than(&held).await.expect("the fetch went on");
    assert!(has(&others, "2"));
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn keys_that_age_are_fetched_again_while_they_serve() {
    let (issuer, keys, held) = with_key_1().await;
    advance(FRESH - Duration::from_secs(1)).await;
    assert!(Arc::ptr_eq(&keys.current().await.expect("keys"), &held));
    sleep(TAKES * 2).await;
    assert_eq!(issuer.asked(), 1);

    issuer.serves_key("2");
    advance(Duration::from_secs(1)).await;
    let began = Instant::now();
    assert!(Arc::ptr_eq(&keys.current().await.expect("keys"), &held));
    assert!(began.elapsed() < TAKES, "nobody waits");
    sleep(TAKES * 2).await;
    assert!(has(&keys.current().await.expect("keys"), "2"));
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn old_keys_are_not_used_before_the_issuer_was_asked() {
    let (issuer, keys, _) = with_key_1().await;
    issuer.serves_key("2");
    advance(OLD).await;
    assert!(has(&keys.current().await.expect("keys"), "2"));
}

#[tokio::test(start_paused = true)]
async fn keys_serve_on_while_the_issuer_is_down_or_gives_none() {
    let (issuer, keys, _) = with_key_1().await;
    for broken in
        [None, Some("no JSON"), Some(r#"{"keys":[]}"#), Some(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#)]
    {
        match broken {
            Some(document) => issuer.serves(document),
            None => issuer.is_down(),
        }
        let asked = issuer.asked();
        advance(OLD).await;
        for _ in 0..10 {
            assert!(has(&keys.current().await.expect("keys"), "1"), "{broken:?}");
        }
        assert_eq!(issuer.asked(), asked + 1, "{broken:?}: once in a while");
    }
}

#[tokio::test(start_paused = true)]
async fn without_any_keys_the_issuer_is_asked_once_a_second() {
    let issuer = Shared::default();
    let keys = Keys::new(issuer.clone());
    for _ in 0..10 {
        assert!(keys.current().await.is_none());
    }
    assert_eq!(issuer.asked(), 1);
    advance(PAUSE_WITHOUT).await;
    issuer.serves_key("1");
    assert!(keys.current().await.is_some());
    assert_eq!(issuer.asked(), 2);
}

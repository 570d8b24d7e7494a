//! The hasher: costs, bounds, and agreement with a second implementation.

use std::sync::mpsc;

use argon2::{
    Params as PeerParams,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

use super::*;
use crate::random::SystemRandom;

fn pool(workers: usize, queue: usize, patience: Duration) -> Arc<Argon2Hasher> {
    Arc::new(Argon2Hasher::new(HasherSettings { workers, queue, patience }, Arc::new(SystemRandom)))
}

fn hasher() -> Arc<Argon2Hasher> {
    pool(1, 8, Duration::from_secs(60))
}

/// The independent implementation that ours is checked against.
fn peer(memory: u32, passes: u32, lanes: u32) -> argon2::Argon2<'static> {
    let params = PeerParams::new(memory, passes, lanes, None).expect("parameters");
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
}

/// Keeps a worker busy until the sender is dropped. Returns when the work has begun.
async fn keep_busy(pool: &Arc<Argon2Hasher>) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let pool = Arc::clone(pool);
    tokio::spawn(async move {
        pool.run(move |_| {
            begun.send(()).expect("the test waits");
            let _ = held.recv();
            Ok(())
        })
        .await
    });
    begins.await.expect("the work begins");
    release
}

#[tokio::test]
async fn a_password_matches_its_own_hash_and_no_other_does() {
    let hasher = hasher();
    let stored = hasher.hash(&"correct horse".into()).await.expect("hashed");
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(hasher.verify(&"correct horse".into(), Some(&stored)).await, Ok(Verdict::Match));
    for wrong in ["correct horsf", "correct hors", "correct horse ", ""] {
        assert_eq!(hasher.verify(&wrong.into(), Some(&stored)).await, Ok(Verdict::NoMatch), "{wrong:?}");
    }
    assert_ne!(hasher.hash(&"correct horse".into()).await, Ok(stored), "each hash has its own salt");
}

#[tokio::test]
async fn f1_nobodys_password_costs_a_hash_and_matches_nothing() {
    let hasher = hasher();
    assert_eq!(hasher.verify(&"correct horse".into(), None).await, Ok(Verdict::NoMatch));
    assert_eq!(hasher.idle.hashers().len(), 1, "a worker was used");
    assert_ne!(hasher.idle.hashers()[0].reserved_blocks(), 0, "and filled its memory");
}

#[tokio::test]
async fn f1_a_hash_of_other_parameters_matches_and_is_told_to_be_outdated() {
    let hasher = hasher();
    let password = Secret::from("correct horse");
    for (memory, passes, lanes) in [(19_456, 3, 1), (12_288, 3, 1), (65_536, 3, 4), (64, 1, 1)] {
        let stored = peer(memory, passes, lanes)
            .hash_password_with_salt(password.expose().as_bytes(), &[7; SALT])
            .expect("hashed")
            .to_string();
        assert_eq!(hasher.verify(&password, Some(&stored)).await, Ok(Verdict::MatchOutdated), "{stored}");
        assert_eq!(hasher.verify(&"wrong".into(), Some(&stored)).await, Ok(Verdict::NoMatch), "{stored}");
    }
}

#[tokio::test]
async fn our_hashes_and_those_of_an_independent_implementation_are_the_same() {
    let hasher = hasher();
    let long = "x".repeat(4096);
    for password in ["", "a", "correct horse", "пароль 密码 🔑", long.as_str()] {
        let ours = hasher.hash(&password.into()).await.expect("hashed");
        let parsed = PasswordHash::new(&ours).expect("a PHC string");
        assert!(peer(19_456, 2, 1).verify_password(password.as_bytes(), &parsed).is_ok(), "{password:?}");

        let mut salt = [0; SALT];
        SystemRandom.fill(&mut salt);
        let theirs = peer(19_456, 2, 1)
            .hash_password_with_salt(password.as_bytes(), &salt)
            .expect("hashed")
            .to_string();
        assert_eq!(hasher.verify(&password.into(), Some(&theirs)).await, Ok(Verdict::Match), "{password:?}");
    }
}

#[test]
fn the_test_vector_of_rfc_9106_section_5_3_holds() {
    let params = Params::builder().memory(Memory::kib(32)).passes(3).lanes(4).build().expect("parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let tag = argon2.hash_with_ad(&[1; 32], &[2; 16], &[3; 8], &[4; 12]).expect("hashed");
    let expected = [
        0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9, 0xd0,
        0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
    ];
    assert_eq!(tag, expected);
}

#[tokio::test]
async fn a_stored_hash_that_is_none_or_demands_the_absurd_is_refused_at_once() {
    let hasher = hasher();
    let tail = "$BwcHBwcHBwcHBwcHBwcHBw$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for head in [
        "$argon2id$v=19$m=4294967295,t=2,p=1",
        "$argon2id$v=19$m=262145,t=2,p=1",
        "$argon2id$v=19$m=19456,t=17,p=1",
        "$argon2id$v=19$m=19456,t=4294967295,p=1",
        "$argon2id$v=19$m=19456,t=2,p=17",
        "$argon2i$v=19$m=4194304,t=2,p=1",
        "$argon2d$v=19$m=4194304,t=2,p=1",
        "$argon2$v=19$m=19456,t=2,p=1",
        "$2b$12",
        "",
    ] {
        let stored = format!("{head}{tail}");
        assert_eq!(hasher.verify(&"x".into(), Some(&stored)).await, Err(HashError::Failed), "{stored}");
    }
    let endless = format!("$argon2id$v=19$m=8,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw${}", "A".repeat(1 << 20));
    assert_eq!(hasher.verify(&"x".into(), Some(&endless)).await, Err(HashError::Failed));
    assert_eq!(hasher.verify(&"x".into(), Some("")).await, Err(HashError::Failed));
}

#[tokio::test]
async fn who_comes_when_the_queue_is_full_is_told_to_come_again() {
    let pool = pool(1, 1, Duration::from_secs(60));
    let busy = keep_busy(&pool).await;
    let waits = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.hash(&"waits".into()).await }
    });
    while pool.places.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(pool.hash(&"too many".into()).await, Err(OVERLOADED));

    drop(busy);
    assert!(waits.await.expect("ran").is_ok());
    assert!(pool.hash(&"again".into()).await.is_ok(), "the queue has room again");
}

#[tokio::test]
async fn who_goes_away_gives_the_place_to_the_next() {
    let pool = pool(1, 1, Duration::from_secs(60));
    let busy = keep_busy(&pool).await;
    let waits = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.hash(&"goes away".into()).await }
    });
    while pool.places.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    waits.abort();
    assert!(waits.await.expect_err("aborted").is_cancelled());
    assert_eq!(pool.places.available_permits(), 1);
    drop(busy);
    assert!(pool.hash(&"next".into()).await.is_ok());
}

#[tokio::test]
async fn nobody_waits_longer_than_the_patience() {
    let pool = pool(1, 9, Duration::from_millis(20));
    let busy = keep_busy(&pool).await;
    assert_eq!(pool.hash(&"waits in vain".into()).await, Err(OVERLOADED));
    drop(busy);
}

#[tokio::test]
async fn no_more_memory_is_kept_than_there_are_workers_and_none_when_idle() {
    let pool = pool(2, 40, Duration::from_secs(60));
    let all: Vec<_> = (0..8)
        .map(|_| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.hash(&"x".into()).await })
        })
        .collect();
    for one in all {
        assert!(one.await.expect("ran").is_ok());
    }
    assert!((1..=2).contains(&pool.idle.hashers().len()));
    pool.trim();
    assert!(!pool.idle.hashers().is_empty(), "used since the last time");
    pool.trim();
    assert!(pool.idle.hashers().is_empty());
    assert!(pool.hash(&"x".into()).await.is_ok());
}

#[tokio::test]
async fn a_job_that_panics_fails_alone() {
    let pool = pool(1, 0, Duration::from_secs(60));
    let outcome: Result<(), _> = pool.run(|_| panic!("this must not stop the pool")).await;
    assert_eq!(outcome, Err(HashError::Failed));
    assert!(pool.hash(&"x".into()).await.is_ok());
}

#[tokio::test]
async fn a_password_that_is_costly_to_estimate_is_estimated_on_the_pool() {
    let costly = Secret::from("4@8({[<369&#!1|0$5+7%2".repeat(40));
    let pool = pool(1, 0, Duration::from_secs(60));
    let order = Mutex::new(Vec::new());
    let note = |who| order.lock().expect("unbroken").push(who);
    tokio::join!(
        async {
            pool.score(&costly, &["ada"]).await.expect("room");
            note("estimated");
        },
        async {
            let refused = pool.score(&costly, &[]).await;
            assert!(matches!(refused, Err(HashError::Overloaded { .. })), "{refused:?}");
            note("others");
        }
    );
    assert_eq!(*order.lock().expect("unbroken"), ["others", "estimated"]);
}

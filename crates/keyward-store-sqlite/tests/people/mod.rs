//! People who sign up in the tests.

use keyward_core::{
    port::{Admitted, Directory, Ledger, NewSession, SessionId, SignIns, StoreError, TokenHash},
    time::Timestamp,
    user::{Admission, NewUser, UserId},
};
use keyward_store_sqlite::SqliteStore;

/// The moment at which everything happens.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_123);

/// Signs `name` up, with a stored session.
pub(crate) async fn sign_up(store: &SqliteStore, name: &str) -> Result<Admitted, StoreError> {
    let user = NewUser {
        id: UserId(name.to_owned()),
        email: Some(name.to_owned()),
        email_verified: false,
        name: None,
        image: None,
    };
    let who = Admission::NewUser { user, password_hash: format!("hash of {name}") };
    let id = SessionId(format!("session of {name}"));
    let session = NewSession { token: Some(token(name)), ..NewSession::new(id, NOW, NOW) };
    store.admit(&who, Some(&session), NOW, &[]).await
}

/// True if everything that a sign-up of `name` writes is there, false if nothing of it is.
pub(crate) async fn is_there(store: &SqliteStore, name: &str) -> bool {
    let user = store.user(&UserId(name.to_owned())).await.expect("answers").is_some();
    let password = store.password_by_email(name).await.expect("answers").is_some();
    let session = store.session(&token(name)).await.expect("answers").is_some();
    assert!(user == password && password == session, "half a sign-up of {name}");
    user
}

fn token(name: &str) -> TokenHash {
    let mut hash = [0; 32];
    hash[..name.len()].copy_from_slice(name.as_bytes());
    TokenHash(hash)
}

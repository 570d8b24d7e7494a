//! The contract of every store, held by this one.

use std::sync::Arc;

use keyward_store_sqlite::{Options, SqliteStore};

keyward_testkit::store_contract!({
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path().join("keyward.db"), &Options::default()).expect("opened");
    (Arc::new(store), folder)
});

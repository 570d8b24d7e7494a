//! Every flow over this store, failing.

use std::sync::Arc;

use keyward_store_sqlite::{Options, SqliteStore};

keyward_testkit::flow_faults!({
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path().join("keyward.db"), &Options::default()).expect("opened");
    (Arc::new(store), folder)
});

//! Every flow over a store in memory that fails.

use std::sync::Arc;

keyward_testkit::flow_faults!((Arc::new(keyward_testkit::MemoryStore::default()), ()));

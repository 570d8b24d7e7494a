//! What a deployment is told.

use std::time::Duration;

use keyward_core::port::{Clock as _, Settled};
use serde_json::Value;

use super::World;

const MINUTE: Duration = Duration::from_secs(60);

impl World {
    /// What was told since the last time: types and data, in their order.
    pub async fn told(&self) -> Vec<(String, Value)> {
        let (store, now) = (self.store.inner(), self.clock.now());
        let leased = store.due_events(now, now.plus(MINUTE), 1000).await.expect("answers");
        let mut told = Vec::new();
        for event in leased {
            store.settle_event(&event, Settled::Delivered).await.expect("answers");
            assert!(event.id.starts_with("msg_"), "{}", event.id);
            let mut body: Value = serde_json::from_str(&event.body).expect("JSON");
            assert_eq!(body["timestamp"], now.iso());
            told.push((body["type"].as_str().expect("a type").to_owned(), body["data"].take()));
        }
        told
    }

    /// As [`Self::told`], the types alone.
    pub async fn told_types(&self) -> Vec<String> {
        self.told().await.into_iter().map(|(kind, _)| kind).collect()
    }
}

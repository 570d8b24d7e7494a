//! Tickets outlive the process that issued them, and are good once for all processes together.

use std::{path::Path, sync::Arc};

use keyward_core::{
    port::{Ledger, Tickets},
    ticket::{Purpose, Ticket, TicketKey},
    time::Timestamp,
};
use keyward_store_sqlite::{Options, SqliteStore};

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_123);
const LATER: Timestamp = Timestamp::from_millis(1_780_086_400_123);

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, &Options::default()).expect("opened")
}

fn ticket(hash: &str) -> Ticket {
    let subject = "ada@example.org".to_owned();
    let key = TicketKey { purpose: Purpose::EMAIL_LINK, subject, hash: hash.to_owned() };
    Ticket { key, data: "{}".to_owned(), created: NOW, expires: LATER }
}

#[tokio::test]
async fn lesson_37_after_a_restart_a_ticket_is_good_and_a_used_one_stays_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keyward.db");
    let (good, used) = (ticket("good"), ticket("used"));
    {
        let store = open(&path);
        for ticket in [&good, &used] {
            store.issue_ticket(ticket).await.expect("issued");
        }
        assert!(store.consume_ticket(&used.key, NOW).await.expect("answers").is_some());
    }
    let store = open(&path);
    assert_eq!(store.consume_ticket(&used.key, NOW).await.expect("answers"), None);
    assert_eq!(store.consume_ticket(&good.key, NOW).await.expect("answers").as_ref(), Some(&good));
    drop(store);
    assert_eq!(open(&path).consume_ticket(&good.key, NOW).await.expect("answers"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lesson_21_of_fifty_consumers_in_two_processes_one_wins() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keyward.db");
    // Each store has its own connections and its own writer, as in a process of its own.
    let stores = [Arc::new(open(&path)), Arc::new(open(&path))];
    for round in 0..5 {
        let ticket = ticket(&round.to_string());
        stores[0].issue_ticket(&ticket).await.expect("issued");
        let start = Arc::new(tokio::sync::Barrier::new(50));
        let consumers: Vec<_> = (0..50)
            .map(|n| {
                let (store, key) = (Arc::clone(&stores[n % 2]), ticket.key.clone());
                let start = Arc::clone(&start);
                tokio::spawn(async move {
                    start.wait().await;
                    store.consume_ticket(&key, NOW).await.expect("the store answers")
                })
            })
            .collect();
        let mut won = Vec::new();
        for consumer in consumers {
            won.extend(consumer.await.expect("no panic"));
        }
        assert_eq!(won, [ticket]);
    }
    assert_eq!(stores[1].sweep(LATER).await.expect("answers"), 0, "nothing is left");
}

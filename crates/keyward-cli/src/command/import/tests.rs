//! An import whose store fails: nothing is half done, and nothing is told that did not happen.

use keyward_core::{port::Directory, user::UserId};
use keyward_testkit::{FaultyStore, MemoryStore, Operation};

use super::*;
use crate::terminal::Style;

const PEOPLE: usize = 1200;

/// How many the report says are made and there already, and how the import ended.
async fn import(store: &FaultyStore<MemoryStore>, file: &Path) -> (u64, u64, Result<(), Early>) {
    let format = Format::new(From::Keyward, None).unwrap_or_else(|_| panic!("no format"));
    let source = Source::open(file, format.columns()).expect("opened");
    let now = SystemClock.now();
    let terminal = crate::terminal::Terminal { out: Style::Plain, err: Style::Plain };
    let mut import = Import {
        store,
        source,
        format,
        rules: Rules { providers: Vec::new(), without_factors: false, sealer: None, now },
        restore: false,
        report: Report::keeping(None),
        progress: Progress::start(terminal, &[("TERM", "dumb")].into()),
        waiting: Vec::new(),
        waiting_bytes: 0,
    };
    let ended = import.run().await;
    (import.report.made, import.report.there, ended)
}

/// A thousand are there; then the file has more, at its beginning, and the first batch of its import fails, before it took
/// effect or after. The next import makes up for it.
async fn cut_off(fail: impl Fn(&FaultyStore<MemoryStore>), made_next: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let all = folder.path().join("all.jsonl");
    let line = |n: usize| format!("{{\"id\":\"u{n}\",\"email\":\"u{n}@example.com\"}}\n");
    let write =
        |count: usize| std::fs::write(&all, (0..count).rev().map(line).collect::<String>()).expect("written");
    let store = FaultyStore::new(MemoryStore::default());
    write(2 * BATCH);
    let (made, there, ended) = import(&store, &all).await;
    assert!((made, there) == (1000, 0) && ended.is_ok());

    write(PEOPLE);
    fail(&store);
    let (made, there, ended) = import(&store, &all).await;
    assert!(ended.is_err(), "a store that fails is told");
    assert_eq!((made, there), (0, 0), "and nobody is counted of whom nothing is known");

    let (made, there, ended) = import(&store, &all).await;
    assert!(ended.is_ok());
    assert_eq!((made, there), (made_next, PEOPLE as u64 - made_next));
    for n in 0..PEOPLE {
        let user = store.inner().user(&UserId(format!("u{n}"))).await.expect("answers").expect("there");
        assert_eq!(user.email, Some(format!("u{n}@example.com")));
    }
}

#[tokio::test]
async fn a_batch_that_was_not_written_is_not_told_as_made_and_is_made_the_next_time() {
    cut_off(|store| store.fail_next(Operation::ImportUsers), 200).await;
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_made_once() {
    cut_off(|store| store.fail_after(Operation::ImportUsers), 0).await;
}

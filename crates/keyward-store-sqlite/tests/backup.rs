//! Backups of a database in use.

mod people;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use keyward_store_sqlite::{BackupError, Options, SqliteStore};
use people::{is_there, sign_up};
use rusqlite::Connection;
use tempfile::tempdir;

fn count(db: &Connection, table: &str) -> i64 {
    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("counted")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_taken_while_people_sign_up_is_whole_and_opens() {
    let folder = tempdir().expect("a folder");
    let store =
        Arc::new(SqliteStore::open(folder.path().join("keyward.db"), &Options::default()).expect("opened"));
    for n in 0..500 {
        sign_up(&store, &format!("before {n}")).await.expect("answers");
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|task| {
            let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    sign_up(&store, &format!("t{task} {n}")).await.expect("answers");
                    n += 1;
                }
                n
            })
        })
        .collect();
    for round in 0..3 {
        let to = folder.path().join(format!("backup {round}.db"));
        let (copying, target) = (Arc::clone(&store), to.clone());
        let pages = tokio::task::spawn_blocking(move || {
            let mut pages = Vec::new();
            copying.backup(&target, |done, total| pages.push((done, total))).expect("backed up");
            pages
        });
        let pages = pages.await.expect("no panic");
        assert!(pages.last().is_some_and(|(done, total)| done == total && *total > 0), "{pages:?}");
        assert!(pages.is_sorted(), "it began again: {pages:?}");

        let copy = Connection::open(&to).expect("opened");
        let check: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checked");
        assert_eq!(check, "ok");
        let users = count(&copy, "user");
        assert!(users >= 500);
        assert_eq!((count(&copy, "password"), count(&copy, "session")), (users, users), "half a sign-up");
        drop(copy);
        let copy = SqliteStore::open(&to, &Options::default()).expect("a database of ours");
        for n in 0..500 {
            assert!(is_there(&copy, &format!("before {n}")).await);
        }
        sign_up(&copy, "after").await.expect("it can be written to");
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.expect("no panic") > 0, "nobody signed up meanwhile");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_shows_one_moment_and_never_begins_again() {
    let folder = tempdir().expect("a folder");
    let store =
        Arc::new(SqliteStore::open(folder.path().join("keyward.db"), &Options::default()).expect("opened"));
    let people: Vec<_> = (0..2500)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { sign_up(&store, &format!("before {n}")).await })
        })
        .collect();
    for person in people {
        person.await.expect("no panic").expect("answers");
    }
    let to = folder.path().join("backup.db");
    let (copying, target, runtime) = (Arc::clone(&store), to.clone(), tokio::runtime::Handle::current());
    let steps = tokio::task::spawn_blocking(move || {
        let mut steps = 0;
        let writing = Arc::clone(&copying);
        let sign_up_meanwhile = |_, _| {
            steps += 1;
            assert!(steps < 100, "it began again and again");
            runtime.block_on(sign_up(&writing, &format!("during {steps}"))).expect("answers");
        };
        copying.backup(&target, sign_up_meanwhile).expect("backed up");
        steps
    });
    let steps = steps.await.expect("no panic");
    assert!(steps > 1, "the database is too small to show anything");
    let copy = Connection::open(&to).expect("opened");
    assert_eq!(count(&copy, "user"), 2500, "nobody who came after it began");
    assert!(is_there(&store, &format!("during {steps}")).await);
}

#[tokio::test]
async fn a_backup_never_overwrites_and_leaves_nothing_of_a_failed_one() {
    let folder = tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path().join("keyward.db"), &Options::default()).expect("opened");
    sign_up(&store, "ada").await.expect("answers");
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).expect("made");
    let taken = backups.join("taken");
    fs::write(&taken, "mine").expect("written");
    std::os::unix::fs::symlink(backups.join("nowhere"), backups.join("link")).expect("linked");
    for to in [taken.clone(), backups.join("link"), backups.clone(), store.path().to_owned()] {
        let refused = store.backup(&to, |_, _| {}).expect_err("refused");
        assert!(matches!(refused, BackupError::Exists(_)), "{refused:?}");
    }
    let below_a_file = store.backup(&taken.join("x"), |_, _| {}).expect_err("refused");
    assert!(matches!(below_a_file, BackupError::NotWritable { .. }), "{below_a_file:?}");
    assert_eq!(fs::read_to_string(&taken).expect("there"), "mine");

    // Somebody else takes the name while the copy is made.
    let raced = backups.join("raced");
    let refused = store.backup(&raced, |_, _| fs::write(&raced, "theirs").expect("written"));
    assert!(matches!(refused, Err(BackupError::Exists(_))), "{refused:?}");
    assert_eq!(fs::read_to_string(&raced).expect("there"), "theirs");
    let mut left: Vec<_> = fs::read_dir(&backups)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["link", "raced", "taken"]);
}

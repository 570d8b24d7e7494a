//! Opening, closing and opening again; files that are not what they should be.

mod people;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use keyward_core::port::{Admitted, Ledger};
use keyward_store_sqlite::{OpenError, Options, SqliteStore};
use people::{is_there, sign_up};
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

fn place() -> (TempDir, PathBuf) {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("keyward.db");
    (folder, path)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, &Options::default()).expect("opened")
}

fn refusal(path: &Path) -> OpenError {
    let options = Options { busy_timeout: Duration::from_millis(100), ..Options::default() };
    let refusal = SqliteStore::open(path, &options).expect_err("refused");
    assert!(refusal.remedy().ends_with('.'), "{refusal}");
    refusal
}

/// The names of everything in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_was_answered_is_there_after_closing_and_opening_again() {
    let (folder, path) = place();
    let store = open(&path);
    assert!(matches!(sign_up(&store, "ada").await, Ok(Admitted::As { is_new: true, .. })));
    store.close();
    assert!(sign_up(&store, "eve").await.is_err(), "closed is closed");
    assert!(store.ready().await.is_err());
    assert!(is_there(&store, "ada").await, "reads go on until the store is dropped");
    drop(store);
    assert_eq!(names(folder.path()), ["keyward.db"], "one file, nothing beside it");

    let store = open(&path);
    assert!(is_there(&store, "ada").await && !is_there(&store, "eve").await);
    assert!(matches!(sign_up(&store, "ada").await, Ok(Admitted::EmailTaken)));
    drop(store);
    assert!(is_there(&open(&path), "ada").await, "dropping closes as well");
}

#[tokio::test]
async fn two_that_have_it_open_see_each_others_commits() {
    let (_folder, path) = place();
    let (one, other) = (open(&path), open(&path));
    for (n, (writer, reader)) in [(&one, &other), (&other, &one)].into_iter().cycle().take(20).enumerate() {
        let name = format!("u{n}");
        sign_up(writer, &name).await.expect("answers");
        assert!(is_there(reader, &name).await);
    }
}

#[tokio::test]
async fn many_threads_that_open_a_new_database_at_once_all_get_it() {
    for _ in 0..5 {
        let (_folder, path) = place();
        let start = Arc::new(std::sync::Barrier::new(8));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (start, path) = (Arc::clone(&start), path.clone());
                std::thread::spawn(move || {
                    start.wait();
                    open(&path)
                })
            })
            .collect();
        let stores: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("opened")).collect();
        sign_up(&stores[0], "ada").await.expect("answers");
        for store in &stores {
            assert!(is_there(store, "ada").await);
        }
    }
}

#[tokio::test]
async fn only_the_owner_can_read_what_is_made() {
    let (folder, _) = place();
    let path = folder.path().join("a/b/keyward.db");
    let store = open(&path);
    sign_up(&store, "ada").await.expect("answers");
    store.backup(&folder.path().join("backups/one.db"), |_, _| {}).expect("backed up");
    let mode = |path: &str| {
        let metadata = folder.path().join(path).metadata().expect("there");
        metadata.permissions().mode() & 0o7777
    };
    for private in ["a", "a/b", "backups"] {
        assert_eq!(mode(private), 0o700, "{private}");
    }
    for private in ["a/b/keyward.db", "a/b/keyward.db-wal", "a/b/keyward.db-shm", "backups/one.db"] {
        assert_eq!(mode(private), 0o600, "{private}");
    }
}

#[tokio::test]
async fn a_name_that_sqlite_would_read_otherwise_is_a_name() {
    let folder = tempdir().expect("a folder");
    for name in [":memory:", "file:x?mode=memory", "file::memory:", "a%20b #?.db", "ünï\u{1f600}"] {
        let path = folder.path().join(name);
        sign_up(&open(&path), "ada").await.expect("answers");
        assert!(path.is_file(), "{name}");
        assert!(is_there(&open(&path), "ada").await, "{name}");
    }
    let above = open(&folder.path().join("missing/../keyward.db"));
    assert_eq!(above.path(), folder.path().canonicalize().expect("there").join("keyward.db"));
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_was() {
    let mut page = vec![0x5a; 64 * 1024];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    let mut almost = vec![0; 4096];
    almost[..15].copy_from_slice(b"SQLite format 4");
    let garbage: [&[u8]; 7] =
        [b"x", b"not a database", &[0; 100], &[0xff; 5000], b"{\"users\": []}\n", &page, &almost];
    for bytes in garbage {
        let (folder, path) = place();
        fs::write(&path, bytes).expect("written");
        let refusal = refusal(&path);
        assert!(matches!(refusal, OpenError::NotADatabase { .. }), "{refusal:?}");
        assert!(refusal.to_string().contains("is not a database"));
        assert!(fs::read(&path).expect("there") == bytes, "it was changed");
        assert_eq!(names(folder.path()), ["keyward.db"]);
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_was() {
    let (folder, path) = place();
    let theirs = Connection::open(&path).expect("made");
    theirs.execute_batch("CREATE TABLE \"User\" (id TEXT)").expect("made");
    drop(theirs);
    let before = fs::read(&path).expect("there");
    assert!(matches!(refusal(&path), OpenError::Foreign { .. }));
    assert!(fs::read(&path).expect("there") == before, "it was changed");
    assert_eq!(names(folder.path()), ["keyward.db"]);
}

#[test]
fn a_database_of_a_later_version_is_refused_with_both_numbers() {
    let (_folder, path) = place();
    drop(open(&path));
    Connection::open(&path).expect("opened").pragma_update(None, "user_version", 77).expect("set");
    let refusal = refusal(&path);
    let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("a folder").count();
    assert!(matches!(refusal, OpenError::Newer { found: 77, known, .. } if known == files), "{refusal:?}");
    assert!(refusal.to_string().contains("schema 77") && refusal.remedy().contains("version"));
}

#[test]
fn a_damaged_database_is_refused() {
    let (_folder, path) = place();
    drop(open(&path));
    let mut bytes = fs::read(&path).expect("there");
    bytes[100..4096].fill(0xee);
    fs::write(&path, &bytes).expect("written");
    assert!(matches!(refusal(&path), OpenError::NotADatabase { .. }));
}

#[test]
fn a_database_that_another_process_keeps_locked_is_refused_after_a_while() {
    let (_folder, path) = place();
    drop(open(&path));
    let holder = Connection::open(&path).expect("opened");
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").expect("locked");
    assert!(matches!(refusal(&path), OpenError::Locked { .. }));
    drop(holder);
    open(&path);
}

#[tokio::test]
async fn a_write_that_another_process_holds_up_too_long_is_refused_and_the_next_one_works() {
    let (_folder, path) = place();
    let options = Options { busy_timeout: Duration::from_millis(100), ..Options::default() };
    let store = SqliteStore::open(&path, &options).expect("opened");
    let holder = Connection::open(&path).expect("opened");
    holder.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let refused = sign_up(&store, "ada").await.expect_err("locked");
    assert!(refused.0.starts_with("admit: ") && refused.0.contains("locked"), "{refused}");
    assert!(!is_there(&store, "ada").await, "reads go on");
    holder.execute_batch("ROLLBACK").expect("unlocked");
    sign_up(&store, "ada").await.expect("answers");
}

#[test]
fn a_place_where_no_file_can_be_is_refused() {
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "x").expect("written");
    assert!(matches!(refusal(&file.join("keyward.db")), OpenError::Folder { .. }));
    assert!(matches!(refusal(Path::new("/proc/keyward/keyward.db")), OpenError::Folder { .. }));
    assert!(matches!(refusal(Path::new("/")), OpenError::NotADatabase { .. }));
    assert!(matches!(refusal(Path::new("/dev/null")), OpenError::NotADatabase { .. }));
    assert!(matches!(refusal(folder.path()), OpenError::NotADatabase { .. }));
}

//! What other processes do to a database: open it at the same time, be killed in the middle of a write, run as
//! a user who may not write. The other process is this test program again, told by its input what to do.

mod people;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use keyward_store_sqlite::{Options, SqliteStore};
use people::{is_there, sign_up};
use rusqlite::Connection;
use tempfile::tempdir;

/// Tags the lines of the other process among those of the test harness.
const SAYS: &str = "the other process says: ";

/// Not a test of its own: what the other process runs. Its input is one line, a verb and a path.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "run by the other tests of this file, in a process of its own"]
async fn the_other_process() {
    let mut told = String::new();
    std::io::stdin().read_line(&mut told).expect("told something");
    let (verb, path) = told.trim_end().split_once(' ').expect("a verb and a path");
    let store = match SqliteStore::open(path, &Options::default()) {
        Ok(store) => Arc::new(store),
        Err(refusal) => return say(&format!("refused {refusal:?}")),
    };
    match verb {
        "open" => say("opened"),
        "write" => {
            let pid = std::process::id();
            let writers: Vec<_> = (0..8)
                .map(|task| {
                    let store = Arc::clone(&store);
                    tokio::spawn(async move {
                        for n in 0.. {
                            let name = format!("{pid} {task} {n}");
                            sign_up(&store, &name).await.expect("answers");
                            say(&name);
                        }
                    })
                })
                .collect();
            for writer in writers {
                writer.await.expect("writes until it is killed");
            }
        }
        _ => unreachable!("told to {verb}"),
    }
}

fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{SAYS}{what}").and_then(|()| out.flush()).expect("heard");
}

/// Ends the process, whatever becomes of the test.
struct Other(Child);

impl Other {
    fn start(mut program: Command, verb: &str, path: &Path) -> Self {
        program.args(["--exact", "the_other_process", "--ignored", "--nocapture"]);
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = program.spawn().expect("started");
        let mut input = child.stdin.take().expect("piped");
        writeln!(input, "{verb} {}", path.display()).expect("told");
        Self(child)
    }

    /// What it says, until it ends.
    fn lines(&mut self) -> impl Iterator<Item = String> + use<> {
        let out = BufReader::new(self.0.stdout.take().expect("piped"));
        out.lines().map_while(Result::ok).filter_map(|line| line.strip_prefix(SAYS).map(str::to_owned))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn this_program() -> Command {
    Command::new(std::env::current_exe().expect("a program"))
}

#[test]
fn processes_that_open_a_new_database_at_once_all_get_it() {
    for _ in 0..3 {
        let folder = tempdir().expect("a folder");
        let path = folder.path().join("keyward.db");
        let mut others: Vec<_> = (0..6).map(|_| Other::start(this_program(), "open", &path)).collect();
        for other in &mut others {
            assert_eq!(other.lines().collect::<Vec<_>>(), ["opened"]);
        }
        SqliteStore::open(&path, &Options::default()).expect("a database of ours");
    }
}

#[tokio::test]
async fn every_sign_up_that_was_answered_survives_kill_9() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("keyward.db");
    let mut answered = Vec::new();
    for round in 0..8 {
        let mut other = Other::start(this_program(), "write", &path);
        let mut lines = other.lines();
        // From the very first commits to the middle of a checkpoint (every 1000 pages).
        let mut heard: Vec<_> = lines.by_ref().take(1 + round * 60).collect();
        thread::sleep(Duration::from_micros(700 * u64::try_from(round).expect("small")));
        other.0.kill().expect("killed");
        heard.extend(lines);
        assert!(heard.len() > round * 60, "it ended by itself: {heard:?}");
        answered.append(&mut heard);

        let store = SqliteStore::open(&path, &Options::default()).expect("opened after the crash");
        for name in &answered {
            assert!(is_there(&store, name).await, "{name} was answered and is gone");
        }
    }
    let db = Connection::open(&path).expect("opened");
    let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checked");
    assert_eq!(check, "ok");
    let halves = "SELECT count(*) FROM user WHERE id NOT IN (SELECT user FROM password)
                  OR id NOT IN (SELECT user FROM session)";
    assert_eq!(db.query_row(halves, [], |row| row.get::<_, i64>(0)).expect("counted"), 0);
}

#[test]
fn a_folder_or_a_file_that_may_not_be_written_to_is_refused() {
    let folder = tempdir().expect("a folder");
    let of = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    of(folder.path(), 0o755);
    // Everybody can run this copy, whoever owns the folder that the original is in.
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().expect("a program"), &program).expect("copied");
    of(&program, 0o755);
    let sealed = folder.path().join("sealed");
    fs::create_dir(&sealed).expect("made");
    let database = sealed.join("keyward.db");
    drop(SqliteStore::open(&database, &Options::default()).expect("opened"));
    let owner = folder.path().metadata().expect("there").uid();
    let refused = |path: &Path| {
        let mut command = Command::new(&program);
        if owner == 0 {
            // Modes don't bind root: be nobody.
            command.uid(65_534).gid(65_534);
        }
        Other::start(command, "open", path).lines().collect::<Vec<_>>().join("\n")
    };

    of(&sealed, 0o555);
    let new = refused(&sealed.join("new.db"));
    assert!(new.starts_with("refused Folder") && new.contains("PermissionDenied"), "{new}");
    let below = refused(&sealed.join("below/new.db"));
    assert!(below.starts_with("refused Folder"), "{below}");
    of(&database, 0o666);
    let beside = refused(&database);
    assert!(beside.starts_with("refused Folder"), "{beside}");
    of(&database, 0o444);
    of(&sealed, 0o777);
    let read_only = refused(&database);
    assert!(read_only.starts_with("refused NotWritable"), "{read_only}");
    of(&database, 0o000);
    let unreadable = refused(&database);
    assert!(unreadable.starts_with("refused NotWritable"), "{unreadable}");
}

//! Running other programs: quietly for their answer, or watched, with a log file and a sign of life.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// How often a watched program shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What only a run of many minutes that hangs takes: one of a busy machine may need twice the time of a quiet one.
pub(crate) const HANGS: Duration = Duration::from_mins(40);
/// How often a watched program is asked whether it has ended.
const TICK: Duration = Duration::from_millis(50);

/// A program of the Rust toolchain, with nothing from the Cargo that runs this tool in its environment.
pub(crate) fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    // Set by `cargo run` for xtask itself; build scripts that watch one of these would run again each time.
    for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"]
    {
        command.env_remove(name);
    }
    command
}

/// A program, by name or path, that takes only what others leave of the processors.
pub(crate) fn yielding(program: impl AsRef<OsStr>) -> Command {
    let mut command = tool("nice");
    command.args(["-n", "19"]).arg(program);
    command
}

/// Runs a program to its end and gives what it printed; a failure carries what it complained about.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let answer = command.stdin(Stdio::null()).output().map_err(|fault| cannot_start(command, &fault))?;
    if answer.status.success() {
        return Ok(String::from_utf8(answer.stdout)?);
    }
    let complaint = String::from_utf8_lossy(&answer.stderr);
    Err(format!("`{}` failed ({}):\n{}", line(command), answer.status, complaint.trim_end()).into())
}

/// A program that is run under watch: its output goes to a log file, a line now and then says that it lives,
/// and past its limit it is ended together with all that it started.
pub(crate) struct Watch<'a> {
    /// The name in the sign of life.
    pub(crate) name: &'a str,
    /// Where its output goes, standard error included.
    pub(crate) log: PathBuf,
    /// How long it may take.
    pub(crate) limit: Duration,
}

/// How a watched program ended.
pub(crate) struct Ended {
    pub(crate) success: bool,
    /// All that it printed, and a last line if it did not end by itself.
    pub(crate) output: String,
}

impl Watch<'_> {
    /// Runs `command` to its end. An error means that it could not be started or watched.
    pub(crate) fn run(&self, command: &mut Command) -> Result<Ended> {
        if let Some(folder) = self.log.parent() {
            fs::create_dir_all(folder)?;
        }
        let log = File::create(&self.log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut child = command.spawn().map_err(|fault| cannot_start(command, &fault))?;
        let status = self.wait(&mut child)?;
        let mut output = String::from_utf8_lossy(&fs::read(&self.log)?).into_owned();
        match status {
            Some(status) if status.success() => {}
            Some(status) => output += &format!("\n`{}` failed: {status}\n", line(command)),
            None => {
                output += &format!("\n`{}` was ended after {} s\n", line(command), self.limit.as_secs());
            }
        }
        Ok(Ended { success: status.is_some_and(|status| status.success()), output })
    }

    /// The child's status, or nothing if it had to be ended.
    fn wait(&self, child: &mut Child) -> Result<Option<ExitStatus>> {
        let start = Instant::now();
        let mut beat = HEARTBEAT;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            let elapsed = start.elapsed();
            if elapsed > self.limit {
                end_with_children(child);
                return Ok(None);
            }
            if elapsed > beat {
                println!("  … {} {} s  {}", self.name, elapsed.as_secs(), last_line(&self.log));
                beat += HEARTBEAT;
            }
            thread::sleep(TICK);
        }
    }
}

/// How many processors there are to share the work.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does `work` on each of `items`, `at_a_time`. Gives the answers in the items' order.
pub(crate) fn side_by_side<T: Sync, A: Send>(
    at_a_time: usize,
    items: &[T],
    work: impl Fn(&T) -> A + Sync,
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let take_turns = || {
        let turn = || {
            let place = next.fetch_add(1, Ordering::Relaxed);
            Some((place, work(items.get(place)?)))
        };
        std::iter::from_fn(turn).collect::<Vec<_>>()
    };
    let mut answers = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_a_time.min(items.len())).map(|_| scope.spawn(take_turns)).collect();
        let answers =
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|fault| resume_unwind(fault)));
        answers.flatten().collect::<Vec<_>>()
    });
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// A path to run a program by, if it is installed.
#[expect(
    clippy::disallowed_methods,
    reason = "the search path of this tool, no configuration of the product"
)]
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Servers live in sbin, which is not in every user's path.
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Sends a signal (`TERM`, `KILL`) to one process.
pub(crate) fn signal(process: u32, name: &str) -> Result {
    output(Command::new("kill").args(["-s", name, "--", &process.to_string()])).map(drop)
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn cannot_start(command: &Command, fault: &std::io::Error) -> String {
    format!("`{}` could not be started: {fault}", line(command))
}

/// Ends a child and all that it started, so that no server outlives its test.
pub(crate) fn end_with_children(child: &mut Child) {
    let mut family = vec![child.id()];
    let parents = parents();
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(process, _)| *process));
        next += 1;
    }
    for process in family {
        // It may have ended in between.
        drop(signal(process, "KILL"));
    }
    drop(child.wait());
}

/// Each process of this machine with its parent; empty where there is no `/proc`.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let parent = |entry: fs::DirEntry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // "pid (name) state parent …", and the name may contain anything.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((process, parent))
    };
    entries.flatten().filter_map(parent).collect()
}

fn last_line(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|character| !character.is_control()).take(90).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(name: &str, limit: Duration) -> Watch<'_> {
        Watch {
            name,
            log: std::env::temp_dir().join(format!("xtask-{name}-{}.log", std::process::id())),
            limit,
        }
    }

    #[test]
    fn work_side_by_side_is_all_done_and_answered_in_order() {
        let items: Vec<u64> = (0..40).collect();
        let answers = side_by_side(3, &items, |item| {
            thread::sleep(Duration::from_millis(40 - item));
            item * 2
        });
        assert_eq!(answers, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(side_by_side(3, &[], |(): &()| ()).is_empty());
    }

    #[test]
    fn a_program_that_fails_shows_what_it_printed_and_its_status() {
        let watch = watch("fails", Duration::from_secs(20));
        let ended = watch.run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap();
        fs::remove_file(&watch.log).unwrap();
        assert!(!ended.success);
        assert!(ended.output.contains("out\nerr\n"), "{}", ended.output);
        assert!(ended.output.contains("exit status: 3"), "{}", ended.output);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_past_its_limit_is_ended_with_its_children() {
        let watch = watch("hangs", Duration::from_millis(500));
        let ended = watch.run(Command::new("sh").args(["-c", "sleep 300 & echo $!; wait"])).unwrap();
        fs::remove_file(&watch.log).unwrap();
        assert!(!ended.success);
        let sleeper: u32 = ended.output.lines().next().unwrap().trim().parse().unwrap();
        // Orphans stay listed as zombies until their new parent looks after them.
        let state = || fs::read_to_string(format!("/proc/{sleeper}/stat")).unwrap_or_default();
        let is_gone = || state().is_empty() || state().contains(") Z");
        // The signal was sent; a busy machine takes a moment to deliver it.
        let patience = (0..200).any(|_| {
            thread::sleep(Duration::from_millis(25));
            is_gone()
        });
        assert!(patience, "{}", state());
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_with_its_name() {
        let fault = output(&mut Command::new("keyward-no-such-program")).unwrap_err().to_string();
        assert!(fault.contains("keyward-no-such-program"), "{fault}");
    }
}

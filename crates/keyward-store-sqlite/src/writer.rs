//! The one thread that writes. It commits everything that waits as one transaction, because a commit costs a
//! flush of the disk, whatever it holds. Each operation has a savepoint: one that fails takes no other with it.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use keyward_core::port::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error;

/// Most operations in one transaction: bounds how long the first of them waits for the last.
const GROUP: usize = 256;

/// Least time from one commit to the next. On a fast disk every write would be flushed by itself, however busy the server is;
/// who comes after a pause waits for nothing.
const PACE: Duration = Duration::from_millis(2);

/// The way to the writing thread.
#[derive(Debug)]
pub(crate) struct Writer {
    /// `None` once closed.
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    queue: SyncSender<Box<dyn Job>>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts the thread. At most `queue` operations wait for it.
    pub(crate) fn start(connection: Connection, queue: usize) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(queue);
        let thread = thread::Builder::new()
            .name("keyward-sqlite".to_owned())
            .spawn(move || write_all(&connection, &jobs))?;
        Ok(Self { running: Mutex::new(Some(Running { queue, thread })) })
    }

    /// Carries `write` out and answers once it is committed. A full queue is refused at once.
    ///
    /// A caller that stops waiting takes nothing back: the write is carried out.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Transition { operation, state: State::Waiting(write), answer });
        self.enqueue(job).map_err(|why| StoreError(format!("{operation}: {why}")))?;
        answered.await.unwrap_or_else(|_| Err(StoreError(format!("{operation}: the writer has stopped"))))
    }

    /// Lets the thread finish what waits, and waits for it.
    pub(crate) fn close(&self) {
        let running = self.running().take();
        if let Some(Running { queue, thread }) = running {
            drop(queue);
            if thread.join().is_err() {
                tracing::error!("the thread that writes to the database panicked");
            }
        }
    }

    fn enqueue(&self, job: Box<dyn Job>) -> Result<(), &'static str> {
        let running = self.running();
        let Running { queue, .. } = running.as_ref().ok_or("the database is closed")?;
        queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => "too many writes are waiting",
            TrySendError::Disconnected(_) => "the writer has stopped",
        })
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// An operation of any type of answer.
trait Job: Send {
    /// Runs inside the transaction and keeps the outcome. False if its changes must be undone.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Gives the outcome, or the fault that undid the transaction.
    fn answer(self: Box<Self>, committed: Result<(), &rusqlite::Error>);
}

struct Transition<F, T> {
    operation: &'static str,
    state: State<F, T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

enum State<F, T> {
    Waiting(F),
    Done(rusqlite::Result<T>),
    Running,
}

impl<F, T> Job for Transition<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let State::Waiting(write) = std::mem::replace(&mut self.state, State::Running) else { return false };
        let outcome = write(connection);
        let worked = outcome.is_ok();
        self.state = State::Done(outcome);
        worked
    }

    fn answer(self: Box<Self>, committed: Result<(), &rusqlite::Error>) {
        let outcome = match (self.state, committed) {
            (State::Done(Ok(value)), Ok(())) => Ok(value),
            (State::Done(Err(fault)), _) => Err(error::store(self.operation, &fault)),
            (_, Err(fault)) => Err(error::store(self.operation, fault)),
            _ => Err(StoreError(format!("{}: not carried out", self.operation))),
        };
        // Nobody may be waiting any more.
        let _ = self.answer.send(outcome);
    }
}

/// Until every sender is gone and the queue is empty.
fn write_all(connection: &Connection, jobs: &Receiver<Box<dyn Job>>) {
    let mut last: Option<Instant> = None;
    while let Ok(first) = jobs.recv() {
        match last.and_then(|last| PACE.checked_sub(last.elapsed())) {
            Some(rest) => thread::sleep(rest),
            // Who shares the processor with this thread may be about to write too: a few more requests that were read cost
            // less than one more flush. Where nobody waits for the processor, this takes no time.
            None => thread::yield_now(),
        }
        last = Some(Instant::now());
        let mut group = vec![first];
        group.extend(jobs.try_iter().take(GROUP - 1));
        let committed = commit(connection, &mut group);
        if let Err(fault) = &committed {
            tracing::error!(operations = group.len(), "a transaction failed: {}", error::describe(fault));
            undo(connection);
        }
        for job in group {
            job.answer(committed.as_ref().copied());
        }
    }
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    if let Err(fault) = emptied {
        tracing::warn!("the log stays beside the database: {}", error::describe(&fault));
    }
}

fn commit(connection: &Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let execute = |sql| connection.prepare_cached(sql)?.execute([]).map(drop);
    // The lock comes first: what an operation reads inside is what it then changes.
    execute("BEGIN IMMEDIATE")?;
    if let [alone] = group {
        let end = if alone.run(connection) { "COMMIT" } else { "ROLLBACK" };
        return execute(end);
    }
    for job in group {
        execute("SAVEPOINT operation")?;
        if !job.run(connection) {
            // A full disk undoes the whole transaction; then this fails, and with it the group.
            execute("ROLLBACK TO operation")?;
        }
        execute("RELEASE operation")?;
    }
    execute("COMMIT")
}

fn undo(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    if let Err(fault) = connection.execute_batch("ROLLBACK") {
        tracing::error!("a failed transaction stays open: {}", error::describe(&fault));
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, sync::Arc, sync::mpsc::channel};

    use rusqlite::Result;
    use tempfile::NamedTempFile;

    use super::*;

    /// A writer over a table `t` of unique numbers, and a connection that sees what was committed.
    fn writer(queue: usize) -> (Arc<Writer>, Connection, NamedTempFile) {
        let file = NamedTempFile::new().expect("a file");
        let connect = || Connection::open(file.path()).expect("opened");
        let db = connect();
        db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT")
            .expect("made");
        (Arc::new(Writer::start(db, queue).expect("started")), connect(), file)
    }

    fn insert(n: i64) -> impl FnOnce(&Connection) -> Result<usize> + Send {
        move |db| db.execute("INSERT INTO t VALUES (?1)", [n])
    }

    fn numbers(db: &Connection) -> Vec<i64> {
        let mut rows = db.prepare("SELECT n FROM t ORDER BY n").expect("prepared");
        rows.query_map([], |row| row.get(0)).expect("read").map(|n| n.expect("a number")).collect()
    }

    /// Runs `writes` as one group, and gives their answers: the thread is held until all of them wait.
    async fn as_one_group<W>(
        writer: &Arc<Writer>,
        writes: Vec<W>,
    ) -> Vec<std::result::Result<usize, StoreError>>
    where
        W: FnOnce(&Connection) -> Result<usize> + Send + 'static,
    {
        let (go, wait) = channel::<()>();
        let (started, has_started) = oneshot::channel();
        let holder = Arc::clone(writer);
        let held = tokio::spawn(async move {
            let hold = move |_: &Connection| {
                let _ = started.send(());
                wait.recv().expect("told to go");
                Ok(())
            };
            holder.run("hold", hold).await
        });
        has_started.await.expect("started");
        let mut waiting: Vec<_> = Vec::new();
        for write in writes {
            let mut answer = Box::pin(writer.run("write", write));
            // The first poll puts it into the queue.
            assert!(poll_once(&mut answer).await.is_none());
            waiting.push(answer);
        }
        go.send(()).expect("held");
        held.await.expect("no panic").expect("committed");
        let mut answers = Vec::new();
        for answer in waiting {
            answers.push(answer.await);
        }
        answers
    }

    /// Polls once.
    async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = std::future::ready(()) => None,
        }
    }

    type Write = Box<dyn FnOnce(&Connection) -> Result<usize> + Send>;

    #[tokio::test]
    async fn one_that_fails_takes_no_other_of_its_group_with_it() {
        let (writer, db, _file) = writer(10);
        let half: Write = Box::new(|db| {
            insert(7)(db)?;
            insert(1)(db)
        });
        let group: Vec<Write> = vec![Box::new(insert(1)), half, Box::new(insert(2)), Box::new(insert(1))];
        let answers = as_one_group(&writer, group).await;
        assert_eq!(
            answers.iter().map(std::result::Result::is_ok).collect::<Vec<_>>(),
            [true, false, true, false]
        );
        assert_eq!(numbers(&db), [1, 2]);
    }

    #[tokio::test]
    async fn what_undoes_the_transaction_is_told_to_everybody_in_it() {
        let (writer, db, _file) = writer(10);
        // What SQLite does by itself where the disk is full.
        let undo: Write = Box::new(|db| db.execute("ROLLBACK", []).and(Err(rusqlite::Error::InvalidQuery)));
        let group: Vec<Write> = vec![Box::new(insert(1)), undo, Box::new(insert(2))];
        let answers = as_one_group(&writer, group).await;
        assert!(answers.iter().all(std::result::Result::is_err), "{answers:?}");
        assert_eq!(numbers(&db), Vec::<i64>::new());
        writer.run("write", insert(3)).await.expect("the next transaction works");
        assert_eq!(numbers(&db), [3]);
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_at_once_and_nothing_of_it_is_written() {
        let (writer, db, _file) = writer(2);
        let (go, wait) = channel::<()>();
        let (started, has_started) = oneshot::channel();
        let mut held = Box::pin(writer.run("hold", move |_| {
            let _ = started.send(());
            wait.recv().expect("told to go");
            Ok(())
        }));
        assert!(poll_once(&mut held).await.is_none());
        has_started.await.expect("started");
        let (mut first, mut second) =
            (pin!(writer.run("write", insert(1))), pin!(writer.run("write", insert(2))));
        assert!(poll_once(&mut first).await.is_none());
        assert!(poll_once(&mut second).await.is_none());
        let refused = writer.run("write", insert(3)).await.expect_err("full");
        assert_eq!(refused.0, "write: too many writes are waiting");
        go.send(()).expect("held");
        assert!(first.await.is_ok() && second.await.is_ok() && held.await.is_ok());
        assert_eq!(numbers(&db), [1, 2]);
    }

    #[tokio::test]
    async fn one_write_after_the_other_is_flushed_no_more_often_than_the_pace() {
        let (writer, _db, _file) = writer(10);
        let began = Instant::now();
        for n in 0..6 {
            writer.run("write", insert(n)).await.expect("committed");
        }
        assert!(began.elapsed() >= PACE * 5);
    }

    #[tokio::test]
    async fn closing_answers_what_waits_and_refuses_what_comes() {
        let (writer, db, file) = writer(100);
        let mut waiting = Vec::new();
        for n in 0..50 {
            let mut answer = Box::pin(writer.run("write", insert(n)));
            match poll_once(&mut answer).await {
                Some(early) => assert!(early.is_ok()),
                None => waiting.push(answer),
            }
        }
        drop(db);
        writer.close();
        writer.close();
        for answer in waiting {
            answer.await.expect("committed");
        }
        let refused = writer.run("write", insert(99)).await.expect_err("closed");
        assert_eq!(refused.0, "write: the database is closed");
        assert_eq!(numbers(&Connection::open(file.path()).expect("opened")).len(), 50);
        let log = file
            .path()
            .with_file_name(format!("{}-wal", file.path().file_name().expect("a name").to_string_lossy()));
        assert!(!log.exists(), "the last connection takes the log with it");
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_nothing_back() {
        let (writer, db, _file) = writer(10);
        {
            let mut abandoned = Box::pin(writer.run("write", insert(1)));
            let _ = poll_once(&mut abandoned).await;
        }
        writer.run("write", insert(2)).await.expect("committed");
        assert_eq!(numbers(&db), [1, 2]);
    }
}

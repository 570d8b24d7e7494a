//! Password sign-ins at four times what the server can do.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::{
    Bench, Result,
    http::Browser,
    load::{self, Closed, Load as _, Served},
    process,
    report::Report,
    server::{HOST, Server},
};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "tangerine-lighthouse-quorum-41";
const TIMES_CAPACITY: f64 = 4.0;
/// Below Keyward's limit of connections, and enough that each waits for its answer before its next request.
const CONNECTIONS: u32 = 800;
const GOAL_P99: Duration = Duration::from_millis(1500);
/// How far the most memory of the later turns may be above the most of the first, and count as flat.
const GOAL_GROWTH: u64 = 4 * 1024 * 1024;
/// What all those connections, the queue and the workers may take together.
const GOAL_ABOVE_IDLE: u64 = 16 * 1024 * 1024;

/// Capacity first, then the flood.
pub(crate) fn sign_in(bench: &Bench, report: &mut Report) -> Result {
    let keyward = Server::keyward(&bench.programs, "sealed")?;
    let mut browser = Browser::open(keyward.address, HOST)?;
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    let answer = browser.submit("signup", &fields)?;
    if answer.status != 200 {
        return Err(format!("signing up: {answer:?}").into());
    }
    let idle = process::memory(keyward.process())?;
    // A browser without a session, or each sign-in would first end one.
    let request = Browser::open(keyward.address, HOST)?.submission("credentials", &fields)?;

    let taken = Closed::open(keyward.address, &vec![request.clone(); 4], 200)?.run(bench.span)?;
    let capacity = f64::from(taken.answers) / taken.span.as_secs_f64();
    report.figure("password sign-in: capacity of one core", format!("{capacity:.0} a second"));

    let rate = capacity * TIMES_CAPACITY;
    let flood = |span| load::at_rate(keyward.address, &request, rate, CONNECTIONS, span);
    // Queue and workers fill up once; from here on memory is to stay where it is. Compared is the most with the
    // most: between two turns there are no connections, and what the allocator has given back by then is chance.
    let (_, first) = while_watching_memory(keyward.process(), || flood(bench.span))?;
    let between = process::memory(keyward.process())?;
    let (served, later) = while_watching_memory(keyward.process(), || flood(bench.span * 3))?;
    judge(report, &served)?;
    report.goal(
        "overload: memory, most of a turn",
        format!("{} in the first, {} in the later ones", mib(first), mib(later)),
        &format!("grows less than {}", mib(GOAL_GROWTH)),
        later.saturating_sub(first) < GOAL_GROWTH,
    );
    report.goal(
        "overload: memory above idle",
        format!("{} idle, {} between two turns, {} at most", mib(idle), mib(between), mib(later)),
        &format!("less than {} above idle", mib(GOAL_ABOVE_IDLE)),
        later.saturating_sub(idle) < GOAL_ABOVE_IDLE,
    );
    Ok(())
}

pub(crate) fn mib(bytes: u64) -> String {
    format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20)
}

fn judge(report: &mut Report, answers: &[Served]) -> Result {
    let mut latencies: Vec<Duration> =
        answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.latency).collect();
    latencies.sort();
    let refused: Vec<&Served> = answers.iter().filter(|answer| answer.status != 200).collect();
    let (median, p99) = (percentile(&latencies, 50)?, percentile(&latencies, 99)?);
    report.goal(
        "overload at 4 times capacity: served ones",
        format!(
            "{} of {}, median {} ms, p99 {} ms",
            latencies.len(),
            answers.len(),
            median.as_millis(),
            p99.as_millis()
        ),
        "p99 < 1.5 s",
        p99 < GOAL_P99,
    );
    let right = refused.iter().filter(|answer| answer.status == 503 && answer.has_retry_after).count();
    report.goal(
        "overload: the others",
        format!("{right} of {} are 503 with Retry-After", refused.len()),
        "all",
        right == refused.len() && !refused.is_empty(),
    );
    Ok(())
}

fn percentile(sorted: &[Duration], percent: usize) -> Result<Duration> {
    Ok(*sorted
        .get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)))
        .ok_or("nobody was served")?)
}

/// Runs `work`, and gives the most memory that a process had in the meantime.
fn while_watching_memory<T: Send>(server: u32, work: impl FnOnce() -> Result<T> + Send) -> Result<(T, u64)> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut highest = 0;
            while !done.load(Ordering::Relaxed) {
                highest = highest.max(process::memory(server)?);
                thread::sleep(Duration::from_millis(100));
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(highest)
        });
        let outcome = work();
        done.store(true, Ordering::Relaxed);
        let highest = watching.join().map_err(|_| "the watch over the memory broke")?;
        Ok((outcome?, highest?))
    })
}

//! Starting, and doing nothing.

use std::{fs, thread, time::Duration};

use super::overload::mib;
use crate::{Bench, Result, measure::median, process, report::Report, server::Server};

const STARTS: usize = 20;
const GOAL_READY: f64 = 50.0;
const GOAL_MEMORY: u64 = 20 * 1024 * 1024;
const GOAL_SIZE: u64 = 20 * 1024 * 1024;

/// How soon Keyward is ready, what it takes while nobody asks it anything, and how large it is.
pub(crate) fn start(bench: &Bench, report: &mut Report) -> Result {
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let server = Server::keyward(&bench.programs, "sealed")?;
        first.push(server.ready_after);
        let server = Server::keyward_in(&bench.programs, "sealed", server.stop()?)?;
        again.push(server.ready_after);
    }
    let millis = |times: &[Duration]| median(times.iter().map(|time| time.as_secs_f64() * 1000.0));
    for (what, times) in [("ready, new database", &first), ("ready, existing database", &again)] {
        let (typical, longest) = (millis(times), times.iter().max().copied().unwrap_or_default());
        report.goal(
            what,
            format!("{typical:.0} ms, at most {} ms in {STARTS} starts", longest.as_millis()),
            "50 ms",
            typical <= GOAL_READY,
        );
    }

    let server = Server::keyward(&bench.programs, "sealed")?;
    thread::sleep(Duration::from_secs(3));
    let idle = process::memory(server.process())?;
    report.goal("idle memory (resident)", mib(idle), "< 20 MiB", idle < GOAL_MEMORY);
    let size = fs::metadata(&bench.programs.keyward)?.len();
    report.goal("size of the program", mib(size), "< 20 MiB", size < GOAL_SIZE);
    Ok(())
}

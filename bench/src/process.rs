//! What a process has used, by `/proc`.

use std::{fs, time::Duration};

use crate::Result;

/// Processor time of a process and of all that it started, user and system together.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    // Of the process itself it must be known; a child may have ended since it was listed.
    own_ticks(process)?;
    Ok(Duration::from_millis(ticks(process) * 1000 / TICKS_PER_SECOND))
}

/// Memory in use (resident), in bytes.
pub(crate) fn memory(process: u32) -> Result<u64> {
    status(process, "VmRSS:")
}

/// The most memory that was in use at once (resident), in bytes.
pub(crate) fn most_memory(process: u32) -> Result<u64> {
    status(process, "VmHWM:")
}

fn status(process: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or_else(|| format!("no {name}"))?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}

/// `USER_HZ`, which Linux gives programs as 100 on every architecture of today. The kernel's own count behind
/// it is exact, so rounding is the only error.
const TICKS_PER_SECOND: u64 = 100;

fn ticks(process: u32) -> u64 {
    let own = own_ticks(process).unwrap_or_default();
    own + children(process).into_iter().map(ticks).sum::<u64>()
}

/// utime, stime, and those of children that have ended: fields 14 to 17 of proc_pid_stat(5).
fn own_ticks(process: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything.
    let fields = stat.rsplit_once(')').ok_or("no name")?.1;
    let ticks: Vec<u64> =
        fields.split_whitespace().skip(11).take(4).map(str::parse).collect::<std::result::Result<_, _>>()?;
    Ok(ticks.iter().sum())
}

/// Processes that it started and that run.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}

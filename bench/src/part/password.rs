//! Checking a password: Keyward's pool, and npm's `@node-rs/argon2`.

use std::{
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use keyward::{Argon2Hasher, HasherSettings, SystemRandom};
use keyward_core::{
    port::{PasswordHasher, Verdict},
    secret::Secret,
};

use crate::{
    Bench, Result,
    measure::{ROUNDS, median},
    process,
    report::Report,
    server::LOAD_CORE,
};

const PASSWORD: &str = "tangerine-lighthouse-quorum-41";

/// What one check costs.
#[derive(Clone, Copy)]
struct Cost {
    cpu: Duration,
    clock: Duration,
}

/// Both check one hash over and over, in turns, on one core.
pub(crate) fn check(bench: &Bench, report: &mut Report) -> Result {
    let hash = hash(PASSWORD)?;
    let (mut own, mut nodes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        own.push(with_keyward(&hash, bench.span)?);
        nodes.push(with_node(bench, &hash)?);
    }
    let millis = |costs: &[Cost], of: fn(&Cost) -> Duration| {
        median(costs.iter().map(|cost| of(cost).as_secs_f64() * 1000.0))
    };
    let describe = |costs: &[Cost]| {
        let (cpu, clock) = (millis(costs, |cost| cost.cpu), millis(costs, |cost| cost.clock));
        format!("{cpu:.2} ms of CPU, {clock:.2} ms by the clock")
    };
    report.figure("password check: Keyward", describe(&own));
    report.figure("password check: @node-rs/argon2", describe(&nodes));
    let ratios = own.iter().zip(&nodes).map(|(own, node)| node.cpu.as_secs_f64() / own.cpu.as_secs_f64());
    let times = median(ratios);
    report.goal(
        "password check: Keyward's speed",
        format!("{times:.2} of npm's"),
        "≥ 1.00 of npm's",
        times >= 1.0,
    );
    Ok(())
}

/// A hash as Keyward makes it: Argon2id, 19 MiB, two passes, one lane.
pub(crate) fn hash(password: &str) -> Result<String> {
    let hashed = runtime()?.block_on(pool().hash(&Secret::from(password)));
    hashed.map_err(|fault| format!("{fault:?}").into())
}

fn with_keyward(hash: &str, span: Duration) -> Result<Cost> {
    let (runtime, pool, password) = (runtime()?, pool(), Secret::from(PASSWORD));
    let process = std::process::id();
    let (began, before) = (Instant::now(), process::cpu(process)?);
    let mut checks = 0;
    while began.elapsed() < span {
        if !matches!(runtime.block_on(pool.verify(&password, Some(hash))), Ok(Verdict::Match)) {
            return Err("the right password did not match".into());
        }
        checks += 1;
    }
    let used = process::cpu(process)?.saturating_sub(before);
    Ok(Cost { cpu: used / checks, clock: began.elapsed() / checks })
}

fn with_node(bench: &Bench, hash: &str) -> Result<Cost> {
    let answer = Command::new("taskset")
        .args(["--cpu-list", LOAD_CORE, "node", "argon2.mjs", hash, PASSWORD])
        .arg(bench.span.as_millis().to_string())
        .current_dir(&bench.programs.next)
        .output()?;
    let said = String::from_utf8_lossy(&answer.stdout);
    let figures: serde_json::Value = serde_json::from_str(&said)
        .map_err(|fault| format!("argon2.mjs: {fault}: {}", String::from_utf8_lossy(&answer.stderr)))?;
    let micros = |name: &str| {
        let value = figures[name].as_f64().ok_or("argon2.mjs lacks a figure")?;
        Ok::<_, &str>(Duration::from_secs_f64(value / 1e6))
    };
    Ok(Cost { cpu: micros("cpu")?, clock: micros("clock")? })
}

fn pool() -> Argon2Hasher {
    Argon2Hasher::new(HasherSettings::default(), Arc::new(SystemRandom))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

//! Bringing people along from another system.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::overload::mib;
use crate::{Bench, Result, process, report::Report};

const FEW: u32 = 100_000;
const MANY: u32 = 1_000_000;
const GOAL_GROWTH: u64 = 8 * 1024 * 1024;

/// How fast a million people are imported, each with an address, a bcrypt hash and an account, and whether it takes more
/// memory than a tenth of them.
pub(crate) fn users(bench: &Bench, report: &mut Report) -> Result {
    let few = import(&bench.programs.keyward, FEW)?;
    let many = import(&bench.programs.keyward, MANY)?;
    let per_second = |users: u32, took: Duration| f64::from(users) / took.as_secs_f64();
    report.figure(
        "import of 1,000,000 users",
        format!(
            "{:.0} a second, {:.0} s, {:.0} µs of CPU each",
            per_second(MANY, many.took),
            many.took.as_secs_f64(),
            many.cpu.as_secs_f64() * 1e6 / f64::from(MANY)
        ),
    );
    let grown = many.memory.saturating_sub(few.memory);
    report.goal(
        "import: memory at most",
        format!("{} with 1,000,000, {} with 100,000", mib(many.memory), mib(few.memory)),
        &format!("grows less than {}", mib(GOAL_GROWTH)),
        grown < GOAL_GROWTH,
    );
    Ok(())
}

struct Import {
    took: Duration,
    cpu: Duration,
    /// Resident, at most, in bytes.
    memory: u64,
}

fn import(keyward: &Path, users: u32) -> Result<Import> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("users.jsonl");
    write(&file, users)?;
    let began = Instant::now();
    let mut child = Command::new(keyward)
        .args(["import", "users"])
        .arg(&file)
        .arg("--data")
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let (mut cpu, mut memory) = (Duration::ZERO, 0);
    let ended = loop {
        // What it used is known as long as it runs.
        if let (Ok(used), Ok(most)) = (process::cpu(child.id()), process::most_memory(child.id())) {
            (cpu, memory) = (used, most);
        }
        match child.try_wait()? {
            Some(ended) => break ended,
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    if !ended.success() {
        return Err(format!("the import ended with {ended}").into());
    }
    Ok(Import { took: began.elapsed(), cpu, memory })
}

/// Ids in no order, as UUIDs are.
fn write(file: &Path, users: u32) -> Result {
    let mut file = BufWriter::new(File::create(file)?);
    for n in 0..users {
        let id = n.wrapping_mul(2_654_435_761);
        writeln!(
            file,
            r#"{{"id":"{id:08x}-5d1c-4f6e-9b58-0c8a57d1a2b3","email":"person{n}@example.com","email_verified":true,"name":"Person {n}","password_hash":"$2b$12$vc1g2mym8a9nnK3k1ZgIXu3dD3ZeHhoPV3dh8WbsdsH5.sPWZyWFa","accounts":[{{"provider":"github","id":"{n}"}}]}}"#
        )?;
    }
    file.flush()?;
    Ok(())
}

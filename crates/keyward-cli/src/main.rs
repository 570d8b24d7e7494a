//! The keyward program.

mod banner;
mod command;
mod config;
mod environment;
mod fault;
mod log;
mod port_holder;
mod progress;
mod signals;
mod start_page;
mod terminal;

use std::process::ExitCode;

/// A request is many small allocations; with the system's allocator they would be a fifth of its time
/// (BENCHMARKS.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::run(&environment::Environment::read())
}

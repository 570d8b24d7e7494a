//! The keyward program.

mod banner;
mod command;
mod config;
mod environment;
mod fault;
mod log;
mod port_holder;
mod signals;
mod start_page;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run(&environment::Environment::read())
}

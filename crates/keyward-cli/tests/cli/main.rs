//! The program as a real process: what it says, what it writes, how it ends.

mod accounts;
mod check;
mod commands;
mod email;
mod mistakes;
mod providers;
mod rules;
mod serve;
mod spans;
mod support;

//! The program as a real process: what it says, what it writes, how it ends.

mod accounts;
mod commands;
mod email;
mod mistakes;
mod providers;
mod serve;
mod support;

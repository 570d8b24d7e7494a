//! The library as an application has it: over sockets, with a database file.

mod events;
mod example;
mod own_accounts;
mod support;

//! The flows, driven as a browser drives them, against ports that tests command.

mod abuse;
mod audit;
mod backends;
mod email_gates;
mod email_links;
mod events;
mod limits;
mod operators;
mod own_accounts;
mod programs;
mod own_sessions;
mod rules;
mod sessions;
mod support;

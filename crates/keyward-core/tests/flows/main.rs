//! The flows, driven as a browser drives them, against ports that tests command.

mod abuse;
mod audit;
mod backends;
mod email_gates;
mod email_links;
mod events;
mod limits;
mod own_accounts;
mod programs;
mod rules;
mod sessions;
mod support;

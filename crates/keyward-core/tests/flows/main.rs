//! The flows, driven as a browser drives them, against ports that tests command.

mod abuse;
mod account;
mod adopted;
mod audit;
mod backends;
mod csrf;
mod email_gates;
mod email_links;
mod events;
mod factors;
mod factors_elsewhere;
mod first_proof;
mod hooked;
mod limits;
mod meanwhile;
mod operators;
mod own_accounts;
mod own_sessions;
mod programs;
mod recovery;
mod recovery_faults;
mod rules;
mod sessions;
mod subjects;
mod support;
mod typed;

//! Configuration: from flags, file and environment to a [`Deployment`], every mistake with its place.

mod admin;
mod build;
mod deployment;
mod factors;
mod file;
mod load;
mod providers;
mod redact;
mod resolve;
mod rules;
mod safety;
mod secret_file;
mod settled;
mod tokens;
mod value;
mod wording;

pub(crate) use build::{accounts, builder, faults_of, shown_theme};
pub(crate) use deployment::{Deployment, Mode, Secrets, Sources};
pub(crate) use file::{File, StrategyName};
pub(crate) use providers::{Email, Provider, Redirect};
pub(crate) use resolve::resolve;
pub(crate) use safety::{audit, breached};
pub(crate) use secret_file::{SecretFile, fresh_secret};
pub(crate) use settled::{Origin, Settled};
pub(crate) use value::Period;

//! The audit trail, guesses, and breached passwords: what the file says of them.

use std::path::PathBuf;

use keyward::{AuditSettings, BreachedError, BreachedPasswords, GuessLimits};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{deployment::Deployment, value::Period};
use crate::fault::Fault;

/// What is kept of what happens to accounts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditTable {
    /// Whether an audit trail is kept. Default: true.
    pub(crate) enabled: Option<bool>,
    /// For how long its entries are kept. Default: `90d`.
    pub(crate) keep: Option<Period>,
    /// How many rows of refusals are kept at most; beyond it the oldest go. Default: 100000.
    pub(crate) refusals: Option<u64>,
}

/// The settings of the audit trail.
pub(crate) fn audit(table: &AuditTable) -> AuditSettings {
    let default = AuditSettings::default();
    let keep = table.keep.map_or(default.keep, |period| period.0);
    AuditSettings {
        keep: if table.enabled == Some(false) { std::time::Duration::ZERO } else { keep },
        refusals: table.refusals.unwrap_or(default.refusals),
    }
}

/// When wrong passwords begin to cost time.
pub(crate) fn guesses(deployment: &Deployment) -> GuessLimits {
    let (table, default) = (&deployment.file.limits, GuessLimits::default());
    GuessLimits {
        free: table.wrong_passwords.unwrap_or(default.free),
        free_of_strangers: table.wrong_passwords_of_strangers.unwrap_or(default.free_of_strangers),
        free_of_network: table.wrong_passwords_per_address.unwrap_or(default.free_of_network),
        longest: table.longest_wait.map_or(default.longest, |period| period.0),
        ..default
    }
}

/// The lists that new passwords are held against, or the place of what is wrong with one.
pub(crate) fn breached(deployment: &Deployment) -> Result<BreachedPasswords, (String, Fault)> {
    let accounts = &deployment.file.accounts;
    let inside = accounts.common_passwords.unwrap_or(true);
    let mut lists = if inside { BreachedPasswords::default() } else { BreachedPasswords::none() };
    for (index, file) in accounts.breached.iter().enumerate() {
        lists = lists.and(&absolute(deployment, file)).map_err(|error| {
            let fault = Fault::new(error.to_string()).remedy(match &error {
                BreachedError::Unreadable { .. } => {
                    "a relative path starts at the configuration file's folder"
                }
                BreachedError::NoList { .. } => "make it with `keyward breached build`",
            });
            (format!("accounts.breached[{index}]"), fault)
        })?;
    }
    Ok(lists)
}

/// A relative path starts at the configuration file's folder.
fn absolute(deployment: &Deployment, path: &str) -> PathBuf {
    deployment.source.as_ref().map_or_else(|| PathBuf::from(path), |source| source.folder().join(path))
}

//! `[admin]`: who may change people and sessions from outside.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::Hidden;

/// The admin API: people and their sessions, changed from outside. Without a key it is not there.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AdminTable {
    /// What an operator's program sends as `Authorization: Bearer`, 32 characters or more. Several, so that one can be
    /// replaced by another. Default: none.
    pub(crate) keys: Vec<Hidden>,
}

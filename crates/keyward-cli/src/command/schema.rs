//! `keyward schema`.

use schemars::schema_for;

use super::Surroundings;
use crate::{
    config::File,
    fault::{Failure, Fault},
};

/// Prints the JSON schema of the configuration file, for editors.
pub(super) fn run(around: &Surroundings<'_>) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(&schema_for!(File)).map_err(|error| Fault::new(error.to_string()))?;
    around.terminal.print(&(text + "\n"));
    Ok(())
}

//! `[[clients]]`: applications with a credential of their own.

use keyward::Client;
use schemars::JsonSchema;
use serde::Deserialize;

use super::value::Hidden;

/// An application that calls Keyward from its server side with a credential of its own: HTTP Basic with id and secret.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTable {
    /// Letters, digits, `-` and `_`. Public; access tokens name it as `client_id`.
    pub(crate) id: String,
    /// What only the application's server side knows, 32 characters or more.
    pub(crate) secret: Hidden,
    /// For whom the application may ask for access tokens. Default: none.
    #[serde(default)]
    pub(crate) audiences: Vec<String>,
}

impl ClientTable {
    /// As the library takes it.
    pub(super) fn client(&self) -> Client {
        Client { id: self.id.clone(), secret: self.secret.0.clone(), audiences: self.audiences.clone() }
    }
}

//! Auth0: the bulk user export, and the file of password hashes.

use keyward::ImportedHash;
use keyward_core::time::Timestamp;
use serde_json::{Map, Value};

use super::catalogued;
use crate::command::import::{
    fields::Fields,
    mistake::Mistake,
    person::{Found, FoundAccount},
};

/// The provider of Auth0's own accounts.
const OWN: &str = "auth0";

/// What a record says. The file of hashes has MongoDB's `_id` in place of a `user_id`.
pub(super) fn read(fields: Map<String, Value>, now: Timestamp) -> Result<Found, Mistake> {
    let mut fields = Fields(fields);
    let mut accounts = Vec::new();
    for mut identity in fields.objects("identities")? {
        let wrong = Mistake::Wrong("identities", "has a member without provider or user_id");
        let provider = identity.text("provider")?.ok_or_else(|| wrong.clone())?;
        if provider != OWN {
            let id = identity.id("user_id")?.ok_or(wrong)?;
            accounts.push(FoundAccount {
                provider: catalogued(&provider).to_owned(),
                id,
                kind: "oauth".to_owned(),
            });
        }
    }
    let id = match fields.text("user_id")? {
        Some(id) => Some(id),
        None => Fields(fields.object("_id")?).text("$oid")?.map(|id| format!("{OWN}|{id}")),
    };
    let password = fields.text("passwordHash")?.map(|hash| ImportedHash::read(&hash)).transpose()?;
    Ok(Found {
        id,
        email: fields.text("email")?,
        email_verified: fields.since("email_verified", now)?,
        name: fields.text("name")?,
        image: fields.text("picture")?,
        password,
        disabled: fields.flag("blocked")?,
        accounts,
        has_factor: fields.lists_any("multifactor"),
        ..Found::default()
    })
}

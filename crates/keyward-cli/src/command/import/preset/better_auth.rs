//! Better Auth's models `user` and `account`, accounts inside of their user.

use keyward::ImportedHash;
use keyward_core::time::Timestamp;
use serde_json::{Map, Value};

use crate::command::import::{
    fields::Fields,
    mistake::Mistake,
    person::{Found, FoundAccount},
};

/// The provider of accounts that hold a password.
const CREDENTIAL: &str = "credential";

/// What a record says. `role`, `banned` and `twoFactorEnabled` are of its plug-ins.
pub(super) fn read(fields: Map<String, Value>, now: Timestamp) -> Result<Found, Mistake> {
    let mut fields = Fields(fields);
    let (mut password, mut accounts) = (None, Vec::new());
    for mut account in fields.objects("accounts")? {
        let wrong = Mistake::Wrong("accounts", "has a member without providerId or accountId");
        let provider = account.text("providerId")?.ok_or_else(|| wrong.clone())?;
        if provider != CREDENTIAL {
            let id = account.id("accountId")?.ok_or(wrong)?;
            accounts.push(FoundAccount { provider, id, kind: "oauth".to_owned() });
        } else if let Some(hash) = account.text("password")? {
            // Its own, or that of a hash function of the application's.
            let hash =
                if hash.contains('$') { ImportedHash::read(&hash) } else { ImportedHash::better_auth(&hash) };
            password = Some(hash?);
        }
    }
    let mut claims = Map::new();
    if let Some(role) = fields.take("role") {
        claims.insert("role".to_owned(), role);
    }
    Ok(Found {
        id: fields.id("id")?,
        email: fields.text("email")?,
        email_verified: fields.since("emailVerified", now)?,
        name: fields.text("name")?,
        image: fields.text("image")?,
        password,
        disabled: fields.flag("banned")?,
        claims,
        accounts,
        totp_secret: None,
        has_factor: fields.flag("twoFactorEnabled")?,
    })
}

//! NextAuth's models `User` and `Account` (its adapters' schema), accounts inside of their user.
//!
//! A password is no part of NextAuth: applications that check one by themselves have a column for it.

use keyward::ImportedHash;
use keyward_core::time::Timestamp;
use serde_json::{Map, Value};

use crate::command::import::{
    fields::Fields,
    mistake::Mistake,
    person::{Found, FoundAccount},
};

/// Where applications keep the hash.
const PASSWORDS: [&str; 4] = ["password", "hashedPassword", "passwordHash", "password_hash"];

/// What a record says.
pub(super) fn read(fields: Map<String, Value>, now: Timestamp) -> Result<Found, Mistake> {
    let mut fields = Fields(fields);
    let mut password = None;
    for name in PASSWORDS {
        if let Some(hash) = fields.text(name)? {
            password = Some(ImportedHash::read(&hash)?);
        }
    }
    let mut claims = Map::new();
    if let Some(role) = fields.take("role") {
        claims.insert("role".to_owned(), role);
    }
    let verified = if fields.0.contains_key("emailVerified") { "emailVerified" } else { "email_verified" };
    Ok(Found {
        id: fields.id("id")?,
        email: fields.text("email")?,
        email_verified: fields.since(verified, now)?,
        name: fields.text("name")?,
        image: fields.text("image")?,
        password,
        claims,
        accounts: accounts(&mut fields)?,
        ..Found::default()
    })
}

/// Those of providers: NextAuth keeps none for e-mail links, and those of credentials are the application's own.
fn accounts(fields: &mut Fields) -> Result<Vec<FoundAccount>, Mistake> {
    let mut accounts = Vec::new();
    for mut account in fields.objects("accounts")? {
        let kind = account.text("type")?.unwrap_or_else(|| "oauth".to_owned());
        if !matches!(kind.as_str(), "oauth" | "oidc") {
            continue;
        }
        let wrong = Mistake::Wrong("accounts", "has a member without provider or providerAccountId");
        accounts.push(FoundAccount {
            provider: account.text("provider")?.ok_or_else(|| wrong.clone())?,
            id: account.id("providerAccountId")?.ok_or(wrong)?,
            kind,
        });
    }
    Ok(accounts)
}

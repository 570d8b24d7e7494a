//! What `firebase auth:export` writes as JSON.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use keyward::{FirebaseProject, ImportedHash};
use keyward_core::time::Timestamp;
use serde_json::{Map, Value};

use super::catalogued;
use crate::{
    command::import::{
        fields::Fields,
        mistake::Mistake,
        person::{Found, FoundAccount},
    },
    fault::Fault,
};

/// What a record says. Custom attributes become claims.
pub(super) fn read(
    fields: Map<String, Value>,
    now: Timestamp,
    project: Option<&FirebaseProject>,
) -> Result<Found, Mistake> {
    let mut fields = Fields(fields);
    let (hash, salt) = (fields.text("passwordHash")?, fields.text("salt")?);
    let password = match (hash, project) {
        (None, _) => None,
        (Some(_), None) => return Err(Mistake::NoHashConfig),
        (Some(hash), Some(project)) => {
            Some(ImportedHash::firebase(&hash, &salt.unwrap_or_default(), project)?)
        }
    };
    let mut accounts = Vec::new();
    for mut account in fields.objects("providerUserInfo")? {
        let wrong = Mistake::Wrong("providerUserInfo", "has a member without providerId or rawId");
        let provider = account.text("providerId")?.ok_or_else(|| wrong.clone())?;
        // Those are no other site's.
        if !matches!(provider.as_str(), "password" | "phone") {
            let id = account.id("rawId")?.ok_or(wrong)?;
            accounts.push(FoundAccount {
                provider: catalogued(&provider).to_owned(),
                id,
                kind: "oauth".to_owned(),
            });
        }
    }
    Ok(Found {
        id: fields.text("localId")?,
        email: fields.text("email")?,
        email_verified: fields.since("emailVerified", now)?,
        name: fields.text("displayName")?,
        image: fields.text("photoUrl")?,
        password,
        disabled: fields.flag("disabled")?,
        claims: fields.object("customAttributes")?,
        accounts,
        totp_secret: None,
        has_factor: fields.lists_any("mfaInfo"),
    })
}

/// Reads the project's parameters as its console shows them.
pub(super) fn read_hash_config(path: &Path) -> Result<FirebaseProject, Fault> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Fault::new(format!("{} can't be read: {error}", path.display())))?;
    hash_config(&text).map_err(|missing| {
        Fault::new(format!("{} does not say {missing}", path.display()))
            .remedy("put there what Firebase's console shows as password hash parameters")
    })
}

/// The parameters, or which of them is not there.
fn hash_config(text: &str) -> Result<FirebaseProject, &'static str> {
    let value = |name: &'static str| {
        let line =
            text.lines().find_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix(':'));
        line.map(|value| value.trim().trim_end_matches(',').trim_matches('"')).ok_or(name)
    };
    if value("algorithm")? != "SCRYPT" {
        return Err("algorithm: SCRYPT");
    }
    let bytes = |name| STANDARD.decode(value(name)?).map_err(|_| name);
    Ok(FirebaseProject {
        signer_key: bytes("base64_signer_key")?,
        salt_separator: bytes("base64_salt_separator")?,
        rounds: value("rounds")?.parse().map_err(|_| "rounds")?,
        mem_cost: value("mem_cost")?.parse().map_err(|_| "mem_cost")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_are_read_as_the_console_shows_them() {
        let text = "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: c2lnbmVy,\n  base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n";
        let project = hash_config(text).expect("read");
        assert_eq!((project.signer_key, project.salt_separator), (b"signer".to_vec(), vec![7]));
        assert_eq!((project.rounds, project.mem_cost), (8, 14));
        for (line, missing) in
            [("rounds: 8,", "rounds"), ("SCRYPT", "algorithm: SCRYPT"), ("Bw==", "base64_salt_separator")]
        {
            assert_eq!(hash_config(&text.replace(line, "x")).err(), Some(missing));
        }
    }
}

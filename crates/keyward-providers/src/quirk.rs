//! What single providers do that the catalogue's data cannot say.

use serde::Deserialize;
use serde_json::Value;

use crate::{path::member, template};

/// A provider's deviation from the common flow, where it is more than data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// The e-mail addresses come from a second call (`github_email`).
    GithubEmails,
    /// The first response carries the person's name beside the code (`apple_user`).
    AppleUser,
    /// The metadata stands for every tenant; the tenant is known from the ID token (`entra_issuer`).
    EntraTenants,
}

/// A picture's address that takes more than a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// Discord: an own avatar, moving or not, or one of the default ones.
    DiscordAvatar,
    /// Bungie: the path may lack its first slash.
    BungiePicture,
}

impl Picture {
    /// The address, if the profile has what it takes.
    pub(crate) fn of(self, profile: &Value) -> Option<String> {
        match self {
            Self::DiscordAvatar => discord_avatar(profile),
            Self::BungiePicture => {
                let path = member(profile, "Response.bungieNetUser.profilePicturePath")?.as_str()?;
                Some(format!("https://www.bungie.net/{}", path.strip_prefix('/').unwrap_or(path)))
            }
        }
    }
}

fn discord_avatar(profile: &Value) -> Option<String> {
    const CDN: &str = "https://cdn.discordapp.com";
    let id = match profile.get("id")? {
        Value::String(id) => id.clone(),
        other => other.as_u64()?.to_string(),
    };
    if let Some(avatar) = profile.get("avatar").and_then(Value::as_str) {
        let format = if avatar.starts_with("a_") { "gif" } else { "png" };
        let (id, avatar) = (template::component(&id), template::component(avatar));
        return Some(format!("{CDN}/avatars/{id}/{avatar}.{format}"));
    }
    // Names without a discriminator ("0") take the default avatar by the age of the account.
    let place = match profile.get("discriminator").and_then(Value::as_str)? {
        "0" => (id.parse::<u64>().ok()? >> 22) % 6,
        number => number.parse::<u64>().ok()? % 5,
    };
    Some(format!("{CDN}/embed/avatars/{place}.png"))
}

/// The address to take from GitHub's list, with whether it is verified: the primary one, else the first.
pub(crate) fn github_email(emails: &[Value]) -> Option<(String, Option<bool>)> {
    let primary = |one: &&Value| one.get("primary").and_then(Value::as_bool) == Some(true);
    let chosen = emails.iter().find(primary).or_else(|| emails.first())?;
    let email = chosen.get("email")?.as_str()?.to_owned();
    Some((email, is_verified(chosen)))
}

/// Whether GitHub's list says that this address is verified; nothing where it is not in the list. ASCII case apart it
/// has to be the same: an address that only a normal form makes equal may be somebody else's.
pub(crate) fn github_verified(emails: &[Value], address: &str) -> Option<bool> {
    let same = |one: &&Value| {
        one.get("email").and_then(Value::as_str).is_some_and(|email| email.eq_ignore_ascii_case(address))
    };
    emails.iter().find(same).and_then(is_verified)
}

fn is_verified(email: &Value) -> Option<bool> {
    email.get("verified").and_then(Value::as_bool)
}

/// What Apple posts beside the code on the very first sign-in: `{"name": {"firstName", "lastName"}, "email"}`.
///
/// It comes through the browser and is signed by nobody: only the name is taken.
pub(crate) fn apple_user(posted: &str) -> Option<Value> {
    let user: Value = serde_json::from_str(posted).ok()?;
    let name = user.get("name")?.as_object()?;
    Some(serde_json::json!({ "name": name }))
}

/// The issuer of one Microsoft Entra tenant, from metadata whose issuer says `{tenantid}` and the tenant that an ID
/// token names. Tenants are GUIDs; anything else could forge a path.
pub(crate) fn entra_issuer(template: &str, tenant: &str) -> Option<String> {
    let guid = tenant.len() == 36 && tenant.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    (guid && template.contains(ENTRA_TENANT)).then(|| template.replace(ENTRA_TENANT, tenant))
}

/// The part of an issuer that stands where the template says `{tenantid}`.
pub(crate) fn entra_tenant<'i>(template: &str, issuer: &'i str) -> Option<&'i str> {
    let (before, after) = template.split_once(ENTRA_TENANT)?;
    issuer.strip_prefix(before)?.strip_suffix(after)
}

/// Stands for the tenant in the metadata of Entra's `common` and `organizations`.
const ENTRA_TENANT: &str = "{tenantid}";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn c5_discord_pictures_are_found_for_old_and_new_names() {
        let picture = |profile: Value| Picture::DiscordAvatar.of(&profile);
        let wanted = |text: &str| Some(format!("https://cdn.discordapp.com/{text}"));
        assert_eq!(
            picture(json!({"id": "80351110224678912", "avatar": "a_1"})),
            wanted("avatars/80351110224678912/a_1.gif")
        );
        assert_eq!(picture(json!({"id": "1", "avatar": "b"})), wanted("avatars/1/b.png"));
        assert_eq!(
            picture(json!({"id": "80351110224678912", "avatar": null, "discriminator": "0"})),
            wanted("embed/avatars/5.png")
        );
        assert_eq!(
            picture(json!({"id": "1", "avatar": null, "discriminator": "1337"})),
            wanted("embed/avatars/2.png")
        );
        assert_eq!(picture(json!({"id": 5, "avatar": "b"})), wanted("avatars/5/b.png"));
        assert_eq!(picture(json!({"id": 5})), None);
        assert_eq!(picture(json!({"id": "x", "discriminator": "0"})), None);
    }

    #[test]
    fn a1_githubs_primary_address_comes_first() {
        let list = [
            json!({"email": "a@example.com", "verified": true}),
            json!({"email": "b@example.com", "primary": true, "verified": false}),
        ];
        assert_eq!(github_email(&list), Some(("b@example.com".to_owned(), Some(false))));
        assert_eq!(
            github_email(&[json!({"email": "a@example.com"})]),
            Some(("a@example.com".to_owned(), None))
        );
        assert_eq!(github_email(&[]), None);
        assert_eq!(github_email(&[json!("a@example.com")]), None);
    }

    #[test]
    fn what_the_browser_posts_for_apple_gives_a_name_and_no_address() {
        let posted = r#"{"name": {"firstName": "Ada", "lastName": "L"}, "email": "victim@example.com"}"#;
        assert_eq!(apple_user(posted), Some(json!({"name": {"firstName": "Ada", "lastName": "L"}})));
        assert_eq!(apple_user("[]"), None);
        assert_eq!(apple_user("{"), None);
    }

    #[test]
    fn a_tenant_that_is_no_guid_makes_no_issuer() {
        let common = "https://login.microsoftonline.com/{tenantid}/v2.0";
        let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
        assert_eq!(entra_issuer(common, tenant), Some(common.replace(ENTRA_TENANT, tenant)));
        assert_eq!(entra_issuer(common, "../9188040d-6c67-4c5b-b112-36a304b6"), None);
        assert_eq!(entra_issuer("https://issuer.example", tenant), None);
    }
}

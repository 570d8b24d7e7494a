//! From a record to a user: Keyward's own columns, and the rules that hold for everybody who is brought along.

use keyward::{ImportedHash, Secret, SystemRandom};
use keyward_core::{
    claims::RESERVED,
    method::totp::TotpSecret,
    policy::email,
    port::{ImportedUser, KeptApp, MAX_OWN_CLAIMS},
    sealer::{Sealed, Sealer},
    time::Timestamp,
    user::{Account, AccountKey, Extra, Profile, User, UserId},
};
use serde_json::{Map, Value};
use url::Url;

use super::{fields::Fields, mistake::Mistake};

/// Keyward's own columns.
pub(super) const COLUMNS: [&str; 11] = [
    "id",
    "email",
    "email_verified",
    "name",
    "image",
    "password_hash",
    "password_format",
    "disabled",
    "claims",
    "accounts",
    "totp_secret",
];

/// What a record says, whatever its format.
#[derive(Default)]
pub(super) struct Found {
    pub(super) id: Option<String>,
    pub(super) email: Option<String>,
    pub(super) email_verified: Option<Timestamp>,
    pub(super) name: Option<String>,
    pub(super) image: Option<String>,
    pub(super) password: Option<ImportedHash>,
    pub(super) disabled: bool,
    pub(super) claims: Extra,
    pub(super) accounts: Vec<FoundAccount>,
    /// The secret of an authenticator app, in base32.
    pub(super) totp_secret: Option<Secret>,
    /// True if the other system asks for more than one proof, and does not say what Keyward would need for it.
    pub(super) has_factor: bool,
}

/// An account that a record names.
pub(super) struct FoundAccount {
    /// The provider, as the other system calls it.
    pub(super) provider: String,
    /// The person's id there.
    pub(super) id: String,
    /// `oauth`, `oidc` or `credentials`.
    pub(super) kind: String,
}

/// What the operator says of all records.
pub(super) struct Rules {
    /// Providers that are called otherwise here.
    pub(super) providers: Vec<(String, String)>,
    /// Whether people come along without their second factor.
    pub(super) without_factors: bool,
    /// Seals the secrets of apps; `None` where the server's secret is not known.
    pub(super) sealer: Option<Sealer>,
    /// Now.
    pub(super) now: Timestamp,
}

/// Reads Keyward's own columns.
pub(super) fn own(fields: Map<String, Value>, now: Timestamp) -> Result<Found, Mistake> {
    let mut fields = Fields(fields);
    let found = Found {
        id: fields.id("id")?,
        email: fields.text("email")?,
        email_verified: fields.since("email_verified", now)?,
        name: fields.text("name")?,
        image: fields.text("image")?,
        password: password(&mut fields)?,
        disabled: fields.flag("disabled")?,
        claims: fields.object("claims")?,
        accounts: fields.objects("accounts")?.into_iter().map(own_account).collect::<Result<_, _>>()?,
        totp_secret: fields.text("totp_secret")?.map(Secret::from),
        has_factor: false,
    };
    if fields.0.is_empty() { Ok(found) } else { Err(Mistake::Unknown) }
}

impl Found {
    /// The user to make.
    pub(super) fn settle(self, rules: &Rules) -> Result<ImportedUser, Mistake> {
        let id = self.id.ok_or(Mistake::Missing("id"))?;
        check_text("id", &id, MAX_ID)?;
        let email = match &self.email {
            Some(email) => {
                let normal = email::normalise(email);
                Some(normal.ok_or(Mistake::Wrong("email", "is no e-mail address that can be used"))?)
            }
            None => None,
        };
        if email.is_none() && self.accounts.is_empty() {
            return Err(Mistake::NoWayIn);
        }
        if self.has_factor && !rules.without_factors {
            return Err(Mistake::Factor);
        }
        if let Some(name) = &self.name {
            check_text("name", name, MAX_NAME)?;
        }
        if self.image.as_deref().is_some_and(|image| !is_picture(image)) {
            return Err(Mistake::Wrong("image", "is no http address"));
        }
        check_claims(&self.claims)?;
        let mut accounts: Vec<Account> = Vec::new();
        for account in self.accounts {
            let account = account.settle(rules)?;
            if accounts.iter().any(|other| other.key == account.key) {
                return Err(Mistake::Wrong("accounts", "names one twice"));
            }
            accounts.push(account);
        }
        let app = match &self.totp_secret {
            Some(secret) if !rules.without_factors => Some(kept_app(secret, &id, rules)?),
            _ => None,
        };
        let user = User {
            // What is not there can't be proven.
            email_verified: self.email_verified.filter(|_| email.is_some()),
            email,
            name: self.name,
            image: self.image,
            disabled: self.disabled.then_some(rules.now),
            claims: self.claims,
            ..User::new(UserId(id))
        };
        Ok(ImportedUser { user, password_hash: self.password.map(ImportedHash::into_string), accounts, app })
    }
}

impl FoundAccount {
    fn settle(self, rules: &Rules) -> Result<Account, Mistake> {
        let Self { provider, id, kind } = self;
        let renamed = rules.providers.iter().find(|(from, _)| *from == provider);
        let source = renamed.map_or(provider, |(_, to)| to.clone());
        check_text("accounts", &source, MAX_ID)?;
        check_text("accounts", &id, MAX_ID)?;
        if !matches!(kind.as_str(), "oauth" | "oidc" | Account::CREDENTIALS) {
            return Err(Mistake::Wrong("accounts", "has a type other than oauth, oidc, credentials"));
        }
        // What the provider says of them is learnt when they come by it.
        let profile = Profile::default();
        Ok(Account { key: AccountKey { source, id }, kind, profile, created: rules.now })
    }
}

/// Longest id, in bytes: what others draw, and some more.
const MAX_ID: usize = 255;
/// Longest name, in characters, as at a sign-up.
const MAX_NAME: usize = 200;
/// Longest address of a picture, in bytes.
const MAX_IMAGE: usize = 2048;

fn own_account(mut fields: Fields) -> Result<FoundAccount, Mistake> {
    let missing = Mistake::Wrong("accounts", "has a member without provider or id");
    let account = FoundAccount {
        provider: fields.text("provider")?.ok_or_else(|| missing.clone())?,
        id: fields.id("id")?.ok_or(missing)?,
        kind: fields.text("type")?.unwrap_or_else(|| "oauth".to_owned()),
    };
    if fields.0.is_empty() { Ok(account) } else { Err(Mistake::Unknown) }
}

fn password(fields: &mut Fields) -> Result<Option<ImportedHash>, Mistake> {
    let format = fields.text("password_format")?;
    if format.as_deref() == Some("keycloak") {
        let credential = fields.object("password_hash")?;
        return Ok(Some(ImportedHash::keycloak(&Value::Object(credential))?));
    }
    let Some(hash) = fields.text("password_hash")? else { return Ok(None) };
    let hash = match format.as_deref() {
        None => ImportedHash::read(&hash)?,
        Some("aspnet-identity") => ImportedHash::aspnet_identity(&hash)?,
        Some("better-auth") => ImportedHash::better_auth(&hash)?,
        Some(_) => return Err(Mistake::Wrong("password_format", "is none that is known")),
    };
    Ok(Some(hash))
}

/// As apps show it: blanks and small letters don't matter.
fn kept_app(secret: &Secret, user: &str, rules: &Rules) -> Result<KeptApp, Mistake> {
    let text: String = secret.expose().chars().filter(|c| !c.is_whitespace()).collect();
    let secret = TotpSecret::read(text.trim_end_matches('=').to_ascii_uppercase().as_str());
    let secret = secret.ok_or(Mistake::Wrong("totp_secret", "is no 32 letters and digits of base32"))?;
    let sealer = rules.sealer.as_ref().ok_or(Mistake::NoSecret)?;
    let sealed = sealer.seal(Sealed::App, user, secret.base32().expose(), None, &SystemRandom);
    let sealed = sealed.ok_or(Mistake::Wrong("totp_secret", "can't be sealed"))?;
    // No code was used here yet.
    Ok(KeptApp { secret: sealed.into_bytes(), step: 0 })
}

/// Nothing that could forge a line or an entry where it is shown.
fn check_text(name: &'static str, text: &str, most: usize) -> Result<(), Mistake> {
    if text.chars().any(char::is_control) {
        return Err(Mistake::Wrong(name, "holds control characters"));
    }
    let fits = if name == "name" { text.chars().count() <= most } else { (1..=most).contains(&text.len()) };
    if fits { Ok(()) } else { Err(Mistake::Wrong(name, "is too long")) }
}

fn check_claims(claims: &Extra) -> Result<(), Mistake> {
    if claims.keys().any(|name| RESERVED.contains(&name.as_str())) {
        return Err(Mistake::Wrong("claims", "sets what Keyward says itself"));
    }
    let length = serde_json::to_string(claims).map_or(usize::MAX, |text| text.len());
    if length <= MAX_OWN_CLAIMS { Ok(()) } else { Err(Mistake::Wrong("claims", "is longer than 8 KiB")) }
}

fn is_picture(address: &str) -> bool {
    address.len() <= MAX_IMAGE
        && Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

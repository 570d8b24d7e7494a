//! The configuration file, `keyward.toml`: its shape, and through `keyward schema` its documentation.
//!
//! Everything is optional here. What is missing, and where it may come from instead, is decided in
//! [`resolve`](super::resolve).

use std::{collections::BTreeMap, net::SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::Value;

use super::{
    admin::AdminTable,
    factors::{FactorsTable, PasskeysTable},
    providers::{MailTable, Provider},
    rules::{HooksTable, RuleTable},
    safety::AuditTable,
    tokens::{ClientTable, TokensTable},
    value::{Hidden, Network, Origin, Paint, Period, Rate},
};

/// Configuration of Keyward (`keyward.toml`). In every text `${NAME}` stands for the environment variable NAME;
/// write `$${` for the characters `${`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "keyward.toml")]
pub(crate) struct File {
    /// Where people reach Keyward: the origin of your application, such as `https://app.example`. A path in it
    /// is the base path. Else `NEXTAUTH_URL` or `AUTH_URL` in the environment.
    pub(crate) public_url: Option<String>,
    /// Address and port on which the server listens. Default: `127.0.0.1:4000`.
    pub(crate) listen: Option<SocketAddr>,
    /// The secret that seals sessions, the same as in your application. Else `NEXTAUTH_SECRET` or
    /// `AUTH_SECRET` in the environment.
    pub(crate) secret: Option<Hidden>,
    /// Several secrets, newest first: the first seals, all of them open. Dialect `auth-js-5` only.
    pub(crate) secrets: Option<Vec<Hidden>>,
    /// A file with the secret, one a line, newest first. A relative path starts at this file's folder.
    pub(crate) secret_file: Option<String>,
    /// Which generation of NextAuth your front end uses. Default: `next-auth-4`.
    pub(crate) dialect: Option<DialectName>,
    /// Path of the routes. Default: `/api/auth`.
    pub(crate) base_path: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed: networks or addresses. Default: none.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Origins on which people may land after signing in or out, beside the public one. Default: none.
    pub(crate) allowed_origins: Vec<Origin>,
    /// Where users and sessions are kept.
    pub(crate) database: Database,
    /// How sessions are kept, for how long, and what they show.
    pub(crate) session: Session,
    /// Pages of your application that replace Keyward's.
    pub(crate) pages: Pages,
    /// Where people land, whatever your front end asked for.
    pub(crate) landing: Landing,
    /// The look of Keyward's pages.
    pub(crate) theme: ThemeTable,
    /// Keyward's own accounts: e-mail address and password.
    pub(crate) accounts: Accounts,
    /// Mails about people's own accounts.
    pub(crate) mail: Option<MailTable>,
    /// How much one client may ask.
    pub(crate) limits: LimitsTable,
    /// What is kept of what happens to accounts.
    pub(crate) audit: AuditTable,
    /// Applications with a credential of their own, for calls from their server side.
    pub(crate) clients: Vec<ClientTable>,
    /// Tokens for programs: access tokens that your services check by themselves, refresh tokens.
    pub(crate) tokens: TokensTable,
    /// The admin API: people and their sessions, changed from outside.
    pub(crate) admin: AdminTable,
    /// Second factors: authenticator apps and recovery codes.
    pub(crate) factors: FactorsTable,
    /// Passkeys: signing in by fingerprint, face or the device's PIN.
    pub(crate) passkeys: PasskeysTable,
    /// Who may sign in. The first rule that fits somebody decides.
    pub(crate) rules: Vec<RuleTable>,
    /// Your own rules in any language, asked over HTTP.
    pub(crate) hooks: HooksTable,
    /// Ways to sign in beside Keyward's own accounts, in the order in which the sign-in page shows them.
    // Each is read by its type, in `load`: an enum of serde's own would lose the places of mistakes.
    #[serde(deserialize_with = "a_list")]
    pub(crate) providers: Vec<Provider>,
}

/// A generation of NextAuth.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum DialectName {
    /// `next-auth` 3.
    #[serde(rename = "next-auth-3")]
    NextAuth3,
    /// `next-auth` 4.
    #[serde(rename = "next-auth-4")]
    NextAuth4,
    /// `next-auth` 5 and `@auth/core`.
    #[serde(rename = "auth-js-5")]
    AuthJs5,
}

/// Where users and sessions are kept.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// `sqlite:keyward.db` (relative to the data folder) or `sqlite:///absolute/path`. Default:
    /// `sqlite:keyward.db`.
    pub(crate) url: Option<String>,
}

/// How sessions are kept, for how long, and what they show.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Session {
    /// `sealed` in the cookie (NextAuth's `jwt`), or `stored` in the database (NextAuth's `database`).
    /// Default: `sealed`.
    pub(crate) strategy: Option<StrategyName>,
    /// How long a session lives after its last renewal. Default: `30d`.
    pub(crate) max_age: Option<Period>,
    /// A stored session is written anew at most this often. Default: `1d`, or `max_age` where that is shorter.
    pub(crate) update_age: Option<Period>,
    /// How long ago a person may have signed in for what cannot be taken back. Default: `10m`.
    pub(crate) recent_sign_in: Option<Period>,
    /// What the session shows beyond name, address and picture: place in the session (`user.role`) to token
    /// field (`role`).
    pub(crate) show: BTreeMap<String, String>,
    /// Constants that the session shows: place in the session to value.
    pub(crate) add: BTreeMap<String, Value>,
    /// What the front end's `update()` may change.
    pub(crate) update: Update,
}

/// How a session is kept.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StrategyName {
    /// In the cookie itself.
    Sealed,
    /// In the database.
    Stored,
}

/// What the front end's `update()` may change.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Update {
    /// Token fields, such as `name`. Default: none.
    pub(crate) fields: Vec<String>,
}

/// Pages of your application (`/login`) that replace Keyward's.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pages {
    /// Replaces the sign-in page.
    pub(crate) sign_in: Option<String>,
    /// Replaces the sign-out page.
    pub(crate) sign_out: Option<String>,
    /// Replaces the error page; it gets `?error=CODE`.
    pub(crate) error: Option<String>,
    /// Replaces "check your e-mail".
    pub(crate) verify_request: Option<String>,
    /// Where a person lands after their first sign-in.
    pub(crate) new_user: Option<String>,
    /// Replaces the pages about one's own account.
    pub(crate) account: Option<String>,
}

/// Where people land, whatever your front end asked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Landing {
    /// After signing in: a path, or an address on one of the `allowed_origins`. Default: where the front end asks.
    pub(crate) sign_in: Option<String>,
    /// After signing out. Default: where the front end asks.
    pub(crate) sign_out: Option<String>,
}

/// The look of Keyward's pages.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ThemeTable {
    /// Your product's name.
    pub(crate) name: Option<String>,
    /// Address of your logo: `https:`, `data:`, or a path on the public origin.
    pub(crate) logo: Option<String>,
    /// Colour of the main button, `#rgb` or `#rrggbb`.
    pub(crate) brand_color: Option<Paint>,
    /// Colour of the text on the main button. Default: black or white, whichever reads better.
    pub(crate) button_text: Option<Paint>,
    /// Light, dark, or as the person's system has it. Default: `auto`.
    pub(crate) color_scheme: Option<SchemeName>,
    /// Texts in place of the built-in ones, by name, such as `sign_in_title`.
    pub(crate) texts: BTreeMap<String, String>,
    /// What people are told about errors, by code, such as `CredentialsSignin`, or a code of your back end's own.
    pub(crate) errors: BTreeMap<String, ErrorTable>,
}

/// An error in words.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ErrorTable {
    /// A few words: what happened. Default: the built-in ones.
    pub(crate) title: Option<String>,
    /// A sentence or two: what to do. Default: the built-in ones.
    pub(crate) text: Option<String>,
}

/// A colour scheme.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SchemeName {
    /// As the person's system has it.
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// Keyward's own accounts: e-mail address and password.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Accounts {
    /// Whether there are any. Default: true where there is no other way to sign in, else false.
    pub(crate) enabled: Option<bool>,
    /// Id of the provider that signs in, as in `signIn("credentials", …)`. Default: `credentials`.
    pub(crate) provider_id: Option<String>,
    /// Whether people can make accounts themselves. Default: true.
    pub(crate) sign_up: Option<bool>,
    /// Id of the provider that makes accounts. Default: `signup`.
    pub(crate) sign_up_provider_id: Option<String>,
    /// How hard a new password must be to guess, 0 to 4 (zxcvbn's score). Default: 3.
    #[schemars(range(max = 4))]
    pub(crate) min_strength: Option<u8>,
    /// Whether sign-up says that an address has an account already. Default: true.
    pub(crate) reveal_existing: Option<bool>,
    /// Lists of breached passwords, which nobody may choose: files that `keyward breached build` made. Default: none.
    pub(crate) breached: Vec<String>,
    /// Whether the 10,000 passwords that everybody tries first are refused. Default: true.
    pub(crate) common_passwords: Option<bool>,
    /// What is asked of who signs up: `off`; `sent`, a link by mail that they may follow later; `required`, that they
    /// follow it before they sign in. Default: `sent`, where mails can be sent.
    pub(crate) verification: Option<VerificationName>,
}

/// What is asked of who signs up.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VerificationName {
    /// Nothing.
    Off,
    /// A link by mail, to be followed some time.
    Sent,
    /// A link by mail, to be followed first.
    Required,
}

/// How much one client may ask.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsTable {
    /// Sign-in attempts of one network address. Default: `30/minute`.
    pub(crate) sign_in_per_address: Option<Rate>,
    /// Sign-in attempts at one account. Default: `10/minute`.
    pub(crate) sign_in_per_account: Option<Rate>,
    /// Attempts to make an account from one network address. Default: `20/hour`.
    pub(crate) sign_up_per_address: Option<Rate>,
    /// Mails with a sign-in link that one network address asks for. Default: `60/hour`.
    pub(crate) link_per_address: Option<Rate>,
    /// Mails with a sign-in link to one e-mail address. Default: `10/hour`.
    pub(crate) link_per_account: Option<Rate>,
    /// Wrong passwords of one client at one account before it has to wait, longer each time; 0: nobody waits.
    /// Default: 5.
    pub(crate) wrong_passwords: Option<u32>,
    /// Wrong passwords at one account of all clients together that it does not know, before they have to wait.
    /// Default: 20.
    pub(crate) wrong_passwords_of_strangers: Option<u32>,
    /// Wrong passwords of one network address, at accounts that do not know it, before it has to wait. Default: 100.
    pub(crate) wrong_passwords_per_address: Option<u32>,
    /// The longest wait after a wrong password. Default: `15m`.
    pub(crate) longest_wait: Option<Period>,
    /// Passwords that may wait to be checked; who comes beyond is asked to come again. Default: 48 for each core.
    pub(crate) hash_queue: Option<usize>,
}

/// Something that is a list; `load` has taken its items out.
fn a_list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Provider>, D::Error> {
    Vec::<IgnoredAny>::deserialize(from).map(|_| Vec::new())
}

//! `[[rules]]` and `[hooks]`: the deployment's own rules, written down or asked over HTTP.

use std::{fmt, time::Duration};

use keyward::{Admittance, EventKind, HookSettings, Rule, WebhookKey, normalise_email};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::value::{Hidden, Period, Size};
use crate::fault::Fault;

/// A rule about who may sign in. The first that fits somebody decides; every condition in it has to hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTable {
    /// Whether those whom it fits may come in. Whom no rule fits may come in unless another rule allows somebody.
    pub(crate) allow: bool,
    /// Ids of providers. Default: any.
    #[serde(default)]
    pub(crate) providers: Vec<String>,
    /// Domains of the person's address, such as `acme.example`. Default: any.
    #[serde(default)]
    pub(crate) domains: Vec<String>,
    /// Whole addresses. Default: any.
    #[serde(default)]
    pub(crate) addresses: Vec<String>,
    /// Whether the provider vouches for the address. Default: either.
    pub(crate) email_verified: Option<bool>,
}

/// Your own rules in any language, asked over HTTP. What has no address is not asked.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HooksTable {
    /// Signs every request by the Standard Webhooks scheme: `whsec_` and base64 of 24 to 64 bytes.
    pub(crate) secret: Option<Hidden>,
    /// Several secrets, newest first, while a receiver changes its own: every request carries a signature of each.
    pub(crate) secrets: Option<Vec<Hidden>>,
    /// Address of NextAuth's `signIn` callback: may this person sign in?
    pub(crate) sign_in: Option<String>,
    /// Address at which your API server takes a provider's profile and answers with its own user.
    pub(crate) profile_exchange: Option<String>,
    /// Address of NextAuth's `jwt` callback: what the token holds.
    pub(crate) jwt: Option<String>,
    /// Address of NextAuth's `session` callback: what the session shows.
    pub(crate) session: Option<String>,
    /// Address of NextAuth's `redirect` callback: where a person lands.
    pub(crate) redirect: Option<String>,
    /// Address that is told, afterwards, what has happened: NextAuth's events.
    pub(crate) events: Option<String>,
    /// Which events are told. Default: all but `session`. That one is a write for every session that is read.
    pub(crate) event_types: Option<Vec<EventType>>,
    /// How long a hook may take. Default: `3s`.
    pub(crate) timeout: Option<Period>,
    /// The largest answer that is read. Default: `64KiB`.
    pub(crate) max_answer: Option<Size>,
}

/// NextAuth's events.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EventType {
    SignIn,
    SignOut,
    CreateUser,
    UpdateUser,
    LinkAccount,
    Session,
}

impl From<EventType> for EventKind {
    fn from(event: EventType) -> Self {
        match event {
            EventType::SignIn => Self::SignIn,
            EventType::SignOut => Self::SignOut,
            EventType::CreateUser => Self::CreateUser,
            EventType::UpdateUser => Self::UpdateUser,
            EventType::LinkAccount => Self::LinkAccount,
            EventType::Session => Self::Session,
        }
    }
}

impl HooksTable {
    /// Each hook's name and address.
    pub(crate) fn addresses(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("sign_in", self.sign_in.as_deref()),
            ("profile_exchange", self.profile_exchange.as_deref()),
            ("jwt", self.jwt.as_deref()),
            ("session", self.session.as_deref()),
            ("redirect", self.redirect.as_deref()),
            ("events", self.events.as_deref()),
        ]
    }
}

/// As `keyward check` says it: "allow providers google, domains acme.example".
impl fmt::Display for RuleTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [("by", &self.providers), ("at", &self.domains), ("with", &self.addresses)];
        let listed = lists.iter().filter(|(_, list)| !list.is_empty());
        let mut conditions: Vec<_> =
            listed.map(|(word, list)| format!("{word} {}", list.join(" or "))).collect();
        conditions.extend(self.email_verified.map(|verified| {
            if verified { "whose address is verified" } else { "whose address is not verified" }.to_owned()
        }));
        let whom = if conditions.is_empty() { "everybody".to_owned() } else { conditions.join(", ") };
        write!(f, "{} {whom}", if self.allow { "allow" } else { "deny" })
    }
}

/// Where in the file a mistake is, and which.
type Misplaced = (String, Fault);

/// Who may sign in.
pub(super) fn admittance(tables: &[RuleTable], mistakes: &mut Vec<Misplaced>) -> Admittance {
    let rule = |(index, table): (usize, &RuleTable)| Rule {
        allow: table.allow,
        providers: table.providers.clone(),
        domains: normal(&table.domains, domain, || {
            mistakes.push(misplaced(
                index,
                "domains",
                "one of these is no domain",
                "write it as in `acme.example`",
            ));
        }),
        addresses: normal(&table.addresses, normalise_email, || {
            mistakes.push(misplaced(
                index,
                "addresses",
                "one of these is no e-mail address",
                "write it as in `ada@acme.example`",
            ));
        }),
        email_verified: table.email_verified,
    };
    Admittance(tables.iter().enumerate().map(rule).collect())
}

/// The hooks, if any is declared.
pub(super) fn hooks(table: &HooksTable, mistakes: &mut Vec<Misplaced>) -> Option<HookSettings> {
    let mut address = |name: &str, text: Option<&str>| {
        let url = Url::parse(text?).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            let fault = Fault::new("this is no http or https address")
                .remedy("write where the receiver listens, such as \"http://127.0.0.1:4500/hooks\"");
            mistakes.push((format!("hooks.{name}"), fault));
        }
        url
    };
    let [sign_in, profile_exchange, jwt, session, redirect, events] =
        table.addresses().map(|(name, text)| address(name, text));
    let any =
        [&sign_in, &profile_exchange, &jwt, &session, &redirect, &events].iter().any(|url| url.is_some());
    if table.event_types.is_some() && table.events.is_none() {
        let fault = Fault::new("events are named, but nobody is told").remedy("add `events = \"http://…\"`");
        mistakes.push(("hooks.event_types".to_owned(), fault));
    }
    let keys = keys(table, any, mistakes);
    any.then(|| HookSettings {
        sign_in,
        profile_exchange,
        jwt,
        session,
        redirect,
        events,
        keys,
        timeout: table.timeout.map_or(Duration::from_secs(3), |period| period.0),
        max_answer: table.max_answer.map_or(64 * 1024, |size| size.0),
    })
}

fn keys(table: &HooksTable, needed: bool, mistakes: &mut Vec<Misplaced>) -> Vec<WebhookKey> {
    const HOW: &str = "make one: echo \"whsec_$(openssl rand -base64 32)\"";
    let (place, secrets) = match (&table.secrets, &table.secret) {
        (Some(secrets), None) => ("hooks.secrets", secrets.iter().collect::<Vec<_>>()),
        (None, Some(secret)) => ("hooks.secret", vec![secret]),
        (None, None) => ("hooks", Vec::new()),
        (Some(_), Some(_)) => {
            let fault = Fault::new("both `secret` and `secrets` are there").remedy("keep one of them");
            mistakes.push(("hooks.secret".to_owned(), fault));
            return Vec::new();
        }
    };
    if needed && secrets.is_empty() {
        let fault = Fault::new("hooks need a secret that signs their requests").remedy(HOW);
        mistakes.push((place.to_owned(), fault));
    }
    let keys: Option<Vec<_>> = secrets.iter().map(|secret| WebhookKey::parse(&secret.0)).collect();
    if keys.is_none() {
        let fault = Fault::new("this is no secret of the Standard Webhooks scheme").remedy(HOW);
        mistakes.push((place.to_owned(), fault));
    }
    keys.unwrap_or_default()
}

/// Each in its normal form; `mistaken` is called once if one has none.
fn normal(list: &[String], normal: impl Fn(&str) -> Option<String>, mistaken: impl FnOnce()) -> Vec<String> {
    let all: Option<Vec<_>> = list.iter().map(|text| normal(text)).collect();
    if all.is_none() {
        mistaken();
    }
    all.unwrap_or_default()
}

/// A domain as it stands behind the @ of a normal address.
fn domain(text: &str) -> Option<String> {
    normalise_email(&format!("a@{text}"))?.strip_prefix("a@").map(str::to_owned)
}

fn misplaced(index: usize, name: &str, problem: &str, remedy: &str) -> Misplaced {
    (format!("rules[{index}].{name}"), Fault::new(problem).remedy(remedy))
}

//! A request as the edge hands it in: decoded, bounded, and free of any framework.

use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::{address::PublicUrl, secret::Secret};

/// Name and value pairs in the order in which they came. The first of a repeated name wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(pub Vec<(String, String)>);

impl Pairs {
    /// The first value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The request's method, as far as the routes tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD: a GET whose body the edge drops. It must not use anything up: mail scanners send it (lesson 37).
    Head,
    /// POST.
    Post,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// Anything else.
    Other,
}

/// A request's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    /// None, or of a type that no action reads.
    #[default]
    None,
    /// `application/x-www-form-urlencoded`.
    Form(Pairs),
    /// `application/json`, an object.
    Json(Map<String, Value>),
}

impl Body {
    /// The member `name`, if it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Form(pairs) => pairs.get(name),
            Self::Json(members) => members.get(name)?.as_str(),
        }
    }

    /// As [`Self::text`], but a form field that was sent several times is none: nobody is to read one value, and
    /// somebody else another (lessons 7, 64).
    #[must_use]
    pub fn text_once(&self, name: &str) -> Option<&str> {
        match self {
            Self::Form(pairs) if pairs.iter().filter(|(other, _)| *other == name).count() > 1 => None,
            _ => self.text(name),
        }
    }

    /// All members by name; of a repeated form field the first.
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        match self {
            Self::None => Map::new(),
            Self::Json(members) => members.clone(),
            Self::Form(pairs) => {
                let mut members = Map::new();
                for (name, value) in pairs.iter() {
                    members.entry(name).or_insert_with(|| Value::from(value));
                }
                members
            }
        }
    }
}

/// One request to the routes under the base path.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Percent-decoded segments after the base path: `["callback", "login"]`.
    pub path: Vec<String>,
    /// Query parameters, decoded.
    pub query: Pairs,
    /// Body, decoded.
    pub body: Body,
    /// Cookies, values percent-decoded where they decode (protocol notes §2.1).
    pub cookies: Pairs,
    /// True if `X-Auth-Return-Redirect` is there: generation 5 asks for JSON (protocol notes §0.3).
    pub json_header: bool,
    /// Where people reach Keyward: from the settings, in development perhaps from the proxy.
    pub public: PublicUrl,
    /// The client's network address, past the listed proxies.
    pub client: IpAddr,
    /// `User-Agent`, as sent.
    pub user_agent: Option<String>,
    /// `Authorization`, as sent. `None` also where there are several, or what is no text.
    pub authorization: Option<Secret>,
}

impl Request {
    /// The token of `Authorization: Bearer`: the scheme spelled so, one space, then nothing but a token (RFC 6750 §2.1;
    /// lesson 20). Anything else is none.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        let token = self.authorization.as_ref()?.expose().strip_prefix("Bearer ")?;
        let body = token.trim_end_matches('=');
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/');
        (!body.is_empty() && body.chars().all(fits)).then_some(token)
    }
}

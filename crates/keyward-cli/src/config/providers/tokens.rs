//! The tokens that a back end or provider hands out: where they lie, and how they are kept fresh.

use std::{collections::BTreeMap, time::Duration};

use keyward::{ExpiresAs, Freshness, RefreshEndpoint, TokenPlaces};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::{
    config::value::{Hidden, Period, path},
    fault::Fault,
};

/// Where the tokens lie in a back end's answers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokensTable {
    /// In which part of the answer, such as `data.auth`. Default: at its top, else in its user, else in `data`.
    pub(crate) at: Option<String>,
    /// The access token. Default: `accessToken`, else `access_token`, else `token`.
    pub(crate) access_token: Option<String>,
    /// The refresh token. Default: `refreshToken`, else `refresh_token`.
    pub(crate) refresh_token: Option<String>,
    /// When the access token ends. Default: the first of `accessTokenExpires`, `accessTokenExpiry`, `expiresAt`,
    /// `expires_at`, `expiresIn`, `expires_in`; else what a JWT says of itself.
    pub(crate) expires: Option<String>,
    /// What its end is written as. Default: `auto`.
    pub(crate) expires_as: Option<ExpiresAsName>,
}

/// What the end of an access token is written as.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExpiresAsName {
    /// Whichever of the others it can be.
    Auto,
    /// Seconds from now.
    Seconds,
    /// Seconds since 1970.
    Epoch,
    /// Milliseconds since 1970.
    EpochMs,
    /// A date: RFC 3339 (ISO 8601), or as HTTP writes it.
    Date,
}

/// How a back end refreshes its tokens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshTable {
    /// Where the refresh token is sent, by POST.
    pub(crate) endpoint: String,
    /// The fields that are sent. `{refresh_token}` and `{access_token}` stand for the tokens. Default:
    /// `{ refreshToken = "{refresh_token}" }`.
    pub(crate) fields: Option<BTreeMap<String, String>>,
    /// How they are sent: `json` or `form`. Default: `json`.
    pub(crate) format: Option<FormatName>,
    /// Headers that go along, with the same placeholders. Default: the provider's.
    pub(crate) headers: Option<BTreeMap<String, Hidden>>,
    /// What `session.error` says where the tokens could not be refreshed. Default: `RefreshAccessTokenError`.
    pub(crate) error: Option<String>,
    /// How long before its end an access token is refreshed; a quarter of its life at most. Default: `30s`.
    pub(crate) before: Option<Period>,
    /// For how long the back end answers a second request with the same `Idempotency-Key` like the first. Default: it
    /// does not promise to.
    pub(crate) grace: Option<Period>,
    /// How long the back end may take. Default: the provider's.
    pub(crate) timeout: Option<Period>,
}

/// How fields are sent.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FormatName {
    /// A JSON object.
    Json,
    /// As a browser sends a form.
    Form,
}

/// How a provider's tokens are kept fresh, by OAuth's refresh grant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "this says not whether to refresh; write refresh = true, or refresh = { before = \"60s\" }"
)]
pub(crate) enum RefreshGrant {
    /// Whether they are.
    Switch(bool),
    /// They are, so.
    Table(FreshnessTable),
}

/// How fresh a provider's tokens are kept.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FreshnessTable {
    /// What `session.error` says where the tokens could not be refreshed. Default: `RefreshAccessTokenError`.
    pub(crate) error: Option<String>,
    /// How long before its end an access token is refreshed; a quarter of its life at most. Default: `30s`.
    pub(crate) before: Option<Period>,
    /// For how long the provider answers a second request with the same `Idempotency-Key` like the first. Default: it
    /// does not promise to.
    pub(crate) grace: Option<Period>,
}

impl TokensTable {
    /// The places that it stands for.
    pub(super) fn places(&self) -> TokenPlaces {
        let default = TokenPlaces::default();
        let or = |own: &Option<String>, default: Vec<Vec<String>>| {
            own.as_deref().map_or(default, |place| vec![path(place)])
        };
        TokenPlaces {
            at: self.at.as_deref().map(path),
            access_token: or(&self.access_token, default.access_token),
            refresh_token: or(&self.refresh_token, default.refresh_token),
            expires: or(&self.expires, default.expires),
            expires_as: self.expires_as.map_or(default.expires_as, ExpiresAsName::form),
        }
    }
}

impl ExpiresAsName {
    fn form(self) -> ExpiresAs {
        match self {
            Self::Auto => ExpiresAs::Auto,
            Self::Seconds => ExpiresAs::Seconds,
            Self::Epoch => ExpiresAs::Epoch,
            Self::EpochMs => ExpiresAs::EpochMillis,
            Self::Date => ExpiresAs::Date,
        }
    }
}

/// What a refresh endpoint has in common with the provider's own.
pub(super) struct Shared<'p> {
    pub(super) headers: &'p BTreeMap<String, Hidden>,
    pub(super) timeout: Duration,
    pub(super) max_answer: usize,
    pub(super) tokens: TokenPlaces,
    pub(super) user: Vec<String>,
    pub(super) message: Vec<String>,
}

impl RefreshTable {
    /// The endpoint that it stands for.
    pub(super) fn endpoint(&self, shared: Shared<'_>) -> Result<RefreshEndpoint, Fault> {
        let url = Url::parse(&self.endpoint).map_err(|_| {
            Fault::new("`refresh.endpoint` is not an address")
                .remedy("write one such as https://api.example/refresh")
        })?;
        let Shared { headers, timeout, max_answer, tokens, user, message } = shared;
        let headers = self.headers.as_ref().unwrap_or(headers);
        let fields = match &self.fields {
            Some(fields) => fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            None => vec![("refreshToken".to_owned(), "{refresh_token}".to_owned())],
        };
        Ok(RefreshEndpoint {
            url,
            headers: headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
            fields,
            form: matches!(self.format, Some(FormatName::Form)),
            timeout: self.timeout.map_or(timeout, |period| period.0),
            max_answer,
            tokens,
            user,
            message,
        })
    }

    /// How fresh it keeps the tokens.
    pub(super) fn freshness(&self) -> Freshness {
        freshness(self.before, self.grace, self.error.as_ref())
    }
}

impl RefreshGrant {
    /// How fresh the tokens are kept, if they are.
    pub(super) fn freshness(&self) -> Option<Freshness> {
        match self {
            Self::Switch(false) => None,
            Self::Switch(true) => Some(Freshness::default()),
            Self::Table(table) => Some(freshness(table.before, table.grace, table.error.as_ref())),
        }
    }
}

fn freshness(before: Option<Period>, grace: Option<Period>, error: Option<&String>) -> Freshness {
    let default = Freshness::default();
    Freshness {
        before: before.map_or(default.before, |period| period.0),
        grace: grace.map(|period| period.0),
        error: error.cloned().unwrap_or(default.error),
    }
}

//! `type = "backend"`: submitted fields that an endpoint of one's own checks.

use std::collections::BTreeMap;

use keyward::{BackendSettings, Endpoint, Field, UserFields};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::tokens::{RefreshTable, Shared, TokensTable};
use crate::{
    config::value::{Hidden, Period, Size, path},
    fault::Fault,
};

/// A way to sign in that your own back end checks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackendTable {
    /// Its name in addresses and in `signIn("login", …)`.
    pub(crate) id: String,
    /// What kind of provider it is.
    #[expect(dead_code, reason = "the table was chosen by it")]
    #[serde(rename = "type")]
    kind: BackendType,
    /// What people read. Default: the id.
    pub(crate) name: Option<String>,
    /// Where the submitted fields are sent, as JSON by POST.
    pub(crate) endpoint: String,
    /// The back end's name: providers of one source sign in the same people. Default: the endpoint's origin.
    pub(crate) source: Option<String>,
    /// Where in the answer the user lies, such as `data`. Default: the whole body.
    pub(crate) user: Option<String>,
    /// Where in the user the id lies. Default: the first of `id`, `_id`, `sub`, `email`.
    pub(crate) id_field: Option<String>,
    /// Where in the user the name lies. Default: `name`.
    pub(crate) name_field: Option<String>,
    /// Where in the user the address lies. Default: `email`.
    pub(crate) email_field: Option<String>,
    /// Where in the user the picture's address lies. Default: `image`.
    pub(crate) image_field: Option<String>,
    /// What of the user the token keeps: a list of fields, or a table of token field to place in the user.
    pub(crate) keep: Option<Keep>,
    /// Where the tokens lie that it hands out for the session. Default: with `refresh` under their usual names, else
    /// none are kept.
    pub(crate) tokens: Option<TokensTable>,
    /// How its tokens are refreshed. Default: they are not.
    pub(crate) refresh: Option<RefreshTable>,
    /// Whether a 401 too shows the back end's own message. Default: false ("wrong credentials").
    pub(crate) message_on_401: Option<bool>,
    /// Where in a refusal the message lies. Default: `message`.
    pub(crate) message_field: Option<String>,
    /// Where in a refusal the code lies. Default: `code`.
    pub(crate) code_field: Option<String>,
    /// How long the back end may take. Default: `5s`.
    pub(crate) timeout: Option<Period>,
    /// The largest answer that is read. Default: `256KiB`.
    pub(crate) max_answer: Option<Size>,
    /// Headers that go along, such as an API key.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Hidden>,
    /// What the sign-in page asks for.
    #[serde(default)]
    pub(crate) fields: Vec<FieldTable>,
}

/// The word for this kind of provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum BackendType {
    /// An endpoint of your own back end.
    Backend,
}

/// What of a back end's user the token keeps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "this says not what to keep; write keep = [\"role\"], or keep = { role = \"profile.role\" }"
)]
pub(crate) enum Keep {
    /// Fields, kept under their own names.
    Fields(Vec<String>),
    /// Token field to place in the user.
    Places(BTreeMap<String, String>),
}

/// A field of a sign-in form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldTable {
    /// Its name as it is sent.
    pub(crate) name: String,
    /// What people read. Default: the name.
    pub(crate) label: Option<String>,
    /// The input's type: `text`, `email`, `password` … Default: `text`.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    /// Shown while it is empty.
    pub(crate) placeholder: Option<String>,
    /// HTML's `autocomplete`, such as `username` or `current-password`.
    pub(crate) autocomplete: Option<String>,
    /// Whether the browser insists on it. Default: false.
    #[serde(default)]
    pub(crate) required: bool,
    /// Further HTML attributes, by name.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
}

/// How long a back end may take by default.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);
/// The largest answer by default.
const MAX_ANSWER: usize = 256 * 1024;

/// The settings that a table stands for.
pub(in crate::config) fn backend(table: &BackendTable) -> Result<BackendSettings, Fault> {
    let url = Url::parse(&table.endpoint).map_err(|_| {
        Fault::new("this is not an address").remedy("write one such as https://api.example/login")
    })?;
    let at = |place: &Option<String>, default: &str| path(place.as_deref().unwrap_or(default));
    let default = UserFields::default();
    let keeps_tokens = table.tokens.is_some() || table.refresh.is_some();
    let tokens = keeps_tokens.then(|| table.tokens.as_ref().map(TokensTable::places).unwrap_or_default());
    let endpoint = Endpoint {
        source: table.source.clone().unwrap_or_else(|| url.origin().ascii_serialization()),
        headers: table.headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
        timeout: table.timeout.map_or(TIMEOUT, |period| period.0),
        max_answer: table.max_answer.map_or(MAX_ANSWER, |size| size.0),
        user: table.user.as_deref().map(path).unwrap_or_default(),
        fields: UserFields {
            id: table.id_field.as_deref().map_or(default.id, |place| vec![path(place)]),
            name: at(&table.name_field, "name"),
            email: at(&table.email_field, "email"),
            image: at(&table.image_field, "image"),
        },
        keep: kept(table.keep.as_ref()),
        tokens: tokens.clone(),
        own_word_on_401: table.message_on_401.unwrap_or(false),
        message: at(&table.message_field, "message"),
        code: at(&table.code_field, "code"),
        url,
    };
    let shared = Shared {
        headers: &table.headers,
        timeout: endpoint.timeout,
        max_answer: endpoint.max_answer,
        tokens: tokens.unwrap_or_default(),
        user: endpoint.user.clone(),
        message: endpoint.message.clone(),
    };
    let refresh = table.refresh.as_ref().map(|refresh| refresh.endpoint(shared)).transpose()?;
    let name = table.name.clone().unwrap_or_else(|| table.id.clone());
    Ok(BackendSettings {
        id: table.id.clone(),
        name,
        fields: table.fields.iter().map(field).collect(),
        endpoint,
        refresh,
        freshness: table.refresh.as_ref().map(RefreshTable::freshness).unwrap_or_default(),
    })
}

fn kept(keep: Option<&Keep>) -> Vec<(String, Vec<String>)> {
    let own_name = |name: &String| (name.clone(), path(name));
    let places = |places: &BTreeMap<String, String>| {
        places.iter().map(|(field, place)| (field.clone(), path(place))).collect()
    };
    match keep {
        Some(Keep::Fields(fields)) => fields.iter().map(own_name).collect(),
        Some(Keep::Places(table)) => places(table),
        None => Vec::new(),
    }
}

fn field(table: &FieldTable) -> Field {
    Field {
        name: table.name.clone(),
        label: table.label.clone().unwrap_or_else(|| table.name.clone()),
        kind: table.kind.clone().unwrap_or_else(|| "text".to_owned()),
        placeholder: table.placeholder.clone(),
        autocomplete: table.autocomplete.clone(),
        required: table.required,
        attributes: table.attributes.clone(),
    }
}

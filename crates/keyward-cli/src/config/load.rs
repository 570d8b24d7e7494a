//! From the text of `keyward.toml` to [`File`]: environment values put in, every mistake with its place.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use miette::NamedSource;
use schemars::schema_for;
use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::{
    file::File,
    providers::{self, Provider, Reader},
    redact::masked,
    wording,
};
use crate::{environment::Environment, fault::Fault};

/// A configuration file that has its shape.
pub(crate) struct Loaded {
    /// What it says.
    pub(crate) file: File,
    /// Where it says it.
    pub(crate) places: Places,
}

/// Where in a file which key stands.
#[derive(Debug, Default)]
pub(crate) struct Places {
    spans: BTreeMap<String, Range<usize>>,
    line_starts: Vec<usize>,
}

/// Reads a file's text. All mistakes of its shape are found at once. With `forgiving`, unset variables are empty.
pub(crate) fn load(text: &str, forgiving: bool, environment: &Environment) -> Result<Loaded, Vec<Fault>> {
    let mut root =
        DeTable::parse(text).map_err(|error| vec![wording::of_syntax(error.message()).at(error.span())])?;
    let mut faults = Vec::new();
    let mut places = Places::default();
    places.line_starts.push(0);
    places.line_starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
    note(root.get_ref(), "", &mut places.spans);
    Substitution { text, forgiving, environment, faults: &mut faults }.table(root.get_mut());

    let listed = providers::take(root.get_mut());
    let mut shaping = Shaping { places: &places, faults };
    let file: Option<File> = shaping.shape(root);
    let listed: Vec<_> = listed.iter().map(|item| Provider::read(item.clone(), &mut shaping)).collect();
    match (file, listed.into_iter().collect(), shaping.faults) {
        (Some(file), Some(providers), faults) if faults.is_empty() => {
            Ok(Loaded { file: File { providers, ..file }, places })
        }
        (.., faults) => Err(faults),
    }
}

/// Every setting of a file that was loaded, in its order: path, and value as it may be shown, with the environment's in it.
pub(crate) fn settings(text: &str, environment: &Environment) -> Vec<(String, String)> {
    let Ok(mut root) = DeTable::parse(text) else { return Vec::new() };
    let mut faults = Vec::new();
    Substitution { text, forgiving: true, environment, faults: &mut faults }.table(root.get_mut());
    let mut values = Vec::new();
    note_values(root.get_ref(), "", &plain_keys(), &mut values);
    values.sort();
    values.into_iter().map(|(_, path, value)| (path, value)).collect()
}

/// The file as a terminal may show it.
pub(crate) fn shown(name: &str, text: &str) -> NamedSource<String> {
    NamedSource::new(name, masked(text, &plain_keys()))
}

impl Places {
    /// The bytes of a value, named as `providers[0].endpoint`; of what holds it if it isn't there.
    pub(crate) fn span(&self, path: &str) -> Option<Range<usize>> {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return Some(span.clone());
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// True if serde misses a field in this table that the file did have.
    fn had(&self, table: Option<&Range<usize>>, message: &str) -> bool {
        let Some(field) = message.strip_prefix("missing field ").map(|name| name.trim_matches('`')) else {
            return false;
        };
        let mut tables = self.spans.iter().filter(|(_, span)| Some(*span) == table);
        tables.any(|(path, _)| self.spans.contains_key(&format!("{path}.{field}")))
    }

    /// The line of a value, from 1; `None` if the file does not have it.
    pub(crate) fn line(&self, path: &str) -> Option<usize> {
        let start = self.spans.get(path)?.start;
        Some(self.line_starts.partition_point(|line| *line <= start))
    }
}

/// Makes what was meant of tables, and keeps every mistake.
struct Shaping<'a> {
    places: &'a Places,
    faults: Vec<Fault>,
}

impl Reader for Shaping<'_> {
    fn shape<T: DeserializeOwned>(&mut self, mut table: Spanned<DeTable<'_>>) -> Option<T> {
        loop {
            let error = match T::deserialize(toml::de::Deserializer::from(table.clone())) {
                Ok(shaped) => return Some(shaped),
                Err(error) => error,
            };
            let span = error.span();
            // What was taken out because of its own mistake is not missed too.
            if !self.places.had(span.as_ref(), error.message()) {
                self.faults.push(wording::of_shape(error.message()).at(span.clone()));
            }
            // Go on without it, to find the next mistake as well.
            if !span.is_some_and(|span| cut(table.get_mut(), &span)) || self.faults.len() > MOST_FAULTS {
                return None;
            }
        }
    }

    fn fault(&mut self, fault: Fault, at: Range<usize>) {
        self.faults.push(fault.at(Some(at)));
    }
}

const MOST_FAULTS: usize = 20;

/// Keys whose values may be shown: all that the file knows, without those that hold secrets.
fn plain_keys() -> BTreeSet<String> {
    let (mut keys, mut secrets) = (BTreeSet::new(), BTreeSet::new());
    collect_keys(schema_for!(File).as_value(), &mut keys, &mut secrets);
    // Whatever stands in these tables may be one.
    secrets.extend(["headers", "options"].map(str::to_owned));
    keys.retain(|key| !secrets.contains(key));
    keys
}

fn collect_keys(schema: &serde_json::Value, keys: &mut BTreeSet<String>, secrets: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(members) => {
            if let Some(serde_json::Value::Object(properties)) = members.get("properties") {
                keys.extend(properties.keys().cloned());
                let hidden = properties.iter().filter(|(_, schema)| is_secret(schema));
                secrets.extend(hidden.map(|(key, _)| key.clone()));
            }
            members.values().for_each(|member| collect_keys(member, keys, secrets));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys, secrets)),
        _ => {}
    }
}

/// True for a secret, a list of them, and one that may be left out.
fn is_secret(schema: &serde_json::Value) -> bool {
    schema["writeOnly"] == true
        || schema.get("items").is_some_and(is_secret)
        || schema["anyOf"].as_array().is_some_and(|any| any.iter().any(is_secret))
}

/// Whether the value of this key in this table may be shown.
fn is_plain(plain: &BTreeSet<String>, key: &str, path: &str) -> bool {
    // The keys of its texts and errors are the owner's own.
    plain.contains(key) || path.starts_with("theme.")
}

/// The settings of a table, each with its place. A list of plain values is one.
fn note_values(
    table: &DeTable<'_>,
    prefix: &str,
    plain: &BTreeSet<String>,
    values: &mut Vec<(usize, String, String)>,
) {
    for (key, value) in table {
        let path =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        match value.get_ref() {
            DeValue::Table(table) => note_values(table, &path, plain, values),
            DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                for (index, item) in items.iter().enumerate() {
                    if let DeValue::Table(table) = item.get_ref() {
                        note_values(table, &format!("{path}[{index}]"), plain, values);
                    }
                }
            }
            setting => {
                let shown = shown_setting(setting, is_plain(plain, key.get_ref(), &path));
                values.push((value.span().start, path, shown));
            }
        }
    }
}

fn shown_setting(value: &DeValue<'_>, is_plain: bool) -> String {
    match value {
        DeValue::Array(items) if items.is_empty() => "none".to_owned(),
        DeValue::Array(items) if !is_plain => format!("{}, not shown", items.len()),
        _ if !is_plain => "set, not shown".to_owned(),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| shown_value(item.get_ref())).collect();
            items.join(", ")
        }
        value => shown_value(value),
    }
}

fn shown_value(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.chars().filter(|c| !c.is_control()).collect(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(is) => is.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        DeValue::Array(_) | DeValue::Table(_) => "…".to_owned(),
    }
}

fn note(table: &DeTable<'_>, prefix: &str, spans: &mut BTreeMap<String, Range<usize>>) {
    for (key, value) in table {
        let path =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        note_value(value, path, spans);
    }
}

fn note_value(value: &Spanned<DeValue<'_>>, path: String, spans: &mut BTreeMap<String, Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => note(table, &path, spans),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                note_value(item, format!("{path}[{index}]"), spans);
            }
        }
        _ => {}
    }
    spans.insert(path, value.span());
}

/// Puts the environment's values in; what names an unset variable is taken out.
struct Substitution<'a> {
    text: &'a str,
    forgiving: bool,
    environment: &'a Environment,
    faults: &'a mut Vec<Fault>,
}

impl Substitution<'_> {
    fn table(&mut self, table: &mut DeTable<'_>) {
        let mut unset = Vec::new();
        for (key, value) in table.iter_mut() {
            let before = self.faults.len();
            self.value(value);
            let holds_others = value.get_ref().is_table() || value.get_ref().is_array();
            if self.faults.len() > before && !holds_others {
                unset.push(key.clone());
            }
        }
        for key in &unset {
            table.remove(key);
        }
    }

    fn value(&mut self, value: &mut Spanned<DeValue<'_>>) {
        let span = value.span();
        match value.get_mut() {
            DeValue::String(string) if string.contains("${") => match self.filled(string) {
                Ok(filled) => *string = Cow::Owned(filled),
                Err((reference, fault)) => {
                    let source = self.text.get(span.clone()).unwrap_or_default();
                    let narrow = source.find(&reference).map(|at| span.start + at);
                    let narrow = narrow.map(|start| start..start + reference.len());
                    self.faults.push(fault.at(Some(narrow.unwrap_or(span))));
                }
            },
            DeValue::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            DeValue::Table(table) => self.table(table),
            _ => {}
        }
    }

    /// `text` with the environment's values, or the reference that can't be followed and why.
    fn filled(&self, text: &str) -> Result<String, (String, Fault)> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                out.push_str(&rest[..at - 1]);
                out.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            out.push_str(&rest[..at]);
            let after = &rest[at + 2..];
            let Some(name) = after.split_once('}').map(|(name, _)| name).filter(|name| is_name(name)) else {
                let fault = Fault::new("`${` is not followed by a variable's name and `}`")
                    .remedy("write ${NAME}, or $${ for the characters themselves");
                return Err(("${".to_owned(), fault));
            };
            match self.environment.get(name) {
                Some(value) => out.push_str(value),
                None if self.forgiving => {}
                None => {
                    let fault = Fault::new(format!("the environment variable {name} is not set"))
                        .remedy(format!("set {name} where keyward is started, or write the value here"));
                    return Err((format!("${{{name}}}"), fault));
                }
            }
            rest = &after[name.len() + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Removes the innermost entry that a mistake is in. False if there is none.
fn cut(table: &mut DeTable<'_>, mistake: &Range<usize>) -> bool {
    let within = |span: Range<usize>| span.start <= mistake.start && mistake.end <= span.end;
    let mut guilty = None;
    for (key, value) in table.iter_mut() {
        let inner = match value.get_mut() {
            DeValue::Table(inner) => cut(inner, mistake),
            DeValue::Array(items) => cut_item(items, mistake),
            _ => false,
        };
        if inner {
            return true;
        }
        if within(key.span()) || within(value.span()) {
            guilty = Some(key.clone());
        }
    }
    guilty.is_some_and(|key| table.remove(&key).is_some())
}

fn cut_item(items: &mut DeArray<'_>, mistake: &Range<usize>) -> bool {
    let mut left = DeArray::new();
    let mut found = false;
    for item in items.iter() {
        let mut item = item.clone();
        if let (false, DeValue::Table(inner)) = (found, item.get_mut())
            && cut(inner, mistake)
        {
            found = true;
        } else if !found && item.span().start <= mistake.start && mistake.end <= item.span().end {
            found = true;
            continue;
        }
        left.push(item);
    }
    if found {
        *items = left;
    }
    found
}

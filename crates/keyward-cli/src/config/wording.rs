//! The parser's and serde's messages in the words of this program: a problem, and a remedy.
//!
//! Messages that repeat a value are cut before it: the value may be a secret.

use crate::fault::Fault;

/// The file is no TOML.
pub(super) fn of_syntax(message: &str) -> Fault {
    // "expected nothing" helps nobody.
    let (problem, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    let unquoted =
        ["must be quoted", "invalid float", "invalid integer", "invalid number", "invalid datetime"];
    let is = |signs: &[&str]| signs.iter().any(|sign| problem.contains(sign));
    let fault = |problem: &str| Fault::new(format!("this is not TOML: {problem}"));
    match expected {
        _ if is(&unquoted) => fault(problem).remedy("write texts in quotes: key = \"value\""),
        _ if is(&["duplicate key"]) => fault(problem).remedy("keep one of the two"),
        "`\"`" | "`'`" => fault("a text has no end").remedy(format!("close it with {expected}")),
        "`=`" => fault(problem).remedy("write key = \"value\""),
        "`]`" | "`}`" => fault(problem).remedy(format!("close it with {expected}")),
        "" | "nothing" => fault(problem),
        _ => fault(message),
    }
}

/// The file is TOML but not a configuration.
pub(super) fn of_shape(message: &str) -> Fault {
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let (found, known) = found_and_known(rest);
        return Fault::new(format!("unknown key `{found}`")).remedy(suggestion(&found, &known, "known here"));
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let (_, known) = found_and_known(rest);
        return no_choice(&known);
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        let name = name.trim_matches('`');
        return Fault::new(format!("`{name}` is missing here")).remedy(format!("add `{name} = …`"));
    }
    if let Some(rest) = message.strip_prefix("invalid type: ") {
        let (found, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, ""));
        return Fault::new(format!("expected {}, found {}", wanted(expected), kind(found)));
    }
    if let Some((_, expected)) =
        message.strip_prefix("invalid value: ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        return Fault::new(format!("this is out of range, expected {}", wanted(expected)));
    }
    // What toml says of a value where one of several words belongs.
    if message == "wanted string or table" {
        return Fault::new(NO_CHOICE).remedy("write one of its words in quotes; `keyward schema` has them");
    }
    if message.contains("socket address") {
        return Fault::new("this is not an address with a port")
            .remedy("write for example \"127.0.0.1:4000\", or \"0.0.0.0:4000\" for all networks");
    }
    match message.split_once("; ") {
        Some((problem, remedy)) => Fault::new(problem).remedy(remedy),
        None => Fault::new(message),
    }
}

/// A word that is none of those that may stand here.
pub(super) fn no_choice(known: &[impl AsRef<str>]) -> Fault {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    Fault::new(NO_CHOICE).remedy(format!("choose from: {}", known.join(", ")))
}

const NO_CHOICE: &str = "this is none of the choices";

/// The nearest of `known`, or all of them.
pub(super) fn suggestion(found: &str, known: &[String], otherwise: &str) -> String {
    did_you_mean(found, known).unwrap_or_else(|| format!("{otherwise}: {}", known.join(", ")))
}

/// The nearest of `known`, or the nearest few: where there are too many to name them all.
pub(super) fn nearest(found: &str, known: &[String]) -> String {
    did_you_mean(found, known).unwrap_or_else(|| {
        let mut near: Vec<&String> = known.iter().collect();
        // What holds the other comes before what only looks alike: `microsoft` is `microsoft-entra-id`.
        let holds = |other: &String| other.contains(found) || found.contains(other.as_str());
        near.sort_by_cached_key(|other| (!holds(other), distance(found, other)));
        let near: Vec<_> = near.into_iter().take(4).map(|id| format!("`{id}`")).collect();
        format!("the nearest are {}", near.join(", "))
    })
}

fn did_you_mean(found: &str, known: &[String]) -> Option<String> {
    let near = known.iter().min_by_key(|other| distance(found, other))?;
    (distance(found, near) <= 2.max(near.len() / 4)).then(|| format!("did you mean `{near}`?"))
}

fn distance(found: &str, other: &str) -> usize {
    let plain = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    strsim::damerau_levenshtein(&plain(found), &plain(other))
}

/// From "`x`, expected one of `a`, `b`": x, and a and b.
fn found_and_known(rest: &str) -> (String, Vec<String>) {
    let mut names = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    let found = names.next().unwrap_or_default();
    (found, names.collect())
}

fn wanted(expected: &str) -> String {
    match expected {
        "a string" => "a text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        "socket address" => "an address with a port, such as \"127.0.0.1:4000\"",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        table if table.starts_with("struct ") => "a table",
        other => other,
    }
    .to_owned()
}

fn kind(found: &str) -> &'static str {
    match found.split_whitespace().next().unwrap_or_default() {
        "string" => "a text",
        "integer" | "floating" => "a number",
        "boolean" => "true or false",
        "map" => "a table",
        "sequence" => "a list",
        _ => "something else",
    }
}

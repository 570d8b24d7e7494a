//! A configuration file made fit to be shown: secrets give way to asterisks, byte by byte, so that places in
//! the text stay where they are.

use std::collections::BTreeSet;

/// Masks every value whose key is not in `plain`: secrets, headers, and also a mistyped `secert`. References to
/// the environment stay, they are names. Works on any text, also one that is no TOML.
pub(crate) fn masked(text: &str, plain: &BTreeSet<String>) -> String {
    let mut shown = String::with_capacity(text.len());
    let (mut is_plain, mut in_long_string) = (true, false);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let key = if in_long_string { None } else { assigned_key(trimmed) };
        if let Some(key) = &key {
            is_plain = plain.contains(key.as_str());
        } else if !in_long_string && trimmed.starts_with('[') && is_header(trimmed) {
            is_plain = true;
        }
        let comment = !in_long_string && key.is_none() && trimmed.starts_with('#');
        let start = if key.is_some() { line.find('=').map_or(0, |at| at + 1) } else { 0 };
        shown.push_str(&line[..start]);
        let rest = &line[start..];
        if is_plain || comment {
            without_userinfo(rest, &mut shown);
        } else {
            mask(rest, &mut shown);
        }
        let quotes = line.matches("\"\"\"").count() + line.matches("'''").count();
        in_long_string ^= quotes % 2 == 1;
    }
    shown
}

/// The last part of the key that a line assigns to; a commented-out line counts too.
fn assigned_key(line: &str) -> Option<String> {
    let (key, _) = line.trim_start_matches(['#', ' ', '\t']).split_once('=')?;
    let last = key.rsplit('.').next()?.trim().trim_matches(['"', '\'']);
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    // What is no key by its looks (an array's item with `=` in it, say) may be anything.
    (!key.trim().starts_with(['"', '\'', '{', '[']) || key.contains(char::is_alphanumeric))
        .then(|| if last.chars().all(is_key) { last.to_owned() } else { String::new() })
}

/// `[session]` and `[[providers]]`, but not the items of an array.
fn is_header(line: &str) -> bool {
    let inner = line.split('#').next().unwrap_or_default().trim();
    inner.ends_with(']') && !inner.contains(['"', '\'', ','])
}

fn mask(text: &str, shown: &mut String) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let reference = rest.strip_prefix("${").and_then(|tail| tail.find('}')).map(|end| end + 3);
        if let Some(end) = reference {
            shown.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let structure = c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | ',');
        if structure {
            shown.push(c);
        } else {
            shown.extend(std::iter::repeat_n('*', c.len_utf8()));
        }
        rest = &rest[c.len_utf8()..];
    }
}

/// Masks `user:password` in addresses.
fn without_userinfo(text: &str, shown: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        shown.push_str(head);
        let end = tail.find(['/', '"', '\'', '?', '#']).unwrap_or(tail.len());
        let userinfo = tail[..end].rfind('@').unwrap_or(0);
        mask(&tail[..userinfo], shown);
        rest = &tail[userinfo..];
    }
    shown.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let plain = ["listen", "endpoint", "name", "providers", "fields"].map(str::to_owned).into();
        let shown = masked(text, &plain);
        assert_eq!(shown.len(), text.len(), "places stay where they are");
        shown
    }

    #[test]
    fn lesson_78_what_is_not_known_to_be_plain_is_masked() {
        assert_eq!(show("secret = \"abc\"\nlisten = 'x'\n"), "secret = \"***\"\nlisten = 'x'\n");
        assert_eq!(show("secert=é x"), "secert=** *");
        assert_eq!(
            show("secrets = [\n  \"a\",\n 'b=c' ]\nname='n'"),
            "secrets = [\n  \"*\",\n 'b=*' ]\nname='n'"
        );
        assert_eq!(show("headers = { x-key = \"k\" }"), "headers = { ***** * \"*\" }");
        assert_eq!(
            show("[providers.headers]\n\"x-key\" = \"k\"\n"),
            "[providers.headers]\n\"x-key\" = \"*\"\n"
        );
        assert_eq!(show("# secret = old\n# prose\n"), "# secret = ***\n# prose\n");
        assert_eq!(
            show("secret = \"\"\"\nab\n# c\n\"\"\"\nname = 'n'"),
            "secret = \"\"\"\n**\n* *\n\"\"\"\nname = 'n'"
        );
    }

    #[test]
    fn names_of_the_environment_stay_and_userinfo_goes() {
        assert_eq!(show("secret = \"a${B_C}d\""), "secret = \"*${B_C}*\"");
        assert_eq!(show("endpoint = \"http://u:p@h/x@y\""), "endpoint = \"http://***@h/x@y\"");
        assert_eq!(show("endpoint = \"http://h/x\""), "endpoint = \"http://h/x\"");
    }
}

//! Texts with `{names}` in them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Replaces each `{name}` by what `value` gives. `Err` names the first one that it has nothing for.
pub(crate) fn expand(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> Result<String, &str> {
    let mut text = String::with_capacity(template.len());
    for (literal, name) in parts(template) {
        text.push_str(literal);
        if let Some(name) = name {
            text.push_str(&value(name).ok_or(name)?);
        }
    }
    Ok(text)
}

/// The names in a template.
pub(crate) fn names(template: &str) -> impl Iterator<Item = &str> {
    parts(template).filter_map(|(_, name)| name)
}

/// A value's spelling inside a path segment or a query of an address.
pub(crate) fn component(value: &str) -> String {
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(value, UNRESERVED).to_string()
}

/// Literal texts, each with the name that follows it. A brace that is not closed is literal.
fn parts(template: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(template);
    std::iter::from_fn(move || {
        let text = rest?;
        let found = text.split_once('{').and_then(|(literal, tail)| {
            let (name, after) = tail.split_once('}')?;
            Some((literal, name, after))
        });
        match found {
            Some((literal, name, after)) => {
                rest = Some(after);
                Some((literal, Some(name)))
            }
            None => {
                rest = None;
                Some((text, None))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_a_missing_one_is_named() {
        let value = |name: &str| (name == "a").then(|| "1".to_owned());
        assert_eq!(expand("x{a}y{a}", value), Ok("x1y1".to_owned()));
        assert_eq!(expand("x{b}", value), Err("b"));
        assert_eq!(expand("{open", value), Ok("{open".to_owned()));
        assert_eq!(names("{a}{b}c").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(component("a/b?c=d%&é"), "a%2Fb%3Fc%3Dd%25%26%C3%A9");
    }
}

//! JSON as every read of a session writes it: what `serde_json` writes, but for its look at each single byte of a text.

use std::fmt::Write as _;

use serde_json::Value;

/// Writes a value.
pub(crate) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write!(out, "{number}").expect("a text takes anything"),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            write_members(members.iter().map(|(name, value)| (name.as_str(), value)), out, write);
        }
    }
}

/// Writes an object of these members, each value by `write`.
pub(crate) fn write_members<'m, T>(
    members: impl IntoIterator<Item = (&'m str, T)>,
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    out.push('{');
    for (place, (name, value)) in members.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

/// Writes a text.
pub(crate) fn write_text(text: &str, out: &mut String) {
    // Nearly always. To the end in any case, so that the compiler may look at many bytes at once.
    let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    if text.bytes().fold(0, |seen, byte| seen | u8::from(is_special(byte))) == 0 {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::to_string(text).expect("a text is JSON"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use serde_json::json;

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = String::new();
        write(value, &mut out);
        out
    }

    #[test]
    fn a_value_is_written_as_serde_json_writes_it() {
        let value = json!({
            "": {}, "none": null, "yes": true, "no": false, "a\"b": "c\\d\u{1f}\u{7f}é\n",
            "list": [[], [1], [-1, 2.5, 1e300, u64::MAX, i64::MIN, -0.0], "x"],
        });
        assert_eq!(written(&value), serde_json::to_string(&value).expect("JSON"));
    }

    proptest! {
        #[test]
        fn a_text_is_written_as_serde_json_writes_it(text in any::<String>(), more in "[ -~\\x00-\\x7f]{0,64}") {
            let value = json!({ (text.clone()): more, (more): [text] });
            assert_eq!(written(&value), serde_json::to_string(&value).expect("JSON"));
        }
    }
}

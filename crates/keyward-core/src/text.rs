//! Texts that others wrote.

/// Without control characters, at most `max` characters; `None` if nothing is left.
pub(crate) fn cleaned(text: &str, max: usize) -> Option<String> {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(max).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

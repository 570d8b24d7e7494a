//! What is wrong with a setting.

/// What is wrong, before it is said of which provider: the setting and the words.
pub(crate) type Wrong = (String, String);

pub(crate) fn wrong(setting: &str, what: impl Into<String>) -> Wrong {
    (setting.to_owned(), what.into())
}

pub(crate) fn missing(setting: &str) -> Wrong {
    wrong(setting, format!("{setting} is missing"))
}

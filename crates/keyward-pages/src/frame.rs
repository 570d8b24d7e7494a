//! What all pages of one request share.

use crate::asset::fingerprint;
use crate::script::SCRIPT_FILE;
use crate::style::{STYLE_FILE, THEME_FILE, theme_css};
use crate::theme::Theme;

/// What all pages of one request share.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The deployment's look.
    pub theme: &'a Theme,
    /// The base path without a slash at its end, such as `/api/auth`.
    pub base: &'a str,
    /// The id under which the log has this request; error pages show it.
    pub request_id: &'a str,
}

impl Frame<'_> {
    /// Address of the style sheet.
    pub(crate) fn style_url(&self) -> String {
        format!("{}/-/assets/{STYLE_FILE}", self.base)
    }

    /// Address of the script behind passkey buttons.
    pub(crate) fn script_url(&self) -> String {
        format!("{}/-/assets/{SCRIPT_FILE}", self.base)
    }

    /// Address of the owner's colours; `None` if there are none.
    pub(crate) fn theme_url(&self) -> Option<String> {
        let css = theme_css(self.theme);
        let version = fingerprint(&css);
        (!css.is_empty()).then(|| format!("{}/-/assets/{THEME_FILE}?v={version:016x}", self.base))
    }

    /// `text` with the product's name in place of `{name}`.
    pub(crate) fn named(&self, text: &str) -> String {
        text.replace("{name}", &self.theme.name)
    }
}

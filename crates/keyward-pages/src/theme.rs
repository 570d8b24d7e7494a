//! How the pages look and speak in one deployment, and what all pages of one request share.

use crate::colour::Colour;
use crate::style::{STYLE_FILE, THEME_FILE, fingerprint, theme_css};
use crate::texts::Texts;

/// The look of the pages: NextAuth's `theme` option, and the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Light, dark, or as the person's system has it.
    pub color_scheme: ColorScheme,
    /// The colour of the main button; links and focus rings take a readable shade of it.
    pub brand_color: Option<Colour>,
    /// The text on the main button. Without one, white or black is chosen for contrast.
    pub button_text: Option<Colour>,
    /// Address of a picture shown in place of Keyward's mark: `https:`, `data:` or on this origin.
    pub logo: Option<String>,
    /// The product's name as people know it.
    pub name: String,
    /// All visible texts.
    pub texts: Texts,
}

/// Which of the two colour schemes a page has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorScheme {
    /// As the person's system has it (`prefers-color-scheme`).
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

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

impl ColorScheme {
    /// The word in NextAuth's configuration and in the body's class: `auto`, `light` or `dark`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The value of `<meta name="color-scheme">`, which colours form controls and scroll bars.
    pub(crate) fn meta(self) -> &'static str {
        match self {
            Self::Auto => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Frame<'_> {
    /// Address of the style sheet.
    pub(crate) fn style_url(&self) -> String {
        format!("{}/-/assets/{STYLE_FILE}", self.base)
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

impl Default for Theme {
    fn default() -> Self {
        Self {
            color_scheme: ColorScheme::Auto,
            brand_color: None,
            button_text: None,
            logo: None,
            name: "Keyward".to_owned(),
            texts: Texts::default(),
        }
    }
}

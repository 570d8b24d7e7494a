//! How the pages look and speak in one deployment.

use crate::colour::Colour;
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

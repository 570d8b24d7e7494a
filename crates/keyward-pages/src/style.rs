//! Style sheets and the policy under which pages are served.

use crate::asset;
use crate::colour::Colour;
use crate::theme::Theme;

/// The `Content-Security-Policy` that every page works under: no script at all, styles and images only
/// from where they can come.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data: https:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The style sheet of all pages. Serve it at `{base}/-/assets/` + [`STYLE_FILE`], cached for good.
pub const STYLE_CSS: &str = include_str!("../assets/style.css");

/// Its file name, `style.<hash>.css`: it changes when the content does.
pub const STYLE_FILE: &str = match std::str::from_utf8(&STYLE_FILE_BYTES) {
    Ok(name) => name,
    Err(_) => panic!("the file name is ASCII"),
};

const STYLE_FILE_BYTES: [u8; 26] = asset::named_by(*b"style.0000000000000000.css", 6, STYLE_CSS);

/// The file name of [`theme_css`] under `{base}/-/assets/`. Pages ask for it with `?v=<hash>`, so it can
/// be cached for good as well; they don't ask for it when it would be empty.
pub const THEME_FILE: &str = "theme.css";

/// The owner's colours as a style sheet, empty if the theme has none. Beside the colours as given it holds
/// variants for links and focus rings that can be read on the light and on the dark ground.
pub fn theme_css(theme: &Theme) -> String {
    let mut css = String::new();
    if let Some(brand) = theme.brand_color {
        let (light, dark) = (brand.readable_on(LIGHT_GROUND), brand.readable_on(DARK_GROUND));
        css += &format!("--brand-color:{brand};--accent-on-light:{light};--accent-on-dark:{dark};");
    }
    if let Some(text) = theme.button_text.or(theme.brand_color.map(Colour::text_on)) {
        css += &format!("--button-text-color:{text};");
    }
    if css.is_empty() { css } else { format!(":root{{{css}}}\n") }
}

/// The grounds on which a link is hardest to read: the page around the card where it is light (`--canvas`
/// in the style sheet), the card where it is dark (`--surface`).
const LIGHT_GROUND: Colour = Colour::new(0xf5, 0xf5, 0xf3);
const DARK_GROUND: Colour = Colour::new(0x17, 0x19, 0x1e);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::fingerprint;

    #[test]
    fn the_style_file_is_named_by_its_content() {
        assert_eq!(STYLE_FILE, format!("style.{:016x}.css", fingerprint(STYLE_CSS)));
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325, "FNV-1a's offset basis");
        assert_eq!(fingerprint("a"), 0xaf63_dc4c_8601_ec8c, "FNV-1a's published vector");
    }

    #[test]
    fn the_grounds_that_contrast_is_computed_for_are_those_of_the_style_sheet() {
        assert!(STYLE_CSS.contains(&format!("--canvas: var(--light, {LIGHT_GROUND})")));
        assert!(STYLE_CSS.contains(&format!("--surface: var(--light, #ffffff) var(--dark, {DARK_GROUND});")));
    }

    #[test]
    fn the_style_sheet_loads_nothing_from_elsewhere() {
        for banned in ["@import", "url(", "http", "expression", "</"] {
            assert!(!STYLE_CSS.contains(banned), "{banned}");
        }
    }

    #[test]
    fn a_theme_without_colours_has_no_style_sheet() {
        assert_eq!(theme_css(&Theme::default()), "");
    }

    #[test]
    fn a_brand_colour_chooses_the_text_on_its_buttons() {
        let theme = Theme { brand_color: Some(Colour::parse("#ffd60a").unwrap()), ..Theme::default() };
        let css = theme_css(&theme);
        assert!(css.contains("--brand-color:#ffd60a;"), "{css}");
        assert!(css.contains("--button-text-color:#000000;"), "{css}");
        assert!(css.contains("--accent-on-dark:#ffd60a;"), "yellow can be read on dark: {css}");
        assert!(!css.contains("--accent-on-light:#ffd60a;"), "but not on white: {css}");
    }

    #[test]
    fn a_given_button_text_colour_wins() {
        let theme = Theme {
            brand_color: Some(Colour::parse("#ffd60a").unwrap()),
            button_text: Some(Colour::parse("#331").unwrap()),
            ..Theme::default()
        };
        assert!(theme_css(&theme).contains("--button-text-color:#333311;"));
    }
}

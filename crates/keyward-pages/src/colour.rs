//! Colours from the configuration, and the contrast that keeps text on them readable (WCAG 2.2).

use std::fmt;

/// An opaque sRGB colour. It can only be made from `#rgb` or `#rrggbb`, so writing one into a style
/// sheet can't write anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The text is not a colour of the form `#rgb` or `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidColour(pub String);

impl Colour {
    /// White.
    pub const WHITE: Self = Self::new(255, 255, 255);
    /// Black.
    pub const BLACK: Self = Self::new(0, 0, 0);

    /// The colour with these sRGB channels.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Reads `#rgb` or `#rrggbb`, in either case. Names, `rgb()`, alpha and everything else are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidColour> {
        let digits: Option<Vec<u8>> =
            text.strip_prefix('#').and_then(|hex| hex.bytes().map(nibble).collect());
        match digits.as_deref() {
            Some(&[r, g, b]) => Ok(Self::new(r * 17, g * 17, b * 17)),
            Some(&[r1, r0, g1, g0, b1, b0]) => Ok(Self::new(r1 * 16 + r0, g1 * 16 + g0, b1 * 16 + b0)),
            _ => Err(InvalidColour(text.to_owned())),
        }
    }

    /// The WCAG contrast ratio of two colours: 1.0 (the same) to 21.0 (black on white). Text needs 4.5.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// White or black, whichever can be read on this colour; white where both can. The contrast is at
    /// least 4.5 on every colour.
    pub fn text_on(self) -> Self {
        if self.contrast(Self::WHITE) >= AA_TEXT { Self::WHITE } else { Self::BLACK }
    }

    /// The colour nearest to this one (towards black or white) that can be read as text on `background`.
    pub fn readable_on(self, background: Self) -> Self {
        let target = background.text_on();
        (0..=STEPS)
            .map(|step| self.mixed(target, step))
            .find(|colour| colour.contrast(background) >= AA_TEXT)
            .unwrap_or(target)
    }

    /// This colour with `step` of [`STEPS`] parts of `other`.
    fn mixed(self, other: Self, step: u8) -> Self {
        let mix = |a: u8, b: u8| {
            let sum = u16::from(a) * u16::from(STEPS - step) + u16::from(b) * u16::from(step);
            u8::try_from(sum / u16::from(STEPS)).expect("a weighted mean of two bytes is a byte")
        };
        Self::new(mix(self.red, other.red), mix(self.green, other.green), mix(self.blue, other.blue))
    }

    /// Relative luminance, 0.0 to 1.0.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

/// The contrast that WCAG AA asks for text of ordinary size.
const AA_TEXT: f64 = 4.5;
const STEPS: u8 = 25;

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl fmt::Display for InvalidColour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a colour; write it as #rgb or #rrggbb", self.0.escape_debug())
    }
}

impl std::error::Error for InvalidColour {}

impl std::str::FromStr for Colour {
    type Err = InvalidColour;

    fn from_str(text: &str) -> Result<Self, InvalidColour> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_hex_are_read_in_either_case() {
        assert_eq!(Colour::parse("#09f").unwrap().to_string(), "#0099ff");
        assert_eq!(Colour::parse("#1A2b3C").unwrap().to_string(), "#1a2b3c");
    }

    #[test]
    fn everything_that_is_not_plain_hex_is_refused() {
        let bad = [
            "",
            "#",
            "#12",
            "#1234",
            "#12345",
            "#1234567",
            "#12345678",
            "123456",
            "red",
            "rgb(0,0,0)",
            "#ggg",
            "#12 ",
            " #123",
            "#fff;}",
            "#é1",
            "url(x)",
            "#-12",
            "#+12",
        ];
        for text in bad {
            assert_eq!(Colour::parse(text), Err(InvalidColour(text.to_owned())));
        }
    }

    #[test]
    fn contrast_is_the_ratio_of_wcag() {
        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 1e-9);
        assert!((Colour::WHITE.contrast(Colour::WHITE) - 1.0).abs() < 1e-9);
        // #767676 is the well-known lightest grey that passes AA on white.
        assert!(Colour::parse("#767676").unwrap().contrast(Colour::WHITE) >= 4.5);
        assert!(Colour::parse("#777777").unwrap().contrast(Colour::WHITE) < 4.5);
    }

    #[test]
    fn text_on_any_colour_can_be_read() {
        for colour in sample() {
            assert!(colour.contrast(colour.text_on()) >= 4.5, "{colour}");
        }
        assert_eq!(Colour::parse("#4338ca").unwrap().text_on(), Colour::WHITE);
        assert_eq!(Colour::parse("#ffd60a").unwrap().text_on(), Colour::BLACK);
    }

    #[test]
    fn a_brand_colour_becomes_a_link_colour_that_can_be_read() {
        let dark = Colour::parse("#16181d").unwrap();
        for colour in sample() {
            assert!(colour.readable_on(Colour::WHITE).contrast(Colour::WHITE) >= 4.5, "{colour}");
            assert!(colour.readable_on(dark).contrast(dark) >= 4.5, "{colour}");
        }
        let indigo = Colour::parse("#4338ca").unwrap();
        assert_eq!(indigo.readable_on(Colour::WHITE), indigo, "a colour that can be read stays as it is");
    }

    fn sample() -> impl Iterator<Item = Colour> {
        let steps = || (0..=255u8).step_by(17);
        steps().flat_map(move |r| steps().flat_map(move |g| steps().map(move |b| Colour::new(r, g, b))))
    }
}

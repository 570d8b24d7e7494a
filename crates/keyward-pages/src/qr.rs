//! QR codes, for what is scanned from a page.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the code, which readers need to find it (ISO/IEC 18004 section 9.1).
const QUIET: i32 = 4;

/// A QR code as the numbers of an SVG: how wide it is, and the path of its dark modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    /// Width and height, with the light edge.
    pub size: i32,
    /// What stands in the path's `d`.
    pub path: String,
}

impl Qr {
    /// The code of a text. `None` if it is too long for one.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            let mut x = 0;
            while x < code.size() {
                let start = x;
                while code.get_module(x, y) {
                    x += 1;
                }
                if x > start {
                    let (left, top, width) = (start + QUIET, y + QUIET, x - start);
                    write!(path, "M{left} {top}h{width}v1h-{width}z")
                        .expect("writing to a String cannot fail");
                }
                x += 1;
            }
        }
        Some(Self { size: code.size() + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_light_edge() {
        let qr = Qr::of("otpauth://totp/Shop:ada?secret=GEZDGNBVGY3TQOJQ").expect("short");
        assert!(qr.path.starts_with("M4 4h7v1h-7z"), "the upper left corner: {}", &qr.path[..40]);
        assert!(qr.path.contains(&format!("M{} 4h7v1h-7z", qr.size - QUIET - 7)), "the upper right");
        assert!(qr.path.contains(&format!("M4 {}h7v1h-7z", qr.size - QUIET - 1)), "the lower left");
        assert_eq!(Qr::of(&"x".repeat(5000)), None);
    }
}

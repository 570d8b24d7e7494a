//! The one script of the pages, behind passkey buttons.

use crate::asset;

/// The script behind passkey buttons, the only one there is. Serve it at `{base}/-/assets/` + [`SCRIPT_FILE`], cached
/// for good, and let a page's policy name it and nothing else.
pub const SCRIPT_JS: &str = include_str!("../assets/passkey.js");

/// Its file name, `passkey.<hash>.js`: it changes when the content does.
pub const SCRIPT_FILE: &str = match std::str::from_utf8(&SCRIPT_FILE_BYTES) {
    Ok(name) => name,
    Err(_) => panic!("the file name is ASCII"),
};

const SCRIPT_FILE_BYTES: [u8; 27] = asset::named_by(*b"passkey.0000000000000000.js", 8, SCRIPT_JS);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::fingerprint;

    #[test]
    fn the_script_is_named_by_its_content_and_loads_nothing_from_elsewhere() {
        assert_eq!(SCRIPT_FILE, format!("passkey.{:016x}.js", fingerprint(SCRIPT_JS)));
        for banned in ["import", "eval(", "innerHTML", "http", "</"] {
            assert!(!SCRIPT_JS.contains(banned), "{banned}");
        }
    }
}

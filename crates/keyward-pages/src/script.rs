//! The one script of the pages, behind passkey buttons.

use crate::style::fingerprint;

/// The script behind passkey buttons, the only one there is. Serve it at `{base}/-/assets/` + [`SCRIPT_FILE`], cached
/// for good, and let a page's policy name it and nothing else.
pub const SCRIPT_JS: &str = include_str!("../assets/passkey.js");

/// Its file name, `passkey.<hash>.js`: it changes when the content does.
pub const SCRIPT_FILE: &str = match std::str::from_utf8(&SCRIPT_FILE_BYTES) {
    Ok(name) => name,
    Err(_) => panic!("the file name is ASCII"),
};

const SCRIPT_FILE_BYTES: [u8; 27] = {
    let mut name = *b"passkey.0000000000000000.js";
    let hash = fingerprint(SCRIPT_JS).to_be_bytes();
    let mut i = 0;
    while i < hash.len() {
        name[8 + 2 * i] = b"0123456789abcdef"[(hash[i] >> 4) as usize];
        name[9 + 2 * i] = b"0123456789abcdef"[(hash[i] & 15) as usize];
        i += 1;
    }
    name
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_named_by_its_content_and_loads_nothing_from_elsewhere() {
        assert_eq!(SCRIPT_FILE, format!("passkey.{:016x}.js", fingerprint(SCRIPT_JS)));
        for banned in ["import", "eval(", "innerHTML", "http", "</"] {
            assert!(!SCRIPT_JS.contains(banned), "{banned}");
        }
    }
}

//! Rules for one Rust file: its size, its first line, and what it must not say.

use super::source::Source;
use super::{Fault, Findings};

/// Lines beyond which a file is mentioned, and beyond which it is refused.
const LONG: usize = 500;
const TOO_LONG: usize = 800;
/// Lines beyond which a file of tests is refused.
const TOO_LONG_TESTS: usize = 1200;

const SPLIT: &str = "split the file: one room per file";
const SAY_WHAT_IT_IS: &str = "begin the file with a `//!` line that says what it is for";

/// What code must not contain, and what to do instead.
const BANNED_CODE: [(&str, &str); 4] = [
    ("[allow(", "mend the cause, or write #[expect(lint, reason = \"…\")]"),
    ("todo!(", "write it, or leave the whole thing out"),
    ("unimplemented!(", "write it, or leave the whole thing out"),
    ("#[ignore]", "make the test run, or write #[ignore = \"why\"]"),
];

/// What comments must not contain, and what to do instead.
const BANNED_COMMENTS: [(&str, &str); 2] = [
    ("FIXME", "mend it now, or open an issue and describe the state as it is"),
    ("XXX", "mend it now, or open an issue and describe the state as it is"),
];

pub(super) fn inspect(source: &Source, findings: &mut Findings) {
    let fault = |line, what, remedy| Fault { file: source.name.clone(), line, what, remedy };
    let lines = source.code.lines().count();
    let most = if source.is_test() { TOO_LONG_TESTS } else { TOO_LONG };
    if lines > most {
        findings.faults.push(fault(0, format!("{lines} lines, {most} at most"), SPLIT));
    } else if lines > LONG && !source.is_test() {
        findings.warnings.push(format!("{}: {lines} lines, more than {LONG}", source.name));
    }
    if !source.comments.starts_with("//!") {
        findings.faults.push(fault(1, "the file does not say what it is for".to_owned(), SAY_WHAT_IT_IS));
    }
    for (view, banned) in [(&source.code, &BANNED_CODE[..]), (&source.comments, &BANNED_COMMENTS[..])] {
        for (number, line) in (1..).zip(view.lines()) {
            for (words, remedy) in banned.iter().filter(|(words, _)| contains(line, words)) {
                findings.faults.push(fault(number, format!("`{words}` is banned"), remedy));
            }
        }
    }
}

/// Whether `line` holds `words`, not as a part of longer ones.
fn contains(line: &str, words: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(words).any(|(at, _)| {
        let joined_before = words.starts_with(is_word) && line[..at].ends_with(is_word);
        let joined_after = words.ends_with(is_word) && line[at + words.len()..].starts_with(is_word);
        !joined_before && !joined_after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspected(name: &str, text: &str) -> Findings {
        let mut findings = Findings::default();
        inspect(&Source::new(name.to_owned(), text), &mut findings);
        findings
    }

    fn places(text: &str) -> Vec<(usize, String)> {
        let faults = inspected("src/lib.rs", text).faults;
        faults.into_iter().map(|fault| (fault.line, fault.what)).collect()
    }

    #[test]
    fn a_file_may_be_800_lines_long_and_one_of_tests_1200() {
        let text = |lines: usize| "//! Long.\n".to_owned() + &"fn a() {}\n".repeat(lines - 1);
        assert!(inspected("src/a.rs", &text(500)).warnings.is_empty());
        assert_eq!(inspected("src/a.rs", &text(501)).warnings.len(), 1);
        assert!(inspected("src/a.rs", &text(800)).faults.is_empty());
        assert_eq!(inspected("src/a.rs", &text(801)).faults.len(), 1);
        assert!(inspected("crates/a/tests/b.rs", &text(1200)).faults.is_empty());
        assert_eq!(inspected("src/a/tests.rs", &text(1201)).faults.len(), 1);
    }

    #[test]
    fn a_file_says_first_what_it_is_for() {
        assert_eq!(places("//! What.\nfn a() {}\n"), []);
        assert_eq!(places("use a;\n//! Late.\n").len(), 1);
        assert_eq!(places("").len(), 1);
    }

    #[test]
    fn banned_words_are_found_in_code_with_their_line() {
        assert_eq!(
            places("//! A.\n#[allow(dead_code)]\nfn a() {}\n"),
            [(2, "`[allow(` is banned".to_owned())]
        );
        assert_eq!(places("//! A.\n#![allow(dead_code)]\n").len(), 1);
        assert_eq!(places("//! A.\nfn a() { todo!() }\n").len(), 1);
        assert_eq!(places("//! A.\n#[ignore]\nfn a() {}\n").len(), 1);
        assert_eq!(places("//! A.\n// FIXME: later\n").len(), 1);
    }

    #[test]
    fn the_same_words_in_strings_in_longer_words_or_with_a_reason_are_fine() {
        assert_eq!(places("//! A.\nconst A: &str = \"todo!() #[allow(x)] FIXME\";\n"), []);
        assert_eq!(places("//! A.\n#[ignore = \"needs a second machine\"]\nfn a() {}\n"), []);
        assert_eq!(places("//! A.\n// XXXL is a size; mytodo!(\nfn a() { mytodo!() }\n"), []);
    }
}

//! Eighty-five published mistakes of our peers: each has a test with its number, or a reason why it has none.
//!
//! A test carries its row as `lesson_NN_…`. A row that is marked as tested and has no test is a fault, and so is
//! a test for a row that is said to have none: then the table is out of date.

use std::collections::BTreeMap;

use super::Fault;
use Row::{Never, NotYet, Tested};

/// What stands behind a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    /// Tests carry its number.
    Tested,
    /// What it is about is not built. Whoever builds it writes the test.
    NotYet(&'static str),
    /// It cannot be, by how Keyward is made.
    Never(&'static str),
}

const REDIRECT_URIS: Row = NotYet("registered redirect URIs come with the OpenID provider");
const GATEWAY: Row = NotYet("the gateway is not built");
const PROVIDER: Row = NotYet("the OpenID provider is not built");
const MANAGEMENT: Row = NotYet("over HTTP nobody changes clients, providers or tenants");
const SAML: Row = Never("SAML is not spoken");

/// Row 1 first.
#[rustfmt::skip]
const ROWS: [Row; 85] = [
    // Redirects, hosts, addresses
    REDIRECT_URIS, Tested, Tested, REDIRECT_URIS, REDIRECT_URIS,
    Tested, Tested, GATEWAY, Tested, NotYet("no rule lets a path skip a session; the gateway will have them"),
    Tested,
    // Trusting headers
    Tested, Tested, GATEWAY, Tested, Tested,
    Never("each extractor and guard verifies the session of its own request"), Tested, Tested, Tested,
    // Codes, refresh tokens, binding
    Tested, Tested, Tested, Tested, Tested, PROVIDER, PROVIDER, Tested, PROVIDER, Tested, PROVIDER,
    PROVIDER, Tested, Tested, PROVIDER, PROVIDER, Tested,
    // Verifying others' tokens and assertions
    Tested, Tested, Tested, SAML, SAML,
    // Account linking and ownership
    Tested, Tested, Tested, NotYet("there are no invitations"), Tested, Tested,
    NotYet("SCIM is not spoken"), Tested, MANAGEMENT, Tested,
    // Session state
    Tested, Tested, Tested, Tested, Tested,
    Tested, Tested, Tested, Tested, Tested, Tested,
    Tested,
    // Authorisation of the management surface
    Tested, MANAGEMENT, MANAGEMENT, MANAGEMENT, Never("no input is ever evaluated as code"),
    // Outgoing requests
    Tested, Tested,
    // Input, mail, markup
    Tested, Tested, Tested, Tested, Tested,
    Never("no file can be uploaded"),
    // Timing, resources, crashes
    Tested, Tested, Tested, Never("no page takes messages from another window"), Tested, Tested, Tested,
    // Supply
    Tested,
];

/// Rows that must be tested from the first release on.
const FIRST: [usize; 13] = [6, 34, 54, 55, 59, 62, 72, 73, 78, 82, 83, 84, 85];

const LESSON: &str = "lesson_";
const TABLE: &str = "xtask/src/tidy/lessons.rs";
const WRITE_IT: &str = "write a test named after the lesson, or say in the table why there can be none yet";
const MARK_IT: &str = "mark the row as Tested, or give the test its right number";

/// The tests that carry a lesson's number, by number.
#[derive(Default)]
pub(super) struct Lessons(BTreeMap<usize, (String, usize)>);

impl Lessons {
    /// Takes down the lessons that a source tests.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        let before = match name.rsplit_once('.') {
            Some((_, "rs")) => "fn lesson_",
            Some((path, "mjs")) if path.starts_with("tests/") => LESSON,
            _ => return,
        };
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| line.contains(before)) {
            // A name may carry several.
            for (at, _) in line.match_indices(LESSON) {
                let digits: String =
                    line[at + LESSON.len()..].chars().take_while(char::is_ascii_digit).collect();
                if let Ok(lesson) = digits.parse() {
                    self.0.entry(lesson).or_insert_with(|| (name.to_owned(), number));
                }
            }
        }
    }

    /// Where table and tests do not agree.
    pub(super) fn faults(&self) -> Vec<Fault> {
        self.against(&ROWS)
    }

    fn against(&self, rows: &[Row]) -> Vec<Fault> {
        let fault = |file: &str, line, what, remedy| Fault { file: file.to_owned(), line, what, remedy };
        let untested = (1..).zip(rows).filter(|(lesson, row)| {
            (**row == Tested || FIRST.contains(lesson)) && !self.0.contains_key(lesson)
        });
        let mut faults: Vec<Fault> = untested
            .map(|(lesson, _)| fault(TABLE, 0, format!("no test is named lesson_{lesson}_…"), WRITE_IT))
            .collect();
        for (lesson, (file, line)) in &self.0 {
            let what = match lesson.checked_sub(1).and_then(|at| rows.get(at)) {
                Some(Tested) => continue,
                Some(NotYet(why) | Never(why)) => {
                    format!("lesson {lesson} is tested, but not by the table: {why}")
                }
                None => format!("there is no lesson {lesson}"),
            };
            faults.push(fault(file, *line, what, MARK_IT));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sources: &[(&str, &str)], rows: &[Row]) -> Vec<String> {
        let mut lessons = Lessons::default();
        for (name, text) in sources {
            lessons.add(name, text);
        }
        lessons.against(rows).iter().map(|fault| format!("{}: {}", fault.file, fault.what)).collect()
    }

    // In pieces, so that this file does not count as a test of the lesson.
    const ONE: &str = concat!("async fn les", "son_1_nobody_gets_in() {");
    const TWO: &str = concat!("test('les", "son_2 nobody gets in', …)");

    #[test]
    fn a_tested_row_needs_a_test_in_rust_or_in_the_browser() {
        let rows = [Tested, Tested];
        assert!(found(&[("crates/a/src/b.rs", ONE), ("tests/browser/c.test.mjs", TWO)], &rows).is_empty());
        assert_eq!(found(&[("crates/a/src/b.rs", ONE)], &rows).len(), 1);
        assert_eq!(found(&[("docs/a.md", ONE), ("docs/b.mjs", TWO)], &rows).len(), 2);
    }

    #[test]
    fn a_name_may_carry_several_lessons() {
        let both = concat!("fn les", "son_1_les", "son_2_nobody_gets_in() {");
        assert!(found(&[("a.rs", both)], &[Tested, Tested]).is_empty());
    }

    #[test]
    fn a_test_of_a_row_that_has_none_is_a_fault() {
        assert_eq!(found(&[("a.rs", ONE)], &[NotYet("later")]).len(), 1);
        assert_eq!(found(&[("a.rs", ONE)], &[]), ["a.rs: there is no lesson 1"]);
    }

    #[test]
    fn what_the_first_release_owes_is_tested() {
        for lesson in FIRST {
            assert_eq!(ROWS[lesson - 1], Tested, "{lesson}");
        }
    }
}

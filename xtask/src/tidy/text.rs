//! Rules for every text file: no path of one machine; in the tests that Node.js runs, none left out.

use super::Fault;

const NO_MACHINE: &str = "use a path relative to the repository, or a temporary folder made at run time";
const RUN_ALL: &str = "make the test run; one that can't should not be there";

/// Files in which a path is a path and not an example.
const SOURCES: [&str; 9] = [".rs", ".toml", ".mjs", ".js", ".jsx", ".ts", ".tsx", ".sh", ".ci/run"];

pub(super) fn faults(name: &str, text: &str, root: &str) -> Vec<Fault> {
    let fault = |line, what, remedy| Fault { file: name.to_owned(), line, what, remedy };
    let is_source = SOURCES.iter().any(|end| name.ends_with(end));
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if is_source && let Some(path) = machine_path(line, root) {
            faults.push(fault(number, format!("`{path}` exists on one machine only"), NO_MACHINE));
        }
        if name.ends_with(".test.mjs")
            && let Some(words) = left_out(line)
        {
            faults.push(fault(number, format!("`{words}` leaves out tests"), RUN_ALL));
        }
    }
    faults
}

/// A path into someone's home or into this very clone.
fn machine_path<'a>(line: &str, root: &'a str) -> Option<&'a str> {
    // In pieces, so that this file does not break its own rule.
    const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];
    let begins = |path: &str| {
        // `examples/home/page.js` and `https://example.com/home/` go through no root folder.
        line.match_indices(path).any(|(at, _)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || ".-_/})".contains(before))
        })
    };
    // A clone in a folder such as `/src` would match by chance.
    let own = (root.matches('/').count() > 1 && line.contains(root)).then_some(root);
    own.or_else(|| HOMES.into_iter().find(|path| begins(path)))
}

fn left_out(line: &str) -> Option<&'static str> {
    const WORDS: [&str; 8] =
        [".only(", ".skip(", ".todo(", "only: true", "skip: true", "todo: true", "skip: '", "skip: \""];
    WORDS.into_iter().find(|words| line.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str, text: &str) -> Vec<usize> {
        faults(name, text, "/srv/clone").iter().map(|fault| fault.line).collect()
    }

    #[test]
    fn paths_of_one_machine_are_found_in_sources() {
        let home = concat!("const A = \"/ho", "me/ada/x\";");
        assert_eq!(lines("src/lib.rs", home), [1]);
        assert_eq!(lines("tests/a.mjs", "import '/srv/clone/tests/b.mjs'"), [1]);
        assert!(lines("docs/install.md", home).is_empty());
    }

    #[test]
    fn addresses_and_relative_paths_are_no_paths_of_a_machine() {
        assert!(lines("src/lib.rs", concat!("\"https://example.com/ho", "me/\"")).is_empty());
        assert!(lines("src/lib.rs", concat!("\"app/ho", "me/page\"")).is_empty());
        assert!(lines("src/lib.rs", "\"/usr/bin/chromium\"").is_empty());
    }

    #[test]
    fn tests_that_are_left_out_are_found() {
        assert_eq!(
            lines("tests/a.test.mjs", "test('a', f);\ntest.only('b', f);\ntest.skip('c', f);"),
            [2, 3]
        );
        assert_eq!(lines("tests/a.test.mjs", "test('a', { skip: true }, f);"), [1]);
        assert!(lines("tests/support.mjs", "list.only(1);").is_empty());
    }
}

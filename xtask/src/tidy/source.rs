//! A Rust file, read just closely enough to tell code from comments and strings.

/// A Rust source file in two views, line for line and column for column the same.
pub(super) struct Source {
    /// Its path, relative to the root.
    pub(super) name: String,
    /// The code, with comments and the insides of strings blanked.
    pub(super) code: String,
    /// The comments, with everything else blanked.
    pub(super) comments: String,
}

impl Source {
    pub(super) fn new(name: String, text: &str) -> Self {
        let mut views = Views::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (kind, length) = token(rest, views.code.chars().next_back());
            let (piece, after) = rest.split_at(length);
            views.push(kind, piece);
            rest = after;
        }
        Self { name, code: views.code, comments: views.comments }
    }

    /// The code with its test modules (`#[cfg(test)] mod …`) blanked.
    pub(super) fn code_without_tests(&self) -> String {
        const TEST_MODULE: &str = "#[cfg(test)]\nmod ";
        let mut code = self.code.clone();
        while let Some(start) = code.find(TEST_MODULE) {
            let after = &code[start + TEST_MODULE.len()..];
            let length = match (after.find('{'), after.find(';')) {
                (Some(open), semicolon) if semicolon.is_none_or(|semicolon| open < semicolon) => {
                    open + block(&after[open..])
                }
                (_, Some(semicolon)) => semicolon + 1,
                _ => after.len(),
            };
            let end = start + TEST_MODULE.len() + length;
            let blank: String = code[start..end].chars().map(blank).collect();
            code.replace_range(start..end, &blank);
        }
        code
    }

    /// Whether the file holds nothing but tests.
    pub(super) fn is_test(&self) -> bool {
        self.name.split('/').any(|part| part == "tests") || self.name.ends_with("tests.rs")
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Code,
    Comment,
    Text,
}

#[derive(Default)]
struct Views {
    code: String,
    comments: String,
}

impl Views {
    fn push(&mut self, kind: Kind, piece: &str) {
        match kind {
            Kind::Code => {
                self.code.push_str(piece);
                self.comments.extend(piece.chars().map(blank));
            }
            Kind::Comment => {
                self.code.extend(piece.chars().map(blank));
                self.comments.push_str(piece);
            }
            Kind::Text => {
                // The quotes stay, so that an empty string is not nothing.
                let quotes = |(at, character): (usize, char)| {
                    if at == 0 || at + 1 == piece.len() { character } else { blank(character) }
                };
                self.code.extend(piece.char_indices().map(quotes));
                self.comments.extend(piece.chars().map(blank));
            }
        }
    }
}

fn blank(character: char) -> char {
    if character == '\n' { '\n' } else { ' ' }
}

/// The kind and length of what `text` begins with; `before` is the character of code in front of it.
fn token(text: &str, before: Option<char>) -> (Kind, usize) {
    let inside_word = before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    if text.starts_with("//") {
        return (Kind::Comment, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (Kind::Comment, block_comment(text));
    }
    if text.starts_with('"') {
        return (Kind::Text, quoted(text, '"'));
    }
    if text.starts_with('r')
        && !inside_word
        && let Some(length) = raw_string(text)
    {
        return (Kind::Text, length);
    }
    // `b"…"` and `c"…"` are a letter of code and a string; `br"…"` needs its `r` seen.
    if text.starts_with("br")
        && !inside_word
        && let Some(length) = raw_string(&text[1..])
    {
        return (Kind::Text, length + 1);
    }
    if text.starts_with('\'')
        && let Some(length) = character(text)
    {
        return (Kind::Text, length);
    }
    (Kind::Code, text.chars().next().map_or(0, char::len_utf8))
}

/// The length of a nested `/* … */`.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of a literal in quotes, with escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `r"…"` or `r#"…"#`; nothing if this is a word that begins with r, or a raw identifier.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|character| *character == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(text.len(), |at| 1 + hashes + 1 + at + end.len()))
}

/// The length of a character literal; nothing for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    let (_, first) = characters.next()?;
    if first == '\\' {
        return Some(quoted(text, '\''));
    }
    let (at, second) = characters.next()?;
    (second == '\'').then_some(at + 1)
}

/// The length of a block in braces that `code` begins with.
fn block(code: &str) -> usize {
    let mut depth = 0;
    for (at, character) in code.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::new("lib.rs".to_owned(), text).code
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        assert_eq!(code("a(); // b()\nc()"), "a();       \nc()");
        assert_eq!(code("a(\"b\\\"()\")"), "a(\"     \")");
        assert_eq!(code("/* a /* b */ */c"), "               c");
        assert_eq!(code("r#\"a \" b\"#; d"), "r        #; d");
        assert_eq!(code("br\"a\"; d"), "b   \"; d");
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        assert_eq!(code("f::<'a>('{', '\\'', '\"')"), "f::<'a>(' ', '  ', ' ')");
        assert_eq!(code("for_r\"x\""), "for_r\" \"");
    }

    #[test]
    fn comments_keep_their_lines() {
        let source = Source::new("lib.rs".to_owned(), "a\nb // c\nd");
        assert_eq!(source.comments.lines().nth(1), Some("  // c"));
    }

    #[test]
    fn test_modules_can_be_left_out() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { c() }\n}\nfn d() {}\n";
        let left = Source::new("lib.rs".to_owned(), text).code_without_tests();
        assert_eq!(left.lines().count(), text.lines().count());
        assert!(left.contains("fn a()") && left.contains("fn d()"));
        assert!(!left.contains("fn b()"));
        let elsewhere = Source::new("lib.rs".to_owned(), "#[cfg(test)]\nmod tests;\nfn a() {}\n");
        assert!(elsewhere.code_without_tests().contains("fn a()"));
    }
}

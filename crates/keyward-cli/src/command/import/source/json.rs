//! JSON: an object a line, or one document with an array of objects.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::{LONGEST_RECORD, Record, Stop};
use crate::command::import::mistake::Mistake;

/// How records stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One a line.
    Lines,
    /// In an array that begins behind this many bytes.
    Array(usize),
}

/// What a file that begins so is; `None` if it is no JSON.
pub(super) fn shape(start: &[u8]) -> Option<Shape> {
    let mut at = blanks(start, 0);
    match start.get(at)? {
        b'[' => return Some(Shape::Array(at + 1)),
        b'{' => at += 1,
        _ => return None,
    }
    // Firebase: {"users": [
    for word in [&b"\"users\""[..], b":", b"["] {
        at = blanks(start, at);
        if !start[at..].starts_with(word) {
            return Some(Shape::Lines);
        }
        at += word.len();
    }
    Some(Shape::Array(at))
}

/// The records of a file.
pub(super) struct JsonRecords<R> {
    input: R,
    place: Place,
    line: u64,
}

enum Place {
    Lines,
    Array,
    /// Behind the array: what stands there is nobody's.
    End,
}

impl<R: BufRead> JsonRecords<R> {
    /// Of a file of this shape.
    pub(super) fn new(mut input: R, shape: Shape) -> Result<Self, Stop> {
        let (mut line, mut place) = (1, Place::Lines);
        if let Shape::Array(skip) = shape {
            line += memchr::memchr_iter(b'\n', &input.fill_buf()?[..skip]).count() as u64;
            input.consume(skip);
            place = Place::Array;
        }
        Ok(Self { input, place, line })
    }

    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Stop> {
        match self.place {
            Place::Lines => self.next_line(),
            Place::Array => self.next_element(),
            Place::End => Ok(None),
        }
    }

    fn next_line(&mut self) -> Result<Option<Record>, Stop> {
        loop {
            let (mut text, mut whole) = (Text::default(), false);
            while !whole {
                let buffer = self.input.fill_buf()?;
                if buffer.is_empty() {
                    break;
                }
                let end = memchr::memchr(b'\n', buffer);
                text.add(&buffer[..end.unwrap_or(buffer.len())]);
                whole = end.is_some();
                let read = end.map_or(buffer.len(), |end| end + 1);
                self.input.consume(read);
            }
            let line = self.line;
            self.line += u64::from(whole);
            match (text.is_blank(), whole) {
                (true, true) => {}
                (true, false) => return Ok(None),
                (false, _) => return Ok(Some(text.into_record(line))),
            }
        }
    }

    fn next_element(&mut self) -> Result<Option<Record>, Stop> {
        let mut text = Text::default();
        let (mut depth, mut in_text, mut escaped, mut line) = (0_u64, false, false, self.line);
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                let problem = "the file ends before its array does".to_owned();
                return Err(Stop::Shape { line: self.line, problem });
            }
            let mut end = None;
            let mut from = 0;
            for (at, byte) in buffer.iter().enumerate() {
                self.line += u64::from(*byte == b'\n');
                match byte {
                    _ if in_text => {
                        in_text = escaped || *byte != b'"';
                        escaped = !escaped && *byte == b'\\';
                    }
                    b'"' => in_text = true,
                    b'{' | b'[' => depth += 1,
                    b']' | b',' if depth == 0 => {
                        if *byte == b']' {
                            self.place = Place::End;
                        }
                        end = Some(at);
                        break;
                    }
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if text.is_empty() && is_blank(*byte) && from == at {
                    from = at + 1;
                    line = self.line;
                }
            }
            text.add(&buffer[from..end.unwrap_or(buffer.len())]);
            let read = end.map_or(buffer.len(), |end| end + 1);
            self.input.consume(read);
            match (end, text.is_blank()) {
                (None, _) => {}
                (Some(_), false) => return Ok(Some(text.into_record(line))),
                (Some(_), true) if matches!(self.place, Place::End) => return Ok(None),
                // A comma with nothing before it.
                (Some(_), true) => return Ok(Some(text.into_record(line))),
            }
        }
    }
}

/// The text of a record, as much of it as is kept.
#[derive(Default)]
struct Text {
    kept: Vec<u8>,
    too_long: bool,
}

impl Text {
    fn add(&mut self, bytes: &[u8]) {
        if self.kept.len() + bytes.len() > LONGEST_RECORD {
            self.too_long = true;
        } else if !self.too_long {
            self.kept.extend_from_slice(bytes);
        }
    }

    const fn is_empty(&self) -> bool {
        self.kept.is_empty() && !self.too_long
    }

    fn is_blank(&self) -> bool {
        !self.too_long && self.kept.iter().all(|byte| is_blank(*byte))
    }

    fn into_record(self, line: u64) -> Record {
        let Self { kept: mut raw, too_long } = self;
        if too_long {
            return Record { line, raw: Vec::new(), fields: Err(Mistake::TooLong) };
        }
        let fields = match std::str::from_utf8(&raw) {
            Err(_) => Err(Mistake::NotUtf8),
            Ok(text) => match serde_json::from_str(text) {
                Ok(Value::Object(fields)) => Ok(fields),
                Ok(_) => Err(Mistake::NotAnObject),
                Err(_) => Err(Mistake::NotJson),
            },
        };
        // In JSON a line break is never more than a blank.
        raw.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        raw.truncate(raw.trim_ascii_end().len());
        Record { line, raw, fields: fields.map(|fields: Map<String, Value>| fields) }
    }
}

fn blanks(text: &[u8], from: usize) -> usize {
    text[from..].iter().position(|byte| !is_blank(*byte)).map_or(text.len(), |at| from + at)
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    /// Lines, and what is there or what is wrong, read a few bytes at a time.
    fn read(text: &[u8]) -> Vec<(u64, String)> {
        let input = BufReader::with_capacity(text.len().clamp(64, 100), Cursor::new(text.to_vec()));
        let mut records = JsonRecords::new(input, shape(text).expect("JSON")).expect("opened");
        let mut all = Vec::new();
        loop {
            match records.next() {
                Ok(None) => return all,
                Ok(Some(Record { line, fields: Ok(fields), .. })) => {
                    all.push((line, Value::Object(fields).to_string()));
                }
                Ok(Some(Record { line, fields: Err(mistake), .. })) => all.push((line, mistake.to_string())),
                Err(stop) => {
                    all.push((0, stop.to_string()));
                    return all;
                }
            }
        }
    }

    fn at(line: u64, text: &str) -> (u64, String) {
        (line, text.to_owned())
    }

    #[test]
    fn objects_are_found_on_lines_in_arrays_and_where_firebase_puts_them() {
        let expected =
            |lines: [u64; 2]| vec![at(lines[0], r#"{"a":"}]\",{"}"#), at(lines[1], r#"{"b":[{}]}"#)];
        assert_eq!(read(b"{\"a\":\"}]\\\",{\"}\r\n\r\n  \n{\"b\":[{}]}"), expected([1, 4]));
        assert_eq!(read(b" [{\"a\":\"}]\\\",{\"},\n\n{\"b\":[\n{}]}\n]"), expected([1, 3]));
        assert_eq!(
            read(b"{\"users\": [\n{\"a\":\"}]\\\",{\"}\n,\n{\"b\":[{}]}], \"x\": [1]}"),
            expected([2, 4])
        );
        assert_eq!([read(b"[]"), read(b" [ \n ]x"), read(b"{\"users\":[]}")], [vec![], vec![], vec![]]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_rest_goes_on() {
        assert_eq!(
            read(b"{\n[1]\n{\"a\":\"\xff\"}\n{}"),
            [
                at(1, &Mistake::NotJson.to_string()),
                at(2, &Mistake::NotAnObject.to_string()),
                at(3, &Mistake::NotUtf8.to_string()),
                at(4, "{}"),
            ]
        );
        assert_eq!(
            read(b"[1,{},,\n{]"),
            [
                at(1, &Mistake::NotAnObject.to_string()),
                at(1, "{}"),
                at(1, &Mistake::NotJson.to_string()),
                at(0, "line 2: the file ends before its array does"),
            ]
        );
    }

    #[test]
    fn a_record_that_is_too_long_is_skipped_and_not_kept() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST_RECORD));
        for text in [format!("{long}\n{{}}"), format!("[{long}\n,{{}}]")] {
            assert_eq!(read(text.as_bytes()), [at(1, &Mistake::TooLong.to_string()), at(2, "{}")]);
        }
    }
}

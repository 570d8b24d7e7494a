//! CSV (RFC 4180), with the names of the columns in the first line.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    rc::Rc,
};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, Writer};
use serde_json::{Map, Value};

use super::{LONGEST_RECORD, Record, Stop};
use crate::command::import::mistake::Mistake;

/// The records of a file.
pub(super) struct CsvRecords<R> {
    reader: Reader<Limited<R>>,
    left: Rc<Cell<usize>>,
    columns: Vec<String>,
    record: ByteRecord,
}

impl<R: BufRead> CsvRecords<R> {
    /// Reads the first line. Every column has to be known; where `known` is empty, each is.
    pub(super) fn new(input: R, known: &[&str]) -> Result<Self, Stop> {
        let left = Rc::new(Cell::new(LIMIT));
        let input = Limited { input, left: Rc::clone(&left), quoted: false, held: None, ended: true };
        let mut reader = ReaderBuilder::new().from_reader(input);
        let header = reader.headers().map_err(|error| stop(&error, 1))?;
        let columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let shape = |problem| Stop::Shape { line: 1, problem };
        if columns.is_empty() {
            return Err(shape("the file is empty".to_owned()));
        }
        for (at, name) in columns.iter().enumerate() {
            if columns[..at].contains(name) {
                return Err(shape(format!("the column {name:?} is there twice")));
            }
            if !known.is_empty() && !known.contains(&name.as_str()) {
                let (name, known) = (shown(name), known.join(", "));
                return Err(shape(format!("the column {name:?} is none of {known}")));
            }
        }
        Ok(Self { reader, left, columns, record: ByteRecord::new() })
    }

    /// The first line again.
    pub(super) fn header(&self) -> Vec<u8> {
        line_of(self.columns.iter().map(String::as_bytes))
    }

    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Stop> {
        self.left.set(LIMIT);
        let from = self.reader.position().line();
        let read = self.reader.read_byte_record(&mut self.record);
        // It ends with its line, and begins as many lines above as it has breaks in its cells. Where it is said to
        // begin may be an empty line before it.
        let breaks = memchr::memchr_iter(b'\n', self.record.as_slice()).count() as u64;
        let line = self.reader.position().line().saturating_sub(1 + breaks);
        let raw = line_of(&self.record);
        match read {
            Ok(false) => return Ok(None),
            Ok(true) => {}
            Err(error) if matches!(error.kind(), ErrorKind::UnequalLengths { .. }) => {
                return Ok(Some(Record { line, raw, fields: Err(Mistake::Cells) }));
            }
            Err(error) => return Err(stop(&error, from)),
        }
        let cells = self.columns.iter().zip(&self.record).filter(|(_, cell)| !cell.is_empty());
        let fields: Result<Map<String, Value>, Mistake> = cells
            .map(|(name, cell)| {
                let cell = std::str::from_utf8(cell).map_err(|_| Mistake::NotUtf8)?;
                Ok((name.clone(), Value::from(cell)))
            })
            .collect();
        Ok(Some(Record { line, raw, fields }))
    }
}

/// What may be read for one record: a quote that is never closed makes one of the whole rest of the file.
const LIMIT: usize = LONGEST_RECORD + 64 * 1024;

/// Reads no more than is left, and ends every line, the last one too, with a line feed alone: so each is counted when its
/// record has been read.
struct Limited<R> {
    input: R,
    left: Rc<Cell<usize>>,
    /// Inside of quotes, where everything stays as it is.
    quoted: bool,
    /// A carriage return, of which what follows is not known yet.
    held: Option<u8>,
    /// Behind a line feed.
    ended: bool,
}

impl<R: BufRead> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let input = self.input.fill_buf()?;
        if input.is_empty() {
            let last = self.held.take().or((!self.ended).then_some(b'\n'));
            self.ended = last.is_none_or(|byte| byte == b'\n');
            return Ok(last.into_iter().zip(buffer).map(|(byte, place)| *place = byte).count());
        }
        // A byte more than is read may come out: the one that was held.
        let take = input.len().min(buffer.len() - 1);
        let mut put = 0;
        for byte in &input[..take] {
            if let Some(held) = self.held.take().filter(|_| *byte != b'\n') {
                buffer[put] = held;
                put += 1;
            }
            match byte {
                b'\r' if !self.quoted => self.held = Some(*byte),
                byte => {
                    self.quoted ^= *byte == b'"';
                    self.ended = *byte == b'\n';
                    buffer[put] = *byte;
                    put += 1;
                }
            }
        }
        self.input.consume(take);
        match self.left.get().checked_sub(take) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other(TOO_LONG)),
        }
        // Nothing would be the end.
        if put == 0 { self.read(buffer) } else { Ok(put) }
    }
}

const TOO_LONG: &str = "a record longer than 1 MiB begins here; is a quote not closed?";

fn stop(error: &csv::Error, line: u64) -> Stop {
    let problem = match error.kind() {
        ErrorKind::Io(fault) => fault.to_string(),
        ErrorKind::Utf8 { .. } => "the names of the columns are not UTF-8".to_owned(),
        _ => "the file can't be read as CSV".to_owned(),
    };
    Stop::Shape { line, problem }
}

/// Cells as one line, quoted where they must be.
fn line_of<'c>(cells: impl IntoIterator<Item = &'c [u8]>) -> Vec<u8> {
    let mut writer = Writer::from_writer(Vec::new());
    // Writing into memory does not fail.
    let _written = writer.write_record(cells);
    let mut line = writer.into_inner().unwrap_or_default();
    line.truncate(line.trim_ascii_end().len());
    line
}

/// What a file says, fit for a terminal.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, String)> {
        let mut records = CsvRecords::new(text, &["id", "name"]).expect("opened");
        let mut all = Vec::new();
        loop {
            match records.next() {
                Ok(None) => return all,
                Ok(Some(Record { line, fields: Ok(fields), .. })) => {
                    all.push((line, Value::Object(fields).to_string()));
                }
                Ok(Some(Record { line, fields: Err(mistake), raw })) => {
                    all.push((line, format!("{mistake}: {}", String::from_utf8_lossy(&raw))));
                }
                Err(stop) => {
                    all.push((0, stop.to_string()));
                    return all;
                }
            }
        }
    }

    #[test]
    fn quotes_line_ends_and_empty_cells_are_read_as_rfc_4180_says() {
        let text = b"id, name\r\n1,\"a \"\"b\"\", c\"\r\n\r\n2,\n\"3\",\"two\nlines\"\r\n4,\xff\n5\n6,z";
        let at = |line, text: &str| (line, text.to_owned());
        assert_eq!(
            read(text),
            [
                at(2, r#"{"id":"1","name":"a \"b\", c"}"#),
                at(4, r#"{"id":"2"}"#),
                at(5, r#"{"id":"3","name":"two\nlines"}"#),
                (7, format!("{}: 4,\u{fffd}", Mistake::NotUtf8)),
                (8, format!("{}: 5", Mistake::Cells)),
                at(9, r#"{"id":"6","name":"z"}"#),
            ]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_the_reading_and_not_the_memory() {
        let text = format!("id,name\n1,a\n2,\"{}", "x,\n".repeat(LONGEST_RECORD));
        let read = read(text.as_bytes());
        assert_eq!(read.len(), 2);
        assert_eq!(read[1], (0, format!("line 3: {TOO_LONG}")));
    }

    #[test]
    fn columns_that_are_unknown_or_there_twice_are_refused() {
        let open = |text: &str| CsvRecords::new(text.as_bytes(), &["id", "name"]).map(|_| ());
        for (text, problem) in [
            ("", "the file is empty"),
            ("id,name,id\n", "\"id\" is there twice"),
            ("id;name\n", "\"id;name\" is none of id, name"),
            ("id,mail\n", "\"mail\" is none of id, name"),
        ] {
            let refused = open(text).expect_err(text).to_string();
            assert!(refused.contains(problem), "{refused}");
        }
        assert!(open("name,id").is_ok());
    }
}

//! The file of an import: records one after the other, each with its line, none longer than a limit.

mod csv;
mod json;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Map, Value};

use self::{csv::CsvRecords, json::JsonRecords};
use super::mistake::Mistake;

/// Longest record, in bytes. Memory is bounded by it, whatever the file holds.
pub(super) const LONGEST_RECORD: usize = 1024 * 1024;

/// One record.
pub(super) struct Record {
    /// Line on which it begins, from 1.
    pub(super) line: u64,
    /// Bytes of the line of a refused file that holds it, without its end.
    pub(super) raw: Vec<u8>,
    /// Its members or cells; empty cells are left out.
    pub(super) fields: Result<Map<String, Value>, Mistake>,
}

/// Why the rest of the file can't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// The system says no.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// What the file is can't be told, or not where its next record begins.
    #[error("line {line}: {problem}")]
    Shape {
        /// From 1.
        line: u64,
        /// One sentence, lower case.
        problem: String,
    },
}

/// The file.
pub(super) struct Source {
    records: Records,
    read: Arc<AtomicU64>,
    size: u64,
}

enum Records {
    Json(Box<JsonRecords<Input>>),
    Csv(Box<CsvRecords<Input>>),
}

type Input = BufReader<Counted>;

impl Source {
    /// Opens a file and looks what it is: JSON Lines, one JSON document, or CSV, of which the columns have to be among
    /// `columns` if there are any.
    pub(super) fn open(path: &Path, columns: &[&str]) -> Result<Self, Stop> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted { file, read: Arc::clone(&read) };
        let mut input = BufReader::with_capacity(64 * 1024, counted);
        skip_mark(&mut input)?;
        let records = match json::shape(input.fill_buf()?) {
            Some(shape) => Records::Json(Box::new(JsonRecords::new(input, shape)?)),
            None => Records::Csv(Box::new(CsvRecords::new(input, columns)?)),
        };
        Ok(Self { records, read, size })
    }

    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Stop> {
        match &mut self.records {
            Records::Json(records) => records.next(),
            Records::Csv(records) => records.next(),
        }
    }

    /// The first line of a refused file, if it needs one.
    pub(super) fn header(&self) -> Option<Vec<u8>> {
        match &self.records {
            Records::Json(_) => None,
            Records::Csv(records) => Some(records.header()),
        }
    }

    /// How a refused file ends.
    pub(super) const fn extension(&self) -> &'static str {
        match &self.records {
            Records::Json(_) => "jsonl",
            Records::Csv(_) => "csv",
        }
    }

    /// Bytes read and bytes in all; what is no regular file has none.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.size)
    }
}

/// Counts what is read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Skips the byte order mark of UTF-8, and refuses those of others.
fn skip_mark(input: &mut Input) -> Result<(), Stop> {
    let start = input.fill_buf()?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        let problem = "the file is UTF-16; save it as UTF-8".to_owned();
        return Err(Stop::Shape { line: 1, problem });
    }
    if start.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    Ok(())
}

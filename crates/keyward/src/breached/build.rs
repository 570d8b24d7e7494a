//! Making a list of breached passwords out of lines, with as much memory for a billion of them as for a million: they are
//! sorted in pieces, and the pieces merged.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use keyward_core::policy::breached::{Format, hash_of};

/// Entries that are sorted in memory: 32 MiB.
const PIECE: usize = 4 * 1024 * 1024;

/// Longest line that is read; what is longer is no password.
const LONGEST: u64 = 4096;

/// Gathers passwords, and writes the list of them.
#[derive(Debug)]
pub struct ListBuilder {
    to: PathBuf,
    piece: Vec<u64>,
    most: usize,
    pieces: Vec<PathBuf>,
    skipped: u64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltList {
    /// The shape of the list.
    pub format: Format,
    /// Lines that were left out: empty, too long, or seen too rarely.
    pub skipped: u64,
}

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Hash([u8; 20], u64),
    Password([u8; 20]),
    Nothing,
}

impl ListBuilder {
    /// A list that will be `to`, with its pieces beside it until it is done.
    #[must_use]
    pub fn new(to: &Path) -> Self {
        Self { to: to.to_owned(), piece: Vec::new(), most: PIECE, pieces: Vec::new(), skipped: 0 }
    }

    /// Takes in the lines of `from`, each a password or, unless they are `plain`, the SHA-1 of one in hexadecimal digits
    /// with perhaps `:` and how often it was seen. Those seen fewer than `rarest` times are left out. `progress` is told
    /// how many bytes were read, about once in a mebibyte.
    ///
    /// # Errors
    /// What cannot be read, or written.
    pub fn read(
        &mut self,
        from: impl Read,
        plain: bool,
        rarest: u64,
        mut progress: impl FnMut(u64),
    ) -> io::Result<()> {
        let mut from = BufReader::with_capacity(1024 * 1024, from);
        let (mut line, mut told) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = from.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            let is_cut = read as u64 == LONGEST && line.last() != Some(&b'\n');
            told += read as u64;
            if is_cut {
                told += skip_line(&mut from)?;
            }
            match if is_cut { Line::Nothing } else { Line::of(&line, plain) } {
                Line::Hash(hash, count) if count >= rarest => self.add(&hash)?,
                Line::Password(hash) => self.add(&hash)?,
                Line::Hash(..) | Line::Nothing => self.skipped += 1,
            }
            if told >= 1024 * 1024 {
                progress(std::mem::take(&mut told));
            }
        }
        progress(told);
        Ok(())
    }

    /// Writes the list, as narrow as it can be while at most one of `rarely` other passwords is taken for listed. It is
    /// there under its name when it is complete.
    ///
    /// # Errors
    /// What cannot be written; also where there is a file of that name.
    pub fn finish(mut self, rarely: u64) -> io::Result<BuiltList> {
        if self.to.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file of that name already"));
        }
        self.flush()?;
        let total =
            self.pieces.iter().map(|path| Ok(fs::metadata(path)?.len() / 8)).sum::<io::Result<u64>>()?;
        let width = Format::narrowest(total, rarely).width();
        let shape = |count| {
            let width = u8::try_from(width).expect("at most eight");
            Format::new(width, count).ok_or_else(|| io::Error::other("more entries than a list can have"))
        };
        let unfinished = beside(&self.to, "part");
        let done = (|| {
            let mut file = BufWriter::new(anew(&unfinished)?);
            // The number is known once all are merged.
            file.write_all(&shape(0)?.header())?;
            let mut count = 0;
            let mut last = None;
            for entry in Merge::of(&self.pieces)? {
                let entry = &entry?.to_be_bytes()[..width];
                if last.as_deref() != Some(entry) {
                    file.write_all(entry)?;
                    last = Some(entry.to_vec());
                    count += 1;
                }
            }
            let format = shape(count)?;
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            io::Seek::rewind(&mut file)?;
            file.write_all(&format.header())?;
            file.sync_all()?;
            fs::rename(&unfinished, &self.to)?;
            Ok(BuiltList { format, skipped: self.skipped })
        })();
        if done.is_err() {
            drop(fs::remove_file(&unfinished));
        }
        done
    }

    fn add(&mut self, hash: &[u8; 20]) -> io::Result<()> {
        let mut entry = [0; 8];
        entry.copy_from_slice(&hash[..8]);
        self.piece.push(u64::from_be_bytes(entry));
        if self.piece.len() >= self.most { self.flush() } else { Ok(()) }
    }

    /// Writes what is in memory as a sorted piece.
    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        self.piece.sort_unstable();
        self.piece.dedup();
        let path = beside(&self.to, &format!("piece-{}", self.pieces.len()));
        let mut file = BufWriter::new(anew(&path)?);
        self.pieces.push(path);
        for entry in self.piece.drain(..) {
            file.write_all(&entry.to_be_bytes())?;
        }
        file.flush()
    }
}

impl Drop for ListBuilder {
    fn drop(&mut self) {
        for path in &self.pieces {
            drop(fs::remove_file(path));
        }
    }
}

impl Line {
    fn of(line: &[u8], plain: bool) -> Self {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Self::Nothing;
        }
        if !plain && let Some((hash, count)) = hash_and_count(line) {
            return Self::Hash(hash, count);
        }
        Self::Password(hash_of(line))
    }
}

/// `SHA1` or `SHA1:count`; without a count it was seen often enough.
fn hash_and_count(line: &[u8]) -> Option<([u8; 20], u64)> {
    let (digits, rest) = line.split_at_checked(40)?;
    let mut hash = [0; 20];
    hex::decode_to_slice(digits, &mut hash).ok()?;
    let count = match rest.split_first() {
        None => u64::MAX,
        Some((b':', count)) => std::str::from_utf8(count).ok()?.trim().parse().ok()?,
        Some(_) => return None,
    };
    Some((hash, count))
}

/// Reads to the end of a line. Says how many bytes that were.
fn skip_line(from: &mut impl BufRead) -> io::Result<u64> {
    from.skip_until(b'\n').map(|read| read as u64)
}

/// A file beside the list, named after it.
fn beside(list: &Path, what: &str) -> PathBuf {
    let mut name = list.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(what);
    list.with_file_name(name)
}

/// What was begun before and interrupted gives way.
fn anew(path: &Path) -> io::Result<File> {
    drop(fs::remove_file(path));
    File::create_new(path)
}

/// The entries of all pieces, ascending.
struct Merge {
    pieces: Vec<BufReader<File>>,
    heads: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Merge {
    fn of(paths: &[PathBuf]) -> io::Result<Self> {
        let open = |path: &PathBuf| Ok(BufReader::with_capacity(64 * 1024, File::open(path)?));
        let pieces = paths.iter().map(open).collect::<io::Result<Vec<_>>>()?;
        let mut merge = Self { heads: BinaryHeap::with_capacity(pieces.len()), pieces };
        for piece in 0..merge.pieces.len() {
            merge.advance(piece)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, piece: usize) -> io::Result<()> {
        let mut entry = [0; 8];
        match self.pieces[piece].read_exact(&mut entry) {
            Ok(()) => self.heads.push(Reverse((u64::from_be_bytes(entry), piece))),
            Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}

impl Iterator for Merge {
    type Item = io::Result<u64>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((entry, piece)) = self.heads.pop()?;
        Some(self.advance(piece).map(|()| entry))
    }
}

#[cfg(test)]
mod tests {
    use keyward_core::secret::Secret;

    use super::*;
    use crate::breached::BreachedPasswords;

    fn build(
        lines: &[u8],
        most: usize,
        plain: bool,
        rarest: u64,
    ) -> (BuiltList, impl Fn(&str) -> bool + use<>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list.kwb");
        let mut builder = ListBuilder::new(&path);
        builder.most = most;
        let mut read = 0;
        builder.read(lines, plain, rarest, |bytes| read += bytes).expect("read");
        assert_eq!(read, lines.len() as u64, "all of it is told");
        let built = builder.finish(1_000_000).expect("written");
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1, "no piece is left behind");
        let lists = BreachedPasswords::none().and(&path).expect("a list");
        (built, move |password: &str| {
            let _alive = &folder;
            lists.contains(&Secret::from(password)).expect("it can be read")
        })
    }

    #[test]
    fn a_list_holds_the_lines_that_it_was_made_of_however_many_pieces_that_takes() {
        let mut lines: String = (0..3000).map(|n| format!("password {}\n", n % 2500)).collect();
        lines.push_str("with a carriage return\r\n\nlast line without an end");
        for most in [7, 1000, PIECE] {
            let (built, holds) = build(lines.as_bytes(), most, false, 1);
            assert_eq!((built.format.count(), built.skipped), (2502, 1));
            assert!((0..2500).all(|n| holds(&format!("password {n}"))));
            assert!(holds("with a carriage return") && holds("last line without an end"));
            assert!(!holds("password 2500") && !holds(""));
        }
    }

    #[test]
    fn hashes_with_counts_are_read_and_rare_ones_left_out() {
        let line = |password: &str, rest: &str| {
            format!("{}{rest}\n", hex::encode_upper(hash_of(password.as_bytes())))
        };
        let lines =
            [line("often", ":100"), line("rarely", ":2"), line("uncounted", ""), "plain:3\n".to_owned()];
        let (built, holds) = build(lines.concat().as_bytes(), PIECE, false, 10);
        assert!(holds("often") && holds("uncounted") && holds("plain:3") && !holds("rarely"));
        assert_eq!((built.format.count(), built.skipped), (3, 1));
        let hash = line("often", "");
        let (_, holds) = build(hash.as_bytes(), PIECE, true, 1);
        assert!(
            holds(hash.trim()) && !holds("often"),
            "a password that looks like a hash, where they are plain"
        );
    }

    #[test]
    fn lesson_80_a_line_without_an_end_costs_no_memory_and_is_left_out() {
        let mut lines = vec![b'x'; 3 * 1024 * 1024];
        lines.extend(b"\nshort\n");
        let (built, holds) = build(&lines, PIECE, false, 1);
        assert_eq!((built.format.count(), built.skipped), (1, 1));
        assert!(holds("short"));
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list.kwb");
        fs::write(&path, "mine").expect("written");
        let mut builder = ListBuilder::new(&path);
        builder.read(&b"a\n"[..], false, 1, |_| ()).expect("read");
        assert_eq!(builder.finish(1000).expect_err("refused").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).expect("read"), "mine");
    }
}

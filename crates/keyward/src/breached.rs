//! Breached passwords: lists that are searched where they lie, and how they are made.

mod build;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use keyward_core::{
    policy::breached::{Format, HEADER, NoList, hash_of},
    secret::Secret,
};

pub use self::build::{BuiltList, ListBuilder};

/// The lists that new passwords are held against. Nothing of a file is kept in memory: of a billion entries some thirty
/// are read, each from the page cache where it was read before.
#[derive(Debug)]
pub struct BreachedPasswords {
    files: Vec<(Mutex<File>, Format)>,
    inside: bool,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BreachedError {
    /// It cannot be read.
    #[error("{}: {fault}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        fault: io::Error,
    },
    /// It is none.
    #[error("{}: {why}", path.display())]
    NoList {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: NoList,
    },
}

/// The list inside: the 10,000 passwords that are tried first (`assets/README.md`).
const INSIDE: &[u8] = include_bytes!("../assets/common-passwords.kwb");

impl Default for BreachedPasswords {
    /// The list inside alone.
    fn default() -> Self {
        Self { files: Vec::new(), inside: true }
    }
}

impl BreachedPasswords {
    /// No list at all: every password passes.
    #[must_use]
    pub const fn none() -> Self {
        Self { files: Vec::new(), inside: false }
    }

    /// Adds the list in this file. It stays open: one that is to be replaced is renamed over, and the program started
    /// again.
    ///
    /// # Errors
    /// [`BreachedError`].
    pub fn and(mut self, path: &Path) -> Result<Self, BreachedError> {
        let unreadable = |fault| BreachedError::Unreadable { path: path.to_owned(), fault };
        let mut file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut header = [0; HEADER];
        let no_list = |why| BreachedError::NoList { path: path.to_owned(), why };
        if length < HEADER as u64 {
            return Err(no_list(NoList::Foreign));
        }
        file.read_exact(&mut header).map_err(unreadable)?;
        let format = Format::read(&header, length).map_err(no_list)?;
        self.files.push((Mutex::new(file), format));
        Ok(self)
    }

    /// The shapes of the lists, those of files first.
    #[must_use]
    pub fn formats(&self) -> Vec<Format> {
        let inside = self.inside.then(inside);
        self.files.iter().map(|(_, format)| *format).chain(inside).collect()
    }

    /// Whether a password is on one of the lists. Reads files: not for a thread that has others waiting.
    ///
    /// # Errors
    /// A file that can no longer be read.
    pub fn contains(&self, password: &Secret) -> io::Result<bool> {
        let hash = hash_of(password.expose().as_bytes());
        if self.inside && inside().contains(&hash, read_inside)? {
            return Ok(true);
        }
        for (file, format) in &self.files {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let found = format.contains(&hash, |at, into| {
                file.seek(SeekFrom::Start(at))?;
                file.read_exact(into)
            })?;
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn inside() -> Format {
    let header = INSIDE.first_chunk().expect("the list inside has a header");
    Format::read(header, INSIDE.len() as u64).expect("the list inside is one")
}

fn read_inside(at: u64, into: &mut [u8]) -> io::Result<()> {
    let at = usize::try_from(at).map_err(io::Error::other)?;
    let entry = INSIDE.get(at..at + into.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
    into.copy_from_slice(entry);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(lists: &BreachedPasswords, password: &str) -> bool {
        lists.contains(&Secret::from(password)).expect("it can be read")
    }

    #[test]
    fn the_list_inside_holds_what_everybody_tries_and_nothing_that_takes_thought() {
        let lists = BreachedPasswords::default();
        for common in ["123456", "password", "qwerty", "iloveyou", "password1"] {
            assert!(holds(&lists, common), "{common}");
        }
        assert!(!holds(&lists, "correct horse battery staple"));
        assert!(!holds(&lists, ""));
        assert!(!holds(&BreachedPasswords::none(), "123456"));
        assert_eq!((inside().count(), inside().false_positives()), (10_000, 429_496));
    }

    #[test]
    fn the_list_inside_is_in_order() {
        let entries: Vec<_> = INSIDE[HEADER..].chunks(inside().width()).collect();
        assert!(entries.is_sorted_by(|a, b| a < b), "none twice, ascending");
    }

    #[test]
    fn a_file_that_is_no_list_or_not_there_is_refused_with_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list");
        let refused = |path: &Path| BreachedPasswords::none().and(path).expect_err("refused").to_string();
        assert!(refused(&path).contains("list"), "{}", refused(&path));
        for content in [&b""[..], b"KWBREACH", b"123456\n", &INSIDE[..1000]] {
            std::fs::write(&path, content).expect("written");
            assert!(refused(&path).starts_with(&path.display().to_string()), "{}", refused(&path));
        }
        std::fs::write(&path, INSIDE).expect("written");
        let lists = BreachedPasswords::none().and(&path).expect("a list");
        assert!(holds(&lists, "123456"));
    }
}

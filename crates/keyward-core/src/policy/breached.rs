//! Lists of breached passwords: a sorted file of cut SHA-1 hashes, in which one password is found with a few reads.
//!
//! ```text
//! offset  bytes  what
//!      0      8  "KWBREACH"
//!      8      1  version: 1
//!      9      1  w, the width of an entry in bytes: 3 to 8
//!     10      6  zero
//!     16      8  n, the number of entries; big-endian
//!     24    w·n  the entries: the first w bytes of the SHA-1 of each password as it is typed (UTF-8), ascending,
//!                none twice
//! ```
//!
//! A password that is on the list is always found. One that is not is taken for listed with a probability of
//! n / 2^(8w): [`Format::false_positives`].

use keyward_jose::digest;

/// What a password is listed by: the SHA-1 of it as it is typed.
#[must_use]
pub fn hash_of(password: &[u8]) -> [u8; 20] {
    digest::sha1(password)
}

/// Bytes before the first entry.
pub const HEADER: usize = 24;

const MAGIC: [u8; 8] = *b"KWBREACH";
const VERSION: u8 = 1;

/// The shape of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    width: u8,
    count: u64,
}

/// Why a file is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoList {
    /// It begins with something else.
    #[error("it is no list of breached passwords that `keyward breached build` made")]
    Foreign,
    /// A later version made it.
    #[error("it was made by a later version of Keyward (format {0})")]
    Newer(u8),
    /// It is shorter or longer than its first bytes say.
    #[error("it has {found} bytes where its first ones promise {promised}: it was cut, or written to")]
    Length {
        /// What it should have.
        promised: u64,
        /// What it has.
        found: u64,
    },
}

impl Format {
    /// A list of `count` entries that are `width` bytes wide. `None` if there is no such width.
    #[must_use]
    pub fn new(width: u8, count: u64) -> Option<Self> {
        let fits = (3..=8).contains(&width) && count <= (u64::MAX - HEADER as u64) / 8;
        fits.then_some(Self { width, count })
    }

    /// The narrowest list of `count` entries that takes at most one of `rarely` other passwords for listed.
    #[must_use]
    pub fn narrowest(count: u64, rarely: u64) -> Self {
        let enough = |width: &u8| u128::from(count) * u128::from(rarely) <= 1_u128 << (8 * u32::from(*width));
        let width = (3..=8).find(enough).unwrap_or(8);
        Self { width, count }
    }

    /// Reads the first bytes of a file that is `length` bytes long.
    ///
    /// # Errors
    /// [`NoList`].
    pub fn read(header: &[u8; HEADER], length: u64) -> Result<Self, NoList> {
        let (magic, rest) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(NoList::Foreign);
        }
        if rest[0] != VERSION {
            return Err(NoList::Newer(rest[0]));
        }
        let mut count = [0; 8];
        count.copy_from_slice(&header[16..]);
        let format = Self::new(rest[1], u64::from_be_bytes(count)).ok_or(NoList::Foreign)?;
        if format.length() == length {
            Ok(format)
        } else {
            Err(NoList::Length { promised: format.length(), found: length })
        }
    }

    /// The first bytes of the file.
    #[must_use]
    pub fn header(self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&MAGIC);
        (header[8], header[9]) = (VERSION, self.width);
        header[16..].copy_from_slice(&self.count.to_be_bytes());
        header
    }

    /// Bytes of the whole file.
    #[must_use]
    pub fn length(self) -> u64 {
        HEADER as u64 + self.count * u64::from(self.width)
    }

    /// Number of entries.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.count
    }

    /// Bytes of an entry.
    #[must_use]
    pub const fn width(self) -> usize {
        self.width as usize
    }

    /// Of how many passwords that are not on the list one is taken for listed.
    #[must_use]
    pub fn false_positives(self) -> u64 {
        u64::try_from((1_u128 << (8 * u32::from(self.width))) / u128::from(self.count.max(1)))
            .unwrap_or(u64::MAX)
    }

    /// Whether the password with this SHA-1 is on the list: a binary search. `read` fills its second argument with
    /// what stands in the file from its first on.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn contains<E>(
        self,
        sha1: &[u8; 20],
        mut read: impl FnMut(u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<bool, E> {
        let width = self.width();
        let wanted = &sha1[..width];
        let (mut low, mut high) = (0, self.count);
        let mut entry = [0; 8];
        while low < high {
            let middle = low + (high - low) / 2;
            read(HEADER as u64 + middle * width as u64, &mut entry[..width])?;
            match entry[..width].cmp(wanted) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn list(width: u8, passwords: &[String]) -> (Format, Vec<u8>) {
        let entries: BTreeSet<Vec<u8>> =
            passwords.iter().map(|text| hash_of(text.as_bytes())[..width.into()].to_vec()).collect();
        let format = Format::new(width, entries.len() as u64).expect("a width");
        let mut file = format.header().to_vec();
        entries.iter().for_each(|entry| file.extend(entry));
        (format, file)
    }

    fn holds(format: Format, file: &[u8], password: &str) -> bool {
        let read = |at: u64, into: &mut [u8]| -> Result<(), ()> {
            let at = usize::try_from(at).map_err(drop)?;
            into.copy_from_slice(file.get(at..at + into.len()).ok_or(())?);
            Ok(())
        };
        format.contains(&hash_of(password.as_bytes()), read).expect("inside the file")
    }

    #[test]
    fn every_password_of_a_list_is_found_and_others_as_rarely_as_is_said() {
        let passwords: Vec<_> = (0..5000).map(|n| format!("password {n}")).collect();
        for width in 3..=8 {
            let (format, file) = list(width, &passwords);
            assert!(passwords.iter().all(|password| holds(format, &file, password)), "{width}");
            let others = (0..20_000).filter(|n| holds(format, &file, &format!("other {n}"))).count() as u64;
            assert!(others <= 20_000 / format.false_positives() * 3 + 3, "{width}: {others}");
        }
    }

    #[test]
    fn an_empty_list_holds_nothing_and_one_of_a_single_password_that_one() {
        let (format, file) = list(4, &[]);
        assert!(!holds(format, &file, "password"));
        let (format, file) = list(4, &["password".to_owned()]);
        assert!(holds(format, &file, "password") && !holds(format, &file, "Password"));
    }

    #[test]
    fn a_file_that_is_no_list_is_refused() {
        let (format, file) = list(5, &["a".to_owned(), "b".to_owned()]);
        let read = |file: &[u8], length| {
            let header: [u8; HEADER] = file[..HEADER].try_into().expect("long enough");
            Format::read(&header, length)
        };
        let length = file.len() as u64;
        assert_eq!(read(&file, length), Ok(format));
        assert_eq!(read(&file, length - 1), Err(NoList::Length { promised: length, found: length - 1 }));
        let with = |at: usize, byte: u8| {
            let mut other = file.clone();
            other[at] = byte;
            read(&other, length)
        };
        assert_eq!(with(0, b'X'), Err(NoList::Foreign));
        assert_eq!(with(8, 2), Err(NoList::Newer(2)));
        assert_eq!(with(9, 0), Err(NoList::Foreign));
        assert_eq!(with(9, 9), Err(NoList::Foreign));
        assert_eq!(with(16, 0xff), Err(NoList::Foreign), "lesson 84: more entries than there are bytes");
    }

    #[test]
    fn a_list_is_as_narrow_as_the_mistakes_that_it_may_make_allow() {
        assert_eq!(Format::narrowest(10_000, 1000).width(), 3);
        assert_eq!(Format::narrowest(10_000, 100_000).width(), 4);
        assert_eq!(Format::narrowest(1_000_000_000, 1000).width(), 5);
        assert_eq!(Format::narrowest(u64::MAX / 16, u64::MAX).width(), 8);
        assert_eq!(Format::narrowest(0, 1).width(), 3);
    }
}

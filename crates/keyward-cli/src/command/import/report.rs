//! What came of an import: counts, the first mistakes, and a file with all that was refused.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::mistake::Mistake;

/// Counts.
#[derive(Default)]
pub(super) struct Report {
    pub(super) read: u64,
    pub(super) made: u64,
    pub(super) there: u64,
    pub(super) deleted: u64,
    pub(super) refused: u64,
    kinds: BTreeMap<Mistake, u64>,
    first: Vec<(u64, Mistake)>,
    keeper: Option<Keeper>,
}

/// Mistakes that are told one by one.
const TOLD: usize = 10;

impl Report {
    /// Keeps what is refused in a file.
    pub(super) fn keeping(keeper: Option<Keeper>) -> Self {
        Self { keeper, ..Self::default() }
    }

    /// Counts a record that was refused, and keeps it.
    pub(super) fn refuse(&mut self, line: u64, raw: &[u8], mistake: Mistake) -> io::Result<()> {
        self.refused += 1;
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(line, raw, &mistake)?;
        }
        *self.kinds.entry(mistake.clone()).or_default() += 1;
        if self.first.len() < TOLD {
            self.first.push((line, mistake));
        }
        Ok(())
    }

    /// Gives the refused file its name, if there is one, and says what to print of the mistakes.
    pub(super) fn close(mut self) -> io::Result<(String, Option<PathBuf>)> {
        let path = self.keeper.take().map(Keeper::close).transpose()?.flatten();
        let mut text = String::new();
        for (mistake, count) in &self.kinds {
            text.push_str(&format!("  {count:>7}  {mistake}\n"));
        }
        if !self.first.is_empty() {
            text.push_str("First of them:\n");
        }
        for (line, mistake) in &self.first {
            text.push_str(&format!("  line {line}: {mistake}\n"));
        }
        Ok((text, path))
    }
}

/// Writes what is refused: the records as they were, so that they can be mended and imported, and beside them why.
/// Both have their names only when the import went to its end.
pub(super) struct Keeper {
    path: PathBuf,
    header: Option<Vec<u8>>,
    files: Option<(BufWriter<File>, BufWriter<File>)>,
}

impl Keeper {
    /// Nothing is made before something is refused.
    pub(super) const fn new(path: PathBuf, header: Option<Vec<u8>>) -> Self {
        Self { path, header, files: None }
    }

    /// The file of the reasons.
    pub(super) fn reasons(path: &Path) -> PathBuf {
        with_suffix(path, ".reasons.txt")
    }

    fn keep(&mut self, line: u64, raw: &[u8], mistake: &Mistake) -> io::Result<()> {
        let (records, reasons) = match &mut self.files {
            Some(files) => files,
            None => {
                let (mut records, reasons) =
                    (private(&partial(&self.path))?, private(&partial(&Self::reasons(&self.path)))?);
                if let Some(header) = &self.header {
                    write_line(&mut records, header)?;
                }
                self.files.insert((records, reasons))
            }
        };
        if !raw.is_empty() {
            write_line(records, raw)?;
        }
        writeln!(reasons, "line {line}: {mistake}")
    }

    fn close(self) -> io::Result<Option<PathBuf>> {
        let Some((mut records, mut reasons)) = self.files else { return Ok(None) };
        records.flush()?;
        reasons.flush()?;
        let of_reasons = Self::reasons(&self.path);
        std::fs::rename(partial(&of_reasons), of_reasons)?;
        std::fs::rename(partial(&self.path), &self.path)?;
        Ok(Some(self.path))
    }
}

fn write_line(file: &mut impl Write, line: &[u8]) -> io::Result<()> {
    file.write_all(line)?;
    file.write_all(b"\n")
}

/// The name of a file that is not finished. One of an import that was interrupted is written anew.
fn partial(path: &Path) -> PathBuf {
    with_suffix(path, ".part")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// It holds people and password hashes: its owner alone may read it.
fn private(path: &Path) -> io::Result<BufWriter<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(BufWriter::new)
}

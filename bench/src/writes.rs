//! How often a server committed to its SQLite database, counted from outside.

use std::{fs, path::PathBuf};

use crate::Result;

/// The write-ahead log beside a database: every transaction that changes something ends it with one commit frame.
pub(crate) struct WriteAheadLog {
    file: PathBuf,
    /// Of the frames that are good; another one after a checkpoint has begun the log anew.
    salt: [u8; 8],
}

impl WriteAheadLog {
    /// The log of a database that was written to.
    pub(crate) fn of(database: PathBuf) -> Result<Self> {
        let mut file = database.into_os_string();
        file.push("-wal");
        let file = PathBuf::from(file);
        let salt = salt(&fs::read(&file)?, 16).ok_or("the write-ahead log is empty")?;
        Ok(Self { file, salt })
    }

    /// Transactions that were committed since the log was begun ("The Database File Format", section 4.1).
    pub(crate) fn commits(&self) -> Result<usize> {
        let log = fs::read(&self.file)?;
        let page = log.get(8..12).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        if salt(&log, 16) != Some(self.salt) {
            return Err("the write-ahead log was begun anew while commits were counted".into());
        }
        let frames = log[HEADER..].chunks_exact(FRAME_HEADER + usize::try_from(page.unwrap_or(4096))?);
        let good = frames.take_while(|frame| salt(frame, 8) == Some(self.salt));
        // The size of the database after the commit; zero in all other frames.
        Ok(good.filter(|frame| frame[4..8] != [0; 4]).count())
    }
}

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

fn salt(bytes: &[u8], at: usize) -> Option<[u8; 8]> {
    bytes.get(at..at + 8)?.try_into().ok()
}

//! Files of the original LLMIO.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use llmio_core::import::{LOOKS_LIKE_ORIGINAL, Original};

use crate::{HomeError, LocalDatabase, permission};

/// What the head of a file tells.
enum Head {
    /// It is not there, or nothing is in it.
    Nothing,
    /// No SQLite database.
    Foreign,
    Database(Format),
}

/// Of <https://www.sqlite.org/fileformat2.html#the_database_header>.
struct Format {
    /// Whether it has a write-ahead log, as all of ours do.
    has_log: bool,
    /// How long the file should be, where the head tells.
    bytes: Option<u64>,
}

/// Opens a database of the original, to be read only.
pub async fn open_original(path: &Path) -> Result<Original, HomeError> {
    let name = path.display();
    if path.is_dir() {
        return Err(HomeError::new(format!("{name} is a folder: name the file in it, usually {name}/llmio.db")));
    }
    match head(path)? {
        Head::Nothing if !path.exists() => {
            return Err(HomeError::new(format!(
                "{name} is not there: name the original's database, usually db/llmio.db where it ran"
            )));
        }
        Head::Nothing => {
            return Err(HomeError::new(format!("{name} is empty: name the file that the original has written")));
        }
        Head::Foreign => {
            return Err(HomeError::new(format!(
                "{name} is no SQLite database: name the original's, usually db/llmio.db"
            )));
        }
        Head::Database(format) => check_whole(path, &format)?,
    }
    let opened =
        LocalDatabase::open_foreign(path).map_err(|error| HomeError::new(format!("{name} cannot be read: {error}")))?;
    Original::recognise(Arc::new(opened)).await.map_err(|reason| HomeError::new(format!("{name} {reason}")))
}

/// Whether a database of the original lies there. An error where that cannot be told without risk to it.
pub(crate) fn lies_at(path: &Path) -> Result<bool, HomeError> {
    let Head::Database(format) = head(path)? else { return Ok(false) };
    match LocalDatabase::finds(path, LOOKS_LIKE_ORIGINAL) {
        Ok(found) => Ok(found),
        // One of ours has a log and is always readable; its own opening tells what is wrong with it.
        Err(_) if format.has_log => Ok(false),
        Err(error) => {
            check_alone(path)?;
            Err(HomeError::new(format!(
                "{} cannot be read ({error}): if the original LLMIO runs, stop it; if the file was copied, copy it again while \
                 the original is stopped",
                path.display()
            )))
        }
    }
}

/// That the file is all there, and that its last writer had finished.
fn check_whole(path: &Path, format: &Format) -> Result<(), HomeError> {
    let name = path.display();
    let length = fs::metadata(path).map_err(|cause| permission::trouble(path, &cause))?.len();
    if let Some(bytes) = format.bytes
        && length < bytes
    {
        return Err(HomeError::new(format!(
            "{name} is only half there, {length} of {bytes} bytes: copy it again while the original LLMIO is stopped"
        )));
    }
    if is_hot(&beside(path, "-journal")) {
        return Err(HomeError::new(format!(
            "{name} was left in the middle of a write ({name}-journal lies beside it): start the original LLMIO once more and \
             stop it, then start this one"
        )));
    }
    Ok(())
}

/// That nothing of the database is in another file, which would not be set aside with it.
pub(crate) fn check_alone(path: &Path) -> Result<(), HomeError> {
    let Head::Database(format) = head(path)? else { return Ok(()) };
    check_whole(path, &format)?;
    if fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Err(HomeError::new(format!(
            "a part of {name} is in {name}-wal: stop the original LLMIO, and bring the two together with \
             `sqlite3 {name} 'PRAGMA journal_mode = DELETE'`",
            name = path.display()
        )));
    }
    Ok(())
}

/// A rollback journal whose head is not struck out.
fn is_hot(journal: &Path) -> bool {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let mut start = [0; 8];
    File::open(journal).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == MAGIC
}

pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn head(path: &Path) -> Result<Head, HomeError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Head::Nothing),
        Err(cause) => return Err(permission::trouble(path, &cause)),
    };
    let mut start = Vec::with_capacity(100);
    file.by_ref().take(100).read_to_end(&mut start).map_err(|cause| permission::trouble(path, &cause))?;
    if start.is_empty() {
        return Ok(Head::Nothing);
    }
    let Ok(start) = <[u8; 100]>::try_from(start) else { return Ok(Head::Foreign) };
    if !start.starts_with(b"SQLite format 3\0") {
        return Ok(Head::Foreign);
    }
    let number = |at: usize| u32::from_be_bytes(std::array::from_fn(|index| start[at + index]));
    let page = match u64::from(u16::from_be_bytes([start[16], start[17]])) {
        1 => 65_536,
        size => size,
    };
    // The count of pages is good if the same writer wrote it as has last changed the file.
    let bytes = (number(24) == number(92)).then(|| u64::from(number(28)) * page).filter(|bytes| *bytes > 0);
    Ok(Head::Database(Format { has_log: start[18] == 2, bytes }))
}

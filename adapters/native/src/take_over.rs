//! Taking over a database of the original LLMIO that lies where ours belongs.
//!
//! Ours is made beside it under another name. Then the original gets a second name, and ours takes its place; each of the two
//! is one step of the file system. Whatever stops it before the last step leaves the original where it was, and the next start
//! begins anew.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use llmio_core::import::{Tables, Taken, Totals, take_configuration};

use crate::home::Place;
use crate::original::{beside, check_alone, lies_at, open_original};
use crate::{Home, HomeError, HomeSettings, permission};

/// What was taken over.
#[derive(Debug)]
pub struct TakenOver {
    pub taken: Taken,
    pub totals: Totals,
    /// Where the original's database is now, as it was.
    pub kept_as: PathBuf,
}

impl Home {
    /// Takes over the original's database if one lies at the database's place: its configuration; its history is to be
    /// brought by [`crate::Histories`].
    pub async fn take_over(settings: &HomeSettings) -> Result<Option<TakenOver>, HomeError> {
        let named = Place::parse(&settings.database_url)?;
        let Place::File(path) = &named else { return Ok(None) };
        put_back(path)?;
        if !lies_at(path)? {
            return Ok(None);
        }
        check_alone(path)?;
        permission::check(path)?;
        let draft = beside(path, ".importing");
        for ending in ["", "-wal", "-shm", "-journal"] {
            remove(&beside(&draft, ending))?;
        }
        let kept_as = free_name(path)?;
        let original = open_original(path).await?;
        let unreadable =
            |error: &dyn std::fmt::Display| HomeError::new(format!("{} cannot be read: {error}", path.display()));
        let tables = Tables::read(&original).await.map_err(|error| unreadable(&error))?;
        drop(original);
        let home = Self::at(settings, &named, Place::File(draft.clone()))?;
        let store = home.store().await.map_err(|error| HomeError::new(error.to_string()))?;
        let taken = take_configuration(&store, &tables, &kept_as.to_string_lossy())
            .await
            .map_err(|error| HomeError::new(format!("{} could not be taken over: {error}", path.display())))?;
        // Closed, the file holds all of it.
        drop(store);
        drop(home);
        if beside(&draft, "-wal").exists() {
            return Err(HomeError::new(format!(
                "{} is used by another program (a backup, perhaps): nothing was taken over; start again without it",
                draft.display()
            )));
        }
        File::open(&draft).and_then(|file| file.sync_all()).map_err(|cause| permission::trouble(&draft, &cause))?;
        exchange(path, &kept_as, &draft).map_err(|cause| permission::trouble(path, &cause))?;
        Ok(Some(TakenOver { taken, totals: tables.totals, kept_as }))
    }
}

/// Where a file system has no second names, the original is away for a moment; a stop there is mended here.
fn put_back(path: &Path) -> Result<(), HomeError> {
    if path.exists() || !beside(path, ".importing").exists() {
        return Ok(());
    }
    let Some(kept) = names(path).take_while(|name| name.exists()).last() else { return Ok(()) };
    fs::rename(&kept, path).map_err(|cause| permission::trouble(path, &cause))
}

fn exchange(path: &Path, kept_as: &Path, draft: &Path) -> io::Result<()> {
    if !is_same(path, kept_as) && fs::hard_link(path, kept_as).is_err() {
        fs::rename(path, kept_as)?;
    }
    fs::rename(draft, path)?;
    // An empty one, if any: the original's would be taken for ours.
    for ending in ["-wal", "-shm", "-journal"] {
        remove(&beside(path, ending)).map_err(|error| io::Error::other(error.to_string()))?;
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// `llmio.original.db` for `llmio.db`, then `llmio.original-2.db` and so on.
fn names(path: &Path) -> impl Iterator<Item = PathBuf> {
    let stem = path.file_stem().unwrap_or_default().to_owned();
    let ending = path.extension().map(ToOwned::to_owned);
    let path = path.to_owned();
    (1..1_000).map(move |number| {
        let mut name = stem.clone();
        name.push(if number == 1 { ".original".to_owned() } else { format!(".original-{number}") });
        if let Some(ending) = &ending {
            name.push(".");
            name.push(ending);
        }
        path.with_file_name(name)
    })
}

/// The first that nobody has, but for the file itself, from a start that was interrupted.
fn free_name(path: &Path) -> Result<PathBuf, HomeError> {
    names(path)
        .find(|name| !name.exists() || is_same(path, name))
        .ok_or_else(|| HomeError::new(format!("too many files are set aside beside {}: remove some", path.display())))
}

#[cfg(unix)]
fn is_same(one: &Path, two: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(one), fs::metadata(two)) {
        (Ok(one), Ok(two)) => (one.dev(), one.ino()) == (two.dev(), two.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same(_: &Path, _: &Path) -> bool {
    false
}

fn remove(path: &Path) -> Result<(), HomeError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(permission::trouble(path, &cause)),
        _ => Ok(()),
    }
}

//! What to do when files belong to somebody else, as those of a program that ran as another user do.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::HomeError;

/// Whether a database at `path` can be written: the file, and its folder, where SQLite keeps more beside it.
pub(crate) fn check(path: &Path) -> Result<(), HomeError> {
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(|cause| trouble(path, &cause))?;
    if path.exists() {
        fs::OpenOptions::new().append(true).open(path).map_err(|cause| trouble(path, &cause))?;
    }
    let probe = path.with_extension(format!("probe-{}", std::process::id()));
    fs::File::create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(|cause| trouble(path, &cause))
}

/// Why a file or its folder cannot be used, and the command that mends it where there is one.
pub(crate) fn trouble(path: &Path, cause: &io::Error) -> HomeError {
    let folder = folder_of(path);
    let text = match (cause.kind(), owners(path)) {
        (ErrorKind::PermissionDenied, Some(Owners { file, ours: Some((user, group)) })) => format!(
            "{path} cannot be used: it and its folder belong to user {file}, and LLMIO runs as user {user}. Give them to it: \
             `sudo chown -R {user}:{group} {folder}` (in a container: the folder of the host that is mounted there)",
            path = path.display(),
            folder = folder.display()
        ),
        (ErrorKind::PermissionDenied, _) => format!(
            "{path} cannot be used ({cause}): make LLMIO's user the owner of {folder}, or start LLMIO as the user who owns it",
            path = path.display(),
            folder = folder.display()
        ),
        (ErrorKind::ReadOnlyFilesystem, _) => format!(
            "{} lies on a file system that is mounted read-only: mount it writable (in a container: without `:ro`)",
            path.display()
        ),
        _ => format!("cannot open the database file {}: {cause}", path.display()),
    };
    HomeError::new(text)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Users by their numbers, as `chown` takes them.
struct Owners {
    file: u32,
    /// User and group of this process, where the system tells.
    ours: Option<(u32, u32)>,
}

#[cfg(unix)]
fn owners(path: &Path) -> Option<Owners> {
    use std::os::unix::fs::MetadataExt;
    let of = fs::metadata(path).or_else(|_| fs::metadata(folder_of(path))).ok()?;
    let ours = fs::metadata("/proc/self").ok().map(|process| (process.uid(), process.gid()));
    Some(Owners { file: of.uid(), ours })
}

#[cfg(not(unix))]
fn owners(_: &Path) -> Option<Owners> {
    None
}

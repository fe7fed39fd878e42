use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use llmio_core::platform::Entropy;

/// Reads the key file, or makes one (mode 0600) with a new random key of 32 bytes in hexadecimal.
pub(crate) fn read_or_make(path: &Path, entropy: &dyn Entropy) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Err(io::Error::new(ErrorKind::InvalidData, "the file is empty")),
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => make(path, entropy),
        Err(error) => Err(error),
    }
}

/// Written under another name and linked into place, so that a process that starts at the same moment, or a crash,
/// never leaves half a key; whoever comes first wins.
fn make(path: &Path, entropy: &dyn Entropy) -> io::Result<String> {
    let mut key = [0; 32];
    entropy.fill(&mut key);
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(fs::read_to_string(path)?.trim().to_owned()),
        Err(error) => Err(error),
    }
}

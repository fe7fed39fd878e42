use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use llmio_core::platform::Entropy;

/// A secret that is kept in a file of its own.
#[derive(Clone, Debug)]
pub(crate) struct SecretFile {
    pub(crate) text: String,
    /// Whether it was made now.
    pub(crate) is_new: bool,
}

/// Reads the file, or makes one (mode 0600) with `bytes` random bytes in hexadecimal.
pub(crate) fn read_or_make(path: &Path, bytes: usize, entropy: &dyn Entropy) -> io::Result<SecretFile> {
    match read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(path, &random(bytes, entropy), entropy),
        read => read.map(|text| SecretFile { text, is_new: false }),
    }
}

/// So many random bytes in hexadecimal.
pub(crate) fn random(bytes: usize, entropy: &dyn Entropy) -> String {
    let mut random = vec![0; bytes];
    entropy.fill(&mut random);
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> io::Result<String> {
    let text = fs::read_to_string(path)?.trim().to_owned();
    if text.is_empty() { Err(io::Error::new(ErrorKind::InvalidData, "the file is empty")) } else { Ok(text) }
}

/// Written under another name and linked into place, so that a process that starts at the same moment, or a crash,
/// never leaves half a secret; whoever comes first wins. The other name is nobody else's, nor one that a crash left.
fn make(path: &Path, text: &str, entropy: &dyn Entropy) -> io::Result<SecretFile> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", random(8, entropy)));
    let draft = PathBuf::from(draft);
    let linked = write(&draft, text).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Ok(()) => removed.map(|()| SecretFile { text: text.to_owned(), is_new: true }),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(SecretFile { text: read(path)?, is_new: false }),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::workerd::Worker;
use crate::Error;

/// What `wrangler deploy` would upload.
#[derive(Debug)]
pub(crate) struct Upload {
    directory: PathBuf,
    pub(crate) worker: Worker,
    /// Of the WebAssembly modules, compressed.
    pub(crate) wasm_bytes: u64,
    /// Of everything, compressed.
    pub(crate) total_bytes: u64,
}

impl Upload {
    /// Reads `wrangler.toml` and the modules that `scripts/build-worker` has made beside its `main`.
    pub(crate) fn read(wrangler: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(wrangler).map_err(|error| format!("{}: {error}", wrangler.display()))?;
        let settings: toml::Table = text.parse()?;
        let setting = |name: &str| settings.get(name).and_then(toml::Value::as_str).unwrap_or_default();
        let flags = settings.get("compatibility_flags").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let main = wrangler.parent().unwrap_or(Path::new("")).join(setting("main"));
        let directory = main.parent().unwrap_or(Path::new("")).to_path_buf();
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();

        let mut modules = vec![name(&main)];
        let (mut wasm_bytes, mut total_bytes) = (0, compressed(&main)?);
        for entry in std::fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))? {
            let path = entry?.path();
            let wasm = path.extension().is_some_and(|it| it == "wasm");
            if path == main || !(wasm || path.extension().is_some_and(|it| it == "js" || it == "mjs")) {
                continue;
            }
            let bytes = compressed(&path)?;
            total_bytes += bytes;
            wasm_bytes += if wasm { bytes } else { 0 };
            modules.push(name(&path));
        }
        if wasm_bytes == 0 {
            return Err(format!("{} holds no .wasm: run scripts/build-worker", directory.display()).into());
        }
        let worker = Worker {
            modules,
            compatibility_date: setting("compatibility_date").to_owned(),
            compatibility_flags: flags.iter().filter_map(|flag| flag.as_str().map(str::to_owned)).collect(),
        };
        Ok(Self { directory, worker, wasm_bytes, total_bytes })
    }

    /// workerd embeds files from beside its configuration.
    pub(crate) fn copy_to(&self, directory: &Path) -> Result<(), Error> {
        for name in &self.worker.modules {
            std::fs::copy(self.directory.join(name), directory.join(name))?;
        }
        Ok(())
    }
}

/// As the platform counts: gzip.
fn compressed(path: &Path) -> Result<u64, Error> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&bytes)?;
    Ok(gzip.finish()?.len() as u64)
}

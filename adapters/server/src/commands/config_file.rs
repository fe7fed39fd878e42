//! `apply`, `export` and `check`: configuration as code.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use llmio_core::config::Config;
use llmio_core::config::file::{self, Absent, ApplyError, File, FileError};
use llmio_core::probe::{Reach, reach};
use llmio_core::storage::ConfigStore;
use llmio_native::{Home, NativeHttpClient, TokioClock};

use crate::failure::Failure;
use crate::output::{note, say};

/// More than any configuration needs, and little enough to read at once.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

pub(crate) async fn apply(home: &Home, path: &Path, dry_run: bool) -> Result<(), Failure> {
    let file = parse(path)?;
    let store = home.store().await?;
    let applied = if dry_run {
        file::plan(&store, &file).await.map_err(|error| explain(path, error))?
    } else {
        apply_file(&store, path, &file).await?
    };
    for change in &applied.changes {
        say(change);
    }
    match (applied.changes.len(), dry_run) {
        (0, _) => note("Nothing to change."),
        (1, true) => note("1 change would be made."),
        (count, true) => note(format_args!("{count} changes would be made.")),
        (_, false) => note("A running server takes it over within seconds."),
    }
    Ok(())
}

/// Applies a file at the start of the server.
pub(crate) async fn apply_at_start(store: &ConfigStore, path: &Path) -> Result<(), Failure> {
    let applied = apply_file(store, path, &parse(path)?).await?;
    for change in &applied.changes {
        tracing::info!(file = %path.display(), "{change}");
    }
    Ok(())
}

pub(crate) async fn export(home: &Home, json: bool) -> Result<(), Failure> {
    let export = file::export(&home.store().await?.load().await?);
    if json {
        say(serde_json::to_string_pretty(&export.to_json())?);
    } else {
        say(export.to_yaml().trim_end());
    }
    Ok(())
}

pub(crate) async fn check(path: &Path, live: bool) -> Result<(), Failure> {
    let text = read(path)?;
    let findings = file::check(&text, &named).map_err(|error| unusable(path, &error))?;
    for warning in &findings.warnings {
        note(format_args!("warning: {}: {warning}", path.display()));
    }
    let config = &findings.config;
    say(format_args!(
        "{} is good: {} providers, {} models, {} keys",
        path.display(),
        config.providers.len(),
        config.models.len(),
        config.keys.len()
    ));
    if live { reach_all(config).await } else { Ok(()) }
}

/// One line a provider; a failure when one could not be reached.
async fn reach_all(config: &Config) -> Result<(), Failure> {
    let mut failed = 0;
    for Reach { provider, models, unlisted } in reach(&NativeHttpClient::new(), &TokioClock, config).await {
        match models {
            Ok(count) => say(format_args!("{provider}: reached, {count} models")),
            Err(problem) => {
                failed += 1;
                say(format_args!("{provider}: {problem}"));
            }
        }
        if !unlisted.is_empty() {
            note(format_args!("warning: {provider} does not list {}", unlisted.join(", ")));
        }
    }
    if failed > 0 {
        return Err(Failure::new(format!("{failed} of {} providers cannot be used", config.providers.len())));
    }
    Ok(())
}

async fn apply_file(store: &ConfigStore, path: &Path, file: &File) -> Result<file::Applied, Failure> {
    file::apply(store, file).await.map_err(|error| explain(path, error))
}

fn parse(path: &Path) -> Result<File, Failure> {
    file::parse(&read(path)?, &named).map_err(|error| unusable(path, &error))
}

/// A variable for a file that the operator names, who may read them all.
fn named(name: &str) -> Result<String, Absent> {
    variable(name).ok_or(Absent::NotSet)
}

pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn explain(path: &Path, error: ApplyError) -> Failure {
    match error {
        ApplyError::File(error) => unusable(path, &error),
        ApplyError::Storage(error) => error.into(),
    }
}

/// One line a problem, each with the file's name as compilers write it.
fn unusable(path: &Path, error: &FileError) -> Failure {
    let lines: Vec<_> = error.problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
    Failure::new(lines.join("\n       "))
}

fn read(path: &Path) -> Result<String, Failure> {
    let unreadable = |cause: io::Error| Failure::new(format!("{} cannot be read: {cause}", path.display()));
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(fs::File::open(path).map_err(unreadable)?)
    };
    let mut text = String::new();
    source.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(Failure::new(format!("{} is larger than {MAX_BYTES} bytes", path.display())));
    }
    Ok(text)
}

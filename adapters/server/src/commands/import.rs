//! `import llmio`: taking over a database of the original LLMIO.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use llmio_core::config::{Config, diff};
use llmio_core::import::{Merged, Tables, Taken, Totals, export, merge, take_configuration};
use llmio_core::platform::Clock;
use llmio_native::{Histories, Home, HomeSettings, TakenOver, TokioClock, open_original};

use crate::failure::Failure;
use crate::output::{note, say};
use crate::progress::Teller;

pub(crate) async fn run(
    settings: &HomeSettings,
    path: &Path,
    dry_run: bool,
    export: Option<&Path>,
) -> Result<(), Failure> {
    let original = open_original(path).await?;
    let tables = Tables::read(&original)
        .await
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
    if let Some(file) = export {
        return export_to(file, &tables);
    }
    let is_in_place = is_database(settings, path);
    if dry_run {
        return show(settings, &tables, is_in_place).await;
    }
    drop(original);
    let home = if is_in_place {
        if let Some(taken) = Home::take_over(settings).await? {
            taken_over(&taken).iter().for_each(say);
        }
        Home::open(settings)?
    } else {
        let home = Home::open(settings)?;
        let source = fs::canonicalize(path)?;
        let taken = take_configuration(&home.store().await?, &tables, &source.to_string_lossy()).await?;
        imported(&taken, &tables.totals).iter().for_each(say);
        home
    };
    bring(&home).await
}

/// What is said about a database that was taken over.
pub(crate) fn taken_over(taken_over: &TakenOver) -> Vec<String> {
    let TakenOver { taken, totals, kept_as } = taken_over;
    let mut lines = vec![
        "The database was one of the original LLMIO, and is taken over.".to_owned(),
        format!(
            "  kept as it was  {} (it holds keys in plain text: remove it when you need it no more)",
            kept_as.display()
        ),
    ];
    lines.extend(imported(taken, totals));
    lines.push(
        "  The original listened on all addresses of its computer: LLMIO_HOST=0.0.0.0 does the same here.".to_owned(),
    );
    lines
}

fn imported(taken: &Taken, totals: &Totals) -> Vec<String> {
    if let Some(before) = taken.before {
        return vec![format!(
            "Its configuration was imported at {} and is not imported again; history that came since is.",
            before.to_rfc3339()
        )];
    }
    let Merged { report, providers, models, associations, keys, .. } = &taken.merged;
    let mut lines = vec![
        format!("  imported        {providers} providers, {models} models, {associations} associations, {keys} keys"),
        format!("  history         {} log entries, bodies of {}", totals.entries, totals.bodies),
    ];
    if !report.findings.is_empty() {
        lines.push(format!("  not as it was   {} things:", report.findings.len()));
        lines.extend(report.findings.iter().map(|finding| format!("    {finding}")));
    }
    lines
}

async fn show(settings: &HomeSettings, tables: &Tables, is_in_place: bool) -> Result<(), Failure> {
    let before = if !is_in_place && Home::exists(settings)? {
        let home = Home::open(settings)?;
        // One that is not up to date is left so.
        if home.pending().await?.is_empty() { home.store().await?.load().await? } else { Config::default() }
    } else {
        Config::default()
    };
    let mut after = before.clone();
    let merged = merge(tables, &mut after, TokioClock.now());
    for change in diff(&before, &after) {
        say(change);
    }
    for finding in &merged.report.findings {
        say(format_args!("note: {finding}"));
    }
    let Totals { entries, bodies, .. } = tables.totals;
    say(format_args!("history: {entries} log entries, bodies of {bodies}"));
    note("Nothing was imported.");
    Ok(())
}

fn export_to(file: &Path, tables: &Tables) -> Result<(), Failure> {
    let (export, report) = export(tables, TokioClock.now());
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .and_then(|mut file| file.write_all(export.to_yaml().as_bytes()))
        .map_err(|cause| Failure::new(format!("{} cannot be written: {cause}; name a new file", file.display())))?;
    for finding in &report.findings {
        note(format_args!("note: {finding}"));
    }
    say(format_args!("{} has the configuration, with all secrets in plain text.", file.display()));
    let entries = tables.totals.entries;
    say(format_args!("The history ({entries} log entries) stays behind: a file holds no history."));
    say(format_args!(
        "`llmio apply {}` stores it, here or in a gateway's admin API (PUT /api/config).",
        file.display()
    ));
    Ok(())
}

async fn bring(home: &Home) -> Result<(), Failure> {
    let mut teller = Teller::default();
    Histories::new(home, Duration::ZERO)
        .bring(|_, progress| {
            if let Some(text) = teller.tell(progress) {
                note(format_args!("history: {text}"));
            }
        })
        .await?;
    Ok(())
}

/// Whether the file is what lies at the database's place.
fn is_database(settings: &HomeSettings, path: &Path) -> bool {
    let database = settings.database_url.trim();
    let database = database.strip_prefix("file://").or_else(|| database.strip_prefix("file:")).unwrap_or(database);
    matches!((fs::canonicalize(path), fs::canonicalize(database)), (Ok(one), Ok(two)) if one == two)
}

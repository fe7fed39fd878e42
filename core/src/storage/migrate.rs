use std::fmt;

use sha2::{Digest, Sha256};

use crate::platform::{Clock, Database, DatabaseError, DatabaseErrorKind, Row, Statement};

/// One step of the schema. Steps are only ever added: an applied one is never edited.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        &[$(Migration { name: $name, sql: include_str!(concat!("../../migrations/", $name, ".sql")) }),+]
    };
}

/// Ends the name of a step under which versions that do not know it work on: one that only adds, or only allows more.
/// In the name, because that is all of a step that every database keeps, D1 under wrangler, too.
const COMPATIBLE: &str = "_compatible";

/// In order. The name is the file's, so it sorts by its number.
const MIGRATIONS: &[Migration] = migrations![
    "0001_config",
    "0002_records",
    "0003_rests",
    "0004_rests_by_provider_model_compatible",
    "0005_new_words_compatible",
    "0006_time_out_unset",
    "0007_error_samples_end_at_semicolons",
    "0008_priority_compatible",
    "0009_affinity_compatible",
    "0010_request_details_compatible",
    "0011_rollup_blocks_compatible",
    "0012_notes_and_switches_compatible",
    "0013_rollup_forms",
    "0014_imports_compatible",
    "0016_planning_compatible",
    "0017_stream_compatible",
    "0018_rollup_margins_compatible",
    "0019_rollup_sums",
    "0020_rollup_cuts",
];

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;";

/// What [`migrate`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The steps applied now, in order; empty when the schema was current.
    pub names: Vec<&'static str>,
}

/// Brings the schema up to date. Each step takes effect as a whole or not at all, and applied steps are left alone,
/// so it may be run at any time, also by several processes at once. A current schema costs one question. One that is
/// ahead by compatible steps only is as good as current.
pub async fn migrate(database: &dyn Database, clock: &dyn Clock) -> Result<Applied, MigrateError> {
    let done = match recorded(database).await {
        Err(MigrateError::Database(error)) if error.kind == DatabaseErrorKind::Missing => {
            database.script(CREATE_TABLE.to_owned()).await?;
            recorded(database).await?
        }
        known => known?,
    };
    let mut applied = Applied::default();
    for migration in missing(MIGRATIONS, &done)? {
        let sql = format!(
            "{}\nINSERT INTO schema_migrations (name, checksum, applied_at) VALUES ('{}', '{}', {});",
            migration.sql,
            migration.name,
            checksum(migration.sql),
            clock.now().as_micros(),
        );
        match database.script(sql).await {
            Ok(()) => applied.names.push(migration.name),
            // Another process may have applied it meanwhile; then its row is there now.
            Err(error) => {
                let still = missing(MIGRATIONS, &recorded(database).await?)?;
                if still.iter().any(|other| other.name == migration.name) {
                    return Err(MigrateError::Failed { name: migration.name, error });
                }
            }
        }
    }
    Ok(applied)
}

/// The steps that [`migrate`] would apply, in order. Without any, this version can use the database.
pub async fn pending(database: &dyn Database) -> Result<Vec<&'static str>, MigrateError> {
    let done = match recorded(database).await {
        Err(MigrateError::Database(error)) if error.kind == DatabaseErrorKind::Missing => Vec::new(),
        known => known?,
    };
    Ok(missing(MIGRATIONS, &done)?.into_iter().map(|migration| migration.name).collect())
}

/// The name of the newest step that this version knows.
pub fn schema_version() -> &'static str {
    MIGRATIONS.last().map_or("", |migration| migration.name)
}

/// An applied step: its name, and the checksum of its text where that was kept.
type Recorded = (String, Option<String>);

/// The applied steps, in order. Wrangler, which migrates D1 databases, has a table of its own, with the files' names.
async fn recorded(database: &dyn Database) -> Result<Vec<Recorded>, MigrateError> {
    let ours = Statement::new("SELECT name, checksum FROM schema_migrations ORDER BY name", vec![]);
    let wranglers = "SELECT replace(name, '.sql', '') AS name, NULL AS checksum FROM d1_migrations ORDER BY name";
    let rows = match database.query(ours).await {
        Err(error) if error.kind == DatabaseErrorKind::Missing => {
            database.query(Statement::new(wranglers, vec![])).await.map_err(|_| error)?
        }
        rows => rows?,
    };
    let row = |row: Row<'_>| Ok((row.text("name")?.to_owned(), row.optional_text("checksum")?.map(str::to_owned)));
    rows.iter().map(row).collect()
}

fn missing<'a>(migrations: &'a [Migration], recorded: &[Recorded]) -> Result<Vec<&'a Migration>, MigrateError> {
    for (name, stored) in recorded {
        match migrations.iter().find(|migration| migration.name == name) {
            None if name.ends_with(COMPATIBLE) => {}
            None => return Err(MigrateError::Newer { name: name.clone() }),
            Some(known) if stored.as_ref().is_some_and(|stored| checksum(known.sql) != *stored) => {
                return Err(MigrateError::Edited { name: name.clone() });
            }
            Some(_) => {}
        }
    }
    Ok(migrations.iter().filter(|migration| !recorded.iter().any(|(name, _)| name == migration.name)).collect())
}

fn checksum(sql: &str) -> String {
    use fmt::Write;
    Sha256::digest(sql.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[derive(Clone, Debug)]
pub enum MigrateError {
    /// The database holds a step that this version does not know, and that is not marked as compatible.
    Newer {
        name: String,
    },
    /// A step differs from what was applied under its name.
    Edited {
        name: String,
    },
    /// A step failed; it left nothing behind.
    Failed {
        name: &'static str,
        error: DatabaseError,
    },
    Database(DatabaseError),
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { name } => write!(
                f,
                "the database was migrated by a newer version of LLMIO (`{name}` is unknown here): run that version, or restore a backup made before it"
            ),
            Self::Edited { name } => write!(
                f,
                "the database was migrated with another text of `{name}`: use the LLMIO release that made this database, or a release after it"
            ),
            Self::Failed { name, error } => write!(f, "migration `{name}` failed and was rolled back: {error}"),
            Self::Database(error) => write!(f, "the schema could not be read: {error}"),
        }
    }
}

impl std::error::Error for MigrateError {}

impl From<DatabaseError> for MigrateError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[Migration] = &[
        Migration { name: "0001_a", sql: "CREATE TABLE a (x)" },
        Migration { name: "0002_b", sql: "CREATE TABLE b (x)" },
    ];

    fn row(name: &str, sql: &str) -> Recorded {
        (name.to_owned(), Some(checksum(sql)))
    }

    #[test]
    fn what_is_missing() {
        let a = || row("0001_a", "CREATE TABLE a (x)");
        let b = || row("0002_b", "CREATE TABLE b (x)");
        let rows = [
            (vec![], Ok(vec!["0001_a", "0002_b"])),
            (vec![a()], Ok(vec!["0002_b"])),
            (vec![a(), b()], Ok(vec![])),
            (vec![b()], Ok(vec!["0001_a"])),
            (vec![("0001_a".to_owned(), None)], Ok(vec!["0002_b"])),
            (vec![row("0001_a", "CREATE TABLE a (y)")], Err("another text of `0001_a`")),
            (vec![a(), b(), row("0003_c", "")], Err("newer version of LLMIO (`0003_c`")),
            (vec![a(), b(), row("0003_c_compatible", ""), ("0004_d_compatible".to_owned(), None)], Ok(vec![])),
            (vec![a(), b(), row("0003_c_compatible", ""), row("0004_d", "")], Err("newer version of LLMIO (`0004_d`")),
            (vec![a(), b(), row("0003_c", ""), row("0004_d_compatible", "")], Err("newer version of LLMIO (`0003_c`")),
            (vec![a(), b(), row("0003_compatible_c", "")], Err("newer version of LLMIO (`0003_compatible_c`")),
            (vec![a(), row("0003_c_compatible", "")], Ok(vec!["0002_b"])),
            (vec![a(), row("0003_c", "")], Err("newer version of LLMIO (`0003_c`")),
        ];
        for (recorded, expected) in rows {
            let found = missing(STEPS, &recorded)
                .map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
                .map_err(|error| error.to_string());
            match expected {
                Ok(names) => assert_eq!(found, Ok(names)),
                Err(part) => assert!(found.as_ref().is_err_and(|error| error.contains(part)), "{found:?}"),
            }
        }
    }

    #[test]
    fn names_are_in_order_and_safe_in_sql() {
        assert!(MIGRATIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(MIGRATIONS.iter().all(|step| step.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')));
    }
}

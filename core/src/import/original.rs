use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::platform::{Database, DatabaseError, Statement, Value};

/// A database of the original, of any of its versions: what a version does not have yet reads as NULL.
#[derive(Clone, Debug)]
pub struct Original {
    pub(super) database: Arc<dyn Database>,
    columns: BTreeMap<String, BTreeSet<String>>,
    /// Names it among others: made of what its oldest record was made at, which nothing changes later.
    identity: String,
    /// Whether the rows of a request are found without reading all of the log.
    pub(super) finds_traces: bool,
}

/// Why a database is not read as the original's, in words that go on from its name.
#[derive(Clone, Debug)]
pub enum NotOriginal {
    /// It holds no tables at all.
    Empty,
    /// It is one of ours.
    Ours,
    Other,
    Unreadable(DatabaseError),
}

impl fmt::Display for NotOriginal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is an empty database: name the file that the original LLMIO has written"),
            Self::Ours => f.write_str("is a database of this LLMIO already, there is nothing to import"),
            Self::Other => f.write_str(
                "is no database of the original LLMIO (it has no tables `providers`, `models` and \
                 `model_with_providers`): name the original's file, usually db/llmio.db where it ran",
            ),
            Self::Unreadable(error) => write!(
                f,
                "cannot be read ({error}): if the original LLMIO runs, stop it; if the file was copied, copy it again while \
                 the original is stopped"
            ),
        }
    }
}

impl std::error::Error for NotOriginal {}

impl From<DatabaseError> for NotOriginal {
    fn from(error: DatabaseError) -> Self {
        Self::Unreadable(error)
    }
}

/// Finds a row in a database that looks like one of the original's, for a home that has not much time to look.
pub const LOOKS_LIKE_ORIGINAL: &str =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'model_with_providers'";

/// The tables without which there is nothing to take over.
const NEEDED: [(&str, &str); 3] = [("providers", "config"), ("models", "name"), ("model_with_providers", "model_id")];

const COLUMNS: &str = "SELECT t.name AS table_name, c.name AS column_name FROM sqlite_master AS t \
                       JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table'";
/// Of indices that begin with the column.
const TRACE_INDEX: &str = "SELECT 1 FROM sqlite_master AS i JOIN pragma_index_info(i.name) AS c ON c.seqno = 0 \
                           WHERE i.type = 'index' AND i.tbl_name = 'chat_logs' AND c.name = 'trace_id'";

impl Original {
    pub async fn recognise(database: Arc<dyn Database>) -> Result<Self, NotOriginal> {
        let mut columns = BTreeMap::<String, BTreeSet<String>>::new();
        for row in database.query(Statement::new(COLUMNS, vec![])).await?.iter() {
            let (table, column) = (row.text("table_name")?, row.text("column_name")?);
            columns.entry(table.to_owned()).or_default().insert(column.to_owned());
        }
        let has = |table: &str, column: &str| columns.get(table).is_some_and(|known| known.contains(column));
        if !NEEDED.iter().all(|(table, column)| has(table, column)) {
            return Err(match () {
                () if columns.is_empty() => NotOriginal::Empty,
                () if has("config_version", "version") => NotOriginal::Ours,
                () => NotOriginal::Other,
            });
        }
        let indexed = database.query(Statement::new(TRACE_INDEX, vec![])).await?;
        let mut original = Self { database, columns, identity: String::new(), finds_traces: !indexed.rows.is_empty() };
        original.identity = original.oldest().await?;
        Ok(original)
    }

    pub fn identity(&self) -> &str {
        &self.identity
    }

    pub(super) fn has(&self, table: &str) -> bool {
        self.columns.contains_key(table)
    }

    /// What makes a column's value out of a row named `of`. Texts come as bytes, since they may be no UTF-8; `most` bytes
    /// of them.
    pub(super) fn text(&self, table: &str, column: &str, of: &str, most: usize) -> String {
        if self.knows(table, column) {
            format!("substr(CAST({of}.{column} AS BLOB), 1, {most}) AS {column}")
        } else {
            format!("NULL AS {column}")
        }
    }

    pub(super) fn number(&self, table: &str, column: &str, of: &str) -> String {
        if self.knows(table, column) { format!("{of}.{column}") } else { format!("NULL AS {column}") }
    }

    /// Leaves out what was deleted, where a table remembers that.
    pub(super) fn is_kept(&self, table: &str, of: &str) -> String {
        // The plus keeps SQLite from the index of that column: most rows are kept, and it takes them for few.
        if self.knows(table, "deleted_at") { format!("+{of}.deleted_at IS NULL") } else { "true".to_owned() }
    }

    fn knows(&self, table: &str, column: &str) -> bool {
        self.columns.get(table).is_some_and(|known| known.contains(column))
    }

    async fn oldest(&self) -> Result<String, DatabaseError> {
        let mut oldest = String::new();
        for table in ["configs", "providers", "models", "model_with_providers", "auth_keys"] {
            if !self.knows(table, "created_at") {
                continue;
            }
            let sql = format!("SELECT CAST(created_at AS BLOB) FROM {table} WHERE created_at > '' ORDER BY id LIMIT 1");
            let rows = self.database.query(Statement::new(sql, vec![])).await?;
            if let Some(Value::Blob(at)) = rows.rows.first().and_then(|row| row.first()) {
                let at = String::from_utf8_lossy(at).into_owned();
                if oldest.is_empty() || at < oldest {
                    oldest = at;
                }
            }
        }
        Ok(oldest)
    }
}

use std::fmt;

use super::BoxFuture;

/// A value of SQLite: what libSQL, Hrana and D1 have in common.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// One SQL statement with its positional parameters (`?1`, `?2`, …).
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub sql: std::borrow::Cow<'static, str>,
    pub params: Vec<Value>,
}

impl Statement {
    pub fn new(sql: impl Into<std::borrow::Cow<'static, str>>, params: Vec<Value>) -> Self {
        Self { sql: sql.into(), params }
    }

    /// Whether it changes nothing, so that running it twice, or where nothing can be written, does no harm. In doubt the
    /// answer is no.
    pub fn only_reads(&self) -> bool {
        let sql = self.sql.trim_start();
        let first = sql.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        if first.eq_ignore_ascii_case("SELECT") {
            return true;
        }
        first.eq_ignore_ascii_case("WITH") && {
            let sql = sql.to_ascii_uppercase();
            !["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|verb| sql.contains(verb))
        }
    }
}

/// What a statement gave back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    /// Rows that an INSERT, UPDATE or DELETE changed; zero for a SELECT.
    pub affected: u64,
}

/// SQL storage of the SQLite family.
///
/// Contract:
/// - `query` runs one statement. `batch` runs all in order in one transaction and one round trip: either all took
///   effect or none did, and the error is that of the first statement that failed.
/// - There is no other transaction. Read-modify-write is one guarded statement, checked by [`Rows::affected`].
/// - Values come back with the type they were stored with; a 64-bit integer and any text survive unchanged, but for
///   U+0000 in a text, which is stored as U+FFFD: SQLite's own text functions and some of its clients end there.
/// - A statement is given exactly as many parameters as it has.
/// - A resolved write is durable against the end of the process. A write sees what earlier resolved writes of the same
///   process wrote, and so does a read that starts after it.
/// - Foreign keys are enforced.
/// - `script` runs several statements written in one text, all or nothing; only the migrator calls it.
pub trait Database: fmt::Debug + Send + Sync + 'static {
    /// What it is, for people: `sqlite`, `libsql`, `d1`.
    fn name(&self) -> &'static str;
    fn query(&self, statement: Statement) -> BoxFuture<'_, Result<Rows, DatabaseError>>;
    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Rows>, DatabaseError>>;
    fn script(&self, sql: String) -> BoxFuture<'_, Result<(), DatabaseError>>;

    /// Whether a batch costs by its statements (a remote database, one that counts them) rather than by their work.
    fn prefers_few_statements(&self) -> bool {
        false
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatabaseErrorKind {
    /// The credentials were refused. Check `LLMIO_DATABASE_TOKEN`.
    Auth,
    /// A table or column is missing: the database is not migrated.
    Missing,
    /// A UNIQUE, FOREIGN KEY, NOT NULL or CHECK constraint was violated; nothing was written.
    Constraint,
    /// Locked by another writer; may be tried again.
    Busy,
    /// Not reached, or it broke off; a write may or may not have happened.
    Network,
    /// There is no room left, on the disk or in the plan; nothing was written.
    Full,
    /// Anything else; the message says what.
    Other,
}

#[derive(Clone, Debug)]
pub struct DatabaseError {
    pub kind: DatabaseErrorKind,
    pub message: String,
}

impl DatabaseError {
    pub fn new(kind: DatabaseErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DatabaseError {}

impl Rows {
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row { columns: &self.columns, values })
    }

    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }
}

/// One row, read by column name. A missing column or another type is an error that names the column.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    columns: &'a [String],
    values: &'a [Value],
}

impl<'a> Row<'a> {
    /// Its values by position.
    pub fn cells(self) -> Cells<'a> {
        Cells { values: self.values.iter() }
    }

    pub fn value(&self, column: &str) -> Result<&'a Value, DatabaseError> {
        self.columns.iter().position(|name| name == column).and_then(|index| self.values.get(index)).ok_or_else(|| {
            DatabaseError::new(DatabaseErrorKind::Missing, format!("the answer has no column `{column}`"))
        })
    }

    pub fn text(&self, column: &str) -> Result<&'a str, DatabaseError> {
        self.optional_text(column)?.ok_or_else(|| Self::mismatch(column, "text"))
    }

    pub fn optional_text(&self, column: &str) -> Result<Option<&'a str>, DatabaseError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(Self::mismatch(column, "text")),
        }
    }

    pub fn integer(&self, column: &str) -> Result<i64, DatabaseError> {
        self.optional_integer(column)?.ok_or_else(|| Self::mismatch(column, "integer"))
    }

    pub fn optional_integer(&self, column: &str) -> Result<Option<i64>, DatabaseError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            value => whole(value).map(Some).ok_or_else(|| Self::mismatch(column, "integer")),
        }
    }

    pub fn boolean(&self, column: &str) -> Result<bool, DatabaseError> {
        Ok(self.integer(column)? != 0)
    }

    pub fn real(&self, column: &str) -> Result<f64, DatabaseError> {
        self.optional_real(column)?.ok_or_else(|| Self::mismatch(column, "real"))
    }

    pub fn optional_real(&self, column: &str) -> Result<Option<f64>, DatabaseError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            value => number(value).map(Some).ok_or_else(|| Self::mismatch(column, "real")),
        }
    }

    pub fn blob(&self, column: &str) -> Result<&'a [u8], DatabaseError> {
        self.optional_blob(column)?.ok_or_else(|| Self::mismatch(column, "blob"))
    }

    pub fn optional_blob(&self, column: &str) -> Result<Option<&'a [u8]>, DatabaseError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Blob(blob) => Ok(Some(blob)),
            _ => Err(Self::mismatch(column, "blob")),
        }
    }

    fn mismatch(column: &str, wanted: &str) -> DatabaseError {
        DatabaseError::new(DatabaseErrorKind::Other, format!("column `{column}` holds no {wanted}"))
    }
}

/// The values of one row in the order of its columns, for statements that name them: reading by name costs a search for
/// each, too much where there are thousands of rows.
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    values: std::slice::Iter<'a, Value>,
}

impl<'a> Cells<'a> {
    pub fn text(&mut self) -> Result<&'a str, DatabaseError> {
        match self.next()? {
            Value::Text(text) => Ok(text),
            _ => Err(Row::mismatch(Self::NAME, "text")),
        }
    }

    pub fn integer(&mut self) -> Result<i64, DatabaseError> {
        whole(self.next()?).ok_or_else(|| Row::mismatch(Self::NAME, "integer"))
    }

    pub fn real(&mut self) -> Result<f64, DatabaseError> {
        number(self.next()?).ok_or_else(|| Row::mismatch(Self::NAME, "real"))
    }

    pub fn blob(&mut self) -> Result<&'a [u8], DatabaseError> {
        match self.next()? {
            Value::Blob(blob) => Ok(blob),
            _ => Err(Row::mismatch(Self::NAME, "blob")),
        }
    }

    const NAME: &'static str = "(by position)";

    fn next(&mut self) -> Result<&'a Value, DatabaseError> {
        self.values
            .next()
            .ok_or_else(|| DatabaseError::new(DatabaseErrorKind::Missing, "the answer has too few columns"))
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(integer) => Some(*integer),
        // D1 hands integers over as JavaScript numbers.
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers only, and a float's range saturates")]
        Value::Real(real) if real.fract() == 0.0 => Some(*real as i64),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Real(real) => Some(*real),
        #[expect(clippy::cast_precision_loss, reason = "a REAL column may hold a whole number")]
        Value::Integer(integer) => Some(*integer as f64),
        _ => None,
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),+) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

value_from!(i64 => Integer, i32 => Integer, u32 => Integer, f64 => Real, String => Text, &str => Text, Vec<u8> => Blob, &[u8] => Blob, bool => Integer);

impl From<u64> for Value {
    /// Values past `i64::MAX` saturate.
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_reads() {
        let rows = [
            ("SELECT 1", true),
            ("  select\n* FROM t", true),
            ("SELECT(1)", true),
            ("WITH x AS (SELECT 1) SELECT * FROM x", true),
            ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", false),
            ("with x as (select 1) delete from t", false),
            ("INSERT INTO t VALUES (1)", false),
            ("PRAGMA user_version", false),
            ("SELECTED", false),
            ("", false),
        ];
        for (sql, expected) in rows {
            assert_eq!(Statement::new(sql, vec![]).only_reads(), expected, "{sql:?}");
        }
    }
}

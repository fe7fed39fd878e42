//! The D1 binding.
//!
//! D1 speaks JavaScript's numbers: it tells 3 from 3.0 neither way, and rounds integers past 2^53. So parameters are
//! cast to what they are, and a SELECT is wrapped in one that marks each value with its type.

mod error;
mod sql;
mod value;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use llmio_core::platform::{BoxFuture, Database, DatabaseError, DatabaseErrorKind, Rows, Statement};
use wasm_bindgen::JsValue;
use worker::send::{SendFuture, SendWrapper};

use crate::js;
use crate::settled::Settled;

/// Texts of SELECTs whose columns are remembered; past that all are forgotten.
const REMEMBERED: usize = 512;

pub(crate) struct D1Database {
    binding: SendWrapper<JsValue>,
    /// The columns of each SELECT that has run, by its text.
    columns: SendWrapper<RefCell<HashMap<String, Vec<String>>>>,
}

/// One statement's answer as it comes from JavaScript.
type RawAnswer = (Vec<String>, Vec<Vec<serde_json::Value>>, u64);

impl D1Database {
    pub(crate) fn new(binding: JsValue) -> Self {
        Self { binding: SendWrapper::new(binding), columns: SendWrapper::new(RefCell::default()) }
    }

    async fn run(&self, statements: Vec<Statement>) -> Result<Vec<Rows>, DatabaseError> {
        let mut prepared = statements.iter().map(Prepared::new).collect::<Result<Vec<_>, _>>()?;
        self.find_columns(&mut prepared).await;
        let mut sent = Vec::with_capacity(prepared.len());
        for statement in &prepared {
            sent.push(statement.bound());
            if statement.counts_apart {
                // D1's own count includes rows that foreign keys deleted.
                sent.push(("SELECT changes() AS changes".to_owned(), &[]));
            }
        }
        let mut answers = self.send(&sent, Format::Batch).await?.into_iter();
        let mut next = || answers.next().ok_or_else(|| unreadable("an answer is missing"));
        prepared
            .into_iter()
            .map(|statement| {
                let (columns, rows, changes) = next()?;
                let affected = if statement.counts_apart { count(&next()?) } else { changes };
                Ok(match statement.columns {
                    Some(columns) => Rows { columns, rows: rows_of(rows, value::marked), affected: 0 },
                    None => Rows { columns, rows: rows_of(rows, value::plain), affected },
                })
            })
            .collect()
    }

    /// Asks for the columns of SELECTs that have not run before, because a wrapper must name them. One that fails is
    /// left as it is: it will fail in its place.
    async fn find_columns(&self, prepared: &mut [Prepared<'_>]) {
        for statement in prepared.iter_mut().filter(|statement| statement.is_select) {
            let known = self.columns.borrow().get(&*statement.sql).cloned();
            statement.columns = match known {
                Some(columns) => Some(columns),
                None => self.columns_of(statement).await,
            };
        }
    }

    async fn columns_of(&self, statement: &Prepared<'_>) -> Option<Vec<String>> {
        let empty = format!("SELECT * FROM ({}) LIMIT 0", statement.sql);
        let mut answers = self.send(&[(empty, statement.params)], Format::Columns).await.ok()?;
        let (columns, ..) = answers.pop()?;
        let mut remembered = self.columns.borrow_mut();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(statement.sql.clone(), columns.clone());
        Some(columns)
    }

    async fn send(&self, statements: &[value::Bound<'_>], format: Format) -> Result<Vec<RawAnswer>, DatabaseError> {
        let text = value::request(statements);
        let answer = Settled::from(js::d1(&self.binding, &text, format == Format::Columns)).await;
        let answer = answer.map_err(|error| error::from_message(&js::message(&error)))?;
        serde_json::from_str(&answer.as_string().unwrap_or_default()).map_err(|error| unreadable(&error.to_string()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Batch,
    /// One SELECT, of which only the columns matter.
    Columns,
}

/// How a statement is sent.
struct Prepared<'a> {
    /// With its parameters cast.
    sql: String,
    params: &'a [llmio_core::platform::Value],
    is_select: bool,
    counts_apart: bool,
    /// Of a SELECT, once they are known: then it is sent wrapped.
    columns: Option<Vec<String>>,
}

impl<'a> Prepared<'a> {
    fn new(statement: &'a Statement) -> Result<Self, DatabaseError> {
        let params = &statement.params;
        let sql = value::cast(&statement.sql, params)
            .map_err(|message| DatabaseError::new(DatabaseErrorKind::Other, message))?;
        let verb = sql::verb(&sql);
        let is_select = matches!(verb.as_str(), "SELECT" | "VALUES");
        Ok(Self { sql, params, is_select, counts_apart: verb == "DELETE", columns: None })
    }

    fn bound(&self) -> value::Bound<'a> {
        let sql = match &self.columns {
            Some(columns) => value::marking(&self.sql, columns.len()),
            None => self.sql.clone(),
        };
        (sql, self.params)
    }
}

fn rows_of(
    rows: Vec<Vec<serde_json::Value>>,
    value: fn(serde_json::Value) -> llmio_core::platform::Value,
) -> Vec<Vec<llmio_core::platform::Value>> {
    rows.into_iter().map(|row| row.into_iter().map(value).collect()).collect()
}

fn count((_, rows, _): &RawAnswer) -> u64 {
    rows.first().and_then(|row| row.first()?.as_u64()).unwrap_or(0)
}

fn unreadable(what: &str) -> DatabaseError {
    DatabaseError::new(DatabaseErrorKind::Other, format!("D1's answer is unreadable: {what}"))
}

impl Database for D1Database {
    fn name(&self) -> &'static str {
        "d1"
    }

    fn query(&self, statement: Statement) -> BoxFuture<'_, Result<Rows, DatabaseError>> {
        Box::pin(SendFuture::new(async move {
            let mut answers = self.run(vec![statement]).await?;
            Ok(answers.pop().unwrap_or_default())
        }))
    }

    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Rows>, DatabaseError>> {
        Box::pin(SendFuture::new(async move {
            if statements.is_empty() {
                return Ok(vec![]);
            }
            self.run(statements).await
        }))
    }

    fn script(&self, sql: String) -> BoxFuture<'_, Result<(), DatabaseError>> {
        Box::pin(SendFuture::new(async move {
            let statements = sql::statements(&sql).into_iter().map(|sql| (sql.to_owned(), [].as_slice()));
            self.send(&statements.collect::<Vec<_>>(), Format::Batch).await.map(drop)
        }))
    }

    /// What an account pays for limits the statements of a request.
    fn prefers_few_statements(&self) -> bool {
        true
    }
}

impl fmt::Debug for D1Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("D1Database")
    }
}

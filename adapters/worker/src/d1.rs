use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use llmio_core::platform::{BoxFuture, Database, DatabaseError, DatabaseErrorKind, Rows, Statement, Value};
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use worker::send::{SendFuture, SendWrapper};

use crate::js;

/// The D1 binding.
pub(crate) struct D1Database(SendWrapper<JsValue>);

impl D1Database {
    pub(crate) fn new(binding: JsValue) -> Self {
        Self(SendWrapper::new(binding))
    }

    async fn run(&self, statements: &[Statement], reads: bool) -> Result<Vec<Rows>, DatabaseError> {
        let statements: Vec<_> =
            statements.iter().map(|it| json!([it.sql, it.params.iter().map(param).collect::<Vec<_>>()])).collect();
        let text = serde_json::Value::from(statements).to_string();
        let answer =
            JsFuture::from(js::d1(&self.0, &text, reads)).await.map_err(|error| failure(&js::message(&error)))?;
        let answer = answer.as_string().unwrap_or_default();
        let answers: Vec<(Vec<String>, Vec<Vec<serde_json::Value>>, u64)> =
            serde_json::from_str(&answer).map_err(|error| {
                DatabaseError::new(DatabaseErrorKind::Other, format!("D1's answer is unreadable: {error}"))
            })?;
        Ok(answers
            .into_iter()
            .map(|(columns, rows, affected)| Rows {
                columns,
                rows: rows.into_iter().map(|row| row.into_iter().map(value).collect()).collect(),
                affected,
            })
            .collect())
    }
}

impl Database for D1Database {
    fn query(&self, statement: Statement) -> BoxFuture<'_, Result<Rows, DatabaseError>> {
        let reads = statement.sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
        Box::pin(SendFuture::new(async move {
            let mut answers = self.run(&[statement], reads).await?;
            Ok(answers.pop().unwrap_or_default())
        }))
    }

    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Rows>, DatabaseError>> {
        Box::pin(SendFuture::new(async move {
            if statements.is_empty() {
                return Ok(vec![]);
            }
            self.run(&statements, false).await
        }))
    }

    fn script(&self, sql: String) -> BoxFuture<'_, Result<(), DatabaseError>> {
        Box::pin(SendFuture::new(async move { self.run(&[Statement::new(sql, vec![])], false).await.map(drop) }))
    }
}

fn param(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(integer) => json!(integer),
        Value::Real(real) => json!(real),
        Value::Text(text) => json!(text.replace('\0', "\u{fffd}")),
        Value::Blob(blob) => json!({ "blob": STANDARD.encode(blob) }),
    }
}

fn value(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Real(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Bool(is) => Value::Integer(is.into()),
        serde_json::Value::Array(bytes) => Value::Blob(
            bytes.iter().map(|byte| byte.as_u64().and_then(|byte| byte.try_into().ok()).unwrap_or(0)).collect(),
        ),
        serde_json::Value::Null | serde_json::Value::Object(_) => Value::Null,
    }
}

/// D1 tells what went wrong in words only.
fn failure(message: &str) -> DatabaseError {
    let kind = match message {
        text if text.contains("no such table") || text.contains("no such column") || text.contains("has no column") => {
            DatabaseErrorKind::Missing
        }
        text if text.contains("constraint failed") || text.contains("SQLITE_CONSTRAINT") => {
            DatabaseErrorKind::Constraint
        }
        text if text.contains("SQLITE_BUSY") || text.contains("database is locked") || text.contains("overloaded") => {
            DatabaseErrorKind::Busy
        }
        text if text.contains("Network connection lost") || text.contains("timed out") || text.contains("reset") => {
            DatabaseErrorKind::Network
        }
        _ => DatabaseErrorKind::Other,
    };
    DatabaseError::new(kind, message)
}

impl fmt::Debug for D1Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("D1Database")
    }
}

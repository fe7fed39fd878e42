//! Hrana answers as rows and errors.

use http::StatusCode;
use libsql_hrana::proto::{Error, PipelineRespBody, StmtResult, StreamResponse, StreamResult, Value as Wire};

use super::endpoint::Endpoint;
use super::{Again, Fault};
use crate::platform::{DatabaseError, DatabaseErrorKind, Rows, Value};

/// Reads the body of an answer to a pipeline.
pub(super) fn pipeline(status: StatusCode, body: &[u8], endpoint: &Endpoint) -> Result<PipelineRespBody, Fault> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| {
            let message = format!("the answer of {endpoint} is no Hrana: {error}");
            Fault::new(DatabaseErrorKind::Other, Again::Never, message)
        });
    }
    let said = excerpt(body);
    let (kind, again, message) = match status.as_u16() {
        401 | 403 => (
            DatabaseErrorKind::Auth,
            Again::Never,
            format!("the database server refuses the token ({status}{said}). Check LLMIO_DATABASE_TOKEN"),
        ),
        404 => (
            DatabaseErrorKind::Other,
            Again::Never,
            format!("there is no libSQL database at {endpoint} ({status}{said}). Check LLMIO_DATABASE_URL"),
        ),
        429 => {
            (DatabaseErrorKind::Busy, Again::Always, format!("the database server asks to slow down ({status}{said})"))
        }
        500.. => (DatabaseErrorKind::Network, Again::Reads, format!("the database server failed ({status}{said})")),
        _ => (
            DatabaseErrorKind::Other,
            Again::Never,
            format!("the database server refuses the request ({status}{said})"),
        ),
    };
    Err(Fault::new(kind, again, message))
}

/// The response of each request, or the first error.
pub(super) fn responses(body: PipelineRespBody) -> Result<Vec<StreamResponse>, DatabaseError> {
    let mut responses = Vec::with_capacity(body.results.len());
    for result in body.results {
        match result {
            StreamResult::Ok { response: StreamResponse::Batch(batch) } => {
                if let Some(error) = batch.result.step_errors.iter().flatten().next() {
                    return Err(database_error(error));
                }
                responses.push(StreamResponse::Batch(batch));
            }
            StreamResult::Ok { response } => responses.push(response),
            StreamResult::Error { error } => return Err(database_error(&error)),
            StreamResult::None => return Err(unexpected()),
        }
    }
    Ok(responses)
}

/// The rows of a single statement.
pub(super) fn rows(responses: Vec<StreamResponse>) -> Result<Rows, DatabaseError> {
    match responses.into_iter().next() {
        Some(StreamResponse::Execute(execute)) => Ok(rows_of(execute.result)),
        _ => Err(unexpected()),
    }
}

/// The rows of the `count` statements of a batch, without those of BEGIN, COMMIT and ROLLBACK.
pub(super) fn batch_rows(responses: Vec<StreamResponse>, count: usize) -> Result<Vec<Rows>, DatabaseError> {
    let Some(StreamResponse::Batch(batch)) = responses.into_iter().next() else {
        return Err(unexpected());
    };
    let mut steps = batch.result.step_results.into_iter().skip(1);
    let rows = steps.by_ref().take(count).map(|step| step.map(rows_of)).collect::<Option<Vec<_>>>();
    // Only with the result of COMMIT is anything written.
    match (rows, steps.next()) {
        (Some(rows), Some(Some(_))) if rows.len() == count => Ok(rows),
        _ => Err(unexpected()),
    }
}

fn rows_of(result: StmtResult) -> Rows {
    Rows {
        columns: result.cols.into_iter().map(|column| column.name.unwrap_or_default()).collect(),
        rows: result.rows.into_iter().map(|row| row.values.into_iter().map(value).collect()).collect(),
        affected: result.affected_row_count,
    }
}

fn value(value: Wire) -> Value {
    match value {
        Wire::None | Wire::Null => Value::Null,
        Wire::Integer { value } => Value::Integer(value),
        Wire::Float { value } => Value::Real(value),
        Wire::Text { value } => Value::Text(value.as_ref().to_owned()),
        Wire::Blob { value } => Value::Blob(value.into()),
    }
}

/// Another writer was in the way, or had waited so long for this one that the server undid its transaction.
const BUSY: [&str; 4] = ["SQLITE_BUSY", "SQLITE_LOCKED", "TRANSACTION_BUSY", "TRANSACTION_TIMEOUT"];

/// Sorts an error by its code, which is SQLite's name of it, or by the words where the code says too little.
fn database_error(error: &Error) -> DatabaseError {
    let message = &error.message;
    let missing = ["no such table", "no such column", "has no column named"];
    let kind = if error.code.starts_with("SQLITE_CONSTRAINT") || message.contains("constraint failed") {
        DatabaseErrorKind::Constraint
    } else if BUSY.iter().any(|code| error.code.starts_with(code)) {
        DatabaseErrorKind::Busy
    } else if error.code.starts_with("SQLITE_FULL") {
        DatabaseErrorKind::Full
    } else if error.code.starts_with("AUTH") {
        DatabaseErrorKind::Auth
    } else if missing.iter().any(|words| message.contains(words)) {
        DatabaseErrorKind::Missing
    } else {
        DatabaseErrorKind::Other
    };
    DatabaseError::new(kind, message.clone())
}

fn unexpected() -> DatabaseError {
    DatabaseError::new(DatabaseErrorKind::Other, "the database server's answer does not fit the request")
}

/// The beginning of an error page, for the message.
fn excerpt(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).trim().chars().take(200).collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

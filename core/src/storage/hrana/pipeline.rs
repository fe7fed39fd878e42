//! Statements as Hrana requests.

use libsql_hrana::proto::{
    Batch, BatchCond, BatchCondList, BatchStep, BatchStreamReq, CloseStreamReq, ExecuteStreamReq, PipelineReqBody,
    SequenceStreamReq, Stmt, StreamRequest, Value as Wire,
};

use crate::platform::{Statement, Value};

/// One statement.
pub(super) fn query(statement: Statement) -> PipelineReqBody {
    stream(StreamRequest::Execute(ExecuteStreamReq { stmt: stmt(statement) }))
}

/// All statements in one transaction: each runs only when the one before it went well, and what cannot be committed is
/// rolled back. The answer has one step more at the beginning and two more at the end. What only reads keeps no writer
/// waiting.
pub(super) fn batch(statements: Vec<Statement>) -> PipelineReqBody {
    let ok = |step: usize| BatchCond::Ok { step: u32::try_from(step).unwrap_or(u32::MAX) };
    let not = |condition| BatchCond::Not { cond: Box::new(condition) };
    let plain = |sql: &str| Stmt::new(sql, false);
    let commit = statements.len() + 1;
    let only_reads = statements.iter().all(Statement::only_reads);
    let begin = if only_reads { "BEGIN" } else { "BEGIN IMMEDIATE" };

    let mut steps = Vec::with_capacity(statements.len() + 3);
    steps.push(BatchStep { condition: None, stmt: plain(begin) });
    for (index, statement) in statements.into_iter().enumerate() {
        steps.push(BatchStep { condition: Some(ok(index)), stmt: stmt(statement) });
    }
    steps.push(BatchStep { condition: Some(ok(commit - 1)), stmt: plain("COMMIT") });
    let failed = BatchCond::And(BatchCondList { conds: vec![ok(0), not(ok(commit))] });
    steps.push(BatchStep { condition: Some(failed), stmt: plain("ROLLBACK") });
    stream(StreamRequest::Batch(BatchStreamReq { batch: Batch { steps, replication_index: None } }))
}

/// Several statements in one text. The server stops at the first that fails, and closing the stream rolls back.
pub(super) fn script(sql: &str) -> PipelineReqBody {
    // The line break ends a comment, should the text end in one.
    let sql = format!("BEGIN IMMEDIATE;\n{sql}\n;COMMIT;");
    stream(StreamRequest::Sequence(SequenceStreamReq { sql: Some(sql), sql_id: None, replication_index: None }))
}

/// A stream that is opened, used once and closed.
fn stream(request: StreamRequest) -> PipelineReqBody {
    PipelineReqBody { baton: None, requests: vec![request, StreamRequest::Close(CloseStreamReq {})] }
}

fn stmt(statement: Statement) -> Stmt {
    let mut stmt = Stmt::new(statement.sql, true);
    stmt.args = statement.params.into_iter().map(wire).collect();
    stmt
}

fn wire(value: Value) -> Wire {
    match value {
        Value::Null => Wire::Null,
        Value::Integer(value) => Wire::Integer { value },
        Value::Real(value) => Wire::Float { value },
        Value::Text(text) if text.contains('\0') => Wire::Text { value: text.replace('\0', "\u{fffd}").into() },
        Value::Text(text) => Wire::Text { value: text.into() },
        Value::Blob(blob) => Wire::Blob { value: blob.into() },
    }
}

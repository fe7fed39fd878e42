use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::StatusCode;
use llmio_core::platform::{Body, BoxFuture, Database as _, DatabaseError, HttpResponse, Rows, Statement};
use llmio_core::storage::HranaDatabase;
use llmio_core::testing::{ManualClock, Reply, ScriptedHttp};
use serde_json::Value;

use crate::cuts::cuttings;

/// More requests than one call may lead to.
const REPLIES: usize = 9;
/// Longer than all pauses of one call together.
const LONGEST: u32 = 10;

/// Whatever a database server answers, a call ends in rows or an error, the same however the answer is cut.
pub fn hrana(data: &[u8]) {
    for status in [200, 404, 503] {
        let whole = called(status, &[data]);
        for chunks in cuttings(data).iter().filter(|_| status == 200) {
            assert_eq!(called(status, chunks), whole);
        }
        if status == 200 {
            check_rows(data, &whole);
        } else {
            assert!(whole.iter().all(Result::is_err));
        }
    }
}

/// The results of a query, a batch and a script, the errors as they read.
fn called(status: u16, chunks: &[&[u8]]) -> [Result<Vec<Rows>, String>; 3] {
    fn statement() -> Statement {
        Statement::new("SELECT ?1", vec![])
    }
    [
        call(status, chunks, |database| Box::pin(async { database.query(statement()).await.map(|rows| vec![rows]) })),
        call(status, chunks, |database| database.batch(vec![statement(), statement()])),
        call(status, chunks, |database| Box::pin(async { database.script(String::new()).await.map(|()| vec![]) })),
    ]
}

fn call(
    status: u16,
    chunks: &[&[u8]],
    ask: impl for<'a> Fn(&'a HranaDatabase) -> BoxFuture<'a, Result<Vec<Rows>, DatabaseError>>,
) -> Result<Vec<Rows>, String> {
    let http = ScriptedHttp::new((0..REPLIES).map(|_| reply(status, chunks)));
    let clock = ManualClock::default();
    let database = HranaDatabase::new(Arc::new(http), Arc::new(clock.clone()), "http://db", None);
    let database = database.expect("the URL is usable");
    let mut asking = ask(&database);
    for _ in 0..=LONGEST {
        if let Some(result) = (&mut asking).now_or_never() {
            return result.map_err(|error| error.to_string());
        }
        clock.advance(Duration::from_secs(1));
    }
    panic!("a call does not end");
}

fn reply(status: u16, chunks: &[&[u8]]) -> Reply {
    let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    let mut answer = HttpResponse::new(Body::stream(stream::iter(chunks)));
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    Reply::Answer(answer)
}

/// Rows are those of the answer, each value at its place.
fn check_rows(data: &[u8], results: &[Result<Vec<Rows>, String>; 3]) {
    let Ok(answer) = serde_json::from_slice::<Value>(data) else {
        assert!(results.iter().all(Result::is_err));
        return;
    };
    if let [Ok(query), _, _] = results {
        check_same(&query[0], &answer["results"][0]["response"]["result"]);
    }
    if let [_, Ok(batch), _] = results {
        assert_eq!(batch.len(), 2);
        for (index, rows) in batch.iter().enumerate() {
            check_same(rows, &answer["results"][0]["response"]["result"]["step_results"][index + 1]);
        }
    }
}

fn check_same(rows: &Rows, result: &Value) {
    for (row, values) in rows.iter().zip(result["rows"].as_array().into_iter().flatten()) {
        for (index, column) in rows.columns.iter().enumerate() {
            let is_first = rows.columns.iter().position(|name| name == column) == Some(index);
            if !is_first {
                continue;
            }
            let found = row.value(column).ok();
            let sent = values.get(index);
            assert_eq!(found.is_some(), sent.is_some(), "{column}");
            if let (Some(found), Some(sent)) = (found, sent) {
                assert!(is_same(found, sent), "{found:?} of {sent}");
            }
        }
    }
    assert_eq!(rows.rows.len(), result["rows"].as_array().map_or(0, Vec::len));
}

fn is_same(found: &llmio_core::platform::Value, sent: &Value) -> bool {
    use llmio_core::platform::Value::{Blob, Integer, Null, Real, Text};
    match found {
        Null => sent["type"] == "null" || sent["type"] == "none",
        Integer(number) => sent["value"].as_str().and_then(|text| text.parse().ok()) == Some(*number),
        Real(number) => sent["value"].as_f64().is_some_and(|sent| sent.to_bits() == number.to_bits()),
        Text(text) => sent["value"] == *text.as_str(),
        Blob(_) => sent["base64"].is_string(),
    }
}

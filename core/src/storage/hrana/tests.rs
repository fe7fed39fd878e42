use futures_executor::block_on;
use futures_util::FutureExt;

use super::*;
use crate::platform::{HttpError, Value};
use crate::testing::{ManualClock, Reply, ScriptedHttp};

const OK: &str = r#"{"baton":null,"base_url":null,"results":[{"type":"ok","response":{"type":"execute","result":
    {"cols":[{"name":"n"}],"rows":[[{"type":"integer","value":"9007199254740993"}]],"affected_row_count":0,
    "last_insert_rowid":null}}},{"type":"ok","response":{"type":"close"}}]}"#;

fn error_answer(code: &str, message: &str) -> String {
    format!(
        r#"{{"baton":null,"base_url":null,"results":[{{"type":"error","error":{{"message":"{message}","code":"{code}"}}}}]}}"#
    )
}

fn unreached(kind: HttpErrorKind) -> Reply {
    Reply::Fail(HttpError::new(kind, "as the test says"))
}

/// What it shows, the statement, the server's answers, the result, and the paths that were asked.
type Row = (&'static str, &'static str, Vec<Reply>, Result<(), DatabaseErrorKind>, &'static [&'static str]);

/// Runs one query against the script and gives back its result and the paths that were asked.
fn query(sql: &'static str, script: Vec<Reply>) -> (Result<Rows, DatabaseErrorKind>, Vec<String>) {
    let http = Arc::new(ScriptedHttp::new(script));
    let clock = ManualClock::default();
    let token = Secret::new("token");
    let database = HranaDatabase::new(http.clone(), Arc::new(clock.clone()), "http://db", Some(&token)).unwrap();
    let mut running = database.query(Statement::new(sql, vec![]));
    let result = loop {
        match (&mut running).now_or_never() {
            Some(result) => break result,
            None => clock.advance(Duration::from_secs(1)),
        }
    };
    let sent = http.sent();
    for request in &sent {
        assert_eq!(request.headers["authorization"], "Bearer token");
    }
    let paths = sent.iter().map(|request| request.uri.path().trim_end_matches("/pipeline").to_owned()).collect();
    (result.map_err(|error| error.kind), paths)
}

#[test]
fn tries_again_only_where_nothing_can_have_happened() {
    use DatabaseErrorKind::{Auth, Busy, Constraint, Missing, Network, Other};
    let (read, write) = ("SELECT 1", "INSERT INTO t VALUES (1)");
    let ok = || Reply::json(200, OK);
    let rows: Vec<Row> = vec![
        ("plain", write, vec![ok()], Ok(()), &["/v3"]),
        ("old server", write, vec![Reply::json(404, ""), ok()], Ok(()), &["/v3", "/v2"]),
        ("no server", write, vec![Reply::json(404, ""), Reply::json(404, "")], Err(Other), &["/v3", "/v2"]),
        ("connect, then fine", write, vec![unreached(HttpErrorKind::Connect), ok()], Ok(()), &["/v3", "/v3"]),
        ("never connects", write, vec![], Err(Network), &["/v3", "/v3", "/v3", "/v3"]),
        ("broken write", write, vec![unreached(HttpErrorKind::Broken)], Err(Network), &["/v3"]),
        ("broken read", read, vec![unreached(HttpErrorKind::Broken), ok()], Ok(()), &["/v3", "/v3"]),
        ("TLS", read, vec![unreached(HttpErrorKind::Tls)], Err(Network), &["/v3"]),
        ("slow write", write, vec![unreached(HttpErrorKind::Timeout)], Err(Network), &["/v3"]),
        ("slow read", read, vec![unreached(HttpErrorKind::Timeout)], Err(Network), &["/v3"]),
        ("no answer to a write", write, vec![Reply::Hang], Err(Network), &["/v3"]),
        ("no answer to a read", read, vec![Reply::Hang], Err(Network), &["/v3"]),
        ("failed write", write, vec![Reply::json(502, "bad gateway")], Err(Network), &["/v3"]),
        ("failed read", read, vec![Reply::json(502, ""), ok()], Ok(()), &["/v3", "/v3"]),
        ("slow down", write, vec![Reply::json(429, ""), ok()], Ok(()), &["/v3", "/v3"]),
        ("bad token", read, vec![Reply::json(401, "")], Err(Auth), &["/v3"]),
        ("busy", write, vec![Reply::json(200, error_answer("SQLITE_BUSY", "locked")), ok()], Ok(()), &["/v3", "/v3"]),
        (
            "undone for another writer",
            write,
            vec![Reply::json(200, error_answer("TRANSACTION_TIMEOUT", "Transaction timed out")), ok()],
            Ok(()),
            &["/v3", "/v3"],
        ),
        (
            "constraint",
            write,
            vec![Reply::json(200, error_answer("SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed"))],
            Err(Constraint),
            &["/v3"],
        ),
        (
            "missing table",
            read,
            vec![Reply::json(200, error_answer("SQLITE_UNKNOWN", "SQLite error: no such table: t"))],
            Err(Missing),
            &["/v3"],
        ),
        (
            "always busy",
            write,
            (0..4).map(|_| Reply::json(200, error_answer("SQLITE_BUSY", "locked"))).collect(),
            Err(Busy),
            &["/v3", "/v3", "/v3", "/v3"],
        ),
        ("no Hrana", write, vec![Reply::json(200, "<html>")], Err(Other), &["/v3"]),
        (
            "no result",
            write,
            vec![Reply::json(200, r#"{"baton":null,"base_url":null,"results":[]}"#)],
            Err(Other),
            &["/v3"],
        ),
    ];
    for (name, sql, script, expected, paths) in rows {
        let (result, asked) = query(sql, script);
        assert_eq!(result.map(drop), expected, "{name}");
        assert_eq!(asked, paths, "{name}");
    }
}

#[test]
fn values_are_read_exactly() {
    let (rows, _) = query("SELECT 1", vec![Reply::json(200, OK)]);
    assert_eq!(rows.unwrap().rows, [[Value::Integer(9_007_199_254_740_993)]]);
}

#[test]
fn an_old_server_is_remembered() {
    let http = Arc::new(ScriptedHttp::new([Reply::json(404, ""), Reply::json(200, OK), Reply::json(200, OK)]));
    let database = HranaDatabase::new(http.clone(), Arc::new(ManualClock::default()), "http://db", None).unwrap();
    for _ in 0..2 {
        block_on(database.query(Statement::new("SELECT 1", vec![]))).unwrap();
    }
    let paths: Vec<_> = http.sent().iter().map(|request| request.uri.path().to_owned()).collect();
    assert_eq!(paths, ["/v3/pipeline", "/v2/pipeline", "/v2/pipeline"]);
}

#[test]
fn a_batch_is_one_conditional_transaction() {
    // What begins it, and its statements.
    let rows = [("BEGIN IMMEDIATE", ["SELECT ?1", "DELETE FROM t"]), ("BEGIN", ["SELECT ?1", "SELECT 2"])];
    for (begin, [first, second]) in rows {
        let http = Arc::new(ScriptedHttp::default());
        let database = HranaDatabase::new(http.clone(), Arc::new(ManualClock::default()), "http://db", None).unwrap();
        let statements = vec![Statement::new(first, vec!["x".into()]), Statement::new(second, vec![])];
        assert!(database.batch(statements).now_or_never().is_none(), "it pauses before another try");
        let sent: serde_json::Value = serde_json::from_slice(&http.sent()[0].body).unwrap();
        assert_eq!(sent["requests"][1]["type"], "close");
        let steps = sent["requests"][0]["batch"]["steps"].as_array().unwrap();
        let seen: Vec<_> = steps
            .iter()
            .map(|step| format!("{} if {}", step["stmt"]["sql"].as_str().unwrap(), step["condition"]))
            .collect();
        assert_eq!(
            seen,
            [
                format!("{begin} if null"),
                format!(r#"{first} if {{"type":"ok","step":0}}"#),
                format!(r#"{second} if {{"type":"ok","step":1}}"#),
                r#"COMMIT if {"type":"ok","step":2}"#.to_owned(),
                r#"ROLLBACK if {"type":"and","conds":[{"type":"ok","step":0},{"type":"not","cond":{"type":"ok","step":3}}]}"#
                    .to_owned(),
            ]
        );
    }
}

//! The same requests at the reference home (the server on a file) and at the home under test: what clients get, what
//! providers receive and what is recorded must be the same, but for names, times and durations.
//!
//! Where the home under test is the reference itself, this shows that nothing else differs from run to run.

mod admin;
mod normal;
mod requests;

use futures_util::future::join_all;
use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::{Home, Kind, Setup};
use llmio_upstream::journal::Exchange;
use llmio_upstream::script::{Script, When};
use llmio_upstream::{Behaviour, Fault, Upstream};
use serde_json::Value;

/// One request of a table.
struct Case {
    /// Stands in the request's body, too, so that its exchanges with the provider are known by it.
    name: String,
    /// With a path in place of an address.
    call: Call,
    /// The provider's answers in their order; without any, the model's name decides.
    answers: Vec<Behaviour>,
    /// Whether the request log has it.
    is_recorded: bool,
    /// Answered in words of the gateway's own making, with its own time.
    is_translated: bool,
}

/// What there is to see of one request.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    is_cut: bool,
    asked: Vec<Asked>,
    rows: Vec<Value>,
}

/// What a provider received.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// Runs the table at both homes and reports every difference.
async fn compare(setup: Setup, upstream: &Upstream, cases: &[Case]) {
    let reference = Home::start_kind(Kind::Server, setup.clone()).await;
    let expected = observe(&reference, upstream, cases).await;
    drop(reference);
    let home = Home::start(setup).await;
    let seen = observe(&home, upstream, cases).await;
    let mut wrong = Vec::new();
    for ((case, expected), seen) in cases.iter().zip(&expected).zip(&seen) {
        wrong.extend(differences(expected, seen).into_iter().map(|it| format!("{}: {it}", case.name)));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

async fn observe(home: &Home, upstream: &Upstream, cases: &[Case]) -> Vec<Seen> {
    upstream.clear_scripts();
    upstream.clear_journal();
    for case in cases.iter().filter(|case| !case.answers.is_empty()) {
        let when = When { body_contains: Some(quoted(&case.name)), ..When::default() };
        upstream.script(Script { when, steps: case.answers.clone(), repeat_last: false });
    }
    let send = |case: &Case| case.call.clone().at(&home.base()).send();
    // All at once: those that stall should not take their time one after another.
    let answers: Vec<Answer> = join_all(cases.iter().map(send)).await;
    let mut seen = Vec::with_capacity(cases.len());
    for (case, answer) in cases.iter().zip(answers) {
        let rows = rows(home, case, &answer).await;
        let trace = answer.trace();
        let asked = upstream.exchanges().into_iter().filter(|it| text(&it.body).contains(&quoted(&case.name)));
        let mut asked: Vec<Asked> = asked.map(Asked::from).collect();
        // Whether a connection was kept from before, so that one which dies unanswered is replaced, is a matter of luck.
        if case.name.contains(Fault::NoAnswer.as_str()) {
            asked.truncate(rows.len());
        }
        seen.push(Seen {
            status: answer.status,
            headers: normal::headers(&answer.headers, &trace),
            body: normal::body(&answer, case.is_recorded && !case.is_translated),
            is_cut: answer.cut,
            asked,
            rows,
        });
    }
    seen
}

/// The request's rows in the order of its attempts, with their bodies.
async fn rows(home: &Home, case: &Case, answer: &Answer) -> Vec<Value> {
    let trace = answer.trace();
    if !case.is_recorded {
        return home.logs(&format!("trace={trace}")).await;
    }
    let mut rows = home.trace(&trace).await;
    for row in &mut rows {
        if row["has_bodies"] == true {
            let id = row["id"].as_str().unwrap_or_default();
            let log = home.admin(Method::GET, &format!("/logs/{id}"), None).await;
            // An error at a stream's end names the request.
            let mut bodies = log.json()["bodies"].to_string().replace(&trace, "TRACE");
            if case.is_translated {
                bodies = normal::without_times(bodies, &["\\\"created\\\":", "\\\"created_at\\\":"]);
            }
            row["bodies"] = serde_json::from_str(&bodies).unwrap_or_default();
        }
        normal::json(row);
    }
    rows
}

fn differences(expected: &Seen, seen: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |what: &str, expected: String, seen: String| {
        if expected != seen {
            found.push(format!("{what} {}", shown(&expected, &seen)));
        }
    };
    check("status", expected.status.to_string(), seen.status.to_string());
    check("headers", format!("{:?}", expected.headers), format!("{:?}", seen.headers));
    check("body", expected.body.clone(), seen.body.clone());
    check("cut", expected.is_cut.to_string(), seen.is_cut.to_string());
    check("exchanges with providers", expected.asked.len().to_string(), seen.asked.len().to_string());
    for (expected, seen) in expected.asked.iter().zip(&seen.asked) {
        check("provider's request", expected.line(), seen.line());
        check("provider's headers", format!("{:?}", expected.headers), format!("{:?}", seen.headers));
        check("provider's body", expected.body.clone(), seen.body.clone());
    }
    check("rows", expected.rows.len().to_string(), seen.rows.len().to_string());
    for (expected, seen) in expected.rows.iter().zip(&seen.rows) {
        for (name, value) in expected.as_object().into_iter().flatten() {
            check(&format!("row {}: {name}", expected["attempt"]), value.to_string(), seen[name].to_string());
        }
        let names = |row: &Value| row.as_object().map(|row| row.keys().cloned().collect::<Vec<_>>());
        check("a row's fields", format!("{:?}", names(expected)), format!("{:?}", names(seen)));
    }
    found
}

impl Asked {
    fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl From<Exchange> for Asked {
    fn from(exchange: Exchange) -> Self {
        let headers = normal::provider_headers(exchange.headers);
        Self { method: exchange.method, path: exchange.path, headers, body: text(&exchange.body) }
    }
}

/// As it stands in a body of JSON.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Two texts from where they begin to differ.
fn shown(expected: &str, seen: &str) -> String {
    const BEFORE: usize = 60;
    const MOST: usize = 300;
    let same = expected.chars().zip(seen.chars()).take_while(|(one, two)| one == two).count();
    let part = |text: &str| text.chars().skip(same.saturating_sub(BEFORE)).take(MOST).collect::<String>();
    format!("at {same}\n    expected …{}\n    seen     …{}", part(expected), part(seen))
}

//! A stream that is long silent is kept alive, between its events, by what the dialect's clients ignore.

use llmio_conformance::client::Call;
use llmio_conformance::config::Config;
use llmio_conformance::dialect::{self, Form, StreamEnd};
use llmio_conformance::sse;
use llmio_upstream::answer::Part;
use llmio_upstream::replay::{Ending, Piece, Replay};
use llmio_upstream::{Behaviour, Dialect};
use serde_json::{Value, json};

use crate::scripted::{Bed, Case, Seen, all_hold, content_type, ensure, events, streams, text_of};

use Dialect::{Anthropic, Gemini};
use Form::Array;

/// Between two events; with a keep-alive for every second there is time for two.
const PAUSE_MS: u64 = 2500;

const LOGGING_KEY: &str = "sk-logging-key-of-the-suite";

fn config(keep_alive: u64) -> Config {
    let key = json!({"name": "logging", "key": LOGGING_KEY, "log_io": true});
    Config::new().setting("keep_alive", keep_alive).key(key)
}

/// Where a provider falls silent: between two events, within one; and what it sends in all.
fn silences() -> Vec<(Case, String)> {
    let mut rows = Vec::new();
    for dialect in Dialect::ALL {
        for form in streams(dialect) {
            let events = events(dialect, *form, &Behaviour::default());
            let output = events.iter().position(|event| event.part == Part::Output).expect("output");
            let body: String = events.iter().map(text_of).collect();
            let between: usize = events[..=output].iter().map(|event| event.bytes.len()).sum();
            let within = between + events[output + 1].bytes.len() / 2;
            for (what, at) in [("between", between), ("within", within)] {
                let pieces = [body[..at].into(), Piece::PauseMs(PAUSE_MS), body[at..].into()];
                let content_type = content_type(*form).to_owned();
                let silent = Replay { content_type, ..Replay::stream(pieces, Ending::Complete) };
                rows.push((Case::new(dialect, *form, what, silent), body.clone()));
            }
        }
    }
    rows
}

/// The answer without what was filled in, in a form that can be compared; and how much that was.
fn without_filling(case: &Case, text: &str) -> (Value, usize) {
    if case.form == Array {
        let parsed: Value = serde_json::from_str(text).unwrap_or_default();
        return (parsed, text.chars().filter(|it| it.is_ascii_whitespace()).count());
    }
    let (events, rest) = sse::events(text);
    let is_ping = |event: &sse::Event| case.dialect == Anthropic && event.json()["type"] == "ping";
    let pings = events.iter().filter(|event| is_ping(event)).count();
    // Some of Gemini's SDKs throw at a comment, but all pass over a blank line.
    let is_filler = |line: &str| if case.dialect == Gemini { line.is_empty() } else { line.starts_with(':') };
    let fillers = text.lines().filter(|line| is_filler(line)).count();
    let kept: Vec<Value> = events.iter().filter(|event| !is_ping(event)).map(|it| json!([it.name, it.data])).collect();
    (json!([kept, rest]), if case.dialect == Anthropic { pings } else { fillers })
}

async fn ask(bed: &Bed, case: &Case) -> Seen {
    let model = format!("alone-{}", case.name);
    let call = Call::post(&bed.home.url(&dialect::path(case.dialect, &model, case.form)));
    let call = dialect::authorized(call, case.dialect, LOGGING_KEY);
    let answer = call.json(&dialect::body(case.dialect, &model, case.form)).send().await;
    Seen { rows: bed.home.trace(&answer.trace()).await, answer }
}

async fn kept_body(bed: &Bed, seen: &Seen) -> String {
    let id = seen.rows[0]["id"].as_str().unwrap_or_default();
    let log = bed.home.admin(http::Method::GET, &format!("/logs/{id}"), None).await;
    log.json()["bodies"]["response"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn silence_is_filled_between_events() {
    let rows = silences();
    let bed = Bed::with(config(1), rows.iter().map(|(case, _)| case), &json!({}), &json!({})).await;
    all_hold(rows.iter().map(|(case, _)| case), async |case| {
        let body = &rows.iter().find(|(it, _)| it.name == case.name).expect("its row").1;
        let seen = ask(&bed, case).await;
        seen.outcome("success")?;
        let text = seen.answer.text();
        let ((expected, own), (came, filled)) = (without_filling(case, body), without_filling(case, &text));
        ensure(came == expected, || seen.told("expected the provider's events, and nothing inside them"))?;
        let added = filled.saturating_sub(own);
        // White space may come in pairs.
        let most = if case.form == Array { 6 } else { 3 };
        ensure((1..=most).contains(&added), || seen.told(&format!("expected two fillings, not {added}")))?;
        if case.dialect == Gemini {
            ensure(!text.lines().any(|line| line.starts_with(':')), || seen.told("a comment breaks its SDKs"))?;
        }
        let end = dialect::stream_end(case.dialect, case.form, &seen.answer);
        ensure(end == StreamEnd::Complete, || seen.told(&format!("{end:?}")))?;
        let kept = kept_body(&bed, &seen).await;
        ensure(kept == *body, || format!("the kept body has what was filled in: {kept:?}"))
    })
    .await;
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let rows = silences();
    let bed = Bed::with(config(0), rows.iter().map(|(case, _)| case), &json!({}), &json!({})).await;
    all_hold(rows.iter().map(|(case, _)| case), async |case| {
        let body = &rows.iter().find(|(it, _)| it.name == case.name).expect("its row").1;
        ask(&bed, case).await.passed(body)
    })
    .await;
}

/// The provider is as silent as before.
#[tokio::test]
async fn what_is_filled_in_is_no_sign_of_life() {
    let rows = silences();
    let fields = json!({"idle_timeout": 2});
    let bed = Bed::with(config(1), rows.iter().map(|(case, _)| case), &fields, &json!({})).await;
    all_hold(rows.iter().map(|(case, _)| case), async |case| {
        let seen = ask(&bed, case).await;
        seen.outcome("timeout")?;
        let end = dialect::stream_end(case.dialect, case.form, &seen.answer);
        let is_error = matches!(end, StreamEnd::Error(_));
        ensure(is_error && !seen.answer.cut, || seen.told(&format!("expected an error event, not {end:?}")))
    })
    .await;
}

//! How streams end: complete, although the provider says no goodbye; or broken, and the client can tell.

use core::time::Duration;

use llmio_conformance::config::Config;
use llmio_conformance::dialect::{self, Form, StreamEnd};
use llmio_conformance::sse;
use llmio_upstream::answer::{Event, Part};
use llmio_upstream::journal::End;
use llmio_upstream::replay::{Ending, Piece, Replay};
use llmio_upstream::{Behaviour, Dialect};
use serde_json::{Value, json};

use crate::scripted::{Bed, Case, Seen, all_hold, content_type, ensure, events, streams, text_of};

use Dialect::{Anthropic, Chat, Gemini, Responses};
use Form::{Array, Stream};

/// A client that has everything waits no longer for the end.
const AT_ONCE: Duration = Duration::from_millis(1500);
/// After Gemini's last words the provider may say more for two seconds.
const SOON: Duration = Duration::from_millis(4500);

fn good(dialect: Dialect, form: Form) -> Vec<Event> {
    events(dialect, form, &Behaviour::default())
}

fn joined<'a>(events: impl IntoIterator<Item = &'a Event>) -> String {
    events.into_iter().map(text_of).collect()
}

fn replay(form: Form, pieces: impl IntoIterator<Item = Piece>, end: Ending) -> Replay {
    Replay { content_type: content_type(form).to_owned(), ..Replay::stream(pieces, end) }
}

#[tokio::test]
async fn an_anthropic_stream_with_a_stop_reason_is_complete() {
    let events = good(Anthropic, Stream);
    let body = joined(&events[..events.len() - 1]);
    assert!(body.contains("stop_reason\":\"end_turn") && !body.contains("message_stop"), "{body}");
    let case = Case::new(Anthropic, Stream, "no-stop", Replay::stream([body.clone().into()], Ending::Complete));
    let bed = Bed::new([&case]).await;
    let alone = bed.alone(&case).await;
    alone.outcome("success").unwrap_or_else(|error| panic!("{error}"));
    let text = alone.answer.text();
    let rest = text.strip_prefix(&body).unwrap_or_else(|| panic!("{}", alone.told("expected the provider's bytes")));
    assert!(!alone.answer.cut && !rest.contains("error"), "{rest}");
    assert_eq!((&alone.rows[0]["finish_reason"], &alone.rows[0]["status"]), (&json!("end_turn"), &json!(200)));
}

/// A stream that stays open, and what is known of its end.
struct StaysOpen {
    case: Case,
    /// What the client sees of it.
    body: String,
    within: Duration,
    outcome: &'static str,
}

fn stays_open() -> Vec<StaysOpen> {
    let row = |dialect, form, what, pieces: Vec<Piece>, body: String, within, outcome| StaysOpen {
        case: Case::new(dialect, form, what, replay(form, pieces, Ending::Open)),
        body,
        within,
        outcome,
    };
    let mut rows = Vec::new();
    for dialect in [Chat, Responses, Anthropic] {
        let body = joined(&good(dialect, Stream));
        rows.push(row(dialect, Stream, "complete", vec![body.clone().into()], body.clone(), AT_ONCE, "success"));
        // With a keep-alive and half an event behind it, which are nobody's any more.
        let more = vec![body.clone().into(), Piece::PauseMs(50), ": more\n\ndata: {\"".into()];
        rows.push(row(dialect, Stream, "says-more", more, body, AT_ONCE, "success"));
    }
    let begun = good(Responses, Stream);
    let begun = joined(begun.iter().take_while(|event| event.part != Part::Terminal));
    for (kind, outcome, rest) in [
        ("incomplete", "success", json!({"incomplete_details": {"reason": "max_output_tokens"}, "error": null})),
        ("failed", "provider_error", json!({"error": {"code": "server_error", "message": "Broke"}})),
    ] {
        let mut response = rest;
        response["id"] = json!("resp_upstream");
        response["status"] = json!(kind);
        let event = json!({"type": format!("response.{kind}"), "sequence_number": 90, "response": response});
        let body = format!("{begun}event: response.{kind}\ndata: {event}\n\n");
        rows.push(row(Responses, Stream, kind, vec![body.clone().into()], body, AT_ONCE, outcome));
    }
    let body = joined(&good(Gemini, Stream));
    rows.push(row(Gemini, Stream, "finished", vec![body.clone().into()], body.clone(), SOON, "success"));
    let late = "data: {\"usageMetadata\":{\"promptTokenCount\":18,\"candidatesTokenCount\":5}}\r\n\r\n";
    let pieces = vec![body.clone().into(), Piece::PauseMs(1000), late.into()];
    rows.push(row(Gemini, Stream, "late-usage", pieces, format!("{body}{late}"), SOON, "success"));
    let body = joined(&good(Gemini, Array));
    rows.push(row(Gemini, Array, "closed", vec![body.clone().into()], body.clone(), SOON, "success"));
    let unclosed = body.strip_suffix(']').expect("an array").to_owned();
    rows.push(row(Gemini, Array, "unclosed", vec![unclosed.into()], body, SOON, "success"));
    rows
}

#[tokio::test]
async fn a_stream_that_stays_open_after_its_end_is_ended() {
    let rows = stays_open();
    let bed = Bed::new(rows.iter().map(|row| &row.case)).await;
    all_hold(rows.iter().map(|row| &row.case), async |case| {
        let row = rows.iter().find(|row| row.case.name == case.name).expect("its row");
        let model = format!("alone-{}", case.name);
        let answer = dialect::call(&bed.home, case.dialect, &model, case.form).send();
        let Ok(answer) = tokio::time::timeout(row.within, answer).await else {
            return Err(format!("the client waits longer than {:?}", row.within));
        };
        let seen = Seen { rows: bed.home.trace(&answer.trace()).await, answer };
        let same = match case.form {
            // Closed for a provider that did not.
            Array => serde_json::from_slice::<Value>(&seen.answer.body).ok() == serde_json::from_str(&row.body).ok(),
            _ => seen.answer.body == row.body.as_bytes(),
        };
        ensure(same && !seen.answer.cut, || seen.told("expected the provider's bytes up to its end"))?;
        seen.outcome(row.outcome)
    })
    .await;
    let left = |case: &Case| {
        let name = case.name.clone();
        move |exchange: &llmio_upstream::journal::Exchange| {
            exchange.end == End::Aborted && (exchange.path.contains(&name) || exchange.json()["model"] == name)
        }
    };
    for StaysOpen { case, .. } in &rows {
        let told = bed.failing.wait_for(Duration::from_secs(5), left(case)).await;
        assert!(told.is_some(), "{}: the provider's connection is not closed", case.name);
    }
}

/// An error event is an end, too, and whose it was stays true when the client hangs up on it.
#[tokio::test]
async fn an_error_event_is_an_end() {
    let mut cases = Vec::new();
    for (dialect, error) in [
        (Chat, r#"data: {"error":{"message":"Broke","type":"server_error","param":null,"code":null}}"#),
        (
            Responses,
            "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"Broke\",\"param\":null,\"sequence_number\":9}",
        ),
        (
            Anthropic,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Broke\"}}",
        ),
    ] {
        let events = good(dialect, Stream);
        let first = events.iter().position(|event| event.part == Part::Output).expect("output");
        let pieces = [joined(&events[..=first]).into(), Piece::PauseMs(50), format!("{error}\n\n").into()];
        cases.push(Case::new(dialect, Stream, "error", Replay::stream(pieces, Ending::Open)));
    }
    let bed = Bed::new(&cases).await;
    all_hold(&cases, async |case| {
        // Not at once: Responses may say `response.failed` behind its error.
        let Ok(seen) = tokio::time::timeout(SOON, bed.alone(case)).await else {
            return Err(format!("the client waits longer than {SOON:?}"));
        };
        seen.outcome("provider_error")?;
        let end = dialect::stream_end(case.dialect, case.form, &seen.answer);
        ensure(end == StreamEnd::Error("Broke".to_owned()), || seen.told(&format!("{end:?}")))?;

        let model = format!("pair-{}", case.name);
        let mut open = dialect::call(&bed.home, case.dialect, &model, case.form).open().await;
        let trace = open.headers.get("x-llmio-trace-id").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        open.until("Broke").await;
        drop(open);
        let rows = bed.home.trace(&trace).await;
        ensure(rows.len() == 1 && rows[0]["outcome"] == "provider_error", || format!("hung up: {rows:?}"))
    })
    .await;
}

#[tokio::test]
async fn an_event_over_sixteen_mebibytes_passes() {
    let big = "x".repeat(17 << 20);
    let mut rows = Vec::new();
    for dialect in Dialect::ALL {
        for form in streams(dialect) {
            let body = joined(&good(dialect, *form));
            let mut places = vec![body.find("Hello")];
            // The one that says that all is well.
            match dialect {
                Responses => places.push(body.rfind("Hello")),
                Gemini => places.push(body.rfind("\"text\":\"\"").map(|at| at + 8)),
                Chat | Anthropic => {}
            }
            for (index, at) in places.into_iter().enumerate() {
                let mut body = body.clone();
                body.insert_str(at.expect("a text"), &big);
                let answer = replay(*form, [body.clone().into()], Ending::Complete);
                rows.push((Case::new(dialect, *form, &format!("big-{index}"), answer), body));
            }
        }
    }
    let bed = Bed::new(rows.iter().map(|(case, _)| case)).await;
    let mut wrong = Vec::new();
    // One at a time: each is in several memories at once.
    for (case, body) in rows {
        wrong.extend(bed.alone(&case).await.passed(&body).err().map(|error| format!("{}: {error}", case.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Of which the client gets what was whole, then the dialect's error.
#[tokio::test]
async fn a_stream_cut_inside_an_event_ends_with_whole_events() {
    const CUT_OFF: &str = "CUT-OFF";
    let mut cases = Vec::new();
    for dialect in Dialect::ALL {
        for form in streams(dialect) {
            let events = good(dialect, *form);
            let output = events.iter().position(|event| event.part == Part::Output).expect("output");
            let whole = joined(&events[..=output]);
            let next = text_of(&events[output + 1]);
            let half = format!("{}{CUT_OFF}", &next[..next.len() * 2 / 3]);
            for (end, end_name) in [(Ending::Cut, "cut"), (Ending::Complete, "ended")] {
                for (chunks, chunk_bytes) in [("one", None), ("small", Some(7))] {
                    let sent = replay(*form, [format!("{whole}{half}").into()], end);
                    let what = format!("{end_name}-{chunks}");
                    cases.push((Case::new(dialect, *form, &what, Replay { chunk_bytes, ..sent }), whole.clone()));
                }
                let apart = [whole.clone().into(), Piece::PauseMs(100), half.clone().into()];
                let apart = replay(*form, apart, end);
                cases.push((Case::new(dialect, *form, &format!("{end_name}-apart"), apart), whole.clone()));
            }
        }
    }
    let bed = Bed::new(cases.iter().map(|(case, _)| case)).await;
    all_hold(cases.iter().map(|(case, _)| case), async |case| {
        let whole = &cases.iter().find(|(it, _)| it.name == case.name).expect("its row").1;
        let alone = bed.alone(case).await;
        let text = alone.answer.text();
        ensure(alone.answer.status == 200 && !alone.answer.cut, || alone.told("expected a proper end"))?;
        ensure(text.starts_with(whole.as_str()), || alone.told("expected the whole events"))?;
        ensure(!text.contains(CUT_OFF), || alone.told("expected nothing of the unfinished event"))?;
        let end = dialect::stream_end(case.dialect, case.form, &alone.answer);
        let is_error = matches!(&end, StreamEnd::Error(message) if !message.is_empty());
        ensure(is_error, || alone.told(&format!("expected an error event, not {end:?}")))?;
        ensure(alone.rows.len() == 1 && alone.rows[0]["outcome"] != "success", || alone.told("expected a failure"))
    })
    .await;
}

/// Codex reads `response.failed`, and which response that is about.
#[tokio::test]
async fn a_broken_responses_stream_ends_with_its_own_failure() {
    let events = good(Responses, Stream);
    let output = events.iter().position(|event| event.part == Part::Output).expect("output");
    let begun = joined(&events[..=output]);
    let headless = joined(&events[output..=output]);
    let cases = [
        Case::new(Responses, Stream, "cut", Replay::stream([begun.clone().into()], Ending::Cut)),
        Case::new(Responses, Stream, "ended", Replay::stream([begun.clone().into()], Ending::Complete)),
        Case::new(Responses, Stream, "silent", Replay::stream([begun.into()], Ending::Open)),
        Case::new(Responses, Stream, "headless", Replay::stream([headless.into()], Ending::Cut)),
    ];
    let bed = Bed::with(Config::new(), &cases, &json!({"idle_timeout": 1}), &json!({})).await;
    all_hold(&cases, async |case| {
        let alone = bed.alone(case).await;
        let (events, rest) = sse::events(&alone.answer.text());
        ensure(rest.is_empty() && events.len() >= 2, || alone.told("expected events"))?;
        let numbers: Vec<Option<u64>> = events.iter().map(|event| event.json()["sequence_number"].as_u64()).collect();
        let first = numbers[0].unwrap_or_default();
        let expected: Vec<Option<u64>> = (first..first + events.len() as u64).map(Some).collect();
        ensure(numbers == expected, || alone.told(&format!("expected the next number, not {numbers:?}")))?;
        let last = &events[events.len() - 1];
        let payload = last.json();
        ensure(last.name.as_deref() == payload["type"].as_str(), || alone.told("expected an event named as its type"))?;
        if case.name.ends_with("headless") {
            return ensure(payload["type"] == "error", || alone.told("expected an error event"));
        }
        let response = &payload["response"];
        ensure(payload["type"] == "response.failed", || alone.told("expected response.failed"))?;
        ensure(response["id"] == "resp_upstream" && response["status"] == "failed", || alone.told("expected its id"))?;
        let error: &Value = &response["error"];
        ensure(error["code"].is_string() && error["message"].is_string(), || alone.told("expected an error"))
    })
    .await;
}

//! What is an answer? A 200 that is none is a failure of its provider; one that only looks odd passes unchanged.

use llmio_conformance::config::Config;
use llmio_conformance::dialect::Form;
use llmio_upstream::answer::Part;
use llmio_upstream::replay::{Ending, Replay};
use llmio_upstream::{Behaviour, Dialect};
use serde_json::json;

use crate::scripted::{Bed, Case, all_hold, content_type, ensure, events, forms, streams, text_of};

use Dialect::{Anthropic, Chat, Gemini, Responses};
use Form::{Array, Stream, Whole};

const TROUBLE: &str = r#"{"code":500,"message":"Internal trouble"}"#;

/// Dialect, form, a body that came with a 200.
#[rustfmt::skip]
const NO_ANSWERS: [(Dialect, Form, &str); 33] = [
    (Chat,      Whole,  "{}"),
    (Chat,      Whole,  r#"{"choices":null}"#),
    (Chat,      Whole,  r#"{"choices":[]}"#),
    (Chat,      Whole,  r#"{"id":"c","object":"chat.completion","choices":[],"usage":{"prompt_tokens":3}}"#),
    (Chat,      Whole,  TROUBLE),
    (Chat,      Stream, "data: [DONE]\n\n"),
    (Chat,      Stream, "data: {}\n\ndata: [DONE]\n\n"),
    (Chat,      Stream, "data: {\"choices\":[]}\n\ndata: [DONE]\n\n"),
    (Chat,      Stream, TROUBLE),
    (Responses, Whole,  "{}"),
    (Responses, Whole,  r#"{"id":"resp_1","object":"response"}"#),
    (Responses, Whole,  r#"{"output":null,"status":null}"#),
    (Responses, Whole,  TROUBLE),
    (Responses, Stream, "data: [DONE]\n\n"),
    (Responses, Stream, "data: {}\n\n"),
    (Responses, Stream, TROUBLE),
    (Anthropic, Whole,  "{}"),
    (Anthropic, Whole,  r#"{"type":"message","role":"assistant"}"#),
    (Anthropic, Whole,  r#"{"type":"message","role":"assistant","content":null}"#),
    (Anthropic, Whole,  r#"{"type":"message","role":"assistant","content":[],"stop_reason":null}"#),
    (Anthropic, Whole,  TROUBLE),
    (Anthropic, Stream, "data: [DONE]\n\n"),
    (Anthropic, Stream, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
    (Anthropic, Stream, TROUBLE),
    (Gemini,    Whole,  "{}"),
    (Gemini,    Whole,  r#"{"candidates":null}"#),
    (Gemini,    Whole,  r#"{"candidates":[]}"#),
    (Gemini,    Whole,  TROUBLE),
    (Gemini,    Stream, "data: {\"candidates\":[]}\r\n\r\n"),
    (Gemini,    Stream, TROUBLE),
    (Gemini,    Array,  "[]"),
    (Gemini,    Array,  r#"[{"candidates":[]}]"#),
    (Gemini,    Array,  TROUBLE),
];

#[tokio::test]
async fn what_is_none_fails_over() {
    let case = |(index, (dialect, form, body)): (usize, &(Dialect, Form, &str))| {
        let kind = if body.starts_with("data:") || body.starts_with("event:") { Stream } else { Whole };
        Case::new(*dialect, *form, &format!("{index}"), Replay::whole(200, content_type(kind), *body))
    };
    let cases: Vec<Case> = NO_ANSWERS.iter().enumerate().map(case).collect();
    let bed = Bed::new(&cases).await;
    all_hold(&cases, async |case| {
        let pair = bed.pair(case).await;
        pair.failed_over(case)?;
        ensure(pair.rows[0]["outcome"] == "provider_error", || pair.told("expected the provider's error"))?;
        let alone = bed.alone(case).await;
        let message = alone.made(case, 502)?;
        alone.outcome("provider_error")?;
        let says = !message.is_empty() && !alone.error().is_empty();
        ensure(says, || alone.told("expected words about what came"))
    })
    .await;
    let says_so = |case: &&Case| NO_ANSWERS[index_of(case)].2 == TROUBLE;
    all_hold(cases.iter().filter(says_so), async |case| {
        let alone = bed.alone(case).await;
        let quoted = alone.made(case, 502)?.contains("Internal trouble") && alone.error().contains("Internal trouble");
        ensure(quoted, || alone.told("expected the provider's message"))
    })
    .await;
}

fn index_of(case: &Case) -> usize {
    case.name.rsplit('-').next().and_then(|index| index.parse().ok()).expect("its index")
}

/// Whatever an error in a 200 says, it is the provider's: a client's mistake comes with a status of its own.
#[tokio::test]
async fn an_error_object_is_none() {
    let body = |dialect| match dialect {
        Chat | Responses => json!({
            "error": {"message": "Cannot do that", "type": "invalid_request_error", "param": null, "code": null}
        }),
        Anthropic => json!({"type": "error", "error": {"type": "invalid_request_error", "message": "Cannot do that"}}),
        Gemini => json!({"error": {"code": 400, "message": "Cannot do that", "status": "INVALID_ARGUMENT"}}),
    };
    let mut cases = Vec::new();
    for dialect in Dialect::ALL {
        for form in forms(dialect) {
            let body = body(dialect).to_string();
            cases.push(Case::new(dialect, form, "bare", Replay::whole(200, "application/json", body.clone())));
            if form.streams() {
                let called = Replay::whole(200, content_type(form), format!("{body}\n"));
                cases.push(Case::new(dialect, form, "called-a-stream", called));
            }
        }
    }
    let listed = format!("[{}]", body(Gemini));
    cases.push(Case::new(Gemini, Array, "listed", Replay::whole(200, "application/json", listed)));
    let bed = Bed::new(&cases).await;
    all_hold(&cases, async |case| {
        let pair = bed.pair(case).await;
        pair.failed_over(case)?;
        ensure(pair.rows[0]["outcome"] == "provider_error", || pair.told("expected the provider's error"))?;
        let alone = bed.alone(case).await;
        let message = alone.made(case, 502)?;
        alone.outcome("provider_error")?;
        ensure(message.contains("Cannot do that"), || alone.told("expected the provider's message"))
    })
    .await;
}

/// Dialect, form, a body that is an answer although it says little.
#[rustfmt::skip]
const ODD_ANSWERS: [(Dialect, Form, &str); 14] = [
    (Chat, Whole, r#"{"choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}"#),
    (Chat, Whole, r#"{"choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":"No."}}]}"#),
    (Chat, Stream, concat!(
        "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":",
        "[{\"prompt_index\":0,\"content_filter_results\":{\"hate\":{\"filtered\":false,\"severity\":\"safe\"}}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
    )),
    (Responses, Whole, r#"{"id":"resp_1","object":"response","status":"completed","error":null,"output":[]}"#),
    (Responses, Whole, concat!(
        r#"{"id":"resp_1","object":"response","status":"incomplete","error":null,"#,
        r#""incomplete_details":{"reason":"max_output_tokens"},"output":[]}"#
    )),
    (Responses, Stream, concat!(
        "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,",
        "\"response\":{\"id\":\"r\",\"status\":\"in_progress\",\"output\":[]}}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":1,",
        "\"response\":{\"id\":\"r\",\"status\":\"completed\",\"error\":null,\"output\":[]}}\n\n"
    )),
    (Responses, Stream, concat!(
        "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,",
        "\"response\":{\"id\":\"r\",\"status\":\"in_progress\",\"output\":[]}}\n\n",
        "event: response.incomplete\ndata: {\"type\":\"response.incomplete\",\"sequence_number\":1,",
        "\"response\":{\"id\":\"r\",\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"content_filter\"},\"output\":[]}}\n\n"
    )),
    (Anthropic, Whole, r#"{"id":"m","type":"message","role":"assistant","content":[],"stop_reason":"end_turn"}"#),
    (Anthropic, Whole, r#"{"id":"m","type":"message","role":"assistant","content":[],"stop_reason":"refusal"}"#),
    (Anthropic, Stream, concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",",
        "\"role\":\"assistant\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},",
        "\"usage\":{\"output_tokens\":1}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
    )),
    (Gemini, Whole, r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}}"#),
    (Gemini, Whole, r#"{"candidates":[{"finishReason":"MAX_TOKENS","index":0}]}"#),
    (Gemini, Stream, "data: {\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"}}\r\n\r\n"),
    (Gemini, Array, r#"[{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}]"#),
];

#[tokio::test]
async fn what_says_little_is_one_all_the_same() {
    let case = |(index, (dialect, form, body)): (usize, &(Dialect, Form, &str))| {
        Case::new(*dialect, *form, &format!("{index}"), Replay::whole(200, content_type(*form), *body))
    };
    let cases: Vec<Case> = ODD_ANSWERS.iter().enumerate().map(case).collect();
    let bed = Bed::new(&cases).await;
    all_hold(&cases, async |case| {
        let body = ODD_ANSWERS[index_of(case)].2;
        bed.alone(case).await.passed(body)?;
        bed.pair(case).await.passed(body)
    })
    .await;
}

/// Samples end at a line's end, `;` or `；`; `\;` is a semicolon.
#[tokio::test]
async fn a_stream_that_begins_with_an_error_sample_is_none() {
    // The first words of the answer, and whether they match.
    let rows = [
        ("No such thing here.", true),
        ("Sorry,  QUOTA is   used up for today.", true),
        ("Your balance is spent.", true),
        ("It is out of;order.", true),
        ("It is out of order.", false),
        ("The order is fine.", false),
    ];
    let samples = json!({"error_matcher": "no such thing\nquota is used up;balance is spent；out of\\;order"});
    let mut cases = Vec::new();
    for dialect in Dialect::ALL {
        for form in forms(dialect) {
            for (index, (text, _)) in rows.into_iter().enumerate() {
                let said = Behaviour { text: text.to_owned(), chunks: 1, ..Behaviour::default() };
                cases.push(Case::new(dialect, form, &format!("{index}"), said));
            }
        }
    }
    let bed = Bed::with(Config::new(), &cases, &json!({}), &samples).await;
    all_hold(&cases, async |case| {
        let (pair, alone) = (bed.pair(case).await, bed.alone(case).await);
        if rows[index_of(case)].1 {
            pair.failed_over(case)?;
            ensure(pair.rows[0]["outcome"] == "provider_error", || pair.told("expected the provider's error"))?;
            alone.made(case, 502)?;
            alone.outcome("provider_error")
        } else {
            pair.outcome("success")?;
            alone.outcome("success")
        }
    })
    .await;
}

/// What passes is the provider's; that part of it is no JSON is in the record.
#[tokio::test]
async fn malformed_json_in_the_middle_is_noted() {
    let mut cases = Vec::new();
    let mut bodies = Vec::new();
    for dialect in Dialect::ALL {
        for form in streams(dialect).iter().filter(|form| **form != Array) {
            let mut events: Vec<_> =
                events(dialect, *form, &Behaviour::default()).iter().map(|it| (text_of(it), it.part)).collect();
            let second = events.iter().position(|(_, part)| *part == Part::Output).map(|at| at + 1).expect("output");
            let event = &mut events[second].0;
            let at = event.find("\"text\"").or_else(|| event.find("\"delta\"")).expect("a member");
            let end = event.trim_end().len();
            event.replace_range(at + 3..end, "");
            let body: String = events.into_iter().map(|(text, _)| text).collect();
            cases.push(Case::new(dialect, *form, "malformed", Replay::stream([body.clone().into()], Ending::Complete)));
            bodies.push(body);
        }
    }
    let bed = Bed::new(&cases).await;
    all_hold(&cases, async |case| {
        let body = &bodies[cases.iter().position(|it| it.name == case.name).expect("its body")];
        let alone = bed.alone(case).await;
        alone.passed(body)?;
        ensure(alone.error().contains("malformed"), || alone.told("expected a note of the malformed event"))
    })
    .await;
}

//! Several answers to one request, which Chat and Gemini have: each with its own words, calls, tokens and end.

use std::fs;

use llmio_core::dialect::{Dialect, gather, spread};
use serde_json::{Value, json};

use crate::bench;
use crate::golden::cases;
use crate::recorded::{Said, choice};

const BOTH: [(Dialect, Dialect); 2] = [(Dialect::OpenAiChat, Dialect::Gemini), (Dialect::Gemini, Dialect::OpenAiChat)];

/// Of each choice: what it says, how it ended, and how many of its tokens are told.
fn told(dialect: Dialect, answer: &Value) -> Vec<(Said, String, usize)> {
    let (all, end, tokens) = match dialect {
        Dialect::Gemini => ("candidates", "finishReason", "/logprobsResult/chosenCandidates"),
        _ => ("choices", "finish_reason", "/logprobs/content"),
    };
    let one = |number| {
        let choice = choice(&answer[all], number);
        let tokens = choice.pointer(tokens).and_then(Value::as_array).map_or(0, Vec::len);
        // A dialect may say of calls that they are the end.
        let end = choice[end].as_str().unwrap_or_default().to_ascii_lowercase().replace("tool_calls", "stop");
        (Said::of_choice(dialect, answer, number), end.replace("max_tokens", "length"), tokens)
    };
    (0..answer[all].as_array().unwrap().len() as u64).map(one).collect()
}

fn fixture(dialect: Dialect, end: &str) -> Vec<u8> {
    let [path] = &cases(dialect, &format!("/choices.{end}"))[..] else { panic!("one of {dialect}") };
    fs::read(path).unwrap()
}

#[test]
fn each_choice_crosses_whole_and_streamed() {
    for (from, to) in BOTH {
        let (body, stream) = (fixture(from, "answer.json"), fixture(from, "stream.sse"));
        let expected = told(from, &serde_json::from_slice(&body).unwrap());
        assert_eq!(expected.iter().map(|choice| choice.2).collect::<Vec<_>>(), [1, 2, 1]);
        let (whole, ledger) = bench::answer(from, to, &body);
        assert_eq!(
            (told(to, &whole), ledger.to_string()),
            (expected.clone(), String::new()),
            "{from} to {to}: {whole}"
        );
        let (events, _) = bench::stream(from, to, &stream, std::iter::once(&stream[..]));
        let gathered: Value = serde_json::from_slice(&gather(to, events.as_bytes()).unwrap()).unwrap();
        assert_eq!(told(to, &gathered), expected, "{from} to {to}, streamed: {events}");
    }
}

#[test]
fn each_choice_is_gathered_and_spread() {
    for (dialect, _) in BOTH {
        let body = fixture(dialect, "answer.json");
        let expected = told(dialect, &serde_json::from_slice(&body).unwrap());
        for stream in [fixture(dialect, "stream.sse"), spread(dialect, &body).unwrap()] {
            let gathered: Value = serde_json::from_slice(&gather(dialect, &stream).unwrap()).unwrap();
            assert_eq!(told(dialect, &gathered), expected, "{dialect}: {gathered}");
        }
    }
}

#[test]
fn a_choice_that_failed_is_no_answer() {
    let candidate =
        |index, reason: &str| json!({"index": index, "content": {"parts": [{"text": "x"}]}, "finishReason": reason});
    for reasons in [["STOP", "OTHER"], ["OTHER", "STOP"]] {
        let candidates = [candidate(0, reasons[0]), candidate(1, reasons[1])];
        let stream = format!("data: {}\n\n", json!({"responseId": "r", "candidates": candidates}));
        let usage = bench::streamed(Dialect::Gemini, stream.as_bytes());
        let (events, _) =
            bench::transcoded(Dialect::Gemini, Dialect::OpenAiChat, usage, std::iter::once(stream.as_bytes()));
        assert_eq!(
            (events.matches("the model has failed").count(), events.matches("[DONE]").count()),
            (1, 0),
            "{events}"
        );
        // A client that knows one choice has no use for the end of another.
        let (events, ledger) =
            bench::transcoded(Dialect::Gemini, Dialect::Anthropic, usage, std::iter::once(stream.as_bytes()));
        assert_eq!(events.matches("the model has failed").count(), usize::from(reasons[0] == "OTHER"), "{events}");
        assert_eq!(ledger.to_string(), "dropped=choices");
    }
}

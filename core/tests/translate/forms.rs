//! Streamed or whole, within a dialect: nothing of what either form says may be lost.

use std::fs;

use llmio_core::dialect::{Dialect, gather, spread};
use serde_json::Value;

use crate::bench;
use crate::golden::cases;
use crate::recorded::{Said, complete_streams};
use crate::recordings::{OTHER_OPERATIONS, name, recordings};

fn payloads(stream: &str) -> Vec<Value> {
    stream.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

/// A whole answer becomes a stream that says the same, and that stream the answer.
fn there_and_back(dialect: Dialect, case: &str, body: &[u8]) {
    let answer: Value = serde_json::from_slice(body).unwrap();
    let stream = String::from_utf8(spread(dialect, body).unwrap()).unwrap();
    // It is complete, and counts the same.
    assert_eq!(bench::streamed(dialect, stream.as_bytes()), bench::answered(dialect, body).0, "{case}: {stream}");
    let said = Said::of_answer(dialect, &answer);
    assert_eq!(Said::of_stream(dialect, &payloads(&stream)), said, "{case}: {stream}");
    let back: Value = serde_json::from_slice(&gather(dialect, stream.as_bytes()).unwrap()).unwrap();
    assert_eq!(Said::of_answer(dialect, &back), said, "{case}: {back}");
    assert_eq!(bench::answered(dialect, back.to_string().as_bytes()), bench::answered(dialect, body), "{case}: {back}");
}

#[test]
fn whole_answers_as_streams() {
    let mut count = 0;
    for dialect in Dialect::ALL {
        for case in cases(dialect, ".answer.json") {
            there_and_back(dialect, &case.display().to_string(), &fs::read(&case).unwrap());
            count += 1;
        }
    }
    assert!(count > 10);
    for (dialect, path) in recordings().into_iter().flatten() {
        if !name(&path).ends_with(".json") || OTHER_OPERATIONS.contains(&name(&path)) {
            continue;
        }
        let body = fs::read(&path).unwrap();
        if !serde_json::from_slice::<Value>(&body).unwrap()["error"].is_object() {
            there_and_back(dialect, &path.display().to_string(), &body);
        }
    }
}

#[test]
fn streams_as_whole_answers() {
    let whole = |dialect, case: &str, wire: &[u8], payloads: &[Value]| {
        let said = payloads.iter().position(|it| it["type"] == "content_block_start");
        if said.is_some_and(|said| payloads[said..].iter().any(|it| it["type"] == "message_start")) {
            assert_eq!(gather(dialect, wire), Err("began another message before the first had ended"), "{case}");
            return;
        }
        // One recording lost the last brace of two events.
        let data = wire.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"data: "));
        if data.filter(|it| !it.starts_with(b"[")).any(|it| serde_json::from_slice::<Value>(it).is_err()) {
            assert_eq!(gather(dialect, wire), Err("sent a stream that is unreadable"), "{case}");
            return;
        }
        let answer = gather(dialect, wire).unwrap_or_else(|unfit| panic!("{case} {unfit}"));
        let tree: Value = serde_json::from_slice(&answer).unwrap();
        let at_end = &payloads.last().unwrap()["response"]["output"];
        let said = if at_end.as_array().is_some_and(|output| !output.is_empty()) {
            // This is the answer, also where it came at once, or in pieces that, in one recording, are another.
            Said::of_answer(dialect, &payloads.last().unwrap()["response"])
        } else {
            Said::of_stream(dialect, payloads)
        };
        assert_eq!(Said::of_answer(dialect, &tree), said, "{case}: {tree}");
        assert_eq!(bench::answered(dialect, &answer).0, bench::streamed(dialect, wire), "the usage of {case}: {tree}");
    };
    for dialect in Dialect::ALL {
        for case in cases(dialect, ".stream.sse") {
            let wire = fs::read_to_string(&case).unwrap();
            whole(dialect, &case.display().to_string(), wire.as_bytes(), &payloads(&wire));
        }
    }
    for (dialect, path, payloads, wire) in complete_streams() {
        whole(dialect, &path.display().to_string(), &wire, &payloads);
    }
}

#[test]
fn streams_that_make_no_answer() {
    let message = |id: &str| format!(r#"data: {{"type":"message_start","message":{{"id":"{id}","content":[]}}}}"#);
    let block = r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"half"}}"#;
    let far = r#"data: {"type":"content_block_start","index":5000,"content_block":{"type":"text","text":""}}"#;
    let calls = |count: usize| {
        let call = |at| format!(r#"{{"index":{at},"id":"c{at}","function":{{"name":"f","arguments":"{{}}"}}}}"#);
        let calls = (0..count).map(call).collect::<Vec<_>>().join(",");
        format!(r#"data: {{"choices":[{{"delta":{{"tool_calls":[{calls}]}}}}]}}"#)
    };
    let rows = [
        // What was said before would be lost without a word.
        (Dialect::Anthropic, vec![message("a"), block.into(), message("b")], Some("began another message")),
        (Dialect::Anthropic, vec![message("a"), message("b"), block.into()], None),
        (Dialect::Anthropic, vec![message("a"), far.into()], Some("too many parts")),
        (Dialect::OpenAiChat, vec![calls(1024)], None),
        (Dialect::OpenAiChat, vec![calls(1025)], Some("too many parts")),
        (Dialect::OpenAiChat, vec![r#"data: {"choices":[{"index":9999,"delta":{}}]}"#.into()], Some("too many parts")),
        (Dialect::Gemini, vec![r#"data: {"candidates":[{"index":9999}]}"#.into()], Some("too many parts")),
        (Dialect::Gemini, vec!["data: {\"candid".into()], Some("unreadable")),
        (Dialect::OpenAiResponses, vec![": nothing".into(), "data: [DONE]".into()], Some("without an answer")),
    ];
    for (dialect, events, unfit) in rows {
        let stream = events.join("\n\n") + "\n\n";
        match (gather(dialect, stream.as_bytes()), unfit) {
            (Ok(_), None) => {}
            (Err(told), Some(unfit)) => assert!(told.contains(unfit), "{told}: {stream}"),
            (other, _) => panic!("{other:?}: {stream}"),
        }
    }
}

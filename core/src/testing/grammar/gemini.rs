use std::collections::BTreeMap;

use serde_json::Value;

/// Chunks of one response, each with one candidate and whole parts; each candidate's last has a reason, the very last the
/// usage. Or an error at last:
/// as an event, and once more as bare JSON, which older clients see. A JSON array holds the same.
pub(super) fn check(stream: &str) {
    if stream.starts_with('[') {
        let elements: Vec<Value> = serde_json::from_str(stream).unwrap_or_else(|error| panic!("{error}: {stream}"));
        return chunks(&elements);
    }
    assert!(stream.ends_with("\n\n"), "the last event has its blank line");
    let blocks: Vec<&str> = stream.split("\n\n").filter(|text| !text.is_empty()).collect();
    let bare = blocks.last().filter(|last| last.starts_with('{'));
    let events = if bare.is_some() { blocks.split_last().unwrap().1 } else { &blocks[..] };
    let event = |text: &&str| {
        let data = text.strip_prefix("data: ").unwrap_or_else(|| panic!("one line of data: {text}"));
        serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))
    };
    let events: Vec<Value> = events.iter().map(event).collect();
    let error = events.last().filter(|last| last["error"].is_object()).map(Value::to_string);
    assert_eq!(bare.map(|bare| (*bare).to_owned()), error, "an error is told in both ways");
    chunks(&events);
}

fn chunks(chunks: &[Value]) {
    let (last, before) = chunks.split_last().expect("a stream of something");
    for chunk in before {
        assert_eq!(chunk["usageMetadata"], Value::Null, "only the last: {chunk}");
    }
    let mut ended: BTreeMap<u64, bool> = BTreeMap::new();
    let answer = if last["error"].is_object() { before } else { chunks };
    for chunk in answer {
        for name in ["responseId", "modelVersion"] {
            assert!(
                chunk[name].is_string() && chunk[name] == answer[0][name],
                "all chunks have the same {name}: {chunk}"
            );
        }
        let candidate = &chunk["candidates"][0];
        let content = &candidate["content"];
        assert_eq!(content["role"], "model", "{chunk}");
        let has_ended = ended.entry(candidate["index"].as_u64().unwrap()).or_default();
        assert!(!*has_ended, "nothing follows the reason: {chunk}");
        if let Some(reason) = candidate["finishReason"].as_str() {
            assert!(["STOP", "MAX_TOKENS", "SAFETY"].contains(&reason), "{chunk}");
            *has_ended = true;
        }
        for part in content["parts"].as_array().unwrap() {
            let call = &part["functionCall"];
            assert!(part["text"].is_string() != call.is_object(), "a text or a call: {part}");
            assert!(call.is_null() || call["name"].is_string() && call["args"].is_object(), "a whole call: {part}");
            assert!(part["thoughtSignature"].is_null() || part["thoughtSignature"].is_string(), "{part}");
        }
    }
    if last["error"].is_object() {
        let error = &last["error"];
        assert!(error["code"].is_u64() && error["message"].is_string() && error["status"].is_string(), "{last}");
        return;
    }
    assert!(ended.keys().copied().eq(0..ended.len() as u64) && ended.values().all(|it| *it), "{ended:?}");
    let usage = &last["usageMetadata"];
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    let sum = count("promptTokenCount") + count("candidatesTokenCount") + count("thoughtsTokenCount");
    assert_eq!(usage["totalTokenCount"].as_u64(), Some(sum), "{usage}");
}

use std::collections::{BTreeMap, HashSet};

use super::Event;

/// Chunks of one id, usage, if any, in a last one without choices, `[DONE]`. Of each choice the first has the role; calls are
/// numbered from 0, each named once; one reason ends it. Or an error at last. What a call's arguments hold is the model's
/// business.
pub(super) fn check(events: &[Event]) {
    let (last, chunks) = events.split_last().expect("a stream of something");
    let mut choices: BTreeMap<u64, (HashSet<u64>, Option<String>)> = BTreeMap::new();
    let mut has_usage = false;
    let first = chunks.first().map(Event::json).unwrap_or_default();
    for event in chunks {
        assert_eq!(event.name, None);
        let data = event.json();
        assert_eq!(data["object"], "chat.completion.chunk", "{data}");
        for name in ["id", "created", "model"] {
            assert!(!data[name].is_null() && data[name] == first[name], "all chunks have the same {name}: {data}");
        }
        assert!(!has_usage, "nothing follows the usage: {data}");
        let Some(choice) = data["choices"].as_array().unwrap().first() else {
            assert!(
                choices.values().all(|choice| choice.1.is_some()) && data["usage"]["prompt_tokens"].is_u64(),
                "{data}"
            );
            has_usage = true;
            continue;
        };
        let number = choice["index"].as_u64().unwrap();
        assert_eq!(!choices.contains_key(&number), choice["delta"]["role"] == "assistant", "{data}");
        let (calls, reason) = choices.entry(number).or_default();
        assert_eq!(*reason, None, "nothing follows the reason: {data}");
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().unwrap();
            let (kind, input) =
                if call["custom"].is_object() { ("custom", "input") } else { ("function", "arguments") };
            if call[kind]["name"].is_string() {
                assert_eq!(index, calls.len() as u64, "calls are numbered from 0: {data}");
                assert!(call["id"].as_str().is_some_and(|id| !id.is_empty()) && call["type"] == kind, "{data}");
                calls.insert(index);
            }
            assert!(calls.contains(&index), "a call that has not begun: {data}");
            assert!(call[kind][input].is_string(), "{data}");
        }
        *reason = choice["finish_reason"].as_str().map(str::to_owned);
    }
    if last.data != "[DONE]" {
        assert!(last.json()["error"]["message"].is_string(), "{}", last.data);
        return;
    }
    assert!(choices.keys().copied().eq(0..choices.len() as u64), "{:?}", choices.keys());
    for (calls, reason) in choices.into_values() {
        let reason = reason.expect("a reason");
        assert!(["stop", "length", "tool_calls", "content_filter"].contains(&&*reason), "{reason}");
        assert!(!calls.is_empty() || reason != "tool_calls");
    }
}

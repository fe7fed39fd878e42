use serde_json::Value;

use super::Event;

/// `message_start`, blocks one after the other, each begun once and ended once, `message_delta` with the reason, and
/// `message_stop`, or an `error` at last.
pub(super) fn check(events: &[Event]) {
    let (mut open, mut next, mut has_reason, mut is_over) = (None, 0, false, false);
    for (at, event) in events.iter().enumerate() {
        let data = event.json();
        let kind = data["type"].as_str().unwrap();
        assert_eq!(event.name.as_deref(), Some(kind), "name and type say the same");
        assert!(!is_over, "nothing follows the end: {data}");
        assert_eq!(at == 0, kind == "message_start" || at == 0 && kind == "error", "{data}");
        match kind {
            "message_start" => {
                let message = &data["message"];
                assert!(message["id"].as_str().is_some_and(|id| id.starts_with("msg_")), "{data}");
                assert_eq!((&message["type"], &message["role"]), (&"message".into(), &"assistant".into()), "{data}");
                assert!(message["model"].is_string() && message["content"].as_array().unwrap().is_empty(), "{data}");
                assert!(
                    message["usage"]["input_tokens"].is_u64() && message["usage"]["output_tokens"].is_u64(),
                    "{data}"
                );
            }
            "content_block_start" => {
                assert_eq!((open.take(), data["index"].as_u64()), (None, Some(next)), "{data}");
                open = Some(data["content_block"]["type"].as_str().unwrap().to_owned());
                let named = ["id", "name"]
                    .iter()
                    .all(|name| data["content_block"][name].as_str().is_some_and(|it| !it.is_empty()));
                assert!(open.as_deref() != Some("tool_use") || named, "{data}");
            }
            "content_block_delta" => {
                assert_eq!(data["index"].as_u64(), Some(next), "{data}");
                let fits = matches!(
                    (open.as_deref(), data["delta"]["type"].as_str()),
                    (Some("text"), Some("text_delta" | "citations_delta"))
                        | (Some("tool_use"), Some("input_json_delta"))
                        | (Some("thinking"), Some("thinking_delta" | "signature_delta"))
                );
                assert!(fits, "{open:?} {data}");
            }
            "content_block_stop" => {
                assert_eq!((open.take().is_some(), data["index"].as_u64()), (true, Some(next)), "{data}");
                next += 1;
            }
            "message_delta" => {
                let reasons = [
                    "end_turn",
                    "max_tokens",
                    "stop_sequence",
                    "tool_use",
                    "pause_turn",
                    "refusal",
                    "model_context_window_exceeded",
                ];
                assert!(reasons.iter().any(|it| data["delta"]["stop_reason"] == *it), "{data}");
                assert!(!has_reason && open.is_none() && data["usage"]["output_tokens"].is_u64(), "{data}");
                has_reason = true;
            }
            "message_stop" => {
                assert!(has_reason, "a reason comes before the end");
                is_over = true;
            }
            "error" => {
                assert!(data["error"]["type"].is_string() && data["error"]["message"].is_string(), "{data}");
                is_over = true;
            }
            "ping" => assert_ne!(data, Value::Null),
            _ => panic!("no event of the dialect: {data}"),
        }
    }
    assert!(is_over, "the stream has an end");
}

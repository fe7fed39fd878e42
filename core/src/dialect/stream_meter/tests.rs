use super::*;
use crate::wire::json::top_text;
use Dialect::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};
use Phase::{Complete, Failed, Output, Preamble};

pub(super) fn meter(dialect: Dialect, text: &str, step: usize) -> StreamMeter {
    let form = if text.starts_with('[') { StreamForm::JsonArray } else { StreamForm::Sse };
    let mut meter = StreamMeter::new(dialect, form);
    text.as_bytes().chunks(step).for_each(|chunk| meter.push(chunk));
    meter
}

pub(super) fn event(data: &str) -> String {
    let name = top_text(data.as_bytes(), "type").ok().flatten();
    name.map_or_else(|| format!("data: {data}\n\n"), |name| format!("event: {name}\ndata: {data}\n\n"))
}

#[test]
fn the_phase_after_each_event() {
    let rows: &[(Dialect, &[(&str, Phase)])] = &[
        (
            OpenAiChat,
            &[
                (r#"{"choices":[],"prompt_filter_results":[]}"#, Preamble),
                (r#"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#, Preamble),
                (
                    r#"{"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[]}}],"usage":null}"#,
                    Preamble,
                ),
                (r#"{"choices":[{"delta":{"content":"a"}}]}"#, Output),
                ("broken {", Output),
                (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, Output),
                ("[DONE]", Complete),
            ],
        ),
        (OpenAiChat, &[(r#"{"choices":[{"delta":{"reasoning_content":"a"}}]}"#, Output)]),
        (OpenAiChat, &[(r#"{"choices":[{"delta":{"refusal":"no"}}]}"#, Output)]),
        (OpenAiChat, &[(r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c"}]}}]}"#, Output)]),
        (OpenAiChat, &[(r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#, Output)]),
        (OpenAiChat, &[(r#"{"error":{"message":"no"}}"#, Failed)]),
        (
            OpenAiChat,
            &[(r#"{"choices":[{"delta":{"content":"a"}}]}"#, Output), (r#"{"error":{"message":"no"}}"#, Failed)],
        ),
        (OpenAiChat, &[(r#"{"object":"error","message":"no","code":400}"#, Failed)]),
        (OpenAiChat, &[(r#"{"error":null,"choices":[]}"#, Preamble)]),
        (OpenAiChat, &[("broken {", Failed)]),
        (OpenAiChat, &[("[]", Failed)]),
        (OpenAiChat, &[("[DONE]", Failed)]),
        (OpenAiChat, &[(r#"{"choices":[],"usage":{"prompt_tokens":3}}"#, Preamble), ("[DONE]", Failed)]),
        (OpenAiChat, &[(r#"{"choices":[{"delta":{"content":"a"}}],"error":{}}"#, Output)]),
        (Anthropic, &[(r#"{"type":"message_start","message":{}}"#, Preamble), (r#"{"type":"message_stop"}"#, Failed)]),
        (
            Anthropic,
            &[
                (
                    r#"{"type":"message_start","message":{"content":[{"type":"tool_use","id":"t"}],"stop_reason":"tool_use"}}"#,
                    Output,
                ),
                (r#"{"type":"message_stop"}"#, Complete),
            ],
        ),
        (
            OpenAiResponses,
            &[(r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#, Complete)],
        ),
        (
            OpenAiResponses,
            &[
                (r#"{"type":"response.created","response":{"status":"in_progress","usage":null}}"#, Preamble),
                (r#"{"type":"response.in_progress","response":{}}"#, Preamble),
                (r#"{"type":"keepalive"}"#, Preamble),
                (r#"{"type":"response.output_item.added","item":{"type":"message","content":[]}}"#, Preamble),
                (r#"{"type":"response.content_part.added","part":{"type":"output_text","text":""}}"#, Preamble),
                (r#"{"type":"response.output_text.delta","delta":""}"#, Preamble),
                (r#"{"type":"response.output_text.delta","delta":"a"}"#, Output),
                (r#"{"type":"response.completed","response":{"status":"completed"}}"#, Complete),
                (r#"{"type":"error","message":"too late"}"#, Complete),
            ],
        ),
        (OpenAiResponses, &[(r#"{"type":"response.output_item.added","item":{"id":"r","type":"reasoning"}}"#, Output)]),
        (OpenAiResponses, &[(r#"{"type":"response.output_item.done","item":{"type":"message"}}"#, Output)]),
        (
            OpenAiResponses,
            &[(
                r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}"#,
                Complete,
            )],
        ),
        (
            OpenAiResponses,
            &[(r#"{"type":"response.failed","response":{"error":{"code":"x","message":"no"}}}"#, Failed)],
        ),
        (
            OpenAiResponses,
            &[(r#"{"type":"error","code":"x","message":"no","param":null,"sequence_number":2}"#, Failed)],
        ),
        (
            Anthropic,
            &[
                (r#"{"type":"message_start","message":{"usage":{"input_tokens":1}}}"#, Preamble),
                (r#"{"type":"ping"}"#, Preamble),
                (r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#, Preamble),
                (r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}"#, Preamble),
                (r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#, Output),
                (r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"#, Output),
                (r#"{"type":"message_stop"}"#, Complete),
            ],
        ),
        (Anthropic, &[(r#"{"type":"content_block_start","content_block":{"type":"thinking","thinking":""}}"#, Output)]),
        (Anthropic, &[(r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"f"}}"#, Output)]),
        (Anthropic, &[(r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#, Failed)]),
        (
            Gemini,
            &[
                (r#"{"usageMetadata":{"promptTokenCount":3}}"#, Preamble),
                (r#"{"candidates":[{"content":{"parts":[{"text":""}]}}]}"#, Preamble),
                (r#"{"candidates":[{"content":{"parts":[{"text":"a","thought":true}]}}]}"#, Output),
                (r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}]}"#, Complete),
            ],
        ),
        (Gemini, &[(r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]}"#, Output)]),
        (Gemini, &[(r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, Complete)]),
        (Gemini, &[(r#"{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}"#, Failed)]),
    ];
    for (dialect, events) in rows {
        for step in [1, 7, 10_000] {
            let mut text = String::new();
            for (data, phase) in *events {
                text.push_str(&event(data));
                let meter = meter(*dialect, &text, step);
                assert_eq!(meter.phase(), *phase, "{dialect} by {step} after {data}");
                if *phase == Failed {
                    assert!(!meter.failure().unwrap().message.is_empty());
                }
            }
        }
    }
}

#[test]
fn what_is_no_stream_fails_before_output() {
    let rows = [
        ("<html><head><title>502 Bad Gateway</title></head></html>\n", Failed, "not a stream of events but a web page"),
        ("{\"error\":{\"message\":\"no\"}}", Failed, "no"),
        ("{\n  \"error\": {\n    \"message\": \"no\"\n  }\n}\n", Failed, "no"),
        ("{\"choices\":[]}", Preamble, ""),
        ("Service unavailable.\n", Failed, "not a stream of events but plain text"),
        ("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n<html>\n", Output, ""),
        ("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n{\"error\":{\"message\":\"no\"}}\n", Failed, "no"),
        ("", Preamble, ""),
    ];
    for (text, phase, message) in rows {
        for step in [1, 10_000] {
            let meter = meter(OpenAiChat, text, step);
            assert_eq!(meter.phase(), phase, "{text}");
            if step > 1 {
                assert!(meter.failure().is_none_or(|failure| failure.message.contains(message)), "{text}");
            }
        }
    }
    let mut answer = meter(OpenAiChat, "{\"choices\":[]}", 3);
    answer.finish();
    assert_eq!(answer.phase(), Failed, "a whole answer is no stream");
    for (text, phase) in [("[{\"candidates\":[", Preamble), ("[]", Preamble), ("[<", Failed)] {
        assert_eq!(meter(Gemini, text, 1).phase(), phase, "{text}");
    }
    let mut array = StreamMeter::new(Gemini, StreamForm::JsonArray);
    array.push(b"{\"error\":{\"code\":429,\"message\":\"slow\"}}");
    assert_eq!(array.failure().unwrap().message, "slow");
}

#[test]
fn a_gemini_array_is_metered_like_events() {
    let text = "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n,\r\n{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":2}}]";
    for step in [1, 10, 10_000] {
        let meter = meter(Gemini, text, step);
        assert_eq!(meter.phase(), Complete);
        assert_eq!((meter.usage().input, meter.usage().output), (Some(5), Some(2)));
        assert_eq!(meter.finish_reason(), Some("STOP"));
    }
}

#[test]
fn a_report_replaces_the_one_before_it() {
    /// Input, cache read, output.
    type Counts = [Option<u64>; 3];
    let rows: &[(Dialect, &[&str], Counts)] = &[
        (
            Anthropic,
            &[
                r#"{"type":"message_start","message":{"usage":{"input_tokens":1000,"output_tokens":0}}}"#,
                r#"{"type":"message_delta","delta":{},"usage":{"input_tokens":0,"cache_read_input_tokens":1000,"output_tokens":7}}"#,
            ],
            [Some(0), Some(1000), Some(7)],
        ),
        (
            Anthropic,
            &[
                r#"{"type":"message_start","message":{"usage":{"input_tokens":12,"cache_read_input_tokens":3,"iterations":[]}}}"#,
                r#"{"type":"message_delta","delta":{},"usage":{"input_tokens":null,"output_tokens":7}}"#,
                r#"{"type":"message_delta","delta":{},"usage":{"input_tokens":0,"output_tokens":0}}"#,
            ],
            [Some(12), Some(3), Some(7)],
        ),
        (
            Anthropic,
            &[
                r#"{"type":"message_start","message":{"usage":{"input_tokens":5}}}"#,
                r#"{"type":"message_delta","delta":{},"usage":{"input_tokens":5,"output_tokens":2,"iterations":[{"input_tokens":90,"output_tokens":1},{"input_tokens":5,"output_tokens":2}]}}"#,
            ],
            [Some(95), None, Some(3)],
        ),
        (
            OpenAiChat,
            &[
                r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#,
                r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"completion_tokens":4,"prompt_tokens_details":[]}}"#,
                r#"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"prompt_cache_hit_tokens":0}}"#,
            ],
            [Some(9), Some(0), Some(1)],
        ),
    ];
    for (dialect, events, expected) in rows {
        let text: String = events.iter().map(|data| event(data)).collect();
        for step in [1, 7, 10_000] {
            let usage = meter(*dialect, &text, step).usage();
            assert_eq!([usage.input, usage.cache_read, usage.output], *expected, "{text}");
        }
    }
}

#[test]
fn the_end_of_a_body_decides() {
    let output = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let reason = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let rows = [
        (OpenAiChat, String::new(), Preamble),
        (OpenAiChat, output.to_owned(), Output),
        (OpenAiChat, format!("{output}{reason}"), Complete),
        (OpenAiChat, format!("{output}data: [DONE]"), Complete),
        (OpenAiChat, format!("{output}data: {{\"choi"), Output),
        (OpenAiChat, "data: {\"choi".to_owned(), Preamble),
        (OpenAiChat, "data: [DONE]".to_owned(), Failed),
        (Anthropic, event(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#), Complete),
        (Anthropic, event(r#"{"type":"message_delta","delta":{"stop_reason":null}}"#), Output),
        (Anthropic, event(r#"{"type":"message_delta","delta":{"stop_reason":""}}"#), Output),
        (OpenAiChat, output.replace("}}]", "},\"finish_reason\":\"\"}]"), Output),
    ];
    for (dialect, text, phase) in rows {
        let mut meter = meter(dialect, &text, 1000);
        meter.finish();
        assert_eq!(meter.phase(), phase, "{text}");
    }
}

/// Wherever a stream is cut: what was held back is dropped, and the error follows whole events.
#[test]
fn what_cannot_be_read_is_noted() {
    let text = |data: &str| format!("data: {}\n\ndata: {data}\n\n", r#"{"choices":[{"delta":{"content":"a"}}]}"#);
    for (dialect, data, note) in [
        (OpenAiChat, "{\"choices\":[]}", None),
        (OpenAiChat, "{\"choices\":[{\"delta\":{\"cont", Some("1 malformed event")),
        (OpenAiChat, "x\n\ndata: [1]", Some("2 malformed events")),
        (OpenAiChat, "{\"usage\":}", Some("1 malformed event")),
        (
            OpenAiChat,
            "{\"usage\":{\"prompt_tokens\":9223372036854775807}}",
            Some("a count of over 1000000000 tokens was taken for none"),
        ),
        (
            OpenAiChat,
            "{\"usage\":{\"prompt_tokens\":1e99}}\n\ndata: x",
            Some("1 malformed event; a count of over 1000000000 tokens was taken for none"),
        ),
    ] {
        assert_eq!(meter(dialect, &text(data), 7).note().as_deref(), note, "{data}");
    }
    let text =
        "event: message_delta\ndata: {\"type\":\"message_delta\"}\n\nevent: content_block_delta\ndata: {\"del\n\n";
    assert_eq!(meter(Anthropic, text, 7).unreadable(), 1);
    let text = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\nevent: response.output_text.delta\ndata: {\n\n";
    assert_eq!(meter(OpenAiResponses, text, 7).unreadable(), 1);
}

#[test]
fn an_event_of_any_length_is_read() {
    let long = "x".repeat(3 << 20);
    let rows = [
        (
            Gemini,
            format!(
                r#"{{"candidates":[{{"content":{{"parts":[{{"inlineData":{{"data":"{long}"}}}}]}},"finishReason":"STOP"}}],"usageMetadata":{{"promptTokenCount":9}}}}"#
            ),
            Complete,
            Some("STOP"),
        ),
        (
            Gemini,
            format!(
                r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{long}"}}]}}}}],"usageMetadata":{{"promptTokenCount":9}}}}"#
            ),
            Output,
            None,
        ),
        (
            Gemini,
            format!(
                r#"{{"x":"{long}","error":{{"code":500,"message":"no"}},"usageMetadata":{{"promptTokenCount":9}}}}"#
            ),
            Failed,
            None,
        ),
        (
            OpenAiResponses,
            format!(
                r#"{{"type":"response.completed","response":{{"status":"completed","output":["{long}"],"usage":{{"input_tokens":9}}}}}}"#
            ),
            Complete,
            Some("completed"),
        ),
        (
            OpenAiResponses,
            format!(
                r#"{{"type":"response.created","response":{{"instructions":"{long}","usage":{{"input_tokens":9}}}}}}"#
            ),
            Preamble,
            None,
        ),
        (OpenAiResponses, format!(r#"{{"type":"response.custom.delta","delta":"{long}"}}"#), Output, None),
        (
            Anthropic,
            format!(r#"{{"type":"content_block_delta","delta":{{"type":"text_delta","text":"{long}"}}}}"#),
            Output,
            None,
        ),
        (
            Anthropic,
            format!(r#"{{"type":"content_block_start","content_block":{{"type":"x","text":"{long}"}}}}"#),
            Output,
            None,
        ),
        (
            OpenAiChat,
            format!(
                r#"{{"choices":[{{"delta":{{"content":"{long}"}},"finish_reason":"length"}}],"usage":{{"prompt_tokens":9}}}}"#
            ),
            Output,
            Some("length"),
        ),
        (OpenAiChat, format!(r#"{{"choices":[{{"delta":{{"content":"{long}"}}"#), Failed, None),
    ];
    for (dialect, data, phase, reason) in rows {
        let text = event(&data);
        let has_usage = data.contains(":9}") && phase != Preamble;
        for step in [4099, 1 << 21, 1 << 23] {
            let meter = meter(dialect, &text, step);
            let start = &data[..60];
            assert_eq!(meter.phase(), phase, "{start} by {step}: {:?}", meter.failure());
            assert_eq!(meter.finish_reason(), reason, "{start}");
            assert_eq!(meter.usage().input, has_usage.then_some(9), "{start} by {step}");
        }
        if dialect == Gemini {
            assert_eq!(meter(Gemini, &format!("[{data}"), 4099).phase(), phase);
        }
    }
}

#[test]
fn an_array_that_breaks_is_noted_once() {
    let text = "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]} x {},{},{}";
    for step in [1, 1000] {
        assert_eq!(meter(Gemini, text, step).unreadable(), 1);
    }
}

#[test]
fn memory_is_bounded() {
    let mut meter = StreamMeter::new(OpenAiChat, StreamForm::Sse);
    meter.push(b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: ");
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..40 {
        meter.push(&chunk);
    }
    meter.push(b"\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\ndata: [DONE]\n\n");
    assert_eq!((meter.phase(), meter.usage().input, meter.unreadable()), (Complete, Some(7), 1));
}

//! Where a stream may be cut, filled, ended and broken off.

use super::tests::{event, meter};
use super::*;
use crate::dialect::ErrorKind;
use Dialect::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};

#[test]
fn a_broken_stream_ends_with_the_dialects_error() {
    let error = GatewayError::new(ErrorKind::BadGateway, "cut").code("provider_error");
    let chat = "data: {\"error\":{\"message\":\"cut\",\"type\":\"server_error\",\"param\":null,\"code\":\"provider_error\"}}\n\n";
    let anthropic = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"cut\"},\"request_id\":\"t\"}\n\n";
    let gemini = "{\"error\":{\"code\":502,\"message\":\"cut\",\"status\":\"UNAVAILABLE\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"PROVIDER_ERROR\",\"domain\":\"llmio\",\"metadata\":{\"traceId\":\"t\"}}]}}";
    let responses = |number: u64| {
        format!(
            "event: error\ndata: {{\"type\":\"error\",\"code\":\"provider_error\",\"message\":\"cut\",\"param\":null,\"sequence_number\":{number}}}\n\n"
        )
    };
    let rows = [
        (OpenAiChat, "data: {}\n\n", chat.to_owned()),
        (OpenAiChat, "data: {}\r\n\r\n", chat.to_owned()),
        (OpenAiChat, "data: {\"cho", format!("\n\n{chat}")),
        (OpenAiChat, "data: {}\n", format!("\n\n{chat}")),
        (Anthropic, "event: ping\n", format!("\n\n{anthropic}")),
        (OpenAiResponses, "", responses(0)),
        (OpenAiResponses, "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":41}\n\n", responses(42)),
        (OpenAiChat, "data: {}\r\n\r", format!("\n{chat}")),
        (
            OpenAiResponses,
            concat!(
                "data: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"created_at\":17,\"model\":\"m\"}}\n\n",
                "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"delta\":\"a\"}\n\n",
            ),
            concat!(
                "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":2,\"response\":{",
                "\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":17,\"status\":\"failed\",",
                "\"error\":{\"code\":\"provider_error\",\"message\":\"cut\"},\"incomplete_details\":null,",
                "\"instructions\":null,\"metadata\":{},\"model\":\"m\",\"output\":[],\"parallel_tool_calls\":true,",
                "\"temperature\":null,\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":null,\"usage\":null}}\n\n",
            )
            .to_owned(),
        ),
        (Gemini, "data: {}\r\n\r\n", format!("data: {gemini}\n\n{gemini}\n\n")),
        (Gemini, "[{\"a\":\"b", format!("\"}},{gemini}]")),
        (Gemini, "[{}\n,", format!("{gemini}]")),
    ];
    for (dialect, sent, expected) in rows {
        for finished in [false, true] {
            let mut meter = meter(dialect, sent, 4);
            if finished {
                meter.finish();
            }
            assert_eq!(stream_error(&meter, &error, "t", true), expected, "{dialect} after {sent:?}");
        }
    }
}

#[test]
fn a_cut_stream_is_whole_events_and_the_error() {
    let error = GatewayError::new(ErrorKind::BadGateway, "cut");
    let rows = [
        (OpenAiChat, ": hi\n\ndata: {\"choices\":[]}\n\ndata: {\"a\":\"{}\"}\n\n"),
        (Anthropic, "event: ping\r\ndata: {\"type\": \"ping\"}\r\n\r\nevent: x\r\ndata: {\"type\":\"x\"}\r\n\r\n"),
        (OpenAiResponses, "event: x\rdata: {\"type\":\"x\"}\r\rid: 4\rdata: {}\r\r"),
        (Gemini, "data: {\"candidates\":[]}\r\n\r\ndata: {\"usageMetadata\":{\"totalTokenCount\":1}}\r\n\r\n"),
        (Gemini, "[{\"candidates\":[]}\n,\r\n{\"a\":\"]},\"}\n,\r\n{}]"),
    ];
    for (dialect, text) in rows {
        let is_array = text.starts_with('[');
        for cut in usize::from(is_array)..text.len() {
            let sent = &text[..cut];
            let meter = meter(dialect, sent, 3);
            let whole = &sent[..cut - meter.unfinished()];
            let out = format!("{whole}{}", std::str::from_utf8(&stream_error(&meter, &error, "t", false)).unwrap());
            let fillers = meter.filler(false).map(|filler| std::str::from_utf8(filler).unwrap());
            assert_eq!(fillers.is_some(), !(whole.is_empty() || whole == sent && sent.ends_with('\r')), "{sent:?}");
            if is_array {
                let elements: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
                assert!(elements.last().unwrap().get("error").is_some(), "{out}");
                let filled = format!("{whole}{}", fillers.unwrap_or_default());
                assert!(
                    serde_json::from_str::<serde_json::Value>(&format!("{filled}{}", &text[whole.len()..])).is_ok()
                );
                continue;
            }
            let mut events = Vec::new();
            let mut decoder = Decoder::new(1000);
            decoder.push(out.as_bytes(), |frame| {
                if let Frame::Whole(event) = frame {
                    events.push(std::str::from_utf8(event.data).unwrap().to_owned());
                }
            });
            assert!(decoder.is_between_events(), "{out:?}");
            let (last, before) = events.split_last().unwrap();
            assert!(last.contains("\"message\":\"cut\""), "{out}");
            assert!(before.iter().all(|data| text.contains(data)), "{out}");
        }
    }
}

#[test]
fn what_may_still_come() {
    use Remainder::{Events, Little, Nothing};
    let output = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    let rows = [
        (OpenAiChat, String::new(), Events),
        (OpenAiChat, output.to_owned(), Events),
        (OpenAiChat, format!("{output}data: [DONE]\n"), Events),
        (OpenAiChat, format!("{output}data: [DONE]\n\n"), Nothing),
        (OpenAiChat, format!("{output}data: [DONE]\r\n\r"), Little),
        (OpenAiChat, format!("{output}data: [DONE]\r\n\r\n"), Nothing),
        (OpenAiChat, format!("{output}data: {{\"error\":\"no\"}}\n\n"), Little),
        (Anthropic, event(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#), Events),
        (Anthropic, event(r#"{"type":"message_delta","delta":{}}"#) + &event(r#"{"type":"message_stop"}"#), Nothing),
        (Anthropic, event(r#"{"type":"error","error":{"message":"no"}}"#), Little),
        (OpenAiResponses, event(r#"{"type":"response.completed","response":{}}"#), Nothing),
        (OpenAiResponses, event(r#"{"type":"response.incomplete","response":{}}"#), Nothing),
        (OpenAiResponses, event(r#"{"type":"response.failed","response":{}}"#), Nothing),
        (OpenAiResponses, event(r#"{"type":"error","message":"no"}"#), Little),
        (Gemini, event(r#"{"candidates":[{"finishReason":"STOP"}]}"#), Little),
        (Gemini, r#"[{"candidates":[{"finishReason":"STOP"}]}"#.to_owned(), Little),
        (Gemini, r#"[{"candidates":[{"finishReason":"STOP"}]}]"#.to_owned(), Nothing),
    ];
    for (dialect, text, remainder) in rows {
        for step in [1, 1000] {
            let meter = meter(dialect, &text, step);
            assert_eq!(meter.remainder(), remainder, "{text:?}");
            assert_eq!(meter.filler(false).is_some(), remainder == Events && !text.is_empty(), "{text:?}");
        }
    }
}

#[test]
fn the_end_of_a_body_may_lack_its_blank_line() {
    let output = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    for (tail, unfinished) in [
        ("data: [DONE]", 0),
        ("data: {\"choices\":[],\"usage\":{}}\n", 0),
        ("data: {\"choices\":[],\"usa", 24),
        ("data: {\"error\":\"no\"}", 0),
    ] {
        let mut meter = meter(OpenAiChat, &format!("{output}{tail}"), 5);
        assert_eq!(meter.unfinished(), tail.len());
        meter.finish();
        assert_eq!(meter.unfinished(), unfinished, "{tail}");
    }
}

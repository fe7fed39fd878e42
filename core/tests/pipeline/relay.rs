//! A committed stream: whole events, and honest ends.

use serde_json::{Value, json};

use crate::bed::Bed;
use crate::client::Client;
use crate::support::{Feed, reply, stream};
use crate::wires::{CHAT, GEMINI, WIRES, Wire};

const ARRAY_PATH: &str = "/gemini/v1beta/models/m:streamGenerateContent";

/// A stream that has begun.
fn begun(bed: &Bed, wire: &Wire) -> (Feed, Client) {
    let (feed, reply) = Feed::events();
    bed.script([reply]);
    feed.send([wire.preamble, wire.output].concat());
    let mut client = bed.answer(wire, true);
    client.read();
    assert_eq!(client.seen, [wire.preamble, wire.output].concat());
    (feed, client)
}

#[tokio::test]
async fn streams_pass_byte_for_byte_however_they_are_cut_into_chunks() {
    for wire in &WIRES {
        for line_end in ["\n", "\r\n"] {
            let text = wire.stream().replace('\n', line_end);
            for step in [1, 7, 64, text.len()] {
                let bed = Bed::single(wire).await;
                let (feed, reply) = Feed::events();
                bed.script([reply]);
                text.as_bytes().chunks(step).for_each(|chunk| feed.send(chunk.to_vec()));
                feed.end();
                assert_eq!(bed.answer(wire, true).text(), text, "{} in steps of {step}", wire.kind);
                assert_eq!(bed.rows().await, ["1 a 200 success."], "{} {step}", wire.kind);
            }
        }
    }
}

#[tokio::test]
async fn an_event_in_parts_arrives_whole() {
    for wire in &WIRES {
        let bed = Bed::single(wire).await;
        let (feed, mut client) = begun(&bed, wire);
        for at in [1, wire.output.len() / 2, wire.output.len() - 1] {
            let (start, rest) = wire.output.split_at(at);
            feed.send(start);
            assert_eq!(client.read(), "", "{} {at}", wire.kind);
            feed.send(rest);
            assert_eq!(client.read(), wire.output, "{} {at}", wire.kind);
        }
        feed.send(format!("{}{}", wire.output, &wire.output[..9]));
        assert_eq!(client.read(), wire.output, "{}: what is whole does not wait", wire.kind);
        feed.send(&wire.output[9..]);
        feed.send(wire.end);
        feed.end();
        client.read();
        assert!(client.seen.ends_with(&[wire.output, wire.output, wire.end].concat()), "{}", wire.kind);
    }
}

#[tokio::test]
async fn a_cut_in_an_event_drops_its_beginning_and_ends_with_the_error_event() {
    for wire in &WIRES {
        for (part, is_cut) in [(0, true), (9, true), (9, false), (wire.output.len() - 2, true)] {
            let bed = Bed::single(wire).await;
            let (feed, mut client) = begun(&bed, wire);
            feed.send(&wire.output[..part]);
            if is_cut {
                feed.cut();
            } else {
                feed.end();
            }
            let end = client.read();
            let case = format!("{} after {part} bytes: {end:?}", wire.kind);
            assert_eq!(client.end, Some(Ok(())), "{case}");
            let events: Vec<Value> = events(&end);
            let message = if is_cut { "broke off" } else { "without completing" };
            assert!(events.iter().all(|event| event.to_string().contains(message)), "{case}");
            assert_eq!(events.len(), 1, "{case}");
            let outcome = if is_cut { "connect_error" } else { "provider_error" };
            assert_eq!(bed.rows().await, [format!("1 a 200 {outcome}.")], "{case}");
        }
    }
}

/// The data of the events in `text`, each of which is whole.
fn events(text: &str) -> Vec<Value> {
    assert!(text.ends_with("\n\n"), "{text:?}");
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn an_event_that_is_too_long_passes_torn_and_then_breaks_with_the_provider() {
    const LENGTH: usize = (4 << 20) + 1;
    for wire in &WIRES {
        for is_cut in [true, false] {
            let bed = Bed::single(wire).await;
            let (feed, mut client) = begun(&bed, wire);
            let (head, tail) = wire.output.split_once("hel").unwrap();
            feed.send(format!("{head}{}", "a".repeat(LENGTH)));
            assert!(client.read().len() > LENGTH, "{}: it passes as it comes", wire.kind);
            feed.send("more");
            assert_eq!(client.read(), "more", "{}", wire.kind);
            if is_cut {
                feed.cut();
                assert_eq!(client.read(), "", "{}: no error event in the middle of another", wire.kind);
                assert!(client.end.as_ref().unwrap().is_err(), "{}", wire.kind);
                assert_eq!(bed.rows().await, ["1 a 200 connect_error."]);
                continue;
            }
            feed.send(format!("{tail}{}", wire.output));
            feed.send(&wire.end[..11]);
            client.read();
            assert!(client.seen.ends_with(&[tail, wire.output].concat()), "{}: held back again", wire.kind);
            feed.send(&wire.end[11..]);
            feed.end();
            client.read();
            assert!(client.seen.ends_with(wire.end));
            assert_eq!(bed.rows().await, ["1 a 200 success."], "{}", wire.kind);
        }
    }
}

#[tokio::test]
async fn geminis_array_stays_well_formed() {
    let output = |text: &str| format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}}}}]}}"#);
    let end = r#"{"candidates":[{"finishReason":"STOP"}]}"#;
    for (sent, breaks) in [
        (vec![format!("[{}", output("a")), format!(",\r\n{end}"), "]".to_owned()], false),
        (vec![format!("[{}", output("a"))], true),
        (vec![format!("[{}", output("a")), ",\r\n".to_owned()], true),
        (vec![format!("[{}", output("a")), format!(",\r\n{}", &output("b")[..20])], true),
    ] {
        let bed = Bed::single(&GEMINI).await;
        let (feed, reply) = Feed::with("content-type: application/json");
        sent.iter().for_each(|chunk| feed.send(chunk.clone()));
        bed.script([reply]);
        if breaks {
            feed.cut();
        } else {
            feed.end();
        }
        let mut client = bed.send(ARRAY_PATH, GEMINI.request(true).1).answer();
        let all: Vec<Value> = serde_json::from_str(client.text()).unwrap();
        assert_eq!(all[0], serde_json::from_str::<Value>(&output("a")).unwrap());
        assert_eq!(all[1].get("error").is_some(), breaks, "{sent:?}");
        assert_eq!(all.len(), 2);
    }
}

#[tokio::test]
async fn usage_that_the_gateway_asked_for_stays_here() {
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n";
    let with_usage = CHAT.stream().replace("data: [DONE]", &format!("{usage}data: [DONE]"));
    for asks_for_it in [false, true] {
        for step in [1, 50, 1000] {
            let bed = Bed::single(&CHAT).await;
            let (feed, reply) = Feed::events();
            with_usage.as_bytes().chunks(step).for_each(|chunk| feed.send(chunk.to_vec()));
            feed.end();
            bed.script([reply]);
            let (path, mut body) = CHAT.request(true);
            if asks_for_it {
                body["stream_options"] = json!({"include_usage": true});
            }
            let mut client = bed.send(path, body).answer();
            assert_eq!(
                client.text(),
                if asks_for_it { with_usage.clone() } else { CHAT.stream() },
                "in steps of {step}"
            );
            let row = bed.last().await;
            assert_eq!(row["usage"]["output_tokens"], 2, "it is recorded all the same");
        }
    }
}

#[tokio::test]
async fn an_absurd_count_is_none_and_the_row_says_so() {
    let usage = r#""usage":{"prompt_tokens":9223372036854775807,"completion_tokens":2}"#;
    let answer = format!(r#"{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"stop"}}],{usage}}}"#);
    let event = format!("data: {{\"choices\":[],{usage}}}\n\ndata: [DONE]");
    for streams in [false, true] {
        let bed = Bed::single(&CHAT).await;
        let streamed = CHAT.stream().replace("data: [DONE]", &event);
        bed.script([if streams { stream(streamed) } else { reply(200, "", answer.clone()) }]);
        bed.answer(&CHAT, streams).text();
        let row = bed.last().await;
        assert_eq!((&row["outcome"], &row["usage"]["output_tokens"]), (&json!("success"), &json!(2)), "{row}");
        assert_eq!(row["usage"]["input_tokens"], Value::Null, "{row}");
        assert_eq!(row["error"], "a count of over 1000000000 tokens was taken for none", "{row}");
    }
}

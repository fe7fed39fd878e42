use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Event;

/// An item on its way, and what its deltas have said.
struct Open {
    id: Value,
    kind: String,
    said: String,
    /// Its part has begun; of a call, which has none, always.
    has_part: bool,
    /// Its words, arguments or input are whole.
    is_said: bool,
    /// So many were added.
    annotations: usize,
}

/// `created` and `in_progress`; items added in the order of their places, each with parts, deltas and what they add up to, and
/// ended once; and a last event that repeats them all. Or an error at last. Events are numbered from 0.
pub(super) fn check(events: &[Event]) {
    let (mut open, mut done): (BTreeMap<u64, Open>, BTreeMap<u64, Value>) = Default::default();
    let (mut id, mut is_over) = (Value::Null, false);
    for (number, event) in events.iter().enumerate() {
        let data = event.json();
        let kind = data["type"].as_str().unwrap();
        assert_eq!(event.name.as_deref(), Some(kind), "name and type say the same");
        assert_eq!(data["sequence_number"], number, "{data}");
        assert!(!is_over, "nothing follows the end: {data}");
        let expected = ["response.created", "response.in_progress"].get(number);
        let is_alone = kind == "error" && number == 0;
        assert!(is_alone || expected.is_none_or(|it| *it == kind) || kind == "response.failed", "{data}");
        match kind.strip_prefix("response.").unwrap_or(kind) {
            "created" => {
                id = data["response"]["id"].clone();
                assert!(id.as_str().unwrap().starts_with("resp_"), "{data}");
                response(&data["response"], &id, "in_progress");
            }
            "in_progress" => response(&data["response"], &id, "in_progress"),
            "completed" | "incomplete" => {
                response(&data["response"], &id, &kind["response.".len()..]);
                assert!(open.is_empty(), "all items have ended: {data}");
                assert_eq!(data["response"]["output"], json!(done.values().collect::<Vec<_>>()), "the items again");
                let reason = &data["response"]["incomplete_details"]["reason"];
                assert_eq!(kind == "response.incomplete", reason.is_string(), "{data}");
                usage(&data["response"]["usage"]);
                is_over = true;
            }
            "failed" => {
                response(&data["response"], &id, "failed");
                let error = &data["response"]["error"];
                assert!(error["code"].is_string() && error["message"].is_string(), "{data}");
                is_over = true;
            }
            "error" => {
                assert!(
                    data["code"].is_string() && data["message"].is_string() && data.get("param").is_some(),
                    "{data}"
                );
                is_over = true;
            }
            "output_item.added" => {
                let (place, item) = (data["output_index"].as_u64().unwrap(), &data["item"]);
                assert_eq!(place, (open.len() + done.len()) as u64, "places are taken in order: {data}");
                let kind = item["type"].as_str().unwrap().to_owned();
                assert!(item["id"].is_string() && done.values().all(|it| it["id"] != item["id"]), "{data}");
                assert!(kind == "reasoning" || item["status"] == "in_progress", "{data}");
                let has_part = kind.ends_with("_call");
                open.insert(
                    place,
                    Open {
                        id: item["id"].clone(),
                        kind,
                        said: String::new(),
                        has_part,
                        is_said: false,
                        annotations: 0,
                    },
                );
            }
            "output_item.done" => {
                let place = data["output_index"].as_u64().unwrap();
                let begun = open.remove(&place).unwrap_or_else(|| panic!("an item that has not begun: {data}"));
                item(&data["item"], &begun);
                done.insert(place, data["item"].clone());
            }
            name => {
                let place = data["output_index"].as_u64().unwrap();
                let begun = open.get_mut(&place).unwrap_or_else(|| panic!("an item that is not open: {data}"));
                assert_eq!(data["item_id"], begun.id, "{data}");
                part(name, &data, begun);
            }
        }
    }
    assert!(is_over, "the stream has an end");
}

fn response(response: &Value, id: &Value, status: &str) {
    assert_eq!((&response["id"], &response["object"], &response["status"]), (id, &json!("response"), &json!(status)));
    assert!(response["created_at"].is_u64() && response["model"].is_string() && response["output"].is_array());
    for member in [
        "error",
        "incomplete_details",
        "instructions",
        "metadata",
        "parallel_tool_calls",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
        "usage",
    ] {
        assert!(response.get(member).is_some(), "{member} is required: {response}");
    }
}

fn usage(usage: &Value) {
    let count = |name: &str| usage[name].as_u64().unwrap_or_else(|| panic!("{name}: {usage}"));
    assert_eq!(count("input_tokens") + count("output_tokens"), count("total_tokens"));
    assert!(usage["input_tokens_details"]["cached_tokens"].as_u64().unwrap() <= count("input_tokens"));
    assert!(usage["output_tokens_details"]["reasoning_tokens"].as_u64().unwrap() <= count("output_tokens"));
}

/// An event within an item.
fn part(name: &str, data: &Value, begun: &mut Open) {
    let (of, step) = name.rsplit_once('.').unwrap();
    if of == "web_search_call" {
        assert_eq!(begun.kind, of, "{data}");
        let next = match begun.said.as_str() {
            "" => "in_progress",
            "in_progress" => "searching",
            _ => "completed",
        };
        assert_eq!(step, next, "{data}");
        step.clone_into(&mut begun.said);
        return;
    }
    let (kinds, member): (&[&str], &str) = match of {
        "content_part" => (&["message"], ""),
        "reasoning_summary_part" => (&["reasoning"], ""),
        "output_text" | "output_text.annotation" => (&["message"], "text"),
        "refusal" => (&["message"], "refusal"),
        "reasoning_summary_text" => (&["reasoning"], "text"),
        "function_call_arguments" => (&["function_call"], "arguments"),
        "custom_tool_call_input" => (&["custom_tool_call"], "input"),
        _ => panic!("no event of the dialect: {data}"),
    };
    assert!(kinds.contains(&&*begun.kind), "{data}");
    if of == "output_text.annotation" {
        assert_eq!((step, &data["annotation_index"]), ("added", &json!(begun.annotations)), "{data}");
        assert!(data["annotation"]["type"].is_string() && begun.has_part && !begun.is_said, "{data}");
        begun.annotations += 1;
        return;
    }
    match begun.kind.as_str() {
        "message" => assert_eq!(data["content_index"], 0, "{data}"),
        "reasoning" => assert_eq!(data["summary_index"], 0, "{data}"),
        _ => {}
    }
    let of_part = || data["part"]["text"].as_str().or(data["part"]["refusal"].as_str()).unwrap();
    match (member, step) {
        ("", "added") => {
            assert!(!std::mem::replace(&mut begun.has_part, true) && of_part().is_empty(), "{data}");
        }
        ("", "done") => assert!(begun.is_said && of_part() == begun.said, "{data}"),
        (_, "delta") => {
            assert!(begun.has_part && !begun.is_said, "{data}");
            begun.said += data["delta"].as_str().unwrap();
        }
        (member, "done") => {
            assert_eq!(data[member], begun.said, "all deltas in one: {data}");
            assert!(begun.has_part && !std::mem::replace(&mut begun.is_said, true), "{data}");
            assert!(member != "arguments" || data["name"].is_string(), "{data}");
        }
        _ => panic!("no event of the dialect: {data}"),
    }
}

/// A whole item says what its deltas have said.
fn item(item: &Value, begun: &Open) {
    assert_eq!((&item["id"], &item["type"]), (&begun.id, &json!(begun.kind)), "{item}");
    if begun.kind == "web_search_call" {
        let status = if begun.said == "completed" { "completed" } else { "failed" };
        assert_eq!((&item["status"], &item["action"]["type"]), (&json!(status), &json!("search")), "{item}");
        return;
    }
    let part = match begun.kind.as_str() {
        "message" => {
            assert_eq!(item["role"], "assistant", "{item}");
            let part = &item["content"][0];
            let annotations = part["annotations"].as_array().map_or(0, Vec::len);
            assert_eq!(annotations, begun.annotations, "all that were added: {item}");
            part["text"].as_str().or(part["refusal"].as_str())
        }
        "reasoning" => {
            let says = !item["summary"].as_array().unwrap().is_empty();
            assert!(says == begun.has_part && (says || item["encrypted_content"].is_string()), "{item}");
            item["summary"][0]["text"].as_str().or(Some(""))
        }
        kind => {
            let ids = [&item["call_id"], &item["name"]];
            assert!(ids.iter().all(|it| it.as_str().is_some_and(|it| !it.is_empty())), "{item}");
            assert!(item["call_id"].as_str().unwrap().len() <= 64, "{item}");
            item[if kind == "function_call" { "arguments" } else { "input" }].as_str()
        }
    };
    assert_eq!(part, Some(&*begun.said), "{item}");
    assert!(begun.is_said || begun.kind == "reasoning" && begun.said.is_empty(), "{item}");
}

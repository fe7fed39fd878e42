use super::{notes, reason, reasoning};
use crate::dialect::hub::{Answer, Input, Ledger, Part, PartKind, Proof, Searched, list, member, note_others, text};
use crate::wire::json::Value;

pub(super) fn decode<'a>(response: &'a Value<'a>, ledger: &mut Ledger) -> Answer<'a> {
    let mut parts = Vec::new();
    let (mut has_calls, mut has_refused) = (false, false);
    for item in list(response, "output") {
        let words = |name| text(item, name).unwrap_or_default();
        match words("type") {
            "message" => {
                for part in list(item, "content") {
                    match content(part) {
                        ("refusal", words) => {
                            has_refused = true;
                            parts.push(Part::new(PartKind::Refusal(words.into())));
                        }
                        (_, "") => {}
                        (_, words) => parts.push(Part::text(words).noted(notes::of_part(part, ledger))),
                    }
                }
            }
            "reasoning" => {
                let proof = reasoning::proof(item).map(|json| Proof::Made(json.into()));
                parts.push(Part::new(PartKind::Reasoning { text: reasoning::words(item).into(), proof }));
            }
            "function_call" => {
                has_calls = true;
                note_unsaid(item, ledger);
                let (name, input) = (words("name").into(), Input::Json(words("arguments").into()));
                parts.push(Part::new(PartKind::Call { id: words("call_id").into(), name, input }));
            }
            "custom_tool_call" => {
                has_calls = true;
                note_unsaid(item, ledger);
                let (name, input) = (words("name").into(), Input::Text(words("input").into()));
                parts.push(Part::new(PartKind::Call { id: words("call_id").into(), name, input }));
            }
            "web_search_call" => parts.extend(searched(item, ledger).map(PartKind::Searched).map(Part::new)),
            // What a server's tool did.
            other => ledger.unknown(other),
        }
    }
    Answer::of(text(response, "id"), parts, reason(response, has_calls, has_refused))
        .served(text(response, "service_tier"))
}

/// What is said of a call beside what it calls.
pub(super) fn note_unsaid(call: &Value<'_>, ledger: &mut Ledger) {
    note_others(call, &["type", "id", "status", "call_id", "name", "arguments", "input", "caller"], ledger);
    // Called by a server's code, not by the model itself.
    if member(call, "caller").is_some_and(|caller| text(caller, "type") != Some("direct")) {
        ledger.dropped("caller");
    }
}

/// What an item has searched for; `None` where it has opened a page, or looked for something there.
pub(super) fn searched<'a>(item: &'a Value<'a>, ledger: &mut Ledger) -> Option<Searched<'a>> {
    let action = member(item, "action").unwrap_or(&Value::Null);
    if text(action, "type") != Some("search") {
        ledger.dropped("web_search_call");
        return None;
    }
    note_others(item, &["type", "id", "status", "action"], ledger);
    note_others(action, &["type", "query", "queries", "sources"], ledger);
    let mut queries = Vec::from_iter(list(action, "queries").iter().filter_map(Value::as_str).map(Into::into));
    if queries.is_empty() {
        queries.extend(text(action, "query").map(Into::into));
    }
    let pages = list(action, "sources").iter().filter_map(|source| text(source, "url")).map(Into::into).collect();
    Some(Searched { queries, pages, has_failed: text(item, "status") == Some("failed") })
}

/// A part of a message: what it is, and its words.
pub(super) fn content<'a>(part: &'a Value<'a>) -> (&'static str, &'a str) {
    match text(part, "type") {
        Some("refusal") => ("refusal", text(part, "refusal").unwrap_or_default()),
        _ => ("text", text(part, "text").unwrap_or_default()),
    }
}

//! The items of a conversation, as the hub's turns.

use super::{notes, reasoning, tools};
use crate::dialect::hub::{
    Cache, Input, Ledger, Media, MediaKind, Notes, Part, PartKind, Refusal, Request, Role, Source, Turn, array, list,
    member, note_others, text,
};
use crate::wire::json::Value;

/// The members of a part that are read.
const PART: [&str; 12] = [
    "type",
    "text",
    "refusal",
    "annotations",
    "logprobs",
    "image_url",
    "file_id",
    "file_data",
    "file_url",
    "filename",
    "detail",
    "prompt_cache_breakpoint",
];

/// A text, or a list of items. Instructions before the first turn are the request's own.
pub(super) fn turns<'a>(
    input: &'a Value<'a>,
    request: &mut Request<'a>,
    ledger: &mut Ledger,
) -> Result<Vec<Turn<'a>>, Refusal> {
    if let Some(text) = input.as_str() {
        return Ok(vec![Turn { role: Role::User, parts: vec![Part::text(text)] }]);
    }
    let mut turns = Vec::new();
    for (index, value) in array(input).iter().enumerate() {
        let at = format!("input[{index}]");
        if text(value, "type") == Some("additional_tools") {
            tools::take(value.get("tools").unwrap_or(&Value::Null), &format!("{at}.tools"), request, ledger)?;
            continue;
        }
        let Some(mut turn) = item(value, &at, ledger)? else { continue };
        if turn.role == Role::System && turns.is_empty() {
            request.system.append(&mut turn.parts);
        } else {
            turns.push(turn);
        }
    }
    Ok(turns)
}

/// What an item is of a turn; turns of one side in a row are one.
fn item<'a>(value: &'a Value<'a>, at: &str, ledger: &mut Ledger) -> Result<Option<Turn<'a>>, Refusal> {
    let words = |name| text(value, name).unwrap_or_default();
    // Nobody keeps what ids and states are of.
    let known: &[&str] = match text(value, "type") {
        None | Some("message") => &["type", "id", "status", "role", "phase", "content"],
        Some("reasoning") => &["type", "id", "status", "summary", "content", "encrypted_content"],
        Some("function_call") => &["type", "id", "status", "call_id", "name", "namespace", "arguments", "caller"],
        Some("custom_tool_call") => &["type", "id", "status", "call_id", "name", "namespace", "input", "caller"],
        Some("function_call_output" | "custom_tool_call_output") => {
            &["type", "id", "status", "call_id", "name", "namespace", "output", "caller"]
        }
        // Told or refused as a whole.
        Some(_) => &[],
    };
    if !known.is_empty() {
        note_others(value, known, ledger);
    }
    // Called by a server's code, not by the model itself.
    if member(value, "caller").is_some_and(|caller| text(caller, "type") != Some("direct")) {
        ledger.dropped("caller");
    }
    let (role, parts) = match text(value, "type") {
        None | Some("message") => {
            let role = match words("role") {
                "user" => Role::User,
                "assistant" => Role::Assistant,
                "system" | "developer" => Role::System,
                _ => {
                    let message = "must be `user`, `assistant`, `system` or `developer`";
                    return Err(Refusal::new(format!("{at}.role"), message));
                }
            };
            if member(value, "phase").is_some() {
                ledger.dropped("input.phase");
            }
            let content = value.get("content").unwrap_or(&Value::Null);
            (role, parts(content, &format!("{at}.content"), ledger)?)
        }
        Some("reasoning") => (Role::Assistant, vec![reasoning::of_client(value)]),
        Some("function_call") => (Role::Assistant, vec![call(value, Input::Json(words("arguments").into()))]),
        Some("custom_tool_call") => (Role::Assistant, vec![call(value, Input::Text(words("input").into()))]),
        Some("function_call_output" | "custom_tool_call_output") => {
            let output = value.get("output").unwrap_or(&Value::Null);
            let parts = parts(output, &format!("{at}.output"), ledger)?;
            (Role::User, vec![Part::new(PartKind::Result { id: words("call_id").into(), parts, is_error: false })])
        }
        // What was searched for; what was found is in the answer that followed.
        Some("web_search_call") => {
            ledger.dropped("input.web_search_call");
            return Ok(None);
        }
        // Clients that believe a response to be kept refer to its thoughts so, and send the rest.
        Some("item_reference") if words("id").starts_with("rs_") => {
            ledger.dropped("reasoning.history");
            return Ok(None);
        }
        Some("item_reference") => {
            let message = "the model's provider keeps nothing that could be referred to; send the item itself";
            return Err(Refusal::new(format!("{at}.type"), message));
        }
        Some(kind @ ("compaction" | "compaction_trigger")) => {
            let message = format!("`{kind}` is known to its maker alone; send the conversation itself");
            return Err(Refusal::new(format!("{at}.type"), message));
        }
        Some(kind) => {
            let message = format!("items of type `{kind}` cannot be told to the model's provider; leave it out");
            return Err(Refusal::new(format!("{at}.type"), message));
        }
    };
    Ok(Some(Turn { role, parts }))
}

fn call<'a>(value: &'a Value<'a>, input: Input<'a>) -> Part<'a> {
    let name = tools::full_name(text(value, "namespace"), text(value, "name").unwrap_or_default());
    Part::new(PartKind::Call { id: text(value, "call_id").unwrap_or_default().into(), name, input })
}

/// A text, or a list of parts.
fn parts<'a>(content: &'a Value<'a>, at: &str, ledger: &mut Ledger) -> Result<Vec<Part<'a>>, Refusal> {
    if let Some(text) = content.as_str() {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    let mut parts = Vec::new();
    for (index, value) in array(content).iter().enumerate() {
        let words = |name| text(value, name).unwrap_or_default();
        let kind = match words("type") {
            "input_text" | "output_text" | "text" => PartKind::Text(words("text").into()),
            "refusal" => PartKind::Refusal(words("refusal").into()),
            "input_image" => PartKind::Media(Media {
                kind: MediaKind::Image,
                source: text(value, "image_url").map_or_else(|| Source::File(words("file_id")), Source::of_url),
                name: None,
                detail: text(value, "detail"),
            }),
            "input_file" => PartKind::Media(file(value)),
            other => {
                let message = format!("parts of type `{other}` cannot be told to the model's provider");
                return Err(Refusal::new(format!("{at}[{index}].type"), message));
            }
        };
        note_others(value, &PART, ledger);
        if matches!(&kind, PartKind::Text(text) if text.is_empty()) {
            continue;
        }
        let cache = member(value, "prompt_cache_breakpoint").map(|mark| {
            // The next that holds as long.
            let is_long = text(mark, "ttl").is_some();
            if is_long {
                ledger.approximated("prompt_cache_breakpoint.ttl");
            }
            if is_long { Cache::Long } else { Cache::Short }
        });
        if !list(value, "logprobs").is_empty() {
            ledger.dropped("logprobs");
        }
        let citations = list(value, "annotations").iter().filter_map(|it| notes::citation(it, ledger)).collect();
        parts.push(Part::new(kind).cached(cache).noted(Notes { citations, ..Notes::default() }));
    }
    Ok(parts)
}

fn file<'a>(value: &'a Value<'a>) -> Media<'a> {
    let source = match (text(value, "file_data"), text(value, "file_url")) {
        (Some(data), _) if data.starts_with("data:") => Source::of_url(data),
        (Some(data), _) => Source::Base64 { mime: "application/pdf".into(), data },
        (None, Some(url)) => Source::of_url(url),
        (None, None) => Source::File(text(value, "file_id").unwrap_or_default()),
    };
    Media { kind: MediaKind::Document, source, name: text(value, "filename"), detail: None }
}

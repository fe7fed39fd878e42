use super::tools;
use super::{notes, thoughts};
use crate::dialect::hub::{
    Cache, Effort, Format, Input, Ledger, Media, MediaKind, Notes, OPENAI_ALIKE, Part, PartKind, Proof, Reasoning,
    Refusal, Request, Role, Schema, Search, Source, Thoughts, Turn, array, flag, list, member, note_others, pair,
    says_nothing, text,
};
use crate::wire::json::Value;

/// The members of a message that are read.
const MESSAGE: [&str; 12] = [
    "annotations",
    "role",
    "content",
    "name",
    "refusal",
    "tool_calls",
    "function_call",
    "tool_call_id",
    "audio",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
];
/// Those of a part.
const PART: [&str; 9] = [
    "type",
    "text",
    "refusal",
    "image_url",
    "input_audio",
    "file",
    "thinking",
    "prompt_cache_breakpoint",
    "cache_control",
];

pub(super) fn decode<'a>(body: &'a Value<'a>, ledger: &mut Ledger) -> Result<Request<'a>, Refusal> {
    let mut request = Request { thoughts: Thoughts::Shown, ..Request::default() };
    let mut turns = Vec::new();
    for (name, value) in body.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match name {
            // How a stream's usage is asked for is read beside the request.
            "model" | "stream_options" => {}
            "stream" => request.stream = *value == Value::Bool(true),
            "messages" => {
                for (index, value) in array(value).iter().enumerate() {
                    message(value, &format!("messages[{index}]"), &mut request, &mut turns, ledger)?;
                }
            }
            "tools" => {
                for (index, value) in array(value).iter().enumerate() {
                    request.tools.push(tools::tool(value, index, ledger)?);
                }
            }
            "functions" => request.tools.extend(array(value).iter().map(|value| tools::function(value, ledger))),
            // Of all tools.
            "tool_choice" | "function_call" => {}
            "parallel_tool_calls" => request.parallel_calls = value.as_bool(),
            "max_tokens" | "max_completion_tokens" => request.sampling.max_tokens = value.as_u64(),
            "temperature" => request.sampling.temperature = Some(value),
            "top_p" => request.sampling.top_p = Some(value),
            "top_k" => request.sampling.top_k = Some(value),
            "seed" => request.sampling.seed = Some(value),
            "frequency_penalty" => request.sampling.frequency_penalty = Some(value),
            "presence_penalty" => request.sampling.presence_penalty = Some(value),
            "logprobs" if *value == Value::Bool(true) => request.logprobs = request.logprobs.or(Some(0)),
            "top_logprobs" => request.logprobs = value.as_u64(),
            "stop" => {
                let several = array(value).iter().filter_map(Value::as_str);
                request.sampling.stop = value.as_str().into_iter().chain(several).collect();
            }
            "reasoning_effort" => {
                let effort = value.as_str().and_then(Effort::from_name);
                let effort = effort.ok_or_else(|| Refusal::new("reasoning_effort", "is not known"))?;
                request.reasoning = Some(Reasoning { effort, budget: None });
            }
            // OpenRouter's form of the same.
            "reasoning" => {
                let budget = value.get("max_tokens").and_then(Value::as_u64);
                let effort = text(value, "effort").and_then(Effort::from_name).or(budget.map(Effort::of_budget));
                request.reasoning = effort.map(|effort| Reasoning { effort, budget });
            }
            "response_format" => request.format = format(value)?,
            "user" | "safety_identifier" => request.user = value.as_str().map(Into::into),
            "prompt_cache_key" => request.cache_key = value.as_str(),
            "service_tier" => request.service_tier = value.as_str(),
            "verbosity" => request.verbosity = value.as_str(),
            "n" if value.as_u64() == Some(1) => {}
            "n" => match value.as_u64() {
                Some(number @ 2..) => request.choices = Some((number, "n")),
                _ => return Err(Refusal::new("n", "must be a number from 1")),
            },
            "modalities" if array(value).iter().all(|it| it == "text") => {}
            "modalities" | "audio" => return Err(Refusal::new(name, "the model's provider answers with text alone")),
            "web_search_options" => {
                note_others(value, &["search_context_size", "user_location"], ledger);
                let location = member(value, "user_location").map(|it| member(it, "approximate").unwrap_or(it));
                let context_size = text(value, "search_context_size");
                request.search =
                    Some(Search { field: Some(name.to_owned()), context_size, location, ..Search::default() });
            }
            // The answer follows at once, and nothing is kept.
            other if OPENAI_ALIKE.contains(&other) => request.openai.push((other, value)),
            other if !says_nothing(value) => ledger.unknown(other),
            _ => {}
        }
    }
    if let Some(choice) = member(body, "tool_choice").or_else(|| member(body, "function_call")) {
        tools::choose(choice, &mut request, ledger)?;
    }
    let parts = turns.iter().flat_map(|turn| &turn.parts).chain(&request.system);
    request.knows_breakpoints = parts.into_iter().any(|part| part.cache.is_some());
    request.turns = pair(turns, "messages")?;
    Ok(request)
}

fn message<'a>(
    value: &'a Value<'a>,
    at: &str,
    request: &mut Request<'a>,
    turns: &mut Vec<Turn<'a>>,
    ledger: &mut Ledger,
) -> Result<(), Refusal> {
    let mut content = parts(value.get("content").unwrap_or(&Value::Null), &format!("{at}.content"), ledger)?;
    if text(value, "name").is_some() && text(value, "role") != Some("tool") && text(value, "role") != Some("function") {
        ledger.dropped("messages.name");
    }
    note_others(value, &MESSAGE, ledger);
    let role = match text(value, "role").unwrap_or_default() {
        "system" | "developer" if turns.is_empty() => {
            request.system.append(&mut content);
            return Ok(());
        }
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" => {
            let citations = notes::citations(value, ledger);
            if let Some(first) = content.first_mut().filter(|part| matches!(part.kind, PartKind::Text(_))) {
                *first = std::mem::replace(first, Part::text("")).noted(Notes { citations, ..Notes::default() });
            } else if !citations.is_empty() {
                ledger.dropped("annotations");
            }
            let mut all = thoughts_of(value, ledger);
            all.append(&mut content);
            if let Some(refusal) = text(value, "refusal") {
                all.push(Part::new(PartKind::Refusal(refusal.into())));
            }
            for (index, call) in list(value, "tool_calls").iter().enumerate() {
                note_others(call, &["id", "type", "index", "function", "custom"], ledger);
                all.push(self::call(call, &format!("{at}.tool_calls[{index}]"))?);
            }
            // The oldest form knows one call at a time, without an id.
            if let Some(function) = member(value, "function_call") {
                all.push(named_call(function, text(function, "name").unwrap_or_default()));
            }
            if member(value, "audio").is_some() {
                return Err(Refusal::new(format!("{at}.audio"), "only its maker knows it; send the text"));
            }
            content = all;
            Role::Assistant
        }
        name @ ("tool" | "function") => {
            let id = text(value, if name == "tool" { "tool_call_id" } else { "name" }).unwrap_or_default();
            content = vec![Part::new(PartKind::Result { id: id.into(), parts: content, is_error: false })];
            Role::User
        }
        _ => {
            let message = "must be `system`, `developer`, `user`, `assistant` or `tool`";
            return Err(Refusal::new(format!("{at}.role"), message));
        }
    };
    turns.push(Turn { role, parts: content });
    Ok(())
}

/// What a client has echoed of thoughts; a text without a proof is nobody's.
fn thoughts_of<'a>(value: &'a Value<'a>, ledger: &mut Ledger) -> Vec<Part<'a>> {
    let proofs = thoughts::echoed(value).map(Proof::of_client).filter(|proof| *proof != Proof::Foreign);
    let parts: Vec<_> =
        proofs.map(|proof| Part::new(PartKind::Reasoning { text: "".into(), proof: Some(proof) })).collect();
    if parts.is_empty() && thoughts::has_any(value) {
        ledger.dropped("reasoning.history");
    }
    parts
}

fn call<'a>(value: &'a Value<'a>, at: &str) -> Result<Part<'a>, Refusal> {
    let id = text(value, "id").unwrap_or_default();
    match (member(value, "function"), member(value, "custom"), text(value, "type")) {
        (Some(function), ..) => Ok(named_call(function, id)),
        (None, Some(custom), _) => {
            let words = |name| text(custom, name).unwrap_or_default();
            let (name, input) = (words("name").into(), Input::Text(words("input").into()));
            Ok(Part::new(PartKind::Call { id: id.into(), name, input }))
        }
        (None, None, kind) => {
            let message =
                format!("calls of type `{}` cannot be told to the model's provider", kind.unwrap_or_default());
            Err(Refusal::new(format!("{at}.type"), message))
        }
    }
}

fn named_call<'a>(function: &'a Value<'a>, id: &'a str) -> Part<'a> {
    let input = match function.get("arguments") {
        Some(Value::String(arguments)) => Input::Json((&**arguments).into()),
        Some(tree) => Input::Tree(tree),
        None => Input::Json("".into()),
    };
    let name = text(function, "name").unwrap_or_default().into();
    Part::new(PartKind::Call { id: id.into(), name, input })
}

fn parts<'a>(content: &'a Value<'a>, at: &str, ledger: &mut Ledger) -> Result<Vec<Part<'a>>, Refusal> {
    if let Some(text) = content.as_str() {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    let mut parts = Vec::new();
    for (index, value) in array(content).iter().enumerate() {
        let at = || format!("{at}[{index}]");
        let kind = match text(value, "type").unwrap_or("text") {
            "text" => PartKind::Text(text(value, "text").unwrap_or_default().into()),
            "refusal" => PartKind::Refusal(text(value, "refusal").unwrap_or_default().into()),
            "image_url" => PartKind::Media(image(value)),
            "input_audio" => PartKind::Media(audio(value)),
            "file" => PartKind::Media(file(value)),
            "thinking" => {
                ledger.dropped("reasoning.history");
                continue;
            }
            other => {
                let message = format!("parts of type `{other}` cannot be told to the model's provider");
                return Err(Refusal::new(format!("{}.type", at()), message));
            }
        };
        note_others(value, &PART, ledger);
        if matches!(&kind, PartKind::Text(text) if text.is_empty()) {
            continue;
        }
        let mark = member(value, "prompt_cache_breakpoint").or_else(|| member(value, "cache_control"));
        let cache = mark.map(|mark| match text(mark, "ttl") {
            None | Some("5m") => Cache::Short,
            Some("1h") => Cache::Long,
            // The next that holds as long.
            Some(_) => {
                ledger.approximated("prompt_cache_breakpoint.ttl");
                Cache::Long
            }
        });
        parts.push(Part::new(kind).cached(cache));
    }
    Ok(parts)
}

fn image<'a>(value: &'a Value<'a>) -> Media<'a> {
    let image = value.get("image_url").unwrap_or(&Value::Null);
    let url = image.as_str().or_else(|| text(image, "url")).unwrap_or_default();
    Media { kind: MediaKind::Image, source: Source::of_url(url), name: None, detail: text(image, "detail") }
}

fn audio<'a>(value: &'a Value<'a>) -> Media<'a> {
    let audio = value.get("input_audio").unwrap_or(&Value::Null);
    let mime = format!("audio/{}", text(audio, "format").unwrap_or("wav")).into();
    let source = Source::Base64 { mime, data: text(audio, "data").unwrap_or_default() };
    Media { kind: MediaKind::Audio, source, name: None, detail: None }
}

fn file<'a>(value: &'a Value<'a>) -> Media<'a> {
    let file = value.get("file").unwrap_or(&Value::Null);
    let source = match text(file, "file_data") {
        Some(data) if data.starts_with("data:") => Source::of_url(data),
        Some(data) => Source::Base64 { mime: "application/pdf".into(), data },
        None => Source::File(text(file, "file_id").unwrap_or_default()),
    };
    Media { kind: MediaKind::Document, source, name: text(file, "filename"), detail: None }
}

fn format<'a>(value: &'a Value<'a>) -> Result<Option<Format<'a>>, Refusal> {
    match text(value, "type") {
        None | Some("text") => Ok(None),
        Some("json_object") => Ok(Some(Format::Json)),
        Some("json_schema") => {
            let described = value.get("json_schema").unwrap_or(&Value::Null);
            let schema = member(described, "schema")
                .ok_or_else(|| Refusal::new("response_format.json_schema.schema", "is missing"))?;
            let schema = Schema::Given(schema);
            let (name, description) = (text(described, "name"), text(described, "description"));
            Ok(Some(Format::Schema { name, description, schema, strict: flag(described, "strict") }))
        }
        Some(other) => Err(Refusal::new("response_format.type", format!("`{other}` is not known"))),
    }
}

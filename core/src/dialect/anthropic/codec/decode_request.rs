use super::citations;
use crate::dialect::hub::{
    Cache, Effort, Format, Input, Ledger, Media, MediaKind, Notes, Part, PartKind, Proof, Reasoning, Refusal, Request,
    Role, Schema, Search, Source, Thoughts, Tool, ToolChoice, Turn, array, flag, list, member, note_others, pair, text,
};
use crate::wire::json::Value;

/// What its versions begin with.
const SEARCH: &str = "web_search_2";

/// Claude Code's line for Anthropic's own books, in the place of a system prompt.
const BILLING_LINE: &str = "x-anthropic-billing-header:";

pub(super) fn decode<'a>(body: &'a Value<'a>, ledger: &mut Ledger) -> Result<Request<'a>, Refusal> {
    let mut request = Request { knows_breakpoints: true, ..Request::default() };
    let mut turns = Vec::new();
    for (name, value) in body.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match name {
            "model" => {}
            "stream" => request.stream = *value == Value::Bool(true),
            "system" => {
                request.system = parts(value, "system", ledger)?;
                request.system.retain(|part| !is_billing_line(part));
            }
            "messages" => {
                for (index, message) in array(value).iter().enumerate() {
                    turns.push(turn(message, &format!("messages[{index}]"), ledger)?);
                }
            }
            "tools" => {
                for (index, value) in array(value).iter().enumerate() {
                    if text(value, "type").is_some_and(|kind| kind.starts_with(SEARCH)) {
                        request.search = Some(search(value, format!("tools[{index}].type"), ledger));
                    } else {
                        request.tools.push(tool(value, index, ledger)?);
                    }
                }
            }
            "tool_choice" => {
                request.tool_choice = tool_choice(value)?;
                request.parallel_calls = flag(value, "disable_parallel_tool_use").map(|disabled| !disabled);
            }
            "max_tokens" => request.sampling.max_tokens = value.as_u64(),
            "temperature" => request.sampling.temperature = Some(value),
            "top_p" => request.sampling.top_p = Some(value),
            "top_k" => request.sampling.top_k = Some(value),
            "stop_sequences" => request.sampling.stop = array(value).iter().filter_map(Value::as_str).collect(),
            "thinking" => thinking(value, &mut request, ledger),
            "output_format" => request.format = format(value),
            // Its effort is read below, beside `thinking`.
            "output_config" => request.format = member(value, "format").and_then(format).or(request.format),
            "metadata" => request.user = text(value, "user_id").map(Into::into),
            "service_tier" => {
                request.service_tier = Some(if value == "standard_only" { "default" } else { "auto" });
            }
            // A breakpoint behind all that there is, which moves with the conversation.
            "cache_control" => ledger.dropped("cache_control"),
            "mcp_servers" | "container" => {
                return Err(Refusal::new(name, "only Anthropic's own servers know it; leave it out"));
            }
            other => ledger.unknown(other),
        }
    }
    if let Some(effort) = member(body, "output_config").and_then(|it| member(it, "effort")) {
        match (effort.as_str().and_then(Effort::from_name), &mut request.reasoning) {
            (Some(effort), None) => request.reasoning = Some(Reasoning { effort, budget: None }),
            (Some(effort), Some(reasoning)) if reasoning.budget.is_none() && reasoning.effort != Effort::None => {
                reasoning.effort = effort;
            }
            // How much to think is said in tokens, or not to think at all.
            (Some(_), Some(_)) => ledger.approximated("output_config.effort"),
            (None, _) => ledger.dropped("output_config.effort"),
        }
    }
    if request.search.is_some() && request.tool_choice == Some(ToolChoice::Named("web_search")) {
        request.tool_choice = Some(ToolChoice::Search);
    }
    request.turns = pair(turns, "messages")?;
    Ok(request)
}

fn is_billing_line(part: &Part<'_>) -> bool {
    matches!(&part.kind, PartKind::Text(text) if text.starts_with(BILLING_LINE))
}

fn turn<'a>(message: &'a Value<'a>, at: &str, ledger: &mut Ledger) -> Result<Turn<'a>, Refusal> {
    let role = match text(message, "role") {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        _ => return Err(Refusal::new(format!("{at}.role"), "must be `user`, `assistant` or `system`")),
    };
    if member(message, "output_config").is_some() {
        ledger.dropped("messages.output_config");
    }
    note_others(message, &["role", "content", "output_config"], ledger);
    let content = message.get("content").unwrap_or(&Value::Null);
    Ok(Turn { role, parts: parts(content, &format!("{at}.content"), ledger)? })
}

/// A text, or a list of blocks.
fn parts<'a>(content: &'a Value<'a>, at: &str, ledger: &mut Ledger) -> Result<Vec<Part<'a>>, Refusal> {
    if let Some(text) = content.as_str() {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    let mut parts = Vec::new();
    for (index, value) in array(content).iter().enumerate() {
        block(value, &format!("{at}[{index}]"), &mut parts, ledger)?;
    }
    Ok(parts)
}

fn block<'a>(value: &'a Value<'a>, at: &str, parts: &mut Vec<Part<'a>>, ledger: &mut Ledger) -> Result<(), Refusal> {
    let words = |name| text(value, name).unwrap_or_default();
    let known: &[&str] = match words("type") {
        "text" => &["type", "text", "citations", "cache_control"],
        "image" => &["type", "source", "cache_control"],
        "document" => &["type", "source", "title", "context", "citations", "cache_control"],
        "thinking" => &["type", "thinking", "signature"],
        "redacted_thinking" => &["type", "data"],
        "tool_use" => &["type", "id", "name", "input", "caller", "cache_control"],
        "tool_result" => &["type", "tool_use_id", "content", "is_error", "cache_control"],
        "tool_reference" => &["type", "tool_name", "cache_control"],
        "search_result" => &["type", "title", "source", "content", "cache_control"],
        // It is refused.
        _ => &[],
    };
    if !known.is_empty() {
        note_others(value, known, ledger);
    }
    // Called by a server's code, not by the model itself.
    if member(value, "caller").is_some_and(|caller| text(caller, "type") != Some("direct")) {
        ledger.dropped("caller");
    }
    let kind = match words("type") {
        "text" => {
            let citations = citations::of_block(value, ledger);
            if !words("text").is_empty() {
                let notes = Notes { citations, ..Notes::default() };
                parts.push(Part::text(words("text")).cached(cache(value)).noted(notes));
            }
            return Ok(());
        }
        "image" => PartKind::Media(media(value, MediaKind::Image, at)?),
        "document" => return document(value, at, parts, ledger),
        "thinking" => {
            PartKind::Reasoning { text: words("thinking").into(), proof: Some(Proof::of_client(words("signature"))) }
        }
        "redacted_thinking" => PartKind::Reasoning { text: "".into(), proof: Some(Proof::of_client(words("data"))) },
        "tool_use" => PartKind::Call {
            id: words("id").into(),
            name: words("name").into(),
            input: Input::Tree(value.get("input").unwrap_or(&Value::Null)),
        },
        "tool_result" => PartKind::Result {
            id: words("tool_use_id").into(),
            parts: self::parts(value.get("content").unwrap_or(&Value::Null), &format!("{at}.content"), ledger)?,
            is_error: flag(value, "is_error") == Some(true),
        },
        // What a client's own search for tools found: the tools themselves are among `tools`.
        "tool_reference" => {
            ledger.approximated("tool_reference");
            PartKind::Text(format!("The tool `{}` can be called now.", words("tool_name")).into())
        }
        "search_result" => {
            ledger.approximated("search_result");
            parts.push(Part::text(format!("{}\n{}", words("title"), words("source"))));
            parts.extend(self::parts(value.get("content").unwrap_or(&Value::Null), &format!("{at}.content"), ledger)?);
            return Ok(());
        }
        // What was searched for and found; what came of it is in the text that followed.
        "server_tool_use" | "web_search_tool_result"
            if words("type") != "server_tool_use" || words("name") == "web_search" =>
        {
            ledger.dropped("messages.web_search");
            return Ok(());
        }
        other => {
            let message = format!("blocks of type `{other}` are known to Anthropic's own servers only; leave it out");
            return Err(Refusal::new(format!("{at}.type"), message));
        }
    };
    parts.push(Part::new(kind).cached(cache(value)));
    Ok(())
}

/// A document is a file, or text, or blocks.
fn document<'a>(value: &'a Value<'a>, at: &str, parts: &mut Vec<Part<'a>>, ledger: &mut Ledger) -> Result<(), Refusal> {
    if member(value, "citations").is_some_and(|it| flag(it, "enabled") == Some(true)) {
        ledger.dropped("citations");
    }
    let source = value.get("source").unwrap_or(&Value::Null);
    let title = text(value, "title");
    if let Some(context) = text(value, "context") {
        parts.push(Part::text(context));
    }
    match text(source, "type") {
        Some("text") => {
            let words = text(source, "data").unwrap_or_default();
            let words = title.map_or_else(|| words.into(), |title| format!("{title}\n\n{words}").into());
            parts.push(Part::new(PartKind::Text(words)).cached(cache(value)));
        }
        Some("content") => {
            parts.extend(title.map(Part::text));
            let content = source.get("content").unwrap_or(&Value::Null);
            parts.extend(self::parts(content, &format!("{at}.source.content"), ledger)?);
            if let Some(last) = parts.last_mut() {
                last.cache = last.cache.or(cache(value));
            }
        }
        _ => {
            let media = Media { name: title, ..media(value, MediaKind::Document, at)? };
            parts.push(Part::new(PartKind::Media(media)).cached(cache(value)));
        }
    }
    Ok(())
}

fn media<'a>(value: &'a Value<'a>, kind: MediaKind, at: &str) -> Result<Media<'a>, Refusal> {
    let source = value.get("source").unwrap_or(&Value::Null);
    let words = |name| text(source, name).unwrap_or_default();
    let source = match words("type") {
        "base64" => Source::Base64 { mime: words("media_type").into(), data: words("data") },
        "url" => Source::of_url(words("url")),
        "file" => Source::File(words("file_id")),
        other => return Err(Refusal::new(format!("{at}.source.type"), format!("`{other}` is no known source"))),
    };
    Ok(Media { kind, source, name: None, detail: None })
}

fn tool<'a>(value: &'a Value<'a>, index: usize, ledger: &mut Ledger) -> Result<Tool<'a>, Refusal> {
    let kind = text(value, "type").unwrap_or("custom");
    if kind != "custom" {
        let message =
            format!("`{kind}` is a tool of Anthropic's own servers; leave it out, or ask for a model that has it");
        return Err(Refusal::new(format!("tools[{index}].type"), message));
    }
    // Whose arguments are streamed as they come is every target's own affair.
    let known = ["type", "name", "description", "input_schema", "strict", "cache_control", "defer_loading"];
    let known = [&known[..], &["input_examples", "eager_input_streaming", "allowed_callers"]].concat();
    note_others(value, &known, ledger);
    if list(value, "allowed_callers").iter().any(|caller| caller != "direct") {
        ledger.dropped("tools.allowed_callers");
    }
    if flag(value, "defer_loading") == Some(true) {
        ledger.approximated("tools.defer_loading");
    }
    if !list(value, "input_examples").is_empty() {
        ledger.dropped("tools.input_examples");
    }
    Ok(Tool {
        description: text(value, "description").map(Into::into),
        schema: member(value, "input_schema").map(Schema::Given),
        strict: flag(value, "strict"),
        cache: cache(value),
        ..Tool::named(text(value, "name").unwrap_or_default())
    })
}

fn search<'a>(value: &'a Value<'a>, field: String, ledger: &mut Ledger) -> Search<'a> {
    let known = ["type", "name", "allowed_domains", "blocked_domains", "max_uses", "user_location", "cache_control"];
    note_others(value, &known, ledger);
    if cache(value).is_some() {
        ledger.dropped("cache_control");
    }
    Search {
        field: Some(field),
        context_size: None,
        location: member(value, "user_location"),
        allowed: list(value, "allowed_domains"),
        blocked: list(value, "blocked_domains"),
        max_uses: value.get("max_uses").and_then(Value::as_u64),
    }
}

fn tool_choice<'a>(value: &'a Value<'a>) -> Result<Option<ToolChoice<'a>>, Refusal> {
    Ok(Some(match text(value, "type") {
        Some("auto") => ToolChoice::Auto,
        Some("any") => ToolChoice::Required,
        Some("none") => ToolChoice::None,
        Some("tool") => ToolChoice::Named(text(value, "name").unwrap_or_default()),
        _ => return Err(Refusal::new("tool_choice.type", "must be `auto`, `any`, `tool` or `none`")),
    }))
}

fn thinking(value: &Value<'_>, request: &mut Request<'_>, ledger: &mut Ledger) {
    let budget = value.get("budget_tokens").and_then(Value::as_u64);
    let effort = match text(value, "type") {
        Some("disabled") => Effort::None,
        Some("enabled") => budget.map_or(Effort::Medium, Effort::of_budget),
        // Without a word of how much, the model's own measure.
        Some("adaptive") => Effort::Medium,
        // When to think can be told nobody else.
        _ => {
            ledger.approximated("thinking.type");
            Effort::Medium
        }
    };
    request.reasoning = Some(Reasoning { effort, budget });
    request.thoughts = match (effort, text(value, "display")) {
        (Effort::None, _) => Thoughts::Unasked,
        (_, Some("omitted")) => Thoughts::Sealed,
        _ => Thoughts::Shown,
    };
}

fn format<'a>(value: &'a Value<'a>) -> Option<Format<'a>> {
    let schema = member(value, "schema").filter(|_| text(value, "type") == Some("json_schema"))?;
    let (name, description) = (text(value, "name"), text(value, "description"));
    Some(Format::Schema { name, description, schema: Schema::Given(schema), strict: None })
}

fn cache(value: &Value<'_>) -> Option<Cache> {
    let control = member(value, "cache_control")?;
    Some(if text(control, "ttl") == Some("1h") { Cache::Long } else { Cache::Short })
}

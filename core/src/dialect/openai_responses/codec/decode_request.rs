use super::{LOGPROBS, input, tools};
use crate::dialect::hub::{
    Effort, Format, Ledger, OPENAI_ALIKE, Part, Reasoning, Refusal, Request, Schema, Thoughts, array, flag, member,
    pair, says_nothing, text,
};
use crate::wire::json::Value;

/// What an answer repeats of its request.
const REPEATED: [&str; 12] = [
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "temperature",
    "text",
    "tool_choice",
    "top_p",
    "user",
];

pub(super) fn decode<'a>(body: &'a Value<'a>, ledger: &mut Ledger) -> Result<Request<'a>, Refusal> {
    // A response always has the items of its thoughts, though what they say only where it was asked for.
    let mut request = Request { thoughts: Thoughts::Sealed, ..Request::default() };
    let (mut turns, mut instructions) = (Vec::new(), Vec::new());
    for (name, value) in body.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        if REPEATED.contains(&name) {
            request.repeated.push((name, value));
        }
        match name {
            "model" => {}
            // Of all tools.
            "tool_choice" => {}
            "stream" => request.stream = *value == Value::Bool(true),
            "instructions" => instructions.extend(value.as_str().map(Part::text)),
            "input" => turns = input::turns(value, &mut request, ledger)?,
            "tools" => tools::take(value, "tools", &mut request, ledger)?,
            "parallel_tool_calls" => request.parallel_calls = value.as_bool(),
            "max_output_tokens" => request.sampling.max_tokens = value.as_u64(),
            "temperature" => request.sampling.temperature = Some(value),
            "top_p" => request.sampling.top_p = Some(value),
            "reasoning" => reasoning(value, &mut request, ledger)?,
            // Of the hosted tools, which are the search.
            "max_tool_calls" => {}
            "text" => {
                request.verbosity = text(value, "verbosity");
                request.format = member(value, "format").map(format).transpose()?.flatten();
            }
            "user" | "safety_identifier" => request.user = value.as_str().map(Into::into),
            "prompt_cache_key" => request.cache_key = value.as_str(),
            "service_tier" => request.service_tier = value.as_str(),
            "include" => {
                for wanted in array(value).iter().filter_map(Value::as_str) {
                    match wanted {
                        // A response always has them here.
                        "reasoning.encrypted_content" => {}
                        LOGPROBS => request.logprobs = request.logprobs.or(Some(0)),
                        other => ledger.unknown(other),
                    }
                }
            }
            "stream_options" if flag(value, "include_obfuscation") != Some(true) => {}
            "store" | "background" if *value == Value::Bool(false) => {}
            "truncation" if value == "disabled" => {}
            "top_logprobs" => request.logprobs = value.as_u64().filter(|top| *top > 0).or(request.logprobs),
            "background" => return Err(Refusal::new(name, stateless("ask with `stream` instead"))),
            "previous_response_id" | "conversation" => {
                return Err(Refusal::new(name, stateless("send the whole conversation in `input` instead")));
            }
            "prompt" => return Err(Refusal::new(name, stateless("send its text in `instructions` instead"))),
            other if OPENAI_ALIKE.contains(&other) => request.openai.push((other, value)),
            other if !says_nothing(value) => ledger.unknown(other),
            _ => {}
        }
    }
    instructions.append(&mut request.system);
    request.system = instructions;
    match (member(body, "max_tool_calls"), &mut request.search) {
        (Some(most), Some(search)) => search.max_uses = most.as_u64(),
        (Some(_), None) => ledger.unknown("max_tool_calls"),
        (None, _) => {}
    }
    if let Some(choice) = member(body, "tool_choice") {
        tools::choose(choice, &mut request, ledger)?;
    }
    let parts = turns.iter().flat_map(|turn| &turn.parts).chain(&request.system);
    request.knows_breakpoints = parts.into_iter().any(|part| part.cache.is_some());
    request.turns = pair(turns, "input")?;
    Ok(request)
}

fn stateless(instead: &str) -> String {
    format!("the model's provider keeps nothing; {instead}")
}

fn reasoning(value: &Value<'_>, request: &mut Request<'_>, ledger: &mut Ledger) -> Result<(), Refusal> {
    for (name, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match name {
            "effort" => {
                let effort = value.as_str().and_then(Effort::from_name);
                let effort = effort.ok_or_else(|| Refusal::new("reasoning.effort", "is not known"))?;
                request.reasoning = Some(Reasoning { effort, budget: None });
            }
            "summary" | "generate_summary" => request.thoughts = Thoughts::Shown,
            other => ledger.unknown(&format!("reasoning.{other}")),
        }
    }
    Ok(())
}

fn format<'a>(value: &'a Value<'a>) -> Result<Option<Format<'a>>, Refusal> {
    match text(value, "type") {
        None | Some("text") => Ok(None),
        Some("json_object") => Ok(Some(Format::Json)),
        Some("json_schema") => {
            let schema = member(value, "schema").ok_or_else(|| Refusal::new("text.format.schema", "is missing"))?;
            let schema = Schema::Given(schema);
            let (name, description) = (text(value, "name"), text(value, "description"));
            Ok(Some(Format::Schema { name, description, schema, strict: flag(value, "strict") }))
        }
        Some(other) => Err(Refusal::new("text.format.type", format!("`{other}` is not known"))),
    }
}

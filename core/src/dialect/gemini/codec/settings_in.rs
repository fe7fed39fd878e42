use super::members::{camel, each, get, note_others, word};
use super::schema_in::json_schema;
use crate::dialect::hub::{Effort, Format, Ledger, Reasoning, Refusal, Request, Thoughts, Tool, ToolChoice};
use crate::wire::json::Value;

pub(super) fn function<'a>(value: &'a Value<'a>, ledger: &mut Ledger) -> Tool<'a> {
    if get(value, "response").or_else(|| get(value, "responseJsonSchema")).is_some() {
        ledger.dropped("tools.response");
    }
    if get(value, "behavior").is_some() {
        ledger.dropped("tools.behavior");
    }
    let known =
        ["name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema", "behavior"];
    note_others(value, &known, ledger);
    let schema = get(value, "parametersJsonSchema").or_else(|| get(value, "parameters"));
    Tool {
        description: word(value, "description").map(Into::into),
        schema: schema.map(json_schema),
        ..Tool::named(word(value, "name").unwrap_or_default())
    }
}

/// Sets the tool choice, and gives the functions that alone may be called, where they are several.
pub(super) fn tool_config<'a>(
    value: &'a Value<'a>,
    request: &mut Request<'a>,
    ledger: &mut Ledger,
) -> Option<Vec<&'a str>> {
    for (name, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let name = camel(name);
        if name != "functionCallingConfig" && *value != Value::Bool(false) {
            ledger.unknown(&name);
        }
    }
    let config = get(value, "functionCallingConfig")?;
    // Arguments are streamed as they come, whether that is asked for or not.
    note_others(config, &["mode", "allowedFunctionNames", "streamFunctionCallArguments"], ledger);
    let allowed = get(config, "allowedFunctionNames").map(each).unwrap_or_default();
    let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
    request.tool_choice = match (word(config, "mode").unwrap_or_default(), &allowed[..]) {
        ("NONE", _) => Some(ToolChoice::None),
        ("ANY", [only]) => Some(ToolChoice::Named(only)),
        ("ANY", _) => Some(ToolChoice::Required),
        ("VALIDATED", _) => {
            // Whether arguments fit their schemas is the target's own affair.
            ledger.approximated("toolConfig.mode");
            Some(ToolChoice::Auto)
        }
        ("AUTO", _) => Some(ToolChoice::Auto),
        _ => None,
    };
    let is_some = !allowed.is_empty() && !matches!(request.tool_choice, Some(ToolChoice::Named(_) | ToolChoice::None));
    if is_some {
        ledger.approximated("toolConfig.allowedFunctionNames");
    }
    is_some.then_some(allowed)
}

pub(super) fn generation<'a>(
    config: &'a Value<'a>,
    request: &mut Request<'a>,
    ledger: &mut Ledger,
) -> Result<(), Refusal> {
    let (mut mime, mut schema) = (None, None);
    for (name, value) in config.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let sampling = &mut request.sampling;
        match &*camel(name) {
            "maxOutputTokens" => sampling.max_tokens = value.as_u64(),
            "temperature" => sampling.temperature = Some(value),
            "topP" => sampling.top_p = Some(value),
            "topK" => sampling.top_k = Some(value),
            "seed" => sampling.seed = Some(value),
            "frequencyPenalty" => sampling.frequency_penalty = Some(value),
            "presencePenalty" => sampling.presence_penalty = Some(value),
            "stopSequences" => sampling.stop = each(value).iter().filter_map(Value::as_str).collect(),
            "candidateCount" if value.as_u64() == Some(1) => {}
            "candidateCount" => {
                let name = "generationConfig.candidateCount";
                let number = value.as_u64().filter(|number| *number > 1);
                let number = number.ok_or_else(|| Refusal::new(name, "must be a number from 1"))?;
                request.choices = Some((number, name));
            }
            "responseMimeType" => mime = value.as_str(),
            "responseSchema" | "responseJsonSchema" => schema = Some(value),
            "responseFormat" => {
                for text in each(value).iter().filter_map(|format| get(format, "text")) {
                    mime = word(text, "mimeType").or(mime);
                    schema = get(text, "schema").or(schema);
                }
            }
            "thinkingConfig" => thinking(value, request),
            "responseModalities"
                if each(value).iter().all(|it| it.as_str().is_some_and(|it| it.eq_ignore_ascii_case("text"))) => {}
            other @ ("responseModalities" | "speechConfig" | "imageConfig") => {
                let message = "the model's provider answers with text alone";
                return Err(Refusal::new(format!("generationConfig.{other}"), message));
            }
            "responseLogprobs" if *value == Value::Bool(true) => request.logprobs = request.logprobs.or(Some(0)),
            "responseLogprobs" | "audioTimestamp" if *value == Value::Bool(false) => {}
            "logprobs" => request.logprobs = value.as_u64(),
            other => ledger.unknown(other),
        }
    }
    let wants_json =
        mime.is_some_and(|mime| mime.eq_ignore_ascii_case("application/json") || mime == "APPLICATION_JSON");
    request.format = match (schema, mime) {
        (Some(schema), mime) => {
            if mime == Some("text/x.enum") {
                ledger.approximated("generationConfig.responseMimeType");
            }
            Some(Format::Schema { name: None, description: None, schema: json_schema(schema), strict: None })
        }
        (None, _) if wants_json => Some(Format::Json),
        (None, Some("text/plain" | "") | None) => None,
        (None, Some(_)) => {
            ledger.dropped("responseMimeType");
            None
        }
    };
    Ok(())
}

/// A budget of 0 is none, and one of -1 the model's own measure.
fn thinking(config: &Value<'_>, request: &mut Request<'_>) {
    let shows = get(config, "includeThoughts") == Some(&Value::Bool(true));
    request.thoughts = if shows { Thoughts::Shown } else { Thoughts::Sealed };
    let budget = get(config, "thinkingBudget").and_then(Value::as_i64);
    let level = match word(config, "thinkingLevel").unwrap_or_default().to_ascii_uppercase().as_str() {
        "MINIMAL" => Some(Effort::Minimal),
        "LOW" => Some(Effort::Low),
        "MEDIUM" => Some(Effort::Medium),
        "HIGH" => Some(Effort::High),
        "XHIGH" => Some(Effort::XHigh),
        _ => None,
    };
    let tokens = budget.and_then(|budget| u64::try_from(budget).ok());
    request.reasoning = match (level, tokens) {
        (Some(effort), _) => Some(Reasoning { effort, budget: None }),
        (None, Some(tokens)) => Some(Reasoning { effort: Effort::of_budget(tokens), budget: Some(tokens) }),
        (None, None) if shows || budget.is_some() => Some(Reasoning { effort: Effort::Medium, budget: None }),
        (None, None) => None,
    };
}

use serde_json::{Map, Value as Json, json};

use super::encode_contents::{Encoder, NAME_LIMIT};
use super::schema_out::{object, projected};
use super::thinking::{self, Generation};
use super::usage;
use crate::dialect::hub::{Encoded, Format, Ledger, Names, Refusal, Request, Target, Tool, ToolChoice, described};
use crate::wire::json::Writer;

/// The API takes no more.
const STOP_LIMIT: usize = 5;

pub(super) fn encode(
    request: &Request<'_>,
    target: &Target<'_>,
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<Encoded, Refusal> {
    let generation = Generation::of(target.model);
    // It goes with no functions, and only on Vertex may places be excluded.
    let is_vertex = target.host.ends_with("aiplatform.googleapis.com");
    let has: &[&str] = if is_vertex { &["blocked"] } else { &[] };
    let search = request.searched(request.tools.is_empty(), has, ledger)?;
    request.without_citations(false, ledger);
    let mut encoder = Encoder::new(target, generation, names, ledger);
    let (mut refused, mut asks_reasoning) = (None, false);
    let mut out = target.writer();
    out.object(|it| {
        encoder.system(it, &request.system);
        it.key("contents").array(|it| refused = encoder.contents(it, &request.turns).err());
        if let Some(search) = search {
            let blocked = if is_vertex { search.blocked } else { &[] };
            it.key("tools").array(|it| {
                it.object(|it| {
                    it.key("googleSearch").object(|it| {
                        if !blocked.is_empty() {
                            it.key("excludeDomains").array(|it| blocked.iter().for_each(|domain| it.value(domain)));
                        }
                    });
                });
            });
        }
        tools(it, request, &mut encoder);
        if encoder.breakpoints {
            encoder.ledger.dropped("cache_control");
        }
        let mut config = Writer::default();
        config.object(|it| {
            sampling(it, request, encoder.ledger);
            format(it, request, encoder.ledger);
            asks_reasoning = thinking::write(it, request, target, generation, encoder.ledger);
        });
        let config = config.into_bytes();
        if config.len() > 2 {
            it.key("generationConfig").bytes(&config);
        }
        if let Some(tier) = request.service_tier.and_then(|tier| usage::tier_name(tier, encoder.ledger)) {
            it.text_member("serviceTier", tier);
        }
    });
    for (name, _) in &request.openai {
        ledger.unknown(name);
    }
    for (given, code) in [
        (request.user.is_some(), "user"),
        (request.cache_key.is_some(), "prompt_cache_key"),
        (request.verbosity.is_some(), "verbosity"),
    ] {
        if given {
            ledger.dropped(code);
        }
    }
    refused.map_or_else(|| Ok(Encoded { body: out.into_bytes(), asks_reasoning }), Err)
}

fn sampling(out: &mut Writer, request: &Request<'_>, ledger: &mut Ledger) {
    let sampling = &request.sampling;
    if let Some(max) = sampling.max_tokens {
        out.number_member("maxOutputTokens", max);
    }
    for (name, value) in [
        ("temperature", sampling.temperature),
        ("topP", sampling.top_p),
        ("topK", sampling.top_k),
        ("seed", sampling.seed),
        ("frequencyPenalty", sampling.frequency_penalty),
        ("presencePenalty", sampling.presence_penalty),
    ] {
        if let Some(value) = value {
            out.key(name).value(value);
        }
    }
    if let Some((number, _)) = request.choices {
        out.number_member("candidateCount", number);
    }
    if let Some(top) = request.logprobs {
        out.key("responseLogprobs").flag(true);
        if top > 0 {
            out.number_member("logprobs", top);
        }
    }
    if !sampling.stop.is_empty() {
        if sampling.stop.len() > STOP_LIMIT {
            ledger.approximated("stop_sequences");
        }
        out.key("stopSequences").array(|it| sampling.stop.iter().take(STOP_LIMIT).for_each(|stop| it.text(stop)));
    }
}

fn format(out: &mut Writer, request: &Request<'_>, ledger: &mut Ledger) {
    let Some(format) = &request.format else { return };
    out.text_member("responseMimeType", "application/json");
    if let Format::Schema { schema, description, .. } = format {
        let (schema, is_approximated) = projected(&described(schema, *description, ledger));
        if is_approximated {
            ledger.approximated("response_format.schema");
        }
        out.key("responseJsonSchema").value(&schema);
    }
}

fn tools(out: &mut Writer, request: &Request<'_>, encoder: &mut Encoder<'_, '_>) {
    if request.tools.is_empty() {
        return;
    }
    out.key("tools").array(|it| {
        it.object(|it| {
            it.key("functionDeclarations")
                .array(|it| request.tools.iter().for_each(|tool| self::tool(it, tool, encoder)));
        });
    });
    let (mode, only) = match request.tool_choice {
        None | Some(ToolChoice::Search) => (None, None),
        Some(ToolChoice::Auto) => (Some("AUTO"), None),
        Some(ToolChoice::None) => (Some("NONE"), None),
        Some(ToolChoice::Required) => (Some("ANY"), None),
        Some(ToolChoice::Named(name)) => (Some("ANY"), Some(name)),
    };
    if let Some(mode) = mode {
        out.key("toolConfig").object(|it| {
            it.key("functionCallingConfig").object(|it| {
                it.text_member("mode", mode);
                if let Some(name) = only {
                    it.key("allowedFunctionNames").array(|it| it.text(&encoder.names.fit(name, NAME_LIMIT)));
                }
            });
        });
    }
    if request.parallel_calls == Some(false) {
        encoder.ledger.dropped("parallel_tool_calls");
    }
}

fn tool(out: &mut Writer, tool: &Tool<'_>, encoder: &mut Encoder<'_, '_>) {
    encoder.breakpoints |= tool.cache.is_some();
    if tool.strict == Some(true) {
        encoder.ledger.dropped("tools.strict");
    }
    let name = encoder.names.fit(&tool.name, NAME_LIMIT);
    let tool = tool.as_function(encoder.ledger);
    let schema = tool.schema.as_deref().map(object);
    out.object(|it| {
        it.text_member("name", &name);
        if let Some(description) = &tool.description {
            it.text_member("description", description);
        }
        // An object without members is none: the API wants no schema then.
        let takes = |members: &Map<String, Json>| members.get("properties") != Some(&json!({}));
        if let Some((members, is_approximated)) = schema.filter(|(members, _)| takes(members) && members.len() > 1) {
            if is_approximated {
                encoder.ledger.approximated("tools.schema");
            }
            it.key("parametersJsonSchema").value(&Json::Object(members));
        }
    });
}

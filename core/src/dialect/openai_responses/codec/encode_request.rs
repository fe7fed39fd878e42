use super::LOGPROBS;
use super::turns::{Encoder, NAME_LIMIT};
use crate::dialect::hub::{
    Effort, Encoded, Format, Freeform, Grammar, Ledger, Names, Refusal, Request, Search, Target, Thoughts, ToolChoice,
    write_location, write_schema,
};
use crate::wire::json::Writer;

const USER_LIMIT: usize = 64;
/// OpenAI refuses less.
const LEAST_TOKENS: u64 = 16;

pub(super) fn encode(
    request: &Request<'_>,
    target: &Target<'_>,
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<Encoded, Refusal> {
    request.one_choice()?;
    request.without_citations(true, ledger);
    let search = request.searched(true, &["context_size", "location", "allowed", "max_uses", "choice"], ledger)?;
    let (mut refused, mut asks_reasoning) = (None, false);
    let mut out = target.writer();
    out.object(|it| {
        it.text_member("model", target.model);
        let mut encoder = Encoder::new(target, names, ledger);
        let instructions = encoder.text(&request.system);
        if !instructions.is_empty() {
            it.text_member("instructions", &instructions);
        }
        it.key("input").array(|it| {
            for turn in &request.turns {
                if let Err(refusal) = encoder.turn(it, turn) {
                    refused.get_or_insert(refusal);
                }
            }
        });
        if target.stream {
            it.key("stream").flag(true);
        }
        // Whose client keeps the conversation needs nobody else to.
        it.key("store").flag(false);
        tools(&mut encoder, it, request, search);
        if encoder.breakpoints {
            ledger.dropped("cache_control");
        }
        asks_reasoning = thinking(it, request, target, ledger);
        let thinks = asks_reasoning && request.reasoning.is_some_and(|it| it.effort != Effort::None);
        include(it, request, thinks, ledger);
        limits(it, request, thinks, ledger);
        output(it, request);
        if let Some(user) = &request.user {
            if user.len() <= USER_LIMIT {
                it.text_member("user", user);
            } else {
                ledger.dropped("metadata.user_id");
            }
        }
        for (name, value) in &request.openai {
            it.key(name).value(value);
        }
        // The default is not worth a field that a vendor may not know.
        let tier = request.service_tier.filter(|tier| *tier != "auto");
        for (name, value) in [("prompt_cache_key", request.cache_key), ("service_tier", tier)] {
            if let Some(value) = value {
                it.text_member(name, value);
            }
        }
    });
    refused.map_or_else(|| Ok(Encoded { body: out.into_bytes(), asks_reasoning }), Err)
}

/// Whether it was told how much to think.
fn thinking(out: &mut Writer, request: &Request<'_>, target: &Target<'_>, ledger: &mut Ledger) -> bool {
    let Some(reasoning) = request.reasoning else { return false };
    if target.without_reasoning {
        ledger.dropped("reasoning");
        return false;
    }
    if reasoning.budget.is_some_and(|budget| budget != reasoning.effort.budget()) {
        ledger.approximated("reasoning");
    }
    let thinks = reasoning.effort != Effort::None;
    out.key("reasoning").object(|it| {
        it.text_member("effort", reasoning.effort.name());
        if request.thoughts == Thoughts::Shown && thinks {
            it.text_member("summary", "auto");
        }
    });
    true
}

/// What an answer shall have that it has not anyway.
fn include(out: &mut Writer, request: &Request<'_>, thinks: bool, ledger: &mut Ledger) {
    // Models that think do not tell.
    let logprobs = request.logprobs.filter(|_| !thinks);
    if request.logprobs.is_some() && thinks {
        ledger.dropped("logprobs");
    }
    let wants_thoughts = thinks && request.thoughts != Thoughts::Unasked;
    if wants_thoughts || logprobs.is_some() {
        out.key("include").array(|it| {
            if wants_thoughts {
                it.text("reasoning.encrypted_content");
            }
            if logprobs.is_some() {
                it.text(LOGPROBS);
            }
        });
    }
    if let Some(top) = logprobs.filter(|top| *top > 0) {
        out.number_member("top_logprobs", top);
    }
}

fn limits(out: &mut Writer, request: &Request<'_>, thinks: bool, ledger: &mut Ledger) {
    let sampling = &request.sampling;
    if let Some(max) = sampling.max_tokens {
        if max < LEAST_TOKENS {
            ledger.approximated("max_tokens");
        }
        out.number_member("max_output_tokens", max.max(LEAST_TOKENS));
    }
    for (name, value) in [("temperature", sampling.temperature), ("top_p", sampling.top_p)] {
        match value {
            // Models that think refuse to be sampled otherwise than by default.
            Some(value) if thinks && value.as_f64() != Some(1.0) => ledger.dropped(name),
            Some(value) if !thinks => out.key(name).value(value),
            _ => {}
        }
    }
    for (name, is_set) in [
        ("top_k", sampling.top_k.is_some()),
        ("seed", sampling.seed.is_some()),
        ("frequency_penalty", sampling.frequency_penalty.is_some()),
        ("presence_penalty", sampling.presence_penalty.is_some()),
        ("stop_sequences", !sampling.stop.is_empty()),
    ] {
        if is_set {
            ledger.dropped(name);
        }
    }
}

/// What the answer's text must be.
fn output(out: &mut Writer, request: &Request<'_>) {
    if request.format.is_none() && request.verbosity.is_none() {
        return;
    }
    out.key("text").object(|it| {
        match &request.format {
            None => {}
            Some(Format::Json) => it.key("format").object(|it| it.text_member("type", "json_object")),
            Some(Format::Schema { name, description, schema, strict }) => it.key("format").object(|it| {
                it.text_member("type", "json_schema");
                it.text_member("name", name.unwrap_or("answer"));
                if let Some(description) = description {
                    it.text_member("description", description);
                }
                it.key("schema").value(&**schema);
                if let Some(strict) = strict {
                    it.key("strict").flag(*strict);
                }
            }),
        }
        if let Some(verbosity) = request.verbosity {
            it.text_member("verbosity", verbosity);
        }
    });
}

fn tools(encoder: &mut Encoder<'_, '_>, out: &mut Writer, request: &Request<'_>, search: Option<&Search<'_>>) {
    if request.tools.is_empty() && search.is_none() {
        return;
    }
    out.key("tools").array(|it| {
        if let Some(search) = search {
            write_search(it, search);
        }
        for tool in &request.tools {
            encoder.breakpoints |= tool.cache.is_some();
            let name = encoder.names.fit(&tool.name, NAME_LIMIT);
            it.object(|it| {
                it.text_member("type", if tool.freeform.is_some() { "custom" } else { "function" });
                it.text_member("name", &name);
                if let Some(description) = &tool.description {
                    it.text_member("description", description);
                }
                if let Some(freeform) = tool.freeform {
                    return format(it, freeform);
                }
                it.key("parameters");
                write_schema(it, tool.schema.as_deref());
                // Elsewhere a tool is strict that says so, here one that does not deny it.
                it.key("strict").flag(tool.strict.unwrap_or(false));
            });
        }
    });
    match request.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => out.text_member("tool_choice", "auto"),
        Some(ToolChoice::None) => out.text_member("tool_choice", "none"),
        // It is required, if there is nothing else.
        Some(ToolChoice::Search) => {
            if !request.tools.is_empty() {
                encoder.ledger.approximated("tool_choice");
            }
            out.text_member("tool_choice", "required");
        }
        Some(ToolChoice::Required) => out.text_member("tool_choice", "required"),
        Some(ToolChoice::Named(name)) => out.key("tool_choice").object(|it| {
            it.text_member("type", if request.is_freeform(name) { "custom" } else { "function" });
            it.text_member("name", &encoder.names.fit(name, NAME_LIMIT));
        }),
    }
    if let Some(parallel) = request.parallel_calls {
        out.key("parallel_tool_calls").flag(parallel);
    }
    if let Some(most) = search.and_then(|search| search.max_uses) {
        out.number_member("max_tool_calls", most);
    }
}

fn write_search(out: &mut Writer, search: &Search<'_>) {
    out.object(|it| {
        it.text_member("type", "web_search");
        if let Some(size) = search.context_size {
            it.text_member("search_context_size", size);
        }
        if let Some(location) = search.location {
            it.key("user_location").object(|it| {
                it.text_member("type", "approximate");
                write_location(it, location);
            });
        }
        if !search.allowed.is_empty() {
            it.key("filters").object(|it| {
                it.key("allowed_domains").array(|it| search.allowed.iter().for_each(|domain| it.value(domain)));
            });
        }
    });
}

/// What the text of a custom tool must be.
fn format(out: &mut Writer, freeform: Freeform<'_>) {
    let Some(Grammar { syntax, definition }) = freeform.grammar else { return };
    out.key("format").object(|it| {
        it.text_member("type", "grammar");
        it.text_member("syntax", syntax);
        it.text_member("definition", definition);
    });
}

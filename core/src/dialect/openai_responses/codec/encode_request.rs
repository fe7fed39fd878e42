use serde_json::Value;

use super::reasoning;
use crate::dialect::hub::{
    Effort, Encoded, Format, Ledger, Media, MediaKind, Names, Part, PartKind, Refusal, Request, Role, Source, Target,
    Thoughts, ToolChoice, Turn, call_id, write_schema,
};
use crate::wire::json::Writer;

const NAME_LIMIT: usize = 64;
const ID_LIMIT: usize = 64;
const USER_LIMIT: usize = 64;
/// OpenAI refuses less.
const LEAST_TOKENS: u64 = 16;
/// Between texts that the client wrote as several.
const SEPARATOR: &str = "\n\n";

pub(super) fn encode(
    request: &Request<'_>,
    target: &Target<'_>,
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<Encoded, Refusal> {
    let (mut refused, mut asks_reasoning) = (None, false);
    let mut out = Writer::with_capacity(4096);
    out.object(|it| {
        it.text_member("model", target.model);
        let mut encoder = Encoder { target, names, ledger, breakpoints: false };
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
        encoder.tools(it, request);
        if encoder.breakpoints {
            ledger.dropped("cache_control");
        }
        asks_reasoning = thinking(it, request, target, ledger);
        limits(it, request, asks_reasoning, ledger);
        output(it, request);
        if let Some(user) = &request.user {
            if user.len() <= USER_LIMIT {
                it.text_member("user", user);
            } else {
                ledger.dropped("metadata.user_id");
            }
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
    let Some(reasoning) = request.reasoning.filter(|it| it.effort != Effort::None) else { return false };
    if target.without_reasoning {
        ledger.dropped("reasoning");
        return false;
    }
    if reasoning.budget.is_some_and(|budget| budget != reasoning.effort.budget()) {
        ledger.approximated("reasoning");
    }
    out.key("reasoning").object(|it| {
        it.text_member("effort", reasoning.effort.name());
        if request.thoughts == Thoughts::Shown {
            it.text_member("summary", "auto");
        }
    });
    if request.thoughts != Thoughts::Unasked {
        out.key("include").array(|it| it.text("reasoning.encrypted_content"));
    }
    true
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
            Some(Format::Schema { name, schema, strict }) => it.key("format").object(|it| {
                it.text_member("type", "json_schema");
                it.text_member("name", name.unwrap_or("answer"));
                it.key("schema").value(schema);
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

struct Encoder<'a, 'b> {
    target: &'a Target<'b>,
    names: &'a mut Names,
    ledger: &'a mut Ledger,
    /// The client has set some.
    breakpoints: bool,
}

impl Encoder<'_, '_> {
    fn turn(&mut self, out: &mut Writer, turn: &Turn<'_>) -> Result<(), Refusal> {
        match turn.role {
            Role::System => self.message(out, "developer", &turn.parts.iter().collect::<Vec<_>>()),
            Role::User => self.user(out, &turn.parts),
            Role::Assistant => {
                self.assistant(out, &turn.parts);
                Ok(())
            }
        }
    }

    /// Each result is an item of its own, and what else the turn has, one behind them.
    fn user(&mut self, out: &mut Writer, parts: &[Part<'_>]) -> Result<(), Refusal> {
        let mut others: Vec<&Part<'_>> = Vec::new();
        for part in parts {
            match &part.kind {
                PartKind::Result { id, parts, is_error } => {
                    self.breakpoints |= part.cache.is_some();
                    self.result(out, id, parts, *is_error)?;
                }
                _ => others.push(part),
            }
        }
        self.message(out, "user", &others)
    }

    fn message(&mut self, out: &mut Writer, role: &str, parts: &[&Part<'_>]) -> Result<(), Refusal> {
        if parts.is_empty() {
            return Ok(());
        }
        let mut result = Ok(());
        out.object(|it| {
            it.text_member("type", "message");
            it.text_member("role", role);
            it.key("content").array(|it| {
                for part in parts {
                    result = result.clone().and(self.content(it, part));
                }
            });
        });
        result
    }

    /// A text alone, or parts.
    fn result(&mut self, out: &mut Writer, id: &str, parts: &[Part<'_>], is_error: bool) -> Result<(), Refusal> {
        let has_media = parts.iter().any(|part| matches!(part.kind, PartKind::Media(_)));
        if is_error {
            self.ledger.approximated("tool_result.is_error");
        }
        let prefix = if is_error { "Error: " } else { "" };
        let mut result = Ok(());
        out.object(|it| {
            it.text_member("type", "function_call_output");
            it.text_member("call_id", &call_id(id, ID_LIMIT));
            it.key("output");
            if !has_media {
                let text = self.text(parts);
                return it.text(&format!("{prefix}{text}"));
            }
            it.array(|it| {
                if is_error {
                    input_text(it, prefix.trim_end());
                }
                for part in parts {
                    result = result.clone().and(self.content(it, part));
                }
            });
        });
        result
    }

    /// A part of what a user or a tool says.
    fn content(&mut self, out: &mut Writer, part: &Part<'_>) -> Result<(), Refusal> {
        self.breakpoints |= part.cache.is_some();
        match &part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) => input_text(out, text),
            PartKind::Media(media) => return media_part(out, media),
            PartKind::Reasoning { .. } | PartKind::Call { .. } | PartKind::Result { .. } => {
                self.ledger.dropped("messages.content");
            }
        }
        Ok(())
    }

    /// An item for each thought and call, and a message for the words between them.
    fn assistant(&mut self, out: &mut Writer, parts: &[Part<'_>]) {
        // A thought is refused that nothing follows.
        let mut thoughts: Vec<Value> = Vec::new();
        let mut words: Vec<&Part<'_>> = Vec::new();
        for part in parts {
            self.breakpoints |= part.cache.is_some();
            if !matches!(part.kind, PartKind::Text(_) | PartKind::Refusal(_)) {
                say(out, &mut thoughts, &mut words);
            }
            match &part.kind {
                PartKind::Text(_) | PartKind::Refusal(_) => words.push(part),
                PartKind::Reasoning { proof, .. } => {
                    match proof.as_ref().and_then(|proof| reasoning::own(proof, self.target)) {
                        Some(item) => thoughts.push(item),
                        None => self.ledger.dropped("reasoning.history"),
                    }
                }
                PartKind::Call { id, name, input } => {
                    thoughts.drain(..).for_each(|item| out.value(&item));
                    let name = self.names.fit(name, NAME_LIMIT);
                    out.object(|it| {
                        it.text_member("type", "function_call");
                        it.text_member("call_id", &call_id(id, ID_LIMIT));
                        it.text_member("name", &name);
                        it.text_member("arguments", &input.json());
                    });
                }
                PartKind::Media(_) | PartKind::Result { .. } => self.ledger.dropped("messages.media"),
            }
        }
        say(out, &mut thoughts, &mut words);
        if !thoughts.is_empty() {
            self.ledger.dropped("reasoning.history");
        }
    }

    fn tools(&mut self, out: &mut Writer, request: &Request<'_>) {
        if request.tools.is_empty() {
            return;
        }
        out.key("tools").array(|it| {
            for tool in &request.tools {
                self.breakpoints |= tool.cache.is_some();
                let name = self.names.fit(&tool.name, NAME_LIMIT);
                it.object(|it| {
                    it.text_member("type", "function");
                    it.text_member("name", &name);
                    if let Some(description) = &tool.description {
                        it.text_member("description", description);
                    }
                    it.key("parameters");
                    write_schema(it, tool.schema);
                    // Elsewhere a tool is strict that says so, here one that does not deny it.
                    it.key("strict").flag(tool.strict.unwrap_or(false));
                });
            }
        });
        match request.tool_choice {
            None => {}
            Some(ToolChoice::Auto) => out.text_member("tool_choice", "auto"),
            Some(ToolChoice::None) => out.text_member("tool_choice", "none"),
            Some(ToolChoice::Required) => out.text_member("tool_choice", "required"),
            Some(ToolChoice::Named(name)) => out.key("tool_choice").object(|it| {
                it.text_member("type", "function");
                it.text_member("name", &self.names.fit(name, NAME_LIMIT));
            }),
        }
        if let Some(parallel) = request.parallel_calls {
            out.key("parallel_tool_calls").flag(parallel);
        }
    }

    /// The texts among parts, in one.
    fn text(&mut self, parts: &[Part<'_>]) -> String {
        let mut texts = Vec::new();
        for part in parts {
            self.breakpoints |= part.cache.is_some();
            match &part.kind {
                PartKind::Text(text) | PartKind::Refusal(text) => texts.push(&**text),
                _ => self.ledger.dropped("system.media"),
            }
        }
        texts.join(SEPARATOR)
    }
}

/// Writes the words that have come as a message, and before them the thoughts that led to them.
fn say(out: &mut Writer, thoughts: &mut Vec<Value>, words: &mut Vec<&Part<'_>>) {
    if words.is_empty() {
        return;
    }
    thoughts.drain(..).for_each(|item| out.value(&item));
    out.object(|it| {
        it.text_member("type", "message");
        it.text_member("role", "assistant");
        it.key("content").array(|it| {
            for part in words.drain(..) {
                it.object(|it| match &part.kind {
                    PartKind::Refusal(text) => {
                        it.text_member("type", "refusal");
                        it.text_member("refusal", text);
                    }
                    PartKind::Text(text) => {
                        it.text_member("type", "output_text");
                        it.text_member("text", text);
                    }
                    _ => {}
                });
            }
        });
    });
}

fn input_text(out: &mut Writer, text: &str) {
    out.object(|it| {
        it.text_member("type", "input_text");
        it.text_member("text", text);
    });
}

fn media_part(out: &mut Writer, media: &Media<'_>) -> Result<(), Refusal> {
    let Some(url) = media.source.to_url() else {
        let message = "a file's id is known to the provider it was uploaded to alone; send its data, or a URL";
        return Err(Refusal::new("messages.content.source", message));
    };
    match media.kind {
        MediaKind::Image => out.object(|it| {
            it.text_member("type", "input_image");
            it.text_member("image_url", &url);
            it.text_member("detail", media.detail.unwrap_or("auto"));
        }),
        MediaKind::Document => out.object(|it| {
            it.text_member("type", "input_file");
            if let Source::Base64 { .. } = media.source {
                it.text_member("filename", media.name.unwrap_or("document.pdf"));
                it.text_member("file_data", &url);
            } else {
                it.text_member("file_url", &url);
            }
        }),
        MediaKind::Audio => {
            let message = "models that speak Responses hear no audio; send text";
            return Err(Refusal::new("messages.content", message));
        }
    }
    Ok(())
}

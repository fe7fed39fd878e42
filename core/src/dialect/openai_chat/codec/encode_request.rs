use std::borrow::Cow;

use serde_json::Map;

use super::{thoughts, write_custom, write_function};
use crate::dialect::hub::{
    Effort, Encoded, Format, Freeform, Grammar, Ledger, Media, MediaKind, Names, Part, PartKind, Refusal, Request,
    Role, SEPARATOR, Search, Source, Target, Tool, ToolChoice, Turn, call_id, joined, write_location, write_schema,
};
use crate::wire::json::Writer;

const NAME_LIMIT: usize = 64;
const ID_LIMIT: usize = 40;
/// OpenAI takes no more.
const STOP_LIMIT: usize = 4;
const USER_LIMIT: usize = 64;

pub(super) fn encode(
    request: &Request<'_>,
    target: &Target<'_>,
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<Encoded, Refusal> {
    let search = request.searched(searches(target), &["context_size", "location"], ledger)?;
    request.without_citations(false, ledger);
    let (mut refused, mut asks_reasoning) = (None, false);
    let mut out = target.writer();
    out.object(|it| {
        it.text_member("model", target.model);
        let mut encoder = Encoder { target, names, ledger, breakpoints: false, takes_custom: is_openai(target) };
        it.key("messages").array(|it| {
            encoder.system(it, &request.system);
            for turn in &request.turns {
                if let Err(refusal) = encoder.turn(it, turn) {
                    refused.get_or_insert(refusal);
                }
            }
        });
        if target.stream {
            it.key("stream").flag(true);
            if target.asks_usage {
                it.key("stream_options").object(|it| it.key("include_usage").flag(true));
            }
        }
        encoder.tools(it, request);
        if encoder.breakpoints {
            ledger.dropped("cache_control");
        }
        if let Some(search) = search {
            write_search(it, search);
        }
        limits(it, request, target, ledger);
        asks_reasoning = reasoning(it, request, target, ledger);
        format(it, request);
        if let Some(user) = &request.user {
            if user.len() <= USER_LIMIT {
                it.text_member("user", user);
            } else {
                ledger.dropped("metadata.user_id");
            }
        }
        for (name, value) in &request.openai {
            if is_openai(target) {
                it.key(name).value(value);
            } else {
                ledger.unknown(name);
            }
        }
        for (name, value) in
            [("prompt_cache_key", request.cache_key), ("verbosity", request.verbosity), ("service_tier", tier(request))]
        {
            match value {
                Some(value) if is_of_today(target) => it.text_member(name, value),
                // Many vendors refuse what they do not know.
                Some(_) => ledger.dropped(name),
                None => {}
            }
        }
    });
    refused.map_or_else(|| Ok(Encoded { body: out.into_bytes(), asks_reasoning }), Err)
}

/// The default is not worth a field that a vendor may not know.
fn tier<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.service_tier.filter(|tier| *tier != "auto")
}

fn is_openai(target: &Target<'_>) -> bool {
    target.host.ends_with("api.openai.com") || target.host.ends_with(".azure.com")
}

/// Whether the provider is OpenAI itself, or its model one of OpenAI's: then limits have the names of today.
fn is_of_today(target: &Target<'_>) -> bool {
    let model = target.model.rsplit('/').next().unwrap_or_default();
    let is_numbered = |prefix: &str, from: u8| {
        let digit = model.strip_prefix(prefix).and_then(|rest| rest.bytes().next());
        digit.is_some_and(|digit| (from..=b'9').contains(&digit))
    };
    is_openai(target) || is_numbered("gpt-", b'5') || is_numbered("o", b'1')
}

/// Whether the model is one that searches: the others refuse to be told.
fn searches(target: &Target<'_>) -> bool {
    target.model.contains("search") || target.model.contains("sonar") || target.host.ends_with("openrouter.ai")
}

fn write_search(out: &mut Writer, search: &Search<'_>) {
    out.key("web_search_options").object(|it| {
        if let Some(size) = search.context_size {
            it.text_member("search_context_size", size);
        }
        if let Some(location) = search.location {
            it.key("user_location").object(|it| {
                it.text_member("type", "approximate");
                it.key("approximate").object(|it| write_location(it, location));
            });
        }
    });
}

fn limits(out: &mut Writer, request: &Request<'_>, target: &Target<'_>, ledger: &mut Ledger) {
    let sampling = &request.sampling;
    if let Some(max) = sampling.max_tokens {
        out.number_member(if is_of_today(target) { "max_completion_tokens" } else { "max_tokens" }, max);
    }
    for (name, value) in [
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("seed", sampling.seed),
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
    ] {
        if let Some(value) = value {
            out.key(name).value(value);
        }
    }
    if let Some((number, _)) = request.choices {
        out.number_member("n", number);
    }
    if let Some(top) = request.logprobs {
        out.key("logprobs").flag(true);
        if top > 0 {
            out.number_member("top_logprobs", top);
        }
    }
    if sampling.top_k.is_some() {
        ledger.dropped("top_k");
    }
    if !sampling.stop.is_empty() {
        if sampling.stop.len() > STOP_LIMIT {
            ledger.approximated("stop_sequences");
        }
        out.key("stop").array(|it| sampling.stop.iter().take(STOP_LIMIT).for_each(|stop| it.text(stop)));
    }
}

/// Whether it was told how much to think.
fn reasoning(out: &mut Writer, request: &Request<'_>, target: &Target<'_>, ledger: &mut Ledger) -> bool {
    let Some(reasoning) = request.reasoning else { return false };
    if reasoning.effort == Effort::None && !is_of_today(target) {
        // Not to think is what most models do that are not told to; few vendors take the word for it.
        ledger.approximated("reasoning");
        return false;
    }
    if target.without_reasoning {
        ledger.dropped("reasoning");
        return false;
    }
    if reasoning.budget.is_some_and(|budget| budget != reasoning.effort.budget()) {
        ledger.approximated("reasoning");
    }
    out.text_member("reasoning_effort", reasoning.effort.name());
    true
}

fn format(out: &mut Writer, request: &Request<'_>) {
    match &request.format {
        None => {}
        Some(Format::Json) => {
            out.key("response_format").object(|it| it.text_member("type", "json_object"));
        }
        Some(Format::Schema { name, description, schema, strict }) => out.key("response_format").object(|it| {
            it.text_member("type", "json_schema");
            it.key("json_schema").object(|it| {
                it.text_member("name", name.unwrap_or("answer"));
                if let Some(description) = description {
                    it.text_member("description", description);
                }
                it.key("schema").value(&**schema);
                if let Some(strict) = strict {
                    it.key("strict").flag(*strict);
                }
            });
        }),
    }
}

struct Encoder<'a, 'b> {
    target: &'a Target<'b>,
    names: &'a mut Names,
    ledger: &'a mut Ledger,
    /// The client has set some.
    breakpoints: bool,
    /// It knows tools that take any text: few who serve OpenAI's models do, too.
    takes_custom: bool,
}

impl Encoder<'_, '_> {
    fn system(&mut self, out: &mut Writer, parts: &[Part<'_>]) {
        let text = self.text(parts);
        if !text.is_empty() {
            message(out, "system", |it| it.text_member("content", &text));
        }
    }

    fn turn(&mut self, out: &mut Writer, turn: &Turn<'_>) -> Result<(), Refusal> {
        match turn.role {
            Role::System => self.system(out, &turn.parts),
            Role::User => return self.user(out, &turn.parts),
            Role::Assistant => self.assistant(out, &turn.parts),
        }
        Ok(())
    }

    /// Each result is a message of its own, and what else the turn has, one behind them.
    fn user(&mut self, out: &mut Writer, parts: &[Part<'_>]) -> Result<(), Refusal> {
        let mut others: Vec<&Part<'_>> = Vec::new();
        for part in parts {
            let PartKind::Result { id, parts, is_error } = &part.kind else {
                others.push(part);
                continue;
            };
            self.breakpoints |= part.cache.is_some();
            let mut text = self.text(parts);
            let media: Vec<&Part<'_>> = parts.iter().filter(|it| matches!(it.kind, PartKind::Media(_))).collect();
            if !media.is_empty() {
                // A tool's message holds text alone.
                self.ledger.approximated("tool_result.media");
                if text.is_empty() {
                    text = Cow::Borrowed("The result is attached to the next message.");
                }
                others.extend(media);
            }
            if *is_error {
                self.ledger.approximated("tool_result.is_error");
            }
            message(out, "tool", |it| {
                it.text_member("tool_call_id", &call_id(id, ID_LIMIT));
                it.key("content").pieces(&[if *is_error { "Error: " } else { "" }, &text]);
            });
        }
        if others.is_empty() {
            return Ok(());
        }
        self.breakpoints |= others.iter().any(|part| part.cache.is_some());
        let texts: Vec<&str> = others.iter().filter_map(|part| words(part)).collect();
        if texts.len() == others.len() {
            message(out, "user", |it| it.key("content").joined(&texts, SEPARATOR));
            return Ok(());
        }
        let mut result = Ok(());
        message(out, "user", |it| {
            it.key("content").array(|it| {
                for part in &others {
                    match &part.kind {
                        PartKind::Media(media) => result = result.clone().and(self.media(it, media)),
                        _ => it.object(|it| {
                            it.text_member("type", "text");
                            it.text_member("text", words(part).unwrap_or_default());
                        }),
                    }
                }
            });
        });
        result
    }

    fn assistant(&mut self, out: &mut Writer, parts: &[Part<'_>]) {
        let mut brought = Map::new();
        let mut has_calls = false;
        for part in parts {
            match &part.kind {
                PartKind::Reasoning { proof, .. } => {
                    match proof.as_ref().and_then(|proof| thoughts::own(proof, self.target)) {
                        Some(members) => thoughts::fold(&mut brought, members),
                        None => self.ledger.dropped("reasoning.history"),
                    }
                }
                PartKind::Call { .. } => has_calls = true,
                PartKind::Media(_) => self.ledger.dropped("messages.media"),
                PartKind::Searched(_) => self.ledger.dropped("searches"),
                PartKind::Text(_) | PartKind::Refusal(_) | PartKind::Result { .. } => {}
            }
        }
        let text = self.text(parts);
        if text.is_empty() && !has_calls {
            return;
        }
        message(out, "assistant", |it| {
            it.key("content");
            if text.is_empty() {
                it.null();
            } else {
                it.text(&text);
            }
            // What is of the message stands in it, what is of a call in that.
            for (name, value) in brought.iter().filter(|(name, _)| *name != thoughts::EXTRA) {
                it.key(name).value(value);
            }
            if has_calls {
                it.key("tool_calls").array(|it| self.calls(it, parts));
            }
        });
    }

    fn calls(&mut self, out: &mut Writer, parts: &[Part<'_>]) {
        let mut extra = None;
        for part in parts {
            match &part.kind {
                PartKind::Reasoning { proof: Some(proof), .. } => {
                    let own = thoughts::own(proof, self.target);
                    extra = own.and_then(|mut own| own.shift_remove(thoughts::EXTRA)).or(extra);
                }
                PartKind::Call { id, name, input } => {
                    self.breakpoints |= part.cache.is_some();
                    let name = self.names.fit(name, NAME_LIMIT);
                    out.object(|it| {
                        it.text_member("id", &call_id(id, ID_LIMIT));
                        if self.takes_custom && input.is_text() {
                            write_custom(it, &name, &input.text());
                        } else {
                            write_function(it, &name, &input.json());
                        }
                        if let Some(extra) = extra.take() {
                            it.key(thoughts::EXTRA).value(&extra);
                        }
                    });
                }
                _ => {}
            }
        }
    }

    fn media(&mut self, out: &mut Writer, media: &Media<'_>) -> Result<(), Refusal> {
        let Some(url) = media.source.url() else {
            let message = "a file's id is known to the provider it was uploaded to alone; send its data";
            return Err(Refusal::new("messages.content.source", message));
        };
        match (media.kind, &media.source) {
            (MediaKind::Image, _) => out.object(|it| {
                it.text_member("type", "image_url");
                it.key("image_url").object(|it| {
                    it.key("url").pieces(&url);
                    if let Some(detail) = media.detail {
                        let is_known = matches!(detail, "auto" | "low" | "high");
                        if !is_known {
                            self.ledger.approximated("image_url.detail");
                        }
                        it.text_member("detail", if is_known { detail } else { "high" });
                    }
                });
            }),
            (MediaKind::Audio, Source::Base64 { mime, data }) => out.object(|it| {
                it.text_member("type", "input_audio");
                it.key("input_audio").object(|it| {
                    it.text_member("data", data);
                    it.text_member(
                        "format",
                        if mime.ends_with("mp3") || mime.ends_with("mpeg") { "mp3" } else { "wav" },
                    );
                });
            }),
            (MediaKind::Document, Source::Base64 { .. }) => out.object(|it| {
                it.text_member("type", "file");
                it.key("file").object(|it| {
                    it.text_member("filename", media.name.unwrap_or("document.pdf"));
                    it.key("file_data").pieces(&url);
                });
            }),
            (MediaKind::Audio | MediaKind::Document, _) => {
                let message = "the model's provider takes files as data alone, and the gateway fetches nothing; send its bytes in Base64";
                return Err(Refusal::new("messages.content.source.url", message));
            }
        }
        Ok(())
    }

    fn tools(&mut self, out: &mut Writer, request: &Request<'_>) {
        if request.tools.is_empty() {
            return;
        }
        out.key("tools").array(|it| request.tools.iter().for_each(|tool| self.tool(it, tool)));
        match request.tool_choice {
            // It searches as it sees fit.
            None | Some(ToolChoice::Search) => {}
            Some(ToolChoice::Auto) => out.text_member("tool_choice", "auto"),
            Some(ToolChoice::None) => out.text_member("tool_choice", "none"),
            Some(ToolChoice::Required) => out.text_member("tool_choice", "required"),
            Some(ToolChoice::Named(name)) => out.key("tool_choice").object(|it| {
                let is_custom = self.takes_custom && request.is_freeform(name);
                let kind = if is_custom { "custom" } else { "function" };
                it.text_member("type", kind);
                it.key(kind).object(|it| it.text_member("name", &self.names.fit(name, NAME_LIMIT)));
            }),
        }
        if let Some(parallel) = request.parallel_calls {
            out.key("parallel_tool_calls").flag(parallel);
        }
    }

    fn tool(&mut self, out: &mut Writer, tool: &Tool<'_>) {
        self.breakpoints |= tool.cache.is_some();
        let name = self.names.fit(&tool.name, NAME_LIMIT);
        if let Some(freeform) = tool.freeform.filter(|_| self.takes_custom) {
            return custom(out, &name, tool, freeform);
        }
        let tool = tool.as_function(self.ledger);
        out.object(|it| {
            it.text_member("type", "function");
            it.key("function").object(|it| {
                it.text_member("name", &name);
                if let Some(description) = &tool.description {
                    it.text_member("description", description);
                }
                if tool.schema.is_some() {
                    it.key("parameters");
                    write_schema(it, tool.schema.as_deref());
                }
                if let Some(strict) = tool.strict {
                    it.key("strict").flag(strict);
                }
            });
        });
    }

    /// The texts among parts, in one.
    fn text<'p>(&mut self, parts: &'p [Part<'_>]) -> Cow<'p, str> {
        self.breakpoints |= parts.iter().any(|part| part.cache.is_some());
        joined(&parts.iter().filter_map(words).collect::<Vec<_>>())
    }
}

fn custom(out: &mut Writer, name: &str, tool: &Tool<'_>, freeform: Freeform<'_>) {
    out.object(|it| {
        it.text_member("type", "custom");
        it.key("custom").object(|it| {
            it.text_member("name", name);
            if let Some(description) = &tool.description {
                it.text_member("description", description);
            }
            if let Some(Grammar { syntax, definition }) = freeform.grammar {
                it.key("format").object(|it| {
                    it.text_member("type", "grammar");
                    it.key("grammar").object(|it| {
                        it.text_member("syntax", syntax);
                        it.text_member("definition", definition);
                    });
                });
            }
        });
    });
}

fn words<'a>(part: &'a Part<'_>) -> Option<&'a str> {
    match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => Some(text),
        _ => None,
    }
}

fn message(out: &mut Writer, role: &str, fill: impl FnOnce(&mut Writer)) {
    out.object(|it| {
        it.text_member("role", role);
        fill(it);
    });
}

use super::thinking::{MAX_TOKENS, Thinking, own_thought, sampling};
use crate::dialect::hub::{
    Cache, Encoded, Format, Input, Ledger, Media, MediaKind, Names, Part, PartKind, Refusal, Request, Role, Search,
    Source, Target, Tool, ToolChoice, Turn, call_id, write_location, write_schema,
};
use crate::wire::json::{Value, Writer};

const NAME_LIMIT: usize = 64;
const ID_LIMIT: usize = 64;

pub(super) fn encode(
    request: &Request<'_>,
    target: &Target<'_>,
    names: &mut Names,
    ledger: &mut Ledger,
) -> Result<Encoded, Refusal> {
    request.one_choice()?;
    // Others who serve the dialect have no such tool; and no function may have its name.
    let searches = target.model.contains("claude") && !request.tools.iter().any(|tool| tool.name == "web_search");
    let search = request.searched(searches, &["location", "allowed", "blocked", "max_uses", "choice"], ledger)?;
    request.without_citations(false, ledger);
    let thinking = Thinking::of(request, target, ledger);
    let marks = Marks::of(request, ledger);
    let mut refused = None;
    let mut out = target.writer();
    out.object(|it| {
        it.text_member("model", target.model);
        it.number_member("max_tokens", request.sampling.max_tokens.unwrap_or(MAX_TOKENS));
        if target.stream {
            it.key("stream").flag(true);
        }
        system(it, request, marks, ledger);
        let mut encoder = Encoder { target, names, ledger, marks, thinks: thinking.is_on };
        it.key("messages").array(|it| {
            if let Err(refusal) = encoder.turns(it, &request.turns) {
                refused = Some(refusal);
            }
        });
        encoder.tools(it, request, search);
        sampling(it, request, &thinking, ledger);
        thinking.write(it, request, ledger);
        if let Some(user) = &request.user {
            it.key("metadata").object(|it| it.text_member("user_id", user));
        }
        match request.service_tier {
            None | Some("auto") => {}
            Some("default") => it.text_member("service_tier", "standard_only"),
            Some(_) => ledger.dropped("service_tier"),
        }
        for (name, _) in &request.openai {
            ledger.unknown(name);
        }
        if request.cache_key.is_some() {
            ledger.dropped("prompt_cache_key");
        }
        if request.verbosity.is_some() {
            ledger.dropped("verbosity");
        }
        if request.logprobs.is_some() {
            ledger.dropped("logprobs");
        }
    });
    refused.map_or_else(
        || Ok(Encoded { body: out.into_bytes(), asks_reasoning: thinking.is_on || thinking.is_denied }),
        Err,
    )
}

/// Where the gateway sets breakpoints for a client that knows none, if its conversation is one that goes on.
#[derive(Clone, Copy, Debug)]
struct Marks(bool);

impl Marks {
    fn of(request: &Request<'_>, ledger: &mut Ledger) -> Self {
        let goes_on = !request.tools.is_empty() || request.turns.len() > 1;
        let adds = !request.knows_breakpoints && goes_on;
        if adds {
            ledger.added("cache_control");
        }
        Self(adds)
    }
}

fn system(out: &mut Writer, request: &Request<'_>, marks: Marks, ledger: &mut Ledger) {
    let wants_json = matches!(request.format, Some(Format::Json));
    if request.system.is_empty() && !wants_json {
        return;
    }
    let last = request.system.len().saturating_sub(1);
    out.key("system").array(|it| {
        for (index, part) in request.system.iter().enumerate() {
            let PartKind::Text(text) = &part.kind else {
                ledger.dropped("system.media");
                continue;
            };
            it.object(|it| {
                it.text_member("type", "text");
                it.text_member("text", text);
                cache(it, part.cache.or_else(|| (marks.0 && index == last).then_some(Cache::Short)));
            });
        }
        if wants_json {
            it.object(|it| {
                it.text_member("type", "text");
                it.text_member("text", "Answer with one JSON object and nothing else.");
            });
        }
    });
}

struct Encoder<'a, 'b> {
    target: &'a Target<'b>,
    names: &'a mut Names,
    ledger: &'a mut Ledger,
    marks: Marks,
    thinks: bool,
}

impl Encoder<'_, '_> {
    /// Turns of one side in a row are one message; instructions in their midst are the user's.
    fn turns(&mut self, out: &mut Writer, turns: &[Turn<'_>]) -> Result<(), Refusal> {
        let mut rest = turns;
        while let Some(first) = rest.first() {
            let is_assistant = first.role == Role::Assistant;
            let count = rest.iter().take_while(|turn| (turn.role == Role::Assistant) == is_assistant).count();
            let (message, behind) = rest.split_at(count);
            rest = behind;
            let last = message.iter().flat_map(|turn| &turn.parts).count().saturating_sub(1);
            let (begin, mut is_empty, mut result) = (out.len(), false, Ok(()));
            out.object(|it| {
                it.text_member("role", if is_assistant { "assistant" } else { "user" });
                it.key("content").array(|it| {
                    let begin = it.len();
                    let parts = message.iter().flat_map(|turn| turn.parts.iter().map(|part| (turn.role, part)));
                    for (index, (role, part)) in parts.enumerate() {
                        let is_marked = self.marks.0 && !is_assistant && rest.is_empty() && index == last;
                        let mark = part.cache.or(is_marked.then_some(Cache::Short));
                        result = result.clone().and(self.block(it, part, mark, role == Role::System));
                    }
                    is_empty = it.len() == begin;
                });
            });
            result?;
            // A turn whose thoughts were all that it had is none.
            if is_empty {
                out.truncate(begin);
            }
        }
        if turns.iter().any(|turn| turn.role == Role::System) {
            self.ledger.approximated("messages.system");
        }
        Ok(())
    }

    fn block(
        &mut self,
        out: &mut Writer,
        part: &Part<'_>,
        mark: Option<Cache>,
        is_system: bool,
    ) -> Result<(), Refusal> {
        match &part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) if text.is_empty() => {}
            PartKind::Text(text) | PartKind::Refusal(text) => out.object(|it| {
                it.text_member("type", "text");
                let [begin, end] = if is_system { ["<system>\n", "\n</system>"] } else { [""; 2] };
                it.key("text").pieces(&[begin, text, end]);
                cache(it, mark);
            }),
            PartKind::Media(media) => self.media(out, media, mark)?,
            PartKind::Reasoning { proof, .. } => {
                match proof.as_ref().and_then(|proof| own_thought(proof, self.target)) {
                    Some(block) if self.thinks => out.value(&block),
                    _ => self.ledger.dropped("reasoning.history"),
                }
            }
            PartKind::Call { id, name, input } => {
                let json = input.json();
                let is_object = match input {
                    Input::Tree(tree) => tree.is_object(),
                    Input::Json(_) | Input::Text(_) => matches!(serde_json::from_str(&json), Ok(Value::Object(_))),
                };
                let name = self.names.fit(name, NAME_LIMIT);
                if !is_object {
                    self.ledger.approximated("tool_calls.arguments");
                }
                out.object(|it| {
                    it.text_member("type", "tool_use");
                    it.text_member("id", &call_id(id, ID_LIMIT));
                    it.text_member("name", &name);
                    if is_object {
                        it.key("input").raw(&json);
                    } else {
                        it.key("input").object(|it| it.text_member("arguments", &json));
                    }
                    cache(it, mark);
                });
            }
            PartKind::Searched(_) => self.ledger.dropped("searches"),
            PartKind::Result { id, parts, is_error } => {
                let mut result = Ok(());
                out.object(|it| {
                    it.text_member("type", "tool_result");
                    it.text_member("tool_use_id", &call_id(id, ID_LIMIT));
                    it.key("content").array(|it| {
                        for part in parts {
                            if let Err(refusal) = self.block(it, part, part.cache, false) {
                                result = Err(refusal);
                            }
                        }
                    });
                    if *is_error {
                        it.key("is_error").flag(true);
                    }
                    cache(it, mark);
                });
                result?;
            }
        }
        Ok(())
    }

    fn media(&mut self, out: &mut Writer, media: &Media<'_>, mark: Option<Cache>) -> Result<(), Refusal> {
        let kind = match media.kind {
            MediaKind::Image => "image",
            MediaKind::Document => "document",
            MediaKind::Audio => {
                return Err(Refusal::new("messages.content", "models that speak Messages hear no audio; send text"));
            }
        };
        if media.detail.is_some_and(|detail| detail != "auto") {
            self.ledger.dropped("image_url.detail");
        }
        if let Source::File(_) = media.source {
            let message = "a file's id is known to the provider it was uploaded to alone; send its data, or a URL";
            return Err(Refusal::new("messages.content.file_id", message));
        }
        out.object(|it| {
            it.text_member("type", kind);
            it.key("source").object(|it| match &media.source {
                Source::Base64 { mime, data } => {
                    it.text_member("type", "base64");
                    it.text_member("media_type", mime);
                    it.text_member("data", data);
                }
                Source::Url(url) | Source::File(url) => {
                    it.text_member("type", "url");
                    it.text_member("url", url);
                }
            });
            if let (Some(name), MediaKind::Document) = (media.name, media.kind) {
                it.text_member("title", name);
            }
            cache(it, mark);
        });
        Ok(())
    }

    fn tools(&mut self, out: &mut Writer, request: &Request<'_>, search: Option<&Search<'_>>) {
        if request.tools.is_empty() && search.is_none() {
            return self.tools_of_history(out, &request.turns);
        }
        let last = request.tools.len().saturating_sub(1);
        out.key("tools").array(|it| {
            if let Some(search) = search {
                write_search(it, search);
            }
            for (index, value) in request.tools.iter().enumerate() {
                let mark = (self.marks.0 && index == last).then_some(Cache::Short);
                self.tool(it, value, value.cache.or(mark));
            }
        });
        let name = match request.tool_choice {
            Some(ToolChoice::Required) => "any",
            Some(ToolChoice::None) => "none",
            Some(ToolChoice::Search) if search.is_none() => "auto",
            Some(ToolChoice::Named(_) | ToolChoice::Search) => "tool",
            Some(ToolChoice::Auto) => "auto",
            None if request.parallel_calls == Some(false) => "auto",
            None => return,
        };
        // A model that thinks cannot be forced to call.
        let is_forced = matches!(name, "any" | "tool") && self.thinks;
        if is_forced {
            self.ledger.approximated("tool_choice");
        }
        out.key("tool_choice").object(|it| {
            it.text_member("type", if is_forced { "auto" } else { name });
            match request.tool_choice.filter(|_| !is_forced) {
                Some(ToolChoice::Named(name)) => it.text_member("name", &self.names.fit(name, NAME_LIMIT)),
                Some(ToolChoice::Search) if name == "tool" => it.text_member("name", "web_search"),
                _ => {}
            }
            if request.parallel_calls == Some(false) && name != "none" {
                it.key("disable_parallel_tool_use").flag(true);
            }
        });
    }

    /// A history with calls wants their tools declared, also where the client has none any more: none can be called.
    fn tools_of_history(&mut self, out: &mut Writer, turns: &[Turn<'_>]) {
        let mut called: Vec<&str> = Vec::new();
        for part in turns.iter().flat_map(|turn| &turn.parts) {
            if let PartKind::Call { name, .. } = &part.kind
                && !called.contains(&&**name)
            {
                called.push(name);
            }
        }
        if called.is_empty() {
            return;
        }
        self.ledger.added("tools");
        out.key("tools").array(|it| {
            for name in called {
                self.tool(it, &Tool::named(name), None);
            }
        });
        out.key("tool_choice").object(|it| it.text_member("type", "none"));
    }

    fn tool(&mut self, out: &mut Writer, tool: &Tool<'_>, mark: Option<Cache>) {
        let name = self.names.fit(&tool.name, NAME_LIMIT);
        let tool = tool.as_function(self.ledger);
        out.object(|it| {
            it.text_member("name", &name);
            if let Some(description) = &tool.description {
                it.text_member("description", description);
            }
            it.key("input_schema");
            write_schema(it, tool.schema.as_deref());
            if let Some(strict) = tool.strict.filter(|strict| *strict) {
                it.key("strict").flag(strict);
            }
            cache(it, mark);
        });
    }
}

fn write_search(out: &mut Writer, search: &Search<'_>) {
    out.object(|it| {
        it.text_member("type", "web_search_20250305");
        it.text_member("name", "web_search");
        for (name, domains) in [("allowed_domains", search.allowed), ("blocked_domains", search.blocked)] {
            if !domains.is_empty() {
                it.key(name).array(|it| domains.iter().for_each(|domain| it.value(domain)));
            }
        }
        if let Some(most) = search.max_uses {
            it.number_member("max_uses", most);
        }
        if let Some(location) = search.location {
            it.key("user_location").object(|it| {
                it.text_member("type", "approximate");
                write_location(it, location);
            });
        }
    });
}

fn cache(out: &mut Writer, mark: Option<Cache>) {
    if let Some(mark) = mark {
        out.key("cache_control").object(|it| {
            it.text_member("type", "ephemeral");
            if mark == Cache::Long {
                it.text_member("ttl", "1h");
            }
        });
    }
}

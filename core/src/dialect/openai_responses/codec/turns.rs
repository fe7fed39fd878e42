//! A conversation as the items of a provider's request.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value as Json;

use super::{notes, reasoning};
use crate::dialect::hub::{
    Ledger, Media, MediaKind, Names, Part, PartKind, Refusal, Role, Source, Target, Turn, call_id, joined,
};
use crate::wire::json::Writer;

pub(super) const NAME_LIMIT: usize = 64;
const ID_LIMIT: usize = 64;

pub(super) struct Encoder<'a, 'b> {
    target: &'a Target<'b>,
    pub(super) names: &'a mut Names,
    pub(super) ledger: &'a mut Ledger,
    /// The client has set some.
    pub(super) breakpoints: bool,
    /// The calls of tools that take any text.
    custom: HashSet<String>,
}

impl<'a, 'b> Encoder<'a, 'b> {
    pub(super) fn new(target: &'a Target<'b>, names: &'a mut Names, ledger: &'a mut Ledger) -> Self {
        Self { target, names, ledger, breakpoints: false, custom: HashSet::new() }
    }

    pub(super) fn turn(&mut self, out: &mut Writer, turn: &Turn<'_>) -> Result<(), Refusal> {
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
            let is_custom = self.custom.contains(id);
            it.text_member("type", if is_custom { "custom_tool_call_output" } else { "function_call_output" });
            it.text_member("call_id", &call_id(id, ID_LIMIT));
            it.key("output");
            if !has_media {
                let text = self.text(parts);
                return it.pieces(&[prefix, &text]);
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
            PartKind::Reasoning { .. } | PartKind::Call { .. } | PartKind::Result { .. } | PartKind::Searched(_) => {
                self.ledger.dropped("messages.content");
            }
        }
        Ok(())
    }

    /// An item for each thought and call, and a message for the words between them.
    fn assistant(&mut self, out: &mut Writer, parts: &[Part<'_>]) {
        // A thought is refused that nothing follows.
        let mut thoughts: Vec<Json> = Vec::new();
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
                    let is_custom = input.is_text();
                    if is_custom {
                        self.custom.insert(id.to_string());
                    }
                    out.object(|it| {
                        it.text_member("type", if is_custom { "custom_tool_call" } else { "function_call" });
                        it.text_member("call_id", &call_id(id, ID_LIMIT));
                        it.text_member("name", &name);
                        if is_custom {
                            it.text_member("input", &input.text());
                        } else {
                            it.text_member("arguments", &input.json());
                        }
                    });
                }
                PartKind::Media(_) | PartKind::Result { .. } => self.ledger.dropped("messages.media"),
                PartKind::Searched(_) => self.ledger.dropped("searches"),
            }
        }
        say(out, &mut thoughts, &mut words);
        if !thoughts.is_empty() {
            self.ledger.dropped("reasoning.history");
        }
    }

    /// The texts among parts, in one.
    pub(super) fn text<'p>(&mut self, parts: &'p [Part<'_>]) -> Cow<'p, str> {
        let mut texts = Vec::new();
        for part in parts {
            self.breakpoints |= part.cache.is_some();
            match &part.kind {
                PartKind::Text(text) | PartKind::Refusal(text) => texts.push(&**text),
                _ => self.ledger.dropped("system.media"),
            }
        }
        joined(&texts)
    }
}

/// Writes the words that have come as a message, and before them the thoughts that led to them.
fn say(out: &mut Writer, thoughts: &mut Vec<Json>, words: &mut Vec<&Part<'_>>) {
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
                        if let Some(noted) = &part.notes {
                            let length = text.chars().count();
                            it.key("annotations").array(|it| {
                                noted.citations.iter().for_each(|cited| notes::write_citation(it, cited, length));
                            });
                        }
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
    let Some(url) = media.source.url() else {
        let message = "a file's id is known to the provider it was uploaded to alone; send its data, or a URL";
        return Err(Refusal::new("messages.content.source", message));
    };
    match media.kind {
        MediaKind::Image => out.object(|it| {
            it.text_member("type", "input_image");
            it.key("image_url").pieces(&url);
            it.text_member("detail", media.detail.unwrap_or("auto"));
        }),
        MediaKind::Document => out.object(|it| {
            it.text_member("type", "input_file");
            if let Source::Base64 { .. } = media.source {
                it.text_member("filename", media.name.unwrap_or("document.pdf"));
                it.key("file_data").pieces(&url);
            } else {
                it.key("file_url").pieces(&url);
            }
        }),
        MediaKind::Audio => {
            let message = "models that speak Responses hear no audio; send text";
            return Err(Refusal::new("messages.content", message));
        }
    }
    Ok(())
}

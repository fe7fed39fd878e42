use std::borrow::Cow;
use std::collections::HashMap;

use super::signatures::{Own, SENTINEL, own};
use super::thinking::Generation;
use crate::dialect::hub::{
    Ledger, Media, MediaKind, Names, Part, PartKind, Refusal, Role, Source, Target, Turn, call_id, joined,
};
use crate::wire::json::{Value, Writer};

pub(super) const NAME_LIMIT: usize = 64;
const ID_LIMIT: usize = 64;

/// Writes what a conversation says.
pub(super) struct Encoder<'a, 'b> {
    target: &'a Target<'b>,
    generation: Generation,
    pub(super) names: &'a mut Names,
    pub(super) ledger: &'a mut Ledger,
    /// The functions of the calls by their ids.
    functions: HashMap<String, String>,
    /// The client has set some.
    pub(super) breakpoints: bool,
}

/// What of a turn waits for its place.
#[derive(Debug, Default)]
struct Waiting<'a> {
    /// A text's signature.
    text: Option<String>,
    /// Those of calls, by the calls' ids.
    calls: Vec<(String, String)>,
    has_call: bool,
    /// What results held beside text: nothing may stand between them.
    media: Vec<&'a Media<'a>>,
}

impl<'a, 'b> Encoder<'a, 'b> {
    pub(super) fn new(
        target: &'a Target<'b>,
        generation: Generation,
        names: &'a mut Names,
        ledger: &'a mut Ledger,
    ) -> Self {
        Self { target, generation, names, ledger, functions: HashMap::new(), breakpoints: false }
    }

    pub(super) fn system(&mut self, out: &mut Writer, parts: &[Part<'_>]) {
        let begin = out.len();
        let mut is_empty = true;
        out.key("systemInstruction").object(|it| {
            it.key("parts").array(|it| {
                for part in parts {
                    self.breakpoints |= part.cache.is_some();
                    if let PartKind::Text(words) = &part.kind {
                        text(it, &[words], None);
                        is_empty = false;
                    } else {
                        self.ledger.dropped("system.media");
                    }
                }
            });
        });
        if is_empty {
            out.truncate(begin);
        }
    }

    /// The contents, each of another side than the one before it.
    pub(super) fn contents(&mut self, out: &mut Writer, turns: &[Turn<'_>]) -> Result<(), Refusal> {
        let is_result = |part: &Part<'_>| matches!(part.kind, PartKind::Result { .. });
        // What the user has said last: the turn that goes on is behind it.
        let asked = turns.iter().rposition(|turn| turn.role == Role::User && !turn.parts.iter().any(is_result));
        // Of the content that is open.
        let mut role = None;
        for (index, turn) in turns.iter().enumerate() {
            let its_role = if turn.role == Role::Assistant { "model" } else { "user" };
            let begin = out.len();
            if role != Some(its_role) {
                close(out, role);
                out.open(b'{');
                out.text_member("role", its_role);
                out.key("parts").open(b'[');
            }
            let first = out.len();
            self.parts(out, turn, asked.is_none_or(|asked| index > asked))?;
            if out.len() == first {
                out.truncate(begin);
            } else {
                role = Some(its_role);
            }
        }
        close(out, role);
        if turns.iter().any(|turn| turn.role == Role::System) {
            self.ledger.approximated("messages.system");
        }
        Ok(())
    }

    fn parts(&mut self, out: &mut Writer, turn: &Turn<'_>, goes_on: bool) -> Result<(), Refusal> {
        let mut waiting = Waiting::default();
        for part in &turn.parts {
            self.breakpoints |= part.cache.is_some();
            if !matches!(part.kind, PartKind::Result { .. }) {
                self.waited(out, &mut waiting)?;
            }
            self.part(out, part, turn.role, goes_on, &mut waiting)?;
        }
        self.waited(out, &mut waiting)?;
        // What ended a turn was a signature alone.
        if let Some(signature) = waiting.text {
            text(out, &[], Some(&signature));
        }
        if !waiting.calls.is_empty() {
            self.ledger.dropped("reasoning.history");
        }
        Ok(())
    }

    fn waited(&mut self, out: &mut Writer, waiting: &mut Waiting<'_>) -> Result<(), Refusal> {
        std::mem::take(&mut waiting.media).into_iter().try_for_each(|media| self.media(out, media))
    }

    fn part<'c>(
        &mut self,
        out: &mut Writer,
        part: &'c Part<'c>,
        role: Role,
        goes_on: bool,
        waiting: &mut Waiting<'c>,
    ) -> Result<(), Refusal> {
        match &part.kind {
            PartKind::Text(words) | PartKind::Refusal(words) if words.is_empty() => {}
            PartKind::Text(words) if role == Role::System => text(out, &["<system>\n", words, "\n</system>"], None),
            PartKind::Text(words) | PartKind::Refusal(words) => text(out, &[words], waiting.text.take().as_deref()),
            PartKind::Media(media) => self.media(out, media)?,
            PartKind::Reasoning { proof, .. } => {
                match proof.as_ref().and_then(|proof| own(proof, self.target)) {
                    Some(Own::Call { id, signature }) => waiting.calls.push((id, signature)),
                    Some(Own::Text { signature }) => waiting.text = Some(signature),
                    // The API wants no thought back but for its signature.
                    Some(Own::Thought { signature: None, .. }) => {}
                    Some(Own::Thought { text, signature: Some(signature) }) => out.object(|it| {
                        it.text_member("text", &text);
                        it.key("thought").flag(true);
                        it.text_member("thoughtSignature", &signature);
                    }),
                    None => self.ledger.dropped("reasoning.history"),
                }
            }
            PartKind::Call { id, name, input } => {
                // The signature of the text before it.
                if let Some(signature) = waiting.text.take() {
                    text(out, &[], Some(&signature));
                }
                let is_first = !std::mem::replace(&mut waiting.has_call, true);
                let own = waiting.calls.iter().position(|(call, _)| call == id).map(|at| waiting.calls.remove(at).1);
                let signature = own.map(Cow::Owned).or_else(|| {
                    let wants_one = is_first && goes_on && self.generation.wants_signatures();
                    wants_one.then(|| {
                        self.ledger.added("thought_signature");
                        Cow::Borrowed(SENTINEL)
                    })
                });
                let name = self.names.fit(name, NAME_LIMIT);
                self.functions.insert(id.to_string(), name.to_string());
                let arguments = input.json();
                let is_object = matches!(serde_json::from_str(&arguments), Ok(Value::Object(_)));
                if !is_object {
                    self.ledger.approximated("tool_calls.arguments");
                }
                out.object(|it| {
                    it.key("functionCall").object(|it| {
                        self.id(it, id);
                        it.text_member("name", &name);
                        if is_object {
                            it.key("args").raw(&arguments);
                        } else {
                            it.key("args").object(|it| it.text_member("arguments", &arguments));
                        }
                    });
                    if let Some(signature) = signature {
                        it.text_member("thoughtSignature", &signature);
                    }
                });
            }
            PartKind::Searched(_) => self.ledger.dropped("searches"),
            PartKind::Result { id, parts, is_error } => {
                let media = self.result(out, id, parts, *is_error)?;
                waiting.media.extend(media);
            }
        }
        Ok(())
    }

    /// Gives the media that it could not take in.
    fn result<'c>(
        &mut self,
        out: &mut Writer,
        id: &str,
        parts: &'c [Part<'c>],
        is_error: bool,
    ) -> Result<Vec<&'c Media<'c>>, Refusal> {
        self.breakpoints |= parts.iter().any(|part| part.cache.is_some());
        let texts = parts.iter().filter_map(|part| match &part.kind {
            PartKind::Text(text) | PartKind::Refusal(text) => Some(&**text),
            _ => None,
        });
        let words = joined(&texts.collect::<Vec<_>>());
        let media = |part: &'c Part<'c>| match &part.kind {
            PartKind::Media(media) => Some(media),
            _ => None,
        };
        let media: Vec<&'c Media<'c>> = parts.iter().filter_map(media).collect();
        let is_within = self.generation.takes_media_in_results();
        let mut result = Ok(());
        out.object(|it| {
            it.key("functionResponse").object(|it| {
                self.id(it, id);
                it.text_member("name", self.functions.get(id).map_or("", String::as_str));
                it.key("response");
                // What is an object already is the function's own.
                match serde_json::from_str::<Value<'_>>(&words) {
                    Ok(Value::Object(_)) if !is_error => it.raw(words.trim()),
                    _ => it.object(|it| it.text_member(if is_error { "error" } else { "output" }, &words)),
                }
                if is_within && !media.is_empty() {
                    it.key("parts").array(|it| result = media.iter().try_for_each(|media| self.media(it, media)));
                }
            });
        });
        result?;
        if is_within || media.is_empty() {
            return Ok(Vec::new());
        }
        self.ledger.approximated("tool_result.media");
        Ok(media)
    }

    /// Vertex knows calls by their order alone.
    fn id(&self, out: &mut Writer, id: &str) {
        if !self.target.host.ends_with("aiplatform.googleapis.com") {
            out.text_member("id", &call_id(id, ID_LIMIT));
        }
    }

    fn media(&mut self, out: &mut Writer, media: &Media<'_>) -> Result<(), Refusal> {
        if media.detail.is_some_and(|detail| detail != "auto") {
            self.ledger.dropped("image_url.detail");
        }
        if media.name.is_some() {
            self.ledger.approximated("file.name");
        }
        match &media.source {
            Source::Base64 { mime, data } => out.object(|it| {
                it.key("inlineData").object(|it| {
                    it.text_member("mimeType", mime);
                    it.text_member("data", data);
                });
            }),
            Source::Url(url) => {
                let mime = mime_of(url, media.kind).ok_or_else(|| {
                    let message = "the model's provider wants to know what kind of file a URL leads to, and the gateway \
                                   fetches nothing; send its bytes in Base64, or a URL that ends with .png, .jpg, .webp or .pdf";
                    Refusal::new("messages.content.source.url", message)
                })?;
                out.object(|it| {
                    it.key("fileData").object(|it| {
                        it.text_member("mimeType", mime);
                        it.text_member("fileUri", url);
                    });
                });
            }
            Source::File(_) => {
                let message = "a file's id is known to the provider it was uploaded to alone; send its data";
                return Err(Refusal::new("messages.content.file_id", message));
            }
        }
        Ok(())
    }
}

/// Ends the content that is open, if one is.
fn close(out: &mut Writer, role: Option<&str>) {
    if role.is_some() {
        out.close(b']');
        out.close(b'}');
    }
}

fn text(out: &mut Writer, words: &[&str], signature: Option<&str>) {
    out.object(|it| {
        it.key("text").pieces(words);
        if let Some(signature) = signature {
            it.text_member("thoughtSignature", signature);
        }
    });
}

/// What kind of file a URL leads to, as far as its name says.
fn mime_of(url: &str, kind: MediaKind) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit_once('.')?;
    let known = [
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("jpeg", "image/jpeg"),
        ("webp", "image/webp"),
        ("heic", "image/heic"),
        ("heif", "image/heif"),
        ("pdf", "application/pdf"),
    ];
    let found = known.into_iter().find(|(known, _)| ending.eq_ignore_ascii_case(known)).map(|(_, mime)| mime)?;
    (found.starts_with("image/") == (kind == MediaKind::Image)).then_some(found)
}

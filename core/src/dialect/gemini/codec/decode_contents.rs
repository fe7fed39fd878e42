use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::carrier::{Piece, is_signed, opened};
use super::members::{each, get, note_others, word};
use super::signatures::SENTINEL;
use crate::dialect::hub::{Input, Ledger, Media, MediaKind, Part, PartKind, Proof, Refusal, Role, Source, Turn};
use crate::wire::json::Value;

/// The members of a part that are read, or refused.
const PART: [&str; 12] = [
    "text",
    "thought",
    "thoughtSignature",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
    "audioTranscription",
];

/// A client's contents, as they are read one after the other.
#[derive(Debug, Default)]
pub(super) struct Contents<'a> {
    pub(super) turns: Vec<Turn<'a>>,
    /// The functions that may be called, where the client names some.
    pub(super) allowed: Option<Vec<&'a str>>,
    /// Calls that have no result yet, as the hub calls them, and their functions.
    open: Vec<(Cow<'a, str>, &'a str)>,
    /// How many calls there were.
    calls: usize,
}

impl<'a> Contents<'a> {
    pub(super) fn content(&mut self, content: &'a Value<'a>, at: &str, ledger: &mut Ledger) -> Result<(), Refusal> {
        let role = match word(content, "role") {
            None | Some("user" | "function" | "") => Role::User,
            Some("model") => Role::Assistant,
            Some("system") => Role::System,
            Some(_) => return Err(Refusal::new(format!("{at}.role"), "must be `user` or `model`")),
        };
        let mut parts = Vec::new();
        // Where thoughts stand that a call carries: behind the call before it.
        let mut from = 0;
        let values = get(content, "parts").map(each).unwrap_or_default();
        for (index, value) in values.iter().enumerate() {
            let at = format!("{at}.parts[{index}]");
            note_others(value, &PART, ledger);
            if get(value, "thought") == Some(&Value::Bool(true)) {
                match word(value, "thoughtSignature") {
                    Some(signature) => carried(signature, 0, &mut parts),
                    // Its signature may stand on another part.
                    None if !is_signed(content) => ledger.dropped("reasoning.history"),
                    None => {}
                }
                continue;
            }
            if let Some(signature) = word(value, "thoughtSignature") {
                carried(signature, from, &mut parts);
            }
            // What was searched for and found; what came of it is in the text that followed.
            let hosted = get(value, "toolCall").or_else(|| get(value, "toolResponse"));
            if hosted.and_then(|it| word(it, "toolType")).is_some_and(|kind| kind.starts_with("GOOGLE_SEARCH")) {
                ledger.dropped("contents.googleSearch");
            } else if let Some(call) = get(value, "functionCall") {
                note_others(call, &["id", "name", "args"], ledger);
                parts.push(self.call(call));
                from = parts.len();
            } else if let Some(response) = get(value, "functionResponse") {
                parts.push(self.response(response, &at, ledger)?);
            } else if let Some(media) = media(value, &at)? {
                parts.push(Part::new(media));
            } else if role == Role::Assistant {
                said(value, &mut parts);
            } else {
                text_parts(value, &mut parts);
            }
        }
        self.turns.push(Turn { role, parts });
        Ok(())
    }

    fn call(&mut self, call: &'a Value<'a>) -> Part<'a> {
        self.calls += 1;
        let name = word(call, "name").unwrap_or_default();
        let given = word(call, "id").filter(|id| !id.is_empty());
        // The same in each request, since a history only grows.
        let id = given.map_or_else(|| Cow::Owned(format!("call_{}", self.calls)), Cow::Borrowed);
        self.open.push((id.clone(), name));
        let input = get(call, "args").map_or(Input::Json("".into()), Input::Tree);
        Part::new(PartKind::Call { id, name: name.into(), input })
    }

    /// A result belongs to the call of its id, or to the first of its function that has none.
    fn response(&mut self, response: &'a Value<'a>, at: &str, ledger: &mut Ledger) -> Result<Part<'a>, Refusal> {
        note_others(response, &["id", "name", "response", "parts"], ledger);
        let name = word(response, "name").unwrap_or_default();
        let given = word(response, "id").filter(|id| !id.is_empty());
        let by_id = given.and_then(|given| self.open.iter().position(|(id, _)| id == given));
        let found = by_id.or_else(|| self.open.iter().position(|(_, function)| *function == name));
        let id = match found {
            Some(at) => self.open.remove(at).0,
            // There is no such call: that is refused, under this name.
            None => given.unwrap_or(name).into(),
        };
        let (text, is_error) = result(get(response, "response").unwrap_or(&Value::Null));
        let mut parts: Vec<Part<'a>> = Vec::new();
        if !text.is_empty() {
            parts.push(Part::text(text));
        }
        for part in get(response, "parts").map(each).unwrap_or_default() {
            note_others(part, &["inlineData", "fileData"], ledger);
            if let Some(media) = media(part, &format!("{at}.functionResponse.parts"))? {
                parts.push(Part::new(media));
            }
        }
        Ok(Part::new(PartKind::Result { id, parts, is_error }))
    }
}

/// Puts what a signature carried where it was: thoughts before a text, before the texts that have come since `from`.
fn carried(signature: &str, from: usize, parts: &mut Vec<Part<'_>>) {
    if signature == SENTINEL {
        return;
    }
    let pieces = opened(signature);
    if pieces.is_empty() {
        // Nobody's; the text around it stays one.
        let proof = Some(Proof::Foreign);
        return parts.insert(from.min(parts.len()), Part::new(PartKind::Reasoning { text: "".into(), proof }));
    }
    let mut at = Some(from).filter(|_| pieces.contains(&Piece::Text));
    for piece in pieces {
        match piece {
            Piece::Text => at = None,
            Piece::Envelope(proof) => {
                let place = at.unwrap_or(parts.len()).min(parts.len());
                parts.insert(place, Part::new(PartKind::Reasoning { text: "".into(), proof: Some(proof) }));
                at = at.map(|at| at + 1);
            }
        }
    }
}

/// A text that the model has said. Streams of it come back in pieces.
fn said<'a>(value: &'a Value<'a>, parts: &mut Vec<Part<'a>>) {
    let Some(text) = word(value, "text").filter(|text| !text.is_empty()) else { return };
    match parts.last_mut() {
        Some(Part { kind: PartKind::Text(before), .. }) => before.to_mut().push_str(text),
        _ => parts.push(Part::text(text)),
    }
}

/// A text, as it is or as a part.
pub(super) fn text_parts<'a>(value: &'a Value<'a>, parts: &mut Vec<Part<'a>>) {
    let text = value.as_str().or_else(|| word(value, "text"));
    parts.extend(text.filter(|text| !text.is_empty()).map(Part::text));
}

/// What a function has given, as text, and whether it is an error: `output` and `error` are the API's names for all there is.
fn result<'a>(response: &'a Value<'a>) -> (Cow<'a, str>, bool) {
    let only = response.as_object().filter(|members| members.len() == 1);
    let only = only.and_then(|members| members.iter().next());
    let text = |value: &Value<'_>| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone().into_owned(),
        other => other.to_string(),
    };
    match only {
        Some(("output", value)) => (text(value).into(), false),
        Some(("error", value)) => (text(value).into(), true),
        _ => (text(response).into(), false),
    }
}

/// What a part holds beside text, calls and results; what nobody else knows is refused by its name.
pub(super) fn media<'a>(part: &'a Value<'a>, at: &str) -> Result<Option<PartKind<'a>>, Refusal> {
    if let Some(blob) = get(part, "inlineData") {
        let mime = word(blob, "mimeType").unwrap_or_default();
        let data = word(blob, "data").unwrap_or_default();
        if let Some(text) = plain_text(mime, data) {
            return Ok(Some(PartKind::Text(text.into())));
        }
        let kind = kind(mime).ok_or_else(|| unheard(at, "inlineData", mime))?;
        let source = Source::Base64 { mime: mime.into(), data };
        return Ok(Some(PartKind::Media(Media { kind, source, name: word(blob, "displayName"), detail: None })));
    }
    if let Some(file) = get(part, "fileData") {
        let (mime, uri) = (word(file, "mimeType").unwrap_or_default(), word(file, "fileUri").unwrap_or_default());
        let is_public = uri.starts_with("https://") || uri.starts_with("http://");
        let source = if is_public && !uri.contains("googleapis.com/") { Source::Url(uri) } else { Source::File(uri) };
        let kind = kind(mime).ok_or_else(|| unheard(at, "fileData", mime))?;
        return Ok(Some(PartKind::Media(Media { kind, source, name: word(file, "displayName"), detail: None })));
    }
    for name in ["executableCode", "codeExecutionResult", "toolCall", "toolResponse", "audioTranscription"] {
        if get(part, name).is_some() {
            return Err(Refusal::new(format!("{at}.{name}"), "only Google's own servers know it; leave it out"));
        }
    }
    Ok(None)
}

fn kind(mime: &str) -> Option<MediaKind> {
    match mime.split('/').next().unwrap_or_default() {
        "image" => Some(MediaKind::Image),
        "audio" => Some(MediaKind::Audio),
        "video" | "" => None,
        _ => Some(MediaKind::Document),
    }
}

/// A file of text is text to everyone.
fn plain_text(mime: &str, data: &str) -> Option<String> {
    let is_text = mime.starts_with("text/") || mime == "application/json";
    STANDARD.decode(data).ok().filter(|_| is_text).and_then(|bytes| String::from_utf8(bytes).ok())
}

fn unheard(at: &str, member: &str, mime: &str) -> Refusal {
    let message = format!("the model's provider takes no `{mime}`; send images, PDFs, audio or text");
    Refusal::new(format!("{at}.{member}.mimeType"), message)
}

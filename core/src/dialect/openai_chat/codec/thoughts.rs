//! Reasoning as vendors of Chat have it: a text under one of several names, and `reasoning_details` with what they want
//! back.

use serde_json::{Map, Value as Json};

use crate::dialect::hub::{Ledger, PROOF_LIMIT, Proof, Target, array, list, member, text};
use crate::wire::json::{Value, Writer};

const DETAILS: &str = "reasoning_details";
/// What a vendor wants back with a call.
pub(super) const EXTRA: &str = "extra_content";
/// Where vendors have the text.
const TEXTS: [&str; 2] = ["reasoning_content", "reasoning"];
/// How a detail of ours is told from a vendor's.
const FORMAT: &str = "llmio-v1";

/// A vendor's thoughts, as they come in messages or deltas.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// The vendor's name for the text, and the text.
    name: Option<&'static str>,
    text: String,
    details: Vec<Json>,
    /// They are shown from here, not only kept for their maker.
    is_whole: bool,
}

impl Collected {
    /// For an answer that is not streamed.
    pub(super) fn of_whole() -> Self {
        Self { is_whole: true, ..Self::default() }
    }

    /// Takes what a message or delta has of them, and gives the words that are new.
    pub(super) fn take<'a>(&mut self, message: &'a Value<'a>) -> Option<&'a str> {
        let details = list(message, DETAILS);
        for detail in details {
            self.detail(detail);
        }
        let named = TEXTS.into_iter().find_map(|name| Some((name, text(message, name)?)));
        let (name, words) = named.filter(|(_, words)| !words.is_empty())?;
        self.name.get_or_insert(name);
        self.keep(words);
        Some(words)
    }

    /// Words that stand among the parts of the content.
    pub(super) fn words(&mut self, words: &str) {
        self.name.get_or_insert("reasoning_content");
        self.keep(words);
    }

    /// What grows too long for an envelope need not grow further.
    fn keep(&mut self, words: &str) {
        if self.is_whole || self.text.len() <= PROOF_LIMIT {
            self.text.push_str(words);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.details.is_empty()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The members that the vendor wants back in its message, as JSON.
    pub(super) fn proof(&self) -> String {
        let mut members = Map::new();
        if let Some(name) = self.name {
            members.insert(name.to_owned(), Json::from(self.text.as_str()));
        }
        if !self.details.is_empty() {
            members.insert(DETAILS.to_owned(), Json::from(self.details.clone()));
        }
        Json::Object(members).to_string()
    }

    /// Pieces of one detail come with the same index and type.
    fn detail(&mut self, piece: &Value<'_>) {
        let same = |known: &&mut Json| {
            piece.get("index").is_some()
                && ["index", "type"].iter().all(|name| known.get(name) == piece.get(name).map(Value::to_json).as_ref())
        };
        let known = self.details.last_mut().filter(same).and_then(Json::as_object_mut);
        let (Some(known), Some(piece)) = (known, piece.as_object()) else {
            return self.details.push(piece.to_json());
        };
        for (name, value) in piece.iter().filter(|(_, value)| !value.is_null()) {
            match (known.get_mut(name), value) {
                (Some(Json::String(so_far)), Value::String(more)) if matches!(name, "text" | "summary" | "data") => {
                    so_far.push_str(more);
                }
                _ => {
                    known.insert(name.to_owned(), value.to_json());
                }
            }
        }
    }
}

/// Content that is a list of parts: the words of a part that is a thought (Mistral's).
pub(super) fn part_words(part: &Value<'_>) -> String {
    let words = member(part, "thinking").map(array).unwrap_or_default();
    words.iter().filter_map(|it| text(it, "text")).collect()
}

/// Details with what the makers of thoughts want back, numbered from `first`. The client echoes them.
pub(super) fn write_details(out: &mut Writer, envelopes: &[String], first: u64) {
    out.key(DETAILS).array(|it| {
        for (index, envelope) in (first..).zip(envelopes) {
            it.object(|it| {
                it.text_member("type", "reasoning.encrypted");
                it.text_member("data", envelope);
                it.text_member("format", FORMAT);
                it.number_member("index", index);
            });
        }
    });
}

/// What a client has echoed of `reasoning_details`: the envelopes, or nothing of ours.
pub(super) fn echoed<'a>(message: &'a Value<'a>) -> impl Iterator<Item = &'a str> {
    list(message, DETAILS).iter().filter_map(|it| text(it, "data").or_else(|| text(it, "signature")))
}

/// Takes out thoughts that another provider had, with their text.
pub(super) fn strip(body: &mut Json, ledger: &mut Ledger) {
    for message in body.get_mut("messages").and_then(Json::as_array_mut).into_iter().flatten() {
        let Some(message) = message.as_object_mut() else { continue };
        let Some(details) = message.get_mut(DETAILS).and_then(Json::as_array_mut) else { continue };
        let before = details.len();
        details.retain(|detail| !detail.get("data").and_then(Json::as_str).is_some_and(Proof::is_envelope));
        if details.len() == before {
            continue;
        }
        ledger.dropped("reasoning.history");
        if details.is_empty() {
            message.shift_remove(DETAILS);
        }
        for name in TEXTS {
            message.shift_remove(name);
        }
    }
}

/// The members of a thought that the target itself has had: those that a message or a call has them under.
pub(super) fn own(proof: &Proof<'_>, target: &Target<'_>) -> Option<Map<String, Json>> {
    let mut members: Map<String, Json> = serde_json::from_str(proof.for_maker(target.origin)?).ok()?;
    members.retain(|name, value| match name.as_str() {
        DETAILS => value.is_array(),
        EXTRA => value.is_object(),
        name => TEXTS.contains(&name) && value.is_string(),
    });
    (!members.is_empty()).then_some(members)
}

/// Adds the members of a further thought of the same message, which has each of them once.
pub(super) fn fold(all: &mut Map<String, Json>, more: Map<String, Json>) {
    for (name, value) in more {
        match (all.get_mut(&name), value) {
            (Some(Json::String(text)), Json::String(more)) => text.push_str(&more),
            (Some(Json::Array(details)), Json::Array(more)) => details.extend(more),
            (_, value) => {
                all.insert(name, value);
            }
        }
    }
}

/// Whether a message has thoughts in any form.
pub(super) fn has_any(message: &Value<'_>) -> bool {
    TEXTS.iter().any(|name| text(message, name).is_some_and(|it| !it.is_empty())) || !list(message, DETAILS).is_empty()
}

//! How the thoughts of other makers travel through a client of Gemini: as the `thoughtSignature` of the next call, which no
//! client drops, or of the text that ends the turn.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::members::{camel, each, get, word};
use super::signatures::SENTINEL;
use crate::dialect::hub::{Context, Ledger, Proof, Thoughts};
use crate::wire::json::Value;

/// Stands for a text between thoughts. Every piece has a multiple of three bytes, so that each begins as it does alone.
const TEXT: &str = "t  ";

/// Collects what an answer's next signature must carry.
#[derive(Debug, Default)]
pub(super) struct Carrier {
    pieces: String,
    has_envelope: bool,
}

/// What a signature carried.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Envelope(Proof<'a>),
    Text,
}

impl Carrier {
    pub(super) fn thought(&mut self, proof: Option<&str>, context: &Context) {
        let wanted = proof.filter(|_| context.thoughts != Thoughts::Unasked);
        let Some(envelope) = wanted.and_then(|json| context.origin.wrap(json)) else { return };
        self.pieces.push_str(&envelope);
        self.pieces.extend(std::iter::repeat_n(' ', 3 - envelope.len() % 3));
        self.has_envelope = true;
    }

    /// A text began.
    pub(super) fn text(&mut self) {
        if self.has_envelope && !self.pieces.ends_with(TEXT) {
            self.pieces.push_str(TEXT);
        }
    }

    /// As a signature, if there is anything to carry.
    pub(super) fn take(&mut self) -> Option<String> {
        let Self { pieces, has_envelope } = std::mem::take(self);
        has_envelope.then(|| STANDARD.encode(pieces))
    }
}

/// What is in a client's signature; nothing, where it is none of ours.
pub(super) fn opened(signature: &str) -> Vec<Piece<'static>> {
    let plain = STANDARD.decode(signature).ok().and_then(|it| String::from_utf8(it).ok()).unwrap_or_default();
    if !Proof::is_envelope(&plain) {
        return Vec::new();
    }
    let piece = |text: &str| if text == TEXT.trim() { Piece::Text } else { Piece::Envelope(Proof::of_client(text)) };
    plain.split_ascii_whitespace().map(piece).collect()
}

/// Takes out thoughts that another provider had. A call that loses its signature gets the documented word for none.
pub(super) fn strip(body: &mut Json, lost: &mut Ledger) {
    let Some(contents) = body.get_mut("contents").and_then(Json::as_array_mut) else { return };
    contents.retain_mut(|content| {
        let Some(parts) = content.get_mut("parts").and_then(Json::as_array_mut) else { return true };
        let before = parts.len();
        parts.retain_mut(|part| {
            if of(part, "thoughtSignature").and_then(Json::as_str).is_none_or(|it| opened(it).is_empty()) {
                return true;
            }
            lost.dropped("reasoning.history");
            let is_call = of(part, "functionCall").is_some();
            let says = of(part, "text").and_then(Json::as_str).is_some_and(|text| !text.is_empty());
            let is_thought = of(part, "thought") == Some(&Json::Bool(true));
            let Some(members) = part.as_object_mut() else { return true };
            members.retain(|name, _| camel(name) != "thoughtSignature");
            if is_call {
                lost.added("thought_signature");
                members.insert("thoughtSignature".to_owned(), json!(SENTINEL));
            }
            is_call || says && !is_thought
        });
        !parts.is_empty() || before == 0
    });
}

/// The member that is called so in camelCase.
fn of<'a>(part: &'a Json, name: &str) -> Option<&'a Json> {
    let mut members = part.as_object()?.iter().filter(|(_, value)| !value.is_null());
    members.find_map(|(key, value)| (camel(key) == name).then_some(value))
}

/// Whether a part of a content has a signature, of whomever.
pub(super) fn is_signed(content: &Value<'_>) -> bool {
    let parts = get(content, "parts").map(each).unwrap_or_default();
    parts.iter().any(|part| word(part, "thoughtSignature").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::{MARK_IN_BASE64, Origin};

    #[test]
    fn there_and_back() {
        let context =
            Context { origin: Origin::new([1; 12], [2; 32]), thoughts: Thoughts::Sealed, ..Context::default() };
        let mut carrier = Carrier::default();
        carrier.text();
        assert_eq!(carrier.take(), None, "a text alone is nothing to carry");
        for json in ["{}", r#"{"a":1}"#, r#"{"ab":1}"#] {
            carrier.thought(Some(json), &context);
            carrier.text();
            carrier.text();
        }
        let signature = carrier.take().unwrap();
        assert_eq!((signature.matches(MARK_IN_BASE64).count(), carrier.take()), (3, None));
        let pieces = opened(&signature);
        let [Piece::Envelope(first), Piece::Text, Piece::Envelope(_), Piece::Text, Piece::Envelope(last), Piece::Text] =
            &pieces[..]
        else {
            panic!("{pieces:?}")
        };
        assert_eq!(
            (first.for_maker(context.origin), last.for_maker(context.origin)),
            (Some("{}"), Some(r#"{"ab":1}"#))
        );
        for foreign in ["", SENTINEL, "EqQBCgIYAhIM", "bGxtaW8x", "bGxtaW8xLg"] {
            assert!(opened(foreign).is_empty(), "{foreign}");
        }
    }

    #[test]
    fn what_a_relay_takes_out() {
        let envelope = STANDARD.encode(Origin::new([1; 12], [2; 32]).wrap("{}").unwrap());
        let mut body = json!({"contents": [
            {"role": "user", "parts": [{"text": "q"}]},
            {"role": "model", "parts": [{"text": "Hm.", "thought": true, "thoughtSignature": envelope}]},
            {"role": "model", "parts": [
                {"text": "a", "thought_signature": envelope},
                {"text": "", "thoughtSignature": envelope},
                {"functionCall": {"name": "f"}, "thoughtSignature": envelope},
                {"functionCall": {"name": "g"}, "thoughtSignature": "own"}]}]});
        let mut lost = Ledger::default();
        strip(&mut body, &mut lost);
        assert_eq!(lost.to_string(), "dropped=reasoning.history; added=thought_signature");
        let expected = json!({"contents": [
            {"role": "user", "parts": [{"text": "q"}]},
            {"role": "model", "parts": [
                {"text": "a"},
                {"functionCall": {"name": "f"}, "thoughtSignature": SENTINEL},
                {"functionCall": {"name": "g"}, "thoughtSignature": "own"}]}]});
        assert_eq!(body, expected);
        let mut lost = Ledger::default();
        strip(&mut body, &mut lost);
        assert!(lost.is_empty(), "{lost}");
    }
}

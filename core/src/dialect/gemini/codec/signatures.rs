//! What Gemini wants back of its own thoughts: a signature on the part that it stood on.

use serde_json::{Map, Value as Json, json};

use crate::dialect::hub::{Proof, Target};

/// What the API documents for a call whose signature nobody has: of another model, or lost.
pub(super) const SENTINEL: &str = "skip_thought_signature_validator";

/// A signature, and where it belongs.
#[derive(Debug, PartialEq)]
pub(super) enum Own {
    /// A thought's, with its text; without a signature nothing is wanted back.
    Thought { text: String, signature: Option<String> },
    /// A call's, by the call's id.
    Call { id: String, signature: String },
    /// That of a text, or of what ends a turn.
    Text { signature: String },
}

pub(super) fn of_thought(text: &str, signature: Option<&str>) -> Proof<'static> {
    // The text is wanted back with its signature alone.
    made(&signature.map_or_else(
        || json!({"thought": true}),
        |signature| json!({"thought": true, "text": text, "thoughtSignature": signature}),
    ))
}

pub(super) fn of_call(id: &str, signature: &str) -> Proof<'static> {
    made(&json!({"functionCall": id, "thoughtSignature": signature}))
}

pub(super) fn of_text(signature: &str) -> Proof<'static> {
    made(&json!({"thoughtSignature": signature}))
}

fn made(json: &Json) -> Proof<'static> {
    Proof::Made(json.to_string().into())
}

/// The signature of a thought that the target itself has had.
pub(super) fn own(proof: &Proof<'_>, target: &Target<'_>) -> Option<Own> {
    let members: Map<String, Json> = serde_json::from_str(proof.for_maker(target.origin)?).ok()?;
    let text = |name: &str| members.get(name).and_then(Json::as_str).map(str::to_owned);
    let signature = text("thoughtSignature");
    if members.get("thought") == Some(&Json::Bool(true)) {
        return Some(Own::Thought { text: text("text").unwrap_or_default(), signature });
    }
    let signature = signature?;
    Some(match text("functionCall") {
        Some(id) => Own::Call { id, signature },
        None => Own::Text { signature },
    })
}

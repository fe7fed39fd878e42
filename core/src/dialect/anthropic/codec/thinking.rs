//! How much a model thinks, and how it is sampled: each generation wants it told otherwise.

use serde_json::{Map, Value as Json};

use super::citations;
use crate::dialect::hub::{Effort, Format, Ledger, Part, PartKind, Proof, Request, Role, Target, Turn, described};
use crate::wire::json::Writer;

/// What a client of another dialect gets that names no limit; most models can write as much.
pub(super) const MAX_TOKENS: u64 = 32_000;
/// The least that the dialect lets a model think.
const LEAST_BUDGET: u64 = 1024;

/// How the model shall think.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    pub(super) is_on: bool,
    /// The model is told not to think.
    pub(super) is_denied: bool,
    is_adaptive: bool,
    effort: Option<Effort>,
    budget: Option<u64>,
}

impl Thinking {
    pub(super) fn of(request: &Request<'_>, target: &Target<'_>, ledger: &mut Ledger) -> Self {
        let generation = Generation::of(target.model);
        let is_adaptive = generation == Generation::Adaptive;
        let off = Self { is_adaptive, ..Self::default() };
        let Some(reasoning) = request.reasoning else { return off };
        let is_denied = reasoning.effort == Effort::None;
        if target.without_reasoning || generation == Generation::Thoughtless {
            // A model that cannot think does not.
            if !is_denied || target.without_reasoning {
                ledger.dropped("reasoning");
            }
            return off;
        }
        if is_denied {
            return Self { is_denied, ..off };
        }
        if is_adaptive {
            return Self { is_on: true, effort: Some(reasoning.effort), ..off };
        }
        // A turn that goes on must begin with the thoughts it began with, of which only their maker has the proof.
        if !has_proofs(&request.turns, target) {
            ledger.dropped("reasoning.this_turn");
            return off;
        }
        let max = request.sampling.max_tokens.unwrap_or(MAX_TOKENS);
        if max <= LEAST_BUDGET {
            ledger.dropped("reasoning");
            return off;
        }
        // A quarter of what may be written is for the answer.
        let wanted = reasoning.budget.unwrap_or_else(|| reasoning.effort.budget());
        let budget = wanted.min(max - max / 4).max(LEAST_BUDGET);
        if wanted != budget {
            ledger.approximated("reasoning");
        }
        Self { is_on: true, budget: Some(budget), ..off }
    }

    pub(super) fn write(&self, out: &mut Writer, request: &Request<'_>, ledger: &mut Ledger) {
        if let Some(budget) = self.budget {
            out.key("thinking").object(|it| {
                it.text_member("type", "enabled");
                it.number_member("budget_tokens", budget);
            });
        } else if self.is_on || self.is_denied {
            let kind = if self.is_on { "adaptive" } else { "disabled" };
            out.key("thinking").object(|it| it.text_member("type", kind));
        }
        let schema = match &request.format {
            Some(Format::Schema { schema, description, .. }) => Some((schema, *description)),
            Some(Format::Json) => {
                // Said in the system prompt.
                ledger.approximated("response_format");
                None
            }
            None => None,
        };
        if self.effort.is_none() && schema.is_none() {
            return;
        }
        out.key("output_config").object(|it| {
            if let Some(effort) = self.effort {
                let name = match effort {
                    Effort::None | Effort::Minimal | Effort::Low => "low",
                    other => other.name(),
                };
                it.text_member("effort", name);
            }
            if let Some((schema, description)) = schema {
                it.key("format").object(|it| {
                    it.text_member("type", "json_schema");
                    it.key("schema").value(&*described(schema, description, ledger));
                });
            }
        });
    }
}

/// What a model's name says of how it thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    Thoughtless,
    /// `thinking.budget_tokens`: Claude up to 4.5, and what other vendors serve in this dialect.
    Budget,
    /// `output_config.effort`; these models refuse to be sampled otherwise than by default.
    Adaptive,
}

impl Generation {
    fn of(model: &str) -> Self {
        let Some((_, name)) = model.split_once("claude-") else { return Self::Budget };
        let mut numbers = name.split(['-', '.', '@', '_']).filter_map(|part| part.parse::<u32>().ok());
        match (numbers.next(), numbers.next()) {
            (Some(..3), _) => Self::Thoughtless,
            (Some(3), minor) if minor != Some(7) => Self::Thoughtless,
            (Some(3), _) | (Some(4), None | Some(..6 | 1000..)) => Self::Budget,
            _ => Self::Adaptive,
        }
    }
}

/// Whether the turn that goes on, if one does, has its thoughts with it.
fn has_proofs(turns: &[Turn<'_>], target: &Target<'_>) -> bool {
    let is_result = |part: &Part<'_>| matches!(part.kind, PartKind::Result { .. });
    let said = turns.iter().rfind(|turn| turn.role != Role::System);
    let goes_on = said.is_some_and(|turn| turn.role == Role::User && turn.parts.iter().any(is_result));
    if !goes_on {
        return true;
    }
    let last = turns.iter().rev().find(|turn| turn.role == Role::Assistant);
    last.and_then(|turn| turn.parts.first()).is_some_and(|part| match &part.kind {
        PartKind::Reasoning { proof: Some(proof), .. } => own_thought(proof, target).is_some(),
        _ => false,
    })
}

/// The block of a thought that the target itself has had: of one of the two types, with the members that the type has.
pub(super) fn own_thought(proof: &Proof<'_>, target: &Target<'_>) -> Option<Json> {
    let mut block: Map<String, Json> = serde_json::from_str(proof.for_maker(target.origin)?).ok()?;
    let members: &[&str] = match block.get("type")?.as_str()? {
        "thinking" => &["type", "thinking", "signature"],
        "redacted_thinking" => &["type", "data"],
        _ => return None,
    };
    block.retain(|name, value| members.contains(&name.as_str()) && value.is_string());
    Some(Json::Object(block))
}

/// Takes out thoughts that another provider had, and messages of which nothing else is left. A turn that goes on without the
/// thoughts it began with is refused by models that want a budget, so it goes on without thinking.
pub(super) fn strip(body: &mut Json, ledger: &mut Ledger) {
    let is_ours = |block: &Json| {
        let held = block.get("signature").or_else(|| block.get("data"));
        held.and_then(Json::as_str).is_some_and(Proof::is_envelope)
    };
    let Some(messages) = body.get_mut("messages").and_then(Json::as_array_mut) else { return };
    messages.retain_mut(|message| {
        let Some(blocks) = message.get_mut("content").and_then(Json::as_array_mut) else { return true };
        let before = blocks.len();
        blocks.iter_mut().for_each(|block| citations::strip(block, ledger));
        blocks.retain(|block| !is_ours(block));
        if blocks.len() < before {
            ledger.dropped("reasoning.history");
        }
        !blocks.is_empty() || before == 0
    });
    if !ledger.losses().any(|code| code == "reasoning.history") || !goes_on_thoughtless(messages) {
        return;
    }
    let Some(body) = body.as_object_mut() else { return };
    if body.get("thinking").and_then(kind) == Some("enabled") {
        body.shift_remove("thinking");
        ledger.dropped("reasoning.this_turn");
        // To clear thoughts is refused without thinking.
        if let Some(Json::Array(edits)) = body.get_mut("context_management").and_then(|it| it.get_mut("edits")) {
            edits.retain(|edit| !kind(edit).is_some_and(|kind| kind.starts_with("clear_thinking")));
        }
    }
}

/// Whether the last turn is in the midst of its calls and does not begin with a thought.
fn goes_on_thoughtless(messages: &[Json]) -> bool {
    let said = messages.iter().rfind(|it| role(it) != Some("system"));
    let answers = |message: &Json| blocks(message).iter().any(|it| kind(it) == Some("tool_result"));
    let called = messages.iter().rfind(|it| role(it) == Some("assistant"));
    let begins = called.and_then(|message| blocks(message).first());
    said.is_some_and(answers) && !begins.is_some_and(|it| matches!(kind(it), Some("thinking" | "redacted_thinking")))
}

fn kind(block: &Json) -> Option<&str> {
    block.get("type")?.as_str()
}

fn role(message: &Json) -> Option<&str> {
    message.get("role")?.as_str()
}

fn blocks(message: &Json) -> &[Json] {
    message.get("content").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// What else decides how a model answers.
pub(super) fn sampling(out: &mut Writer, request: &Request<'_>, thinking: &Thinking, ledger: &mut Ledger) {
    let sampling = &request.sampling;
    // A model that thinks, or of a newer generation, refuses these.
    let is_fixed = thinking.is_on || thinking.is_adaptive;
    let members = [("temperature", sampling.temperature), ("top_p", sampling.top_p), ("top_k", sampling.top_k)];
    for (name, value) in members {
        let Some(value) = value else { continue };
        if is_fixed {
            if value.as_f64() != Some(1.0) {
                ledger.dropped(name);
            }
        } else if name == "temperature" && value.as_f64().is_some_and(|it| it > 1.0) {
            ledger.approximated(name);
            out.key(name).number(1);
        } else {
            out.key(name).value(value);
        }
    }
    for (name, value) in [
        ("seed", sampling.seed),
        ("frequency_penalty", sampling.frequency_penalty),
        ("presence_penalty", sampling.presence_penalty),
    ] {
        if value.is_some() {
            ledger.dropped(name);
        }
    }
    if !sampling.stop.is_empty() {
        out.key("stop_sequences").array(|it| sampling.stop.iter().for_each(|stop| it.text(stop)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations() {
        use Generation::{Adaptive, Budget, Thoughtless};
        for (model, expected) in [
            ("claude-2.1", Thoughtless),
            ("claude-3-haiku-20240307", Thoughtless),
            ("claude-3-5-sonnet-20241022", Thoughtless),
            ("claude-3-7-sonnet-20250219", Budget),
            ("claude-sonnet-4-20250514", Budget),
            ("claude-opus-4-1-20250805", Budget),
            ("anthropic/claude-sonnet-4.5", Budget),
            ("claude-haiku-4-5-20251001", Budget),
            ("claude-opus-4-6", Adaptive),
            ("claude-opus-5-5", Adaptive),
            ("claude-of-the-future", Adaptive),
            ("kimi-k3", Budget),
        ] {
            assert_eq!(Generation::of(model), expected, "{model}");
        }
    }
}

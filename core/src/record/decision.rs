use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Strategy;

/// A packed decision is no longer.
const MAX_BYTES: usize = 1 << 10;

/// How the candidates of a request stood when the first was chosen, and who was asked then.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Decision {
    pub strategy: Strategy,
    pub decided_by: DecidedBy,
    /// Who was asked, in order; then the others, the likelier first.
    pub candidates: Vec<Considered>,
    /// How many more there were, of the least interest.
    pub omitted: u32,
}

/// What chose among the candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    Strategy,
    /// The conversation has a provider, and the strategy no say.
    Conversation,
    /// An operator named the association.
    Pin,
}

/// One candidate of a decision.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Considered {
    pub association_id: String,
    pub provider: String,
    pub provider_model: String,
    pub weight: u32,
    pub priority: i32,
    /// How many of such requests would be given to it, from 0 to 1.
    pub share: f64,
    /// Why it could not be chosen; null when it could.
    pub excluded: Option<Excluded>,
    /// The first attempt at which it was asked, from 1.
    pub chosen_at_attempt: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Excluded {
    /// The provider, the model or the association is switched off.
    #[serde(rename = "disabled")]
    Disabled,
    /// Its provider speaks another dialect than the client.
    #[serde(rename = "dialect")]
    Dialect,
    /// It has no tools, which the request needs.
    #[serde(rename = "capability:tool_call")]
    ToolCall,
    #[serde(rename = "capability:structured_output")]
    StructuredOutput,
    #[serde(rename = "capability:image")]
    Image,
    /// By an estimate the request goes beyond its context window, and not beyond another's.
    #[serde(rename = "context_window")]
    ContextWindow,
    /// Its breaker is open, or it was asked to be left in peace after a failure.
    #[serde(rename = "resting:breaker")]
    Breaker,
    #[serde(rename = "resting:rate_limit")]
    RateLimit,
    /// Another of a higher priority is awake.
    #[serde(rename = "tier")]
    Tier,
    /// An operator named another.
    #[serde(rename = "pin")]
    Pin,
    /// The key may not use the model.
    #[serde(rename = "key_scope")]
    KeyScope,
}

/// Arrays in place of objects.
#[derive(Serialize, Deserialize)]
struct Packed(Strategy, DecidedBy, u32, Vec<PackedCandidate>);

#[derive(Serialize, Deserialize)]
struct PackedCandidate(String, String, String, u32, i32, f64, Option<Excluded>, Option<u32>);

impl Decision {
    /// In the order of its fields' documentation.
    pub fn new(strategy: Strategy, decided_by: DecidedBy, mut candidates: Vec<Considered>) -> Self {
        candidates.sort_by(|a, b| {
            let asked = |it: &Considered| it.chosen_at_attempt.unwrap_or(u32::MAX);
            asked(a).cmp(&asked(b)).then(b.share.total_cmp(&a.share)).then(b.priority.cmp(&a.priority))
        });
        Self { strategy, decided_by, candidates, omitted: 0 }
    }

    /// As text of at most 1 KiB, into which the last candidates may not go.
    pub fn pack(&self) -> Option<String> {
        let mut kept: Vec<_> = self.candidates.iter().map(PackedCandidate::from).collect();
        loop {
            let omitted = self.candidates.len() - kept.len();
            let omitted = self.omitted.saturating_add(u32::try_from(omitted).unwrap_or(u32::MAX));
            let packed = Packed(self.strategy, self.decided_by, omitted, kept);
            let text = serde_json::to_string(&packed).ok()?;
            if text.len() <= MAX_BYTES {
                return Some(text);
            }
            kept = packed.3;
            kept.pop()?;
        }
    }

    /// `None` for what this version cannot read.
    pub fn unpack(text: &str) -> Option<Self> {
        let Packed(strategy, decided_by, omitted, candidates) = serde_json::from_str(text).ok()?;
        let candidates = candidates.into_iter().map(Considered::from).collect();
        Some(Self { strategy, decided_by, candidates, omitted })
    }
}

impl From<&Considered> for PackedCandidate {
    fn from(it: &Considered) -> Self {
        let name = |text: &str| text.chars().take(64).collect::<String>();
        let share = (it.share * 1e4).round() / 1e4;
        let (provider, model) = (name(&it.provider), name(&it.provider_model));
        Self(
            it.association_id.clone(),
            provider,
            model,
            it.weight,
            it.priority,
            share,
            it.excluded,
            it.chosen_at_attempt,
        )
    }
}

impl From<PackedCandidate> for Considered {
    fn from(packed: PackedCandidate) -> Self {
        let PackedCandidate(association_id, provider, provider_model, weight, priority, share, excluded, asked) =
            packed;
        Self { association_id, provider, provider_model, weight, priority, share, excluded, chosen_at_attempt: asked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn considered(index: u32) -> Considered {
        Considered {
            association_id: format!("01980000-0000-7000-8000-{index:012}"),
            provider: format!("provider {index}"),
            provider_model: "a-model-name".to_owned(),
            weight: 10,
            priority: 0,
            share: 1.0 / 3.0,
            excluded: (index % 2 == 1).then_some(Excluded::RateLimit),
            chosen_at_attempt: None,
        }
    }

    #[test]
    fn what_is_packed_comes_out_again_but_for_those_of_least_interest() {
        for count in [0, 1, 3, 8, 200] {
            let mut candidates: Vec<_> = (0..count).map(considered).collect();
            if let Some(last) = candidates.last_mut() {
                last.chosen_at_attempt = Some(1);
            }
            let decision = Decision::new(Strategy::Lottery, DecidedBy::Strategy, candidates);
            let packed = decision.pack().unwrap();
            assert!(packed.len() <= MAX_BYTES);
            let unpacked = Decision::unpack(&packed).unwrap();
            assert_eq!(unpacked.candidates.len() + unpacked.omitted as usize, count as usize);
            assert!(count > 8 || unpacked.omitted == 0, "{packed}");
            for (before, after) in decision.candidates.iter().zip(&unpacked.candidates) {
                assert_eq!(after, &Considered { share: 0.3333, ..before.clone() });
            }
            assert_eq!(unpacked.candidates.first().and_then(|it| it.chosen_at_attempt), (count > 0).then_some(1));
        }
    }

    #[test]
    fn what_is_unreadable_is_none() {
        for text in ["", "null", r#"["later","strategy",0,[]]"#] {
            assert_eq!(Decision::unpack(text), None, "{text}");
        }
    }
}

//! How much a model thinks: each generation wants it told otherwise.

use crate::dialect::hub::{Effort, Ledger, Request, Target, Thoughts};
use crate::wire::json::Writer;

/// What a model's name says of how it thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    /// Gemini before 2.5, and Gemma.
    Thoughtless,
    /// `thinkingBudget`: Gemini 2.5. Its signatures may be missing.
    Budget { is_pro: bool },
    /// `thinkingLevel`: Gemini 3 and later. A call of the turn that goes on must have its signature.
    Level { is_pro: bool },
    /// A name without a number. A budget is what all take, and a signature what the latest want.
    Unknown,
}

impl Generation {
    pub(super) fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or_default();
        if name.starts_with("gemma") {
            return Self::Thoughtless;
        }
        let Some(rest) = name.strip_prefix("gemini-") else { return Self::Unknown };
        let is_pro = rest.contains("pro");
        let mut version = rest.split('-').next().unwrap_or_default().split('.').map(|part| part.parse::<u32>().ok());
        match (version.next().flatten(), version.next().flatten()) {
            (Some(3..), _) => Self::Level { is_pro },
            (Some(2), Some(5..)) => Self::Budget { is_pro },
            (Some(_), _) => Self::Thoughtless,
            (None, _) => Self::Unknown,
        }
    }

    /// The model refuses a turn that goes on without the signature of its call.
    pub(super) const fn wants_signatures(self) -> bool {
        matches!(self, Self::Level { .. } | Self::Unknown)
    }

    /// A function's answer may have media of its own.
    pub(super) const fn takes_media_in_results(self) -> bool {
        matches!(self, Self::Level { .. })
    }
}

/// Writes `thinkingConfig`; whether there was anything to say.
pub(super) fn write(
    out: &mut Writer,
    request: &Request<'_>,
    target: &Target<'_>,
    generation: Generation,
    ledger: &mut Ledger,
) -> bool {
    let Some(reasoning) = request.reasoning else { return false };
    let is_off = reasoning.effort == Effort::None;
    if target.without_reasoning || generation == Generation::Thoughtless {
        if !is_off {
            ledger.dropped("reasoning");
        }
        return false;
    }
    out.key("thinkingConfig").object(|it| {
        match generation {
            Generation::Level { is_pro } => {
                let (level, is_exact) = level(reasoning.effort, is_pro);
                if !is_exact || reasoning.budget.is_some_and(|budget| budget != reasoning.effort.budget()) {
                    ledger.approximated("reasoning");
                }
                it.text_member("thinkingLevel", level);
            }
            _ => {
                let wanted = reasoning.budget.unwrap_or_else(|| reasoning.effort.budget());
                let (least, most) =
                    if generation == (Generation::Budget { is_pro: true }) { (128, 32_768) } else { (0, 24_576) };
                let budget = wanted.clamp(least, most);
                if budget != wanted {
                    ledger.approximated("reasoning");
                }
                it.number_member("thinkingBudget", budget);
            }
        }
        if request.thoughts == Thoughts::Shown && !is_off {
            it.key("includeThoughts").flag(true);
        }
    });
    true
}

/// The level of an effort, and whether it is just that: nobody can tell these models not to think.
const fn level(effort: Effort, is_pro: bool) -> (&'static str, bool) {
    match (effort, is_pro) {
        (Effort::None, false) => ("MINIMAL", false),
        (Effort::Minimal, false) => ("MINIMAL", true),
        (Effort::None | Effort::Minimal, true) => ("LOW", false),
        (Effort::Low, _) => ("LOW", true),
        (Effort::Medium, _) => ("MEDIUM", true),
        (Effort::High, _) => ("HIGH", true),
        (Effort::XHigh | Effort::Max, _) => ("HIGH", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations() {
        use Generation::{Budget, Level, Thoughtless, Unknown};
        for (model, expected) in [
            ("gemini-1.5-pro-002", Thoughtless),
            ("gemini-2.0-flash", Thoughtless),
            ("gemma-3-27b-it", Thoughtless),
            ("gemini-2.5-flash-lite", Budget { is_pro: false }),
            ("models/gemini-2.5-pro", Budget { is_pro: true }),
            ("gemini-3-pro-preview", Level { is_pro: true }),
            ("gemini-3.5-flash-lite", Level { is_pro: false }),
            ("gemini-10-flash", Level { is_pro: false }),
            ("gemini-flash-latest", Unknown),
            ("model", Unknown),
        ] {
            assert_eq!(Generation::of(model), expected, "{model}");
        }
    }
}

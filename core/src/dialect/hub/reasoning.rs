/// How much a model shall think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reasoning {
    pub effort: Effort,
    /// In tokens, where the client gave a number.
    pub budget: Option<u64>,
}

/// What a client wants to get of a model's thoughts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thoughts {
    /// It did not ask for any.
    #[default]
    Unasked,
    /// No text, but what their maker wants back.
    Sealed,
    Shown,
}

/// OpenAI's words, which are the finest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    const ALL: [Self; 7] = [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::XHigh, Self::Max];

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// What an effort is as a number of tokens, where a dialect wants one.
    pub const fn budget(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal => 1024,
            Self::Low => 2048,
            Self::Medium => 8192,
            Self::High => 16_384,
            Self::XHigh | Self::Max => 31_999,
        }
    }

    /// The least effort whose budget is at least `tokens`.
    pub fn of_budget(tokens: u64) -> Self {
        Self::ALL.into_iter().find(|effort| effort.budget() >= tokens).unwrap_or(Self::XHigh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn efforts_and_budgets() {
        for effort in Effort::ALL {
            assert_eq!(Effort::from_name(effort.name()), Some(effort));
            let same = if effort == Effort::Max { Effort::XHigh } else { effort };
            assert_eq!(Effort::of_budget(effort.budget()), same);
        }
        let rows = [(1, Effort::Minimal), (4000, Effort::Medium), (16_384, Effort::High), (100_000, Effort::XHigh)];
        for (tokens, effort) in rows {
            assert_eq!(Effort::of_budget(tokens), effort, "{tokens}");
        }
    }
}

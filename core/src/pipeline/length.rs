use std::sync::Arc;

use super::call::Call;
use super::estimate;
use crate::config::snapshot::Candidate;
use crate::record::Operation;

/// So many bytes of JSON are more than a token, whatever they say.
const BYTES: u64 = 2;

/// How long a request is, as far as a context window asks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Length {
    /// About so many tokens. `None` where it fits everywhere, or cannot be estimated.
    tokens: Option<u64>,
}

impl Length {
    /// A request is estimated only where one of several candidates states a window that it may not fit into: its bytes alone
    /// tell that of most. What a picture costs they do not tell.
    pub(super) fn of(call: &Call, candidates: &[&Arc<Candidate>]) -> Self {
        let smallest = candidates.iter().filter_map(|it| it.context_window).min();
        let asks = |window: u32| call.head.needs.image || call.body.len() as u64 / BYTES > u64::from(window);
        if candidates.len() < 2 || call.operation != Operation::Generate || !smallest.is_some_and(asks) {
            return Self::default();
        }
        Self { tokens: estimate::tokens(call).ok() }
    }

    pub(super) fn fits(self, candidate: &Candidate) -> bool {
        match (self.tokens, candidate.context_window) {
            (Some(tokens), Some(window)) => tokens <= u64::from(window),
            _ => true,
        }
    }

    /// Whether `other` may take a request that `refused` has found too long. One that states no window is taken for larger than
    /// any that is stated; of two that state none nobody knows, so they are taken for alike.
    pub(super) fn has_more_room(self, other: &Candidate, refused: &Candidate) -> bool {
        match (refused.context_window, other.context_window) {
            (Some(known), Some(window)) => window > known,
            (Some(_), None) => true,
            (None, Some(_)) => self.fits(other),
            (None, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProviderType;

    #[test]
    fn more_room() {
        let of = |context_window| Candidate { context_window, ..Candidate::of_tests(ProviderType::OpenAi) };
        for (refused, other, tokens, expected) in [
            (Some(8000), Some(8001), None, true),
            (Some(8000), Some(8000), None, false),
            (Some(8000), None, None, true),
            (None, None, None, false),
            (None, Some(8000), None, true),
            (None, Some(8000), Some(8000), true),
            (None, Some(8000), Some(8001), false),
        ] {
            let found = Length { tokens }.has_more_room(&of(other), &of(refused));
            assert_eq!(found, expected, "{refused:?} {other:?} {tokens:?}");
        }
    }
}

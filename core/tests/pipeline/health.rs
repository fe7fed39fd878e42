//! What a provider's health has learned, seen by what is asked afterwards.

use crate::bed::Bed;
use crate::support::failure;
use crate::wires::Wire;

/// Failures that open a breaker.
const TO_OPEN: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learned {
    Failure,
    Nothing,
    Success,
    /// It rests, and clients hear so with this status and time.
    Rest(u16, u64),
}

/// Fails as often as a breaker endures, so that whatever comes next shows.
pub(crate) fn strain(bed: &Bed, wire: &Wire) {
    for _ in 1..TO_OPEN {
        bed.script([failure(500, "")]);
        assert_eq!(bed.answer(wire, true).status, 500);
    }
}

/// What was learned since [`strain`] from one exchange with the only provider of a model without retries.
pub(crate) fn learned(bed: &Bed, wire: &Wire) -> Learned {
    let before = bed.count();
    bed.script([failure(500, "")]);
    let client = bed.answer(wire, true);
    if bed.count() == before {
        return match (client.status, client.retry_after()) {
            (503, Some(60)) => Learned::Failure,
            (status, seconds) => Learned::Rest(status, seconds.unwrap_or_default()),
        };
    }
    bed.answer(wire, true);
    if bed.count() == before + 1 { Learned::Nothing } else { Learned::Success }
}

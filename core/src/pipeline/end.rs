use super::judgement::Judgement;
use super::meter::Meter;
use crate::dialect::Phase;
use crate::platform::Timestamp;

pub(super) const TIME_IS_UP: &str = "the time that a request may take here ran out before the answer was complete";

/// How a provider's body ended.
#[derive(Debug)]
pub enum End {
    Clean,
    /// The answer is complete, as [`super::Guide::remainder`] says; what else the provider may send is nobody's business.
    Over,
    Broken(String),
    /// Nothing came for the model's idle time.
    Stalled,
    /// The home ends the request; see [`crate::RequestContext::ends_at`].
    TimeIsUp,
}

/// Judges a committed answer by all that came of it.
pub(super) fn judge(meter: &mut Meter, end: &End, now: Timestamp) -> Judgement {
    let phase = match meter {
        Meter::Stream(meter) => {
            meter.finish();
            Some(meter.phase())
        }
        Meter::Answer(_) | Meter::Opaque => None,
    };
    match (phase, end) {
        (Some(Phase::Complete), _) => Judgement::complete(),
        (None, End::Clean | End::Over) => whole(meter, now),
        (Some(Phase::Failed), _) => failure(meter, now),
        (_, End::TimeIsUp) => Judgement::time_is_up(TIME_IS_UP),
        (_, End::Stalled) => Judgement::timeout("the provider fell silent in mid-answer"),
        (_, End::Broken(cause)) => Judgement::cut(&format!("the provider's answer broke off: {cause}")),
        (_, End::Clean | End::Over) => {
            Judgement::unusable("the provider ended the stream without completing its answer")
        }
    }
}

/// An answer without streaming that was shown before its end, for its size.
fn whole(meter: &Meter, now: Timestamp) -> Judgement {
    let Meter::Answer(meter) = meter else { return Judgement::complete() };
    let summary = meter.summary();
    match (&summary.error, &summary.problem) {
        (Some(error), _) => Judgement::of_error(error, now),
        (None, Some(problem)) => Judgement::unusable(&format!("the provider answered with {problem}")),
        (None, None) => Judgement::complete(),
    }
}

/// Judges a committed answer whose client has left: what the provider had said of its failure, or of its end, stands.
/// Codex, for one, hangs up on the terminal event without waiting for the end.
pub(super) fn judge_left(meter: &Meter, now: Timestamp) -> Judgement {
    match meter {
        Meter::Stream(stream) if stream.phase() == Phase::Complete => Judgement::complete(),
        Meter::Stream(stream) if stream.phase() == Phase::Failed => failure(meter, now),
        _ => Judgement::left(),
    }
}

/// Why a stream says that it failed.
fn failure(meter: &Meter, now: Timestamp) -> Judgement {
    let error = match meter {
        Meter::Stream(meter) => meter.failure(),
        Meter::Answer(_) | Meter::Opaque => None,
    };
    match error {
        Some(error) => Judgement::of_error(error, now),
        None => Judgement::unusable("the provider's stream is unreadable"),
    }
}

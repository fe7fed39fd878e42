use core::time::Duration;
use std::sync::Arc;

use super::able::{is_preferred, not_associated, not_capable, not_served, speaks, unfit};
use super::ask::{self, Ask};
use super::call::Call;
use super::choice::{Choice, Stand};
use super::judgement::Next;
use super::length::Length;
use crate::balance::{Cause, Contender, Pair, Resting, Selection, Standing, lot};
use crate::config::Strategy;
use crate::config::snapshot::{Candidate, Route};
use crate::dialect::hub::{last_envelope, maker_of};
use crate::dialect::{ErrorKind, GatewayError};
use crate::platform::Timestamp;
use crate::record::{DecidedBy, Excluded, Operation};
use crate::shared::Shared;

/// The first pause before a candidate that has failed is asked once more; it doubles each time.
const BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// The candidates of one request, in the order in which they will be asked.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    call: &'a Call,
    route: &'a Arc<Route>,
    candidates: Vec<&'a Arc<Candidate>>,
    /// Why each of the route's is none of them; `None` of those who are.
    unfit: Vec<Option<Excluded>>,
    selection: Selection,
    length: Length,
    decided_by: DecidedBy,
    /// The call may bring state in envelopes, which a relay takes out.
    pub(super) brings_envelopes: bool,
    /// The only association that may be asked, whether it rests or not.
    pin: Option<&'a str>,
    /// Those that were asked, in order.
    asked: Vec<usize>,
    /// The only one that could be asked may be asked again.
    again: Option<usize>,
    /// Of the first that is asked, until it is taken.
    choice: Option<Choice>,
}

/// Who is asked next.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) candidate: Arc<Candidate>,
    index: usize,
    /// A pause before it is asked again.
    pub(super) pause: Option<Duration>,
}

impl<'a> Plan<'a> {
    /// The route's candidates that can be asked in the call's dialect, or through translation, and can do what it needs.
    /// Where there is none, [`Self::refusal`] says what is missing.
    pub(super) fn new(shared: &Shared, call: &'a Call, route: &'a Arc<Route>, pin: Option<&'a str>) -> Self {
        let unfit: Vec<_> = route.candidates.iter().map(|it| unfit(shared, call, it, pin)).collect();
        let fit = route.candidates.iter().zip(&unfit).filter(|(_, unfit)| unfit.is_none());
        let candidates: Vec<_> = fit.map(|(candidate, _)| candidate).collect();
        // The fastest is for conversations that have not begun.
        let has_begun = route.strategy != Strategy::LeastLatency || call.head.has_history;
        let conversation = call.conversation.filter(|_| has_begun);
        let previous = call.head.previous_response_id.as_deref().filter(|_| route.keeps_conversations());
        let maker = previous.and_then(|id| shared.makers.of(id));
        let envelope = last_envelope(call.dialect, &call.body);
        let brought = envelope.and_then(maker_of);
        let length = Length::of(call, &candidates);
        let now = shared.now();
        let contenders = candidates.iter().enumerate().map(|(index, candidate)| {
            let standing = match route.strategy {
                Strategy::Lottery | Strategy::Rotor => Standing::default(),
                Strategy::RoundRobin | Strategy::LeastLatency => {
                    shared.balancer.standing(pair(call, candidate), call.stream, now)
                }
            };
            Contender {
                index,
                weight: f64::from(candidate.weight),
                roomy: length.fits(candidate),
                made: brought.is_some_and(|id| {
                    ask::origin(shared, candidate.address(call.dialect), Ask::model(call, candidate)).is(id)
                }),
                tier: candidate.priority,
                preferred: is_preferred(call, route, candidate),
                latency: standing.latency,
                credit: standing.credit,
                lot: if maker.is_some_and(|maker| maker.is(&candidate.association_id)) {
                    Some(0.0)
                } else {
                    conversation.map(|it| lot(it, &candidate.association_id))
                },
                last: false,
            }
        });
        let contenders: Vec<_> = contenders.collect();
        let decided_by = match pin {
            Some(_) => DecidedBy::Pin,
            None if conversation.is_some() || maker.is_some() || contenders.iter().any(|it| it.made) => {
                DecidedBy::Conversation
            }
            None => DecidedBy::Strategy,
        };
        let selection = Selection::new(route.strategy, contenders);
        Self {
            call,
            route,
            candidates,
            unfit,
            selection,
            length,
            decided_by,
            brings_envelopes: envelope.is_some(),
            pin,
            asked: Vec::new(),
            again: None,
            choice: None,
        }
    }

    /// Why nobody can answer the call, whoever rests or not.
    pub(super) fn refusal(&self) -> Option<GatewayError> {
        if !self.candidates.is_empty() {
            return None;
        }
        if let Some(pin) = self.pin
            && !self.route.candidates.iter().any(|it| it.association_id == pin)
        {
            return Some(not_associated(self.call, pin));
        }
        let speaking: Vec<_> = self.route.candidates.iter().filter(|it| speaks(self.call, it)).collect();
        if speaking.is_empty() || self.pin.is_some() {
            return Some(not_served(self.call, self.route));
        }
        Some(not_capable(self.call, &speaking))
    }

    /// The next candidate to ask, if one is available now, or will be in a moment.
    pub(super) fn next(&mut self, shared: &Shared) -> Option<Turn> {
        let now = shared.now();
        let rests: Vec<_> = self.rests(shared).collect();
        if self.asked.is_empty() && self.choice.is_none() {
            self.choice = Some(self.weigh(&rests));
        }
        let available = |index: usize| matches!(rests.get(index), Some(None));
        if let Some(index) = self.selection.pick(available, || shared.platform.random()) {
            return self.turn(index, None);
        }
        let index = self.again.take()?;
        let retries = self.asked.len().saturating_sub(1).min(16);
        let backoff = BACKOFF.saturating_mul(1 << retries).min(LONGEST_BACKOFF);
        let backoff = backoff.mul_f64(0.5 + shared.platform.random() / 2.0);
        let rest = rests.get(index).copied().flatten().map(|rest| rest.until.since(now));
        // Whoever rests for longer is not worth waiting for.
        let pause = backoff.max(rest.unwrap_or_default());
        if pause > LONGEST_BACKOFF { None } else { self.turn(index, Some(pause)) }
    }

    /// How all stood when [`Self::next`] was first asked, for the record; once.
    pub(super) fn take_choice(&mut self) -> Option<Choice> {
        self.choice.take()
    }

    /// How all stand now.
    pub(super) fn weigh_now(&self, shared: &Shared) -> Choice {
        self.weigh(&self.rests(shared).collect::<Vec<_>>())
    }

    /// How all stand, when `rests` says who rests.
    pub(super) fn weigh(&self, rests: &[Option<Resting>]) -> Choice {
        let mut stands: Vec<_> = self.unfit.iter().map(|unfit| Stand::excluded(*unfit)).collect();
        let mut fit: Vec<_> = stands.iter_mut().filter(|stand| stand.excluded.is_none()).collect();
        let shares = self.selection.shares(|index| matches!(rests.get(index), Some(None)));
        let first = || shares.iter().filter_map(|(index, _)| self.candidate(*index));
        let highest = first().map(|it| it.priority).max();
        let has_roomy = first().any(|it| self.length.fits(it));
        let has_preferred = first().any(|it| is_preferred(self.call, self.route, it));
        for ((stand, rest), candidate) in fit.iter_mut().zip(rests).zip(&self.candidates) {
            stand.excluded = match rest.map(|rest| rest.cause) {
                Some(Cause::RateLimit) => Some(Excluded::RateLimit),
                Some(Cause::Failure) => Some(Excluded::Breaker),
                None if has_roomy && !self.length.fits(candidate) => Some(Excluded::ContextWindow),
                None if highest.is_some_and(|highest| candidate.priority < highest) => Some(Excluded::Tier),
                None => (has_preferred && !is_preferred(self.call, self.route, candidate)).then_some(Excluded::Dialect),
            };
        }
        for (index, share) in &shares {
            if let Some(stand) = fit.get_mut(*index) {
                stand.share = *share;
            }
        }
        Choice::new(Arc::clone(self.route), self.decided_by, stands)
    }

    /// How often each candidate would be asked first of so many calls like this one, each of a conversation of its own. Nobody
    /// takes a turn. All are zero where nobody is awake.
    pub(super) fn draws(&self, shared: &Shared, count: u32) -> Vec<(&'a Arc<Candidate>, u32)> {
        let awake: Vec<_> = self.rests(shared).map(|rest| rest.is_none()).collect();
        let available = |index: usize| awake.get(index) == Some(&true);
        // The fastest is for conversations that have not begun.
        let keeps = self.route.keeps_conversations() && self.route.strategy != Strategy::LeastLatency;
        let mut selection = self.selection.clone();
        let mut drawn: Vec<_> = self.candidates.iter().map(|candidate| (*candidate, 0)).collect();
        for _ in 0..count {
            if keeps {
                let conversation = shared.platform.entropy.next_u64();
                selection.draw_lots(|index| {
                    self.candidate(index).map_or(f64::MAX, |candidate| lot(conversation, &candidate.association_id))
                });
            }
            let Some(index) = selection.pick(available, || shared.platform.random()) else { break };
            selection.take_turn(available, index);
            if let Some((_, times)) = drawn.get_mut(index) {
                *times += 1;
            }
        }
        drawn
    }

    /// Whether somebody else could still be asked.
    pub(super) fn others_left(&self, shared: &Shared, turn: &Turn) -> bool {
        let now = shared.now();
        self.selection.indexes().any(|index| index != turn.index && self.is_available(shared, index, now))
    }

    /// Whether somebody could still be asked who may take what is too long for this one.
    pub(super) fn roomier_left(&self, shared: &Shared, turn: &Turn) -> bool {
        let now = shared.now();
        self.selection.indexes().any(|index| {
            index != turn.index && self.has_more_room(index, turn) && self.is_available(shared, index, now)
        })
    }

    /// Whether somebody has not been asked, for it rests.
    pub(super) fn is_somebody_left(&self) -> bool {
        self.selection.indexes().next().is_some()
    }

    fn has_more_room(&self, index: usize, refused: &Turn) -> bool {
        self.candidate(index).is_some_and(|it| self.length.has_more_room(it, &refused.candidate))
    }

    /// Takes the right to ask, and the turn; `false` when somebody else has just taken it.
    pub(super) fn start(&mut self, shared: &Shared, turn: &Turn) -> bool {
        let now = shared.now();
        if self.call.operation == Operation::CountTokens || self.pin.is_some() {
            return true;
        }
        // Who rests, or is of another tier, takes no part in the turn, or it would be owed all that it missed.
        let taking_part: Vec<_> = match self.route.strategy {
            Strategy::RoundRobin if self.decided_by == DecidedBy::Strategy => {
                let pool = self.selection.pool(|index| self.is_available(shared, index, now));
                let candidates = pool.iter().filter_map(|it| self.candidate(it.index));
                candidates.map(|it| (it.association_id.as_str(), f64::from(it.weight))).collect()
            }
            _ => Vec::new(),
        };
        if !shared.balancer.start(pair(self.call, &turn.candidate), self.route.breaker, now) {
            self.selection.remove(turn.index);
            return false;
        }
        if !taking_part.is_empty() {
            shared.balancer.take_turn(&taking_part, &turn.candidate.association_id);
        }
        true
    }

    /// The one whose turn it was has failed. `true` for its first failure in this request: the others of one request
    /// say nothing more about its health.
    pub(super) fn failed(&mut self, turn: &Turn, next: Next) -> bool {
        match next {
            Next::Stop => {}
            // Whoever is over a limit rests, but for counting tokens, which changes nobody's health.
            Next::Demote if self.call.operation == Operation::CountTokens => self.selection.remove(turn.index),
            // A limit that is over at once is asked about again after others, but by nobody's request alone.
            Next::Demote if self.selection.indexes().all(|index| index == turn.index) => {
                self.selection.remove(turn.index);
            }
            Next::Demote => self.selection.demote(turn.index),
            Next::Roomier => {
                let alike = self.selection.indexes().filter(|index| !self.has_more_room(*index, turn));
                alike.collect::<Vec<_>>().into_iter().for_each(|index| self.selection.remove(index));
            }
            Next::Remove | Next::Retry => self.selection.remove(turn.index),
        }
        let is_first = !self.asked.contains(&turn.index);
        self.asked.push(turn.index);
        self.again = Some(turn.index).filter(|sole| next == Next::Retry && self.asked.iter().all(|it| it == sole));
        is_first
    }

    /// Why nobody could be asked: all wait for a rate limit or an open breaker. What rests the one that is available
    /// first decides.
    pub(super) fn unavailable(&self, shared: &Shared) -> GatewayError {
        let now = shared.now();
        let first = self.rests(shared).flatten().min();
        let wait = first.map(|rest| rest.until.since(now).max(Duration::from_secs(1)));
        let name = &self.route.name;
        let error = match first.map(|rest| rest.cause) {
            Some(Cause::RateLimit) => {
                let message = format!("every provider of `{name}` is over its rate limit; try again later");
                GatewayError::new(ErrorKind::RateLimited, message).code("rate_limit_exceeded")
            }
            Some(Cause::Failure) | None => {
                let message = format!("every provider of `{name}` has failed repeatedly and rests; try again later");
                GatewayError::new(ErrorKind::Unavailable, message).code("providers_unavailable")
            }
        };
        error.retry_after(wait)
    }

    /// How long until somebody can be asked, when all rest.
    pub(super) fn wait(&self, shared: &Shared) -> Option<Duration> {
        let rests: Option<Vec<_>> = self.rests(shared).collect();
        rests?.into_iter().min().map(|first| first.until.since(shared.now()))
    }

    fn rests<'b>(&'b self, shared: &'b Shared) -> impl Iterator<Item = Option<Resting>> + 'b {
        let now = shared.now();
        let is_pinned = self.pin.is_some();
        self.candidates
            .iter()
            .map(move |it| shared.balancer.resting(pair(self.call, it), self.route.breaker, now).filter(|_| !is_pinned))
    }

    fn turn(&self, index: usize, pause: Option<Duration>) -> Option<Turn> {
        self.candidate(index).map(|candidate| Turn { candidate: Arc::clone(candidate), index, pause })
    }

    fn is_available(&self, shared: &Shared, index: usize, now: Timestamp) -> bool {
        self.candidate(index).is_some_and(|candidate| {
            shared.balancer.resting(pair(self.call, candidate), self.route.breaker, now).is_none()
        })
    }

    fn candidate(&self, index: usize) -> Option<&'a Arc<Candidate>> {
        self.candidates.get(index).copied()
    }
}

pub(super) fn pair<'a>(call: &'a Call, candidate: &'a Candidate) -> Pair<'a> {
    Pair { association: &candidate.association_id, provider_model: Ask::model(call, candidate) }
}

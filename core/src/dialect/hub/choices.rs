use super::answer::Reason;
use super::ledger::Ledger;
use super::stream::StreamPart;

/// More choices than anybody gives.
const LIMIT: usize = 128;

/// What a codec remembers of each choice of a streamed answer: of the one that is told, and of the others.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Choices<T> {
    pub(in crate::dialect) now: T,
    number: usize,
    others: Vec<(usize, T)>,
}

impl<T: Default> Choices<T> {
    /// The number of the one that is told.
    pub(in crate::dialect) const fn number(&self) -> usize {
        self.number
    }

    /// Goes on with a choice, which begins if it is new. Whether it was another that was told.
    pub(in crate::dialect) fn turn_to(&mut self, number: usize) -> bool {
        if number == self.number {
            return false;
        }
        let known = self.others.iter().position(|(other, _)| *other == number);
        let next = known.map(|at| self.others.swap_remove(at).1).unwrap_or_default();
        let before = std::mem::replace(&mut self.now, next);
        self.others.push((std::mem::replace(&mut self.number, number), before));
        true
    }

    /// What is remembered of a choice that a provider's stream goes on with; `None`, and a loss, for one beyond all numbers.
    pub(in crate::dialect) fn read(
        &mut self,
        number: Option<u64>,
        ledger: &mut Ledger,
        give: &mut dyn FnMut(StreamPart<'_>),
    ) -> Option<&mut T> {
        let number = usize::try_from(number.unwrap_or(0)).unwrap_or(LIMIT);
        if number >= LIMIT {
            ledger.dropped("choices");
            return None;
        }
        if self.turn_to(number) {
            give(StreamPart::Choice(number));
        }
        Some(&mut self.now)
    }

    /// Ends all choices of a provider's stream, the first one last.
    pub(in crate::dialect) fn end(
        &mut self,
        give: &mut dyn FnMut(StreamPart<'_>),
        end: impl for<'a> Fn(&'a mut T, &mut dyn FnMut(StreamPart<'_>)) -> Reason<'a>,
    ) {
        let mut left: Vec<usize> = self.others.iter().map(|other| other.0).chain([self.number]).collect();
        left.retain(|number| *number > 0);
        left.sort_unstable();
        for number in left {
            self.turn_to(number).then(|| give(StreamPart::Choice(number)));
            let reason = end(&mut self.now, give);
            give(StreamPart::ChoiceEnd { reason });
        }
        self.turn_to(0).then(|| give(StreamPart::Choice(0)));
        let reason = end(&mut self.now, give);
        give(StreamPart::End { reason });
    }
}

use super::Usage;
use super::figures::LIMIT;

/// Token counts as a provider reports them, merged over the events of a stream.
///
/// A later report is never added. One with any count above zero replaces all that it names, by zeros, too: a vendor that
/// first counts all input as new then tells that it came from the cache. One that is all zeros replaces nothing, because
/// providers repeat their reports with less in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    pub(super) input: Option<u64>,
    /// Counted by the provider beside `input` (Gemini's tool use).
    pub(super) more_input: Option<u64>,
    pub(super) cache_read: Option<u64>,
    /// Written to the cache, whatever its lifetime.
    pub(super) cache_write: Option<u64>,
    pub(super) cache_write_1h: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) reasoning: Option<u64>,
    pub(super) total: Option<u64>,
    /// A count was too large to be one, and counts as not reported.
    pub(super) met_absurd: bool,
}

/// What the input and output counts include, by dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    /// OpenAI: input with cached tokens, output with reasoning.
    Inclusive,
    /// Anthropic: input without cached tokens, output with reasoning.
    CacheApart,
    /// Gemini: input with cached tokens, output without reasoning.
    ReasoningApart,
}

impl Counters {
    pub(super) fn merge(&mut self, report: &Self) {
        let says_something = report.counts().into_iter().flatten().any(|count| count > 0);
        *self = self.zip(report, |old, new| if says_something || old.is_none() { new.or(old) } else { old });
    }

    /// The sum of both, where one of them reports.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.zip(other, |one, other| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        });
        sum.met_absurd |= sum.counts().into_iter().flatten().any(is_absurd);
        sum.zip(&Self::default(), |count, _| count.filter(|count| !is_absurd(*count)))
    }

    /// The larger of both, count by count.
    pub(super) fn at_least(&self, other: &Self) -> Self {
        self.zip(other, Ord::max)
    }

    /// What the record should say of the counts.
    pub(super) fn note(&self) -> Option<String> {
        self.met_absurd.then(|| format!("a count of over {LIMIT} tokens was taken for none"))
    }

    /// The counts in mutually exclusive buckets.
    pub(super) fn usage(&self, convention: Convention) -> Usage {
        let (input, cache_write) = self.uncached(convention);
        let (output, reasoning) = self.said(convention);
        let cache_write_1h = self.cache_write_1h.map(|count| count.min(cache_write.unwrap_or(count)));
        Usage {
            input: input.map(|input| input.saturating_add(self.more_input.unwrap_or(0))),
            cache_read: self.cache_read,
            cache_write_5m: cache_write.map(|all| all.saturating_sub(cache_write_1h.unwrap_or(0))),
            cache_write_1h,
            output,
            reasoning,
        }
    }

    /// The input that no cache gave or took, and what the cache took.
    fn uncached(&self, convention: Convention) -> (Option<u64>, Option<u64>) {
        let (Some(input), Convention::Inclusive | Convention::ReasoningApart) = (self.input, convention) else {
            return (self.input, self.cache_write);
        };
        if let Some(rest) = input.checked_sub(self.cached()) {
            return (Some(rest), self.cache_write);
        }
        let read = self.cache_read.unwrap_or(0);
        match input.checked_sub(read.max(self.cache_write.unwrap_or(0))) {
            // OpenRouter counts what was read among what was written.
            Some(rest) => (Some(rest), self.cache_write.map(|write| write.saturating_sub(read))),
            // A count smaller than its part was counted without it.
            None => (Some(input), self.cache_write),
        }
    }

    /// Output without reasoning, and reasoning. Vendors do not keep to their convention, but the total tells.
    fn said(&self, convention: Convention) -> (Option<u64>, Option<u64>) {
        let beside = self.beside_output();
        let Some(reasoning) = self.reasoning else {
            // Only the total counts the thoughts: some gateways in front of Gemini. A cache that the total counts beside
            // the input is none.
            let is_cache = |rest: u64| rest == self.cached() || self.cached() > self.input.unwrap_or(0);
            return (self.output, beside.filter(|rest| *rest > 0 && !is_cache(*rest)));
        };
        let Some(output) = self.output else { return (None, Some(reasoning)) };
        let is_within = match beside {
            // xAI's Chat counts reasoning beside the completion.
            Some(rest) if rest == reasoning => false,
            Some(0) => true,
            _ => convention != Convention::ReasoningApart && reasoning <= output,
        };
        if is_within {
            let reasoning = reasoning.min(output);
            (Some(output - reasoning), Some(reasoning))
        } else {
            (Some(output), Some(reasoning))
        }
    }

    /// What the total counts beside input and output.
    fn beside_output(&self) -> Option<u64> {
        let input = self.input?.saturating_add(self.more_input.unwrap_or(0));
        self.total?.checked_sub(input.saturating_add(self.output.unwrap_or(0)))
    }

    fn cached(&self) -> u64 {
        self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0))
    }

    const fn counts(&self) -> [Option<u64>; 8] {
        let Self { input, more_input, cache_read, cache_write, cache_write_1h, output, reasoning, total, .. } = *self;
        [input, more_input, cache_read, cache_write, cache_write_1h, output, reasoning, total]
    }

    fn zip(&self, other: &Self, join: impl Fn(Option<u64>, Option<u64>) -> Option<u64>) -> Self {
        Self {
            input: join(self.input, other.input),
            more_input: join(self.more_input, other.more_input),
            cache_read: join(self.cache_read, other.cache_read),
            cache_write: join(self.cache_write, other.cache_write),
            cache_write_1h: join(self.cache_write_1h, other.cache_write_1h),
            output: join(self.output, other.output),
            reasoning: join(self.reasoning, other.reasoning),
            total: join(self.total, other.total),
            met_absurd: self.met_absurd | other.met_absurd,
        }
    }
}

fn is_absurd(count: u64) -> bool {
    count > u64::from(LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(numbers: [u64; 8]) -> Counters {
        let [input, more_input, cache_read, cache_write, cache_write_1h, output, reasoning, total] = numbers.map(Some);
        Counters {
            input,
            more_input,
            cache_read,
            cache_write,
            cache_write_1h,
            output,
            reasoning,
            total,
            met_absurd: false,
        }
    }

    #[test]
    fn buckets_exclude_each_other() {
        let rows = [
            // input, more, read, write, write 1h, output, reasoning, total
            ([100, 0, 60, 10, 0, 50, 20, 150], Convention::Inclusive, [30, 60, 10, 0, 30, 20]),
            ([12, 0, 11, 0, 0, 1, 290, 303], Convention::Inclusive, [1, 11, 0, 0, 1, 290]),
            ([5, 0, 60, 0, 0, 5, 20, 0], Convention::Inclusive, [5, 60, 0, 0, 5, 20]),
            ([100, 0, 60, 10, 4, 50, 20, 0], Convention::CacheApart, [100, 60, 6, 4, 30, 20]),
            ([100, 7, 60, 0, 0, 50, 20, 177], Convention::ReasoningApart, [47, 60, 0, 0, 50, 20]),
            // What was read is counted as written, too.
            ([2168, 0, 2161, 2161, 0, 5, 0, 2173], Convention::Inclusive, [7, 2161, 0, 0, 5, 0]),
            ([3000, 0, 2000, 2500, 0, 5, 0, 3005], Convention::Inclusive, [500, 2000, 500, 0, 5, 0]),
            // The total tells where reasoning is counted, against the convention or nonsense.
            ([100, 0, 0, 0, 0, 50, 20, 150], Convention::ReasoningApart, [100, 0, 0, 0, 30, 20]),
            ([100, 7, 0, 0, 0, 50, 20, 157], Convention::ReasoningApart, [107, 0, 0, 0, 30, 20]),
            ([100, 0, 0, 0, 0, 50, 20, 170], Convention::Inclusive, [100, 0, 0, 0, 50, 20]),
            ([21, 0, 0, 0, 0, 0, 60, 81], Convention::Inclusive, [21, 0, 0, 0, 0, 60]),
            ([100, 0, 0, 0, 0, 50, 60, 150], Convention::Inclusive, [100, 0, 0, 0, 0, 50]),
        ];
        for (numbers, convention, expected) in rows {
            let [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning] = expected.map(Some);
            let expected = Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning };
            assert_eq!(counters(numbers).usage(convention), expected, "{numbers:?} {convention:?}");
        }
        assert_eq!(Counters::default().usage(Convention::Inclusive), Usage::default());
    }

    #[test]
    fn thoughts_hidden_in_the_total() {
        let rows = [
            // input, cache read, output, total; reasoning
            ([Some(20), None, Some(198), Some(623)], Some(405)),
            ([Some(20), Some(20), Some(198), Some(623)], Some(405)),
            ([Some(20), None, None, Some(80)], Some(60)),
            ([Some(20), None, Some(198), Some(218)], None),
            ([Some(20), None, Some(198), Some(100)], None),
            ([Some(20), None, Some(198), None], None),
            ([None, None, Some(198), Some(623)], None),
            // A cache that is counted beside the input.
            ([Some(20), Some(60), Some(198), Some(278)], None),
            ([Some(60), Some(20), Some(198), Some(278)], None),
        ];
        for ([input, cache_read, output, total], reasoning) in rows {
            let counters = Counters { input, cache_read, output, total, ..Counters::default() };
            for convention in [Convention::Inclusive, Convention::ReasoningApart] {
                let usage = counters.usage(convention);
                assert_eq!((usage.output, usage.reasoning), (output, reasoning), "{counters:?}");
            }
        }
    }

    #[test]
    fn reports_are_set_and_never_added() {
        // Input, cache read and output of one report after the other, and then of all.
        type Counts = [Option<u64>; 3];
        let rows: &[(&[Counts], Counts)] = &[
            (&[[Some(0), None, Some(1)]], [Some(0), None, Some(1)]),
            (&[[Some(0), None, Some(1)], [Some(9), None, Some(5)]], [Some(9), None, Some(5)]),
            (&[[Some(9), None, Some(5)], [Some(0), Some(0), None]], [Some(9), Some(0), Some(5)]),
            (&[[Some(9), None, Some(5)], [None, None, Some(6)]], [Some(9), None, Some(6)]),
            // Moonshot's: all of the input turns out to have been cached.
            (&[[Some(1000), None, Some(1)], [Some(0), Some(1000), Some(7)]], [Some(0), Some(1000), Some(7)]),
        ];
        for (reports, expected) in rows {
            let mut merged = Counters::default();
            for [input, cache_read, output] in *reports {
                let (input, cache_read, output) = (*input, *cache_read, *output);
                merged.merge(&Counters { input, cache_read, output, ..Counters::default() });
            }
            assert_eq!([merged.input, merged.cache_read, merged.output], *expected, "{reports:?}");
        }
    }
}

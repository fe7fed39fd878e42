use serde::Deserialize;

use super::Usage;

/// Token counts as a provider reports them, merged over the events of a stream.
///
/// A later report replaces an earlier one field by field; it is never added, and a zero or a missing field never
/// replaces a number, because providers repeat their reports with less in them.
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
        let fields = [
            (&mut self.input, report.input),
            (&mut self.more_input, report.more_input),
            (&mut self.cache_read, report.cache_read),
            (&mut self.cache_write, report.cache_write),
            (&mut self.cache_write_1h, report.cache_write_1h),
            (&mut self.output, report.output),
            (&mut self.reasoning, report.reasoning),
            (&mut self.total, report.total),
        ];
        for (field, reported) in fields {
            if reported.is_some_and(|count| count > 0) || field.is_none() {
                *field = reported.or(*field);
            }
        }
    }

    /// The counts in mutually exclusive buckets.
    pub(super) fn usage(&self, convention: Convention) -> Usage {
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        let input = match (self.input, convention) {
            (Some(input), Convention::Inclusive | Convention::ReasoningApart) => {
                // A count smaller than its part was counted without it.
                Some(input.checked_sub(cached).unwrap_or(input))
            }
            (input, _) => input,
        };
        let reasoning = self.reasoning.unwrap_or(0);
        let output = match (self.output, convention) {
            (Some(output), Convention::Inclusive | Convention::CacheApart) if !self.counts_reasoning_apart() => {
                Some(output.checked_sub(reasoning).unwrap_or(output))
            }
            (output, _) => output,
        };
        let cache_write_1h = self.cache_write_1h.map(|count| count.min(self.cache_write.unwrap_or(count)));
        Usage {
            input: input.map(|input| input.saturating_add(self.more_input.unwrap_or(0))),
            cache_read: self.cache_read,
            cache_write_5m: self.cache_write.map(|all| all.saturating_sub(cache_write_1h.unwrap_or(0))),
            cache_write_1h,
            output,
            reasoning: self.reasoning,
        }
    }

    /// xAI's Chat counts reasoning beside the completion; the total tells.
    fn counts_reasoning_apart(&self) -> bool {
        let reasoning = self.reasoning.unwrap_or(0);
        let (Some(input), Some(output), Some(total)) = (self.input, self.output, self.total) else { return false };
        reasoning > 0 && total == input.saturating_add(output).saturating_add(reasoning)
    }
}

/// A count in a report; what is no whole number counts as not reported, so that one odd field loses no other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count(Option<u64>);

impl Count {
    pub(super) const fn get(self) -> Option<u64> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Ok(Self(text.parse().ok().or_else(|| text.strip_suffix(".0").and_then(|whole| whole.parse().ok()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(numbers: [u64; 8]) -> Counters {
        let [input, more_input, cache_read, cache_write, cache_write_1h, output, reasoning, total] = numbers.map(Some);
        Counters { input, more_input, cache_read, cache_write, cache_write_1h, output, reasoning, total }
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
        ];
        for (numbers, convention, expected) in rows {
            let [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning] = expected.map(Some);
            let expected = Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning };
            assert_eq!(counters(numbers).usage(convention), expected, "{numbers:?} {convention:?}");
        }
        assert_eq!(Counters::default().usage(Convention::Inclusive), Usage::default());
    }

    #[test]
    fn reports_are_set_and_never_erased() {
        let mut merged = Counters::default();
        merged.merge(&Counters { input: Some(0), output: Some(1), ..Counters::default() });
        assert_eq!((merged.input, merged.output, merged.total), (Some(0), Some(1), None));
        merged.merge(&Counters { input: Some(9), output: Some(5), ..Counters::default() });
        merged.merge(&Counters { input: Some(0), output: None, ..Counters::default() });
        assert_eq!((merged.input, merged.output), (Some(9), Some(5)));
    }
}

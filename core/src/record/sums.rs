//! Sums that add up: over hours, dimensions and currencies.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::latency;
use super::rollup::{Counts, Fine, LatencyMetric};

/// What is known of any set of requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Over all currencies; the `cost` in it means nothing, see `costs`.
    pub counts: Counts,
    /// By currency.
    pub costs: BTreeMap<String, f64>,
    pub unpriced: Unpriced,
    pub first_token: Histogram,
    pub total: Histogram,
    /// The minute (since the Unix epoch) in which the newest request arrived; 0 without any.
    pub last_minute: u64,
}

/// See [`Sums::rank`].
pub(crate) type Rank = (u64, u64);

/// What is to be told of sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Requests and attempts; other counts mean nothing.
    Requests,
    /// All but histograms of latencies.
    Sums,
    All,
}

/// What had no price, or no usage to be priced by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unpriced {
    /// Successful generations.
    pub requests: u64,
    pub tokens: u64,
}

/// How many latencies fell into each bucket of [`latency`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The bucket that `counts` begins with; both its ends are not zero.
    first: i64,
    counts: Vec<u64>,
}

impl Sums {
    pub(crate) fn add_fine(&mut self, currency: &str, fine: &Fine) {
        if currency.is_empty() {
            self.unpriced += &Unpriced { requests: fine.counts.total_count, tokens: fine.counts.tokens() };
        } else {
            self.add_cost(currency, fine.counts.cost);
        }
        self.counts += &Counts { cost: 0.0, ..fine.counts.clone() };
        for ((metric, bucket), count) in &fine.latencies {
            self.add_latency(*metric, *bucket, *count);
        }
        self.last_minute = self.last_minute.max(u64::try_from(fine.last_at.div_euclid(60_000_000)).unwrap_or(0));
    }

    /// Leaves what is not among the others, which are among these. The newest request stays that of all, and so do
    /// the currencies.
    pub(crate) fn subtract(&mut self, others: &Self) {
        self.counts.subtract(&others.counts);
        for (currency, cost) in &others.costs {
            if let Some(sum) = self.costs.get_mut(currency) {
                // What is left of equal sums, added up in another order, is no cost.
                let rounding = sum.abs() * 1e-12;
                *sum -= cost;
                if sum.abs() <= rounding {
                    *sum = 0.0;
                }
            }
        }
        self.unpriced.requests = self.unpriced.requests.saturating_sub(others.unpriced.requests);
        self.unpriced.tokens = self.unpriced.tokens.saturating_sub(others.unpriced.tokens);
        self.first_token.subtract(&others.first_token);
        self.total.subtract(&others.total);
    }

    /// What groups are ranked by: requests, then attempts.
    pub(crate) const fn rank(&self) -> Rank {
        (self.counts.requests, self.counts.attempts)
    }

    /// Whether nothing was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.whole_numbers().iter().all(|count| *count == 0)
    }

    pub(crate) fn add_cost(&mut self, currency: &str, cost: f64) {
        match self.costs.get_mut(currency) {
            Some(sum) => *sum += cost,
            None => {
                self.costs.insert(currency.to_owned(), cost);
            }
        }
    }

    pub(crate) fn add_latency(&mut self, metric: LatencyMetric, bucket: i64, count: u64) {
        match metric {
            LatencyMetric::FirstToken => self.first_token.add(bucket, count),
            LatencyMetric::Total => self.total.add(bucket, count),
        }
    }
}

impl AddAssign<&Self> for Sums {
    fn add_assign(&mut self, other: &Self) {
        self.counts += &other.counts;
        for (currency, cost) in &other.costs {
            self.add_cost(currency, *cost);
        }
        self.unpriced += &other.unpriced;
        self.first_token += &other.first_token;
        self.total += &other.total;
        self.last_minute = self.last_minute.max(other.last_minute);
    }
}

impl AddAssign<&Self> for Unpriced {
    fn add_assign(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.tokens = self.tokens.saturating_add(other.tokens);
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, bucket: i64, count: u64) {
        if count > 0
            && let Some([slot]) = self.slots(bucket, 1)
        {
            *slot = slot.saturating_add(count);
        }
    }

    /// The counts of `length` buckets from `first` on, to be added to: at both ends something. `None` for what are no buckets.
    pub(super) fn slots(&mut self, first: i64, length: usize) -> Option<&mut [u64]> {
        if length == 0 {
            return Some(&mut []);
        }
        let last = first.checked_add(i64::try_from(length).ok()? - 1)?;
        if !latency::BUCKETS.contains(&first) || !latency::BUCKETS.contains(&last) {
            return None;
        }
        if self.counts.is_empty() {
            self.first = first;
        } else if first < self.first {
            let missing = usize::try_from(self.first - first).ok()?;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = first;
        }
        let begin = usize::try_from(first - self.first).ok()?;
        let end = begin + length;
        if end > self.counts.len() {
            self.counts.resize(end, 0);
        }
        self.counts.get_mut(begin..end)
    }

    fn subtract(&mut self, others: &Self) {
        for (slot, count) in self.slots(others.first, others.counts.len()).into_iter().flatten().zip(&others.counts) {
            *slot = slot.saturating_sub(*count);
        }
        let Some(last) = self.counts.iter().rposition(|count| *count > 0) else {
            *self = Self::default();
            return;
        };
        self.counts.truncate(last + 1);
        let zeros = self.counts.iter().take_while(|count| **count == 0).count();
        self.counts.drain(..zeros);
        self.first += i64::try_from(zeros).unwrap_or(0);
    }

    /// The first bucket, and the counts from there on.
    pub(super) fn run(&self) -> (i64, &[u64]) {
        (self.first, &self.counts)
    }

    /// Each bucket that is not empty, with its count, from the fastest.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (i64, u64)> {
        (self.first..).zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }

    /// How many latencies it has seen.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// In milliseconds, within [`latency::MAX_RELATIVE_ERROR`], the lower ones first: for each the first bucket at which so many
    /// percent have been seen.
    pub fn percentiles_ms<const N: usize>(&self, percents: [u64; N]) -> Option<[f64; N]> {
        let count = u128::from(self.count());
        let mut buckets = self.buckets();
        let (mut bucket, first) = buckets.next()?;
        let mut seen = u128::from(first);
        Some(percents.map(|percent| {
            while seen * 100 < count * u128::from(percent)
                && let Some((next, more)) = buckets.next()
            {
                bucket = next;
                seen += u128::from(more);
            }
            latency::middle_ms(bucket)
        }))
    }
}

impl AddAssign<&Self> for Histogram {
    fn add_assign(&mut self, other: &Self) {
        for (slot, count) in self.slots(other.first, other.counts.len()).into_iter().flatten().zip(&other.counts) {
            *slot = slot.saturating_add(*count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_grow_at_both_ends_and_add_up() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentiles_ms([50]), None);
        for bucket in [100, 90, 110, 100] {
            histogram.add(bucket, 1);
        }
        let mut sum = histogram.clone();
        sum += &histogram;
        assert_eq!(sum.buckets().collect::<Vec<_>>(), [(90, 2), (100, 4), (110, 2)]);
        let rows = [(1, 90), (25, 90), (26, 100), (75, 100), (76, 110), (100, 110)];
        let all = rows.map(|(_, bucket)| latency::middle_ms(bucket));
        assert_eq!(sum.percentiles_ms(rows.map(|(percent, _)| percent)), Some(all));
        let mut rest = sum.clone();
        rest.subtract(&Histogram { first: 90, counts: [vec![2], vec![0; 9], vec![3]].concat() });
        assert_eq!(rest, Histogram { first: 100, counts: [vec![1], vec![0; 9], vec![2]].concat() });
        rest.subtract(&sum);
        assert_eq!((rest.count(), rest.buckets().next()), (0, None));
        sum.add(i64::MAX, 1);
        assert_eq!(sum.buckets().count(), 3, "no bucket of this world");
    }
}

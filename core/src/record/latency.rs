//! Buckets of the latency histograms that rollups keep.
//!
//! Eight buckets for each doubling: a bucket's middle differs from any latency in it by at most 4.5 %, and an hour of
//! one model touches a few dozen of them. Histograms of any hours and models add up, which percentiles do not.

const PER_DOUBLING: f64 = 8.0;

/// Everything below a millisecond shares a bucket.
const SMALLEST_US: f64 = 1000.0;

/// All that [`bucket`] answers.
pub(crate) const BUCKETS: core::ops::RangeInclusive<i64> = 79..=504;

/// Half a bucket's width, as a share of the latency: 2^(1/16) - 1.
pub const MAX_RELATIVE_ERROR: f64 = 0.0443;

/// The bucket of a latency in microseconds.
pub fn bucket(micros: i64) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "a logarithm does not notice")]
    let micros = (micros as f64).max(SMALLEST_US);
    #[expect(clippy::cast_possible_truncation, reason = "at most 8 * 64")]
    let bucket = (micros.log2() * PER_DOUBLING).floor() as i64;
    bucket
}

/// The middle of a bucket, in milliseconds.
pub fn middle_ms(bucket: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let exponent = (bucket as f64 + 0.5) / PER_DOUBLING;
    exponent.exp2() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_bucket_is_near_all_that_is_in_it() {
        let mut micros = 1_000_i64;
        while micros < 4_000_000_000 {
            let real = micros as f64 / 1000.0;
            let told = middle_ms(bucket(micros));
            assert!((told / real - 1.0).abs() <= MAX_RELATIVE_ERROR, "{real} ms is told as {told} ms");
            micros += micros / 97 + 1;
        }
    }

    #[test]
    fn buckets_grow_with_the_latency_and_end_at_both_sides() {
        let rows = [(i64::MIN, 79), (0, 79), (1_000, 79), (1_024, 80), (2_048, 88), (i64::MAX, 504)];
        for (micros, expected) in rows {
            assert_eq!(bucket(micros), expected, "{micros}");
        }
    }
}

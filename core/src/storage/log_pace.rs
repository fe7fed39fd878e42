//! How many entries each window of a scan has, by what those before it took.

use core::time::Duration;

/// What a window is to take, beside the way to the database.
const WINDOW: Duration = Duration::from_millis(30);
/// However quick the last window was: the next may be the first whose entries are not in memory, and be so much slower.
const MAX_ROWS: u32 = 20_000;

/// What is known of windows so far. One of so many entries is taken to need the time of the way, and for each entry as much as
/// the last window took beyond that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    first: u32,
    /// Fewer are not worth their way.
    pub(super) least: u32,
    last: Option<Taken>,
}

#[derive(Clone, Copy, Debug)]
struct Taken {
    rows: u32,
    took: Duration,
    /// The shortest that any window took: of a remote database hardly more than its way.
    way: Duration,
}

impl Pace {
    pub(super) const fn of_entries() -> Self {
        Self { first: 2_000, least: 2_000, last: None }
    }

    /// Of windows whose entries' bodies are read, too.
    pub(super) const fn of_bodies() -> Self {
        Self { first: 20, least: 1, last: None }
    }

    /// How many entries a window has that is to end in `left`; `None` where it would hardly. There is always time for the first.
    pub(super) fn rows_in(&self, left: Duration) -> Option<u32> {
        let Some(Taken { rows, took, way }) = self.last else { return Some(self.first) };
        let time = left.checked_sub(way)?.min(WINDOW);
        let most = rows.saturating_mul(2).min(MAX_ROWS);
        let each = took.saturating_sub(way).as_micros();
        let fit = (u128::from(rows) * time.as_micros()).checked_div(each);
        let rows = fit.and_then(|fit| u32::try_from(fit).ok()).map_or(most, |fit| fit.min(most));
        (rows >= self.least).then_some(rows)
    }

    /// A window of so many entries took so long.
    pub(super) fn took(&mut self, rows: u32, took: Duration) {
        let way = self.last.map_or(took, |last| last.way.min(took));
        self.last = Some(Taken { rows, took, way });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::log_scan::PATIENCE;

    /// What a scan takes, and how far it comes, where a window takes `way` and each entry behind the first `warm` ones `cold` (both
    /// in microseconds), those before a tenth of that.
    fn scan(mut pace: Pace, way: u64, warm: u64, cold: u64) -> (Duration, u64) {
        let (mut elapsed, mut seen) = (Duration::ZERO, 0);
        while let Some(rows) = pace.rows_in(PATIENCE.saturating_sub(elapsed)) {
            let in_memory = warm.saturating_sub(seen).min(rows.into());
            let took = Duration::from_micros(way + in_memory * cold / 10 + (u64::from(rows) - in_memory) * cold);
            pace.took(rows, took);
            elapsed += took;
            seen += u64::from(rows);
        }
        (elapsed, seen)
    }

    #[test]
    fn a_scan_ends_in_time_and_uses_it() {
        let (entries, bodies) = (Pace::of_entries(), Pace::of_bodies());
        // How long the way is, how many entries are in memory, how long the others take; how far it comes at the least.
        let rows = [
            (entries, 100, 0, 1, 60_000),
            (entries, 100, 0, 5, 20_000),
            (entries, 100, 0, 20, 4_000),
            // One window is all there is time for.
            (entries, 100, 0, 60, 2_000),
            // Quick, until nothing is in memory any more.
            (entries, 100, 10_000, 10, 14_000),
            (entries, 100, 60_000, 5, 60_000),
            (entries, 100, 20_000, 20, 20_000),
            // Remote: each way is most of a window's time.
            (entries, 35_000, 0, 1, 14_000),
            (entries, 70_000, 0, 1, 2_000),
            (bodies, 100, 0, 500, 200),
            (bodies, 100, 0, 5_000, 20),
            (bodies, 20_000, 0, 100, 300),
        ];
        for (pace, way, warm, cold, least) in rows {
            let (took, seen) = scan(pace, way, warm, cold);
            let what = format!("{way} µs, {warm} entries in memory, then {cold} µs: {seen} in {took:?}");
            assert!(took < Duration::from_millis(250) && seen >= least, "{what}");
        }
    }

    #[test]
    fn there_is_always_time_for_the_first_window() {
        let mut pace = Pace::of_entries();
        assert_eq!(pace.rows_in(Duration::ZERO), Some(2_000));
        pace.took(2_000, Duration::from_secs(3));
        assert_eq!(pace.rows_in(Duration::from_secs(1)), None);
    }
}

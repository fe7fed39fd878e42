//! Counting entries of the log: by the values of a field, and over time.

use std::collections::{BTreeMap, HashMap};

use super::log_filter::{LogField, LogFilter};
use super::log_scan::{PATIENCE, Scan};
use crate::platform::{Clock, Database, DatabaseError, Timestamp};

/// Entries that facets are counted of, at least: those of the window that comes to so many all count.
const FACET_ENTRIES: u64 = 10_000;
/// As that, of a histogram.
const HISTOGRAM_ENTRIES: u64 = 50_000;
/// Values of a field that are told apart while counting.
const MAX_VALUES: usize = 5_000;

/// How many entries have each value of each field; `None` is what has none.
#[derive(Clone, Debug, Default)]
pub struct Facets {
    pub counts: HashMap<LogField, BTreeMap<Option<String>, u64>>,
    /// Whether older entries were not looked at.
    pub approximate: bool,
}

/// Entries over time.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// By the second at which each bucket began; empty ones are absent.
    pub buckets: BTreeMap<i64, Bucket>,
    /// Whether there may be more in older ones.
    pub capped: bool,
    /// All that arrived then or later was counted; `None` when all was.
    pub scanned_to: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    pub count: u64,
    pub successes: u64,
    pub cancelled: u64,
}

/// Of the newest entries.
pub async fn facets(
    database: &dyn Database,
    clock: &dyn Clock,
    filter: &LogFilter,
    fields: &[LogField],
) -> Result<Facets, DatabaseError> {
    let mut scan = Scan::new(database, clock, filter, None, PATIENCE);
    let mut facets = Facets::default();
    let mut seen = 0;
    while seen < FACET_ENTRIES && scan.goes_on() {
        let found = scan
            .next(|conditions| {
                let of = |(index, field): (usize, &LogField)| {
                    let column = field.column();
                    format!(
                        "SELECT {index} AS field, CAST({column} AS TEXT) AS value, count(*) AS n FROM logs {} GROUP BY 2",
                        conditions.sql
                    )
                };
                fields.iter().enumerate().map(of).collect::<Vec<_>>().join(" UNION ALL ")
            })
            .await?;
        let mut entries = 0;
        for row in found.iter() {
            let index = usize::try_from(row.integer("field")?).unwrap_or(usize::MAX);
            let Some(field) = fields.get(index) else { continue };
            let count = u64::try_from(row.integer("n")?).unwrap_or(0);
            entries += if index == 0 { count } else { 0 };
            let counts = facets.counts.entry(*field).or_default();
            let value = row.optional_text("value")?.map(str::to_owned);
            if counts.len() < MAX_VALUES || counts.contains_key(&value) {
                *counts.entry(value).or_default() += count;
            }
        }
        seen += entries;
    }
    facets.approximate = scan.cursor().is_some();
    Ok(facets)
}

/// In buckets of `seconds` from `start` (a second) on, the newest entries first.
pub async fn histogram(
    database: &dyn Database,
    clock: &dyn Clock,
    filter: &LogFilter,
    start: i64,
    seconds: i64,
) -> Result<Histogram, DatabaseError> {
    let mut scan = Scan::new(database, clock, filter, None, PATIENCE);
    let mut histogram = Histogram::default();
    let mut seen = 0;
    while seen < HISTOGRAM_ENTRIES && scan.goes_on() {
        let found = scan
            .next(|conditions| {
                format!(
                    "SELECT (created_at / 1000000 - {start}) / {seconds} AS bucket, count(*) AS n, \
                     sum(outcome = 'success') AS successes, sum(outcome = 'cancelled') AS cancelled FROM logs {} GROUP BY 1",
                    conditions.sql
                )
            })
            .await?;
        for row in found.iter() {
            let mut cells = row.cells();
            let begin = start + cells.integer()? * seconds;
            let mut count = || cells.integer().map(|count| u64::try_from(count).unwrap_or(0));
            let bucket = histogram.buckets.entry(begin).or_default();
            let entries = count()?;
            bucket.count += entries;
            bucket.successes += count()?;
            bucket.cancelled += count()?;
            seen += entries;
        }
    }
    histogram.scanned_to = scan.scanned_to();
    histogram.capped = histogram.scanned_to.is_some();
    Ok(histogram)
}

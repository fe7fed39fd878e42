//! Reading the hourly rollups.

use std::collections::BTreeMap;

use super::conditions::Conditions;
use crate::dialect::Dialect;
use crate::platform::{Database, DatabaseError, Row, Statement, Timestamp};
use crate::record::{Counts, latency};

const HOUR_SECS: i64 = 3600;
const DAY_SECS: i64 = 86_400;

/// What to sum up. Rollups know whole hours (UTC): the hour of `from` counts in full, and so does that of `to` unless
/// it begins exactly then.
#[derive(Clone, Debug)]
pub struct MetricsQuery {
    pub from: Timestamp,
    pub to: Timestamp,
    pub interval: Interval,
    pub group_by: GroupBy,
    pub filter: MetricsFilter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// All in one.
    Whole,
    Hour,
    /// From midnight to midnight where the clock is that many minutes ahead of UTC. An offset of no whole hours
    /// counts the hour that midnight divides to the day in which it begins.
    Day {
        offset_minutes: i32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Nothing,
    Model,
    Provider,
    Key,
    Dialect,
}

/// `None` takes all.
#[derive(Clone, Debug, Default)]
pub struct MetricsFilter {
    pub model: Option<String>,
    pub provider: Option<String>,
    pub key_id: Option<String>,
    pub dialect: Option<Dialect>,
}

/// The sums of one group in one interval.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// When the interval began; zero for [`Interval::Whole`].
    pub start: Timestamp,
    /// The model, provider, key id or dialect; empty for what has none.
    pub group: String,
    /// The name of the key; else empty.
    pub key_name: String,
    /// Over all currencies; its `cost` is meaningless, see `costs`.
    pub counts: Counts,
    /// By currency.
    pub costs: BTreeMap<String, f64>,
    pub first_token: Option<Percentiles>,
    pub total: Option<Percentiles>,
}

/// In milliseconds, each within [`latency::MAX_RELATIVE_ERROR`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
}

/// By start and group; intervals and groups without any entry are absent.
pub async fn metrics(database: &dyn Database, query: &MetricsQuery) -> Result<Vec<Metrics>, DatabaseError> {
    let mut found = BTreeMap::<(i64, String), Metrics>::new();
    for row in database.query(query.counts()).await?.iter() {
        let metrics = slot(&mut found, row)?;
        row.text("key_name")?.clone_into(&mut metrics.key_name);
        let counts = Counts::read(row)?;
        let currency = row.text("currency")?;
        if !currency.is_empty() {
            *metrics.costs.entry(currency.to_owned()).or_default() += counts.cost;
        }
        metrics.counts += &counts;
    }
    for row in database.query(query.latencies()).await?.iter() {
        let metrics = slot(&mut found, row)?;
        let percentile = |column| row.integer(column).map(latency::middle_ms);
        let percentiles =
            Some(Percentiles { p50: percentile("p50")?, p90: percentile("p90")?, p99: percentile("p99")? });
        match row.text("metric")? {
            "total" => metrics.total = percentiles,
            _ => metrics.first_token = percentiles,
        }
    }
    Ok(found.into_values().collect())
}

/// When the key was last used, to the hour, as far back as rollups go.
pub async fn last_used_hour(database: &dyn Database, key_id: &str) -> Result<Option<Timestamp>, DatabaseError> {
    let sql = "SELECT max(hour) AS hour FROM rollups \
               WHERE dimension_id IN (SELECT id FROM rollup_dimensions WHERE key_id = ?1)";
    let rows = database.query(Statement::new(sql, vec![key_id.into()])).await?;
    let hour = rows.first().map(|row| row.optional_integer("hour")).transpose()?.flatten();
    Ok(hour.map(Timestamp::from_secs))
}

fn slot<'a>(found: &'a mut BTreeMap<(i64, String), Metrics>, row: Row<'_>) -> Result<&'a mut Metrics, DatabaseError> {
    let start = row.integer("start")?;
    let group = row.text("name")?;
    Ok(found.entry((start, group.to_owned())).or_insert_with(|| Metrics {
        start: Timestamp::from_secs(start),
        group: group.to_owned(),
        ..Metrics::default()
    }))
}

impl MetricsQuery {
    fn counts(&self) -> Statement {
        let sums = Counts::COLUMNS.iter().map(|column| format!("sum(f.{column}) AS {column}"));
        let sums = sums.collect::<Vec<_>>().join(", ");
        let key_name = if self.group_by == GroupBy::Key { "max(d.key_name)" } else { "''" };
        let conditions = self.conditions();
        let sql = format!(
            "SELECT {start} AS start, {group} AS name, {key_name} AS key_name, f.currency AS currency, {sums} \
             FROM rollups AS f JOIN rollup_dimensions AS d ON d.id = f.dimension_id {conditions} \
             GROUP BY 1, 2, f.currency",
            start = self.start(),
            group = self.group(),
            conditions = conditions.sql,
        );
        Statement::new(sql, conditions.params)
    }

    /// A percentile is the first bucket at which as many latencies as it asks for have been seen.
    fn latencies(&self) -> Statement {
        let conditions = self.conditions();
        let sql = format!(
            "WITH histogram AS (\
                 SELECT {start} AS start, {group} AS name, f.metric AS metric, f.bucket AS bucket, sum(f.count) AS n \
                 FROM rollup_latencies AS f JOIN rollup_dimensions AS d ON d.id = f.dimension_id {conditions} \
                 GROUP BY 1, 2, 3, 4\
             ), cumulative AS (\
                 SELECT start, name, metric, bucket, \
                     sum(n) OVER (PARTITION BY start, name, metric ORDER BY bucket) AS seen, \
                     sum(n) OVER (PARTITION BY start, name, metric) AS total \
                 FROM histogram\
             ) \
             SELECT start, name, metric, \
                 min(CASE WHEN seen * 100 >= total * 50 THEN bucket END) AS p50, \
                 min(CASE WHEN seen * 100 >= total * 90 THEN bucket END) AS p90, \
                 min(CASE WHEN seen * 100 >= total * 99 THEN bucket END) AS p99 \
             FROM cumulative GROUP BY start, name, metric",
            start = self.start(),
            group = self.group(),
            conditions = conditions.sql,
        );
        Statement::new(sql, conditions.params)
    }

    fn start(&self) -> String {
        match self.interval {
            Interval::Whole => "0".to_owned(),
            Interval::Hour => "f.hour".to_owned(),
            Interval::Day { offset_minutes } => {
                let offset = i64::from(offset_minutes) * 60;
                format!("(f.hour + {offset}) / {DAY_SECS} * {DAY_SECS} - {offset}")
            }
        }
    }

    fn group(&self) -> &'static str {
        match self.group_by {
            GroupBy::Nothing => "''",
            GroupBy::Model => "d.model",
            GroupBy::Provider => "d.provider",
            GroupBy::Key => "d.key_id",
            GroupBy::Dialect => "d.dialect",
        }
    }

    fn conditions(&self) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.add("f.hour >=", self.from.as_secs().div_euclid(HOUR_SECS) * HOUR_SECS);
        // The end is exclusive, and rounded up to whole seconds because hours begin at those.
        let end = self.to.as_micros().saturating_add(999_999).div_euclid(1_000_000);
        conditions.add("f.hour <", end);
        let MetricsFilter { model, provider, key_id, dialect } = &self.filter;
        for (comparison, text) in [("d.model =", model), ("d.provider =", provider), ("d.key_id =", key_id)] {
            if let Some(text) = text {
                conditions.add(comparison, text.as_str());
            }
        }
        if let Some(dialect) = dialect {
            conditions.add("d.dialect =", dialect.as_str());
        }
        conditions
    }
}

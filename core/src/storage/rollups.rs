//! SQL of the finest rollups, which requests write.

use core::ops::RangeInclusive;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::json;

use super::metrics::{Axis, Choice, Detail};
use super::together;
use crate::platform::{Cells, Database, DatabaseError, Row, Statement, Timestamp, Value};
use crate::record::first_id_at;
use crate::record::pack::Names;
use crate::record::rollup::{
    Counts, DAY_SECS, Dimension, Fine, FineKey, HOUR_SECS, LatencyMetric, Rollups, parse_latencies,
};

/// How far the clocks of a writer and of who folds may be apart, each way.
pub(crate) const SKEW_SECS: i64 = 300;

/// True unless the writer that parameter `writer` names has written the entry of the next parameter already.
fn is_new(writer: usize) -> String {
    format!("NOT EXISTS (SELECT 1 FROM record_writers WHERE id = ?{writer} AND last_entry >= ?{})", writer + 1)
}

static ADD_DIMENSIONS: &str = "\
    INSERT INTO rollup_dimensions \
    (id, model, provider, provider_model, key_id, key_name, dialect, association_id, origin) \
    SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8 \
    FROM json_each(?1) WHERE true \
    ON CONFLICT (id) DO UPDATE SET key_name = excluded.key_name WHERE key_name <> excluded.key_name";

/// What belongs to a time of which only folded sums count is kept apart until it is added to those: under its negative time.
static INSERT: LazyLock<String> = LazyLock::new(|| {
    let columns = Counts::COLUMNS.join(", ");
    let values = (3..Counts::COLUMNS.len() + 5).map(|index| format!("value->>{index}")).collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO rollups (hour, dimension_id, currency, {columns}, last_at, latencies) \
         SELECT iif(value->>0 < (SELECT pruned_until FROM rollup_state), -(value->>0), value->>0), value->>1, value->>2, \
         {values} FROM json_each(?1)"
    )
});

static ADD: LazyLock<String> = LazyLock::new(|| format!("{} WHERE {} {}", &*INSERT, is_new(2), sum_up()));

fn sum_up() -> String {
    let sums = Counts::COLUMNS.iter().map(|column| format!("{column} = {column} + excluded.{column}"));
    let sums = sums.collect::<Vec<_>>().join(", ");
    format!(
        "ON CONFLICT (hour, dimension_id, currency) DO UPDATE SET {sums}, \
         last_at = max(last_at, excluded.last_at), latencies = latencies || excluded.latencies"
    )
}

/// As [`ADD_DIMENSIONS`], of one row.
static ADD_DIMENSION: &str = "\
    INSERT INTO rollup_dimensions \
    (id, model, provider, provider_model, key_id, key_name, dialect, association_id, origin) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
    ON CONFLICT (id) DO UPDATE SET key_name = excluded.key_name WHERE key_name <> excluded.key_name";

/// As [`ADD`], of one row.
static ADD_ROW: LazyLock<String> = LazyLock::new(|| {
    let columns = Counts::COLUMNS.join(", ");
    let width = Counts::COLUMNS.len() + 5;
    let values = (2..=width).map(|index| format!("?{index}")).collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO rollups (hour, dimension_id, currency, {columns}, last_at, latencies) \
         SELECT iif(?1 < (SELECT pruned_until FROM rollup_state), -?1, ?1), {values} WHERE {} {}",
        is_new(width + 1),
        sum_up()
    )
});

/// `last_entry` is the number of the last entry of the newest batch.
static FINISH_BATCH: &str = "\
    INSERT INTO record_writers (id, last_entry, updated_at) VALUES (?1, ?2, ?3) \
    ON CONFLICT (id) DO UPDATE SET last_entry = excluded.last_entry, updated_at = excluded.updated_at \
    WHERE last_entry < ?4";

/// The end of a batch: adds `rollups` unless `writer` has written any of its entries before, and marks them as written.
///
/// A writer numbers its entries upwards, and sends a batch, the entries `numbers`, only after those before it were
/// written. The same entries may come again, all together or each alone.
///
/// One statement a row, always the same text, which is kept compiled, as in [`logs::insert`](super::logs::insert); in the order
/// of the tables.
pub(crate) fn add(
    rollups: &Rollups,
    writer: &str,
    numbers: &RangeInclusive<i64>,
    now: Timestamp,
    statements: &mut Vec<Statement>,
) {
    let dimensions = rollups.dimensions.iter().map(dimension_row);
    statements.extend(dimensions.map(|row| Statement::new(ADD_DIMENSION, row)));
    statements.extend(rollups.fine.iter().map(|row| {
        let mut params = fine_row(row);
        params.extend([writer.into(), (*numbers.start()).into()]);
        Statement::new(ADD_ROW.as_str(), params)
    }));
    finish_batch(rollups, writer, numbers, now, statements);
}

/// As [`add`] in few statements, for databases where each has its price. The rows of each table travel as one JSON
/// parameter, because D1 allows 100 parameters to a statement.
pub(crate) fn add_together(
    rollups: &Rollups,
    writer: &str,
    numbers: &RangeInclusive<i64>,
    now: Timestamp,
    statements: &mut Vec<Statement>,
) {
    let rows = Rows::of(rollups);
    let add = vec![rows.fine.into(), writer.into(), (*numbers.start()).into()];
    statements.push(Statement::new(ADD_DIMENSIONS, vec![rows.dimensions.into()]));
    statements.push(Statement::new(ADD.as_str(), add));
    finish_batch(rollups, writer, numbers, now, statements);
}

fn finish_batch(
    rollups: &Rollups,
    writer: &str,
    numbers: &RangeInclusive<i64>,
    now: Timestamp,
    statements: &mut Vec<Statement>,
) {
    let mut late = rollups.hours();
    late.retain(|hour| hour + HOUR_SECS <= now.as_secs().saturating_add(SKEW_SECS));
    if !late.is_empty() {
        statements.extend(unfold(&late));
    }
    statements.push(finish(writer, numbers, now));
}

/// Makes what is folded of these hours invalid, where it is not all that is left of them; to be written together with
/// what changes the hours. A fold that has read them before is not written any more.
fn unfold(hours: &BTreeSet<i64>) -> [Statement; 3] {
    let hours = Value::from(json!(hours).to_string());
    [
        Statement::new("UPDATE rollup_state SET changes = changes + 1", vec![]),
        Statement::new(
            "DELETE FROM rollup_hours WHERE start IN (SELECT value FROM json_each(?1))",
            vec![hours.clone()],
        ),
        Statement::new(
            format!(
                "DELETE FROM rollup_days WHERE day IN (SELECT value / {DAY_SECS} * {DAY_SECS} FROM json_each(?1)) \
                 AND day >= (SELECT pruned_until FROM rollup_state)"
            ),
            vec![hours],
        ),
    ]
}

/// Marks the entries `numbers` as written, unless any of them was before.
pub(crate) fn finish(writer: &str, numbers: &RangeInclusive<i64>, now: Timestamp) -> Statement {
    let (first, last) = (*numbers.start(), *numbers.end());
    Statement::new(FINISH_BATCH, vec![writer.into(), last.into(), now.as_micros().into(), first.into()])
}

/// An hour of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogHour {
    pub(crate) begins: Timestamp,
    pub(crate) entries: u64,
}

impl LogHour {
    pub(crate) fn ends(&self) -> Timestamp {
        Timestamp::from_secs(self.begins.as_secs() + HOUR_SECS)
    }

    /// Ids of the hour are these and those between them; the second is the next hour's.
    fn ids(&self) -> [Value; 2] {
        [first_id_at(self.begins).into(), first_id_at(self.ends()).into()]
    }
}

/// Hours from `from` to `to` of which the log holds more than the rollups.
pub(crate) async fn incomplete_hours(
    database: &dyn Database,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<LogHour>, DatabaseError> {
    let sql = "\
        SELECT log.hour, log.entries FROM \
        (SELECT created_at / 3600000000 * 3600 AS hour, count(*) AS entries, sum(is_final) AS requests, \
         count(provider) AS attempts FROM logs WHERE id >= ?1 AND id < ?2 GROUP BY hour) AS log \
        LEFT JOIN (SELECT hour / 3600 * 3600 AS hour, sum(requests) AS requests, sum(attempts) AS attempts FROM rollups \
         WHERE hour >= ?3 AND hour < ?4 GROUP BY 1) AS sums ON sums.hour = log.hour \
        WHERE log.requests > coalesce(sums.requests, 0) OR log.attempts > coalesce(sums.attempts, 0) ORDER BY log.hour";
    let params = vec![first_id_at(from).into(), first_id_at(to).into(), from.as_secs().into(), to.as_secs().into()];
    let rows = database.query(Statement::new(sql, params)).await?;
    let hour = |row: Row<'_>| {
        let entries = u64::try_from(row.integer("entries")?).unwrap_or(0);
        Ok(LogHour { begins: Timestamp::from_secs(row.integer("hour")?), entries })
    };
    rows.iter().map(hour).collect()
}

/// Puts `rollups` in the place of what an hour had, unless the log has gained or lost entries of that hour meanwhile;
/// `false` then.
pub(crate) async fn replace(database: &dyn Database, hour: &LogHour, rollups: &Rollups) -> Result<bool, DatabaseError> {
    const IS_SAME: &str = "(SELECT count(*) FROM logs WHERE id >= ?2 AND id < ?3) = ?4";
    let guarded = |sql: String, first: Value| {
        let [from, to] = hour.ids();
        Statement::new(sql, vec![first, from, to, hour.entries.into()])
    };
    let [first, next] = [hour.begins, hour.ends()].map(|time| time.as_secs());
    let rows = Rows::of(rollups);
    let mut statements = vec![
        guarded(format!("DELETE FROM rollup_latencies WHERE hour = ?1 AND {IS_SAME}"), first.into()),
        guarded(format!("DELETE FROM rollups WHERE hour >= ?1 AND hour < {next} AND {IS_SAME}"), first.into()),
        Statement::new(ADD_DIMENSIONS, vec![rows.dimensions.into()]),
        guarded(format!("{} WHERE {IS_SAME}", &*INSERT), rows.fine.into()),
    ];
    statements.extend(unfold(&BTreeSet::from([first])));
    let answers = database.batch(statements).await?;
    Ok(answers.get(3).is_some_and(|counts| counts.affected > 0))
}

/// A row of the finest rollups as it is read, or what several come to.
pub(crate) struct FineRow<'a> {
    pub(crate) names: Names<'a>,
    /// When its period began, in seconds.
    pub(crate) start: i64,
    pub(crate) currency: &'a str,
    pub(crate) fine: Fine,
}

/// What rows are summed up by, beside the currency, while they are read.
#[derive(Clone, Debug)]
pub(crate) struct By<'a> {
    /// Those that are told.
    pub(crate) axes: Vec<Axis>,
    /// What no row outside of these is asked for; other rows may be shown, too.
    pub(crate) filter: &'a [Choice],
    /// Whether each five minutes are told apart; else some of one hour may be one.
    pub(crate) five_minutes: bool,
    pub(crate) detail: Detail,
}

/// Rows of up to so many seconds are one. No hour, since the texts of their latencies become one, which D1 bounds.
const QUARTER_SECS: i64 = 900;

/// A span of which rows come as they are: at most what is not folded yet, as a rule.
const SHORT_SECS: i64 = 2 * HOUR_SECS;

const NAMES: [&str; 8] =
    ["model", "provider", "provider_model", "association_id", "key_id", "key_name", "dialect", "origin"];

/// The rows whose stored time is in one of the spans that are the first parameter.
fn in_spans(table: &str) -> String {
    format!(
        "FROM json_each(?1) AS span CROSS JOIN {table} AS r ON r.hour >= span.value->>0 AND r.hour < span.value->>1 \
         CROSS JOIN rollup_dimensions AS d ON d.id = r.dimension_id"
    )
}

/// Shows all rows whose stored time is in one of the `spans` (seconds, the second exclusive), each before the next.
pub(crate) async fn read(
    database: &dyn Database,
    spans: &[(i64, i64)],
    mut show: impl FnMut(FineRow<'_>),
) -> Result<(), DatabaseError> {
    let names = NAMES.map(|name| format!("d.{name}")).join(", ");
    let columns = Counts::COLUMNS.join(", r.");
    let sql =
        format!("SELECT {names}, r.hour, r.currency, r.{columns}, r.last_at, r.latencies {}", in_spans("rollups"));
    show_rows(database, sql, spans, vec![], &mut show).await?;
    read_latencies(database, spans, &mut show).await
}

/// As [`read`], but rows that are one by `by` come as one, unless there are too few for that to pay. Of the names only those of its
/// axes are told, of keys and associations as they were last (of rows that come as they are, in the last five minutes).
pub(crate) async fn read_sums(
    database: &dyn Database,
    spans: &[(i64, i64)],
    by: &By<'_>,
    mut show: impl FnMut(FineRow<'_>),
) -> Result<(), DatabaseError> {
    let told = |axis: &Axis, name: &str| match axis {
        Axis::Key => name == "key_name",
        Axis::Association => matches!(name, "provider" | "provider_model"),
        _ => false,
    };
    let is_told = |name: &str| by.axes.iter().any(|axis| axis.column() == name || told(axis, name));
    // A column that is neither grouped by nor summed up is that of the row with the one maximum that is asked for.
    let names = NAMES.map(|name| if is_told(name) { format!("d.{name}") } else { format!("'' AS {name}") }).join(", ");
    // Few are of another origin than most.
    let is_divided = by.axes.iter().filter(|axis| **axis != Axis::Origin).count() > 1;
    let is_summed = !is_divided || !is_short(spans);
    let quarter = format!("r.hour / {QUARTER_SECS} * {QUARTER_SECS}");
    let start = if by.five_minutes || !is_summed { "r.hour" } else { quarter.as_str() };
    // Most of a row's time goes into its counts.
    let is_counted = |column: &str| by.detail > Detail::Requests || matches!(column, "requests" | "attempts");
    // `sum` of whole numbers would be an error where it is too large, which a provider's count of tokens may make it.
    let sum = |column: &&str| match *column {
        column if !is_counted(column) => "0".to_owned(),
        column if !is_summed => format!("r.{column}"),
        "cost" => "total(r.cost)".to_owned(),
        column => format!("CAST(total(r.{column}) AS INTEGER)"),
    };
    let sums = Counts::COLUMNS.iter().map(sum).collect::<Vec<_>>().join(", ");
    let (last_at, latencies) =
        if is_summed { ("max(r.last_at)", "group_concat(r.latencies, '')") } else { ("r.last_at", "r.latencies") };
    let latencies = if by.detail == Detail::All { latencies } else { "''" };
    // The last axis first, for most have the same of the first: rows are compared until something differs.
    let groups = by.axes.iter().rev().map(|axis| format!("d.{}, ", axis.column())).collect::<String>();
    let end = if is_summed { format!("GROUP BY {groups}{start}, r.currency") } else { String::new() };
    let mut wanted = Vec::new();
    let mut conditions = String::new();
    // Few origins are not those of clients.
    let takes = |choice: &&Choice| !choice.leaves_out && !choice.values.is_empty() && choice.axis != Axis::Origin;
    for choice in by.filter.iter().filter(takes) {
        wanted.push(json!(choice.values).to_string().into());
        let column = choice.axis.column();
        conditions += &format!(" AND d.{column} IN (SELECT value FROM json_each(?{}))", wanted.len() + 1);
    }
    let sql = format!(
        "SELECT {names}, {start}, r.currency, {sums}, {last_at}, {latencies} {}{conditions} {end}",
        in_spans("rollups")
    );
    show_rows(database, sql, spans, wanted, &mut show).await?;
    if by.detail == Detail::All {
        read_latencies(database, spans, &mut show).await?;
    }
    Ok(())
}

/// Whether rows are few, so that to sum them up by two things, which leaves nearly as many, would take longer than to read them.
fn is_short(spans: &[(i64, i64)]) -> bool {
    // Under negative times there are fewer still.
    spans.iter().filter(|(from, _)| *from > 0).map(|(from, to)| to - from).sum::<i64>() <= SHORT_SECS
}

async fn show_rows(
    database: &dyn Database,
    sql: String,
    spans: &[(i64, i64)],
    wanted: Vec<Value>,
    show: &mut impl FnMut(FineRow<'_>),
) -> Result<(), DatabaseError> {
    if spans.is_empty() {
        return Ok(());
    }
    let params = std::iter::once(json!(spans).to_string().into()).chain(wanted).collect();
    for row in database.query(Statement::new(sql, params)).await?.iter() {
        let mut cells = row.cells();
        let names = names(&mut cells)?;
        let start = cells.integer()?.saturating_abs();
        let currency = cells.text()?;
        let mut fine = Fine { counts: Counts::read(&mut cells)?, ..Fine::default() };
        // Rows of older versions know the hour only.
        fine.last_at = cells.integer()?.max(start.saturating_mul(1_000_000));
        for (metric, bucket, count) in parse_latencies(cells.text()?) {
            *fine.latencies.entry((metric, bucket)).or_default() += count;
        }
        show(FineRow { names, start, currency, fine });
    }
    Ok(())
}

/// The histograms that older versions have written.
async fn read_latencies(
    database: &dyn Database,
    spans: &[(i64, i64)],
    show: &mut impl FnMut(FineRow<'_>),
) -> Result<(), DatabaseError> {
    if spans.is_empty() {
        return Ok(());
    }
    let names = NAMES.map(|name| format!("d.{name}")).join(", ");
    let sql = format!("SELECT {names}, r.hour, r.metric, r.bucket, r.count {}", in_spans("rollup_latencies"));
    for row in database.query(Statement::new(sql, vec![json!(spans).to_string().into()])).await?.iter() {
        let mut cells = row.cells();
        let names = self::names(&mut cells)?;
        let start = cells.integer()?;
        let metric = match cells.text()? {
            "total" => LatencyMetric::Total,
            _ => LatencyMetric::FirstToken,
        };
        let (bucket, count) = (cells.integer()?, u64::try_from(cells.integer()?).unwrap_or(0));
        let fine = Fine { latencies: [((metric, bucket), count)].into(), ..Fine::default() };
        show(FineRow { names, start, currency: "", fine });
    }
    Ok(())
}

impl Axis {
    /// Of `rollup_dimensions`.
    const fn column(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Provider => "provider",
            Self::ProviderModel => "provider_model",
            Self::Association => "association_id",
            Self::Key => "key_id",
            Self::Dialect => "dialect",
            Self::Origin => "origin",
        }
    }
}

fn names<'a>(cells: &mut Cells<'a>) -> Result<Names<'a>, DatabaseError> {
    Ok(Names {
        model: cells.text()?,
        provider: cells.text()?,
        provider_model: cells.text()?,
        association_id: cells.text()?,
        key_id: cells.text()?,
        key_name: cells.text()?,
        dialect: cells.text()?,
        origin: cells.text()?,
    })
}

/// The rows of each table as one JSON parameter.
struct Rows {
    dimensions: String,
    fine: String,
}

impl Rows {
    fn of(rollups: &Rollups) -> Self {
        let text = |rows: Vec<String>| format!("[{}]", rows.join(","));
        Self {
            dimensions: text(rollups.dimensions.iter().map(|row| together::row(dimension_row(row))).collect()),
            fine: text(rollups.fine.iter().map(|row| together::row(fine_row(row))).collect()),
        }
    }
}

fn dimension_row((id, dimension): (&i64, &Dimension)) -> Vec<Value> {
    let Dimension { model, provider, provider_model, association_id, key_id, key_name, dialect, origin } = dimension;
    let names = [model, provider, provider_model, key_id, key_name, dialect, association_id, origin];
    let mut row = vec![(*id).into()];
    row.extend(names.map(|name| Value::from(name.as_str())));
    row
}

fn fine_row((key, fine): (&FineKey, &Fine)) -> Vec<Value> {
    let mut row = vec![key.start.into(), key.dimension_id.into(), key.currency.as_str().into()];
    row.extend(fine.counts.values());
    row.extend([fine.last_at.into(), fine.latencies_text().into()]);
    row
}

//! Reading the request log.

use core::time::Duration;

use super::conditions::Conditions;
use super::log_filter::LogFilter;
use super::log_scan::Scan;
use super::logs::{COLUMNS, DETAILS};
use crate::config::{Prices, ProviderType};
use crate::dialect::{Dialect, Usage};
use crate::platform::{Clock, Database, DatabaseError, DatabaseErrorKind, Row, Statement, Timestamp};
use crate::record::{LogEntry, Operation, Origin, Outcome, TraceId, Translated};

/// An entry as the log has it. Its `bodies` are read apart, by [`super::log_details`]; in a [`page`] its decision and translation are
/// left out.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    pub entry: LogEntry,
    pub has_bodies: bool,
}

#[derive(Clone, Debug, Default)]
pub struct LogPage {
    /// Newest first.
    pub entries: Vec<StoredEntry>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// Set where there was no time to look for as many entries as were wanted: those that arrived then or later were looked
    /// at.
    pub scanned_to: Option<Timestamp>,
}

/// The newest `limit` entries, or those after the page that gave `cursor`. Entries that arrive meanwhile move nothing. Takes as
/// long as it takes.
pub async fn page(
    database: &dyn Database,
    filter: &LogFilter,
    cursor: Option<&str>,
    limit: usize,
) -> Result<LogPage, DatabaseError> {
    let mut conditions = filter.conditions();
    if let Some(cursor) = cursor {
        conditions.add("id <", cursor);
    }
    let sql = newest(&conditions, limit.saturating_add(1));
    let rows = database.query(Statement::new(sql, conditions.params)).await?;
    let entries = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(LogPage::of(entries, limit))
}

/// As [`page`], but in windows, and with what was found when it has looked for `patience`.
pub async fn search(
    database: &dyn Database,
    clock: &dyn Clock,
    filter: &LogFilter,
    cursor: Option<&str>,
    limit: usize,
    patience: Duration,
) -> Result<LogPage, DatabaseError> {
    if filter.is_quick() {
        return page(database, filter, cursor, limit).await;
    }
    let mut scan = Scan::new(database, clock, filter, cursor, patience);
    let mut entries = Vec::new();
    while entries.len() <= limit && scan.goes_on() {
        let rows = scan.next(|conditions| newest(conditions, limit.saturating_add(1) - entries.len())).await?;
        for row in rows.iter() {
            entries.push(read(row)?);
        }
    }
    if entries.len() > limit {
        return Ok(LogPage::of(entries, limit));
    }
    Ok(LogPage { entries, next: scan.cursor(), scanned_to: scan.scanned_to() })
}

impl LogPage {
    /// Of one entry more than wanted, if there is one.
    fn of(mut entries: Vec<StoredEntry>, limit: usize) -> Self {
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|last| last.entry.id.clone());
        Self { entries, next, scanned_to: None }
    }
}

fn newest(conditions: &Conditions, limit: usize) -> String {
    format!("{} ORDER BY id DESC LIMIT {limit}", select(conditions))
}

pub async fn entry(database: &dyn Database, id: &str) -> Result<Option<StoredEntry>, DatabaseError> {
    let mut conditions = Conditions::default();
    conditions.add("id =", id);
    let rows = database.query(Statement::new(select_whole(&conditions), conditions.params)).await?;
    rows.first().map(read).transpose()
}

/// All attempts of a trace, first to last.
pub async fn attempts(database: &dyn Database, trace_id: TraceId) -> Result<Vec<StoredEntry>, DatabaseError> {
    let filter = LogFilter { trace_id: Some(trace_id), all_attempts: true, ..LogFilter::default() };
    let conditions = filter.conditions();
    let sql = format!("{} ORDER BY id", select_whole(&conditions));
    database.query(Statement::new(sql, conditions.params)).await?.iter().map(read).collect()
}

/// The attempts of an association that were recorded last, newest first.
pub async fn recent(
    database: &dyn Database,
    association_id: &str,
    limit: usize,
) -> Result<Vec<StoredEntry>, DatabaseError> {
    let mut conditions = Conditions::default();
    conditions.add("association_id =", association_id);
    let sql = format!("{} ORDER BY rowid DESC LIMIT {limit}", select(&conditions));
    database.query(Statement::new(sql, conditions.params)).await?.iter().map(read).collect()
}

fn select(conditions: &Conditions) -> String {
    format!("SELECT {} FROM logs {}", summary_columns(), conditions.sql)
}

/// What [`read`] reads, without the details.
pub(super) fn summary_columns() -> String {
    let columns = COLUMNS.map(|column| match column {
        detail if DETAILS.contains(&detail) => format!("NULL AS {detail}"),
        column => column.to_owned(),
    });
    columns.join(", ")
}

fn select_whole(conditions: &Conditions) -> String {
    format!("SELECT {} FROM logs {}", COLUMNS.join(", "), conditions.sql)
}

pub(super) fn read(row: Row<'_>) -> Result<StoredEntry, DatabaseError> {
    let text = |column| row.optional_text(column).map(|text| text.map(str::to_owned));
    let count = |column| row.optional_integer(column).map(|count| count.and_then(|count| u64::try_from(count).ok()));
    let cost = row.optional_real("cost")?;
    let currency = text("currency")?;
    let entry = LogEntry {
        id: row.text("id")?.to_owned(),
        trace_id: row.text("trace_id")?.to_owned(),
        created_at: Timestamp::from_micros(row.integer("created_at")?),
        attempt: u32::try_from(row.integer("attempt")?).unwrap_or(u32::MAX),
        is_final: row.boolean("is_final")?,
        dialect: word(row, "dialect", |text| Dialect::ALL.into_iter().find(|dialect| dialect.as_str() == text))?,
        operation: word(row, "operation", Operation::parse)?,
        stream: row.boolean("stream")?,
        model: row.text("model")?.to_owned(),
        provider: text("provider")?,
        provider_model: text("provider_model")?,
        association_id: text("association_id")?,
        key_id: text("key_id")?,
        key_name: text("key_name")?,
        status: u16::try_from(row.integer("status")?).unwrap_or(0),
        outcome: word(row, "outcome", Outcome::parse)?,
        error: text("error")?,
        remote_addr: text("remote_addr")?,
        user_agent: text("user_agent")?,
        session_id: text("session_id")?,
        finish_reason: text("finish_reason")?,
        proxy_us: row.optional_integer("proxy_us")?,
        first_token_us: row.optional_integer("first_token_us")?,
        total_us: row.integer("total_us")?,
        request_bytes: count("request_bytes")?.unwrap_or(0),
        response_bytes: count("response_bytes")?.unwrap_or(0),
        usage: Usage {
            input: count("input_tokens")?,
            cache_read: count("cache_read_tokens")?,
            cache_write_5m: count("cache_write_5m_tokens")?,
            cache_write_1h: count("cache_write_1h_tokens")?,
            output: count("output_tokens")?,
            reasoning: count("reasoning_tokens")?,
        },
        prices: prices(row, currency.as_deref())?,
        cost,
        currency: currency.filter(|_| cost.is_some()),
        bodies: None,
        origin: word(row, "origin", Origin::parse)?,
        replay_of: text("replay_of")?,
        provider_type: row.optional_text("provider_type")?.and_then(ProviderType::parse),
        answered_model: text("answered_model")?,
        started_offset_us: row.optional_integer("started_offset_us")?,
        request_truncated: row.boolean("request_truncated")?,
        response_truncated: row.boolean("response_truncated")?,
        decision: text("decision")?,
        translation: translation(row)?,
    };
    Ok(StoredEntry { entry, has_bodies: row.boolean("has_bodies")? })
}

fn prices(row: Row<'_>, currency: Option<&str>) -> Result<Option<Prices>, DatabaseError> {
    let price = |column| row.optional_real(column).map(Option::unwrap_or_default);
    let Some(input) = row.optional_real("price_input")? else { return Ok(None) };
    Ok(Some(Prices {
        input,
        output: price("price_output")?,
        cache_read: price("price_cache_read")?,
        cache_write: price("price_cache_write")?,
        cache_write_1h: row.optional_real("price_cache_write_1h")?,
        currency: currency.unwrap_or_default().to_owned(),
    }))
}

fn translation(row: Row<'_>) -> Result<Vec<Translated>, DatabaseError> {
    let stored = row.optional_text("translation")?.map(serde_json::from_str).transpose();
    let unreadable = || DatabaseError::new(DatabaseErrorKind::Other, "column `translation` cannot be read".to_owned());
    stored.map(Option::unwrap_or_default).map_err(|_| unreadable())
}

fn word<T>(row: Row<'_>, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, DatabaseError> {
    let text = row.text(column)?;
    parse(text).ok_or_else(|| {
        DatabaseError::new(
            DatabaseErrorKind::Other,
            format!("column `{column}` holds `{text}`, which this version does not know"),
        )
    })
}

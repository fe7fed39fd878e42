//! How associations have answered of late.

use crate::platform::{Database, DatabaseError, DatabaseErrorKind, Statement, Timestamp};
use crate::record::Outcome;

/// So many attempts of an association are looked at: the length of its strip.
pub const RECENT: usize = 30;

#[derive(Clone, Debug)]
pub struct RecentAttempt {
    pub association_id: String,
    pub created_at: Timestamp,
    pub status: u16,
    pub outcome: Outcome,
    /// At most 300 characters of it.
    pub error: Option<String>,
}

/// Of all these associations, by one question.
pub async fn recents(database: &dyn Database, associations: &[&str]) -> Result<Vec<RecentAttempt>, DatabaseError> {
    if associations.is_empty() {
        return Ok(Vec::new());
    }
    // The newest attempts first to last; each association by itself. Those that operators sent count nowhere.
    let sql = format!(
        "SELECT l.association_id, l.created_at, l.status, l.outcome, substr(l.error, 1, 300) AS error \
         FROM json_each(?1) AS a CROSS JOIN logs AS l ON l.rowid IN (SELECT r.rowid FROM logs AS r \
         WHERE r.association_id = a.value AND r.origin = 'client' ORDER BY r.rowid DESC LIMIT {RECENT}) \
         ORDER BY l.rowid"
    );
    let ids = serde_json::Value::from(associations).to_string();
    let rows = database.query(Statement::new(sql, vec![ids.into()])).await?;
    let attempt = |row: crate::platform::Row<'_>| {
        let outcome = Outcome::parse(row.text("outcome")?);
        let unknown = || DatabaseError::new(DatabaseErrorKind::Other, "an outcome that this version does not know");
        Ok(RecentAttempt {
            association_id: row.text("association_id")?.to_owned(),
            created_at: Timestamp::from_micros(row.integer("created_at")?),
            status: u16::try_from(row.integer("status")?).unwrap_or(0),
            outcome: outcome.ok_or_else(unknown)?,
            error: row.optional_text("error")?.map(str::to_owned),
        })
    };
    rows.iter().map(attempt).collect()
}

//! What belongs to one entry of the log beside its row.

use crate::platform::{Database, DatabaseError, Statement};
use crate::record::{Bodies, LogEntry};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
}

impl Side {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Request, Self::Response].into_iter().find(|side| side.as_str() == text)
    }
}

/// The ids of the final entries that come before and after in the session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    pub previous: Option<String>,
    pub next: Option<String>,
}

pub async fn bodies(database: &dyn Database, id: &str) -> Result<Option<Bodies>, DatabaseError> {
    let sql = "SELECT side, body FROM log_bodies WHERE log_id = ?1";
    let rows = database.query(Statement::new(sql, vec![id.into()])).await?;
    let mut bodies = None::<Bodies>;
    for row in rows.iter() {
        let bodies = bodies.get_or_insert_default();
        let side = if row.text("side")? == "request" { &mut bodies.request } else { &mut bodies.response };
        row.text("body")?.clone_into(side);
    }
    Ok(bodies)
}

pub async fn body(database: &dyn Database, id: &str, side: Side) -> Result<Option<String>, DatabaseError> {
    let sql = "SELECT body FROM log_bodies WHERE log_id = ?1 AND side = ?2";
    let rows = database.query(Statement::new(sql, vec![id.into(), side.as_str().into()])).await?;
    rows.first().map(|row| row.text("body").map(str::to_owned)).transpose()
}

pub async fn neighbours(database: &dyn Database, entry: &LogEntry) -> Result<Neighbours, DatabaseError> {
    let Some(session_id) = entry.session_id.as_deref() else { return Ok(Neighbours::default()) };
    let of_session = "SELECT id FROM logs WHERE session_id = ?1 AND trace_id <> ?3 AND is_final = 1 AND id";
    let sql = format!(
        "SELECT ({of_session} < ?2 ORDER BY id DESC LIMIT 1) AS previous, ({of_session} > ?2 ORDER BY id LIMIT 1) AS next"
    );
    let params = vec![session_id.into(), entry.id.as_str().into(), entry.trace_id.as_str().into()];
    let rows = database.query(Statement::new(sql, params)).await?;
    let id = |column| rows.first().map(|row| row.optional_text(column)).transpose();
    let owned = |id: Option<Option<&str>>| id.flatten().map(str::to_owned);
    Ok(Neighbours { previous: owned(id("previous")?), next: owned(id("next")?) })
}

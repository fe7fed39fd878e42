//! SQL of what is taken over from the original LLMIO: how far each history has come.

use crate::platform::{Database, DatabaseError, Row, Statement, Timestamp, Value};
use crate::record::retention::{CleanupKind, Criterion};

/// One database of the original's, and how far its history is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Names it among others.
    pub id: String,
    /// Where its file is, as it was given.
    pub source: String,
    pub started_at: Timestamp,
    pub(crate) entries: Part,
    pub(crate) bodies: Part,
    /// What moves the original's numbers of entries to ours.
    pub(crate) shift: i64,
    /// When all of it was here.
    pub finished_at: Option<Timestamp>,
}

/// A table of the original's that comes from its newest row to its oldest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// The newest row that comes.
    pub(crate) top: i64,
    /// Rows from here on are here.
    pub(crate) position: i64,
    /// Rows up to here were here before.
    pub(crate) floor: i64,
    /// How many were written.
    pub(crate) done: u64,
}

/// A clean-up that the original has run.
#[derive(Clone, Debug)]
pub(crate) struct PastCleanup {
    pub(crate) started_at: Timestamp,
    pub(crate) kind: CleanupKind,
    pub(crate) criterion: Criterion,
    pub(crate) deleted: u64,
    pub(crate) duration_us: i64,
}

impl Part {
    fn up_to(self, last: i64) -> Self {
        let last = last.max(self.top);
        Self { top: last, position: last + 1, floor: self.top, done: self.done }
    }

    /// How many numbers there are.
    pub(crate) fn length(&self) -> u64 {
        u64::try_from(self.top - self.floor).unwrap_or(0)
    }

    pub(crate) fn left(&self) -> u64 {
        u64::try_from(self.position - 1 - self.floor).unwrap_or(0)
    }
}

impl Import {
    /// Goes on from what it has reached to these last rows.
    #[must_use]
    pub(crate) fn up_to(self, entry: i64, body: i64) -> Self {
        Self { entries: self.entries.up_to(entry), bodies: self.bodies.up_to(body), ..self }
    }
}

const SELECT: &str = "SELECT id, source, started_at, entries_top, entries_position, entries_floor, entries_done, bodies_top, \
                      bodies_position, bodies_floor, bodies_done, shift, finished_at FROM imports";

const SET: &str = "source = ?2, entries_top = ?3, entries_floor = ?4, entries_done = ?5, bodies_top = ?6, bodies_floor = ?7, \
                   bodies_done = ?8, shift = ?9, finished_at = ?10";

pub async fn find(database: &dyn Database, id: &str) -> Result<Option<Import>, DatabaseError> {
    let rows = database.query(Statement::new(format!("{SELECT} WHERE id = ?1"), vec![id.into()])).await?;
    rows.first().map(read).transpose()
}

/// Those whose history is not all here, the oldest first.
pub async fn unfinished(database: &dyn Database) -> Result<Vec<Import>, DatabaseError> {
    let sql = format!("{SELECT} WHERE finished_at IS NULL ORDER BY started_at");
    database.query(Statement::new(sql, vec![])).await?.iter().map(read).collect()
}

/// Enters one that was not there, with the clean-ups before it. Fails as a violated constraint when it was.
pub(crate) async fn start(
    database: &dyn Database,
    import: &Import,
    cleanups: &[PastCleanup],
) -> Result<(), DatabaseError> {
    let mut statements = vec![Statement::new(
        "INSERT INTO imports (id, source, entries_top, entries_floor, entries_done, bodies_top, bodies_floor, bodies_done, \
         shift, finished_at, entries_position, bodies_position, started_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        {
            let mut params = values(import);
            params.extend([import.entries.position.into(), import.bodies.position.into()]);
            params.push(import.started_at.as_micros().into());
            params
        },
    )];
    // Where nothing was counted before, all that comes is counted by association, too.
    statements.push(Statement::new(
        "UPDATE rollup_state SET breakdown_since = 0 WHERE NOT EXISTS (SELECT 1 FROM rollups) \
         AND NOT EXISTS (SELECT 1 FROM rollup_days)",
        vec![],
    ));
    for PastCleanup { started_at, kind, criterion, deleted, duration_us } in cleanups {
        statements.push(Statement::new(
            "INSERT INTO cleanups (id, started_at, kind, criterion, value, deleted, duration_us) \
             SELECT coalesce(min(min(id), 1), 1) - 1, ?1, ?2, ?3, ?4, ?5, ?6 FROM cleanups",
            vec![
                started_at.as_micros().into(),
                kind.as_str().into(),
                criterion.as_str().into(),
                criterion.value().into(),
                (*deleted).into(),
                (*duration_us).into(),
            ],
        ));
    }
    database.batch(statements).await.map(drop)
}

/// Moves one from what it is to what it becomes; as a violated constraint it fails, and the batch with it, when it is not
/// there any more.
pub(crate) fn advance(from: &Import, to: &Import) -> Statement {
    let mut params = values(to);
    params.extend([
        from.entries.position.into(),
        from.bodies.position.into(),
        to.entries.position.into(),
        to.bodies.position.into(),
        from.entries.top.into(),
    ]);
    let sql = format!(
        "UPDATE imports SET {SET}, bodies_position = ?14, \
         entries_position = CASE WHEN entries_position = ?11 AND bodies_position = ?12 AND entries_top = ?15 THEN ?13 END \
         WHERE id = ?1"
    );
    Statement::new(sql, params)
}

/// As [`advance`], by itself; nothing happens when it is not there any more.
pub(crate) async fn change(database: &dyn Database, from: &Import, to: &Import) -> Result<(), DatabaseError> {
    match database.batch(vec![advance(from, to)]).await {
        Err(error) if error.kind == crate::platform::DatabaseErrorKind::Constraint => Ok(()),
        done => done.map(drop),
    }
}

fn values(import: &Import) -> Vec<Value> {
    let Import { id, source, started_at: _, entries, bodies, shift, finished_at } = import;
    vec![
        id.as_str().into(),
        source.as_str().into(),
        entries.top.into(),
        entries.floor.into(),
        entries.done.into(),
        bodies.top.into(),
        bodies.floor.into(),
        bodies.done.into(),
        (*shift).into(),
        finished_at.map(Timestamp::as_micros).into(),
    ]
}

fn read(row: Row<'_>) -> Result<Import, DatabaseError> {
    let part = |top: &str, position: &str, floor: &str, done: &str| {
        Ok::<_, DatabaseError>(Part {
            top: row.integer(top)?,
            position: row.integer(position)?,
            floor: row.integer(floor)?,
            done: u64::try_from(row.integer(done)?).unwrap_or(0),
        })
    };
    Ok(Import {
        id: row.text("id")?.to_owned(),
        source: row.text("source")?.to_owned(),
        started_at: Timestamp::from_micros(row.integer("started_at")?),
        entries: part("entries_top", "entries_position", "entries_floor", "entries_done")?,
        bodies: part("bodies_top", "bodies_position", "bodies_floor", "bodies_done")?,
        shift: row.integer("shift")?,
        finished_at: row.optional_integer("finished_at")?.map(Timestamp::from_micros),
    })
}

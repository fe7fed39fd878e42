//! SQL of what instances tell each other about the health of associations.

use core::time::Duration;

use super::StorageError;
use super::load::{VERSION, read_version};
use crate::balance::{Reset, Rest};
use crate::platform::{Database, DatabaseError, Row, Rows, Statement, Timestamp};

const NEWS: &str = "SELECT association_id, provider_model, open_until, cooldown_until, reset_at FROM rests \
                    WHERE open_until > ?1 OR cooldown_until > ?1 OR reset_at > ?2";

/// An association that was deleted meanwhile needs no rest. Of two instances' words the longer one holds.
const TELL: &str = "\
    INSERT INTO rests (association_id, provider_model, open_until, cooldown_until) \
    SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM associations WHERE id = ?1) \
    ON CONFLICT (association_id, provider_model) DO UPDATE SET open_until = max(open_until, excluded.open_until), \
    cooldown_until = max(cooldown_until, excluded.cooldown_until)";

const LIFT: &str = "DELETE FROM rests WHERE association_id = ?1";
const RESET: &str = "\
    INSERT INTO rests (association_id, provider_model, open_until, cooldown_until, reset_at) \
    SELECT ?1, '', 0, 0, ?2 WHERE EXISTS (SELECT 1 FROM associations WHERE id = ?1)";

/// A reset is told for so long; every instance looks much more often.
const TOLD_FOR: Duration = Duration::from_secs(60);

/// What other instances may have changed.
#[derive(Debug)]
pub(crate) struct News {
    /// Of the configuration.
    pub(crate) version: i64,
    pub(crate) rests: Vec<Rest>,
    pub(crate) resets: Vec<Reset>,
}

/// One round trip.
pub(crate) async fn news(database: &dyn Database, now: Timestamp) -> Result<News, StorageError> {
    let params = vec![now.as_micros().into(), now.minus(TOLD_FOR).as_micros().into()];
    let answers = database.batch(vec![Statement::new(VERSION, vec![]), Statement::new(NEWS, params)]).await?;
    let [version, rows] = answers.as_slice() else {
        return Err(StorageError::Corrupt("the database answered another number of statements".into()));
    };
    let (rests, resets) = read(rows)?;
    Ok(News { version: read_version(version)?, rests, resets })
}

/// Tells the others.
pub(crate) async fn tell(database: &dyn Database, rests: &[Rest]) -> Result<(), DatabaseError> {
    let micros = |until: Option<Timestamp>| until.map_or(0, Timestamp::as_micros);
    let statements = rests.iter().map(|rest| {
        let params = vec![
            rest.association_id.as_str().into(),
            rest.provider_model.as_str().into(),
            micros(rest.open_until).into(),
            micros(rest.cooldown_until).into(),
        ];
        Statement::new(TELL, params)
    });
    database.batch(statements.collect()).await.map(drop)
}

/// Lifts every rest of an association, and tells the others that it was lifted.
pub(crate) async fn reset(database: &dyn Database, association: &str, now: Timestamp) -> Result<(), DatabaseError> {
    let lift = Statement::new(LIFT, vec![association.into()]);
    let reset = Statement::new(RESET, vec![association.into(), now.as_micros().into()]);
    database.batch(vec![lift, reset]).await.map(drop)
}

fn read(rows: &Rows) -> Result<(Vec<Rest>, Vec<Reset>), DatabaseError> {
    let (mut rests, mut resets) = (Vec::new(), Vec::new());
    for row in rows.iter() {
        let association_id = row.text("association_id")?.to_owned();
        if let Some(at) = time(&row, "reset_at")? {
            resets.push(Reset { association_id: association_id.clone(), at });
        }
        rests.push(Rest {
            association_id,
            provider_model: row.text("provider_model")?.to_owned(),
            open_until: time(&row, "open_until")?,
            cooldown_until: time(&row, "cooldown_until")?,
        });
    }
    Ok((rests, resets))
}

/// 0 is never.
fn time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, DatabaseError> {
    row.integer(column).map(|micros| (micros > 0).then(|| Timestamp::from_micros(micros)))
}

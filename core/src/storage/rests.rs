//! SQL of what instances tell each other about the health of associations.

use super::StorageError;
use super::load::{VERSION, read_version};
use crate::balance::Rest;
use crate::platform::{Database, DatabaseError, Row, Statement, Timestamp};

const RESTS: &str = "SELECT association_id, open_until, cooldown_until FROM association_rests \
                     WHERE open_until > ?1 OR cooldown_until > ?1";

/// An association that was deleted meanwhile needs no rest. Of two instances' words the longer one holds.
const TELL: &str = "\
    INSERT INTO association_rests (association_id, open_until, cooldown_until) \
    SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM associations WHERE id = ?1) \
    ON CONFLICT (association_id) DO UPDATE SET open_until = max(open_until, excluded.open_until), \
    cooldown_until = max(cooldown_until, excluded.cooldown_until)";

/// What other instances may have changed: the version of the configuration, and who rests after `now`. One round trip.
pub(crate) async fn news(database: &dyn Database, now: Timestamp) -> Result<(i64, Vec<Rest>), StorageError> {
    let rests = Statement::new(RESTS, vec![now.as_micros().into()]);
    let answers = database.batch(vec![Statement::new(VERSION, vec![]), rests]).await?;
    let [version, rests] = answers.as_slice() else {
        return Err(StorageError::Corrupt("the database answered another number of statements".into()));
    };
    Ok((read_version(version)?, rests.iter().map(read).collect::<Result<_, _>>()?))
}

/// Tells the others.
pub(crate) async fn tell(database: &dyn Database, rests: &[Rest]) -> Result<(), DatabaseError> {
    let micros = |until: Option<Timestamp>| until.map_or(0, Timestamp::as_micros);
    let statements = rests.iter().map(|rest| {
        let params = vec![
            rest.association_id.as_str().into(),
            micros(rest.open_until).into(),
            micros(rest.cooldown_until).into(),
        ];
        Statement::new(TELL, params)
    });
    database.batch(statements.collect()).await.map(drop)
}

fn read(row: Row<'_>) -> Result<Rest, DatabaseError> {
    let time = |column| row.integer(column).map(|micros| (micros > 0).then(|| Timestamp::from_micros(micros)));
    Ok(Rest {
        association_id: row.text("association_id")?.to_owned(),
        open_until: time("open_until")?,
        cooldown_until: time("cooldown_until")?,
    })
}

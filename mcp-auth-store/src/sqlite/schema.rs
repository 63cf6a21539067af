//! The tables. They are those of every release: what a release adds are kinds of rows.

use rusqlite::{Connection, TransactionBehavior};

use super::file::refused;
use crate::OpenError;
use crate::durable::version::{self, MIN_VERSION, NEWEST};

/// The statements that lead from each version to the next. Only added to.
const STEPS: [&str; 1] = [FIRST];

const FIRST: &str = "
CREATE TABLE rows (
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, sealed BLOB, in_groups TEXT NOT NULL, rank INTEGER NOT NULL,
    forget_at INTEGER NOT NULL, stamp INTEGER NOT NULL, PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX rows_by_end ON rows (forget_at);
CREATE TABLE members (
    name TEXT NOT NULL, rank INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (name, rank, id, kind),
    FOREIGN KEY (kind, id) REFERENCES rows (kind, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_row ON members (kind, id);
";

/// Gives the file the tables of this release, unless it has them. Of many that open it at once, one does it.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refused)?;
    step.execute_batch(
        "CREATE TABLE IF NOT EXISTS versions (version INTEGER NOT NULL, min_version INTEGER NOT NULL) STRICT",
    )
    .map_err(refused)?;
    let found =
        step.query_row("SELECT version, min_version FROM versions", [], |row| Ok((row.get(0)?, row.get(1)?)));
    let (version, min_version): (i64, i64) = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => (0, 0),
        other => other.map_err(refused)?,
    };
    version::admit(min_version)?;
    for statements in STEPS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        step.execute_batch(statements).map_err(refused)?;
    }
    if version < NEWEST {
        step.execute("DELETE FROM versions", []).map_err(refused)?;
        step.execute("INSERT INTO versions VALUES (?1, ?2)", [NEWEST, MIN_VERSION]).map_err(refused)?;
    }
    step.commit().map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_step() {
        assert_eq!(i64::try_from(STEPS.len()), Ok(NEWEST));
    }
}

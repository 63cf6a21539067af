//! The tables. They are those of every release: what a release adds are kinds of rows.

use deadpool_postgres::Object;
use tokio_postgres::{Error, IsolationLevel};

use super::connections::{Connections, within};
use crate::durable::version::{self, MIN_VERSION, NEWEST};
use crate::{OpenError, StoreError};

/// The statements that lead from each version to the next. Only added to.
const STEPS: [&str; 1] = [FIRST];

/// What is compared and ordered is so by its bytes, whatever the language of the database.
const FIRST: &str = r#"
CREATE TABLE mcp_auth_rows (
    kind text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, body text NOT NULL, sealed bytea, in_groups text NOT NULL,
    rank bigint NOT NULL, forget_at bigint NOT NULL, stamp bigint NOT NULL, PRIMARY KEY (kind, id)
);
CREATE INDEX mcp_auth_rows_by_end ON mcp_auth_rows (forget_at);
CREATE TABLE mcp_auth_members (
    name text COLLATE "C" NOT NULL, rank bigint NOT NULL, kind text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
    PRIMARY KEY (name, rank, id, kind),
    FOREIGN KEY (kind, id) REFERENCES mcp_auth_rows (kind, id) ON DELETE CASCADE
);
CREATE INDEX mcp_auth_members_by_row ON mcp_auth_members (kind, id);
"#;

/// Only one process at a time makes the tables.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(1835233377, 0)";

/// Gives the database the tables of this release, unless it has them: a role that may not make tables can use those that are there.
pub(super) async fn migrate(connections: &Connections) -> Result<(), OpenError> {
    let mut connection = connections.get().await.map_err(OpenError::Database)?;
    let outcome = within(begin(&mut connection)).await;
    let found = connections.settle(connection, outcome).map_err(OpenError::Database)?;
    if found.encoding != "UTF8" {
        let why = format!("its encoding is {}, and only UTF8 holds every name of a person", found.encoding);
        return Err(OpenError::Database(StoreError::new(why)));
    }
    version::admit(found.min_version)
}

/// What is in a database that was not empty, or is not any more.
struct Found {
    version: i64,
    min_version: i64,
    encoding: String,
}

async fn begin(connection: &mut Object) -> Result<Found, Error> {
    let found = find(connection).await?;
    if found.version >= NEWEST || found.min_version > NEWEST || found.encoding != "UTF8" {
        return Ok(found);
    }
    // It is rolled back where it is not committed.
    let step = connection.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    step.batch_execute(ONE_AT_A_TIME).await?;
    // Another process may have done it meanwhile.
    let found = find(step.client()).await?;
    if found.min_version <= NEWEST && found.version < NEWEST {
        if found.version == 0 {
            let versions =
                "CREATE TABLE mcp_auth_versions (version bigint NOT NULL, min_version bigint NOT NULL)";
            step.batch_execute(versions).await?;
        }
        for statements in STEPS.iter().skip(usize::try_from(found.version).unwrap_or(usize::MAX)) {
            step.batch_execute(statements).await?;
        }
        step.batch_execute("DELETE FROM mcp_auth_versions").await?;
        let is_now = "INSERT INTO mcp_auth_versions VALUES ($1, $2)";
        step.execute(is_now, &[&NEWEST, &MIN_VERSION]).await?;
    }
    step.commit().await?;
    Ok(found)
}

/// What the database says of itself. Version 0: it has no tables of a store.
async fn find(client: &tokio_postgres::Client) -> Result<Found, Error> {
    // Only a statement that reads a table sees which tables others have just made.
    let ask = "SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('mcp_auth_versions')), current_setting('server_encoding')";
    let row = client.query_one(ask, &[]).await?;
    let (is_there, encoding): (bool, String) = (row.try_get(0)?, row.try_get(1)?);
    let row = match is_there {
        true => client.query_opt("SELECT version, min_version FROM mcp_auth_versions", &[]).await?,
        false => None,
    };
    let (version, min_version) = match row {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (0, 0),
    };
    Ok(Found { version, min_version, encoding })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_step() {
        assert_eq!(i64::try_from(STEPS.len()), Ok(NEWEST));
    }
}

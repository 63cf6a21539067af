//! The tables. A file knows its version and the oldest release that may use it: each release adds to the tables of the one before it,
//! so two of them can share a file while a server is replaced.

use rusqlite::{Connection, TransactionBehavior};

use super::store::OpenError;

/// The statements that lead from each version to the next. Only added to.
const STEPS: [&str; 1] = [FIRST];

/// The oldest version of a program that may use a file after the last step.
const MIN_VERSION: i64 = 1;

const FIRST: &str = "
CREATE TABLE clients (
    id TEXT PRIMARY KEY, name TEXT, redirect_uris TEXT NOT NULL, refresh INTEGER, scopes TEXT, secret BLOB,
    last_used INTEGER NOT NULL
) STRICT;
CREATE INDEX clients_by_use ON clients (last_used);
CREATE TABLE consents (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE, subject TEXT NOT NULL, scopes TEXT NOT NULL,
    PRIMARY KEY (client_id, subject)
) STRICT;
CREATE TABLE codes (
    hash BLOB PRIMARY KEY, client_id TEXT NOT NULL, subject TEXT NOT NULL, redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL, resource TEXT NOT NULL, scopes TEXT NOT NULL, auth_time INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0, grant_id TEXT, forget_at INTEGER NOT NULL
) STRICT;
CREATE INDEX codes_by_end ON codes (forget_at);
CREATE TABLE grants (
    id TEXT PRIMARY KEY, client_id TEXT NOT NULL, subject TEXT NOT NULL, resource TEXT NOT NULL, scopes TEXT NOT NULL,
    auth_time INTEGER NOT NULL, current BLOB NOT NULL, forget_at INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_by_end ON grants (forget_at);
CREATE TABLE browser_sessions (
    id BLOB PRIMARY KEY, subject TEXT NOT NULL, auth_time INTEGER NOT NULL, logged_in_for BLOB NOT NULL,
    forget_at INTEGER NOT NULL
) STRICT;
CREATE INDEX browser_sessions_by_end ON browser_sessions (forget_at);
CREATE TABLE sessions (id BLOB PRIMARY KEY, state BLOB NOT NULL, owner TEXT, forget_at INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_end ON sessions (forget_at);
CREATE INDEX sessions_by_owner ON sessions (owner, forget_at);
CREATE TABLE tasks (
    id BLOB PRIMARY KEY, operation TEXT NOT NULL, owner TEXT, filled TEXT NOT NULL, forget_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tasks_by_end ON tasks (forget_at);
CREATE TABLE confirmations (
    id BLOB PRIMARY KEY, subject TEXT NOT NULL, client_id TEXT, tool TEXT NOT NULL, arguments BLOB NOT NULL, answer INTEGER,
    forget_at INTEGER NOT NULL
) STRICT;
CREATE INDEX confirmations_by_end ON confirmations (forget_at);
CREATE INDEX confirmations_by_subject ON confirmations (subject);
CREATE TABLE counters (key TEXT PRIMARY KEY, due INTEGER NOT NULL) STRICT;
CREATE INDEX counters_by_end ON counters (due);
CREATE TABLE sealing_keys (purpose TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT;
CREATE TABLE spent (hash BLOB PRIMARY KEY, forget_at INTEGER NOT NULL) STRICT;
CREATE INDEX spent_by_end ON spent (forget_at);
";

/// Gives the file the tables of this release, unless it has them. Of many that open it at once, one does it.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let newest = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    step.execute_batch(
        "CREATE TABLE IF NOT EXISTS versions (version INTEGER NOT NULL, min_version INTEGER NOT NULL) STRICT",
    )?;
    let found =
        step.query_row("SELECT version, min_version FROM versions", [], |row| Ok((row.get(0)?, row.get(1)?)));
    let (version, min_version): (i64, i64) = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => (0, 0),
        other => other?,
    };
    if min_version > newest {
        return Err(OpenError::Newer { min_version, newest });
    }
    for statements in STEPS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        step.execute_batch(statements)?;
    }
    if version < newest {
        step.execute("DELETE FROM versions", [])?;
        step.execute("INSERT INTO versions VALUES (?1, ?2)", [newest, MIN_VERSION])?;
    }
    Ok(step.commit()?)
}

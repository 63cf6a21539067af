//! Settings by which a store could lose something or be seen by others.

use super::rows::PostgresRows;
use crate::StoreError;

/// The oldest version that its developers have not given up, as the server writes it.
const OLDEST: i32 = 130_000;

const ASK: &str = "
SELECT current_setting('server_version_num')::int4 >= $1,
       current_setting('fsync') = 'on',
       current_setting('full_page_writes') = 'on',
       current_setting('synchronous_commit') <> 'off',
       NOT pg_is_in_recovery(),
       NOT EXISTS (SELECT FROM unnest(ARRAY['mcp_auth_rows', 'mcp_auth_members']) AS t
                   JOIN pg_class ON oid = to_regclass(t) WHERE relpersistence <> 'p'),
       NOT EXISTS (SELECT FROM unnest(ARRAY['mcp_auth_rows', 'mcp_auth_members']) AS t
                   WHERE has_table_privilege('public', t, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')),
       NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
";

/// What is wrong where the column of [`ASK`] is not true.
const TROUBLE: [&str; 8] = [
    "the server is older than PostgreSQL 13, the oldest that a store supports: upgrade it",
    "the server has fsync = off: it loses what it acknowledged when the machine stops; set fsync = on",
    "the server has full_page_writes = off: a stop of the machine may destroy the tables; set full_page_writes = on",
    "synchronous_commit is off: the server loses what it acknowledged when it stops; set synchronous_commit = on",
    "the server is a standby, which only reads: connect to the primary, or add target_session_attrs=read-write to the URL",
    "a table of the store is UNLOGGED: it is empty after the server stopped; run ALTER TABLE ... SET LOGGED",
    "every role may read or change the tables of the store: run REVOKE ALL ON mcp_auth_rows, mcp_auth_members FROM PUBLIC",
    "the role of the URL is a superuser: give the store a role of its own",
];

impl PostgresRows {
    /// What may lose rows, or show them to others.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn ask_for_trouble(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        if self.connections.is_readable_by_others() {
            found.push("the connection is not encrypted: who sees the network between reads the store; use sslmode=verify-full".into());
        }
        let answers = self.query(ASK, &[&OLDEST]).await?;
        let answers = answers.first().ok_or_else(|| StoreError::new("it does not answer"))?;
        for (column, trouble) in TROUBLE.into_iter().enumerate() {
            // What cannot be known is not fine.
            let is_fine = answers.try_get::<_, Option<bool>>(column).map_err(StoreError::new)?;
            if is_fine != Some(true) {
                found.push(trouble.to_owned());
            }
        }
        Ok(found)
    }
}

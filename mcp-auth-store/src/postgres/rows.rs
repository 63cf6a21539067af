//! Rows in PostgreSQL.

use std::collections::HashMap;
use std::fmt;

use tokio_postgres::types::ToSql;

use super::address::Address;
use super::commit::Statements;
use super::connections::{Connections, within};
use super::schema;
use crate::durable::{Change, Content, Key, Page, Row, Rows};
use crate::{OpenError, SecretHash, StoreError, StoreFuture};

/// The [`Rows`] of a store in a PostgreSQL database (13 or newer). Any number of processes may share it.
///
/// - Its tables begin with `mcp_auth_` and are in the first schema of the connection's `search_path`. A role that may not make them can use
///   those that are there, with SELECT, INSERT, UPDATE and DELETE on `mcp_auth_rows` and `mcp_auth_members`, and SELECT on
///   `mcp_auth_versions`.
/// - A process has at most 10 connections. A step waits at most 5 seconds for one, and then at most 7 for the server.
/// - What a change did is on the server's disk once it is done. Settings of the server that break this are told by [`Rows::trouble`].
/// - Where a connection is lost in the middle of a change, nobody can know whether it was done. The step is an error then.
/// - PgBouncer may be in between in session mode. In transaction mode, what is set for each connection is lost, such as the time-outs.
pub struct PostgresRows {
    pub(super) connections: Connections,
}

const READ: &str = "
SELECT r.kind, r.id, body, sealed, in_groups, r.rank, forget_at, stamp
FROM unnest($1::text[], $2::text[]) AS k (kind, id) JOIN mcp_auth_rows r ON r.kind = k.kind AND r.id = k.id
";

const FIRST_OF: &str = "
SELECT r.kind, r.id, body, sealed, in_groups, r.rank, forget_at, stamp
FROM mcp_auth_members m JOIN mcp_auth_rows r ON r.kind = m.kind AND r.id = m.id
WHERE m.name = $1 ORDER BY m.rank, m.id, m.kind LIMIT $2
";

const COUNT: &str = "SELECT count(*) FROM mcp_auth_members WHERE name = $1 AND rank >= $2";

/// What another step is about to change is left to the next sweep.
const SWEEP: &str = "
DELETE FROM mcp_auth_rows WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM mcp_auth_rows WHERE forget_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
))
";

const PAGE: &str = "
SELECT kind, id, body, sealed, in_groups, rank, forget_at, stamp
FROM mcp_auth_rows WHERE (kind, id) > ($1, $2) ORDER BY kind, id LIMIT $3
";

impl PostgresRows {
    /// The rows in the database of `url`, such as `postgres://user:password@db.example/name`. It gets its tables if it does not have them.
    ///
    /// Parameters of TLS, after a `?` and with `&` between them:
    ///
    /// - `sslmode=verify-full` or `require`: with TLS. The certificate and the name of the server are verified, with `require` too. **(default
    ///   for every other machine)**
    /// - `sslmode=disable`: without TLS; for another machine only on a network that nobody else can listen to. **(default for `localhost`,
    ///   a loopback address or a Unix socket)**
    /// - `sslrootcert=/a/file.pem`: the certificates that may have signed that of the server, instead of those that this machine trusts.
    ///
    /// # Errors
    /// [`OpenError`]. It names the host and the database and holds no password.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let connections = Connections::to(Address::parse(url)?)?;
        schema::migrate(&connections).await?;
        Ok(Self { connections })
    }

    /// Where the database is, for people to read: without the password.
    pub fn place(&self) -> &str {
        self.connections.place()
    }

    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let connection = self.connections.get().await?;
        let outcome = within(async {
            let statement = connection.prepare_cached(sql).await?;
            connection.query(&statement, parameters).await
        });
        let outcome = outcome.await;
        self.connections.settle(connection, outcome)
    }
}

impl fmt::Debug for PostgresRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresRows")
    }
}

impl Rows for PostgresRows {
    fn read(&self, keys: Vec<Key>) -> StoreFuture<'_, Vec<Option<Row>>> {
        Box::pin(async move {
            let known = keys.iter().filter(|key| can_be_held(&key.kind) && can_be_held(&key.id));
            let (kinds, ids): (Vec<&str>, Vec<&str>) = known.map(|key| (&*key.kind, &*key.id)).unzip();
            if ids.is_empty() {
                return Ok(keys.iter().map(|_| None).collect());
            }
            let found = self.query(READ, &[&kinds, &ids]).await?;
            let found = found.iter().map(|found| row(found).map(|row| (row.key.clone(), row)));
            let found = found.collect::<Result<HashMap<_, _>, _>>()?;
            Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
        })
    }

    fn commit(&self, change: Change) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            if change.writes.is_empty() {
                return Ok(true);
            }
            if !change.writes.iter().all(|write| {
                let after = write.after.iter().flat_map(|after| after.groups.iter().chain([&after.body]));
                after.chain([&write.key.kind, &write.key.id]).all(|text| can_be_held(text))
            }) {
                return Err(StoreError::new("PostgreSQL holds no text with a NUL"));
            }
            let statements = Statements::of(change).map_err(StoreError::new)?;
            let connection = self.connections.get().await?;
            let outcome = within(statements.run(&connection)).await;
            self.connections.settle(connection, outcome)
        })
    }

    fn first_of(&self, group: String, most: usize) -> StoreFuture<'_, Vec<Row>> {
        Box::pin(async move {
            if !can_be_held(&group) {
                return Ok(vec![]);
            }
            self.query(FIRST_OF, &[&limited(&group), &limit(most)]).await?.iter().map(row).collect()
        })
    }

    fn count(&self, group: String, from: u64) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            if !can_be_held(&group) {
                return Ok(0);
            }
            let counted = self.query(COUNT, &[&limited(&group), &signed(from)]).await?;
            counted.first().map_or(Ok(0), |row| unsigned(row, 0))
        })
    }

    fn sweep(&self, now: u64, most: usize) -> StoreFuture<'_, usize> {
        Box::pin(async move {
            let connection = self.connections.get().await?;
            let outcome = within(async {
                let sweep = connection.prepare_cached(SWEEP).await?;
                connection.execute(&sweep, &[&signed(now), &limit(most)]).await
            });
            let outcome = outcome.await;
            let swept = self.connections.settle(connection, outcome)?;
            Ok(usize::try_from(swept).unwrap_or(usize::MAX))
        })
    }

    fn page(&self, from: Option<String>, most: usize) -> StoreFuture<'_, Page> {
        Box::pin(async move {
            // No kind is empty, so every row comes after this.
            let after: Option<(String, String)> =
                from.as_deref().map(serde_json::from_str).transpose().map_err(StoreError::new)?;
            let (kind, id) = after.unwrap_or_default();
            let rows = self.query(PAGE, &[&kind, &id, &limit(most)]).await?;
            let rows = rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
            let is_full = rows.len() == most && most > 0;
            let last = rows.last().filter(|_| is_full).map(|row| (&row.key.kind, &row.key.id));
            let next = last.map(|last| serde_json::to_string(&last)).transpose().map_err(StoreError::new)?;
            Ok(Page { rows, next })
        })
    }

    fn place(&self) -> String {
        self.connections.place().to_owned()
    }

    fn trouble(&self) -> StoreFuture<'_, Vec<String>> {
        Box::pin(self.ask_for_trouble())
    }
}

/// PostgreSQL holds no text with a NUL, so nothing has such a name.
fn can_be_held(text: &str) -> bool {
    !text.contains('\0')
}

/// The name of a group as it stands in the index, which holds no text over 2704 bytes: the name of a person may be longer.
pub(super) fn limited(group: &str) -> String {
    const MOST: usize = 1024;
    if group.len() <= MOST { group.to_owned() } else { format!("sha256 {}", SecretHash::of(group).digits()) }
}

fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let get = |column| row.try_get::<_, String>(column).map_err(StoreError::new);
    let key = Key { kind: get(0)?, id: get(1)? };
    let groups = serde_json::from_str(&get(4)?).map_err(StoreError::new)?;
    let sealed = row.try_get(3).map_err(StoreError::new)?;
    let (rank, forget_at) = (unsigned(row, 5)?, unsigned(row, 6)?);
    let content = Content { body: get(2)?, sealed, groups, rank, forget_at };
    Ok(Row { key, content, stamp: unsigned(row, 7)? })
}

/// PostgreSQL's integers are signed.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &tokio_postgres::Row, column: usize) -> Result<u64, StoreError> {
    let held: i64 = row.try_get(column).map_err(StoreError::new)?;
    u64::try_from(held).map_err(StoreError::new)
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

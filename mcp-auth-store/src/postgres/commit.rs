//! A change: one transaction, in one round trip. Its four statements are sent together: it begins, takes its locks, does what is to be
//! done if every row is what it has to be, and ends. Nothing is decided here in between, so a step that nobody waits for any more is
//! still done as a whole, and leaves no transaction open.
//!
//! **Locks.** Every change first locks the names of its rows, in one order, also of rows that are not there. So changes of a row are one
//! after the other, no two wait for each other, and what a change then reads is what those before it have left.

use deadpool_postgres::Object;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::rows::{limited, signed};
use crate::SecretHash;
use crate::durable::{Before, Change, Key, Write};

/// How often a change begins again that the database has refused because of another one. Only other programs that write to the tables
/// can make it so.
const MOST_TRIES: usize = 10;

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// Locks of a store are those whose first number is this one.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1835233378, name) FROM unnest($1::int4[]) AS name";

/// - `held`: the rows as they are. While they are locked, nobody sweeps them.
/// - `may`: whether every one is what it has to be: -1 stands for a row that is not there, null for anything.
/// - `removed`, `put`: the rows. A row that is removed leaves its groups with it.
/// - `member`, `left`, `joined`: the groups. A row stays in those that it has already.
const WRITE: &str = "
WITH change AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::bytea[], $6::text[], $7::int8[], $8::int8[])
        WITH ORDINALITY AS c (kind, id, before, body, sealed, in_groups, rank, forget_at, place)
), held AS MATERIALIZED (
    SELECT r.kind, r.id, r.stamp FROM mcp_auth_rows r JOIN change c ON r.kind = c.kind AND r.id = c.id FOR UPDATE OF r
), may AS MATERIALIZED (
    SELECT count(*) FILTER (WHERE c.before <> coalesce(h.stamp, -1)) = 0 AS be_done
    FROM change c LEFT JOIN held h ON h.kind = c.kind AND h.id = c.id
), removed AS (
    DELETE FROM mcp_auth_rows r USING change c, may
    WHERE may.be_done AND c.body IS NULL AND r.kind = c.kind AND r.id = c.id
), put AS (
    INSERT INTO mcp_auth_rows (kind, id, body, sealed, in_groups, rank, forget_at, stamp)
    SELECT c.kind, c.id, c.body, c.sealed, c.in_groups, c.rank, c.forget_at, $9::int8 FROM change c, may
    WHERE may.be_done AND c.body IS NOT NULL
    ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, sealed = excluded.sealed, in_groups = excluded.in_groups,
        rank = excluded.rank, forget_at = excluded.forget_at, stamp = excluded.stamp
), member AS MATERIALIZED (
    SELECT DISTINCT c.kind, c.id, c.rank, m.name FROM unnest($10::text[], $11::int8[]) AS m (name, place)
    JOIN change c ON c.place = m.place
), gone AS (
    DELETE FROM mcp_auth_members m USING change c, may
    WHERE may.be_done AND c.body IS NOT NULL AND m.kind = c.kind AND m.id = c.id AND NOT EXISTS (
        SELECT FROM member n WHERE n.kind = m.kind AND n.id = m.id AND n.name = m.name AND n.rank = m.rank
    )
), joined AS (
    INSERT INTO mcp_auth_members (name, rank, kind, id) SELECT n.name, n.rank, n.kind, n.id FROM member n, may WHERE may.be_done
    ON CONFLICT DO NOTHING
)
SELECT be_done FROM may
";

/// The parameters of the statements.
pub(super) struct Statements {
    locks: Vec<i32>,
    kinds: Vec<String>,
    ids: Vec<String>,
    befores: Vec<Option<i64>>,
    bodies: Vec<Option<String>>,
    sealed: Vec<Option<Vec<u8>>>,
    in_groups: Vec<String>,
    ranks: Vec<i64>,
    forget_at: Vec<i64>,
    stamp: i64,
    groups: Vec<String>,
    places: Vec<i64>,
}

impl Statements {
    /// # Errors
    /// Groups that are not JSON, which no text is.
    pub(super) fn of(change: Change) -> Result<Self, serde_json::Error> {
        let mut all = Self::empty(signed(change.stamp));
        for (write, place) in change.writes.into_iter().zip(1..) {
            let Write { key, before, after } = write;
            all.locks.push(lock(&key));
            all.kinds.push(key.kind);
            all.ids.push(key.id);
            all.befores.push(match before {
                Before::Any => None,
                Before::Absent => Some(-1),
                // A stamp that no database holds is that of no row.
                Before::Stamp(stamp) => Some(i64::try_from(stamp).unwrap_or(-2)),
            });
            let groups = after.as_ref().map(|after| after.groups.as_slice()).unwrap_or_default();
            all.in_groups.push(serde_json::to_string(groups)?);
            for group in groups {
                all.groups.push(limited(group));
                all.places.push(place);
            }
            all.ranks.push(after.as_ref().map(|after| signed(after.rank)).unwrap_or_default());
            all.forget_at.push(after.as_ref().map(|after| signed(after.forget_at)).unwrap_or_default());
            let (body, sealed) = after.map_or((None, None), |after| (Some(after.body), after.sealed));
            all.bodies.push(body);
            all.sealed.push(sealed);
        }
        all.locks.sort_unstable();
        all.locks.dedup();
        Ok(all)
    }

    fn empty(stamp: i64) -> Self {
        Self {
            locks: vec![],
            kinds: vec![],
            ids: vec![],
            befores: vec![],
            bodies: vec![],
            sealed: vec![],
            in_groups: vec![],
            ranks: vec![],
            forget_at: vec![],
            stamp,
            groups: vec![],
            places: vec![],
        }
    }

    /// Does the change, unless a row is not what it has to be. Returns whether it was done.
    ///
    /// # Errors
    /// Those of the server, where to begin again does not help.
    pub(super) async fn run(&self, connection: &Object) -> Result<bool, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(connection).await {
                Err(error) if tries < MOST_TRIES && is_of_another_change(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn once(&self, connection: &Object) -> Result<bool, Error> {
        let (lock, write) = (connection.prepare_cached(LOCK).await?, connection.prepare_cached(WRITE).await?);
        let locks: [&(dyn ToSql + Sync); 1] = [&self.locks];
        let change: [&(dyn ToSql + Sync); 11] = [
            &self.kinds,
            &self.ids,
            &self.befores,
            &self.bodies,
            &self.sealed,
            &self.in_groups,
            &self.ranks,
            &self.forget_at,
            &self.stamp,
            &self.groups,
            &self.places,
        ];
        let (begun, locked, written, ended) = tokio::join!(
            // In this order; each is sent when it is first polled, so all of them are or none is.
            biased;
            connection.batch_execute(BEGIN),
            connection.execute(&lock, &locks),
            connection.query_one(&write, &change),
            connection.batch_execute("COMMIT"),
        );
        // The first error is the reason of those after it, and to end a transaction in which there was one takes it back.
        begun?;
        locked?;
        let is_done = written?.try_get(0)?;
        ended?;
        Ok(is_done)
    }
}

/// A number for the name of a row. Two rows may have the same one: then they wait for each other, and no more. It is the same in every
/// release.
fn lock(key: &Key) -> i32 {
    let hash = SecretHash::of(&format!("{} {}", key.kind, key.id));
    let [a, b, c, d, ..] = hash.as_bytes();
    i32::from_be_bytes([*a, *b, *c, *d])
}

fn is_of_another_change(error: &Error) -> bool {
    let again =
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::UNIQUE_VIOLATION];
    error.code().is_some_and(|code| again.contains(code))
}

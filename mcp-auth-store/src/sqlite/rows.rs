//! Rows in SQLite: each change is one transaction.

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::file::SqliteRows;
use crate::durable::{Before, Change, Content, Key, Page, Row, Rows, Write};
use crate::{StoreError, StoreFuture};

/// The columns of a row, in the order in which [`row`] reads them.
const COLUMNS: &str = "rows.kind, rows.id, body, sealed, in_groups, rows.rank, forget_at, stamp";

impl Rows for SqliteRows {
    fn read(&self, keys: Vec<Key>) -> StoreFuture<'_, Vec<Option<Row>>> {
        Box::pin(self.thread.read(move |step| {
            let sql = format!("SELECT {COLUMNS} FROM rows WHERE kind = ?1 AND id = ?2");
            let mut find = step.prepare_cached(&sql)?;
            keys.iter().map(|key| find.query_row([&key.kind, &key.id], row).optional()).collect()
        }))
    }

    fn commit(&self, change: Change) -> StoreFuture<'_, bool> {
        Box::pin(self.thread.step(move |step| {
            for write in &change.writes {
                if !is_as_it_has_to_be(step, write)? {
                    return Ok(false);
                }
            }
            for Write { key, after, .. } in &change.writes {
                match after {
                    Some(content) => put(step, key, content, change.stamp)?,
                    None => {
                        let mut remove =
                            step.prepare_cached("DELETE FROM rows WHERE kind = ?1 AND id = ?2")?;
                        remove.execute([&key.kind, &key.id])?;
                    }
                }
            }
            Ok(true)
        }))
    }

    fn first_of(&self, group: String, most: usize) -> StoreFuture<'_, Vec<Row>> {
        Box::pin(self.thread.read(move |step| {
            let sql = format!(
                "SELECT {COLUMNS} FROM members JOIN rows ON rows.kind = members.kind AND rows.id = members.id
                 WHERE name = ?1 ORDER BY members.rank, members.id LIMIT ?2"
            );
            step.prepare_cached(&sql)?.query_map(params![group, limit(most)], row)?.collect()
        }))
    }

    fn count(&self, group: String, from: u64) -> StoreFuture<'_, u64> {
        Box::pin(self.thread.read(move |step| {
            let mut count =
                step.prepare_cached("SELECT count(*) FROM members WHERE name = ?1 AND rank >= ?2")?;
            count.query_row(params![group, signed(from)], |row| unsigned(row, 0))
        }))
    }

    fn sweep(&self, now: u64, most: usize) -> StoreFuture<'_, usize> {
        Box::pin(self.thread.step(move |step| {
            let mut sweep = step.prepare_cached(
                "DELETE FROM rows WHERE rowid IN (SELECT rowid FROM rows WHERE forget_at <= ?1 LIMIT ?2)",
            )?;
            sweep.execute(params![signed(now), limit(most)])
        }))
    }

    fn page(&self, from: Option<String>, most: usize) -> StoreFuture<'_, Page> {
        Box::pin(async move {
            let after: Option<(String, String)> =
                from.as_deref().map(serde_json::from_str).transpose().map_err(StoreError::new)?;
            let rows = self.thread.read(move |step| {
                let (kind, id) = after.as_ref().map_or((None, None), |(kind, id)| (Some(kind), Some(id)));
                let sql = format!(
                    "SELECT {COLUMNS} FROM rows WHERE ?1 IS NULL OR (kind, id) > (?1, ?2) ORDER BY kind, id LIMIT ?3"
                );
                step.prepare_cached(&sql)?.query_map(params![kind, id, limit(most)], row)?.collect()
            });
            let rows: Vec<Row> = rows.await?;
            let is_full = rows.len() == most && most > 0;
            let last = rows.last().filter(|_| is_full).map(|row| (&row.key.kind, &row.key.id));
            let next = last.map(|last| serde_json::to_string(&last)).transpose().map_err(StoreError::new)?;
            Ok(Page { rows, next })
        })
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

fn is_as_it_has_to_be(step: &Transaction<'_>, write: &Write) -> rusqlite::Result<bool> {
    if write.before == Before::Any {
        return Ok(true);
    }
    let mut find = step.prepare_cached("SELECT stamp FROM rows WHERE kind = ?1 AND id = ?2")?;
    let stamp = find.query_row([&write.key.kind, &write.key.id], |row| unsigned(row, 0)).optional()?;
    Ok(stamp.map_or(Before::Absent, Before::Stamp) == write.before)
}

fn put(step: &Transaction<'_>, key: &Key, content: &Content, stamp: u64) -> rusqlite::Result<()> {
    let Content { body, sealed, groups, rank, forget_at } = content;
    let written = serde_json::to_string(groups)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mut put = step.prepare_cached(
        "INSERT INTO rows (kind, id, body, sealed, in_groups, rank, forget_at, stamp) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (kind, id) DO UPDATE SET body = ?3, sealed = ?4, in_groups = ?5, rank = ?6, forget_at = ?7, stamp = ?8",
    )?;
    put.execute(params![
        key.kind,
        key.id,
        body,
        sealed,
        written,
        signed(*rank),
        signed(*forget_at),
        signed(stamp)
    ])?;
    step.prepare_cached("DELETE FROM members WHERE kind = ?1 AND id = ?2")?.execute([&key.kind, &key.id])?;
    let mut join =
        step.prepare_cached("INSERT OR IGNORE INTO members (name, rank, kind, id) VALUES (?1, ?2, ?3, ?4)")?;
    for group in groups {
        join.execute(params![group, signed(*rank), key.kind, key.id])?;
    }
    Ok(())
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let groups: String = row.get(4)?;
    let groups = serde_json::from_str(&groups)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, error.into()))?;
    let key = Key { kind: row.get(0)?, id: row.get(1)? };
    let (rank, forget_at) = (unsigned(row, 5)?, unsigned(row, 6)?);
    let content = Content { body: row.get(2)?, sealed: row.get(3)?, groups, rank, forget_at };
    Ok(Row { key, content, stamp: unsigned(row, 7)? })
}

/// SQLite's integers are signed.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let held: i64 = row.get(column)?;
    u64::try_from(held).map_err(|_| {
        let why = FromSqlError::OutOfRange(held);
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, why.into())
    })
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

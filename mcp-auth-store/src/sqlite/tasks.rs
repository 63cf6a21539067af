//! Tasks in SQLite, by the hash of their identifier.

use rusqlite::{OptionalExtension as _, params};

use super::columns::{Hash, Json, Whole};
use super::store::SqliteStore;
use super::sweep::{Table, sweep};
use crate::{SecretHash, StoreFuture, Task, Tasks};

impl Tasks for SqliteStore {
    fn record<'a>(&'a self, id: &'a str, task: Task, until: u64, now: u64) -> StoreFuture<'a, bool> {
        let hash = SecretHash::of(id);
        Box::pin(self.thread.step(move |step| {
            sweep(step, Table::Tasks, now)?;
            let mut record = step.prepare_cached(
                "INSERT INTO tasks (id, operation, owner, filled, forget_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET operation = ?2, owner = ?3, filled = ?4, forget_at = ?5
                 WHERE owner IS ?3 OR forget_at <= ?6",
            )?;
            let filled = Json(&task.filled);
            let kept = record.execute(params![
                Hash(hash),
                task.operation,
                task.owner,
                filled,
                Whole(until),
                Whole(now)
            ])?;
            Ok(kept == 1)
        }))
    }

    fn of_owner<'a>(
        &'a self,
        id: &'a str,
        owner: Option<&'a str>,
        now: u64,
    ) -> StoreFuture<'a, Option<Task>> {
        let (hash, owner) = (SecretHash::of(id), owner.map(str::to_owned));
        Box::pin(self.thread.read(move |step| {
            let mut find = step.prepare_cached(
                "SELECT operation, filled FROM tasks WHERE id = ?1 AND owner IS ?2 AND forget_at > ?3",
            )?;
            let task = |row: &rusqlite::Row<'_>| {
                let Json(filled) = row.get(1)?;
                Ok(Task { operation: row.get(0)?, owner: owner.clone(), filled })
            };
            find.query_row(params![Hash(hash), owner, Whole(now)], task).optional()
        }))
    }
}

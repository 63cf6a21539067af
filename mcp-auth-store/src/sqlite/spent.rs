//! What was used up, in SQLite.

use rusqlite::params;

use super::columns::{Hash, Whole};
use super::store::SqliteStore;
use super::sweep::{Table, sweep};
use crate::{SecretHash, Spent, StoreFuture};

impl Spent for SqliteStore {
    fn spend(&self, hash: SecretHash, until: u64, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(self.thread.step(move |step| {
            sweep(step, Table::Spent, now)?;
            let mut spend = step.prepare_cached(
                "INSERT INTO spent (hash, forget_at) VALUES (?1, ?2)
                 ON CONFLICT (hash) DO UPDATE SET forget_at = ?2 WHERE forget_at <= ?3",
            )?;
            Ok(spend.execute(params![Hash(hash), Whole(until), Whole(now)])? == 1)
        }))
    }
}

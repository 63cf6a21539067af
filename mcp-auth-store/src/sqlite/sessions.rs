//! MCP sessions in SQLite. Who has the identifier of a session may try to enter it, so it is kept as a hash, and its state encrypted.

use rusqlite::{OptionalExtension as _, params};

use super::columns::{Hash, Whole};
use super::store::SqliteStore;
use super::sweep::{Table, sweep};
use crate::{SecretHash, Sessions, StoreError, StoreFuture};

/// So many sessions of one owner are kept.
const MOST_OF_ONE: i64 = 1000;

impl Sessions for SqliteStore {
    fn keep<'a>(&'a self, id: &'a str, state: String, until: u64, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let hash = SecretHash::of(id);
            let sealed = self.keys.seal(&row(hash), state.as_bytes(), &*self.random)?;
            let step = self.thread.step(move |step| {
                sweep(step, Table::Sessions, now)?;
                let mut keep = step.prepare_cached(
                    "INSERT INTO sessions (id, state, forget_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET
                     state = ?2, forget_at = ?3, owner = CASE WHEN forget_at > ?4 THEN owner END",
                )?;
                keep.execute(params![Hash(hash), sealed, Whole(until), Whole(now)]).map(drop)
            });
            step.await
        })
    }

    fn bind<'a>(&'a self, id: &'a str, owner: &'a str, now: u64) -> StoreFuture<'a, bool> {
        let (hash, owner) = (SecretHash::of(id), owner.to_owned());
        Box::pin(self.thread.step(move |step| {
            let mut bind = step.prepare_cached(
                "UPDATE sessions SET owner = ?2 WHERE id = ?1 AND forget_at > ?3 AND (owner IS NULL OR owner = ?2)",
            )?;
            if bind.execute(params![Hash(hash), owner, Whole(now)])? == 0 {
                return Ok(false);
            }
            let mut oldest = step.prepare_cached(
                "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE owner = ?1 ORDER BY forget_at DESC LIMIT -1 OFFSET ?2)",
            )?;
            oldest.execute(params![owner, MOST_OF_ONE])?;
            Ok(true)
        }))
    }

    fn enter<'a>(&'a self, id: &'a str, owner: &'a str, until: u64, now: u64) -> StoreFuture<'a, bool> {
        let (hash, owner) = (SecretHash::of(id), owner.to_owned());
        Box::pin(self.thread.step(move |step| {
            let mut enter = step.prepare_cached(
                "UPDATE sessions SET forget_at = ?3 WHERE id = ?1 AND owner = ?2 AND forget_at > ?4",
            )?;
            Ok(enter.execute(params![Hash(hash), owner, Whole(until), Whole(now)])? == 1)
        }))
    }

    fn state<'a>(&'a self, id: &'a str, now: u64) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move {
            let hash = SecretHash::of(id);
            let step = self.thread.read(move |step| {
                let mut find =
                    step.prepare_cached("SELECT state FROM sessions WHERE id = ?1 AND forget_at > ?2")?;
                find.query_row(params![Hash(hash), Whole(now)], |row| row.get::<_, Vec<u8>>(0)).optional()
            });
            let Some(sealed) = step.await? else { return Ok(None) };
            let state = self.keys.open(&row(hash), &sealed)?;
            String::from_utf8(state).map(Some).map_err(StoreError::new)
        })
    }

    fn end<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        let hash = SecretHash::of(id);
        Box::pin(self.thread.step(move |step| {
            step.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([Hash(hash)]).map(drop)
        }))
    }
}

fn row(id: SecretHash) -> Vec<u8> {
    [b"sessions ".as_slice(), id.as_bytes()].concat()
}

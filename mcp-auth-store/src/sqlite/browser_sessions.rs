//! Browser sessions in SQLite.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::columns::{Hash, Whole};
use super::store::SqliteStore;
use super::sweep::{Table, sweep};
use crate::{Browser, BrowserSessions, SecretHash, StoreFuture};

impl BrowserSessions for SqliteStore {
    fn begin(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        browser: Browser,
        now: u64,
    ) -> StoreFuture<'_, ()> {
        Box::pin(self.thread.step(move |step| {
            sweep(step, Table::BrowserSessions, now)?;
            if let Some(before) = before {
                remove(step, before)?;
            }
            let mut insert = step.prepare_cached(
                "INSERT OR REPLACE INTO browser_sessions (id, subject, auth_time, logged_in_for, forget_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            let (since, until) = (Whole(browser.auth_time), Whole(browser.expires_at));
            insert
                .execute(params![Hash(id), browser.subject, since, Hash(browser.logged_in_for), until])
                .map(drop)
        }))
    }

    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Browser>> {
        Box::pin(self.thread.read(move |step| {
            let mut find = step.prepare_cached(
                "SELECT subject, auth_time, logged_in_for, forget_at FROM browser_sessions
                 WHERE id = ?1 AND forget_at > ?2",
            )?;
            let browser = |row: &rusqlite::Row<'_>| {
                let (Whole(auth_time), Hash(logged_in_for), Whole(expires_at)) =
                    (row.get(1)?, row.get(2)?, row.get(3)?);
                Ok(Browser { subject: row.get(0)?, auth_time, logged_in_for, expires_at })
            };
            find.query_row(params![Hash(id), Whole(now)], browser).optional()
        }))
    }

    fn end(&self, id: SecretHash) -> StoreFuture<'_, ()> {
        Box::pin(self.thread.step(move |step| remove(step, id)))
    }
}

fn remove(step: &Transaction<'_>, id: SecretHash) -> rusqlite::Result<()> {
    step.prepare_cached("DELETE FROM browser_sessions WHERE id = ?1")?.execute([Hash(id)]).map(drop)
}

//! Entries that have ended: each step that adds one takes a few away, so that no step takes long and nothing piles up.

use rusqlite::{Transaction, params};

use super::columns::Whole;

/// A table whose entries end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Table {
    Codes,
    Grants,
    BrowserSessions,
    Sessions,
    Tasks,
    Confirmations,
    Spent,
}

/// Takes away some entries of `table` that have ended at `now`: more than one is added.
pub(super) fn sweep(step: &Transaction<'_>, table: Table, now: u64) -> rusqlite::Result<()> {
    let sql = match table {
        Table::Codes => {
            "DELETE FROM codes WHERE rowid IN (SELECT rowid FROM codes WHERE forget_at <= ?1 LIMIT 8)"
        }
        Table::Grants => {
            "DELETE FROM grants WHERE rowid IN (SELECT rowid FROM grants WHERE forget_at <= ?1 LIMIT 8)"
        }
        Table::BrowserSessions => {
            "DELETE FROM browser_sessions WHERE rowid IN (SELECT rowid FROM browser_sessions WHERE forget_at <= ?1 LIMIT 8)"
        }
        Table::Sessions => {
            "DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE forget_at <= ?1 LIMIT 8)"
        }
        Table::Tasks => {
            "DELETE FROM tasks WHERE rowid IN (SELECT rowid FROM tasks WHERE forget_at <= ?1 LIMIT 8)"
        }
        Table::Confirmations => {
            "DELETE FROM confirmations WHERE rowid IN (SELECT rowid FROM confirmations WHERE forget_at <= ?1 LIMIT 8)"
        }
        Table::Spent => {
            "DELETE FROM spent WHERE rowid IN (SELECT rowid FROM spent WHERE forget_at <= ?1 LIMIT 8)"
        }
    };
    step.prepare_cached(sql)?.execute(params![Whole(now)]).map(drop)
}

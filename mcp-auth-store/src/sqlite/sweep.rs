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
    Counters,
    Spent,
}

impl Table {
    /// Its name, and the column that says when an entry ends.
    fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Codes => ("codes", "forget_at"),
            Self::Grants => ("grants", "forget_at"),
            Self::BrowserSessions => ("browser_sessions", "forget_at"),
            Self::Sessions => ("sessions", "forget_at"),
            Self::Tasks => ("tasks", "forget_at"),
            Self::Confirmations => ("confirmations", "forget_at"),
            Self::Counters => ("counters", "due"),
            Self::Spent => ("spent", "forget_at"),
        }
    }
}

/// Takes away some entries of `table` that have ended at `now`: more than one is added.
pub(super) fn sweep(step: &Transaction<'_>, table: Table, now: u64) -> rusqlite::Result<()> {
    let (name, end) = table.name();
    let sql =
        format!("DELETE FROM {name} WHERE rowid IN (SELECT rowid FROM {name} WHERE {end} <= ?1 LIMIT 8)");
    step.prepare_cached(&sql)?.execute(params![Whole(now)]).map(drop)
}

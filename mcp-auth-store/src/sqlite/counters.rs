//! Counters in SQLite. The integer of a key is also the time from which it has no effect; in a file such keys are swept by each
//! arrival.

use rusqlite::{OptionalExtension as _, params};

use super::columns::Whole;
use super::store::SqliteStore;
use super::sweep::{Table, sweep};
use crate::{Arrival, Counters, Rate, StoreFuture};

impl Counters for SqliteStore {
    fn arrive<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival> {
        let key = key.to_owned();
        Box::pin(self.thread.step(move |step| {
            sweep(step, Table::Counters, now)?;
            let mut find = step.prepare_cached("SELECT due FROM counters WHERE key = ?1")?;
            let stored = find.query_row([&key], |row| row.get::<_, Whole>(0)).optional()?;
            let (arrival, due) = rate.arrive(stored.map(|due| due.0), now);
            if arrival == Arrival::Conforms {
                let mut keep =
                    step.prepare_cached("INSERT OR REPLACE INTO counters (key, due) VALUES (?1, ?2)")?;
                keep.execute(params![key, Whole(due)])?;
            }
            Ok(arrival)
        }))
    }
}

//! Counters in memory. The integer of a key is also the time at which it is forgotten: from then on it has no effect.

use super::store::locked;
use crate::{Arrival, Counters, MemoryStore, Rate, StoreFuture};

impl Counters for MemoryStore {
    fn arrive<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival> {
        Box::pin(async move {
            let mut counters = locked(&self.counters);
            let (arrival, due) = rate.arrive(counters.forget_at(key, now), now);
            if arrival == Arrival::Conforms {
                counters.insert(key.to_owned(), (), due, now);
            }
            Ok(arrival)
        })
    }

    fn look<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival> {
        Box::pin(async move { Ok(rate.arrive(locked(&self.counters).forget_at(key, now), now).0) })
    }
}

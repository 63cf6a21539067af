//! Rate limits.

use std::slice::from_ref;

use serde::{Deserialize, Serialize};

use super::record::{self, put, read};
use super::rows::Key;
use super::store::Durable;
use crate::{Arrival, Counters, Rate, SecretHash, StoreFuture};

/// How many microseconds a second has.
const SECOND: u64 = 1_000_000;

/// The theoretical arrival time, in microseconds since the Unix epoch.
#[derive(Serialize, Deserialize)]
struct Counter {
    due: u64,
}

/// A key may be long, and of anything that a caller sends.
fn kept_as(key: &str) -> Key {
    Key::new("counters", SecretHash::of(key).digits())
}

impl Counters for Durable {
    fn arrive<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival> {
        Box::pin(async move {
            let key = kept_as(key);
            self.step(from_ref(&key), now / SECOND, |rows| {
                let row = rows[0].as_ref();
                let due = row.map(read::<Counter>).transpose()?.map(|counter| counter.due);
                let (arrival, next) = rate.arrive(due, now);
                if arrival != Arrival::Conforms {
                    return Ok((arrival, vec![]));
                }
                let kept = record::of(row, &Counter { due: next }, next / SECOND + 1)?;
                Ok((arrival, vec![put(&key, row, kept)]))
            })
            .await
        })
    }

    fn look<'a>(&'a self, key: &'a str, rate: Rate, now: u64) -> StoreFuture<'a, Arrival> {
        Box::pin(async move {
            let row = self.row(kept_as(key)).await?;
            let due = row.as_ref().map(read::<Counter>).transpose()?.map(|counter| counter.due);
            Ok(rate.arrive(due, now).0)
        })
    }
}

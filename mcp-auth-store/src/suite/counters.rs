//! Promises of [`Counters`](crate::Counters).

use super::race::{at_once, count};
use crate::{Arrival, Rate, Store};

const SECOND: u64 = 1_000_000;
const NOW: u64 = 1_800_000_000 * SECOND;

/// A rate of one a second, `burst` at once.
fn rate(burst: u32) -> Rate {
    Rate::per_minute(60, burst).unwrap()
}

async fn arrive(store: &Store, key: &str, burst: u32, now: u64) -> Arrival {
    store.counters().arrive(key, rate(burst), now).await.unwrap()
}

/// GCRA: a burst at once, then one per interval.
pub async fn arrivals_conform_up_to_the_burst_and_again_later(store: Store) {
    for _ in 0..3 {
        assert_eq!(arrive(&store, "k", 3, NOW).await, Arrival::Conforms);
    }
    assert_eq!(arrive(&store, "k", 3, NOW).await, Arrival::TooSoon { wait: SECOND });
    assert_eq!(arrive(&store, "k", 3, NOW + SECOND).await, Arrival::Conforms);
    assert_eq!(
        arrive(&store, "k", 3, NOW + SECOND + SECOND / 4).await,
        Arrival::TooSoon { wait: SECOND / 4 * 3 }
    );
    for _ in 0..3 {
        assert_eq!(arrive(&store, "k", 3, NOW + 60 * SECOND).await, Arrival::Conforms);
    }
    assert!(matches!(arrive(&store, "k", 3, NOW + 60 * SECOND).await, Arrival::TooSoon { .. }));
}

/// No arrival is lost between reading and writing.
pub async fn of_a_hundred_arrivals_at_once_as_many_conform_as_one_after_the_other(store: Store) {
    let outcomes = at_once(|_| {
        let store = store.clone();
        async move { arrive(&store, "k", 7, NOW).await }
    })
    .await;
    assert_eq!(count(&outcomes, &Arrival::Conforms), 7);
}

/// Otherwise a caller that keeps trying would never be let in again.
pub async fn what_is_refused_does_not_count(store: Store) {
    assert_eq!(arrive(&store, "k", 1, NOW).await, Arrival::Conforms);
    for _ in 0..50 {
        assert_eq!(arrive(&store, "k", 1, NOW).await, Arrival::TooSoon { wait: SECOND });
    }
    assert_eq!(arrive(&store, "k", 1, NOW + SECOND).await, Arrival::Conforms);
}

/// One caller's arrivals are not another's.
pub async fn keys_do_not_touch_each_other(store: Store) {
    for key in ["a", "b", "A", "a "] {
        assert_eq!(arrive(&store, key, 1, NOW).await, Arrival::Conforms, "{key:?}");
        assert!(matches!(arrive(&store, key, 1, NOW).await, Arrival::TooSoon { .. }), "{key:?}");
    }
}

/// Who only looks uses nothing up, and sees what an arrival would be.
pub async fn a_look_counts_for_nothing(store: Store) {
    let look = async |now| store.counters().look("k", rate(2), now).await.unwrap();
    for _ in 0..5 {
        assert_eq!(look(NOW).await, Arrival::Conforms);
    }
    for _ in 0..2 {
        assert_eq!(arrive(&store, "k", 2, NOW).await, Arrival::Conforms);
    }
    for _ in 0..5 {
        assert_eq!(look(NOW).await, Arrival::TooSoon { wait: SECOND });
        assert_eq!(store.counters().look("other", rate(2), NOW).await.unwrap(), Arrival::Conforms);
    }
    assert_eq!(look(NOW + SECOND).await, Arrival::Conforms);
    assert_eq!(arrive(&store, "k", 2, NOW + SECOND).await, Arrival::Conforms);
}

//! Several processes, or several stores, on one server; and steps that their process gives up.

use std::time::Duration;

use mcp_auth_store::suite::records::{code, granted, lasting_grant};
use mcp_auth_store::{Redemption, SecretHash, StoreKeys};

use crate::server::{key, opened, opened_with, place};

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn stores_of_different_prefixes_do_not_see_each_other() {
    let (one, other) = (opened(&place()).await, opened(&place()).await);
    granted(&one, "g", "1").await;
    assert!(other.grants().find("g", 1).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s03_of_a_hundred_uses_at_once_by_two_processes_one_is_the_first() {
    let place = place();
    let stores = [opened(&place).await, opened(&place).await];
    let hash = SecretHash::of("code");
    stores[0].codes().issue(hash, code("app", "read write"), 0).await.unwrap();
    let uses = (0..100).map(|at| {
        let store = stores[at % 2].clone();
        tokio::spawn(async move {
            store.codes().redeem(hash, "g", Some(lasting_grant("g", "1")), 1).await.unwrap()
        })
    });
    let mut first = 0;
    for used in uses.collect::<Vec<_>>() {
        first += usize::from(used.await.unwrap() == Redemption::First);
    }
    assert_eq!(first, 1);
    assert!(stores[1].grants().find("g", 1).await.unwrap().is_none(), "its replay killed the grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn many_that_open_a_new_store_at_once_all_get_it() {
    for _ in 0..10 {
        let place = place();
        let all = (0..16).map(|_| {
            let place = place.clone();
            tokio::spawn(async move { opened_with(&place, StoreKeys::of(key(7))).await.map(drop) })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_step_may_be_dropped_at_any_time() {
    let store = opened(&place()).await;
    for number in 0..300_u64 {
        let hash = SecretHash::of(&number.to_string());
        let step = store.spent().spend(hash, 100, 0);
        let _ = tokio::time::timeout(Duration::from_micros(number * 5), step).await;
    }
    for number in 0..300_u64 {
        // Done or not done, and the next one is told which.
        let hash = SecretHash::of(&number.to_string());
        store.spent().spend(hash, 100, 0).await.unwrap();
        assert!(!store.spent().spend(hash, 100, 0).await.unwrap());
    }
}

#[test]
#[ignore = "needs a Redis server: cargo xtask stores"]
fn a_store_works_on_after_the_runtime_that_connected_it_has_ended() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let store = runtime().block_on(opened(&place()));
    runtime().block_on(granted(&store, "g", "1"));
}

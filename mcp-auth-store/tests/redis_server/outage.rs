//! The server is gone, or its answer is lost on the way.

use std::time::Duration;

use mcp_auth_store::durable::{Before, Change, Content, Key, MOST, Rows as _, Write};
use mcp_auth_store::suite::records::granted;
use mcp_auth_store::{RedisRows, SecretHash};
use tokio::time::Instant;

use crate::network::{Proxy, Way};
use crate::server::{address, opened};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn without_its_server_every_step_fails_soon_and_works_again_once_it_is_back() {
    let proxy = Proxy::to(address()).await;
    let store = opened(&proxy.url()).await;
    granted(&store, "g", "1").await;
    for way in [Way::Cut, Way::Deaf] {
        let began = Instant::now();
        proxy.way.send(way).unwrap();
        // Many at once, and one after the other.
        let steps = (0..50).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                match number % 2 {
                    0 => {
                        store.spent().spend(SecretHash::of(&format!("{way:?} {number}")), 100, 0).await.err()
                    }
                    _ => store.grants().find("g", 1).await.err(),
                }
            })
        });
        for step in steps.collect::<Vec<_>>() {
            let error = step.await.unwrap().expect("the server is gone");
            let why = error.cause().to_string();
            assert!(why.contains("cannot be reached") || why.contains("did not answer"), "{why}");
        }
        store.grants().find("g", 1).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(21), "{way:?} {:?}", began.elapsed());
        proxy.way.send(Way::Open).unwrap();
        assert!(store.grants().find("g", 1).await.unwrap().is_some(), "{way:?}");
    }
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s05_a_step_whose_answer_is_lost_fails_and_is_never_sent_twice() {
    let proxy = Proxy::to(address()).await;
    let rows = RedisRows::connect(&proxy.url()).await.unwrap();
    let change = |stamp, before| {
        let after = Content { body: "{}".into(), sealed: None, groups: vec![], rank: 0, forget_at: MOST };
        Change { writes: vec![Write { key: Key::new("things", "a"), before, after: Some(after) }], stamp }
    };
    assert!(rows.commit(change(1, Before::Absent)).await.unwrap());
    proxy.way.send(Way::Deaf).unwrap();
    let began = Instant::now();
    rows.commit(change(2, Before::Stamp(1))).await.unwrap_err();
    assert!((4..8).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    proxy.way.send(Way::Open).unwrap();
    let row = rows.read(vec![Key::new("things", "a")]).await.unwrap().remove(0).unwrap();
    assert_eq!(row.stamp, 2, "it was done");
    assert!(!rows.commit(change(2, Before::Stamp(1))).await.unwrap());
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_connection_that_was_cut_while_nobody_used_it_fails_no_step() {
    let proxy = Proxy::to(address()).await;
    let store = opened(&proxy.url()).await;
    for _ in 0..3 {
        proxy.way.send(Way::Cut).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        proxy.way.send(Way::Open).unwrap();
        assert!(store.grants().find("g", 1).await.unwrap().is_none());
    }
}

//! A server that does not write does nothing of a change.

use mcp_auth_store::RedisRows;
use mcp_auth_store::durable::{Before, Change, Rows as _};

use crate::sample::{before, change, was_done, write};
use crate::server::{Server, ask};

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_server_that_refuses_to_write_does_nothing_of_a_change() {
    for (refuse, allow, why) in [
        (vec!["CONFIG", "SET", "maxmemory", "100kb"], vec!["CONFIG", "SET", "maxmemory", "0"], "maxmemory"),
        (vec!["REPLICAOF", "127.0.0.1", "1"], vec!["REPLICAOF", "NO", "ONE"], "read only replica"),
        (
            vec!["CONFIG", "SET", "min-replicas-to-write", "1"],
            vec!["CONFIG", "SET", "min-replicas-to-write", "0"],
            "replicas",
        ),
        // Another type where a group should be.
        (vec!["SET", "{test}:group:h", "text"], vec!["DEL", "{test}:group:h"], "wrong kind"),
        (
            vec!["ACL", "SETUSER", "default", "-zadd"],
            vec!["ACL", "SETUSER", "default", "+zadd"],
            "can't run this command",
        ),
    ] {
        let server = Server::with(&[]);
        let rows = RedisRows::connect(&server.url()).await.unwrap();
        before(&rows).await;
        let () = ask(&server.url(), &refuse);
        let refused = rows.commit(change(2)).await;
        if why == "can't run this command" {
            // No script knows this before, so a store is not opened then.
            refused.unwrap_err();
            let refused = RedisRows::connect(&server.url()).await.unwrap_err().to_string();
            assert!(refused.contains("may not do ZADD"), "{refused}");
            continue;
        }
        let refused = refused.unwrap_err().cause().to_string();
        assert!(refused.contains(why), "{refused}");
        let () = ask(&server.url(), &allow);
        assert!(!was_done(&rows).await, "{why}");
        assert!(rows.commit(change(2)).await.unwrap(), "{why}");
        assert!(was_done(&rows).await, "{why}");
    }
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_full_server_still_removes_and_sweeps() {
    let server = Server::with(&[]);
    let rows = RedisRows::connect(&server.url()).await.unwrap();
    before(&rows).await;
    let () = ask(&server.url(), &["CONFIG", "SET", "maxmemory", "100kb"]);
    rows.commit(change(2)).await.unwrap_err();
    let removed = Change { writes: vec![write("goes", Before::Stamp(1), None)], stamp: 2 };
    assert!(rows.commit(removed).await.unwrap());
    assert_eq!(rows.sweep(100, 10).await.unwrap(), 1);
    assert_eq!(rows.page(None, 10).await.unwrap().rows, []);
    RedisRows::connect(&server.url()).await.expect("a full server is opened");
}

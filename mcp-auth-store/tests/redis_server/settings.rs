//! How the server is set: by what something could be lost, and which rights a store needs.

use mcp_auth_store::RedisRows;
use mcp_auth_store::durable::Rows as _;

use crate::sample::{before, change, was_done};
use crate::server::{Server, ask, opened};

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s06_settings_by_which_something_could_be_lost_are_found() {
    let server = Server::with(&[]);
    let rows = RedisRows::connect(&server.url()).await.unwrap();
    let set = |name: &str, value: &str| ask::<()>(&server.url(), &["CONFIG", "SET", name, value]);
    let found = async || rows.trouble().await.unwrap().join("\n");
    assert!(found().await.starts_with("appendonly is no"), "{}", found().await);
    set("appendonly", "yes");
    assert!(found().await.starts_with("appendfsync is everysec: up to one second"), "{}", found().await);
    set("appendfsync", "no");
    assert!(found().await.starts_with("appendfsync is no"), "{}", found().await);
    set("appendfsync", "always");
    assert_eq!(found().await, "");
    set("maxmemory-policy", "allkeys-lru");
    assert!(found().await.starts_with("maxmemory-policy is allkeys-lru"), "{}", found().await);
    set("maxmemory-policy", "noeviction");
    let () = ask(&server.url(), &["REPLICAOF", "127.0.0.1", "1"]);
    assert!(found().await.starts_with("this server is a replica"), "{}", found().await);
    let () = ask(&server.url(), &["REPLICAOF", "NO", "ONE"]);
    assert_eq!(found().await, "");

    // Like a service that someone else runs.
    let () =
        ask(&server.url(), &["ACL", "SETUSER", "store", "on", ">secret", "~{test}:*", "+@all", "-config"]);
    let url = server.url().replace("redis://", "redis://store:secret@");
    let rows = RedisRows::connect(&url).await.unwrap();
    let found = async || rows.trouble().await.unwrap().join("\n");
    assert!(found().await.starts_with("the server does not tell appendfsync"), "{}", found().await);
    set("appendonly", "no");
    set("maxmemory-policy", "allkeys-lru");
    let both = found().await;
    assert!(both.contains("appendonly is no") && both.contains("maxmemory-policy is allkeys-lru"), "{both}");
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_user_needs_no_more_rights_than_the_documentation_says() {
    let server = Server::with(&[]);
    let needed = "+evalsha +script|load +hget +hmget +hset +hdel +del +zadd +zrem +zcard +zcount +zrangebyscore +zrangebylex";
    let user = |rights: &str| {
        let fixed = ["ACL", "SETUSER", "store", "reset", "on", ">secret", "~{test}:*"];
        let all: Vec<&str> = fixed.into_iter().chain(rights.split(' ')).collect();
        let () = ask(&server.url(), &all);
    };
    let url = server.url().replace("redis://", "redis://store:secret@");
    for right in needed.split(' ') {
        let others: Vec<&str> = needed.split(' ').filter(|other| *other != right).collect();
        user(&others.join(" "));
        RedisRows::connect(&url).await.expect_err(right);
    }
    user(needed);
    let rows = RedisRows::connect(&url).await.unwrap();
    before(&rows).await;
    assert!(rows.commit(change(2)).await.unwrap());
    assert_eq!(rows.first_of("h".into(), 10).await.unwrap().len(), 2);
    assert!(was_done(&rows).await);
    assert_eq!(rows.sweep(100, 10).await.unwrap(), 2);
    opened(&url).await;
    assert!(rows.trouble().await.unwrap().iter().all(|found| found.contains("does not tell")));
}

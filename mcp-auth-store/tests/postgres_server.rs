//! The server of the PostgreSQL backend: what lasts, what stands in the tables, who may use them, and what is between.

#[path = "postgres/network.rs"]
mod network;
#[path = "postgres/server.rs"]
mod server;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_store::durable::{Before, Change, Content, Key, MOST, Rows as _, Write};
use mcp_auth_store::suite::records::{
    CONNECTION, SECRETS_OF_UPSTREAM_GRANT, client, code, granted, lasting_grant, upstream_grant,
};
use mcp_auth_store::{
    Confirmation, Durable, OpenError, PostgresRows, Redemption, Rotate, Rotation, SealingKey, SecretHash,
    Store, StoreKey, StoreKeys,
};
use network::{Network, Proxy};
use server::{at, connected, database, name, schema, with};
use tokio::time::{Instant, sleep};

/// A part of the password of every URL here that is not to be in any error.
const SECRET: &str = "hunter2";

fn key(byte: u8) -> StoreKey {
    StoreKey::new([byte; 32]).expect("a key")
}

async fn opened_with(url: &str, keys: StoreKeys) -> Result<Store, OpenError> {
    let rows = Arc::new(PostgresRows::connect(url).await?);
    Durable::open(rows, keys, Arc::new(SystemRandom), 0).await.map(Store::new)
}

async fn opened(url: &str) -> Store {
    opened_with(url, StoreKeys::of(key(7))).await.expect("a store")
}

async fn rows(url: &str) -> Arc<PostgresRows> {
    Arc::new(PostgresRows::connect(url).await.expect("a database"))
}

fn content(body: &str) -> Content {
    Content { body: body.to_owned(), sealed: None, groups: vec![], rank: 0, forget_at: MOST }
}

fn write(id: &str, after: Option<Content>) -> Write {
    Write { key: Key::new("things", id), before: Before::Any, after }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn what_was_done_is_there_after_a_restart() {
    let url = schema().await;
    let before = opened(&url).await;
    assert!(before.lasts());
    before.clients().register(client("app"), None, 0).await.unwrap();
    granted(&before, "g", "1").await;
    let sealing = before.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.unwrap();
    before.sessions().keep("session", "its state".to_owned(), 100, 0).await.unwrap();
    assert!(before.sessions().bind("session", "ann", None, 0).await.unwrap());
    assert!(before.spent().spend(SecretHash::of("proof"), 100, 0).await.unwrap());
    drop(before);

    let after = opened(&url).await;
    assert_eq!(after.clients().find("app", 100).await.unwrap().unwrap().name.as_deref(), Some("A client"));
    assert_eq!(after.consents().allowed("alice", "app").await.unwrap().to_string(), "read write");
    let rotate = Rotate {
        presented: SecretHash::of("1"),
        next: SecretText::new("2"),
        expires_at: 2000,
        grace: 0,
        client_key: None,
        dpop_jkt: None,
    };
    assert_eq!(after.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
    assert_eq!(
        after.codes().redeem(SecretHash::of("code of g"), "x", None, 1).await.unwrap(),
        Redemption::Replayed
    );
    assert_eq!(after.sealing_keys().key("cursors", SealingKey::new([2; 32])).await.unwrap(), sealing);
    assert_eq!(after.sessions().state("session", 1).await.unwrap().as_deref(), Some("its state"));
    assert!(!after.sessions().bind("session", "bob", None, 1).await.unwrap());
    assert!(!after.spent().spend(SecretHash::of("proof"), 100, 1).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn s03_of_a_hundred_uses_at_once_by_two_processes_one_is_the_first() {
    let url = schema().await;
    let stores = [opened(&url).await, opened(&url).await];
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

/// A change that asks for nothing still is one thing: also what it does not find is so when it has its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn changes_of_anything_in_any_order_leave_the_rows_and_groups_of_one_of_them() {
    let url = schema().await;
    let stores = [rows(&url).await, rows(&url).await];
    for round in 0..10_u64 {
        let all = (0..40_u64).map(|n| {
            let rows = Arc::clone(&stores[usize::from(n % 2 == 1)]);
            tokio::spawn(async move {
                let of_n = Content { groups: vec![format!("{round} {n}")], ..content(&n.to_string()) };
                let mut writes = match n % 5 {
                    0 => vec![write("a", None), write("b", None)],
                    _ => vec![write("a", Some(of_n.clone())), write("b", Some(of_n))],
                };
                if n % 3 == 1 {
                    writes.reverse();
                }
                assert!(rows.commit(Change { writes, stamp: round * 100 + n }).await.unwrap());
            })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        let read = stores[0].read(["a", "b"].map(|id| Key::new("things", id)).to_vec()).await.unwrap();
        let held = read[0].as_ref().map(|row| row.content.body.clone());
        assert_eq!(held, read[1].as_ref().map(|row| row.content.body.clone()));
        for n in 0..40 {
            let members = stores[0].count(format!("{round} {n}"), 0).await.unwrap();
            let is_last = held.as_deref() == Some(&*n.to_string());
            assert_eq!(members, if is_last { 2 } else { 0 }, "{round} {n} {held:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn sweeps_and_changes_of_what_they_sweep_do_not_stop_each_other() {
    let url = schema().await;
    let stores = [rows(&url).await, rows(&url).await];
    let all = (0..200_u64).map(|n| {
        let rows = Arc::clone(&stores[usize::from(n % 2 == 1)]);
        tokio::spawn(async move {
            if n % 4 == 0 {
                rows.sweep(1, 3).await.map(drop).unwrap();
                return;
            }
            let ended = Content { groups: vec!["g".to_owned(), n.to_string()], forget_at: 1, ..content("x") };
            let writes = ["a", "b", "c", "d"].map(|id| write(id, Some(ended.clone()))).to_vec();
            assert!(rows.commit(Change { writes, stamp: n }).await.unwrap());
        })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    while stores[0].sweep(1, 3).await.unwrap() > 0 {}
    assert_eq!(stores[0].count("g".to_owned(), 0).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn a_step_that_nobody_waits_for_any_more_leaves_nothing_half_done_and_nothing_open() {
    let url = with(&schema().await, "application_name=cancelled");
    let rows = rows(&url).await;
    let keys = ["a", "b"].map(|id| Key::new("things", id)).to_vec();
    let mut cancelled = 0;
    for n in 0..300_u64 {
        let step = tokio::spawn({
            let rows = Arc::clone(&rows);
            async move {
                let writes = ["a", "b"].map(|id| write(id, Some(content(&n.to_string())))).to_vec();
                rows.commit(Change { writes, stamp: n }).await
            }
        });
        sleep(Duration::from_micros(n * 10)).await;
        step.abort();
        cancelled += usize::from(step.await.is_err());
        let read = rows.read(keys.clone()).await.unwrap();
        let [a, b] = [0, 1].map(|at| read[at].as_ref().map(|row| row.content.body.clone()));
        assert_eq!(a, b, "{n}");
    }
    assert!(cancelled > 0, "none was in the middle");
    assert!(rows.commit(Change { writes: vec![write("a", None)], stamp: 1000 }).await.unwrap());
    let open = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cancelled' AND state LIKE '%in transaction%'";
    let open: i64 = connected(&url).await.query_one(open, &[]).await.unwrap().get(0);
    assert_eq!(open, 0);
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn s01_nothing_that_must_not_be_read_stands_in_the_tables() {
    let url = schema().await;
    let store = opened(&url).await;
    store.sealing_keys().key("cursors", SealingKey::new(*b"thirty-two bytes of a sealing ke")).await.unwrap();
    store.sessions().keep("the-id-of-a-session", "the state of it".to_owned(), 100, 0).await.unwrap();
    let waiting = Confirmation {
        subject: "alice".to_owned(),
        client_id: None,
        tool: "pay".to_owned(),
        connects: None,
        arguments: "arguments of a call".to_owned(),
        expires_at: 100,
    };
    store.confirmations().ask(SecretHash::of("the secret of a page"), waiting, 0).await.unwrap();
    granted(&store, "g", "a refresh token").await;
    store.upstream_grants().keep(CONNECTION, upstream_grant(), 100, 0).await.unwrap();
    let client = connected(&url).await;
    let mut all = String::new();
    for table in ["mcp_auth_rows", "mcp_auth_members", "mcp_auth_versions"] {
        let text = client.query(&format!("SELECT t::text FROM {table} t"), &[]).await.unwrap();
        all.extend(text.iter().map(|row| row.get::<_, String>(0)));
    }
    let sealed = "SELECT encode(sealed, 'escape') FROM mcp_auth_rows WHERE sealed IS NOT NULL";
    all.extend(client.query(sealed, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)));
    assert!(all.contains("alice") && all.contains("cursors"), "this looks into the right tables");
    let others = [
        "thirty-two bytes of a sealing",
        "the-id-of-a-session",
        "the state of it",
        "arguments of a call",
        "the secret of a page",
        "a refresh token",
        "code of g",
    ];
    for secret in others.into_iter().chain(SECRETS_OF_UPSTREAM_GRANT) {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn a_store_is_read_with_the_key_it_was_written_with_or_with_one_that_came_after_it() {
    let url = schema().await;
    let sealing = opened(&url).await.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.unwrap();
    let ask = async |keys| {
        let store = opened_with(&url, keys).await.unwrap();
        store.sealing_keys().key("cursors", SealingKey::new([2; 32])).await
    };
    let refused = opened_with(&url, StoreKeys::of(key(8))).await.unwrap_err();
    assert!(matches!(refused, OpenError::Key), "{refused}");
    assert_eq!(ask(StoreKeys::of(key(8)).after(vec![key(7)])).await.unwrap(), sealing);
    // From then on they are encrypted with the newer one.
    assert_eq!(ask(StoreKeys::of(key(8))).await.unwrap(), sealing);
    assert!(opened_with(&url, StoreKeys::of(key(7))).await.is_err());
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn tables_of_the_next_release_are_used_unless_they_say_that_this_one_may_not() {
    let url = schema().await;
    granted(&opened(&url).await, "g", "1").await;
    let client = connected(&url).await;
    let newer = async |version: i64, min_version: i64| {
        let sql = "UPDATE mcp_auth_versions SET version = $1, min_version = $2";
        client.execute(sql, &[&version, &min_version]).await.unwrap();
        opened_with(&url, StoreKeys::of(key(7))).await
    };
    let next = newer(2, 1).await.unwrap();
    assert!(next.grants().find("g", 1).await.unwrap().is_some());
    let refused = newer(9, 9).await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { min_version: 9, .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn many_that_open_a_new_schema_at_once_all_get_it() {
    for _ in 0..5 {
        let url = schema().await;
        let all = (0..8).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { opened_with(&url, StoreKeys::of(key(7))).await.map(drop) })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn a_role_that_may_not_make_tables_uses_those_that_are_there() {
    let (url, role) = (schema().await, name());
    let owner = connected(&url).await;
    let schema: String = owner.query_one("SELECT current_schema()::text", &[]).await.unwrap().get(0);
    let make = format!(
        "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'; GRANT USAGE ON SCHEMA {schema} TO {role}"
    );
    owner.batch_execute(&make).await.unwrap();
    let (_, rest) = url.split_once('@').unwrap();
    let limited = format!("postgres://{role}:{SECRET}@{rest}");
    let refused = PostgresRows::connect(&limited).await.unwrap_err().to_string();
    assert!(refused.contains("permission denied"), "{refused}");
    granted(&opened(&url).await, "g", "1").await;
    let grant = format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON mcp_auth_rows, mcp_auth_members TO {role};
         GRANT SELECT ON mcp_auth_versions TO {role}"
    );
    owner.batch_execute(&grant).await.unwrap();
    let store = opened(&limited).await;
    granted(&store, "h", "1").await;
    assert!(store.grants().find("g", 1).await.unwrap().is_some());
    let rows = rows(&limited).await;
    // Two codes, and what was allowed.
    assert_eq!(rows.sweep(MOST - 1, 100).await.unwrap(), 3);
    let trouble = rows.trouble().await.unwrap();
    assert!(
        trouble.iter().all(|one| one.contains("fsync") || one.contains("full_page_writes")),
        "{trouble:?}"
    );
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn s06_trouble_is_what_could_lose_something_or_show_it_to_others() {
    // What a role or a URL says of it does not count.
    let url = with(
        &schema().await.replace("options=", "options=-c%20synchronous_commit%3Doff%20"),
        "connect_timeout=5",
    );
    let rows = rows(&url).await;
    let has = async |what: &str| rows.trouble().await.unwrap().iter().any(|one| one.contains(what));
    assert!(!has("synchronous_commit").await);
    assert!(has("superuser").await);
    let client = connected(&url).await;
    for (change, what) in [
        ("GRANT SELECT ON mcp_auth_rows TO PUBLIC", "every role may read"),
        ("ALTER TABLE mcp_auth_members SET UNLOGGED", "UNLOGGED"),
    ] {
        assert!(!has(what).await, "{what}");
        client.batch_execute(change).await.unwrap();
        assert!(has(what).await, "{what}");
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn the_language_of_a_database_changes_no_order_and_other_encodings_are_refused() {
    let url =
        database("TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'").await;
    let rows = rows(&url).await;
    let of_g = Content { groups: vec!["g".to_owned()], ..content("x") };
    for id in ["b", "\u{e4}", "B", "a"] {
        let writes = vec![write(id, Some(of_g.clone()))];
        assert!(rows.commit(Change { writes, stamp: 1 }).await.unwrap());
    }
    let ids =
        |rows: Vec<mcp_auth_store::durable::Row>| rows.into_iter().map(|row| row.key.id).collect::<Vec<_>>();
    assert_eq!(ids(rows.first_of("g".to_owned(), 10).await.unwrap()), ["B", "a", "b", "\u{e4}"]);
    assert_eq!(ids(rows.page(None, 10).await.unwrap().rows), ["B", "a", "b", "\u{e4}"]);

    let other = database("TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'").await;
    let refused = PostgresRows::connect(&other).await.unwrap_err().to_string();
    assert!(refused.contains("its encoding is LATIN1"), "{refused}");
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn a_long_name_of_a_group_is_held_and_a_nul_is_in_no_name() {
    let rows = rows(&schema().await).await;
    let long: String =
        (0..5000).map(|n| format!("{:?}", SecretHash::of(&n.to_string()).as_bytes())).collect();
    let in_long = Content { groups: vec![long.clone(), format!("{long}x")], ..content("x") };
    assert!(rows.commit(Change { writes: vec![write("a", Some(in_long.clone()))], stamp: 1 }).await.unwrap());
    assert_eq!(rows.first_of(long, 10).await.unwrap()[0].content, in_long);
    for odd in [
        write("a\0", Some(content("x"))),
        write("b", Some(content("\0"))),
        write("b", Some(Content { groups: vec!["\0".to_owned()], ..content("x") })),
    ] {
        let refused = rows.commit(Change { writes: vec![odd], stamp: 2 }).await.unwrap_err();
        assert!(refused.cause().to_string().contains("NUL"), "{}", refused.cause());
    }
    let keys = ["a\0", "a", "b"].map(|id| Key::new("things", id)).to_vec();
    let read = rows.read(keys).await.unwrap();
    assert_eq!(read.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(rows.count("\0".to_owned(), 0).await.unwrap(), 0);
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn rows_are_found_by_an_index_also_where_the_tables_were_small_at_first() {
    let url = schema().await;
    drop(opened(&url).await);
    let client = connected(&url).await;
    // The server counts a connection's scans when it ends, and a little later.
    let scans = async || {
        sleep(Duration::from_secs(2)).await;
        let sql = "SELECT sum(seq_scan)::int8, sum(coalesce(idx_scan, 0))::int8 FROM pg_stat_user_tables
             WHERE schemaname = current_schema() AND relname <> 'mcp_auth_versions'";
        let row = client.query_one(sql, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let before = scans().await;
    let store = opened(&url).await;
    for n in 0..20 {
        granted(&store, &format!("g {n}"), "1").await;
        store.grants().revoke("ann", &format!("g {n}"), 1).await.unwrap();
    }
    let rows = rows(&url).await;
    rows.page(None, 10).await.unwrap();
    rows.first_of("grants of person alice".to_owned(), 10).await.unwrap();
    rows.count("grants of person alice".to_owned(), 1).await.unwrap();
    drop((store, rows));
    let after = scans().await;
    assert_eq!(after.0, before.0, "a table was read as a whole");
    assert!(after.1 > before.1 + 100, "{before:?} {after:?}");
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn s08_no_error_holds_the_password() {
    let server = schema().await;
    let (_, rest) = server.split_once('@').unwrap();
    let wrong = format!("postgres://tester:{SECRET}@{rest}");
    for (url, why) in [
        (wrong.clone(), "SQLSTATE 28P01"),
        (at(&wrong, "127.0.0.1:1"), "Connection refused"),
        (at(&wrong, "no-such-host.invalid"), "no-such-host.invalid"),
        (with(&wrong, "sslmode=prefer"), "disable, require or verify-full"),
        (with(&wrong, "sslrootcert=/nowhere"), "/nowhere"),
    ] {
        let refused = PostgresRows::connect(&url).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
        assert!(!format!("{refused} {refused:?}").contains(SECRET), "{refused:?}");
    }
    let rows = rows(&server).await;
    let shown = format!("{rows:?} {}", rows.place());
    assert!(shown.starts_with("PostgresRows") && !shown.contains("only-for-tests"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn a_server_that_is_gone_is_an_error_within_bounds_and_is_used_again_when_it_is_back() {
    let proxy = Proxy::new().await;
    let store = opened(&at(&schema().await, &proxy.place)).await;
    granted(&store, "g", "1").await;
    for (gone, most) in [(Network::Cut, 1), (Network::Silent, 13)] {
        proxy.becomes(gone);
        for _ in 0..2 {
            let start = Instant::now();
            let refused = store.spent().spend(SecretHash::of("proof"), 100, 0).await.unwrap_err();
            assert!(start.elapsed() < Duration::from_secs(most), "{:?}", start.elapsed());
            assert!(refused.cause().to_string().contains("the database"), "{}", refused.cause());
        }
        proxy.becomes(Network::Up);
        // Each connection that was there when it was cut is found to be closed.
        sleep(Duration::from_millis(100)).await;
        assert!(store.grants().find("g", 1).await.unwrap().is_some());
        granted(&store, "h", "1").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn a_change_is_one_round_trip_and_so_is_what_is_read() {
    let proxy = Proxy::new().await;
    let rows = rows(&at(&schema().await, &proxy.place)).await;
    let groups = vec!["g".to_owned(), "h".to_owned()];
    let in_both = Content { groups, ..content("x") };
    let put = |stamp| {
        let writes = ["a", "b"].map(|id| write(id, Some(in_both.clone()))).to_vec();
        rows.commit(Change { writes, stamp })
    };
    let keys = || ["a", "b"].map(|id| Key::new("things", id)).to_vec();
    // The first ones prepare their statements.
    assert!(put(1).await.unwrap());
    rows.read(keys()).await.unwrap();
    proxy.becomes(Network::Far);
    let start = Instant::now();
    assert!(put(2).await.unwrap());
    let put = start.elapsed();
    rows.read(keys()).await.unwrap();
    let read = start.elapsed() - put;
    for took in [put, read] {
        assert!((network::ROUND_TRIP..network::ROUND_TRIP * 2).contains(&took), "{took:?}");
    }
}

/// As a server does that is restarted: it closes its side, and steps are in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn connections_that_the_server_closes_in_the_middle_are_not_used_again() {
    let schema = schema().await;
    let url = with(&schema, "application_name=closed");
    let store = opened(&url).await;
    let other = connected(&schema).await;
    let close = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'closed'";
    for n in 0..60_u64 {
        let proof = SecretHash::of(&n.to_string());
        let step = tokio::spawn({
            let store = store.clone();
            async move { store.spent().spend(proof, 100, 0).await }
        });
        if n % 3 == 0 {
            sleep(Duration::from_micros(n * 30)).await;
            other.query(close, &[]).await.unwrap();
        }
        // Where it was not in the middle, another connection does it.
        if let Ok(is_first) = step.await.unwrap() {
            assert!(is_first, "{n}");
            let again = store.spent().spend(proof, 100, 0).await;
            assert!(!again.unwrap_or_default(), "{n} was acknowledged");
        }
    }

    // One that surely is: it waits for a row that another one holds.
    let rows = rows(&url).await;
    let put = |stamp| rows.commit(Change { writes: vec![write("a", Some(content("x")))], stamp });
    assert!(put(1).await.unwrap());
    let holder = connected(&schema).await;
    holder.batch_execute("BEGIN; SELECT FROM mcp_auth_rows WHERE id = 'a' FOR UPDATE").await.unwrap();
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'closed' AND wait_event_type = 'Lock')";
    let (refused, ()) = tokio::join!(put(2), async {
        while !other.query_one(waits, &[]).await.unwrap().get::<_, bool>(0) {
            sleep(Duration::from_millis(10)).await;
        }
        other.query(close, &[]).await.unwrap();
    });
    refused.unwrap_err();
    holder.batch_execute("COMMIT").await.unwrap();
    sleep(Duration::from_millis(200)).await;
    assert!(put(3).await.unwrap());
    for n in 100..120 {
        assert!(store.spent().spend(SecretHash::of(&n.to_string()), 100, 0).await.unwrap());
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn s07_a_server_is_believed_by_its_certificate_and_its_name_alone() {
    let url = schema().await;
    let (place, certificate) = network::with_tls("localhost").await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("sslrootcert={}", path.display())
    };
    let own = file("own.pem", &certificate);
    let connect = async |place: &str, parameters: &[&str]| {
        let url = parameters.iter().fold(at(&url, place), |url, parameter| with(&url, parameter));
        PostgresRows::connect(&url).await
    };
    for mode in ["sslmode=require", "sslmode=verify-full"] {
        let refused = connect(&place, &[mode]).await.unwrap_err().to_string();
        assert!(refused.contains("UnknownIssuer"), "{refused}");
        connect(&place, &[mode, &own]).await.unwrap();
    }
    let rows = connect(&place, &[&own]).await.unwrap();
    assert!(!rows.trouble().await.unwrap().iter().any(|one| one.contains("not encrypted")));

    let (elsewhere, certificate) = network::with_tls("db.example").await;
    let own = file("elsewhere.pem", &certificate);
    let refused = connect(&elsewhere, &["sslmode=require", &own]).await.unwrap_err().to_string();
    assert!(refused.contains("not valid for name"), "{refused}");

    let refused = connect(&network::without_tls().await, &["sslmode=require"]).await.unwrap_err().to_string();
    assert!(refused.contains("server does not support TLS"), "{refused}");
    let empty = file("empty.pem", "");
    let refused = connect(&place, &[&empty]).await.unwrap_err().to_string();
    assert!(refused.contains("there is no certificate"), "{refused}");
}

/// The variable that makes a process the one that is killed: it says where the store is.
const CHILD: &str = "STORE_OF_CHILD";

#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn s04_a_killed_process_loses_nothing_that_it_acknowledged_and_lets_nothing_be_spent_twice() {
    for round in 0..10_u64 {
        let url = schema().await;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_rotates_until_it_is_killed", "--ignored", "--nocapture"])
            .env(CHILD, &url)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said =
            lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("rotated ")?.parse::<u64>().ok());
        // Killed in the middle of one of its steps.
        let mut acknowledged = 0;
        for number in said {
            acknowledged = number;
            if number > round * 7 {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(acknowledged > round * 7, "{round}: {acknowledged}");

        let store = opened(&url).await;
        let found = store.grants().find("g", 1).await.unwrap().expect("the grant was acknowledged");
        // One step more may have been done whose acknowledgement was not read.
        let is_current = (acknowledged..acknowledged + 40)
            .any(|number| found.current == SecretHash::of(&number.to_string()));
        assert!(is_current, "{round}: after {acknowledged} the token is an older one");
        for number in 1..=acknowledged {
            let proof = SecretHash::of(&format!("proof {number}"));
            assert!(
                !store.spent().spend(proof, 100, 0).await.unwrap(),
                "{round}: {number} can be spent again"
            );
        }
    }
}

#[tokio::test]
#[ignore = "the child of the test above"]
async fn child_that_rotates_until_it_is_killed() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let store = opened(&url).await;
    granted(&store, "g", "0").await;
    for number in 1_u64.. {
        assert!(store.spent().spend(SecretHash::of(&format!("proof {number}")), 100, 0).await.unwrap());
        let (presented, next) =
            (SecretHash::of(&(number - 1).to_string()), SecretText::new(number.to_string()));
        let rotate =
            Rotate { presented, next, expires_at: u64::MAX, grace: 0, client_key: None, dpop_jkt: None };
        assert_eq!(store.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
        println!("rotated {number}");
        std::io::stdout().flush().unwrap();
    }
}

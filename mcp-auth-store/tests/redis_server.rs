//! What only a Redis server shows: several stores on it, what stands in it, and what happens when it is full, gone, slow, or another one.
//! `MCP_AUTH_TEST_REDIS` is the URL of a server that runs. A test that changes the settings of one starts `redis-server` itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::{Random as _, SystemRandom};
use mcp_auth_store::durable::{Before, Change, Content, Key, MOST, Rows as _, Write};
use mcp_auth_store::suite::records::{code, granted, lasting_grant};
use mcp_auth_store::{
    Confirmation, Durable, OpenError, Redemption, RedisRows, Rotate, Rotation, SealingKey, SecretHash, Store,
    StoreKey, StoreKeys,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::Instant;

/// The URL of the server that runs.
fn server() -> String {
    std::env::var("MCP_AUTH_TEST_REDIS").expect("MCP_AUTH_TEST_REDIS is the URL of a Redis server")
}

fn prefix() -> String {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    format!("test-{:016x}", u64::from_be_bytes(bytes))
}

/// A place of its own in the server that runs.
fn place() -> String {
    format!("{}?prefix={}", server(), prefix())
}

fn key(byte: u8) -> StoreKey {
    StoreKey::new([byte; 32]).expect("a key")
}

async fn opened_with(url: &str, keys: StoreKeys) -> Result<Store, OpenError> {
    let rows = RedisRows::connect(url).await?;
    Durable::open(Arc::new(rows), keys, Arc::new(SystemRandom), 0).await.map(Store::new)
}

async fn opened(url: &str) -> Store {
    opened_with(url, StoreKeys::of(key(7))).await.expect("a store")
}

/// A connection of the test itself.
fn client(url: &str) -> redis::Connection {
    let server = url.split('?').next().expect("a server");
    redis::Client::open(server).expect("a URL").get_connection().expect("a server")
}

fn ask<T: redis::FromRedisValue>(url: &str, command: &[&str]) -> T {
    let (name, arguments) = command.split_first().expect("a command");
    redis::cmd(name).arg(arguments).query(&mut client(url)).expect("an answer")
}

fn base(url: &str) -> String {
    format!("{{{}}}:", url.split_once("prefix=").expect("a prefix").1)
}

/// A server of one test.
struct Server {
    child: Child,
    port: u16,
    directory: tempfile::TempDir,
    settings: Vec<String>,
}

impl Server {
    fn with(settings: &[&str]) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").port();
        // A node of a cluster uses the port 10000 above too.
        let port = std::iter::repeat_with(free).find(|port| *port < 55_000).expect("a port");
        let directory = tempfile::tempdir().expect("a directory");
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let child = Self::start(port, directory.path(), &settings);
        Self { child, port, directory, settings }
    }

    fn start(port: u16, directory: &Path, settings: &[String]) -> Child {
        let is_tls = settings.iter().any(|setting| setting.starts_with("--tls"));
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(directory)
            .args([if is_tls { "--tls-port" } else { "--port" }, &port.to_string()])
            .args(if is_tls { ["--port", "0"].as_slice() } else { &[] })
            .args(settings)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is on the PATH");
        assert!((0..200).any(|_| is_up(port, is_tls)), "redis-server does not start");
        child
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}?prefix=test", self.port)
    }

    /// Like `kill -9`.
    fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ran");
    }

    fn start_again(&mut self) {
        self.child = Self::start(self.port, self.directory.path(), &self.settings);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a server answers, after a moment if it does not.
fn is_up(port: u16, is_tls: bool) -> bool {
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        if is_tls {
            return true;
        }
        let mut answer = [0; 64];
        let _ = stream.write_all(b"PING\r\n");
        let so_much = stream.read(&mut answer).unwrap_or(0);
        // One that reads its files says -LOADING.
        if so_much > 0 && !answer[..so_much].starts_with(b"-LOADING") {
            return true;
        }
    }
    std::thread::sleep(Duration::from_millis(50));
    false
}

/// What a proxy does with what comes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Open,
    /// Every connection is cut.
    Cut,
    /// What is asked arrives, and no answer comes back.
    Deaf,
}

/// A way to a server that a test can cut.
struct Proxy {
    port: u16,
    way: watch::Sender<Way>,
}

impl Proxy {
    async fn to(server: String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let (way, seen) = watch::channel(Way::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let way = seen.clone();
                if *way.borrow() == Way::Cut {
                    continue;
                }
                let server = tokio::net::TcpStream::connect(&server).await.expect("a server");
                tokio::spawn(passed(client, server, way));
            }
        });
        Self { port, way }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}?prefix={}", self.port, prefix())
    }
}

async fn passed(
    mut client: tokio::net::TcpStream,
    mut server: tokio::net::TcpStream,
    mut way: watch::Receiver<Way>,
) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.split(), server.split());
    let (mut asked, mut answered) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            read = from_client.read(&mut asked) => match read {
                Ok(so_much) if so_much > 0 => { let _ = to_server.write_all(&asked[..so_much]).await; }
                _ => return,
            },
            read = from_server.read(&mut answered) => match read {
                Ok(so_much) if so_much > 0 => {
                    if *way.borrow() == Way::Open {
                        let _ = to_client.write_all(&answered[..so_much]).await;
                    }
                }
                _ => return,
            },
            _ = way.changed() => {
                if *way.borrow() == Way::Cut {
                    return;
                }
            }
        }
    }
}

/// Where the server that runs is.
fn address() -> String {
    server().trim_start_matches("redis://").split(['/', '?']).next().expect("an address").to_owned()
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn what_was_done_is_there_for_the_next_process() {
    let place = place();
    let before = opened(&place).await;
    assert!(before.lasts());
    granted(&before, "g", "1").await;
    let sealing = before.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.unwrap();
    before.sessions().keep("session", "its state".to_owned(), 100, 0).await.unwrap();
    assert!(before.sessions().bind("session", "ann", 0).await.unwrap());
    assert!(before.spent().spend(SecretHash::of("proof"), 100, 0).await.unwrap());
    drop(before);

    let after = opened(&place).await;
    let rotate =
        Rotate { presented: SecretHash::of("1"), next: SecretText::new("2"), expires_at: 2000, grace: 0 };
    assert_eq!(after.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
    assert_eq!(
        after.codes().redeem(SecretHash::of("code of g"), "x", None, 1).await.unwrap(),
        Redemption::Replayed
    );
    assert_eq!(after.sealing_keys().key("cursors", SealingKey::new([2; 32])).await.unwrap(), sealing);
    assert_eq!(after.sessions().state("session", 1).await.unwrap().as_deref(), Some("its state"));
    assert!(!after.sessions().bind("session", "bob", 1).await.unwrap());
    assert!(!after.spent().spend(SecretHash::of("proof"), 100, 1).await.unwrap());
}

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

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s01_nothing_that_must_not_be_read_stands_in_the_server() {
    let place = place();
    let store = opened(&place).await;
    store.sealing_keys().key("cursors", SealingKey::new(*b"thirty-two bytes of a sealing ke")).await.unwrap();
    store.sessions().keep("the-id-of-a-session", "the state of it".to_owned(), 100, 0).await.unwrap();
    let waiting = Confirmation {
        subject: "alice".to_owned(),
        client_id: None,
        tool: "pay".to_owned(),
        arguments: "arguments of a call".to_owned(),
        expires_at: 100,
    };
    store.confirmations().ask(SecretHash::of("the secret of a page"), waiting, 0).await.unwrap();
    granted(&store, "g", "a refresh token").await;
    let (presented, next) = (SecretHash::of("a refresh token"), SecretText::new("the token after it"));
    let rotate = Rotate { presented, next, expires_at: 2000, grace: 10 };
    assert_eq!(store.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
    let mut all = Vec::new();
    let keys: Vec<String> = ask(&place, &["KEYS", &format!("{}*", base(&place))]);
    for key in &keys {
        all.extend(key.bytes());
        let kind: String = ask(&place, &["TYPE", key]);
        let held: Vec<Vec<u8>> = match &*kind {
            "hash" => ask(&place, &["HGETALL", key]),
            "zset" => ask(&place, &["ZRANGE", key, "0", "-1", "WITHSCORES"]),
            other => panic!("{key} is a {other}"),
        };
        all.extend(held.concat());
    }
    let holds = |text: &str| all.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("alice") && holds("cursors"), "this looks at the right keys");
    for secret in [
        "thirty-two bytes of a sealing",
        "the-id-of-a-session",
        "the state of it",
        "arguments of a call",
        "the secret of a page",
        "a refresh token",
        "the token after it",
        "code of g",
    ] {
        assert!(!holds(secret), "{secret}");
    }
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_store_is_read_with_the_key_it_was_written_with_or_with_one_that_came_after_it() {
    let place = place();
    let store = opened(&place).await;
    let sealing = store.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.unwrap();
    // More than one page of them.
    for number in 0..250 {
        store.sessions().keep(&format!("session {number}"), "its state".to_owned(), 100, 0).await.unwrap();
    }
    let opened = async |keys| opened_with(&place, keys).await;
    let refused = opened(StoreKeys::of(key(8))).await.unwrap_err();
    assert!(matches!(refused, OpenError::Key), "{refused}");
    opened(StoreKeys::of(key(8)).after(vec![key(7)])).await.unwrap();
    // From then on all is encrypted with the newer one.
    let renewed = opened(StoreKeys::of(key(8))).await.unwrap();
    assert_eq!(renewed.sealing_keys().key("cursors", SealingKey::new([2; 32])).await.unwrap(), sealing);
    for number in 0..250 {
        let state = renewed.sessions().state(&format!("session {number}"), 1).await.unwrap();
        assert_eq!(state.as_deref(), Some("its state"), "{number}");
    }
    assert!(opened(StoreKeys::of(key(7))).await.is_err());
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_store_of_the_next_release_is_used_unless_it_says_that_this_one_may_not() {
    let place = place();
    granted(&opened(&place).await, "g", "1").await;
    let versions = format!("{}versions", base(&place));
    assert_eq!(ask::<Vec<String>>(&place, &["HMGET", &versions, "version", "min_version"]), ["1", "1"]);
    let newer = async |version: &str, min_version: &str| {
        let () = ask(&place, &["HSET", &versions, "version", version, "min_version", min_version]);
        opened_with(&place, StoreKeys::of(key(7))).await
    };
    assert!(newer("2", "1").await.unwrap().grants().find("g", 1).await.unwrap().is_some());
    assert_eq!(
        ask::<String>(&place, &["HGET", &versions, "version"]),
        "2",
        "it stays as the newer one set it"
    );
    let refused = newer("9", "9").await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { min_version: 9, .. }), "{refused}");
    assert_eq!(ask::<String>(&place, &["HGET", &versions, "version"]), "9");
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

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn what_has_ended_is_swept_as_new_things_come_and_leaves_nothing() {
    let place = place();
    let store = opened(&place).await;
    for number in 0..200_u64 {
        // Far apart: an entry is swept some minutes after its end, for servers whose clocks are behind.
        let now = number * 100;
        store.spent().spend(SecretHash::of(&number.to_string()), now + 10, now).await.unwrap();
    }
    let left: usize = ask(&place, &["ZCARD", &format!("{}rows", base(&place))]);
    assert!((2..=40).contains(&left), "{left}");
    let rows: Vec<String> = ask(&place, &["KEYS", &format!("{}row:*", base(&place))]);
    assert_eq!(rows.len(), left);
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

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn what_was_acknowledged_is_there_after_its_server_was_killed_and_started_again() {
    let mut server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = opened(&server.url()).await;
    for number in 0..5 {
        granted(&store, &format!("g{number}"), "1").await;
        server.kill();
        store.grants().find("g0", 1).await.unwrap_err();
        server.start_again();
        for before in 0..=number {
            let found = store.grants().find(&format!("g{before}"), 1).await.unwrap();
            assert!(found.is_some(), "{before} of {number}");
        }
    }
}

fn content(body: &str, groups: &[&str]) -> Content {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    Content { body: body.to_owned(), sealed: None, groups, rank: 1, forget_at: 50 }
}

fn write(id: &str, before: Before, after: Option<Content>) -> Write {
    Write { key: Key::new("things", id), before, after }
}

/// A change of every kind of write: to one row that is there, one that is new, and one that goes.
fn change(stamp: u64) -> Change {
    let writes = vec![
        write("goes", Before::Any, None),
        write("there", Before::Stamp(1), Some(content("after", &["h"]))),
        write("new", Before::Absent, Some(content("after", &["g", "h"]))),
    ];
    Change { writes, stamp }
}

/// Whether all of [`change`] was done, or nothing of it.
async fn was_done(rows: &RedisRows) -> bool {
    let keys = ["goes", "there", "new"].map(|id| Key::new("things", id)).to_vec();
    let bodies: Vec<_> = rows
        .read(keys)
        .await
        .expect("a step")
        .into_iter()
        .map(|row| row.map(|row| row.content.body))
        .collect();
    let bodies: Vec<_> = bodies.iter().map(Option::as_deref).collect();
    let groups =
        (rows.count("g".into(), 0).await.expect("a step"), rows.count("h".into(), 0).await.expect("a step"));
    let all = rows.page(None, 100).await.expect("a step").rows.len();
    match (&*bodies, groups, all) {
        ([Some("before"), Some("before"), None], (2, 0), 2) => false,
        ([None, Some("after"), Some("after")], (1, 2), 2) => true,
        other => panic!("a change was done by half: {other:?}"),
    }
}

async fn before(rows: &RedisRows) {
    let writes = ["goes", "there"].map(|id| write(id, Before::Absent, Some(content("before", &["g"]))));
    assert!(rows.commit(Change { writes: writes.to_vec(), stamp: 1 }).await.expect("a step"));
}

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

/// A server that says this, whatever it is asked.
fn that_says(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut asked) = (stream.expect("a client"), [0; 4096]);
            while stream.read(&mut asked).is_ok_and(|so_much| so_much > 0) {
                if stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    format!("127.0.0.1:{port}")
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s08_a_password_stands_in_no_error_and_no_debug() {
    let server = Server::with(&["--requirepass", "hunter2"]);
    let with = |password: &str| format!("redis://:{password}@127.0.0.1:{}/", server.port);
    let rows = RedisRows::connect(&with("hunter2")).await.unwrap();
    assert_eq!(
        format!("{rows:?}"),
        format!("RedisRows(redis://127.0.0.1:{}, database 0, {{mcp-auth}})", server.port)
    );
    let repeats = that_says("-ERR unknown command 'AUTH', with args beginning with: 'hunter9'\r\n");
    for (url, why) in [
        (with("hunter9"), "Password authentication failed"),
        (format!("redis://127.0.0.1:{}", server.port), "NOAUTH"),
        (format!("redis://:hunter9@{repeats}"), "database 0 refuses"),
        ("redis://:hunter9@127.0.0.1:1".to_owned(), "redis://127.0.0.1:1, database 0 cannot be reached"),
        ("redis://:hunter9@127.0.0.1:1?a=b".to_owned(), "not a parameter"),
        ("redis://:hunter9@[::/".to_owned(), "does not parse"),
    ] {
        let refused = RedisRows::connect(&url).await.unwrap_err();
        let all = format!("{refused} {refused:?}");
        assert!(!all.contains("hunter9"), "{all}");
        assert!(all.contains(why), "{all}");
    }
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_server_that_is_too_old_or_not_one_is_refused_soon() {
    let old = that_says("$21\r\nredis_version:6.0.16\n\r\n");
    let refused = RedisRows::connect(&format!("redis://{old}")).await.unwrap_err().to_string();
    assert!(refused.contains("Redis 6.0 is too old: a store needs 6.2 or newer"), "{refused}");
    let web = that_says("HTTP/1.1 400 Bad Request\r\n\r\n");
    RedisRows::connect(&format!("redis://{web}")).await.unwrap_err();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let began = Instant::now();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let refused = RedisRows::connect(&url).await.unwrap_err().to_string();
    assert!(refused.contains("did not answer within 5 seconds"), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s07_a_certificate_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    let certified = |name: &str, of: &[&str]| -> (PathBuf, PathBuf) {
        let of: Vec<String> = of.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(of).unwrap();
        let (certificate, key) =
            (directory.path().join(format!("{name}.pem")), directory.path().join(format!("{name}.key")));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    };
    let (ours, key) = certified("ours", &["localhost", "127.0.0.1"]);
    let (others, others_key) = certified("others", &["example.com"]);
    let with = |certificate: &Path, key: &Path| {
        let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
        Server::with(&[
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &certificate,
            "--tls-auth-clients",
            "no",
        ])
    };
    let server = with(&ours, &key);
    let url = |host: &str, file: &Path| format!("rediss://{host}:{}?ca_file={}", server.port, file.display());
    for host in ["localhost", "127.0.0.1"] {
        granted(&opened(&url(host, &ours)).await, host, "1").await;
    }
    let refused = async |url: &str| RedisRows::connect(url).await.unwrap_err().to_string();
    let unknown = refused(&format!("rediss://localhost:{}", server.port)).await;
    assert!(unknown.contains("certificate") || unknown.contains("trusts no authority"), "{unknown}");
    let unknown = refused(&url("localhost", &others)).await;
    assert!(unknown.contains("certificate"), "{unknown}");
    let unknown = refused(&url("localhost", &key)).await;
    assert!(unknown.contains("no certificate in PEM"), "{unknown}");
    let unknown = refused(&url("localhost", Path::new("/nowhere/at/all"))).await;
    assert!(unknown.contains("ca_file cannot be used"), "{unknown}");
    // Its own certificate, and the name of another host.
    let server = with(&others, &others_key);
    let unknown = refused(&format!("rediss://localhost:{}?ca_file={}", server.port, others.display())).await;
    assert!(unknown.contains("certificate not valid for name"), "{unknown}");
    // A server without TLS.
    let plain = refused(&format!("rediss://{}?ca_file={}", address(), ours.display())).await;
    assert!(plain.contains("cannot be reached") || plain.contains("did not answer"), "{plain}");
}

#[cfg(unix)]
#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_store_is_reached_by_a_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("redis.sock").display().to_string();
    let _server = Server::with(&["--unixsocket", &socket, "--requirepass", "secret"]);
    let store = opened(&format!("unix://{socket}?pass=secret&db=3")).await;
    granted(&store, "g", "1").await;
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn a_cluster_keeps_a_store_in_one_of_its_slots() {
    let server = Server::with(&["--cluster-enabled", "yes"]);
    let slots: Vec<String> = (0..16384).map(|slot| slot.to_string()).collect();
    let all: Vec<&str> =
        ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(|slot| &**slot)).collect();
    let () = ask(&server.url(), &all);
    for _ in 0..100 {
        let state: String = ask(&server.url(), &["CLUSTER", "INFO"]);
        if state.contains("cluster_state:ok") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let store = opened(&server.url()).await;
    granted(&store, "g", "1").await;
    let rows = RedisRows::connect(&server.url()).await.unwrap();
    before(&rows).await;
    assert!(rows.commit(change(2)).await.unwrap());
    assert_eq!(rows.first_of("h".into(), 10).await.unwrap().len(), 2);
    assert!(rows.sweep(100, 100).await.unwrap() >= 2);
    let mut slots = std::collections::BTreeSet::new();
    for key in ask::<Vec<String>>(&server.url(), &["KEYS", "*"]) {
        slots.insert(ask::<i64>(&server.url(), &["CLUSTER", "KEYSLOT", &key]));
    }
    assert_eq!(slots.len(), 1);
}

/// The variable that makes a process the one that is killed: it says where the store is.
const CHILD: &str = "STORE_OF_CHILD";

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn s04_a_killed_process_loses_nothing_that_it_acknowledged_and_lets_nothing_be_spent_twice() {
    for round in 0..10_u64 {
        let place = place();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_rotates_until_it_is_killed", "--ignored", "--nocapture"])
            .env(CHILD, &place)
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

        let store = opened(&place).await;
        let found = store.grants().find("g", 1).await.unwrap().expect("the grant was acknowledged");
        // Some steps more may have been done whose acknowledgements were not read.
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
    let Ok(place) = std::env::var(CHILD) else { return };
    let store = opened(&place).await;
    granted(&store, "g", "0").await;
    for number in 1_u64.. {
        assert!(store.spent().spend(SecretHash::of(&format!("proof {number}")), 100, 0).await.unwrap());
        let (presented, next) =
            (SecretHash::of(&(number - 1).to_string()), SecretText::new(number.to_string()));
        let rotate = Rotate { presented, next, expires_at: u64::MAX, grace: 0 };
        assert_eq!(store.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
        println!("rotated {number}");
        std::io::stdout().flush().unwrap();
    }
}

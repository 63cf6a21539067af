//! The file of the SQLite backend: what lasts, who may read it, what stands in it, and who may use it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_store::durable::{Before, Change, Content, Key, MOST, Rows as _, Write};
use mcp_auth_store::suite::records::{
    CONNECTION, SECRETS_OF_UPSTREAM_GRANT, client, code, granted, lasting_grant, upstream_grant,
};
use mcp_auth_store::{
    Confirmation, Durable, KnownRevocations, OpenError, Redemption, Revocable, Revoked, RingKey, Rotate,
    Rotation, SealingKey, SecretHash, SigningRing, SqliteRows, Store, StoreKey, StoreKeys,
};

fn key(byte: u8) -> StoreKey {
    StoreKey::new([byte; 32]).expect("a key")
}

async fn opened_with(path: &Path, keys: StoreKeys) -> Result<Store, OpenError> {
    let rows = Arc::new(SqliteRows::open(path)?);
    Durable::open(rows, keys, Arc::new(SystemRandom), 0).await.map(Store::new)
}

async fn opened(path: &Path) -> Store {
    opened_with(path, StoreKeys::of(key(7))).await.expect("a store")
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("store.sqlite");
    (directory, file)
}

#[tokio::test]
async fn what_was_done_is_there_after_a_restart() {
    let (_directory, file) = place();
    let before = opened(&file).await;
    assert!(before.lasts());
    before.clients().register(client("app"), None, 0).await.unwrap();
    granted(&before, "g", "1").await;
    let sealing = before.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.unwrap();
    before.sessions().keep("session", "its state".to_owned(), 100, 0).await.unwrap();
    assert!(before.sessions().bind("session", "ann", None, 0).await.unwrap());
    assert!(before.spent().spend(SecretHash::of("proof"), 100, 0).await.unwrap());
    drop(before);

    let after = opened(&file).await;
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
async fn s03_of_a_hundred_uses_at_once_by_two_processes_one_is_the_first() {
    let (_directory, file) = place();
    let stores = [opened(&file).await, opened(&file).await];
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
async fn s01_nothing_that_must_not_be_read_stands_in_the_file() {
    let (directory, file) = place();
    let store = opened(&file).await;
    store.sealing_keys().key("cursors", SealingKey::new(*b"thirty-two bytes of a sealing ke")).await.unwrap();
    let signing = RingKey { private: b"half of a signing key".to_vec(), made_at: 0, signs_from: 0 };
    store.signing_keys().ring_or(SigningRing::of(signing), 0).await.unwrap();
    store.sessions().keep("the-id-of-a-session", "the state of it".to_owned(), 100, 0).await.unwrap();
    let waiting = Confirmation {
        subject: "alice".to_owned(),
        client_id: None,
        connects: None,
        tool: "pay".to_owned(),
        arguments: "arguments of a call".to_owned(),
        expires_at: 100,
    };
    store.confirmations().ask(SecretHash::of("the secret of a page"), waiting, 0).await.unwrap();
    granted(&store, "g", "a refresh token").await;
    store.upstream_grants().keep(CONNECTION, upstream_grant(), 100, 0).await.unwrap();
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        all.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let holds = |text: &str| all.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("alice") && holds("cursors"), "this looks into the right files");
    let others = [
        "thirty-two bytes of a sealing",
        "half of a signing key",
        "aGFsZiBvZiBhIHNpZ25pbmcga2V5",
        "the-id-of-a-session",
        "the state of it",
        "arguments of a call",
        "the secret of a page",
        "a refresh token",
        "code of g",
    ];
    for secret in others.into_iter().chain(SECRETS_OF_UPSTREAM_GRANT) {
        assert!(!holds(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_file_is_read_with_the_key_it_was_written_with_or_with_one_that_came_after_it() {
    let (_directory, file) = place();
    let sealing = opened(&file).await.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.unwrap();
    let ask = async |keys| {
        opened_with(&file, keys).await.unwrap().sealing_keys().key("cursors", SealingKey::new([2; 32])).await
    };
    let refused = opened_with(&file, StoreKeys::of(key(8))).await.unwrap_err();
    assert!(matches!(refused, OpenError::Key), "{refused}");
    assert_eq!(ask(StoreKeys::of(key(8)).after(vec![key(7)])).await.unwrap(), sealing);
    // From then on they are encrypted with the newer one.
    assert_eq!(ask(StoreKeys::of(key(8))).await.unwrap(), sealing);
    assert!(opened_with(&file, StoreKeys::of(key(7))).await.is_err());
}

#[tokio::test]
async fn the_key_of_a_store_that_holds_nothing_yet_is_tried_too() {
    let (_directory, file) = place();
    drop(opened(&file).await);
    assert!(matches!(opened_with(&file, StoreKeys::of(key(8))).await, Err(OpenError::Key)));
    drop(opened(&file).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_open_a_new_file_at_once_all_get_it() {
    for _ in 0..20 {
        let (_directory, file) = place();
        let all = (0..8).map(|_| {
            let file = file.clone();
            tokio::spawn(async move { opened_with(&file, StoreKeys::of(key(7))).await.map(drop) })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap().unwrap();
        }
    }
}

/// Closing a file gives up what its process has locked of it, so a second store in one process must not weaken the first.
#[tokio::test]
async fn what_a_process_with_two_stores_on_one_file_writes_is_there_for_others() {
    let (_directory, file) = place();
    let (first, _second) = (opened(&file).await, opened(&file).await);
    granted(&first, "g", "1").await;
    let other = || {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_rotates_once", "--ignored", "--nocapture"])
            .env(CHILD, &file)
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    };
    other();
    granted(&first, "after", "1").await;
    assert!(first.spent().spend(SecretHash::of("proof"), 100, 0).await.unwrap());
    other();
    let found = opened(&file).await.grants().find("g", 1).await.unwrap().unwrap();
    assert_eq!(found.current, SecretHash::of("3"));
    assert!(first.grants().find("after", 1).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "the child of the test above"]
async fn child_that_rotates_once() {
    let Some(file) = std::env::var_os(CHILD) else { return };
    let store = opened(Path::new(&file)).await;
    let current = store.grants().find("g", 1).await.unwrap().unwrap().current;
    let number = if current == SecretHash::of("1") { 2 } else { 3 };
    if number == 3 {
        assert!(store.grants().find("after", 1).await.unwrap().is_some(), "what the other wrote is here");
        assert!(!store.spent().spend(SecretHash::of("proof"), 100, 0).await.unwrap(), "and was used up");
    }
    let rotate = Rotate {
        presented: current,
        next: SecretText::new(number.to_string()),
        expires_at: u64::MAX,
        grace: 0,
        client_key: None,
        dpop_jkt: None,
    };
    assert_eq!(store.grants().rotate("g", rotate, 1).await.unwrap(), Rotation::Rotated);
}

#[cfg(unix)]
#[tokio::test]
async fn s09_a_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (directory, file) = place();
    let store = opened(&file).await;
    granted(&store, "g", "1").await;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
    for beside in ["", "-wal"] {
        let name = format!("{}{beside}", file.display());
        std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = opened_with(&file, StoreKeys::of(key(7))).await.unwrap_err().to_string();
        assert!(refused.contains(&format!("run: chmod 600 {name}")), "{refused}");
        std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    drop(store);
    // A path that only looks like more.
    let odd = directory.path().join("file:x?mode=memory");
    granted(&opened(&odd).await, "g", "1").await;
    assert!(opened(&odd).await.grants().find("g", 1).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_of_the_next_release_is_used_unless_it_says_that_this_one_may_not() {
    let (_directory, file) = place();
    granted(&opened(&file).await, "g", "1").await;
    let newer = async |version: i64, min_version: i64| {
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection
            .execute("UPDATE versions SET version = ?1, min_version = ?2", [version, min_version])
            .unwrap();
        opened_with(&file, StoreKeys::of(key(7))).await
    };
    let next = newer(2, 1).await.unwrap();
    assert!(next.grants().find("g", 1).await.unwrap().is_some());
    drop(next);
    let refused = newer(9, 9).await.unwrap_err().to_string();
    assert!(refused.contains("a newer mcp-auth changed this store"), "{refused}");
    for (wrong, why) in [
        (PathBuf::from("/nowhere/at/all"), "cannot open the store"),
        (file.with_file_name("text"), "file is not a database"),
    ] {
        if wrong.starts_with(file.parent().unwrap()) {
            std::fs::write(
                &wrong,
                "this is not a database, and it is long enough to be read as one".repeat(20),
            )
            .unwrap();
            #[cfg(unix)]
            std::fs::set_permissions(&wrong, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
        let refused = opened_with(&wrong, StoreKeys::of(key(7))).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

#[tokio::test]
async fn what_has_ended_is_swept_as_new_things_come() {
    let (_directory, file) = place();
    let store = opened(&file).await;
    for number in 0..200_u64 {
        // Far apart: an entry is swept some minutes after its end, for servers whose clocks are behind.
        let now = number * 100;
        store.spent().spend(SecretHash::of(&number.to_string()), now + 10, now).await.unwrap();
    }
    let connection = rusqlite::Connection::open(&file).unwrap();
    let left: i64 =
        connection.query_row("SELECT count(*) FROM rows WHERE kind = 'spent'", [], |row| row.get(0)).unwrap();
    assert!((1..=40).contains(&left), "{left}");
}

#[tokio::test]
async fn one_owner_has_a_thousand_sessions_and_a_new_one_takes_the_place_of_the_one_that_ends_first() {
    let (_directory, file) = place();
    let store = opened(&file).await;
    for number in 0..1000_u64 {
        let id = format!("session {number}");
        store.sessions().keep(&id, "its state".to_owned(), 1000 + number, 0).await.unwrap();
        assert!(store.sessions().bind(&id, "ann", None, 0).await.unwrap());
    }
    store.sessions().keep("new", "its state".to_owned(), 5000, 0).await.unwrap();
    store.sessions().keep("another's", "its state".to_owned(), 5000, 0).await.unwrap();
    assert!(store.sessions().bind("another's", "bob", None, 0).await.unwrap());
    assert!(store.sessions().bind("new", "ann", None, 0).await.unwrap());
    for (session, owner, is_there) in [
        ("session 0", "ann", false),
        ("session 1", "ann", true),
        ("new", "ann", true),
        ("another's", "bob", true),
    ] {
        assert_eq!(store.sessions().enter(session, owner, 6000, 0).await.unwrap(), is_there, "{session}");
    }
}

#[tokio::test]
async fn a_state_that_is_too_long_is_refused() {
    let (_directory, file) = place();
    let store = opened(&file).await;
    store.sessions().keep("long", "x".repeat(64 * 1024), 5000, 0).await.unwrap();
    assert!(store.sessions().keep("longer", "x".repeat(64 * 1024 + 1), 5000, 0).await.is_err());
    assert_eq!(store.sessions().state("longer", 0).await.unwrap(), None);
}

#[tokio::test]
async fn ten_thousand_clients_that_nobody_allowed_anything_make_room_for_one_more_by_the_oldest() {
    let (_directory, file) = place();
    let store = opened(&file).await;
    store.clients().register(client("app"), None, 0).await.unwrap();
    granted(&store, "g", "1").await;
    let rows = SqliteRows::open(&file).unwrap();
    let flood = (0..10_000_u64).map(|number| Write {
        key: Key::new("clients", format!("flood {number}")),
        before: Before::Absent,
        after: Some(Content {
            body: serde_json::to_string(&client(&format!("flood {number}"))).unwrap(),
            sealed: None,
            groups: vec!["clients, unused".to_owned()],
            rank: 100 + number,
            forget_at: MOST,
        }),
    });
    assert!(rows.commit(Change { writes: flood.collect(), stamp: 1 }).await.unwrap());
    store.clients().register(client("new"), None, 20_000).await.unwrap();
    for (id, is_there) in [("app", true), ("flood 0", false), ("flood 1", true), ("new", true)] {
        assert_eq!(store.clients().find(id, 20_000).await.unwrap().is_some(), is_there, "{id}");
    }
}

#[tokio::test]
async fn of_more_steps_than_may_wait_the_last_ones_are_refused_and_the_others_done() {
    let (_directory, file) = place();
    let store = opened(&file).await;
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let steps = (0..1500).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            match number {
                0 => store.spent().spend(SecretHash::of("first"), 100, 0).await,
                _ => store.grants().find("g", 1).await.map(|grant| grant.is_none()),
            }
        })
    });
    let steps: Vec<_> = steps.collect();
    // The runtime looks at this test again after some sixty tasks, and all of them are to be there before the file is free.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    other.execute_batch("COMMIT").unwrap();
    let (mut done, mut refused) = (0, 0);
    for step in steps {
        match step.await.unwrap() {
            Ok(is_so) => done += usize::from(is_so),
            Err(error) => {
                assert!(error.cause().to_string().contains("too many steps wait"), "{}", error.cause());
                refused += 1;
            }
        }
    }
    assert!(done >= 1024 && refused > 0 && done + refused == 1500, "{done} {refused}");
}

/// The variable that makes a process the one that is killed: it says where the file is.
const CHILD: &str = "STORE_OF_CHILD";

#[tokio::test]
async fn s04_a_killed_process_loses_nothing_that_it_acknowledged_and_lets_nothing_be_spent_twice() {
    for round in 0..10_u64 {
        let (_directory, file) = place();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_rotates_until_it_is_killed", "--ignored", "--nocapture"])
            .env(CHILD, &file)
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

        let store = opened(&file).await;
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
    let Some(file) = std::env::var_os(CHILD) else { return };
    let store = opened(Path::new(&file)).await;
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

#[tokio::test]
async fn what_one_process_revoked_another_one_reads() {
    let (_directory, file) = place();
    let (one, other) = (opened(&file).await, opened(&file).await);
    let token = Revocable {
        grant_id: None,
        jti: Some("j"),
        subject: "ann",
        client_id: None,
        iat: 50,
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: false,
    };
    one.revocations().revoke(Revoked::Token("j".to_owned()), 100).await.unwrap();
    assert!(one.revocations().board().holds(token) && !other.revocations().board().holds(token));
    assert!(other.revocations().is_revoked(token).await.unwrap(), "who asks the store hears it at once");
    other.revocations().refresh(100).await.unwrap();
    assert!(other.revocations().board().holds(token));
}

fn token<'a>(name: &'a str, subject: &'a str, iat: u64) -> Revocable<'a> {
    Revocable {
        grant_id: Some(name),
        jti: None,
        subject,
        client_id: None,
        granted_to: None,
        iat,
        known: KnownRevocations::default(),
        has_login: false,
    }
}

/// A person can let many clients in and end the access of each.
#[tokio::test]
async fn the_clients_that_one_person_ends_are_a_bounded_number_of_revocations() {
    let (_directory, file) = place();
    let rows = Arc::new(SqliteRows::open(&file).unwrap());
    let durable =
        Durable::open(rows.clone(), StoreKeys::of(key(7)), Arc::new(SystemRandom), 0).await.unwrap();
    let store = Store::new(durable);
    let names: Vec<String> = (0..110).map(|n| format!("app {n}")).collect();
    for name in &names {
        store.clients().register(client(name), None, 0).await.unwrap();
        store.codes().issue(SecretHash::of(name), code(name, "todos.read"), 0).await.unwrap();
        store.consents().end_client_of_person("alice", name, 1).await.unwrap();
    }
    let known = rows.count("revocations".to_owned(), 0).await.unwrap();
    assert!((100..=102).contains(&known), "{known}");
}

/// Every server has to know each entry, and knows 100 000: without a bound two dozen people would fill that, and nobody's tokens would be
/// good any more.
#[tokio::test]
async fn grants_of_one_person_are_a_bounded_number_of_revocations_in_whatever_way_they_die() {
    const GRANTS: usize = 110;
    for way in ["revoked", "reused", "replayed", "with their person", "with their client", "never kept"] {
        let (_directory, file) = place();
        let rows = Arc::new(SqliteRows::open(&file).unwrap());
        let durable =
            Durable::open(rows.clone(), StoreKeys::of(key(7)), Arc::new(SystemRandom), 0).await.unwrap();
        let store = Store::new(durable);
        store.clients().register(client("app"), None, 0).await.unwrap();
        let each: Vec<String> = (0..GRANTS).map(|n| n.to_string()).collect();
        for id in each.iter().filter(|_| way != "never kept") {
            granted(&store, id, "1").await;
        }
        for id in &each {
            match way {
                "revoked" | "never kept" => store.grants().revoke("alice", id, 1).await.unwrap(),
                "reused" => {
                    let rotate = Rotate {
                        presented: SecretHash::of("an old one"),
                        next: SecretText::new("2"),
                        expires_at: 2000,
                        grace: 0,
                        client_key: None,
                        dpop_jkt: None,
                    };
                    assert_eq!(store.grants().rotate(id, rotate, 1).await.unwrap(), Rotation::Reused);
                }
                "replayed" => {
                    let hash = SecretHash::of(&format!("code of {id}"));
                    let again = store.codes().redeem(hash, "x", None, 1).await.unwrap();
                    assert_eq!(again, Redemption::Replayed);
                }
                "with their person" => store.grants().end_of_person("alice", 1).await.unwrap(),
                _ => store.clients().remove("app", 1).await.unwrap(),
            }
        }
        let known = rows.count("revocations".to_owned(), 0).await.unwrap();
        // All that a client has is one entry.
        let (fewest, client_id) = if way == "with their client" { (1, Some("app")) } else { (100, None) };
        assert!((fewest..=fewest + 2).contains(&known), "{way}: {known}");
        for id in &each {
            assert!(store.grants().find(id, 1).await.unwrap().is_none(), "{way} {id}");
            let name = mcp_auth_store::grant_name(id);
            let token = Revocable { client_id, ..token(&name, "alice", 1) };
            assert!(store.revocations().board().holds(token), "{way} {id}");
            assert!(store.revocations().is_revoked(token).await.unwrap(), "{way} {id}");
        }
        for (subject, iat) in [("bob", 1), ("alice", 99)] {
            let other = token("another", subject, iat);
            assert!(!store.revocations().is_revoked(other).await.unwrap(), "{way} {subject}");
        }
    }
}

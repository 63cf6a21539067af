//! A file that cannot grow, as on a disk that is full: SQLite says so by itself, whatever takes the room.

use std::path::Path;
use std::sync::Arc;

use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::SystemRandom;

use super::SqliteRows;
use crate::durable::{Before, Change, Content, Key, Rows as _, Write};
use crate::suite::records::granted;
use crate::{
    Durable, KnownRevocations, Revocable, Revoked, Rotate, Rotation, SecretHash, Store, StoreKey, StoreKeys,
};

/// More pages than any file of these tests has.
const ROOM: u32 = 1 << 30;

/// From now on the file grows to so many pages at most, or not at all if it is larger already.
async fn grows_to(rows: &SqliteRows, pages: u32) {
    let set = rows.thread.read(move |step| {
        step.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
    });
    set.await.unwrap();
}

async fn opened(path: &Path) -> (Arc<SqliteRows>, Store) {
    let rows = Arc::new(SqliteRows::open(path).unwrap());
    let keys = StoreKeys::of(StoreKey::new([7; 32]).unwrap());
    let store = Durable::open(rows.clone(), keys, Arc::new(SystemRandom), 0).await.unwrap();
    (rows, Store::new(store))
}

/// Keeps states of 32 KiB until one does not fit; their identifiers, and that of the one that was refused last.
async fn fill(store: &Store) -> (Vec<String>, String) {
    let mut kept = Vec::new();
    for number in 0..1000 {
        let id = format!("session {number}");
        match store.sessions().keep(&id, "x".repeat(32 * 1024), 1000, 0).await {
            Ok(()) => kept.push(id),
            Err(error) => {
                assert!(error.cause().to_string().contains("full"), "{}", error.cause());
                return (kept, id);
            }
        }
    }
    panic!("the file takes everything");
}

fn rotate(from: &str, to: &str) -> Rotate {
    Rotate {
        presented: SecretHash::of(from),
        next: SecretText::new(to),
        expires_at: 2000,
        grace: 0,
        client_key: None,
        dpop_jkt: None,
    }
}

#[tokio::test]
async fn c15_a_full_disk_refuses_what_does_not_fit_keeps_what_was_acknowledged_and_is_written_again_by_itself()
 {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let (rows, store) = opened(&path).await;
    granted(&store, "g", "1").await;
    grows_to(&rows, 200).await;
    let (kept, refused) = fill(&store).await;
    assert!(!kept.is_empty());
    // What is there is read, and nothing is half there.
    for id in &kept {
        assert!(store.sessions().state(id, 0).await.unwrap().is_some(), "{id}");
    }
    assert_eq!(store.sessions().state(&refused, 0).await.unwrap(), None);
    // Many at once are refused like one, and each later step is done or refused as a whole.
    let many = (0..20).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            store.sessions().keep(&format!("one of many {number}"), "x".repeat(32 * 1024), 1000, 0).await
        })
    });
    for (number, one) in many.collect::<Vec<_>>().into_iter().enumerate() {
        let was_kept = one.await.unwrap().is_ok();
        let id = format!("one of many {number}");
        assert_eq!(store.sessions().state(&id, 0).await.unwrap().is_some(), was_kept, "{id}");
    }

    grows_to(&rows, ROOM).await;
    store.sessions().keep(&refused, "its state".to_owned(), 1000, 0).await.unwrap();
    assert_eq!(store.grants().rotate("g", rotate("1", "2"), 1).await.unwrap(), Rotation::Rotated);
    drop((rows, store));
    let (_, after) = opened(&path).await;
    for id in kept.iter().chain([&refused]) {
        assert!(after.sessions().state(id, 0).await.unwrap().is_some(), "{id} is lost");
    }
    assert_eq!(after.grants().rotate("g", rotate("1", "3"), 1).await.unwrap(), Rotation::Reused);
}

/// Rows that are over are removed as revocations are read. That is a write too, and must not keep them from being read.
#[tokio::test]
async fn c15_what_was_revoked_is_read_from_a_full_disk_also_where_something_could_be_swept() {
    let directory = tempfile::tempdir().unwrap();
    let (rows, store) = opened(&directory.path().join("store")).await;
    let over = (0..200).map(|number| Write {
        key: Key::new("spent", number.to_string()),
        before: Before::Absent,
        after: Some(Content {
            body: "{}".to_owned(),
            sealed: None,
            groups: vec!["over".to_owned()],
            rank: 10,
            forget_at: 10,
        }),
    });
    assert!(rows.commit(Change { writes: over.collect(), stamp: 1 }).await.unwrap());
    store.revocations().revoke(Revoked::Token("j".to_owned()), 5000).await.unwrap();

    // No write is taken at all: SQLite refuses each, as for a file that became read-only.
    let set = |on: bool| rows.thread.read(move |step| step.pragma_update(None, "query_only", on));
    set(true).await.unwrap();
    store.spent().spend(SecretHash::of("proof"), 9000, 5000).await.unwrap_err();
    store.revocations().revoke(Revoked::Token("k".to_owned()), 5000).await.unwrap_err();
    rows.sweep(5000, 100).await.unwrap_err();
    let token = |jti| Revocable {
        grant_id: None,
        jti: Some(jti),
        subject: "ann",
        client_id: None,
        iat: 4000,
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: true,
    };
    store.revocations().refresh(5001).await.unwrap();
    let board = store.revocations().board();
    assert_eq!(board.read_at(), Some(5001));
    assert!(board.holds(token("j")) && !board.holds(token("k")), "what was not acknowledged is not there");

    set(false).await.unwrap();
    assert!(store.spent().spend(SecretHash::of("proof"), 9000, 5000).await.unwrap());
    store.revocations().revoke(Revoked::Token("k".to_owned()), 5000).await.unwrap();
    assert!(store.revocations().board().holds(token("k")));
}

//! The store of one test: in memory, or in a SQLite file whose directory is gone with the store.

use std::sync::Arc;

use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_store::durable::{Change, Key, Page, Row, Rows};
use mcp_auth_store::{
    Caps, Durable, MemoryStore, Outage, SqliteRows, Store, StoreFuture, StoreKey, StoreKeys,
};

use crate::ON_SQLITE;
use crate::harness::START;

/// A new and empty store.
pub(crate) fn fresh_store() -> Store {
    match ON_SQLITE {
        true => Store::new(in_a_file()),
        false => Store::memory(Caps::default()),
    }
}

/// The same, which can be taken down. It says that it lasts, also in memory.
pub(crate) fn fresh_outage() -> Outage {
    match ON_SQLITE {
        true => Outage::of(in_a_file()),
        false => Outage::of(MemoryStore::new(Caps::default())),
    }
}

fn in_a_file() -> Durable {
    let directory = tempfile::tempdir().unwrap();
    let rows = SqliteRows::open(&directory.path().join("store")).unwrap();
    let rows = Arc::new(FileOfATest { rows, _directory: directory });
    let keys = StoreKeys::of(StoreKey::new([7; 32]).unwrap());
    // Tests make their issuers outside of any future, and a runtime does not wait inside of another one.
    let open = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(Durable::open(rows, keys, Arc::new(SystemRandom), START))
    };
    std::thread::spawn(open).join().unwrap().unwrap()
}

/// Rows in a file of a directory that is removed once nobody uses them any more.
struct FileOfATest {
    // Closed before its directory is removed: fields are dropped in their order.
    rows: SqliteRows,
    _directory: tempfile::TempDir,
}

impl Rows for FileOfATest {
    fn read(&self, keys: Vec<Key>) -> StoreFuture<'_, Vec<Option<Row>>> {
        self.rows.read(keys)
    }

    fn commit(&self, change: Change) -> StoreFuture<'_, bool> {
        self.rows.commit(change)
    }

    fn first_of(&self, group: String, most: usize) -> StoreFuture<'_, Vec<Row>> {
        self.rows.first_of(group, most)
    }

    fn count(&self, group: String, from: u64) -> StoreFuture<'_, u64> {
        self.rows.count(group, from)
    }

    fn sweep(&self, now: u64, most: usize) -> StoreFuture<'_, usize> {
        self.rows.sweep(now, most)
    }

    fn page(&self, from: Option<String>, most: usize) -> StoreFuture<'_, Page> {
        self.rows.page(from, most)
    }

    fn place(&self) -> String {
        self.rows.place()
    }
}

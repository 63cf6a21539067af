{%- if sqlite -%}
//! Notes in one SQLite file. Every statement names the owner, so no caller reaches another's notes.

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use schemars::JsonSchema;
use serde::Serialize;

/// How many notes one owner may keep.
const MAX_NOTES: u32 = 1000;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS notes (
        id    INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        text  TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS notes_by_owner ON notes (owner, id);
";

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Note {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub text: String,
}

impl Note {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get::<_, i64>("id")?.unsigned_abs(),
            text: row.get("text")?,
        })
    }
}

/// None of these is the caller's doing: the log says which it was, the caller reads "internal error".
type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The database. Clones share one connection.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// The database at `path`. Several processes may open it: a writer waits up to five seconds for its turn.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// The owner's notes, oldest first.
    pub async fn list(&self, owner: String) -> Result<Vec<Note>> {
        self.run(move |db| {
            db.prepare_cached("SELECT * FROM notes WHERE owner = ?1 ORDER BY id")?
                .query_map([owner], Note::from_row)?
                .collect()
        })
        .await
    }

    /// One of the owner's notes.
    pub async fn find(&self, owner: String, id: u64) -> Result<Option<Note>> {
        self.run(move |db| {
            db.prepare_cached("SELECT * FROM notes WHERE owner = ?1 AND id = ?2")?
                .query_row(params![owner, key(id)], Note::from_row)
                .optional()
        })
        .await
    }

    /// Adds a note; `None` when the owner already keeps as many as one may.
    pub async fn add(&self, owner: String, text: String) -> Result<Option<Note>> {
        self.run(move |db| {
            db.prepare_cached(
                "INSERT INTO notes (owner, text) SELECT ?1, ?2
                 WHERE (SELECT count(*) FROM notes WHERE owner = ?1) < ?3 RETURNING *",
            )?
            .query_row(params![owner, text, MAX_NOTES], Note::from_row)
            .optional()
        })
        .await
    }

    /// Deletes one of the owner's notes, and answers what it was.
    pub async fn delete(&self, owner: String, id: u64) -> Result<Option<Note>> {
        self.run(move |db| {
            db.prepare_cached("DELETE FROM notes WHERE owner = ?1 AND id = ?2 RETURNING *")?
                .query_row(params![owner, key(id)], Note::from_row)
                .optional()
        })
        .await
    }

    /// Runs `work` on a thread that may block: SQLite reads and writes a file.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let connection = Arc::clone(&self.connection);
        let task = tokio::task::spawn_blocking(move || {
            // Each statement is its own transaction, so a panic elsewhere leaves nothing half done.
            work(&connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        Ok(task.await??)
    }
}

/// SQLite counts up to `i64::MAX`; no note has a number beyond.
fn key(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        Store::open(Path::new(":memory:")).unwrap()
    }

    async fn add(store: &Store, owner: &str, text: &str) -> Note {
        let added = store.add(owner.to_owned(), text.to_owned()).await;
        added.unwrap().unwrap()
    }

    #[tokio::test]
    async fn an_owner_lists_finds_and_deletes_their_own() {
        let store = store();
        let milk = add(&store, "alice", "milk").await;
        let bread = add(&store, "alice", "bread").await;
        let listed = store.list("alice".into()).await.unwrap();
        assert_eq!(listed, [milk.clone(), bread.clone()]);
        let found = store.find("alice".into(), milk.id).await.unwrap();
        assert_eq!(found, Some(milk.clone()));
        let deleted = store.delete("alice".into(), milk.id).await.unwrap();
        assert_eq!(deleted, Some(milk));
        assert_eq!(store.list("alice".into()).await.unwrap(), [bread]);
    }

    #[tokio::test]
    async fn no_owner_lists_finds_or_deletes_anothers() {
        let store = store();
        let milk = add(&store, "alice", "milk").await;
        assert_eq!(store.list("bob".into()).await.unwrap(), []);
        assert_eq!(store.find("bob".into(), milk.id).await.unwrap(), None);
        assert_eq!(store.delete("bob".into(), milk.id).await.unwrap(), None);
        assert_eq!(store.list("alice".into()).await.unwrap(), [milk]);
    }

    #[tokio::test]
    async fn an_owner_who_keeps_as_many_as_one_may_gets_no_more() {
        let store = store();
        for number in 0..MAX_NOTES {
            add(&store, "alice", &number.to_string()).await;
        }
        let refused = store.add("alice".into(), "one more".into()).await.unwrap();
        assert_eq!(refused, None);
        add(&store, "bob", "milk").await;
    }
}
{%- else -%}
//! Notes in memory, gone when the server stops. Each owner has separate ones, so no caller reaches another's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;

/// How many notes one owner may keep.
const MAX_NOTES: usize = 1000;

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Note {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub text: String,
}

/// The notes. Clones share them.
#[derive(Clone, Default)]
pub struct Store {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// The number of the last note of any owner.
    last: u64,
    /// By owner, then by number.
    notes: BTreeMap<String, BTreeMap<u64, Note>>,
}

impl Store {
    /// The owner's notes, oldest first.
    pub fn list(&self, owner: String) -> Vec<Note> {
        let kept = self.kept();
        let notes = kept.notes.get(&owner).into_iter();
        notes.flat_map(BTreeMap::values).cloned().collect()
    }

    /// One of the owner's notes.
    pub fn find(&self, owner: String, id: u64) -> Option<Note> {
        self.kept().notes.get(&owner)?.get(&id).cloned()
    }

    /// Adds a note; `None` when the owner already keeps as many as one may.
    pub fn add(&self, owner: String, text: String) -> Option<Note> {
        let mut kept = self.kept();
        let id = kept.last + 1;
        let notes = kept.notes.entry(owner).or_default();
        if notes.len() >= MAX_NOTES {
            return None;
        }
        let note = Note { id, text };
        notes.insert(id, note.clone());
        kept.last = id;
        Some(note)
    }

    /// Deletes one of the owner's notes, and answers what it was.
    pub fn delete(&self, owner: String, id: u64) -> Option<Note> {
        self.kept().notes.get_mut(&owner)?.remove(&id)
    }

    /// Nothing is half done between two statements, so a panic elsewhere leaves nothing to mend.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(store: &Store, owner: &str, text: &str) -> Note {
        store.add(owner.to_owned(), text.to_owned()).unwrap()
    }

    #[test]
    fn an_owner_lists_finds_and_deletes_their_own() {
        let store = Store::default();
        let milk = add(&store, "alice", "milk");
        let bread = add(&store, "alice", "bread");
        assert_eq!(store.list("alice".into()), [milk.clone(), bread.clone()]);
        assert_eq!(store.find("alice".into(), milk.id), Some(milk.clone()));
        assert_eq!(store.delete("alice".into(), milk.id), Some(milk));
        assert_eq!(store.list("alice".into()), [bread]);
    }

    #[test]
    fn no_owner_lists_finds_or_deletes_anothers() {
        let store = Store::default();
        let milk = add(&store, "alice", "milk");
        assert_eq!(store.list("bob".into()), []);
        assert_eq!(store.find("bob".into(), milk.id), None);
        assert_eq!(store.delete("bob".into(), milk.id), None);
        assert_eq!(store.list("alice".into()), [milk]);
    }

    #[test]
    fn an_owner_who_keeps_as_many_as_one_may_gets_no_more() {
        let store = Store::default();
        for number in 0..MAX_NOTES {
            add(&store, "alice", &number.to_string());
        }
        assert_eq!(store.add("alice".into(), "one more".into()), None);
        add(&store, "bob", "milk");
    }
}
{%- endif %}

//! Todos in one SQLite file. Every statement names the owner, so no caller reaches another's rows.

use std::fmt;
use std::num::ParseIntError;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many todos one owner may keep.
const MAX_TODOS: u32 = 1000;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS todos (
        id    INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        title TEXT NOT NULL,
        done  INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS todos_by_owner ON todos (owner, done, id);
";

/// A todo's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct TodoId(i64);

impl FromStr for TodoId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> std::result::Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for TodoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Todo {
    /// Its number.
    pub(crate) id: TodoId,
    /// What there is to do.
    pub(crate) title: String,
    /// Whether it is done.
    pub(crate) done: bool,
}

impl Todo {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: TodoId(row.get("id")?), title: row.get("title")?, done: row.get("done")? })
    }
}

impl fmt::Display for Todo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (todo {})", self.title, self.id)
    }
}

/// What can go wrong here; none of it is the caller's doing.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// The database refused.
    Sqlite(rusqlite::Error),
    /// The blocking task did not come to its end: it panicked, or the server stops.
    Interrupted(tokio::task::JoinError),
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => write!(f, "the todo database failed: {error}"),
            Self::Interrupted(error) => write!(f, "the todo database was interrupted: {error}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The database. Clones share one connection.
#[derive(Clone)]
pub(crate) struct Store {
    path: PathBuf,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Store {
    /// The database at `path`, opened when it is first used, and made if it is not there.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), connection: Arc::default() }
    }

    /// The owner's todos: open ones first, oldest first.
    pub(crate) async fn list(&self, owner: String) -> Result<Vec<Todo>> {
        self.run(move |db| {
            let mut select = db.prepare_cached("SELECT * FROM todos WHERE owner = ?1 ORDER BY done, id")?;
            select.query_map([owner], Todo::from_row)?.collect()
        })
        .await
    }

    /// One of the owner's todos.
    pub(crate) async fn find(&self, owner: String, id: TodoId) -> Result<Option<Todo>> {
        self.run(move |db| {
            db.prepare_cached("SELECT * FROM todos WHERE owner = ?1 AND id = ?2")?
                .query_row(params![owner, id.0], Todo::from_row)
                .optional()
        })
        .await
    }

    /// Adds a todo; `None` when the owner already keeps as many as one may.
    pub(crate) async fn add(&self, owner: String, title: String) -> Result<Option<Todo>> {
        self.run(move |db| {
            db.prepare_cached(
                "INSERT INTO todos (owner, title) SELECT ?1, ?2
                 WHERE (SELECT count(*) FROM todos WHERE owner = ?1) < ?3 RETURNING *",
            )?
            .query_row(params![owner, title, MAX_TODOS], Todo::from_row)
            .optional()
        })
        .await
    }

    /// Marks one of the owner's todos as done.
    pub(crate) async fn complete(&self, owner: String, id: TodoId) -> Result<Option<Todo>> {
        self.run(move |db| {
            db.prepare_cached("UPDATE todos SET done = 1 WHERE owner = ?1 AND id = ?2 RETURNING *")?
                .query_row(params![owner, id.0], Todo::from_row)
                .optional()
        })
        .await
    }

    /// Deletes one of the owner's todos; `false` when there is none.
    pub(crate) async fn delete(&self, owner: String, id: TodoId) -> Result<bool> {
        self.run(move |db| {
            let deleted = db
                .prepare_cached("DELETE FROM todos WHERE owner = ?1 AND id = ?2")?
                .execute(params![owner, id.0])?;
            Ok(deleted > 0)
        })
        .await
    }

    /// Runs `work` on a thread that may block: SQLite reads and writes a file.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let Self { path, connection } = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            // Each statement is its own transaction, so a panic elsewhere leaves nothing half done.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *connection {
                Some(open) => work(open),
                closed => work(closed.insert(open(&path)?)),
            }
        });
        Ok(task.await.map_err(StoreError::Interrupted)??)
    }
}

/// Several processes may share the file: write-ahead logging lets them read while one writes, and a writer waits
/// up to five seconds for its turn.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        Store::at(":memory:")
    }

    async fn add(store: &Store, owner: &str, title: &str) -> Todo {
        store.add(owner.to_owned(), title.to_owned()).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn open_todos_come_first_then_oldest_first() {
        let store = store();
        let (milk, bread) = (add(&store, "alice", "milk").await, add(&store, "alice", "bread").await);
        let milk = store.complete("alice".into(), milk.id).await.unwrap().unwrap();
        assert!(milk.done);
        assert_eq!(store.list("alice".into()).await.unwrap(), [bread, milk]);
    }

    #[tokio::test]
    async fn an_owner_finds_completes_and_deletes_their_own() {
        let store = store();
        let milk = add(&store, "alice", "milk").await;
        assert_eq!(store.find("alice".into(), milk.id).await.unwrap(), Some(milk.clone()));
        assert!(store.complete("alice".into(), milk.id).await.unwrap().is_some());
        assert!(store.delete("alice".into(), milk.id).await.unwrap());
        assert_eq!(store.find("alice".into(), milk.id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn no_owner_finds_completes_or_deletes_anothers() {
        let store = store();
        let milk = add(&store, "alice", "milk").await;
        assert_eq!(store.list("bob".into()).await.unwrap(), []);
        assert_eq!(store.find("bob".into(), milk.id).await.unwrap(), None);
        assert_eq!(store.complete("bob".into(), milk.id).await.unwrap(), None);
        assert!(!store.delete("bob".into(), milk.id).await.unwrap());
        assert_eq!(store.list("alice".into()).await.unwrap(), [milk]);
    }

    #[tokio::test]
    async fn a_full_list_refuses_one_more_and_leaves_others_alone() {
        let store = store();
        for number in 0..MAX_TODOS {
            add(&store, "alice", &number.to_string()).await;
        }
        assert_eq!(store.add("alice".into(), "one more".into()).await.unwrap(), None);
        add(&store, "bob", "milk").await;
    }

    #[tokio::test]
    async fn quotes_in_a_title_are_text() {
        let store = store();
        let title = "'); DROP TABLE todos; --";
        assert_eq!(add(&store, "alice", title).await.title, title);
        assert_eq!(store.list("alice".into()).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_database_that_cannot_be_opened_is_an_error_and_is_tried_again() {
        let store = Store::at("/no such directory/todos.db");
        for _ in 0..2 {
            assert!(matches!(store.list("alice".into()).await, Err(StoreError::Sqlite(_))));
        }
    }

    #[test]
    fn a_todo_id_is_a_whole_number_and_nothing_else() {
        assert_eq!("7".parse(), Ok(TodoId(7)));
        for bad in ["", "seven", "7.0", "7/../8", "99999999999999999999"] {
            assert!(bad.parse::<TodoId>().is_err(), "{bad}");
        }
    }
}

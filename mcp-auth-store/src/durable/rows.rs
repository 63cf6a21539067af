//! What a database has to do for a store: keep rows, and change a few of them in one step if they are still as they were read.

use crate::StoreFuture;

/// The largest number that every database holds exactly: 2^53. A [`Content::rank`] or [`Content::forget_at`] is never above it.
pub const MOST: u64 = 1 << 53;

/// What names a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What kind of row it is, such as `grants`: small letters and underscores.
    pub kind: String,
    /// Which one of its kind: any text without a NUL, at most 256 bytes.
    pub id: String,
}

/// What a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// A JSON object. Nothing in it is secret.
    pub body: String,
    /// What has to be read back and is secret, encrypted.
    pub sealed: Option<Vec<u8>>,
    /// The groups that it is in, such as `grants of alice`.
    pub groups: Vec<String>,
    /// Its place in its groups: they are read from the smallest one on.
    pub rank: u64,
    /// The time from which [`Rows::sweep`] removes it, in Unix seconds; [`MOST`]: never.
    pub forget_at: u64,
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub key: Key,
    /// What it holds.
    pub content: Content,
    /// Which change wrote it.
    pub stamp: u64,
}

/// What a row has to be for a change of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// There is no such row.
    Absent,
    /// It was written by this change, and by none since.
    Stamp(u64),
    /// Anything.
    Any,
}

/// The change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which row.
    pub key: Key,
    /// What it has to be.
    pub before: Before,
    /// What it is then; `None`: it is gone.
    pub after: Option<Content>,
}

/// Writes that are done together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The rows, each at most once.
    pub writes: Vec<Write>,
    /// What names this change in the rows that it writes: random, below 2^63, so that no two changes of one row share it.
    pub stamp: u64,
}

/// Rows, and what comes after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<String>,
}

/// A database as a store uses it. Every database of a store that lasts is one, and [`Durable`](super::Durable) makes a store of it.
///
/// **A change is atomic, and what it did lasts once it is done**: it is there after a crash of this process. Changes of the same row, of
/// whatever process, happen one after the other. A row that has ended stays until it is swept; who reads it looks at the time.
pub trait Rows: Send + Sync {
    /// The rows of these keys, in the same order; `None` where there is none.
    fn read(&self, keys: Vec<Key>) -> StoreFuture<'_, Vec<Option<Row>>>;

    /// Does all of `change` if every row is what it has to be, and nothing of it if one is not. Returns whether it was done.
    fn commit(&self, change: Change) -> StoreFuture<'_, bool>;

    /// The first rows of a group, by rank and then by identifier; at most `most`.
    fn first_of(&self, group: String, most: usize) -> StoreFuture<'_, Vec<Row>>;

    /// How many rows of a group have at least this rank.
    fn count(&self, group: String, from: u64) -> StoreFuture<'_, u64>;

    /// Removes rows that have ended at `now`, at most `most`, and returns how many.
    fn sweep(&self, now: u64, most: usize) -> StoreFuture<'_, usize>;

    /// Some of all rows, of every kind, also of kinds that this release does not know: those from `from` on, or the first ones. A row that
    /// is there all the time is in one of the pages.
    fn page(&self, from: Option<String>, most: usize) -> StoreFuture<'_, Page>;

    /// Where they are, without what is secret.
    fn place(&self) -> String;

    /// What may lose rows, or show them to others, as the database is set up: each in a sentence that says what to do.
    fn trouble(&self) -> StoreFuture<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

impl Key {
    /// The row `id` of `kind`.
    pub fn new(kind: &str, id: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), id: id.into() }
    }
}

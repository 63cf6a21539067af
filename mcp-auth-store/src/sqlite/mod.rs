//! The rows of a store in one SQLite file.
//!
//! - `file`: opens it, for its owner alone: [`SqliteRows`].
//! - `schema`: the tables, and who may use them.
//! - `rows`: reads them, and does each change as one transaction.
//! - `thread`: the one thread that has the connection.

mod file;
mod rows;
mod schema;
mod thread;

#[cfg(test)]
mod tests;

pub use file::SqliteRows;

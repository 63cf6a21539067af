//! The backend in one SQLite file: for one machine, durable, and without a server of its own.
//!
//! - `store`: [`SqliteStore`], which opens the file.
//! - `thread`: the one thread that has the connection. A step is a transaction on it, so steps never see half of another one.
//! - `schema`: the tables, and how a file of an older version gets them.
//! - `vault`: [`StoreKeys`], what is encrypted by them, and how.
//! - `columns`: values as SQLite holds them.
//! - `sweep`: entries that have ended, a few at a time.
//! - `clients`, `codes`, `consents`, `grants`, `browser_sessions`, `sessions`, `tasks`, `confirmations`, `counters`, `sealing_keys`,
//!   `spent`: the aggregates.

mod browser_sessions;
mod clients;
mod codes;
mod columns;
mod confirmations;
mod consents;
mod counters;
mod grants;
mod schema;
mod sealing_keys;
mod sessions;
mod spent;
mod store;
mod sweep;
mod tasks;
mod thread;
mod vault;

pub use store::{OpenError, SqliteStore};
pub use vault::{StoreKey, StoreKeys};

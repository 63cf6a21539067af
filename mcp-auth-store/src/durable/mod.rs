//! A store that lasts, on any database. The steps of every aggregate are written once, here: each reads its rows, decides, and commits
//! what it decided if the rows are still as it read them; if not, it begins again.
//!
//! - `rows`: [`Rows`], all that a database has to do.
//! - `vault`: [`StoreKeys`], by which what has to be read back is encrypted.
//! - `store`: [`Durable`], the backend.
//! - `step`: reads, decides, commits.
//! - `end_client`: the end of all that one person allowed one client.
//! - `record`: a record as the body of a row.
//! - `version`: which release may use which store.
//! - `open_error`: why a database is not the store of this server.
//! - `transfer`: all rows at once, copied or backed up.
//! - `configured_access`, `clients`, `codes`, `grants`, `consents`, `accounts`, `people`, `known_clients`, `browser_sessions`, `sessions`, `tasks`, `confirmations`, `counters`, `revocations`, `sealing_keys`,
//!   `signing_keys`, `spent`, `device_codes`, `upstream_grants`: the aggregates.

mod accounts;
mod browser_sessions;
mod clients;
mod codes;
mod configured_access;
mod confirmations;
mod consents;
mod counters;
mod device_codes;
mod end_client;
mod grants;
mod known_clients;
mod open_error;
mod people;
mod record;
mod revocations;
mod rows;
mod sealing_keys;
mod sessions;
mod signing_keys;
mod spent;
mod step;
mod store;
mod tasks;
mod transactions;
mod transfer;
mod upstream_grants;
mod vault;
pub(crate) mod version;

pub use open_error::OpenError;
pub use rows::{Before, Change, Content, Key, MOST, Page, Row, Rows, Write};
pub use store::Durable;
pub use transfer::TransferError;
pub use vault::{StoreKey, StoreKeys};

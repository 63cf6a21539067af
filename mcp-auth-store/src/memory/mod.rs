//! The store in this process: bounded, and lost when the process ends.
//!
//! - `store`: the backend, and its bounds.
//! - `bounded`: the map that most of it consists of.
//! - `issued`: clients, codes, device codes and grants, which some steps change together.
//! - `devices`: the device codes in it.
//! - `configured_access`, `clients`, `codes`, `grants`, `consents`, `people`, `known_clients`, `browser_sessions`, `sessions`, `tasks`, `confirmations`, `counters`, `accounts`,
//!   `revocations`, `sealing_keys`, `signing_keys`, `spent`, `transactions`, `device_codes`, `upstream_grants`: the aggregates.

mod accounts;
mod bounded;
mod browser_sessions;
mod clients;
mod codes;
mod configured_access;
mod confirmations;
mod consents;
mod counters;
mod device_codes;
mod devices;
mod grants;
mod issued;
mod known_clients;
mod people;
mod revocations;
mod sealing_keys;
mod sessions;
mod signing_keys;
mod spent;
mod store;
mod tasks;
mod transactions;
mod upstream_grants;

pub use store::{Caps, MemoryStore};

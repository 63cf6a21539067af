//! The promises of every backend, including races: one function for each promise, and [`suite!`](crate::suite!),
//! which makes a test of each.
//!
//! - `tests`: the list of all promises.
//! - `race`: runs the same step many times at once.
//! - `records`: sample clients, codes and grants.
//! - `configured_access`, `clients`, `codes`, `consents`, `grants`, `accounts`, `passkeys`, `people`, `known_clients`, `browser_sessions`, `sessions`, `tasks`, `confirmations`, `counters`,
//!   `revocations`, `sealing_keys`, `signing_keys`, `spent`, `transactions`, `device_codes`, `upstream_grants`: the promises, by aggregate.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod accounts;
pub mod browser_sessions;
pub mod clients;
pub mod codes;
pub mod configured_access;
pub mod confirmations;
pub mod consents;
pub mod counters;
pub mod device_codes;
pub mod grants;
pub mod known_clients;
pub mod passkeys;
pub mod people;
mod race;
pub mod records;
pub mod revocations;
#[cfg(feature = "durable")]
pub mod rows;
pub mod sealing_keys;
pub mod sessions;
pub mod signing_keys;
pub mod spent;
pub mod tasks;
mod tests;
pub mod transactions;
pub mod upstream_grants;

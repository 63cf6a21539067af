//! `mcp-auth issuer`: what an operator does with the built-in issuer.
//!
//! - `command`: the subcommands.
//! - `user`: people, and their accounts.
//! - `client`: the clients that they let in.
//! - `keys`: its signing keys.
//! - `time`: how their lists show times.
//! - `opened`: what a command opens. `audit`: what is said of them to those who keep the log.

mod audit;
mod client;
mod command;
mod keys;
mod opened;
mod time;
mod user;

pub(crate) use command::{Arguments, run};

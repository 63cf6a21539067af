//! `mcp-auth issuer`: what an operator does with the built-in issuer.
//!
//! - `command`: the subcommands.
//! - `user`: the accounts of people.
//! - `keys`: its signing keys.
//! - `audit`: what is said of both to those who keep the log.

mod audit;
mod command;
mod keys;
mod user;

pub(crate) use command::{Arguments, run};

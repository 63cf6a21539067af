//! `mcp-auth issuer`: what an operator does with the built-in issuer.
//!
//! - `command`: the subcommands.
//! - `user`: the accounts of people.
//! - `keys`: its signing keys.

mod command;
mod keys;
mod user;

pub(crate) use command::{Arguments, run};

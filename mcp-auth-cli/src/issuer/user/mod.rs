//! `mcp-auth issuer user`: the accounts of people, in the store that the configuration names.
//!
//! - `command`: the subcommands.
//! - `password`: a password from standard input.
//! - `listing`: the list of accounts.

mod command;
mod listing;
mod password;

pub(super) use command::{Arguments, run};

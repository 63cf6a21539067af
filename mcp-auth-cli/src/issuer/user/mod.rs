//! `mcp-auth issuer user`: the people who log in, and their accounts, in the store that the configuration names.
//!
//! - `command`: the subcommands.
//! - `password`: a password from standard input.
//! - `listing`: the list of people.

mod command;
mod listing;
mod password;

pub(super) use command::{Arguments, run};

//! `mcp-auth issuer client`: the clients that people let in, in the store that the configuration names.
//!
//! - `command`: the subcommands.
//! - `listing`: the list of clients.

mod command;
mod listing;

pub(super) use command::{Arguments, run};

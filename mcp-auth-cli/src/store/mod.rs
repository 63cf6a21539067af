//! `mcp-auth store`: looks at the store of a server, backs it up, restores it, and copies it to another one.
//!
//! - `command`: the subcommands.
//! - `place`: which store is meant, and opens it.
//! - `file`: the file of a backup, for its owner alone.

mod command;
mod file;
mod place;

pub(crate) use command::{Arguments, run};
pub(crate) use place::configured;

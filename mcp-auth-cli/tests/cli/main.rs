//! The `mcp-auth` command as its users run it: a process with arguments, its output and its exit code.

#![allow(clippy::unwrap_used)]

mod check;
mod process;
mod schema;
mod terminal;
mod todos;
mod token;

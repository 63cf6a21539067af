//! The `mcp-auth` command as its users run it: a process with arguments, its output and its exit code.

#![allow(clippy::unwrap_used)]

mod doctor;
mod process;

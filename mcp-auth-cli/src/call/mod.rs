//! `mcp-auth call`: lists a server's tools, or calls one, with the login that `mcp-auth login` kept.
//!
//! `arguments` types the arguments by the tool's schema, which `types` reads; `listing` and `outcome` print, and
//! `person` puts the server's questions.

mod arguments;
mod command;
mod listing;
mod outcome;
mod person;
mod types;

pub(crate) use command::{Arguments, run};

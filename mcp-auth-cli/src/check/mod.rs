//! `mcp-auth check`: reports what a configuration means before the server is deployed. It opens no port, sends
//! nothing and writes nothing.
//!
//! - `report`: what will be served at which URL, which issuers are trusted, and which caller may use which operation.
//! - `caller`: who calls over stdio, and what that caller may call.
//! - `advice`: what is allowed but unwise, besides the runtime's own warnings.
//! - `locked`: what differs from `mcp.lock`.
//! - `page`: the report for people.

mod advice;
mod caller;
mod command;
mod locked;
mod page;
mod report;

pub(crate) use command::{Arguments, run};

//! `mcp-auth doctor`: does what a client would do at any MCP server, and reports which step fails.
//!
//! In reading order: [`walk`] fetches, [`judge`] judges what was fetched (it sends no request), [`diagnosis`] finds
//! the root cause, [`report`] prints it. [`checks`] is the table of checks. Answers of servers are treated as
//! hostile: [`fetch`] limits them, `quote` quotes them, [`reach`] limits where they may send doctor, and [`mcp`] is the only module that sends a token, only to
//! the URL that was given.

mod address;
mod checks;
mod command;
mod diagnosis;
mod fetch;
mod judge;
mod mcp;
mod quote;
mod reach;
mod report;
mod step;
mod token;
mod walk;

pub(crate) use command::{Arguments, run};

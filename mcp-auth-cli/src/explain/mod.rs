//! `mcp-auth explain`: what the server would answer to one call, and what decided it. Unless it is told to, it asks nobody.
//!
//! - `command`: the call, from the arguments.
//! - `logged`: the call, from a log, and whether it would be decided as it was; `audit_log` reads that.
//! - `careless`: a token among the arguments.
//! - `report`: the steps as data, and which lines of the configuration they come from.
//! - `page`: the steps for people.

mod audit_log;
mod careless;
mod command;
mod logged;
mod page;
mod report;

pub(crate) use careless::carelessness;
pub(crate) use command::{Arguments, run};

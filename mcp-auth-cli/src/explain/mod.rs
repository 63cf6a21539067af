//! `mcp-auth explain`: what the server would answer to one call, and what decided it. Unless it is told to, it asks nobody.
//!
//! - `command`: the call, from the arguments.
//! - `careless`: a token among the arguments.
//! - `report`: the steps as data, and which lines of the configuration they come from.
//! - `page`: the steps for people.

mod careless;
mod command;
mod page;
mod report;

pub(crate) use careless::carelessness;
pub(crate) use command::{Arguments, run};

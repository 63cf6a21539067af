//! `mcp-auth new`: fills in the template without cargo-generate, with the same files, questions and result.
//!
//! In reading order: `name` (valid project names), `answers` (the template's questions and their answers), `template`
//! (its files with the answers filled in), `checkout` (a dependency on mcp-auth without the network).

mod answers;
mod checkout;
mod command;
mod name;
mod template;

pub(crate) use command::{Arguments, run};

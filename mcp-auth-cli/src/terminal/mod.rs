//! The output of every command: results to standard output, everything else to standard error, with colour if a
//! terminal reads it and `NO_COLOR` (or `CLICOLOR`, `CLICOLOR_FORCE`, `TERM=dumb`) does not forbid it.
//!
//! - `json`: JSON that contains text from outside.
//! - `shown` and similar functions come from `mcp_auth_core::seen`: all text from a server, a file or a token is
//!   passed through them.
//! - `wrap`: the width of text on a terminal, and where its lines break.
//! - `table`: aligned columns.

mod json;
mod output;
mod style;
mod table;
mod wrap;

pub(crate) use json::json;
pub(crate) use mcp_auth_core::seen::{shown, shown_line, shown_lines};
pub(crate) use output::Terminal;
pub(crate) use style::{BAD, DIM, GOOD, STRONG, WARN, styled};
pub(crate) use table::{Cell, Table};
pub(crate) use wrap::wrapped_at_spaces;

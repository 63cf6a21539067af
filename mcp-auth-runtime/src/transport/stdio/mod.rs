//! MCP over standard input and output: one message per line.
//!
//! In the order a line travels: `streams` takes the two descriptors from the process, so that nothing else
//! writes to the client; `lines` cuts the input into bounded lines on a separate thread (a read of stdin
//! cannot be cancelled, and a runtime that owns one hangs when it shuts down), and the gate pulls them;
//! `lifecycle` keeps back what rmcp would end the connection over; `connection` is rmcp's end, and how it all
//! ends; `writer` is the only one that writes.

mod connection;
mod error;
mod lifecycle;
mod lines;
mod streams;
mod writer;

pub(crate) use connection::{Connection, DRAIN, StdioLimits};
pub(crate) use error::StdioError;
pub(crate) use lifecycle::Lifecycle;
pub(crate) use lines::{Line, Lines};
pub(crate) use streams::StdStreams;
pub(crate) use writer::Writer;

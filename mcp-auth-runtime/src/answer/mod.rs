//! What a client is told when its message is not served. In reading order: `rejection` (why, and the one table of what
//! each is answered: status, JSON-RPC code, headers, text), `row` (what a line of that table holds), `of` (which
//! rejection an error is), `refused_by` (what refuses, in a word of the audit), `data` (the facts in the JSON-RPC error), `schemes` (how a token may
//! be presented), `http` (all of it as an HTTP answer), `tool_error` (as the result of a tool), `metadata` (the
//! document that a 401 sends it to), `issuer_metadata` (the document that clients of 2025-03-26 look for here). What outranks what, where several things are wrong, is in `gate/order.rs`.

mod data;
mod http;
pub(crate) mod issuer_metadata;
mod metadata;
mod of;
pub(crate) mod refused_by;
mod rejection;
mod row;
mod schemes;
mod tool_error;

#[cfg(test)]
mod tests;

pub(crate) use http::{accepted, say_when, status_of_error};
pub(crate) use metadata::ProtectedResourceMetadata;
pub use rejection::Rejection;
pub(crate) use rejection::{is_refusal, unknown_method};
pub(crate) use row::Rank;
pub(crate) use schemes::Schemes;
pub(crate) use tool_error::ChallengedInBody;

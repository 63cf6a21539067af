//! The one strict reading of a JSON-RPC message: what it asks for, decided from its bytes before rmcp sees them.
//!
//! In reading order: `read` turns bytes into a value, by `mcp_auth_core::strict_json`, which refuses what two parsers
//! could read differently, and finds the message's `kind` and id; `message` names what a request asks for;
//! `meta` checks `params._meta`; `headers` holds the 2026-07-28 headers against the body; `error` says
//! which JSON-RPC error each refusal is. Public: [`read()`], [`check_headers`] and the types they speak of.
//!
//! rmcp parses the same bytes again afterwards. What this module accepts, rmcp reads as the same message
//! with the same name and arguments; what rmcp would turn into something else (a `tools/call` with params it
//! cannot parse becomes a custom request) is refused here.

mod error;
mod headers;
mod kind;
mod message;
mod meta;
mod read;
#[cfg(test)]
pub(crate) mod tests;

pub use error::EnvelopeError;
pub(crate) use error::{InvalidParams, InvalidRequest};
pub(crate) use headers::{HeaderMismatch, check_headers, named_in};
pub(crate) use kind::MessageKind;
pub use message::Message;
pub(crate) use message::Reference;
pub(crate) use read::{Envelope, RequestIdValue};
pub use read::{EnvelopeLimits, read};
